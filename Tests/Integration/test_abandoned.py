"""Backends that finish what they have begun although its client has left."""

import subprocess
import threading

import pytest

from admin_client import Admin
from rawhttp import RawClient, chat
from test_drain import is_not_ready
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


@pytest.fixture
def leave(start_backend, start_router, tmp_path):
    """leave(*arguments): (router, its admin, call) of an answer that its client has left."""

    def start(*arguments):
        backend = start_backend("m", is_keeping=True)
        path = tmp_path / "admin.sock"
        options = ("--admin", f"unix:{path}", "--health-interval", "60s", *arguments)
        router = start_router({"a": backend.url + ",on_disconnect=drain"}, *options)
        router.wait_ready(1, ["m"])
        with RawClient(router.address) as client:
            client.post_json(CHAT, chat("m"))
            call = backend.next_call()
            call.send(HEAD + WORD)
            client.reader.head()
        wait_until(lambda: posts(router), "the access line")
        return router, Admin(path), call

    return start


def test_a_router_that_stops_waits_for_work_for_nobody(leave):
    router, _, call = leave()
    router.signal(15)
    wait_until(lambda: is_not_ready(router), "the drain to begin")
    with pytest.raises(subprocess.TimeoutExpired):
        router.wait(0.5)
    call.send(WORD + DONE + b"0\r\n\r\n")
    assert router.wait(5) == 0


def test_work_for_nobody_ends_with_the_time_for_the_drain(leave):
    router, _, call = leave("--drain-timeout", "300ms")
    router.signal(15)
    call.send_until_end(WORD, 0.05)
    assert router.wait(5) == 0


def test_work_for_nobody_has_a_time_however_much_comes(leave):
    _, admin, call = leave("--timeouts.first-byte", "600ms")
    # Never silent: no deadline between two pieces would end it.
    sender = threading.Thread(target=call.send_until_end, args=(WORD, 0.05), daemon=True)
    sender.start()

    def is_cut():
        return admin.ask("GET", "/admin/status").json()["troubles"].get("leftover_timeouts") == 1

    wait_until(is_cut, "the end of its time", 5)
    sender.join(5)
