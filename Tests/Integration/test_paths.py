"""Which path is answered how: every operation of the official SDK, and what the router adds."""

import json
import pathlib

import pytest

from rawhttp import RawClient
from scripted_backend import next_call_of

OPERATIONS = pathlib.Path(__file__).with_name("openai_operations.tsv")
"""Method and path of each operation of the SDK 3.54, taken from its resources, without doubles."""

ROUTED = {
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/chat/completions",
    "/completions",
    "/decisions",
    "/embeddings",
    "/images/edits",
    "/images/generations",
    "/images/variations",
    "/moderations",
    "/responses",
    "/responses/compact",
    "/responses/input_tokens",
}
"""What a POST reaches a backend with."""
LOCAL = {"/models", "/models/{model}"}
STORED = "/responses/{response_id}"
"""What belongs to a stored response is asked of the only backend."""
WRONG_METHOD = {("GET", "/chat/completions"), ("DELETE", "/models/{model}")}


def operations():
    return [tuple(line.split("\t")) for line in OPERATIONS.read_text().splitlines()]


@pytest.fixture
def router(start_mock, start_router):
    # A backend whose engine isn't known is asked for everything.
    return start_router({"b": start_mock("b", "m").url}).wait_ready(1, ["m"])


def call(client, method, path):
    body = json.dumps({"model": "m"}).encode() if method == "POST" else b""
    path = "/v1" + path.replace("{model}", "m").replace("{", "").replace("}", "")
    return client.ask(method, path, body, [("Content-Type", "application/json")])


def test_every_operation_of_the_sdk_has_a_deliberate_answer(router):
    wrong = []
    with RawClient(router.address) as client:
        for method, path in operations():
            answer = call(client, method, path)
            backend = answer.head.get("x-oairouter-backend")
            if (method == "POST" and path in ROUTED) or path.startswith(STORED):
                right = backend == "b"
            elif method == "GET" and path in LOCAL:
                right = backend is None and answer.status == 200
            elif (method, path) in WRONG_METHOD:
                right = answer.status == 405 and answer.head.get("allow") is not None
            else:
                right = (
                    answer.status == 404
                    and answer.error["code"] == "unsupported_endpoint"
                    and answer.head.get("x-should-retry") == "false"
                    and backend is None
                )
            if not right:
                wrong.append((method, path, answer.status, backend))
    assert len(operations()) == 381
    assert not wrong


def test_the_list_has_what_is_routed():
    assert {("POST", path) for path in ROUTED} <= set(operations())


@pytest.mark.parametrize(
    "path",
    ["/v1/rerank", "/v2/rerank", "/score", "/pooling", "/tokenize", "/infill", "/v1/what/ever"],
)
def test_engines_own_paths_are_routed_as_they_are_written(start_backend, start_router, path):
    backend = start_backend("m")
    router = start_router({"b": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json(path, {"model": "m"})
        call = backend.next_call()
        assert call.request.head.target == path
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        assert client.reader.response().payload == b"{}"


def test_a_model_is_only_asked_for_what_its_engine_serves(start_mock, start_router):
    llama = start_mock("llama", "both", "small", personality="llamacpp")
    vllm = start_mock("vllm", "both", "big", personality="vllm")
    router = start_router({"llama": llama.url, "vllm": vllm.url})
    router.wait_ready(2, ["both", "small", "big"])
    with RawClient(router.address) as client:

        def ask(path, model):
            return client.ask("POST", path, json.dumps({"model": model}).encode())

        for path, name in [("/infill", "llama"), ("/score", "vllm")]:
            asked = {ask(path, "both").head.get("x-oairouter-backend") for _ in range(8)}
            assert asked == {name}
        answer = ask("/score", "small")
        assert (answer.status, answer.error["code"]) == (404, "unsupported_endpoint")
        assert "'small' is served by llamacpp" in answer.error["message"]
        assert answer.head.get("x-should-retry") == "false"
        # What the engine doesn't have isn't mistaken for a model that nobody has.
        assert ask("/score", "nosuch").error["code"] == "model_not_found"


def test_a_path_that_nobody_knows_is_sent_once(start_backend, start_router):
    # Which one is asked isn't fixed; the other one must not be.
    backends = [start_backend("m"), start_backend("m")]
    router = start_router({"a": backends[0].url, "b": backends[1].url}).wait_ready(2, ["m"])
    with RawClient(router.address) as client:
        client.post_json("/v1/load_lora_adapter", {"model": "m"})
        next_call_of(backends)[0].reset()
        answer = client.reader.response()
        assert (answer.status, answer.error["code"]) == (502, "upstream_error")
        assert "isn't sent again" in answer.error["message"]
        assert answer.head.get("x-should-retry") == "false"
        assert all(each.is_idle for each in backends)


def test_a_path_that_nobody_knows_never_travels_on_a_reused_connection(
    start_mock, start_tee, start_router
):
    tee = start_tee(start_mock("b", "m").address, "back")
    router = start_router({"b": tee.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        for path in ["/v1/completions", "/v1/completions", "/v1/what", "/v1/what"]:
            body = b'{"model":"m","prompt":"x","max_tokens":1}'
            assert client.ask("POST", path, body).head.get("x-oairouter-backend") == "b"
    sent = [[r.head.target for r, _ in recording.exchanges()] for recording in tee.recordings]
    posts = [targets for targets in sent if targets[0] in ("/v1/completions", "/v1/what")]
    assert posts == [["/v1/completions", "/v1/completions"], ["/v1/what"], ["/v1/what"]]


NOT_FOUND = [
    b'{"detail":"Not Found"}',
    b"404 page not found\n",
    b'{"error":{"message":"File Not Found","type":"not_found_error","code":404}}',
    b'{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}',
    b"",
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>nginx</body>\r\n</html>\r\n",
    b"Cannot POST /v1/rerank\n",
]


def answer_404(call, body, way="at once"):
    head = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n"
    if way == "in chunks":
        call.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in [body[:5], body[5:]]:
            if part:
                call.send(b"%x\r\n%s\r\n" % (len(part), part))
        call.send(b"0\r\n\r\n")
        return
    if way == "to the close":
        call.send(head + b"\r\n")
        call.send(body)
        call.finish()
        return
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    if way == "at once" or not body:
        call.send(head + body)
        return
    call.send(head)
    call.send(body[:5])
    call.send(body[5:])


@pytest.fixture
def two(start_backend, start_router):
    backends = [start_backend("m"), start_backend("m")]
    urls = {"a": backends[0].url, "b": backends[1].url}
    return backends, start_router(urls).wait_ready(2, ["m"])


@pytest.mark.parametrize("way", ["at once", "in pieces", "in chunks", "to the close"])
@pytest.mark.parametrize("body", NOT_FOUND)
def test_a_backend_without_the_path_is_passed_over_and_remembered(two, body, way):
    backends, router = two
    # A scripted backend takes one request per connection.
    ok = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    with RawClient(router.address) as client:
        client.post_json("/v1/rerank", {"model": "m"})
        call, without = next_call_of(backends)
        answer_404(call, body, way)
        call, other = next_call_of(backends)
        assert other is not without
        call.send(ok)
        answer = client.reader.response()
        assert (answer.status, answer.head.get("x-oairouter-attempts")) == (200, "2")
        for _ in range(8):
            client.post_json("/v1/rerank", {"model": "m"})
            other.next_call().send(ok)
            assert client.reader.response().head.get("x-oairouter-attempts") == "1"
        # Other paths are none of that.
        seen = set()
        for _ in range(20):
            client.post_json("/v1/embeddings", {"model": "m"})
            call, backend = next_call_of(backends)
            seen.add(backend)
            call.send(ok)
            assert client.reader.response().status == 200
        assert len(seen) == 2


def test_when_nobody_has_the_path_the_backend_s_own_words_pass(two):
    backends, router = two
    for attempts in ("2", "1"):
        with RawClient(router.address) as client:
            client.post_json("/v1/rerank", {"model": "m"})
            for _ in range(int(attempts)):
                answer_404(next_call_of(backends)[0], NOT_FOUND[0])
            answer = client.reader.response()
            assert (answer.status, answer.payload) == (404, NOT_FOUND[0])
            assert answer.head.get("x-oairouter-attempts") == attempts


@pytest.mark.parametrize("way", ["in pieces", "in chunks", "to the close"])
def test_a_404_about_the_model_passes(two, way):
    backends, router = two
    body = b'{"error":{"message":"No model `m`.","type":"NotFoundError","code":404}}'
    with RawClient(router.address) as client:
        client.post_json("/v1/rerank", {"model": "m"})
        answer_404(next_call_of(backends)[0], body, way)
        assert client.reader.response().payload == body
    assert all(backend.is_idle for backend in backends)


# MARK: Errors in the shape of the API that was called


@pytest.mark.parametrize(
    "path, message",
    [
        ("/api/chat", lambda error: error["error"]),
        ("/api/pull", lambda error: error["error"]),
        ("/v1/messages", lambda error: error["error"]["message"]),
        ("/v1/messages/batches", lambda error: error["error"]["message"]),
        ("/v1/chat/completions", lambda error: error["error"]["message"]),
    ],
)
def test_errors_have_the_shape_of_their_api(router, path, message):
    with RawClient(router.address) as client:
        answer = client.ask("POST", path, b'{"model":"nosuch"}')
    assert answer.status == 404
    body = answer.json()
    assert isinstance(message(body), str)
    assert ("type" in body) == path.startswith("/v1/messages")
