"""More than there is room for: nothing spins, hangs or grows, and service comes back."""

import json
import os
import selectors
import socket
import time

import pytest

from programs import Router
from rawhttp import RawClient

CHAT = "/v1/chat/completions"
TICKS = os.sysconf("SC_CLK_TCK")
UPLOADS = int(os.environ.get("OAIR_UPLOADS", "300"))
"""Four times as much as there is memory for; more by hand."""


def cpu_seconds(router):
    """User and system time that the process has used."""
    with open(f"/proc/{router.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(router, name):
    """A line of /proc/PID/status in bytes: VmRSS, VmHWM."""
    with open(f"/proc/{router.process.pid}/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name}")


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


@pytest.mark.parametrize("order", ["model first", "model last"])
def test_uploads_share_the_memory(start_mock, start_router, order):
    backend = start_mock("b", "m", tokens=1, ttft="1ms", itl="1ms")
    router = start_router({"b": backend.url}, "--queue.timeout", "60s").wait_ready(1, ["m"])
    text = json.dumps([{"role": "user", "content": "x" * (4 << 20)}])
    if order == "model first":
        body = '{"model":"m","messages":%s}' % text
    else:
        body = '{"messages":%s,"model":"m"}' % text
    before = memory(router, "VmRSS")
    # One buffer for all of them: the test's own memory is of no interest.
    crowd = Crowd(router.address, [request(body.encode())] * UPLOADS)
    assert crowd.run(180) == []
    found = [status(answer) for answer in crowd.answers.values()]
    assert set(found) == {200}
    # 256 MiB of bodies, and what the connections hold beside them.
    grown = memory(router, "VmHWM") - before
    assert grown < (256 + 32) << 20
    print(f"{UPLOADS} uploads, {order}: {grown / (1 << 20):.0f} MiB")
    assert router.post(CHAT, {"model": "m", "messages": []}).status == 200
