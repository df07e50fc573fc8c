"""A backend that does what a test tells it, and notes when it is told that its client is gone."""

import json
import queue
import socket
import struct
import threading
import time

from threaded_server import ThreadedServer
from waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(payload):
    """The payload as one chunk."""
    return b"%x\r\n%s\r\n" % (len(payload), payload)


def chat_event(delta, finish=None):
    """One chat completion event with the given delta."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**body, "choices": [choice]}).encode() + b"\n\n"


class Request:
    """A request whose body the test reads."""

    def __init__(self, head, reader):
        self.head = head
        self.reader = reader


class Call:
    """One request that reached the backend, and the connection to answer it on."""

    def __init__(self, connection, request):
        self._connection = connection
        self.peer = connection.getpeername()
        """The other end: the same for all calls of one connection."""
        self.request = request
        self.ended_at = None
        """When the other side's end was seen (time.monotonic), or None."""
        self._ended = threading.Event()
        self.let_go = threading.Event()
        """Set by the test: an eager call's connection is closed."""
        self.is_done = threading.Event()
        """Set by the test: the answer is out, and a keeping backend's connection goes on."""

    def send(self, data):
        self._connection.sendall(data)

    def read_some(self):
        """Some bytes of an eager call's body, as they come off the socket."""
        return self._connection.recv(65536)

    def finish(self):
        """Ends the connection with a FIN."""
        self._connection.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with a RST."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Wakes the reader, which closes: while it waits, the kernel would keep the socket.
        self._connection.shutdown(socket.SHUT_RD)

    def send_until_end(self, data, seconds):
        """Sends the data every so many seconds, as an engine its tokens, until the end is seen."""
        while not self._ended.wait(seconds):
            try:
                self._connection.sendall(data)
            except OSError:
                return

    def send_until_stuck(self, data, seconds=2.0):
        """Sends the data again and again; how many bytes were taken when none was for so long."""
        self._connection.settimeout(seconds)
        taken = 0
        try:
            while True:
                taken += self._connection.send(data)
        except TimeoutError:
            return taken

    def watch(self):
        """Reads on; notes the moment of the other side's end (FIN or RST)."""
        try:
            while self._connection.recv(65536):
                pass
        except OSError:
            pass
        self.ended_at = time.monotonic()
        self._ended.set()

    def wait_end(self, seconds):
        """The moment of the end, or None if it doesn't come within the time."""
        self._ended.wait(seconds)
        return self.ended_at


class ScriptedBackend(ThreadedServer):
    """Lists `models`, is healthy, and hands each POST to the test through `next_call`."""

    def __init__(self, models=("m",), is_eager=False, is_keeping=False):
        """Eager: a call is handed over with its head alone; the test reads the body.

        Keeping: a connection takes further calls, each once the former `is_done`.
        """
        self._is_eager = is_eager
        self._is_keeping = is_keeping
        listing = {
            "object": "list",
            "data": [{"id": name, "object": "model", "owned_by": "test"} for name in models],
        }
        self._listing = json.dumps(listing).encode()
        self._calls = queue.Queue()
        super().__init__()

    def next_call(self, seconds=10.0):
        """The next POST; raises queue.Empty when none comes."""
        return self._calls.get(timeout=seconds)

    @property
    def is_idle(self):
        """No POST waits for the test."""
        return self._calls.empty()

    def serve(self, connection, reader):
        while not reader.at_end():
            if self._is_eager and self._hand_over(connection, reader):
                return
            request = reader.request()
            if self._is_for_the_test(request.head):
                call = Call(connection, request)
                self._calls.put(call)
                if not self._is_keeping:
                    call.watch()
                    return
                call.is_done.wait(60)
                continue
            connection.sendall(self._answer(request.head.target))

    @staticmethod
    def _is_for_the_test(head):
        return not head.start_line.startswith("GET") or head.target.startswith("/v1/responses/")

    def _hand_over(self, connection, reader):
        """Gives a POST to the test as soon as its head is there; False: it isn't one."""
        head = reader.head()
        if not head.start_line.startswith("POST"):
            connection.sendall(self._answer(head.target))
            return reader.at_end()
        call = Call(connection, Request(head, reader))
        self._calls.put(call)
        call.let_go.wait(60)
        return True

    def _answer(self, target):
        found = {"/v1/models": self._listing, "/health": b'{"status":"ok"}'}
        body = found.get(target, b'{"error":{"message":"not found"}}')
        status = "200 OK" if target in found else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def next_call_of(backends):
    """The next call that any of the backends gets, and which one got it."""
    asked = wait_until(lambda: [each for each in backends if not each.is_idle], "a call")[0]
    return asked.next_call(), asked
