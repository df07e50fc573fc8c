"""More than there is room for: nothing spins, hangs or grows, and service comes back."""

import contextlib
import json
import os
import selectors
import socket
import threading
import time

import pytest

from programs import Router
from rawhttp import RawClient, chat
from scripted_backend import HEAD, chat_event, chunk
from waiting import wait_until

CHAT = "/v1/chat/completions"
TICKS = os.sysconf("SC_CLK_TCK")
UPLOADS = int(os.environ.get("OAIR_UPLOADS", "300"))
"""Four times as much as there is memory for; more by hand."""


def cpu_seconds(router):
    """User and system time that the process has used."""
    with open(f"/proc/{router.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def metrics(router):
    return router.ask("GET", "/metrics").payload


class Crowd:
    """Many clients at once, on one thread: each sends its request and reads its answer."""

    def __init__(self, address, requests):
        self.answers = {}
        self._waiting = {}
        self._selector = selectors.DefaultSelector()
        for number, request in enumerate(requests):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            self._waiting[client] = number
            state = {"number": number, "out": memoryview(request), "in": bytearray()}
            self._selector.register(
                client, selectors.EVENT_READ | selectors.EVENT_WRITE, state
            )

    def run(self, seconds):
        """Until each has its answer. Returns those that haven't when the time is over."""
        end = time.monotonic() + seconds
        while self._waiting and time.monotonic() < end:
            for key, events in self._selector.select(1):
                self._turn(key.fileobj, key.data, events)
        left = sorted(self._waiting.values())
        for client in list(self._waiting):
            self._leave(client)
        return left

    def _turn(self, client, state, events):
        try:
            if events & selectors.EVENT_WRITE:
                sent = client.send(state["out"][:262144])
                state["out"] = state["out"][sent:]
                if not state["out"]:
                    self._selector.modify(client, selectors.EVENT_READ, state)
            if events & selectors.EVENT_READ:
                data = client.recv(65536)
                state["in"] += data
                if not data:
                    self._end(client, state)
        except BlockingIOError:
            pass
        except OSError:
            self._end(client, state)

    def _end(self, client, state):
        self.answers[state["number"]] = bytes(state["in"])
        self._leave(client)

    def _leave(self, client):
        self._selector.unregister(client)
        del self._waiting[client]
        client.close()


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


def request(body):
    head = (
        f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture
def start_bounded(binary, tmp_path, running):
    """A router with room for that many descriptors."""

    def start(url, descriptors):
        limit = ["prlimit", f"--nofile={descriptors}:{descriptors}"]
        serve = [binary, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]
        command = [*limit, *serve, "--backend", f"b={url}"]
        running.append(Router(command, folder=tmp_path, name="router"))
        return running[-1]

    return start


def test_a_thousand_clients_are_served_with_256_descriptors(start_mock, start_bounded):
    backend = start_mock("b", "m", tokens=2, ttft="5ms", itl="1ms")
    router = start_bounded(backend.url, 256).wait_ready(1, ["m"])
    body = json.dumps({"model": "m", "messages": []}).encode()
    crowd = Crowd(router.address, [request(body)] * 1000)
    assert crowd.run(60) == []
    assert {status(answer) for answer in crowd.answers.values()} == {200}
    assert router.post(CHAT, {"model": "m", "messages": []}).status == 200


def test_clients_that_take_all_the_room_make_nobody_spin(start_mock, start_bounded):
    backend = start_mock("b", "m", tokens=2, ttft="5ms", itl="1ms")
    router = start_bounded(backend.url, 256).wait_ready(1, ["m"])
    idle = [socket.create_connection(router.address) for _ in range(400)]
    try:
        # As many as there is room for are accepted; the others wait, and the loop with them.
        idle[0].settimeout(5)
        began = cpu_seconds(router)
        with pytest.raises(TimeoutError):
            idle[0].settimeout(2)
            idle[0].recv(1)
        assert cpu_seconds(router) - began < 0.4
    finally:
        for client in idle:
            client.close()
    assert router.post(CHAT, {"model": "m", "messages": []}).status == 200


@pytest.mark.figures
def test_an_idle_router_is_small(start_mock, start_router):
    router = start_router({"b": start_mock("b", "m").url}).wait_ready(1, ["m"])
    # Once it has let go of what only its start needed.
    wait_until(lambda: router.memory("VmRSS") <= 12 << 20, "pages of the start to go")
    assert router.memory("RssAnon") <= 3 << 20
    assert router.post(CHAT, {"model": "m", "messages": []}).status == 200


@pytest.mark.figures
def test_idle_connections_take_little_and_give_it_back(start_mock, start_router):
    router = start_router({"b": start_mock("b", "m").url}).wait_ready(1, ["m"])
    before = router.memory("RssAnon")
    count = 3000
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(RawClient(router.address))
            assert client.ask("GET", "/health").status == 200
        grown = router.memory("RssAnon") - before
        print(f"{grown / count:.0f} bytes a connection")
        assert grown < count << 10
    # It looks for the end of a peak every ten seconds.
    limit = before + (1 << 20)
    wait_until(lambda: router.memory("RssAnon") < limit, "memory to go back", 40)


@pytest.mark.figures
@pytest.mark.parametrize("order", ["model first", "model last"])
def test_uploads_share_the_memory(start_mock, start_router, order):
    backend = start_mock("b", "m", tokens=1, ttft="1ms", itl="1ms")
    router = start_router({"b": backend.url}, "--queue.timeout", "60s").wait_ready(1, ["m"])
    text = json.dumps([{"role": "user", "content": "x" * (4 << 20)}])
    if order == "model first":
        body = '{"model":"m","messages":%s}' % text
    else:
        body = '{"messages":%s,"model":"m"}' % text
    before = router.memory("VmRSS")
    # One buffer for all of them: the test's own memory is of no interest.
    crowd = Crowd(router.address, [request(body.encode())] * UPLOADS)
    assert crowd.run(180) == []
    found = [status(answer) for answer in crowd.answers.values()]
    assert set(found) == {200}
    # 256 MiB of bodies, and what the connections hold beside them.
    grown = router.memory("VmHWM") - before
    assert grown < (256 + 32) << 20
    print(f"{UPLOADS} uploads, {order}: {grown / (1 << 20):.0f} MiB")
    assert router.post(CHAT, {"model": "m", "messages": []}).status == 200


@pytest.mark.figures
def test_long_uploads_stream_in_little_memory(start_mock, start_router):
    backend = start_mock("b", "m", tokens=1, ttft="1ms", itl="1ms")
    router = start_router({"b": backend.url}, "--queue.timeout", "60s").wait_ready(1, ["m"])
    text = "x" * (32 << 20)
    body = '{"model":"m","messages":[{"role":"user","content":"%s"}]}' % text
    before = router.memory("VmRSS")
    count = 100
    crowd = Crowd(router.address, [request(body.encode())] * count)
    assert crowd.run(180) == []
    assert {status(answer) for answer in crowd.answers.values()} == {200}
    # The ledger's step of 1 MiB each, and what is on its way, in and out.
    grown = router.memory("VmHWM") - before
    print(f"{count} uploads of 32 MiB: {grown / (1 << 20):.0f} MiB")
    assert grown < count * ((1 << 20) + (128 << 10))


@pytest.mark.figures
def test_a_client_that_doesn_t_read_stops_its_backend(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"b": backend.url}, "--timeouts.write", "60s").wait_ready(1, ["m"])
    events = chunk(chat_event({"content": "x" * 1000})) * 1000
    # What any long stream needs, of all the connections together, is none of the slow one's.
    with RawClient(router.address) as reading:
        reading.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD + events + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        call.finish()
        assert reading.reader.response().status == 200
    with RawClient(router.address) as client:
        before = router.memory("RssAnon")
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD)
        taken = call.send_until_stuck(events)
        print(f"got rid of {taken / (1 << 20):.1f} MiB")
        assert taken < 8 << 20
        grown = router.memory("RssAnon") - before
        print(f"grown by {grown >> 10} KiB")
        assert grown <= 256 << 10
        # It isn't the backend's fault, and others are served meanwhile.
        other = RawClient(router.address)
        other.post_json(CHAT, chat("m"))
        backend.next_call().send(HEAD + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        assert other.reader.response().status == 200
        other.close()


@pytest.mark.parametrize("is_reading", [True, False], ids=["slowly", "not at all"])
def test_only_a_client_that_takes_nothing_is_cut(start_backend, start_router, is_reading):
    backend = start_backend("m")
    router = start_router({"b": backend.url}, "--timeouts.write", "1s").wait_ready(1, ["m"])
    with socket.socket() as slow:
        # A machine that has little room takes the bytes as their reader does.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(router.address)
        slow.sendall(request(json.dumps(chat("m")).encode()))
        call = backend.next_call()
        call.send(HEAD)
        events = chunk(chat_event({"content": "x" * 1000})) * 1000

        def feed():
            with contextlib.suppress(OSError):
                call.send_until_stuck(events, 8)

        sender = threading.Thread(target=feed, daemon=True)
        sender.start()
        taken = [0]

        def has_enough():
            taken[0] += len(slow.recv(1000))
            return taken[0] >= 400_000

        if is_reading:
            # At 100 kB/s at most, four times as long as it may take nothing.
            wait_until(has_enough, "a slow client's bytes", 40)
        else:
            wait_until(lambda: b'downstream_timeout"} 1' in metrics(router), "the cut", 5)
        assert (b'downstream_timeout"} 0' in metrics(router)) == is_reading
        slow.close()
        sender.join(20)


PIPELINED = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
BOMBS = {
    "heads that trickle": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "heads just below the limit": b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    + b"".join(b"X-%02d: " % n + b"a" * 660 + b"\r\n" for n in range(95)),
    "bodies that trickle": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 60000\r\n\r\n{",
    "chunks that trickle": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "requests that nobody reads the answers of": PIPELINED * 2000,
}


@pytest.mark.figures
@pytest.mark.parametrize("bomb", BOMBS)
def test_hostile_clients_take_little_memory(start_mock, start_router, bomb):
    backend = start_mock("b", "m", tokens=2, ttft="1ms", itl="1ms")
    router = start_router({"b": backend.url}).wait_ready(1, ["m"])
    before = router.memory("VmRSS")
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            client = stack.enter_context(socket.create_connection(router.address))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.send(BOMBS[bomb])
        with RawClient(router.address) as client:
            for _ in range(20):
                client.post_json(CHAT, chat("m", stream=False))
                assert client.reader.response().status == 200
        grown = router.memory("VmHWM") - before
        print(f"{bomb}: {grown / (1 << 20):.1f} MiB")
        assert grown < 64 << 20
