"""Which path is answered how: every operation of the official SDK, and what the router adds."""

import json
import pathlib

import pytest

from rawhttp import RawClient
from waiting import wait_until

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
            if method == "POST" and path in ROUTED:
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
        asked = wait_until(lambda: [each for each in backends if not each.is_idle], "a call")
        asked[0].next_call().reset()
        answer = client.reader.response()
        assert (answer.status, answer.error["code"]) == (502, "upstream_error")
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
