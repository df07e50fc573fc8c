"""A crowd of clients in one thread: streams that stay, and connections that come at a pace."""

import asyncio
import json

from rawhttp import chat
from waiting import PACE_SECONDS

CHAT = "/v1/chat/completions"


def request(address, value, *fields):
    body = json.dumps(value).encode()
    lines = [
        f"POST {CHAT} HTTP/1.1",
        "Host: %s:%d" % address,
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *fields,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Stream(asyncio.Protocol):
    """One streamed answer that never ends by itself: whatever ends it has cut it."""

    def __init__(self, sent):
        self._sent = sent
        self._head = b""
        self.pieces = 0
        self.backend = None
        self.cut = None
        self.has_left = False
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self._sent)

    def data_received(self, data):
        if self.backend is None:
            self._head += data
            head, mark, data = self._head.partition(b"\r\n\r\n")
            if not mark:
                return
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            self.backend = fields.get(b"x-oairouter-backend", b"").decode()
            if not head.startswith(b"HTTP/1.1 200 "):
                self.cut = head.decode()
        if b'"error"' in data or b"[DONE]" in data or data.endswith(b"0\r\n\r\n"):
            self.cut = self.cut or data.decode("utf-8", "replace")
        self.pieces += data.count(b'"content"')

    def connection_lost(self, _):
        if not self.has_left:
            self.cut = self.cut or "the connection ended"


class Visitor(asyncio.Protocol):
    """One connection with one request, whose answer is read to its end."""

    def __init__(self, sent, done):
        self._sent = sent
        self._received = b""
        self._done = done

    def connection_made(self, transport):
        transport.write(self._sent)

    def data_received(self, data):
        self._received += data

    def connection_lost(self, error):
        head, _, body = self._received.partition(b"\r\n\r\n")
        is_stream = b"text/event-stream" in head
        try:
            is_whole = head.startswith(b"HTTP/1.1 200 ") and (
                body.endswith(b"0\r\n\r\n") and b"data: [DONE]" in body
                if is_stream
                else json.loads(body)["choices"]
            )
        except ValueError:
            is_whole = False
        if not self._done.done():
            self._done.set_result(None if is_whole else f"{error}: {self._received[:300]!r}")


class Crowd:
    """Clients of `address`. All of it runs in the event loop of its caller."""

    def __init__(self, address, model="m"):
        self.address = address
        self.model = model
        self.streams = []
        self.answered = 0
        self.refused = []

    async def open_streams(self, count, *fields):
        """Opens so many streams, and waits until each has had its first content."""
        loop = asyncio.get_running_loop()
        sent = request(self.address, chat(self.model), *fields)
        for _ in range(count):
            _, stream = await loop.create_connection(lambda: Stream(sent), *self.address)
            self.streams.append(stream)
        await self.advance("the first content")

    async def advance(self, what, seconds=60.0):
        """Waits until every stream that isn't cut has had content once more."""
        former = [stream.pieces for stream in self.streams]

        def is_over():
            return all(
                stream.pieces > count or stream.cut
                for stream, count in zip(self.streams, former, strict=True)
            )

        await self._until(is_over, what, seconds)

    async def answers(self, count, seconds=60.0):
        """Waits until so many further connections have had their answers."""
        former = self.answered
        await self._until(lambda: self.answered >= former + count, "answers", seconds)

    async def _until(self, condition, what, seconds):
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        pace = asyncio.Event()
        while not condition():
            assert loop.time() < end, f"waited {seconds:g} s for {what}"
            loop.call_later(PACE_SECONDS, pace.set)
            await pace.wait()
            pace.clear()

    async def visit(self, per_second, until, *fields):
        """Lets new connections come at a pace until the task `until` is done, and waits for all."""
        loop = asyncio.get_running_loop()
        value = chat(self.model, stream=False, max_tokens=1)
        sent = request(self.address, value, "Connection: close", *fields)
        visits = set()
        start, come = loop.time(), 0
        pace = asyncio.Event()
        while not until.done():
            while come < (loop.time() - start) * per_second:
                come += 1
                visit = asyncio.create_task(self._visit(sent))
                visits.add(visit)
                visit.add_done_callback(visits.discard)
            loop.call_later(1 / per_second, pace.set)
            await pace.wait()
            pace.clear()
        seconds = loop.time() - start
        if visits:
            await asyncio.wait(visits, timeout=60)
        assert not visits, f"{len(visits)} of {come} connections got no answer"
        return come / seconds

    def hear(self, count, *fields):
        """Begins so many streams that end by themselves; a task for the end of each.

        One that isn't whole is among the refused.
        """
        sent = request(self.address, chat(self.model), "Connection: close", *fields)
        return [asyncio.create_task(self._visit(sent)) for _ in range(count)]

    async def _visit(self, sent):
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        try:
            await loop.create_connection(lambda: Visitor(sent, done), *self.address)
            problem = await done
        except OSError as error:
            problem = repr(error)
        if problem is None:
            self.answered += 1
        else:
            self.refused.append(problem)

    @property
    def cut(self):
        """Why streams were cut."""
        return [stream.cut for stream in self.streams if stream.cut]

    def leave(self):
        for stream in self.streams:
            stream.has_left = True
            stream.transport.abort()
