"""Backends that die: SIGKILL under load, before and after the first content."""

import datetime
import json
import signal
import threading

import openai
import pytest

from programs import Program, established
from rawhttp import Truncated, chat, content_of, events
from waiting import wait_until

CHAT = "/v1/chat/completions"
STREAMS = 16


class Stream(threading.Thread):
    """A client that reads one stream to its end, whatever that is."""

    def __init__(self, router):
        super().__init__(daemon=True)
        self._router = router
        self.has_content = threading.Event()
        self.head = None
        self.payload = b""
        self.is_cut = False
        self.problem = None

    def run(self):
        try:
            with self._router.client() as client:
                client.post_json(CHAT, chat("m"))
                self.head = client.reader.head()
                if self.head.get("transfer-encoding") != "chunked":
                    self.payload = client.reader.body(self.head).payload
                    return
                for _, piece in client.reader.chunks():
                    self.payload += piece
                    if any(content_of(e) for e in events(self.whole_events) if b"error" not in e):
                        self.has_content.set()
        except Truncated as cut:
            self.payload += cut.payload
            self.is_cut = True
        except Exception as problem:
            self.problem = problem

    @property
    def whole_events(self):
        return self.payload[: self.payload.rfind(b"\n\n") + 2]

    @property
    def backend(self):
        return self.head.get("x-oairouter-backend")

    @property
    def text(self):
        return "".join(content_of(e) for e in events(self.payload) if not e.startswith(b'{"error"'))


def start_streams(router, count=STREAMS):
    streams = [Stream(router) for _ in range(count)]
    for stream in streams:
        stream.start()
    return streams


def join(streams):
    for stream in streams:
        stream.join(60)
        assert not stream.is_alive(), "a stream neither ended nor was cut"
        assert stream.problem is None, stream.problem


@pytest.fixture
def pair(start_mock, start_router):
    """pair(**options): (mock a, mock b, router); both serve the model m."""

    def start(**options):
        a, b = start_mock("a", "m", **options), start_mock("b", "m", **options)
        router = start_router({"a": a.url, "b": b.url}).wait_ready(2, ["m"])
        return a, b, router

    return start


def test_streams_without_content_so_far_are_answered_whole_by_the_other(pair):
    a, b, router = pair(tokens=10, ttft="2s", itl="5ms")
    reference = Stream(router)
    streams = [reference, *start_streams(router)]
    reference.start()
    ports = [a.address[1], b.address[1]]
    wait_until(
        lambda: sum(map(established, ports)) >= len(streams), "every stream to have a backend"
    )
    assert established(ports[0]) >= 4, "the load is not spread"
    a.kill()
    join(streams)
    for stream in streams:
        assert stream.head.status == 200, stream.payload
        assert not stream.is_cut
        assert events(stream.payload).count(b"[DONE]") == 1
        assert stream.backend == "b"
        assert stream.text == reference.text != ""
        assert b"error" not in stream.payload
    attempts = [int(stream.head.get("x-oairouter-attempts")) for stream in streams]
    assert attempts.count(2) >= 4, f"attempts: {attempts}"


def test_a_full_router_moves_all_that_a_backend_leaves_in_one_turn(start_mock, start_router):
    clients = 200
    a, b = start_mock("a", "m", ttft="10m"), start_mock("b", "m", tokens="2")
    router = start_router(
        {"a": a.url, "b": b.url},
        *("--balance", "first_healthy", "--limits.connections", str(clients)),
    ).wait_ready(2, ["m"])
    port = a.address[1]
    idle = established(port)
    streams = start_streams(router, clients)
    wait_until(lambda: established(port) - idle >= clients, "every stream to have its backend")
    # What happens meanwhile comes in one turn of the loop.
    router.signal(signal.SIGSTOP)
    a.kill()
    router.signal(signal.SIGCONT)
    join(streams)
    assert [stream.backend for stream in streams] == ["b"] * clients
    assert all(events(stream.payload)[-1] == b"[DONE]" for stream in streams)


def moment(line):
    """When a line was written, in seconds."""
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


@pytest.mark.figures
def test_under_load_nobody_is_sent_to_a_backend_that_has_refused(
    binary, pair, running, tmp_path
):
    a, _, router = pair(tokens=20, ttft="2ms", itl="1ms")
    command = [binary, "bench", router.url, "--rate", "1000", "--connections", "400", "--stream"]
    command += ["--max-tokens", "20", "--duration", "6s", "--warm-up", "0s", "--json"]
    load = Program(command, folder=tmp_path, name="load")
    running.append(load)
    wait_until(lambda: len(router.access_lines()) > 2000, "the load to be under way")
    a.kill()
    assert load.wait(60) == 0, load.describe()
    figures = json.loads("\n".join(load.lines))["targets"][0]["rounds"][0]

    lines = [json.loads(line) for line in list(router.lines) if line.startswith("{")]
    refusals = [moment(line) for line in lines if line.get("reason") == "not_connected"]
    # An exchange hears of it first, or the probe that follows upon the first lost ones.
    states = [json.loads(line) for line in router.errors.splitlines() if line.startswith("{")]
    down = [line for line in states if (line.get("backend"), line.get("state")) == ("a", "down")]
    assert down, router.describe()
    refused = min([*refusals, moment(down[0])])
    asked = [line for line in lines if line["event"] == "access"]
    lost = [line for line in asked if line["outcome"] not in ("complete", "local")]
    late = [
        line
        for line in asked
        if line["backend"] == "a" and moment(line) - line["duration_ms"] / 1000 > refused + 0.01
    ]
    print(f"{figures['requests']} requests, {len(lost)} cut, {len(late)} sent there afterwards")
    # What had content from it ends with the frame; nothing else is lost.
    assert {(line["outcome"], line["backend"]) for line in lost} <= {("truncated", "a")}
    assert len(lost) == figures["errors"] < 100, figures["errors_by_kind"]
    assert late == [] and all(time - refused <= 0.01 for time in refusals)
    assert figures["requests"] > 5000


def test_streams_with_content_end_with_an_error_frame_and_no_done(pair):
    a, _, router = pair(tokens=150, ttft="10ms", itl="20ms")
    streams = start_streams(router)
    for stream in streams:
        assert stream.has_content.wait(20), "no content came"
    a.kill()
    join(streams)
    on_a = [stream for stream in streams if stream.backend == "a"]
    on_b = [stream for stream in streams if stream.backend == "b"]
    assert len(on_a) >= 4 and len(on_b) >= 4, "the load is not spread"
    for stream in on_a:
        assert stream.is_cut, "the terminating chunk was sent"
        data = events(stream.payload)
        assert b"[DONE]" not in data
        assert stream.payload.endswith(b"\n\n"), "an event was cut in the middle"
        error = json.loads(data[-1])["error"]
        assert error["code"] == "upstream_disconnected"
        assert error["type"] == "server_error"
        assert error["message"] and error["param"] is None
        assert sum(b'"upstream_disconnected"' in event for event in data) == 1
    for stream in on_b:
        assert not stream.is_cut
        assert events(stream.payload)[-1] == b"[DONE]"
        assert stream.text == on_b[0].text
    assert all(on_b[0].text.startswith(stream.text) for stream in on_a)


def test_the_official_client_raises_on_the_error_frame(pair):
    a, b, router = pair(tokens=500, ttft="10ms", itl="20ms")
    options = {"base_url": router.url + "/v1", "api_key": "sk-test", "max_retries": 0}
    with openai.OpenAI(**options) as client:
        stream = client.chat.completions.create(model="m", messages=[], stream=True)
        chunks = iter(stream)
        while not next(chunks).choices[0].delta.content:
            pass
        serving = {"a": a, "b": b}[stream.response.headers["x-oairouter-backend"]]
        serving.kill()
        with pytest.raises(openai.APIError) as caught:
            for _ in chunks:
                pass
    assert caught.value.code == "upstream_disconnected"


def test_a_backend_that_refuses_connections_is_skipped(start_mock, start_router):
    a, b = start_mock("a", "m", tokens=2), start_mock("b", "m", tokens=2)
    router = start_router({"a": a.url, "b": b.url}).wait_ready(2, ["m"])
    a.kill()
    for _ in range(8):
        answer = router.post(CHAT, chat("m", stream=False))
        assert answer.status == 200, answer.payload
        assert answer.head.get("x-oairouter-backend") == "b"
    wait_until(lambda: router.health()["backends_healthy"] == 1, "the dead one to be noticed")
    assert router.health()["backends_total"] == 2


def test_a_backend_that_never_answered_does_not_harm(start_mock, start_router, refused_url):
    b = start_mock("b", "m", tokens=2)
    router = start_router({"a": refused_url, "b": b.url}).wait_ready(1, ["m"])
    assert router.post(CHAT, chat("m")).head.get("x-oairouter-backend") == "b"


def test_without_any_backend_left_it_is_503_with_the_last_errors(start_mock, start_router):
    a = start_mock("a", "m", tokens=2)
    router = start_router({"a": a.url}).wait_ready(1, ["m"])
    a.kill()
    answers = [router.post(CHAT, chat("m")) for _ in range(2)]
    for answer in answers:
        assert (answer.status, answer.error["code"]) == (503, "no_healthy_backend")
        assert answer.error["type"] == "service_unavailable_error"
        assert 0 < int(answer.head.get("retry-after")) <= 60
        assert "a" in answer.error["message"].split('"m"')[-1]
    wait_until(
        lambda: router.ask("GET", "/health").json()["status"] == "degraded",
        "the refusal to be confirmed",
    )


def test_a_backend_that_comes_back_is_used_again(start_mock, start_router):
    a = start_mock("a", "m", tokens=2)
    router = start_router({"a": a.url}).wait_ready(1, ["m"])
    a.kill()
    assert router.post(CHAT, chat("m")).status == 503
    start_mock("a2", "m", listen="127.0.0.1:%d" % a.address[1], tokens=2)
    wait_until(lambda: router.post(CHAT, chat("m")).status == 200, "the backend to be used again")
