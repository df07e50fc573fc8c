"""Request bodies: held, streamed, waiting for memory, answered before they are whole."""

import json
import threading

import pytest

from rawhttp import chat
from waiting import wait_until

CHAT = "/v1/chat/completions"
FIRST = b'{"model":"m","input":"'
LAST = b'","model":"m"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EARLY = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 27\r\nConnection: close\r\n\r\n"
    b'{"error":{"message":"key"}}'
)
SMALL = ("--limits.replay", "64KiB")


def body(size, first=True):
    """A JSON body of about that size, with its model first or last."""
    filler = b"x" * size
    return FIRST + filler + b'"}' if first else b'{"input":"' + filler + LAST


def head(length=None, fields=b"", path=CHAT):
    framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    return b"POST %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s\r\n" % (path.encode(), framing, fields)


def in_chunks(payload, size=10_000):
    pieces = [payload[i : i + size] for i in range(0, len(payload), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.fixture
def eager(start_backend, start_router):
    """eager(*arguments): (a backend whose calls are handed over with the head alone, router)"""

    def start(*arguments):
        backend = start_backend("m", is_eager=True)
        router = start_router({"only": backend.url}, *arguments).wait_ready(1, ["m"])
        return backend, router

    return start


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_long_body_streams_on_before_it_is_whole(eager, is_chunked):
    backend, router = eager(*SMALL)
    payload = body(3_000_000)
    sent = in_chunks(payload) if is_chunked else payload
    with router.client() as client:
        client.send(head(None if is_chunked else len(payload)) + sent[:200_000])
        call = backend.next_call()  # the head came, although the body isn't whole
        assert (call.request.head.get("transfer-encoding") == "chunked") == is_chunked
        sender = threading.Thread(target=client.send, args=(sent[200_000:],))
        sender.start()
        assert call.request.reader.body(call.request.head).payload == payload
        sender.join(10)
        call.send(OK)
        answer = client.reader.response()
        call.let_go.set()
        assert (answer.status, answer.payload) == (200, b"ok")
        assert answer.head.get("connection") is None


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_long_body_with_a_late_model_is_held(eager, is_chunked):
    backend, router = eager(*SMALL)
    payload = body(3_000_000, first=False)
    with router.client() as client:
        sent = in_chunks(payload) if is_chunked else payload
        client.send(head(None if is_chunked else len(payload)) + sent)
        call = backend.next_call()
        assert call.request.head.get("content-length") == str(len(payload))
        assert call.request.reader.body(call.request.head).payload == payload
        call.send(OK)
        assert client.reader.response().status == 200
        call.let_go.set()


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
FORM_HEAD = b"Content-Type: multipart/form-data; boundary=b\r\n"
FILLER = b"x" * 1_000_000
LATE = {
    "another": (FIRST + FILLER + b'","model":"n"}', "duplicate_model_field"),
    "another, in other case": (FIRST + FILLER + b'","Model":"n"}', "duplicate_model_field"),
    "another, escaped": (FIRST + FILLER + b'","mod\\u0065l":"n"}', "duplicate_model_field"),
    "no string": (FIRST + FILLER + b'","model":["n"]}', "invalid_model_field"),
    "broken": (FIRST + FILLER + b'",}', "invalid_json"),
    "cut": (FIRST + FILLER + b'"', "invalid_json"),
    "another part": (
        PART % (b"model", b"m") + PART % (b"file", FILLER) + PART % (b"model", b"n") + b"--b--",
        "duplicate_model_field",
    ),
    "an odd part": (
        PART % (b"model", b"m") + PART % (b"file", FILLER) + PART % (b'x"; name="y', b"n"),
        "invalid_form",
    ),
}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("payload, code", LATE.values(), ids=LATE.keys())
def test_a_streamed_body_is_checked_to_its_end(eager, payload, code, is_chunked):
    backend, router = eager(*SMALL)
    is_form = payload.startswith(b"--b")
    path = "/v1/audio/transcriptions" if is_form else CHAT
    fields = FORM_HEAD if is_form else b""
    with router.client() as client:
        client.send(head(None if is_chunked else len(payload), fields, path))
        sent = in_chunks(payload) if is_chunked else payload
        client.send(sent[:200_000])
        call = backend.next_call()
        sender = threading.Thread(target=client.send, args=(sent[200_000:],), daemon=True)
        sender.start()
        with pytest.raises(Exception):  # its backend doesn't get the end
            call.request.reader.body(call.request.head)
        call.let_go.set()
        sender.join(10)
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (400, code)
    line = wait_until(lambda: [e for e in router.access_lines() if e["status"] == 400], "a line")[0]
    assert (line["code"], line["outcome"]) == (code, "failed")


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_streamed_body_may_name_its_model_again(eager, is_chunked):
    backend, router = eager(*SMALL)
    payload = FIRST + FILLER + b'","Model":"m","x":{"model":"n"},"mod\\u0065l":"\\u006d"}'
    with router.client() as client:
        client.send(head(None if is_chunked else len(payload)))
        sent = in_chunks(payload) if is_chunked else payload
        sender = threading.Thread(target=client.send, args=(sent,), daemon=True)
        sender.start()
        call = backend.next_call()
        assert call.request.reader.body(call.request.head).payload == payload
        sender.join(10)
        call.send(OK)
        assert client.reader.response().status == 200
        call.let_go.set()


def test_a_streamed_body_under_another_name_may_not_name_its_model_again(eager):
    backend, router = eager(*SMALL, "--aliases", '{"x":"m"}')
    payload = b'{"model":"x","input":"' + FILLER + b'","model":"x"}'
    with router.client() as client:
        client.send(head(len(payload)) + payload)
        call = backend.next_call()
        with pytest.raises(Exception):
            call.request.reader.body(call.request.head)
        call.let_go.set()
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (400, "duplicate_model_field")


def test_another_model_behind_an_early_answer_ends_both(eager):
    backend, router = eager(*SMALL)
    payload = LATE["another"][0]
    with router.client() as client:
        client.send(head(len(payload)) + payload[:200_000])
        call = backend.next_call()
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nearly")
        early = client.reader.head()
        client.send(payload[200_000:])
        with pytest.raises(Exception):
            call.request.reader.body(call.request.head)
        call.let_go.set()
        with pytest.raises(Exception):
            client.reader.body(early)


def test_a_streamed_body_waits_for_its_backend(eager):
    backend, router = eager(*SMALL)
    payload = body(48_000_000)
    with router.client() as client:
        client.send(head(len(payload)))
        sender = threading.Thread(target=client.send, args=(payload,), daemon=True)
        sender.start()
        call = backend.next_call()
        # Nobody reads: what is taken is what sockets hold, and the window.
        sender.join(1)
        assert sender.is_alive(), "48 MB went somewhere although nobody read them"
        assert call.request.reader.body(call.request.head).payload == payload
        sender.join(10)
        call.send(OK)
        assert client.reader.response().status == 200
        call.let_go.set()


def test_a_backend_lost_during_a_streamed_body_is_not_replaced(start_backend, start_router):
    a, b = start_backend("m", is_eager=True), start_backend("m", is_eager=True)
    router = start_router({"a": a.url, "b": b.url}, *SMALL).wait_ready(2, ["m"])
    payload = body(1_000_000)
    with router.client() as client:
        client.send(head(len(payload)) + payload[:500_000])
        wait_until(lambda: not a.is_idle or not b.is_idle, "a backend to get the request")
        one, other = (b, a) if a.is_idle else (a, b)
        call = one.next_call()
        call.send(b"")
        wait_until(lambda: len(call.read_some()) > 0, "the body to flow")
        call.let_go.set()
        answer = client.reader.response()
        assert answer.status == 502
        assert answer.error["code"] == "upstream_error"
        assert other.is_idle


def test_a_client_that_leaves_during_its_upload_takes_the_backend_with_it(eager):
    backend, router = eager(*SMALL)
    with router.client() as client:
        client.send(head(1_000_000) + body(500_000)[:-2])
        call = backend.next_call()
    with pytest.raises(Exception):
        call.request.reader.body(call.request.head)
    call.let_go.set()


@pytest.mark.parametrize("round", range(10))
def test_an_early_answer_reaches_a_client_that_sends_all_first(eager, round):
    backend, router = eager()
    payload = body(40_000_000)
    with router.client() as client:
        client.send(head(len(payload)) + payload[:1_000_000])
        call = backend.next_call()
        call.send(EARLY)
        call.let_go.set()  # closed with megabytes unread: a RST
        client.send(payload[1_000_000:])
        answer = client.reader.response()
    assert (answer.status, answer.error["message"]) == (401, "key")
    assert answer.head.get("connection") == "close"


@pytest.mark.parametrize("round", range(10))
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_body_over_the_limit_is_told_to_a_client_that_sends_all_first(eager, round, is_chunked):
    backend, router = eager("--limits.body", "16MiB")
    payload = body(40_000_000, first=False)
    with router.client() as client:
        client.send(head(None if is_chunked else len(payload)))
        client.send(in_chunks(payload, 1_000_000) if is_chunked else payload)
        answer = client.reader.response()
    assert answer.status == 413
    assert answer.error["code"] == "request_too_large"


def test_a_streamed_body_that_grows_over_the_limit_takes_the_backend_with_it(eager):
    backend, router = eager("--limits.body", "16MiB")
    payload = body(20_000_000)
    with router.client() as client:
        sent = head() + in_chunks(payload, 1_000_000)
        sender = threading.Thread(target=client.send, args=(sent,), daemon=True)
        sender.start()
        call = backend.next_call()
        with pytest.raises(Exception):  # it ends in the midst of the body
            call.request.reader.body(call.request.head)
        call.let_go.set()
        sender.join(10)
        answer = client.reader.response()
    assert answer.status == 413
    assert answer.error["code"] == "request_too_large"


def test_bodies_wait_for_memory_and_small_ones_do_not(start_backend, start_router):
    backend = start_backend("m")
    router = start_router(
        {"only": backend.url}, "--limits.bodies-total", "4MiB", "--limits.body", "1MiB"
    ).wait_ready(1, ["m"])
    payload = body(900_000)
    clients = [router.client() for _ in range(4)]
    for client in clients:
        client.send(head(len(payload)) + payload)
    # 2.5 MiB are there for bodies like these: two are held until their answers begin.
    calls = [backend.next_call(), backend.next_call()]

    def reply(call):
        # The scripted backend takes one request per connection.
        call.send(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        call.let_go.set()

    answer = threading.Thread(target=lambda: reply(backend.next_call()), daemon=True)
    answer.start()
    assert router.post(CHAT, chat("m", stream=False)).status == 200
    answer.join(10)
    assert backend.is_idle, "a third large body was admitted"
    for call in calls:
        reply(call)
    for _ in range(2):
        reply(backend.next_call())
    for client in clients:
        assert client.reader.response().status == 200
        client.close()


def test_bodies_that_wait_too_long_for_memory_are_refused(start_backend, start_router):
    backend = start_backend("m")
    router = start_router(
        {"only": backend.url},
        *("--limits.bodies-total", "4MiB", "--limits.body", "1MiB", "--queue.timeout", "200ms"),
    ).wait_ready(1, ["m"])
    payload = body(900_000)
    clients = [router.client() for _ in range(3)]
    for client in clients:
        client.send(head(len(payload)) + payload)
    calls = [backend.next_call(), backend.next_call()]
    answers = []
    readers = [
        threading.Thread(target=lambda c=c: answers.append(c.reader.response())) for c in clients
    ]
    for reader in readers:
        reader.start()
    wait_until(lambda: answers, "the one that waits to be refused")
    assert answers[0].status == 503
    assert answers[0].error["code"] == "body_memory_exhausted"
    assert answers[0].head.get("retry-after") == "1"
    for call in calls:
        call.send(OK)
    for reader in readers:
        reader.join(10)
    assert sorted(answer.status for answer in answers) == [200, 200, 503]
    for client in clients:
        client.close()


def test_chunked_bodies_that_grow_all_end_although_memory_is_short(start_mock, start_router):
    mock = start_mock("a", "m", tokens=1)
    router = start_router(
        {"only": mock.url}, "--limits.bodies-total", "8MiB", "--limits.body", "3MiB"
    ).wait_ready(1, ["m"])
    text = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 2_500_000}]})
    statuses = []

    def upload():
        with router.client() as client:
            client.send(head() + in_chunks(text.encode(), 100_000))
            statuses.append(client.reader.response().status)

    threads = [threading.Thread(target=upload) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [200] * 12


def test_a_client_that_waits_for_100_continue_gets_it(eager):
    backend, router = eager()
    with router.client() as client:
        payload = body(1000)
        client.send(head(len(payload), b"Expect: 100-continue\r\n"))
        interim = client.reader.head()
        assert interim.status == 100
        client.send(payload)
        call = backend.next_call()
        assert call.request.head.get("expect") is None
        assert call.request.reader.body(call.request.head).payload == payload
        call.send(OK)
        assert client.reader.response().status == 200
        call.let_go.set()
