"""Backends that finish what they have begun although its client has left."""

import pytest

from rawhttp import RawClient, chat
from test_leaving import CHAT, DONE, HEAD, WORD, posts
from waiting import wait_until


@pytest.mark.parametrize("has_head", [False, True])
def test_a_backend_may_be_left_to_finish(start_backend, start_router, has_head):
    backend = start_backend("m", is_keeping=True)
    # It counts as busy until it has finished: the next request waits for it.
    url = backend.url + ",on_disconnect=drain,max_in_flight=1"
    router = start_router({"a": url}, "--health-interval", "60s").wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        if has_head:
            call.send(HEAD + WORD)
            client.reader.head()
    assert wait_until(lambda: posts(router), "the access line")[0]["outcome"] == "client_gone"
    rest = WORD * 50_000 + DONE + b"0\r\n\r\n"
    call.send(rest if has_head else HEAD + rest)
    call.is_done.set()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        second = backend.next_call()
        second.send(HEAD + WORD + DONE + b"0\r\n\r\n")
        second.is_done.set()
        assert client.reader.response().status == 200
    assert second.peer == call.peer


def test_work_for_nobody_counts_and_ends_with_the_router(start_backend, start_router):
    backend = start_backend("m")
    url = backend.url + ",on_disconnect=drain"
    router = start_router({"a": url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD + WORD)
        client.reader.head()
    wait_until(lambda: posts(router), "the access line")
    assert not call.wait_end(0.3)
    router.signal(15)
    router.wait()
    assert call.wait_end(5)
