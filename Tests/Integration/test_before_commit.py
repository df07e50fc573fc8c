"""Failures before the commit: statuses, errors inside a stream, silence. Another backend's answer,
or the one failure there is, unchanged."""

import json
import time

import pytest

from rawhttp import Truncated, chat, content_of, events
from scripted_backend import HEAD, chat_event, chunk
from waiting import wait_until

CHAT = "/v1/chat/completions"
ROLE = chat_event({"role": "assistant", "content": ""})
WORD = chat_event({"content": "word"})
DONE = b"data: [DONE]\n\n"
WHOLE = HEAD + chunk(ROLE) + chunk(WORD) + chunk(DONE) + b"0\r\n\r\n"


def failure(status, reason=b"Failed", extra=b"", body=b'{"error":{"message":"full","code":7}}'):
    """A whole error answer of a backend."""
    head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n" % (status, reason)
    return head + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
def pair(start_backend, start_router):
    """pair(*arguments): (scripted backends a and b, router); both serve the model m."""

    def start(*arguments):
        a, b = start_backend("m"), start_backend("m")
        router = start_router({"a": a.url, "b": b.url}, *arguments).wait_ready(2, ["m"])
        return a, b, router

    return start


def first_call(a, b):
    """(the call, its backend, the other one), whichever was chosen."""
    wait_until(lambda: not a.is_idle or not b.is_idle, "a backend to get the request")
    one, other = (b, a) if a.is_idle else (a, b)
    return one.next_call(), one, other


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_a_failing_status_is_answered_by_the_other(pair, status):
    a, b, router = pair()
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(failure(status))
        other.next_call().send(WHOLE)
        answer = client.reader.response()
    assert answer.status == 200
    assert answer.head.get("x-oairouter-attempts") == "2"
    assert events(answer.payload)[-1] == b"[DONE]"


def test_how_a_rejected_answer_ends_closes_no_client(pair):
    a, b, router = pair()
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        # It ends with its connection; the other one's doesn't.
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        call.send(head + b'data: {"error":{"message":"full","code":503}}\n\n')
        other.next_call().send(WHOLE)
        answer = client.reader.response()
        assert answer.status == 200 and answer.head.get("connection") is None
        client.request("GET", "/livez")
        assert client.reader.response("GET").status == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_a_status_that_says_something_of_the_request_passes_unchanged(pair, status):
    a, b, router = pair()
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(failure(status))
        answer = client.reader.response()
    assert answer.status == status
    assert answer.json() == {"error": {"message": "full", "code": 7}}
    assert answer.head.get("x-oairouter-attempts") == "1"
    assert other.is_idle


def test_the_only_backends_failure_passes_unchanged_and_was_asked_for_once(
    start_backend, start_router
):
    only = start_backend("m")
    router = start_router({"only": only.url}).wait_ready(1, ["m"])
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        only.next_call().send(failure(503, extra=b"Retry-After: 7\r\nX-Own: yes\r\n"))
        answer = client.reader.response()
    assert answer.status == 503
    assert answer.head.get("retry-after") == "7" and answer.head.get("x-own") == "yes"
    assert answer.json() == {"error": {"message": "full", "code": 7}}
    assert only.is_idle


def test_when_all_fail_the_last_failure_passes(pair):
    a, b, router = pair()
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(failure(500))
        other.next_call().send(failure(529, b"Busy", body=b'{"last":true}'))
        answer = client.reader.response()
    assert (answer.status, answer.payload) == (529, b'{"last":true}')
    assert answer.head.get("x-oairouter-attempts") == "2"


def test_no_further_backend_is_asked_when_attempts_are_zero(pair):
    a, b, router = pair("--retry.attempts", "0")
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(failure(503))
        assert client.reader.response().status == 503
    assert other.is_idle


@pytest.fixture
def row(start_backend, start_router):
    """row(models, *arguments): (scripted backends that are asked in their order, the router).

    One backend for each model. Probes are rare: who is stopped is only missed by who connects.
    """

    def start(models, *arguments):
        backends = [start_backend(model) for model in models]
        urls = {f"b{number}": each.url for number, each in enumerate(backends, 1)}
        options = ("--balance", "first_healthy", "--health-interval", "60s")
        router = start_router(urls, *options, *arguments)
        return backends, router.wait_ready(len(backends), sorted(set(models)))

    return start


def ask_failing(backends, router, ways):
    """Asks for m while the first backends fail in their ways and the next one answers, if any."""
    for backend, way in zip(backends, ways, strict=False):
        if way == "refused":
            backend.stop()
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        for backend, way in zip(backends, ways, strict=False):
            if way == "lost":
                backend.next_call().reset()
            elif way != "refused":
                backend.next_call().send(WHOLE if way == "good" else failure(int(way)))
        return client.reader.response()


WAYS = [
    ["503", "429", "500"],
    ["refused", "refused", "refused"],
    ["lost", "503", "refused"],
    ["503", "lost", "503"],
    ["refused", "503", "lost"],
]


@pytest.mark.parametrize("attempts", [1, 2, 3])
@pytest.mark.parametrize("ways", WAYS, ids="-".join)
def test_as_many_further_backends_are_asked_as_were_allowed(row, ways, attempts):
    backends, router = row("m" * (attempts + 2), "--retry.attempts", str(attempts))
    answer = ask_failing(backends, router, [*ways[:attempts], "good"])
    assert answer.status == 200, answer.payload
    assert answer.head.get("x-oairouter-backend") == f"b{attempts + 1}"
    assert answer.head.get("x-oairouter-attempts") == str(attempts + 1)
    assert backends[-1].is_idle


def test_the_last_attempts_own_failure_passes(row):
    backends, router = row("mmm", "--retry.attempts", "1")
    answer = ask_failing(backends, router, ["lost", "503"])
    assert (answer.status, answer.error["message"]) == (503, "full")
    assert answer.head.get("x-oairouter-backend") == "b2"
    assert backends[2].is_idle


def test_refusals_that_spend_the_attempts_blame_no_backend_that_was_not_asked(row):
    backends, router = row("mmmm")
    answer = ask_failing(backends, router, ["refused"] * 3)
    assert (answer.status, answer.error["code"]) == (502, "upstream_error")
    assert "retry.attempts" in answer.error["message"] and "b3" in answer.error["message"]
    assert backends[3].is_idle


@pytest.mark.parametrize("ways", [["503", "503", "good"], ["lost", "503", "429", "good"]], ids=len)
def test_a_models_own_backends_are_spent_before_its_fallback_is_asked(row, ways):
    backends, router = row("mmmn", "--fallbacks", json.dumps({"m": ["n"]}))
    answer = ask_failing(backends, router, ways)
    assert (answer.status, answer.head.get("x-oairouter-backend")) == (200, f"b{len(ways)}")


@pytest.mark.parametrize("code", [500, None, 429, '"overloaded"'])
@pytest.mark.parametrize("before", [b"", ROLE])
def test_an_error_before_content_is_answered_by_the_other(pair, code, before):
    a, b, router = pair()
    member = b"" if code is None else b',"code":%s' % str(code).encode()
    error = b'data: {"error":{"message":"engine died"%s}}\n\n' % member
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(HEAD + (chunk(before) if before else b""))
        call.send(chunk(error) + chunk(DONE) + b"0\r\n\r\n")
        other.next_call().send(WHOLE)
        answer = client.reader.response()
    assert b"engine died" not in answer.payload
    assert "".join(content_of(e) for e in events(answer.payload)) == "word"


def test_an_error_that_blames_the_request_passes(pair):
    a, b, router = pair()
    error = b'data: {"error":{"message":"too long","code":400}}\n\n'
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(HEAD + chunk(error) + chunk(DONE) + b"0\r\n\r\n")
        answer = client.reader.response()
    assert answer.payload == error + DONE
    assert other.is_idle


def test_an_error_behind_content_passes(pair):
    a, b, router = pair()
    error = b'data: {"error":{"message":"engine died","code":500}}\n\n'
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(HEAD + chunk(WORD) + chunk(error) + chunk(DONE) + b"0\r\n\r\n")
        answer = client.reader.response()
    assert answer.payload == WORD + error + DONE
    assert other.is_idle


def test_a_stream_without_its_first_token_in_time_moves(pair):
    a, b, router = pair("--timeouts.first-token", "300ms")
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        call.send(HEAD + chunk(ROLE))
        other.next_call().send(WHOLE)
        answer = client.reader.response()
        assert call.wait_end(5), "the slow backend wasn't told"
    assert answer.head.get("x-oairouter-attempts") == "2"
    assert answer.payload == ROLE + WORD + DONE


def test_a_first_byte_timeout_is_final_unless_told_otherwise(pair):
    a, b, router = pair("--timeouts.first-byte", "300ms")
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        answer = client.reader.response()
        assert call.wait_end(5), "the slow backend wasn't told"
    assert answer.status == 504
    assert answer.head.get("x-should-retry") == "false"
    assert other.is_idle
    a, b, router = pair("--timeouts.first-byte", "300ms", "--retry.on-timeout")
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call, _, other = first_call(a, b)
        other.next_call().send(WHOLE)
        assert client.reader.response().status == 200


def test_the_budget_bounds_retries(start_backend, start_router, start_mock):
    bad = start_mock("bad", "m", fault="status=503")
    also_bad = start_mock("also-bad", "m", fault="status=503")
    router = start_router({"a": bad.url, "b": also_bad.url}, "--retry.budget-percent", "0")
    router.wait_ready(2, ["m"])
    attempts = []
    for _ in range(30):
        answer = router.post(CHAT, chat("m", stream=False))
        assert answer.status == 503
        attempts.append(int(answer.head.get("x-oairouter-attempts")))
    # Ten are free; from then on fewer than four at a time: one after the other are all allowed.
    assert attempts.count(2) >= 10


class EarlyHead:
    """A stream whose backend sent its head and then nothing, until the head went on alone."""

    def __init__(self, router, a, b, head=HEAD, before=ROLE, version="1.1", meanwhile=None):
        self.client = router.client()
        body = json.dumps(chat("m")).encode()
        self.client.send(
            b"POST %s HTTP/%s\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            % (CHAT.encode(), version.encode(), len(body))
            + body
        )
        self.call, _, self.other = first_call(a, b)
        is_chunked = b"chunked" in head
        self.call.send(head + (chunk(before) if is_chunked else before))
        began = time.monotonic()
        if meanwhile:
            meanwhile(self.call)
        self.head = self.client.reader.head()
        self.seconds = time.monotonic() - began

    def rest(self):
        """(payload, whether the end was a regular one)"""
        try:
            return self.client.reader.body(self.head).payload, True
        except Truncated as cut:
            return cut.payload, False


CLOSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def test_a_head_without_content_goes_out_alone_and_names_nobody(pair):
    a, b, router = pair()
    stream = EarlyHead(router, a, b)
    assert 4.5 < stream.seconds < 8
    assert stream.head.status == 200
    assert stream.head.get("content-type") == "text/event-stream"
    assert stream.head.get("x-oairouter-backend") is None
    # Comments pass at once, although the role before them waits.
    stream.call.send(chunk(b": queued\n\n"))
    assert next(stream.client.reader.chunks())[1] == b": queued\n\n"
    stream.call.send(chunk(WORD) + chunk(DONE) + b"0\r\n\r\n")
    assert stream.rest() == (ROLE + WORD + DONE, True)


@pytest.mark.parametrize("head", [HEAD, CLOSE_HEAD], ids=["chunked", "to the close"])
def test_comments_keep_their_order_behind_an_early_head(pair, head):
    a, b, router = pair()

    def framed(payload):
        return chunk(payload) if head is HEAD else payload

    def ping(call, number):
        # Each comes by itself: two answers later what came before has been read.
        router.health(), router.health()
        call.send(framed(b": ping %d\n\n" % number))

    def before_the_head(call):
        ping(call, 0)
        ping(call, 1)

    stream = EarlyHead(router, a, b, head=head, meanwhile=before_the_head)
    ping(stream.call, 2)
    router.health(), router.health()
    stream.call.send(framed(WORD) + framed(DONE))
    if head is HEAD:
        stream.call.send(b"0\r\n\r\n")
    else:
        stream.call.finish()
    pings = b": ping 0\n\n: ping 1\n\n: ping 2\n\n"
    assert stream.rest() == (pings + ROLE + WORD + DONE, True)


@pytest.mark.parametrize("first", [HEAD, CLOSE_HEAD], ids=["chunked", "to the close"])
@pytest.mark.parametrize("second", [HEAD, CLOSE_HEAD], ids=["chunked", "to the close"])
def test_another_backend_may_continue_what_an_early_head_began(pair, first, second):
    a, b, router = pair()
    stream = EarlyHead(router, a, b, head=first)
    stream.call.reset()
    call = stream.other.next_call()
    if second is HEAD:
        call.send(WHOLE)
    else:
        call.send(second + ROLE + WORD + DONE)
        call.finish()
    assert stream.rest() == (ROLE + WORD + DONE, True)


def test_two_losses_behind_an_early_head_are_the_familys_error_event(pair):
    a, b, router = pair()
    stream = EarlyHead(router, a, b)
    stream.call.reset()
    stream.other.next_call().reset()
    payload, is_whole = stream.rest()
    assert not is_whole
    assert json.loads(events(payload)[0])["error"]["code"] == "backend_lost_twice"
    assert b"[DONE]" not in payload


def as_head(status, *fields):
    return b"HTTP/1.1 %d X\r\n%s\r\n" % (status, b"".join(field + b"\r\n" for field in fields))


FULL = b'{"error":{"message":"full","code":7}}'
CHUNKED = b"Transfer-Encoding: chunked"
JSON = b"Content-Type: application/json"
LAST_ANSWERS = {
    "400": ([failure(400)], "answered 400: full"),
    "404": ([failure(404)], "answered 404: full"),
    "503": ([failure(503)], "answered 503: full"),
    "429 in pieces": (
        [as_head(429, b"Content-Length: %d" % len(FULL)), FULL[:9], FULL[9:]],
        "answered 429: full",
    ),
    "400 in chunks": (
        [as_head(400, CHUNKED), chunk(FULL[:9]), chunk(FULL[9:]) + b"0\r\n\r\n"],
        "answered 400: full",
    ),
    "400 to the close": ([as_head(400, b"Connection: close"), FULL, None], "answered 400: full"),
    "400 cut short": ([as_head(400, b"Content-Length: 99"), FULL, None], "answered 400: full"),
    "400 too long": (
        [failure(400, body=b'{"error":"%s"}' % (b"x" * 5000))],
        "answered 400.",
    ),
    "503 page": ([failure(503, body=b"<html>busy</html>")], "answered 503."),
    "200 JSON": (
        [as_head(200, JSON, b"Content-Length: 2") + b"{}"],
        "answered 200 with JSON instead of a stream.",
    ),
    "200 gzip": (
        [as_head(200, b"Content-Type: text/event-stream", b"Content-Encoding: gzip", CHUNKED)],
        "answered 200 with a compressed body instead of a plain stream.",
    ),
}


@pytest.mark.parametrize(["pieces", "text"], LAST_ANSWERS.values(), ids=LAST_ANSWERS)
def test_a_last_answer_behind_an_early_head_is_told_in_the_familys_error_event(pair, pieces, text):
    a, b, router = pair()
    stream = EarlyHead(router, a, b)
    stream.call.reset()
    call = stream.other.next_call()
    for piece in pieces:
        if piece is None:
            call.finish()
        else:
            call.send(piece)
    payload, is_whole = stream.rest()
    assert not is_whole and b"[DONE]" not in payload
    error = json.loads(events(payload)[0])["error"]
    assert (error["code"], error["type"]) == ("upstream_answer", "server_error")
    name = "b" if stream.other is b else "a"
    assert error["message"].startswith(f"The backend {name}, ")
    assert error["message"].endswith(text)


@pytest.mark.parametrize(
    "answer",
    [failure(503), failure(429), failure(404, body=b'{"detail":"Not Found"}'), None],
    ids=["503", "429", "no such path", "refused"],
)
def test_a_status_behind_an_early_head_moves_to_the_next_backend(row, answer):
    (a, b, c), router = row("mmm")
    stream = EarlyHead(router, a, b)
    if answer is None:
        b.stop()
    stream.call.reset()
    if answer is not None:
        b.next_call().send(answer)
    c.next_call().send(WHOLE)
    assert stream.rest() == (ROLE + WORD + DONE, True)
