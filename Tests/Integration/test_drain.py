"""SIGTERM: nothing new is promised, what runs may finish, the exit status is 0."""

import json
import signal
import subprocess
import time

import pytest

from admin_client import Admin
from rawhttp import Truncated, chat, content_of, events
from waiting import wait_until

CHAT = "/v1/chat/completions"


def open_stream(router):
    """A client that has seen the first content of a stream; with the payload so far."""
    client = router.client()
    client.post_json(CHAT, chat("m"))
    client.reader.head()
    chunks = client.reader.chunks()
    payload = b""
    while not any(content_of(event) for event in events(payload)):
        payload += next(chunks)[1]
    return client, chunks, payload


def is_not_ready(router):
    """Whether probes see that it drains: an answer of 503, or no listener any more."""
    try:
        return router.ask("GET", "/readyz").status == 503
    except (OSError, Truncated):
        return True


def test_a_running_stream_finishes_and_the_exit_status_is_0(start_mock, start_router):
    mock = start_mock("a", "m", tokens=40, ttft="5ms", itl="25ms")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    client, chunks, payload = open_stream(router)
    router.signal(signal.SIGTERM)
    wait_until(lambda: is_not_ready(router), "it to stop being ready")
    assert router.process.poll() is None, "it left a running stream"
    with client:
        payload += b"".join(piece for _, piece in chunks)
    assert events(payload)[-1] == b"[DONE]"
    assert sum(bool(content_of(event)) for event in events(payload)) >= 40
    assert router.wait(5) == 0


def test_an_idle_router_leaves_at_once(start_mock, start_router):
    mock = start_mock("a", "m", tokens=2)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    with router.client() as idle:
        assert idle.ask("GET", "/livez").status == 200
        router.signal(signal.SIGTERM)
        assert router.wait(3) == 0, "an idle kept-alive connection held it up"
        assert idle.reader.at_end()


def test_a_stream_over_the_drain_timeout_ends_with_the_error_frame(start_mock, start_router):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    router = start_router({"a": mock.url}, "--drain-timeout", "1s").wait_ready(1, ["m"])
    client, chunks, payload = open_stream(router)
    begin = time.monotonic()
    router.signal(signal.SIGTERM)
    with client, pytest.raises(Truncated):
        for _, piece in chunks:
            payload += piece
    assert 0.8 < time.monotonic() - begin < 5
    data = events(payload)
    assert b"[DONE]" not in data
    assert json.loads(data[-1])["error"]["code"]
    assert router.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_second_signal_exits_now(start_mock, start_router, number):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    client, _, _ = open_stream(router)
    with client:
        router.signal(signal.SIGTERM)
        wait_until(lambda: is_not_ready(router), "it to stop being ready")
        router.signal(number)
        try:
            router.wait(3)
        except subprocess.TimeoutExpired:
            pytest.fail("it still runs 3 s after the second signal")
    assert router.process.returncode in (0, 1)


def connects(router):
    """Whether the listener lets anybody in."""
    try:
        router.client().close()
        return True
    except OSError:
        return False


def is_leaving(router):
    """Whether probes see that it drains, while it answers."""
    answer = router.ask("GET", "/readyz")
    return answer.status == 503 and answer.json()["reason"] == "draining"


def test_a_delay_serves_on_before_the_drain(start_mock, start_router, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    admin = Admin(tmp_path / "admin.sock")
    options = ["--drain-delay", "3s", "--admin", admin.option]
    router = start_router({"a": mock.url}, *options).wait_ready(1, ["m"])
    begin = time.monotonic()
    with router.client() as kept:
        kept.post_json(CHAT, chat("m"))
        kept.reader.response()
        router.signal(signal.SIGTERM)
        wait_until(lambda: is_leaving(router), "it to stop being ready")
        # Who is there already, and who comes now, are served as ever, one request after the other.
        for client in (kept, router.client()):
            with client:
                for _ in range(2):
                    client.post_json(CHAT, chat("m"))
                    answer = client.reader.response()
                    assert answer.status == 200 and answer.head.get("connection") is None
        assert router.ask("GET", "/livez").status == 200
        assert admin.ask("GET", "/admin/status").json()["state"] == "leaving"
        wait_until(lambda: not connects(router), "the listener to close")
        assert time.monotonic() - begin > 2.8
    assert router.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_second_signal_cuts_the_delay_short_and_a_third_exits(start_mock, start_router, number):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    router = start_router({"a": mock.url}, "--drain-delay", "1h").wait_ready(1, ["m"])
    client, chunks, _ = open_stream(router)
    with client:
        router.signal(signal.SIGTERM)
        wait_until(lambda: is_leaving(router), "it to stop being ready")
        router.signal(number)
        wait_until(lambda: not connects(router), "the listener to close")
        assert next(chunks), "the stream was cut"
        assert router.process.poll() is None
        router.signal(number)
        assert router.wait() == 1


def test_a_delay_is_waited_for_by_a_router_without_clients(start_router):
    router = start_router({}, "--drain-delay", "1s")
    begin = time.monotonic()
    router.signal(signal.SIGTERM)
    assert router.wait() == 0
    assert time.monotonic() - begin > 0.9
