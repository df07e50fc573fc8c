"""Backends that break a stream off where the request says, and the streams of each family."""

import json
import socket
import struct
import threading

from scripted_backend import chunk
from threaded_server import ThreadedServer


def sse(value, name=None):
    """One server-sent event."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (b"event: %s\n" % name.encode() if name else b"") + b"data: " + data + b"\n\n"


def typed(value):
    return sse(value, value["type"])


def chat_chunk(delta):
    return sse({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]})


def text_chunk(text):
    return sse({"object": "text_completion", "choices": [{"index": 0, "text": text}]})


def ollama_line(text, done=False):
    message = {"role": "assistant", "content": text}
    return json.dumps({"model": "m", "message": message, "done": done}).encode() + b"\n"


class Family:
    """A stream as events: those before any content, those with it, the one that ends it."""

    def __init__(self, path, opening, content, marker, type="text/event-stream"):
        self.path = path
        self.type = type
        self.opening = opening
        self.content = content
        self.marker = marker
        self.events = [*opening, *content, marker]

    @property
    def payload(self):
        return b"".join(self.events)

    def is_frame(self, event):
        """Whether an event tells of a lost backend, in the family's own way."""
        lines = event.strip().split(b"\n")
        try:
            value = json.loads(lines[-1].removeprefix(b"data: "))
        except ValueError:
            return False
        if self.type != "text/event-stream":
            return len(lines) == 1 and list(value) == ["error"]
        if self.path.endswith("/completions"):
            error = value.get("error") or {}
            return len(lines) == 1 and error.get("code") == "upstream_disconnected"
        return lines[:-1] == [b"event: error"] and value.get("type") == "error"


FAMILIES = {
    "chat": Family(
        "/v1/chat/completions",
        [chat_chunk({"role": "assistant", "content": ""})],
        [b": ping\n\n" + chat_chunk({"content": "a"}), chat_chunk({"content": "b"})],
        b"data: [DONE]\n\n",
    ),
    "completions": Family(
        "/v1/completions", [], [text_chunk("a"), text_chunk("b")], b"data: [DONE]\n\n"
    ),
    "responses": Family(
        "/v1/responses",
        [typed({"type": "response.created", "sequence_number": 0, "response": {"id": "r"}})],
        [
            typed({"type": "response.output_text.delta", "sequence_number": 1, "delta": "a"}),
            typed({"type": "response.output_text.delta", "sequence_number": 2, "delta": "b"}),
        ],
        typed({"type": "response.completed", "sequence_number": 3, "response": {"id": "r"}}),
    ),
    "messages": Family(
        "/v1/messages",
        [
            typed({"type": "message_start", "message": {"id": "m", "content": []}}),
            typed({"type": "ping"}),
        ],
        [
            typed({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}),
            typed({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "b"}}),
        ],
        typed({"type": "message_stop"}),
    ),
    "ollama": Family(
        "/api/chat",
        [],
        [ollama_line("a"), ollama_line("b")],
        ollama_line("", done=True),
        "application/x-ndjson",
    ),
}


def wire(family, framing):
    """The whole answer, and where its payload bytes stand: a list of offsets in the answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {family.type}\r\n"
    if framing == "chunked":
        head += "Transfer-Encoding: chunked\r\n"
    elif framing == "length":
        head += f"Content-Length: {len(family.payload)}\r\n"
    answer = head.encode() + b"\r\n"
    if framing != "chunked":
        return answer + family.payload, [*range(len(answer), len(answer) + len(family.payload))]
    offsets = []
    for event in family.events:
        framed = chunk(event)
        start = len(answer) + framed.index(b"\r\n") + 2
        offsets += range(start, start + len(event))
        answer += framed
    return answer + b"0\r\n\r\n", offsets


class CuttingBackend(ThreadedServer):
    """Breaks an answer off if no other one with the same `seen` has had the request before.

    The request's X-Cut says how: `family/framing/how/offset`.
    """

    WIRES = {
        (name, framing): wire(family, framing)[0]
        for name, family in FAMILIES.items()
        for framing in ("chunked", "length", "close")
    }

    def __init__(self, seen, lock):
        self._seen = seen
        self._lock = lock
        super().__init__(backlog=512)

    def serve(self, connection, reader):
        while not reader.at_end():
            request = reader.request()
            if not request.head.start_line.startswith("POST"):
                connection.sendall(self._list(request.head.target))
            elif not self._answer(connection, request):
                return

    def _list(self, target):
        found = target == "/v1/models"
        body = b'{"object":"list","data":[{"id":"m","object":"model"}]}' if found else b"{}"
        status = b"200 OK" if found else b"404 Not Found"
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)

    def _answer(self, connection, request):
        """Whether the connection may be used again."""
        name, framing, how, offset = request.head.get("x-cut").split("/")
        with self._lock:
            identity = request.head.get("x-request-id")
            is_first = identity not in self._seen
            self._seen.add(identity)
        if not is_first:
            connection.sendall(self.WIRES[name, "chunked"])
            return True
        if int(offset) > 0:
            connection.sendall(self.WIRES[name, framing][: int(offset)])
        if how == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False


def cutting_backends(count=2):
    """Backends of which the first to see a request breaks its answer off, and the next doesn't."""
    seen, lock = set(), threading.Lock()
    return [CuttingBackend(seen, lock) for _ in range(count)]
