"""Stored responses live where they were made: requests that name one go there."""

import json

import pytest

from rawhttp import RawClient
from scripted_backend import chunk, next_call_of

PATH = "/v1/responses"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def pair(start_backend, start_router):
    backends = [start_backend("m"), start_backend("m")]
    urls = {"a": backends[0].url, "b": backends[1].url}
    return backends, start_router(urls).wait_ready(2, ["m"])


def whole(identity):
    body = b'{"object":"response","id":"%s","output":[]}' % identity.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return [head + b"Content-Length: %d\r\n\r\n" % len(body), body]


def streamed(identity):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
    created = {"type": "response.created", "response": {"id": identity, "status": "queued"}}
    delta = {"type": "response.output_text.delta", "delta": "x"}
    completed = {"type": "response.completed", "response": {"id": identity}}
    events = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in
              (created, delta, completed)]
    body = b"".join(chunk(event.encode()) for event in events) + b"0\r\n\r\n"
    return [head + b"Transfer-Encoding: chunked\r\n\r\n", body]


def make(backends, router, identity, answer=whole, more=None):
    """Has a response made; the backend that has it."""
    with RawClient(router.address) as client:
        client.post_json(PATH, {"model": "m", "input": "x", **(more or {})})
        call, owner = next_call_of(backends)
        for part in answer(identity):
            call.send(part)
        assert client.reader.response().status == 200
    return owner


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_an_id_that_comes_in_two_pieces_is_learned(pair, cut):
    backends, router = pair
    head, body = whole("resp_in_two_pieces")
    with RawClient(router.address) as client:
        client.post_json(PATH, {"model": "m", "input": "x"})
        call, owner = next_call_of(backends)
        call.send(head + body[:cut])
        client.reader.head()
        assert client.reader._exactly(cut, "the first piece") == body[:cut]
        call.send(body[cut:])
        assert client.reader._exactly(len(body) - cut, "the rest") == body[cut:]
    with RawClient(router.address) as client:
        client.request("GET", PATH + "/resp_in_two_pieces")
        call, asked = next_call_of(backends)
        assert asked is owner
        call.send(OK)
        assert client.reader.response().status == 200


@pytest.mark.parametrize("answer", [whole, streamed])
def test_what_is_asked_of_a_response_goes_to_its_backend(pair, answer):
    backends, router = pair
    owners = {f"resp_{n}": make(backends, router, f"resp_{n}", answer) for n in range(8)}
    assert len(set(owners.values())) == 2
    with RawClient(router.address) as client:
        for identity, owner in owners.items():
            for method, suffix in [
                ("GET", ""),
                ("GET", "?stream=true"),
                ("GET", "/input_items"),
                ("POST", "/cancel"),
                ("DELETE", ""),
            ]:
                client.request(method, f"{PATH}/{identity}{suffix}")
                call, asked = next_call_of(backends)
                assert asked is owner
                line = call.request.head.start_line
                assert line == f"{method} {PATH}/{identity}{suffix} HTTP/1.1"
                assert (call.request.head.get("content-length") is None) == (method != "POST")
                call.send(OK.replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"))
                assert client.reader.response().payload == b"{}"


def test_a_response_that_goes_on_from_another_is_made_there(pair):
    backends, router = pair
    owner = make(backends, router, "resp_first")
    for n in range(6):
        more = {"previous_response_id": "resp_first"}
        assert make(backends, router, f"resp_next{n}", more=more) is owner


def test_a_response_of_nobody_is_a_404_with_the_reason(pair):
    backends, router = pair
    answer = router.ask("GET", PATH + "/resp_unknown")
    assert (answer.status, answer.error["code"]) == (404, "unsupported_endpoint")
    assert "'resp_unknown'" in answer.error["message"]
    assert answer.head.get("x-should-retry") == "false"


def test_the_only_backend_is_asked_for_any_response(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.request("GET", PATH + "/resp_from_before")
        backend.next_call().send(OK)
        assert client.reader.response().status == 200


def test_a_response_whose_backend_is_gone_isn_t_looked_for_elsewhere(pair):
    backends, router = pair
    owner = make(backends, router, "resp_1")
    owner.stop()
    router.wait_ready(1)
    answer = router.ask("GET", PATH + "/resp_1")
    assert (answer.status, answer.error["code"]) == (503, "no_healthy_backend")
    assert "the stored response 'resp_1'" in answer.error["message"]


@pytest.mark.parametrize("body", [b"", b'{"detail":"Not Found"}'])
def test_a_404_for_a_stored_response_says_nothing_of_the_path(pair, body):
    backends, router = pair
    make(backends, router, "resp_1")
    with RawClient(router.address) as client:
        client.request("GET", PATH + "/resp_1")
        head = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        next_call_of(backends)[0].send(head % len(body) + body)
        assert client.reader.response().payload == body
    # Both backends are still asked for new ones.
    owners = {make(backends, router, f"resp_{number}") for number in range(2, 12)}
    assert len(owners) == 2


def test_a_cancellation_is_sent_once(pair):
    backends, router = pair
    make(backends, router, "resp_1")
    with RawClient(router.address) as client:
        client.request("POST", PATH + "/resp_1/cancel")
        next_call_of(backends)[0].reset()
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (502, "upstream_error")
    assert answer.head.get("x-should-retry") == "false"
    assert all(backend.is_idle for backend in backends)


def test_other_methods_are_told_which_there_are(pair):
    _, router = pair
    answer = router.ask("PUT", PATH + "/resp_1")
    assert answer.status == 405
    assert answer.head.get("allow") == "GET, POST, DELETE"
