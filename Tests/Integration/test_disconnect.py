"""A client that leaves: its backend is told at once, because a GPU computes until it is.

As a test: 10 departures a case, each backend told within a second. As a measurement:

    OAIROUTER_BIN=.build/release/oairouter .build-venv/bin/python -m pytest -s \\
        Tests/Integration/test_disconnect.py --departures 100

Client and backend live in this process, so both moments are of one clock.
"""

import statistics
import time

import pytest

from rawhttp import chat
from scripted_backend import HEAD, chat_event, chunk

CHAT = "/v1/chat/completions"
TOLD_SECONDS = 1.0
EVENT_SECONDS = 0.05

ROLE = chunk(chat_event({"role": "assistant", "content": ""}))
WORD = chunk(chat_event({"content": "word "}))


def in_prefill(client, call):
    """The engine has the prompt and says nothing yet."""


def in_prefill_after_the_role(client, call):
    """The engine has sent its head and the role event, which the router still holds."""
    call.send(HEAD + ROLE)


def amid_a_silence(client, call):
    """Content has come, and now the engine is silent."""
    call.send(HEAD + ROLE + WORD)
    wait_for_word(client)


def amid_the_stream(client, call):
    """An event comes every 50 ms."""
    call.send(HEAD + ROLE + WORD)
    wait_for_word(client)


def wait_for_word(client):
    client.reader.head()
    for _, payload in client.reader.chunks():
        if b"word " in payload:
            return


CASES = [in_prefill, in_prefill_after_the_role, amid_a_silence, amid_the_stream]


def depart(router, backend, case, leave):
    """One departure: seconds from the client's close to the end as the backend sees it."""
    client = router.client()
    client.post_json(CHAT, chat("m"))
    call = backend.next_call()
    case(client, call)
    leave(client)
    left_at = time.monotonic()
    if case is amid_the_stream:
        call.send_until_end(WORD, EVENT_SECONDS)
    ended_at = call.wait_end(TOLD_SECONDS * 5)
    assert ended_at is not None, f"the backend was not told within {TOLD_SECONDS * 5:g} s"
    return max(0.0, ended_at - left_at)


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_backend_is_told(start_backend, start_router, departures, case, leave):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    leave_by = {"close": lambda client: client.close(), "reset": lambda client: client.reset()}
    times = [depart(router, backend, case, leave_by[leave]) for _ in range(departures)]
    print(
        f"\n{case.__name__} by {leave}: {departures} departures, told after "
        f"{statistics.median(times) * 1000:.2f} ms (median), {max(times) * 1000:.2f} ms (worst)"
    )
    assert max(times) < TOLD_SECONDS
    # Nobody's fault: the backend still counts as healthy.
    assert router.health()["backends_healthy"] == 1


def test_a_client_that_leaves_during_its_upload_costs_no_backend(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with router.client() as client:
        client.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n")
        client.send(b'Content-Length: 1000\r\n\r\n{"model":"m","messages":[')
    # The next request is served, and the half one never reached the backend.
    with router.client() as client:
        client.post_json(CHAT, {"model": "m", "user": "whole"})
        assert b'"whole"' in backend.next_call().request.payload


def test_a_client_that_leaves_after_the_end_marker_has_succeeded(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        call.send(HEAD + WORD + chunk(b"data: [DONE]\n\n"))
        client.reader.head()
        for _, payload in client.reader.chunks():
            if b"[DONE]" in payload:
                break
    call.send(b"0\r\n\r\n")
    assert router.post(CHAT, b"{").status == 400
    assert router.health()["backends_healthy"] == 1
