"""Silence and signs of life: streams that stall, connections that have served enough."""

import json

import pytest

from rawhttp import RawClient, Truncated, chat, events
from scripted_backend import HEAD, chat_event, chunk
from threaded_server import ThreadedServer

COMMENT = chunk(b": ping\n\n")


@pytest.mark.parametrize("is_strict", [False, True])
def test_comments_keep_a_stream_alive_unless_strict(start_backend, start_router, is_strict):
    backend = start_backend("m")
    options = ["--timeouts.idle", "500ms", *(["--timeouts.idle-strict"] if is_strict else [])]
    router = start_router({"b": backend.url}, *options).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", chat("m"))
        call = backend.next_call()
        call.send(HEAD + chunk(chat_event({"content": "a"})))
        head = client.reader.head()
        for _ in range(15):
            if call.wait_end(0.1) is not None:
                break
            call.send(COMMENT)
        assert (call.wait_end(0) is not None) == is_strict
        if is_strict:
            with pytest.raises(Truncated) as cut:
                client.reader.body(head)
            last = json.loads(events(cut.value.payload)[-1])
            assert last["error"]["code"] == "upstream_disconnected"
        else:
            call.send(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
            assert events(client.reader.body(head).payload)[-1] == b"[DONE]"


def test_events_keep_a_strict_stream_alive(start_backend, start_router):
    backend = start_backend("m")
    options = ["--timeouts.idle", "500ms", "--timeouts.idle-strict"]
    router = start_router({"b": backend.url}, *options).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", chat("m"))
        call = backend.next_call()
        call.send(HEAD)
        for _ in range(10):
            call.send(chunk(chat_event({"content": "a"})))
            assert call.wait_end(0.1) is None
        call.send(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        assert events(client.reader.response().payload)[-1] == b"[DONE]"


class Counting(ThreadedServer):
    """Serves without end, says that it takes three requests, and counts them by connection."""

    def __init__(self):
        self.counts = []
        super().__init__()

    def serve(self, connection, reader):
        posts = []
        while not reader.at_end():
            if reader.request().head.start_line.startswith("POST"):
                posts.append(1)
                if len(posts) == 1:
                    self.counts.append(posts)
            body = b'{"object":"list","data":[{"id":"m","object":"model"}]}'
            head = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=3\r\n"
            connection.sendall(head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def test_a_backend_s_word_on_how_many_requests_it_takes_is_kept(start_router):
    backend = Counting()
    router = start_router({"b": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        for _ in range(8):
            assert client.ask("POST", "/v1/completions", b'{"model":"m"}').status == 200
    assert [len(posts) for posts in backend.counts] == [3, 3, 2]
    backend.stop()
