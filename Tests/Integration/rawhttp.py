"""A tiny HTTP/1.1 client that hides nothing: tests see and send exact bytes.

`MessageReader` reads messages from any source of bytes (a socket, a recording); `RawClient` is one
connection. Neither follows, retries, decodes or forgives anything.
"""

import json
import socket
import struct

from waiting import PATIENCE

TIMEOUT_SECONDS = 20.0 * PATIENCE
"""No read of a test waits longer than this."""


class Head:
    """Start line and fields of a message, as received."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw[:-4].split(b"\r\n")
        self.start_line = lines[0].decode("latin-1")
        self.fields = []
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            self.fields.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))

    @property
    def status(self):
        """The status of a response."""
        return int(self.start_line.split(" ")[1])

    @property
    def target(self):
        """The target of a request."""
        return self.start_line.split(" ")[1]

    def get(self, name, default=None):
        """The value of the first field of that name, whatever its case."""
        values = self.all(name)
        return values[0] if values else default

    def all(self, name):
        """The values of all fields of that name."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


class Truncated(Exception):
    """The source ended inside a message. `payload` is what had arrived, dechunked."""

    def __init__(self, where, payload=b"", head=None):
        super().__init__(f"ended in {where} after {len(payload)} bytes of payload")
        self.payload = payload
        self.head = head


class Message:
    """A whole message: its head, its body as framed, its payload without the framing."""

    def __init__(self, head, raw_body, payload):
        self.head = head
        self.raw_body = raw_body
        self.payload = payload

    @property
    def status(self):
        return self.head.status

    def json(self):
        return json.loads(self.payload)

    @property
    def error(self):
        """The `error` object of an error answer."""
        return self.json()["error"]


class MessageReader:
    """Cuts messages out of `receive()`, which returns more bytes, or b"" at the end."""

    def __init__(self, receive):
        self._receive = receive
        self._buffer = b""

    def _more(self):
        piece = self._receive()
        self._buffer += piece
        return bool(piece)

    def at_end(self):
        """Whether the source has ended and nothing is left. Waits for one or the other."""
        return not self._buffer and not self._more()

    def _until(self, mark, where):
        while mark not in self._buffer:
            if not self._more():
                raise Truncated(where)
        end = self._buffer.index(mark) + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def _exactly(self, count, where):
        # Long bodies come in many pieces: each is looked at once.
        pieces, missing = [self._buffer], count - len(self._buffer)
        self._buffer = b""
        while missing > 0:
            piece = self._receive()
            if not piece:
                raise Truncated(where, payload=b"".join(pieces))
            pieces.append(piece)
            missing -= len(piece)
        whole = b"".join(pieces)
        taken, self._buffer = whole[:count], whole[count:]
        return taken

    def head(self):
        return Head(self._until(b"\r\n\r\n", "a head"))

    def chunks(self):
        """Yields (framed bytes, payload) of each chunk; the last one has no payload."""
        while True:
            line = self._until(b"\r\n", "a chunk size line")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                trailer = b""
                while not trailer.endswith(b"\r\n\r\n") and trailer != b"\r\n":
                    trailer += self._until(b"\r\n", "the trailer")
                yield line + trailer, b""
                return
            payload = self._exactly(size, "a chunk")
            end = self._exactly(2, "a chunk")
            assert end == b"\r\n", f"a chunk of {size} bytes ends with {end!r}"
            yield line + payload + end, payload

    def body(self, head, has_body=True):
        """Reads the body that the head announces. Raises Truncated with what there was."""
        payload, framed = b"", b""
        try:
            if not has_body:
                pass
            elif (head.get("transfer-encoding") or "").lower() == "chunked":
                for raw, piece in self.chunks():
                    framed += raw
                    payload += piece
            elif head.get("content-length") is not None:
                payload = framed = self._exactly(int(head.get("content-length")), "a body")
            elif head.start_line.startswith("HTTP/"):
                while self._more():
                    pass
                payload, framed, self._buffer = self._buffer, self._buffer, b""
        except Truncated as cut:
            raise Truncated(str(cut), payload + cut.payload, head) from None
        return Message(head, framed, payload)

    def response(self, method="POST"):
        """Reads one final response; interim ones are passed over."""
        head = self.head()
        while 100 <= head.status < 200:
            head = self.head()
        return self.body(head, method != "HEAD" and head.status not in (204, 304))

    def request(self):
        head = self.head()
        return self.body(head)


class RawClient:
    """One TCP connection to `address` (host, port)."""

    def __init__(self, address, timeout=TIMEOUT_SECONDS):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = MessageReader(self._receive)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _receive(self):
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, target, body=b"", fields=(), framing=None):
        """Sends a request; a body gets a Content-Length unless `framing` names another field."""
        host = "%s:%d" % self.socket.getpeername()[:2]
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in fields]
        if body or method == "POST":
            lines.append(framing or f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def ask(self, method, target, body=b"", fields=()):
        """Sends a request and reads its whole response."""
        self.request(method, target, body, fields)
        return self.reader.response(method)

    def post_json(self, target, value, fields=()):
        """Posts a value (or bytes, as they are) as JSON, without reading the answer."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.request("POST", target, body, [("Content-Type", "application/json"), *fields])

    def close(self):
        """An orderly close: FIN."""
        self.socket.close()

    def reset(self):
        """An abortive close: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def ask(address, method, target, body=b"", fields=()):
    """One request on a connection of its own."""
    with RawClient(address) as client:
        return client.ask(method, target, body, fields)


def chat(model, stream=True, **more):
    """A chat request's body in the order in which the official Python client writes it."""
    messages = [{"role": "user", "content": "Say a few words."}]
    return {"model": model, "stream": stream, "messages": messages, **more}


def events(payload):
    """The data of each server-sent event of a payload, comments left out."""
    found = []
    for event in payload.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = [line[5:].lstrip(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
        if lines:
            found.append(b"\n".join(lines))
    return found


def content_of(event):
    """The text that one chat event carries; "" for a role, a usage or an end event."""
    if event == b"[DONE]":
        return ""
    choices = json.loads(event).get("choices") or []
    return "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)
