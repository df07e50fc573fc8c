"""Every family's stream, broken off at every byte: never a half event, never a made-up end.

Before the first content the other backend's answer comes; from there to the end marker whole
events, then the error frame, and no regular end; behind the marker the answer is whole.
"""

import concurrent.futures
import threading
import uuid

import pytest

from cutting_backend import FAMILIES, cutting_backends, wire
from rawhttp import RawClient, Truncated

WORKERS = 8


@pytest.fixture
def router(start_router):
    backends = cutting_backends()
    urls = {name: backend.url for name, backend in zip("ab", backends)}
    yield start_router(urls, "--health-interval", "60s").wait_ready(2, ["m"])
    for backend in backends:
        backend.stop()


class Asker:
    """A connection that is opened again when an answer has ended it."""

    def __init__(self, address):
        self._address = address
        self._client = None

    def ask(self, name, framing, how, offset):
        """(status, payload, whether the answer came to its end)."""
        client = self._client or RawClient(self._address)
        self._client = None
        cut = f"{name}/{framing}/{how}/{offset}"
        fields = [("X-Cut", cut), ("X-Request-ID", str(uuid.uuid4()))]
        client.post_json(FAMILIES[name].path, b'{"model":"m","stream":true}', fields)
        try:
            answer = client.reader.response()
        except Truncated as cut:
            client.close()
            return cut.head.status if cut.head else None, cut.payload, False
        has_end = answer.head.get("transfer-encoding") or answer.head.get("content-length")
        if has_end and answer.head.get("connection") != "close":
            self._client = client
        else:
            client.close()
        return answer.status, answer.payload, True


def judge(name, framing, how, received, result):
    """What is wrong with an answer of which the router had `received` bytes of payload."""
    family = FAMILIES[name]
    status, payload, is_whole = result
    if status != 200:
        return f"status {status}"
    ends, position = [], 0
    for event in family.events:
        position += len(event)
        ends.append(position)
    content = ends[len(family.opening)]
    if received < content:
        right = payload == family.payload and is_whole
        return None if right else f"not the other backend's answer: {payload!r}"
    if received == len(family.payload):
        right = payload == family.payload and is_whole
        return None if right else f"not whole behind the marker: {payload!r} {is_whole}"
    whole = max(end for end in ends if end <= received)
    rest = payload[whole:]
    if payload[:whole] != family.payload[:whole]:
        return f"events are missing: {payload!r}"
    # The end of a connection ends an answer that has neither chunks nor a length.
    if is_whole and framing != "close":
        return f"a regular end: {payload!r}"
    if not rest and framing == "length" and len(family.payload) - whole < 512:
        return None  # the length leaves no room for a frame
    if not family.is_frame(rest):
        return f"no frame: {rest!r}"
    return None


def possible(name, framing, how, offset, result):
    """None if the answer fits what the router may have received; else what is wrong."""
    _, places = wire(FAMILIES[name], framing)
    received = sum(place < offset for place in places)
    if how == "fin":
        return judge(name, framing, how, received, result)
    # A reset destroys what the router hasn't read yet: any shorter beginning may be what it had.
    problems = [judge(name, framing, how, fewer, result) for fewer in range(received + 1)]
    return None if None in problems else problems[-1]


@pytest.mark.parametrize(
    "how, framing",
    [("fin", "chunked"), ("reset", "chunked"), ("fin", "length"), ("fin", "close")],
)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_stream_cut_at_every_byte(router, name, how, framing):
    answer, _ = wire(FAMILIES[name], framing)
    local = threading.local()

    def run(offset):
        if not hasattr(local, "asker"):
            local.asker = Asker(router.address)
        problem = possible(name, framing, how, offset, local.asker.ask(name, framing, how, offset))
        return problem and f"cut at {offset} of {len(answer)}: {problem}"

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        problems = [found for found in pool.map(run, range(len(answer))) if found]
    assert not problems, f"{len(problems)} of {len(answer)}: " + "\n".join(problems[:5])
