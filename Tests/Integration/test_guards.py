"""What the router doesn't let through, and what it doesn't blame its backends for."""

import json
import os
import socket
import subprocess
import threading

from rawhttp import chat
from threaded_server import ThreadedServer
from waiting import wait_until

CHAT = "/v1/chat/completions"


def test_a_request_that_goes_round_in_circles_is_ended(start_mock, start_router):
    mock = start_mock("a", "m", tokens=1)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    seven = ", ".join(["1.1 oairouter"] * 7)
    with router.client() as client:
        client.post_json(CHAT, chat("m", stream=False), [("Via", seven)])
        assert client.reader.response().status == 200
        client.post_json(CHAT, chat("m", stream=False), [("Via", seven), ("Via", "1.1 oairouter")])
        answer = client.reader.response()
    assert answer.status == 508
    assert answer.error["code"] == "loop_detected"
    assert answer.head.get("x-should-retry") == "false"


def test_two_routers_that_lead_to_each_other_answer_508(start_router):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    first = start_router({"next": f"http://127.0.0.1:{port}"}, "--default-backend", "next")
    second = start_router(
        {"next": first.url}, "--default-backend", "next", "--listen", f"127.0.0.1:{port}"
    )
    second.wait_ready(1)
    first.wait_ready(1)
    answer = first.post(CHAT, chat("m", stream=False))
    assert answer.status == 508
    assert answer.error["code"] == "loop_detected"


def test_dot_segments_are_refused(start_mock, start_router):
    mock = start_mock("a", "m", tokens=1)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    for path in ["/v1/../admin", "/v1/%2e%2e/admin", "/./v1/models"]:
        answer = router.post(path, chat("m"))
        assert answer.status == 400
        assert answer.error["code"] == "bad_request"


def test_a_unix_listener_leaves_no_file_behind(start_router, tmp_path):
    path = tmp_path / "router.sock"
    router = start_router({}, "--listen", f"unix:{path}")
    assert path.is_socket()
    router.finish()
    assert not path.exists()


def test_an_empty_body_and_one_of_another_kind_are_told_apart(start_mock, start_router):
    mock = start_mock("a", "m", tokens=1)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    for body, word in [(b"", "empty"), (b"[1]", "another kind"), (b'{"a":', "byte 5")]:
        with router.client() as client:
            answer = client.ask("POST", CHAT, body)
        assert answer.status == 400
        assert answer.error["code"] == "invalid_json"
        assert word in answer.error["message"]


def test_a_model_may_be_that_of_a_backend_that_has_not_told_its_models(
    start_mock, start_router, refused_url
):
    mock = start_mock("a", "m", tokens=1)
    router = start_router({"a": mock.url, "late": refused_url}).wait_ready(1, ["m"])
    answer = router.post(CHAT, chat("other", stream=False))
    assert answer.status == 503
    assert answer.error["code"] == "no_healthy_backend"
    assert "late" in answer.error["message"]
    assert answer.head.get("retry-after")
    assert router.post(CHAT, chat("m", stream=False)).status == 200


def test_changes_of_state_and_hits_of_limits_are_logged(start_mock, start_router):
    mock = start_mock("a", "m", tokens=1)
    router = start_router({"a": mock.url}, "--limits.body", "1MiB").wait_ready(1, ["m"])
    assert router.post(CHAT, chat("m", content="x" * 2_000_000)).status == 413
    mock.kill()
    wait_until(lambda: router.health()["backends_healthy"] == 0, "the loss to be noticed")
    router.finish()
    events = [json.loads(line) for line in router.errors.splitlines() if line.startswith("{")]
    states = [event["state"] for event in events if event["event"] == "backend state"]
    assert states == ["ready", "down"]
    assert [event for event in events if event.get("reason")]
    assert events[-1]["event"] == "stopped"
    assert events[-1]["body_limit"] == "1"


class SlowToDie(ThreadedServer):
    """Answers one request, then takes another on the same connection and dies of it in the end."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self, listing):
        self._listing = listing
        self.posts = 0
        self.stopping = threading.Event()
        super().__init__()

    def serve(self, connection, reader):
        served = 0
        while not reader.at_end():
            request = reader.request()
            if not request.head.start_line.startswith("POST"):
                body = self._listing if request.head.target == "/v1/models" else b"{}"
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                connection.sendall(head + body)
                continue
            self.posts += 1
            served += 1
            if served == 2:
                self.stopping.wait(0.6)  # it works on it
                return
            connection.sendall(self.ANSWER)

    def stop(self):
        self.stopping.set()
        super().stop()


def test_a_reused_connection_that_closes_late_may_have_died_of_the_request(start_router):
    backend = SlowToDie(b'{"object":"list","data":[{"id":"m","object":"model"}]}')
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    assert router.post(CHAT, chat("m", stream=False)).status == 200
    answer = router.post(CHAT, chat("m", stream=False))
    assert answer.status == 502
    assert answer.error["code"] == "upstream_error"
    assert backend.posts == 2
    backend.stop()


def test_a_reader_of_the_log_that_leaves_ends_nothing(binary, start_mock, tmp_path):
    mock = start_mock("a", "m", tokens=1)
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [str(binary), "serve", "--listen", f"unix:{tmp_path}/r.sock", "--backend", mock.url],
        stdout=writing,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        assert b"listening" in os.read(reading, 4096)
        os.close(reading)
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(f"{tmp_path}/r.sock")
                client.sendall(
                    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                assert client.recv(4096).startswith(b"HTTP/1.1 200")
        assert process.poll() is None
    finally:
        process.terminate()
    assert process.wait(20) == 0
