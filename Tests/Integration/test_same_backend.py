"""The only backend is asked again after a pause, where that is wanted."""

import json
import time

import pytest

from admin_client import Admin
from metrics_page import MetricsPage
from rawhttp import RawClient, chat
from scripted_backend import next_call_of
from test_before_commit import CHAT, WHOLE, failure
from test_leaving import posts
from waiting import wait_until


@pytest.fixture
def only(start_backend, start_router):
    """only(*arguments): (the scripted backend, the router)."""

    def start(*arguments):
        backend = start_backend("m")
        router = start_router({"a": backend.url}, "--retry.same-backend", *arguments)
        return backend, router.wait_ready(1, ["m"])

    return start


def again(backend, client, answer, at_least, at_most):
    """Lets a call fail; the next one comes within the times, and is answered."""
    backend.next_call().send(answer)
    began = time.monotonic()
    call = backend.next_call()
    assert at_least <= time.monotonic() - began <= at_most
    call.send(WHOLE)
    response = client.reader.response()
    assert response.status == 200
    assert response.head.get("x-oairouter-attempts") == "2"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_after_a_pause_of_its_own(only, status):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        # Half a second, up to a quarter less.
        again(backend, client, failure(status), 0.3, 5)


def further_attempts(router):
    """What the log says of failed attempts that another one followed, once the request's line is
    there."""
    wait_until(lambda: posts(router), "the access line")
    lines = [json.loads(line) for line in list(router.lines) if line.startswith("{")]
    kinds = ("retry", "failover")
    return [(x["event"], x["backend"], x["reason"]) for x in lines if x["event"] in kinds]


def test_it_is_counted_and_told_as_such(only):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        again(backend, client, failure(503), 0.3, 5)
    page = MetricsPage(router)
    assert page.value("oairouter_retries_total", reason="status") == 1
    assert sum(page.values("oairouter_failovers_total")) == 0
    assert further_attempts(router) == [("retry", "a", "status")]


def test_a_failure_that_nobody_follows_is_no_failover(only):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().reset()
        assert client.reader.response().status == 502
    page = MetricsPage(router)
    assert sum(page.values("oairouter_retries_total")) == 0
    assert sum(page.values("oairouter_failovers_total")) == 0
    assert not further_attempts(router)


def test_after_the_time_that_it_asks_for(only):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        again(backend, client, failure(503, extra=b"Retry-After: 1\r\n"), 0.95, 6)


@pytest.mark.parametrize("wanted", [b"31", b"Wed, 25 Nov 2026 07:28:00 GMT"])
def test_not_when_it_asks_for_more_time_than_a_request_may_wait(only, wanted):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(503, extra=b"Retry-After: " + wanted + b"\r\n"))
        answer = client.reader.response()
    assert answer.status == 503
    assert answer.head.get("retry-after") == wanted.decode()


def test_not_more_often_than_attempts_allow(only):
    backend, router = only("--retry.attempts", "1")
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(500))
        backend.next_call().send(failure(500, body=b'{"last":1}'))
        answer = client.reader.response()
    assert (answer.status, answer.payload) == (500, b'{"last":1}')


@pytest.mark.parametrize("status", [400, 404, 502, 504])
def test_not_after_other_statuses(only, status):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(status))
        assert client.reader.response().status == status


@pytest.fixture
def administered(only, tmp_path):
    """(the scripted backend a, the router, its admin): others may come during a pause."""
    path = tmp_path / "admin.sock"
    backend, router = only("--admin", f"unix:{path}")
    return backend, router, Admin(path)


def test_whoever_has_come_during_the_pause_is_asked(administered, start_backend):
    backend, router, admin = administered
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(503, extra=b"Retry-After: 3\r\n"))
        other = start_backend("m")
        added = admin.ask("POST", "/admin/backends", {"url": other.url, "id": "b"})
        assert added.status in (200, 201)
        wait_until(lambda: router.health()["backends_healthy"] == 2, "the other backend")
        other.next_call().send(WHOLE)
        answer = client.reader.response()
    assert answer.status == 200
    assert answer.head.get("x-oairouter-backend") == "b"
    assert backend.is_idle


def test_a_backend_that_is_drained_during_the_pause_isn_t_asked(administered):
    backend, router, admin = administered
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(503, extra=b"Retry-After: 1\r\n"))
        assert admin.ask("POST", "/admin/backends/a/drain").status == 200
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (503, "no_healthy_backend")
    assert backend.is_idle


def test_the_budget_is_asked_once_for_a_failure(start_backend, start_router, tmp_path):
    backends = [start_backend("m"), start_backend("m")]
    urls = {"a": backends[0].url, "b": backends[1].url}
    path = tmp_path / "admin.sock"
    options = ("--retry.same-backend", "--retry.budget-percent", "0", "--admin", f"unix:{path}")
    router = start_router(urls, *options).wait_ready(2, ["m"])
    moved = []
    # Ten retries in ten seconds are free, and none of these comes to its end.
    for _ in range(10):
        moved.append(RawClient(router.address))
        moved[-1].post_json(CHAT, chat("m"))
        next_call_of(backends)[0].send(failure(503))
        next_call_of(backends)
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        next_call_of(backends)[0].send(failure(503))
        assert client.reader.response().status == 503
    troubles = Admin(path).ask("GET", "/admin/status").json()["troubles"]
    assert troubles["retry_budget_limit"] == 1
    for client in moved:
        client.close()


def test_a_client_that_leaves_during_the_pause_ends_it(only):
    backend, router = only()
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(503, extra=b"Retry-After: 2\r\n"))
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        # The next call is this client's: nobody comes back for the one that has left.
        again(backend, client, failure(503, extra=b"Retry-After: 3\r\n"), 2.9, 8)
    assert backend.is_idle


def test_a_drain_doesn_t_wait_for_the_pause(only):
    backend, router = only("--drain-timeout", "300ms")
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().send(failure(503, extra=b"Retry-After: 25\r\n"))
        router.signal(15)
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (503, "draining")
