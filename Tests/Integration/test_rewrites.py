"""Models that stand for others: aliases, and fallbacks when a model's backends are spent."""

import json

import pytest

from rawhttp import RawClient, Truncated, chat, events
from scripted_backend import HEAD, chat_event, chunk
from waiting import wait_until

CHAT = "/v1/chat/completions"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
STREAM = HEAD + chunk(chat_event({"content": "b"})) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
BODIES = {
    "first": b'{"model":"%s","messages":[{"role":"user","content":"model"}]}',
    "last": b'{"messages":[],"n": 1.50 ,\n "model" : "%s" }',
    "escaped": None,
}


def failure(status, body=b'{"error":{"message":"full","code":7}}', extra=b""):
    head = b"HTTP/1.1 %d Failed\r\nContent-Type: application/json\r\n" % status
    return head + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


def as_json(value):
    return json.dumps(value)


@pytest.mark.parametrize("asked", ["gpt-4o", "a-much-longer-name-than-the-one-that-is-served"])
@pytest.mark.parametrize("place", BODIES)
def test_an_alias_changes_the_name_and_nothing_else(start_backend, start_router, asked, place):
    backend = start_backend('big "7b"')
    aliases = as_json({asked: 'big "7b"'})
    router = start_router({"a": backend.url}, "--aliases", aliases).wait_ready(1)
    name, served = asked.encode(), b'big \\"7b\\"'
    if place == "escaped":
        body = b'{"model":"\\u00%02x%s","x":"\\ud83d\\ude00"}' % (name[0], name[1:])
        wanted = b'{"model":"%s","x":"\\ud83d\\ude00"}' % served
    else:
        body, wanted = BODIES[place] % name, BODIES[place] % served
    with RawClient(router.address) as client:
        client.post_json(CHAT, body)
        call = backend.next_call()
        assert call.request.payload == wanted
        assert call.request.head.get("content-length") == str(len(wanted))
        call.send(OK)
        answer = client.reader.response()
    assert answer.status == 200
    assert answer.head.get("x-oairouter-model") == served.decode()
    posts = lambda: [line for line in router.access_lines() if "POST" in line["request"]]
    assert wait_until(posts, "the access line")[0]["model"] == asked


def test_a_form_s_part_is_renamed(start_backend, start_router):
    backend = start_backend("whisper")
    aliases = as_json({"whisper-1": "whisper"})
    router = start_router({"a": backend.url}, "--aliases", aliases).wait_ready(1)
    form = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%s\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        b"whisper-1\r\n--b--\r\n"
    )
    with RawClient(router.address) as client:
        fields = [("Content-Type", "multipart/form-data; boundary=b")]
        client.request("POST", "/v1/audio/transcriptions", form % b"whisper-1", fields)
        call = backend.next_call()
        assert call.request.payload == form % b"whisper"
        call.send(OK)
        assert client.reader.response().status == 200


TWICE = [b'{"model":"x","model":"x"}', b'{"Model":"x","n":1,"model":"\\u0078"}']


@pytest.mark.parametrize("body", TWICE)
def test_a_model_that_is_named_twice_has_no_other_in_its_place(start_backend, start_router, body):
    backend = start_backend("m")
    router = start_router({"a": backend.url}, "--aliases", as_json({"x": "m"})).wait_ready(1)
    answer = router.post(CHAT, body)
    assert (answer.status, answer.error["code"]) == (400, "duplicate_model_field")
    assert "alias" in answer.error["message"]


def test_a_fallback_isn_t_asked_for_a_model_that_is_named_twice(start_backend, start_router):
    big, small = start_backend("big"), start_backend("small")
    urls = {"a": big.url, "b": small.url}
    router = start_router(urls, "--fallbacks", as_json({"big": ["small"]})).wait_ready(2)
    with RawClient(router.address) as client:
        client.post_json(CHAT, b'{"model":"big","model":"big"}')
        call = big.next_call()
        assert call.request.payload == b'{"model":"big","model":"big"}'
        call.send(failure(503))
        answer = client.reader.response()
    assert (answer.status, answer.head.get("x-oairouter-backend")) == (503, "a")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_body_streams_on_under_another_name(start_backend, start_router, chunked):
    backend = start_backend("served-by-a-long-name")
    arguments = ["--aliases", as_json({"m": "served-by-a-long-name"}), "--limits.replay", "64KiB"]
    router = start_router({"a": backend.url}, *arguments).wait_ready(1)
    text = b"x" * 3_000_000
    body = b'{"model":"m","text":"' + text + b'"}'
    with RawClient(router.address) as client:
        if chunked:
            pieces = [chunk(body[at : at + 50_000]) for at in range(0, len(body), 50_000)]
            framed = b"".join(pieces) + b"0\r\n\r\n"
            client.request("POST", CHAT, framed, framing="Transfer-Encoding: chunked")
        else:
            client.post_json(CHAT, body)
        call = backend.next_call()
        wanted = b'{"model":"served-by-a-long-name","text":"' + text + b'"}'
        assert call.request.payload == wanted
        call.send(OK)
        assert client.reader.response().status == 200


def test_an_alias_is_listed_and_found(start_backend, start_router):
    backend = start_backend("big")
    router = start_router({"a": backend.url}, "--aliases", as_json({"x/y": "big"}))
    router.wait_ready(1, ["big"])
    ids = [model["id"] for model in router.ask("GET", "/v1/models").json()["data"]]
    assert sorted(ids) == ["big", "x/y"]
    alias = router.ask("GET", "/v1/models/x%2Fy").json()
    assert alias["root"] == "big" and alias["created"] > 1_700_000_000
    assert router.health()["models_available"] == 1


class TestFallbacks:
    """big is served by a, small by b (and tiny by nobody)."""

    @pytest.fixture
    def pair(self, start_backend, start_router):
        a, b = start_backend("big"), start_backend("small")
        fallbacks = as_json({"big": ["tiny", "small"]})
        router = start_router({"a": a.url, "b": b.url}, "--fallbacks", fallbacks)
        return a, b, router.wait_ready(2, ["big", "small"])

    def ask(self, router):
        client = RawClient(router.address)
        client.post_json(CHAT, chat("big"))
        return client

    def expect_small(self, b, client, attempts):
        call = b.next_call()
        assert call.request.json()["model"] == "small"
        call.send(STREAM)
        answer = client.reader.response()
        assert answer.status == 200
        assert answer.head.get("x-oairouter-model") == "small"
        assert answer.head.get("x-oairouter-backend") == "b"
        assert answer.head.get("x-oairouter-attempts") == str(attempts)
        assert events(answer.payload)[-1] == b"[DONE]"
        client.close()

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_after_a_failing_status(self, pair, status):
        a, b, router = pair
        client = self.ask(router)
        a.next_call().send(failure(status))
        self.expect_small(b, client, 2)

    def test_after_an_error_before_content(self, pair):
        a, b, router = pair
        client = self.ask(router)
        a.next_call().send(HEAD + chunk(b'data: {"error":{"message":"x","code":500}}\n\n'))
        self.expect_small(b, client, 2)

    def test_after_a_loss(self, pair):
        a, b, router = pair
        client = self.ask(router)
        a.next_call().reset()
        self.expect_small(b, client, 2)

    def test_when_nobody_is_there(self, pair):
        a, b, router = pair
        a.stop()
        router.wait_ready(1)
        self.expect_small(b, self.ask(router), 1)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error":{"message":"too long","code":"context_length_exceeded"}}',
            b'{"error":{"code":400,"message":"request (3 tokens) exceeds the available context '
            b'size (1 tokens), try increasing it","type":"exceed_context_size_error"}}',
            b'{"error":{"message":"This model\'s maximum context length is 512 tokens."}}',
        ],
    )
    def test_after_a_prompt_that_is_too_long(self, pair, body):
        a, b, router = pair
        client = self.ask(router)
        a.next_call().send(failure(400, body))
        self.expect_small(b, client, 2)

    @pytest.mark.parametrize("way", ["in chunks", "to the close"])
    def test_after_a_prompt_that_is_too_long_in_another_framing(self, pair, way):
        a, b, router = pair
        client = self.ask(router)
        call = a.next_call()
        body = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
        if way == "in chunks":
            call.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(body[:30]))
            call.send(chunk(body[30:]))
            call.send(b"0\r\n\r\n")
        else:
            call.send(head + b"\r\n" + body[:30])
            call.send(body[30:])
            call.finish()
        self.expect_small(b, client, 2)

    @pytest.mark.parametrize("length", [2000, 5000, 100_000])
    def test_an_error_to_the_close_passes_whole(self, pair, length):
        a, b, router = pair
        client = self.ask(router)
        call = a.next_call()
        body = b'{"error":"%s"}' % (b"x" * length)
        call.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" + body)
        call.finish()
        answer = client.reader.response()
        assert (answer.status, answer.payload) == (400, body)
        assert b.is_idle

    def test_not_after_a_refusal_of_the_content(self, pair):
        a, b, router = pair
        body = b'{"error":{"message":"filtered","code":"content_filter"}}'
        client = self.ask(router)
        a.next_call().send(failure(400, body))
        answer = client.reader.response()
        assert (answer.status, answer.payload) == (400, body)
        assert b.is_idle

    def test_not_after_the_commit(self, pair):
        a, b, router = pair
        client = self.ask(router)
        call = a.next_call()
        call.send(HEAD + chunk(chat_event({"content": "a"})))
        client.reader.head()
        call.finish()
        with pytest.raises(Truncated):
            for _, payload in client.reader.chunks():
                assert b"[DONE]" not in payload
        assert b.is_idle

    def test_the_last_failure_passes_when_all_are_spent(self, pair):
        a, b, router = pair
        client = self.ask(router)
        a.next_call().send(failure(503))
        b.next_call().send(failure(500, b'{"error":{"message":"mine"}}'))
        answer = client.reader.response()
        assert (answer.status, answer.payload) == (500, b'{"error":{"message":"mine"}}')

    def test_a_prompt_that_kills_engines_gets_two(self, start_backend, start_router):
        a, b, c = start_backend("big"), start_backend("small"), start_backend("tiny")
        fallbacks = as_json({"big": ["small", "tiny"]})
        urls = {"a": a.url, "b": b.url, "c": c.url}
        router = start_router(urls, "--fallbacks", fallbacks).wait_ready(3)
        client = self.ask(router)
        a.next_call().reset()
        b.next_call().reset()
        answer = client.reader.response()
        assert (answer.status, answer.error["code"]) == (502, "backend_lost_twice")
        assert c.is_idle


def test_a_backend_that_was_full_is_asked_for_a_smaller_model(start_backend, start_router):
    only = start_backend("big", "small")
    fallbacks = as_json({"big": ["small"]})
    router = start_router({"a": only.url}, "--fallbacks", fallbacks).wait_ready(1)
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("big"))
        only.next_call().send(failure(503, extra=b"Connection: close\r\n"))
        call = only.next_call()
        assert call.request.json()["model"] == "small"
        call.send(STREAM)
        assert client.reader.response().status == 200


@pytest.mark.parametrize(
    "arguments, problem",
    [
        (["--aliases", "x"], "--aliases x: aliases must be a map; here is a text"),
        (["--aliases", '{"a":"a"}'], "aliases are wrong: 'a' leads to itself"),
        (["--fallbacks", '{"a":[]}'], "fallbacks are wrong: 'a' has 0 others"),
    ],
)
def test_what_can_t_be_meant_is_told(run, arguments, problem):
    result = run("serve", "--listen", "127.0.0.1:0", *arguments)
    assert result.returncode == 2
    assert problem in result.stderr
