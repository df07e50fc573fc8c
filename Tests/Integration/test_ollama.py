"""Ollama's own API: what its clients probe, streams of JSON lines, errors in its shape."""

import json

import pytest

from cutting_backend import ollama_line as line
from rawhttp import RawClient, Truncated
from scripted_backend import chunk, next_call_of
from waiting import wait_until

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture
def pair(start_backend, start_router):
    backend = start_backend("m")
    return backend, start_router({"b": backend.url}).wait_ready(1, ["m"])


def begin(client, backend, path="/api/chat"):
    client.post_json(path, {"model": "m", "messages": []})
    call = backend.next_call()
    assert call.request.head.target == path
    return call


def test_what_clients_ask_for_first(pair):
    _, router = pair
    with RawClient(router.address) as client:
        assert client.ask("GET", "/").payload == b"Ollama is running"
        head = client.ask("HEAD", "/")
        assert (head.status, head.payload) == (200, b"")
        version = client.ask("GET", "/api/version").json()["version"]
        assert [number.isdigit() for number in version.split(".")] == [True] * 3
        (model,) = client.ask("GET", "/api/tags").json()["models"]
        assert model["name"] == model["model"] == "m"
        assert model["modified_at"].endswith("Z")


def test_a_stream_of_lines_passes_unchanged(pair):
    backend, router = pair
    with RawClient(router.address) as client:
        call = begin(client, backend)
        sent = line("a") + line("b") + line("", done=True)
        call.send(HEAD + chunk(line("a")) + chunk(line("b") + line("", done=True)) + b"0\r\n\r\n")
        answer = client.reader.response()
        assert answer.payload == sent
        assert answer.head.get("content-type") == "application/x-ndjson"


def test_a_line_passes_when_it_is_whole(pair):
    backend, router = pair
    with RawClient(router.address) as client:
        call = begin(client, backend)
        call.send(HEAD + chunk(line("a") + line("b")[:10]))
        client.reader.head()
        chunks = client.reader.chunks()
        call.send(chunk(line("b")[10:] + line("", done=True)) + b"0\r\n\r\n")
        assert b"".join(payload for _, payload in chunks) == line("a") + line("b") + line("", True)


def test_a_cut_stream_ends_with_an_error_line(pair):
    backend, router = pair
    with RawClient(router.address) as client:
        call = begin(client, backend)
        call.send(HEAD + chunk(line("a") + line("b")[:10]))
        head = client.reader.head()
        call.reset()
        with pytest.raises(Truncated) as cut:
            client.reader.body(head)
    lines = cut.value.payload.split(b"\n")
    assert lines[0] + b"\n" == line("a")
    assert list(json.loads(lines[1])) == ["error"]
    assert lines[2:] == [b""]


def test_a_stream_cut_behind_its_last_line_is_whole(pair):
    backend, router = pair
    with RawClient(router.address) as client:
        call = begin(client, backend)
        call.send(HEAD + chunk(line("a") + line("", done=True)))
        call.reset()
        assert client.reader.response().payload == line("a") + line("", done=True)


def test_an_answer_without_content_is_taken_elsewhere(start_backend, start_router):
    backends = [start_backend("m"), start_backend("m")]
    router = start_router({"a": backends[0].url, "b": backends[1].url}).wait_ready(2, ["m"])
    with RawClient(router.address) as client:
        client.post_json("/api/chat", {"model": "m", "messages": []})
        first, _ = next_call_of(backends)
        first.send(HEAD)
        first.reset()
        next_call_of(backends)[0].send(HEAD + chunk(line("b") + line("", done=True)) + b"0\r\n\r\n")
        assert client.reader.response().payload == line("b") + line("", done=True)


def test_a_router_behind_a_router_is_no_ollama(start_mock, start_router):
    inner = start_router({"m": start_mock("m", "m").url}, name="inner").wait_ready(1, ["m"])
    outer = start_router({"inner": inner.url}, name="outer").wait_ready(1, ["m"])
    with RawClient(outer.address) as client:
        # Ollama doesn't serve this; what isn't known is assumed to.
        answer = client.ask("POST", "/v1/rerank", b'{"model":"m"}')
        assert answer.head.all("x-oairouter-backend") == ["inner"]
    lines = wait_until(
        lambda: [each for each in inner.access_lines() if "rerank" in each["request"]],
        "the inner router's access line",
    )
    assert lines[0]["backend"] == "m"
