"""Several reactors: connections are spread over them; what holds for one holds for all together."""

import json
import secrets
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from metrics_page import MetricsPage
from rawhttp import Truncated, chat
from scripted_backend import next_call_of
from waiting import wait_until

CHAT = "/v1/chat/completions"


@pytest.fixture
def start_workers(start_router):
    """start_workers(count, backends, *arguments): a router with so many workers."""

    def start(count, backends, *arguments):
        return start_router(backends, "--workers", str(count), *arguments)

    return start


def by_worker(router, name):
    page = MetricsPage(router)
    numbers = sorted(page.labels("worker"), key=int)
    return [page.value(f"oairouter_worker_{name}", worker=number) for number in numbers]


def enter(router, number, fields=(), **more):
    """A client with a request that the router has, on a connection that stays."""
    client = router.client()
    assert client.ask("GET", "/livez").status == 200
    client.post_json(CHAT, chat("m", stream=False, user=str(number), **more), fields)
    return client


def enter_both(router, ask):
    """Two clients on different workers."""
    clients = [ask(0), ask(1)]
    # The one that looks at the metrics is on one of them, too.
    assert all(count >= 1 for count in by_worker(router, "connections"))
    return clients


def bounded(backend, bound):
    return f"{backend.url},max_in_flight={bound}"


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_have_even_shares_of_connections_and_requests(start_mock, start_workers, workers):
    router = start_workers(workers, {"a": start_mock("a", "m", tokens=1).url}).wait_ready(1, ["m"])
    before = by_worker(router, "requests_total")
    clients = [router.client() for _ in range(48)]
    for _ in range(5):
        for client in clients:
            client.post_json(CHAT, chat("m", stream=False))
        assert {client.reader.response().status for client in clients} == {200}
    connections = by_worker(router, "connections")
    assert len(connections) == workers
    requests = [now - then for now, then in zip(by_worker(router, "requests_total"), before)]
    assert sum(requests) >= 240
    for shares in (connections, requests):
        assert max(shares) - min(shares) <= 0.2 * max(shares), (connections, requests)
    page = MetricsPage(router)
    assert page.value("oairouter_requests_total", model="m", code="200") == 240
    assert page.value("oairouter_attempts_total", backend="a") == 240
    assert page.value("oairouter_downstream_connections") >= 48


@pytest.mark.parametrize("workers", [2, 4])
def test_the_bound_of_a_backend_holds_for_all_workers_together(
    start_counting, start_workers, workers
):
    first, second = start_counting(seconds=0.005), start_counting(seconds=0.005)
    backends = {"a": bounded(first, 2), "b": bounded(second, 3)}
    router = start_workers(workers, backends, "--log-level", "warning").wait_ready(2)

    def post(number):
        return router.post(CHAT, chat("m", stream=False, user=str(number))).status

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(post, range(400)))
    assert answers == [200] * 400
    assert (first.peak, second.peak) == (2, 3)
    numbers = [int(body["user"]) for body in first.bodies + second.bodies]
    assert sorted(numbers) == list(range(400))
    page = MetricsPage(router)
    assert page.value("oairouter_in_flight") == page.value("oairouter_queue_depth") == 0


def test_a_place_that_is_freed_on_one_worker_goes_to_who_waits_on_another(
    start_counting, start_workers
):
    backend = start_counting()
    router = start_workers(2, {"a": bounded(backend, 1)}, "--queue.timeout", "120s").wait_ready(1)
    for _ in range(5):
        count = backend.count
        first, second = enter_both(router, lambda number: enter(router, number))
        wait_until(lambda: backend.count == count + 1, "the first at work")
        wait_until(lambda: MetricsPage(router).value("oairouter_queue_depth") == 1, "one to wait")
        began = time.monotonic()
        backend.release(2)
        assert first.reader.response().status == second.reader.response().status == 200
        assert time.monotonic() - began < 30, "it had to wait for its deadline"
        first.close()
        second.close()
    assert backend.peak == 1


def test_nobody_starves_behind_the_other_workers_requests(start_counting, start_workers):
    """Clients of one worker come again and again; those of the other are served all the same."""
    backend = start_counting(seconds=0.002)
    router = start_workers(2, {"a": bounded(backend, 1)}, "--log-level", "warning").wait_ready(1)
    clients = [router.client() for _ in range(12)]
    served = [0] * len(clients)
    is_over = threading.Event()

    def come_again(place):
        while not is_over.is_set():
            clients[place].post_json(CHAT, chat("m", stream=False))
            assert clients[place].reader.response().status == 200
            served[place] += 1

    with ThreadPoolExecutor(len(clients)) as pool:
        runs = [pool.submit(come_again, place) for place in range(len(clients))]
        try:
            wait_until(lambda: sum(served) >= 400, "400 answers", 60)
        finally:
            is_over.set()
        for run in runs:
            run.result()
    assert backend.peak == 1
    assert min(served) >= 8, served


def test_as_many_may_wait_as_the_queue_has_room_on_all_workers(start_counting, start_workers):
    backend = start_counting()
    router = start_workers(2, {"a": bounded(backend, 1)}, "--queue.max", "3").wait_ready(1)
    clients = [enter(router, number) for number in range(4)]
    wait_until(lambda: MetricsPage(router).value("oairouter_queue_depth") == 3, "three to wait")
    for _ in range(4):
        answer = router.post(CHAT, chat("m", stream=False))
        assert answer.status == 503 and answer.error["code"] == "queue_full"
        assert "3 requests wait" in answer.error["message"]
    backend.release(4)
    assert [client.reader.response().status for client in clients] == [200] * 4


def test_memory_for_bodies_is_one_for_all_workers(start_counting, start_workers):
    backend = start_counting()
    limits = ["--limits.body", "1MiB", "--limits.replay", "1MiB", "--limits.bodies-total", "4MiB"]
    router = start_workers(2, {"a": backend.url}, *limits, "--queue.timeout", "120s").wait_ready(1)
    # An eighth is for small bodies, a body's length for one that finishes: two fit in the rest.
    text = "x" * 1_000_000
    with ThreadPoolExecutor(8) as pool:
        entering = [pool.submit(enter, router, number, padding=text) for number in range(8)]
        wait_until(lambda: backend.count == 2, "two at work")
        page = MetricsPage(router)
        assert 2_000_000 <= page.value("oairouter_held_body_bytes") <= 2.5 * (1 << 20)
        for done in range(8):
            wait_until(lambda: backend.count >= min(8, done + 2), "those that waited to follow")
            assert backend.working <= 2
            backend.release()
        clients = [entry.result() for entry in entering]
        assert [client.reader.response().status for client in clients] == [200] * 8
    assert backend.peak == 2
    wait_until(lambda: MetricsPage(router).value("oairouter_held_body_bytes") == 0, "none held")


def test_a_keys_bounds_hold_for_all_workers_together(start_counting, start_workers):
    backend = start_counting()
    keys = {name: secrets.token_hex(24) for name in ("few", "slow")}
    entries = [
        {"id": "few", "key": keys["few"], "concurrent": 2},
        {"id": "slow", "key": keys["slow"], "requests_per_minute": 10},
    ]
    router = start_workers(2, {"a": backend.url}, "--keys", json.dumps(entries)).wait_ready(1)

    def field(name):
        return [("Authorization", f"Bearer {keys[name]}")]

    running = enter_both(router, lambda number: enter(router, number, field("few")))
    wait_until(lambda: backend.count == 2, "both to run")
    for _ in range(4):
        answer = router.post(CHAT, chat("m", stream=False), field("few"))
        assert answer.status == 429
    backend.release(2)
    assert [client.reader.response().status for client in running] == [200] * 2
    backend.release(100)
    answers = [router.post(CHAT, chat("m", stream=False), field("slow")) for _ in range(20)]
    statuses = [answer.status for answer in answers]
    # A minute's ten at once, and one more for each six seconds that this has taken.
    assert statuses[:10] == [200] * 10 and 429 in statuses


def test_a_stored_response_is_found_from_every_worker(start_backend, start_workers):
    backends = [start_backend("m"), start_backend("m")]
    urls = {"a": backends[0].url, "b": backends[1].url}
    router = start_workers(2, urls).wait_ready(2, ["m"])
    clients = [router.client() for _ in range(4)]
    for number, maker in enumerate(clients):
        identity = f"resp_{number}"
        body = b'{"object":"response","id":"%s","output":[]}' % identity.encode()
        maker.post_json("/v1/responses", {"model": "m", "input": "x"})
        call, owner = next_call_of(backends)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        call.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert maker.reader.response().status == 200
        for client in clients:
            client.request("GET", f"/v1/responses/{identity}")
            call, asked = next_call_of(backends)
            assert asked is owner
            call.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
            assert client.reader.response("GET").status == 200


def test_each_worker_has_its_access_lines(start_mock, start_workers):
    router = start_workers(2, {"a": start_mock("a", "m", tokens=1).url}).wait_ready(1, ["m"])
    clients = [router.client() for _ in range(8)]
    for number, client in enumerate(clients):
        client.post_json(CHAT, chat("m", stream=False), [("X-Request-ID", f"number-{number}")])
        assert client.reader.response().status == 200
    wanted = {f"number-{number}" for number in range(8)}

    def written():
        return wanted <= {line.get("exchange_id") for line in router.access_lines()}

    wait_until(written, "eight lines")


def test_a_drain_loses_nobody_who_was_let_in(start_mock, start_workers):
    """Connections that come while the workers take their leave are served, or never stood."""
    router = start_workers(2, {"a": start_mock("a", "m", tokens=2).url}).wait_ready(1, ["m"])
    is_signalled = threading.Event()
    problems = []

    def come(_):
        served = 0
        while True:
            try:
                client = router.client()
            except OSError:
                return served
            with client:
                try:
                    client.post_json(CHAT, chat("m", stream=False))
                    assert client.reader.response().status == 200
                    served += 1
                except (OSError, Truncated) as error:
                    # The listener's end resets whoever is still in its backlog.
                    if not is_signalled.is_set():
                        problems.append(error)
                    return served
                except AssertionError as error:
                    problems.append(error)
                    return served

    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(come, number) for number in range(8)]
        wait_until(
            lambda: MetricsPage(router).value("oairouter_requests_total") > 50, "some traffic"
        )
        is_signalled.set()
        router.signal(signal.SIGTERM)
        served = sum(run.result() for run in runs)
    assert not problems, problems
    assert router.wait() == 0
    assert served > 50


def test_streams_on_all_workers_finish_in_a_drain(start_mock, start_workers):
    mock = start_mock("a", "m", tokens=40, ttft="5ms", itl="25ms")
    router = start_workers(2, {"a": mock.url}).wait_ready(1, ["m"])
    clients = [router.client() for _ in range(6)]
    for client in clients:
        client.post_json(CHAT, chat("m"))
        client.reader.head()
    router.signal(signal.SIGTERM)
    for client in clients:
        payload = b"".join(piece for _, piece in client.reader.chunks())
        assert payload.rstrip().endswith(b"data: [DONE]")
    assert router.wait() == 0


def test_a_number_that_can_not_be_is_refused(run):
    done = run("serve", "--listen", "127.0.0.1:0", "--workers", "65")
    assert done.returncode == 2 and "from 1 to 64" in done.stderr
    done = run(
        "serve", "--listen", "127.0.0.1:0", "--workers", "8", "--limits.connections", "4"
    )
    assert done.returncode == 2 and "one for each of the workers" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_clients_that_come_while_connections_end_get_their_turn(
    start_mock, start_workers, workers
):
    """Failovers in one turn of the loop need room for the old and the new: others wait for it."""
    first = start_mock("a", "m", ttft="60s", slots="1000")
    second = start_mock("b", "m", ttft="60s", slots="1000")
    backends = {"a": first.url + ",priority=0", "b": second.url + ",priority=1"}
    router = start_workers(workers, backends, "--limits.connections", "200").wait_ready(2, ["m"])
    clients = [router.client() for _ in range(186)]
    for client in clients:
        client.post_json(CHAT, chat("m", stream=False))
    # The last connection is the question's own.
    wait_until(lambda: sum(by_worker(router, "connections")) >= len(clients), "them all")
    router.signal(signal.SIGSTOP)
    try:
        first.kill()
        late = [router.client() for _ in range(8)]
        for client in late:
            client.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    finally:
        router.signal(signal.SIGCONT)
    assert [client.reader.response().status for client in late] == [200] * len(late)
    for client in [*clients, *late]:
        client.close()
