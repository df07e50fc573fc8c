"""Clients that leave: when that is a success, a cancellation, or none of the backend's business."""

import socket

from rawhttp import RawClient, chat
from scripted_backend import HEAD, chat_event, chunk
from waiting import wait_until

CHAT = "/v1/chat/completions"
WORD = chunk(chat_event({"content": "word"}))
DONE = chunk(b"data: [DONE]\n\n")


def posts(router):
    return [line for line in router.access_lines() if "POST" in line["request"]]


def test_leaving_behind_the_end_marker_is_a_success(start_backend, start_router):
    backend = start_backend("m", is_keeping=True)
    router = start_router({"a": backend.url}, "--health-interval", "60s").wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD + WORD + DONE)
        client.reader.head()
        for _, payload in client.reader.chunks():
            if b"[DONE]" in payload:
                break
    line = wait_until(lambda: posts(router), "the access line")[0]
    assert (line["outcome"], line["status"]) == ("complete", 200)
    # Only framing was missing; once it is there, the connection is used again.
    call.send(b"0\r\n\r\n")
    call.is_done.set()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        second = backend.next_call()
        second.send(HEAD + WORD + DONE + b"0\r\n\r\n")
        second.is_done.set()
        client.reader.response()
    assert second.peer == call.peer


def test_leaving_before_the_end_marker_is_a_cancellation(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD + WORD)
        client.reader.head()
    assert call.wait_end(5), "the backend wasn't told"
    assert wait_until(lambda: posts(router), "the access line")[0]["outcome"] == "client_gone"


class TestHalfClose:
    def ask(self, router, backend):
        client = RawClient(router.address)
        client.post_json(CHAT, chat("m"))
        client.socket.shutdown(socket.SHUT_WR)
        return client, backend.next_call()

    def test_a_fin_means_that_the_client_has_left(self, start_backend, start_router):
        backend = start_backend("m")
        router = start_router({"a": backend.url}).wait_ready(1, ["m"])
        with RawClient(router.address) as client:
            client.post_json(CHAT, chat("m"))
            call = backend.next_call()
            client.socket.shutdown(socket.SHUT_WR)
            assert call.wait_end(5)

    def test_with_finish_it_doesn_t(self, start_backend, start_router):
        backend = start_backend("m")
        router = start_router({"a": backend.url}, "--half-close", "finish").wait_ready(1, ["m"])
        client, call = self.ask(router, backend)
        assert not call.wait_end(0.3)
        call.send(HEAD + WORD + DONE + b"0\r\n\r\n")
        answer = client.reader.response()
        assert answer.status == 200
        assert answer.head.get("connection") == "close"
        assert client.reader.at_end()
        client.close()

    def test_with_finish_a_reset_still_does(self, start_backend, start_router):
        backend = start_backend("m")
        router = start_router({"a": backend.url}, "--half-close", "finish").wait_ready(1, ["m"])
        client, call = self.ask(router, backend)
        client.reset()
        assert call.wait_end(5)
