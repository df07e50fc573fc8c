"""Backends with `max_in_flight`: the bound holds, and requests wait for a place in their order."""

import time
from concurrent.futures import ThreadPoolExecutor

from rawhttp import chat
from waiting import PATIENCE, wait_until

CHAT = "/v1/chat/completions"
ONE = ("--workers", "1")
"""Who came first is only known where one worker takes all."""


def bounded(backend, bound):
    return f"{backend.url},max_in_flight={bound}"


def post(router, number, model="m"):
    return router.post(CHAT, chat(model, stream=False, user=str(number)))


def enter(router, number, model="m"):
    """A client whose request the router has: its connection was accepted before."""
    client = router.client()
    assert client.ask("GET", "/livez").status == 200
    client.post_json(CHAT, chat(model, stream=False, user=str(number)))
    return client


def numbers(backend):
    """Whose requests it has got, in the order of their coming."""
    return [int(body["user"]) for body in backend.bodies]


def occupy(router, backend, number=0):
    """A request that keeps a place until it is let go."""
    count = backend.count
    client = enter(router, number)
    wait_until(lambda: backend.count == count + 1, "a request at work")
    return client


def test_the_bound_holds_exactly_under_load_and_everybody_is_served(start_counting, start_router):
    first, second = start_counting(seconds=0.005), start_counting(seconds=0.005)
    backends = {"a": bounded(first, 2), "b": bounded(second, 3)}
    router = start_router(backends, "--log-level", "warning").wait_ready(2)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda number: post(router, number).status, range(400)))
    assert answers == [200] * 400
    assert (first.peak, second.peak) == (2, 3)
    assert sorted(numbers(first) + numbers(second)) == list(range(400))


def test_who_came_first_is_served_first(start_counting, start_router):
    backend = start_counting()
    router = start_router({"a": bounded(backend, 1)}, *ONE).wait_ready(1)
    clients = [occupy(router, backend)] + [enter(router, number) for number in range(1, 10)]
    backend.release(10)
    assert [client.reader.response().status for client in clients] == [200] * 10
    assert numbers(backend) == list(range(10))
    assert backend.peak == 1


def test_a_model_with_many_requests_lets_others_have_their_turn(start_counting, start_router):
    backend = start_counting(models=("m", "n"))
    router = start_router({"a": bounded(backend, 1)}, *ONE).wait_ready(1)
    clients = [occupy(router, backend)] + [enter(router, number) for number in range(1, 6)]
    clients += [enter(router, number, model="n") for number in (6, 7)]
    backend.release(8)
    assert [client.reader.response().status for client in clients] == [200] * 8
    assert numbers(backend) == [0, 1, 6, 2, 7, 3, 4, 5]


def test_more_than_may_wait_are_told_when_to_come_back(start_counting, start_router):
    backend = start_counting(seconds=0.25)
    router = start_router({"a": bounded(backend, 1)}, "--queue.max", "15").wait_ready(1)
    # How long an answer takes is seen first.
    assert post(router, 0).status == 200
    backend.seconds = None
    occupy(router, backend)
    waiting = [enter(router, number) for number in range(15)]
    answer = post(router, 99)
    assert answer.status == 503 and answer.error["code"] == "queue_full"
    assert "15 requests wait" in answer.error["message"]
    # Fifteen and this one, a quarter of a second each.
    assert 4 <= int(answer.head.get("Retry-After")) <= 6
    backend.release(16)
    assert [client.reader.response().status for client in waiting] == [200] * 15


def test_whoever_leaves_makes_room_and_is_never_sent_on(start_counting, start_router):
    backend = start_counting()
    router = start_router({"a": bounded(backend, 1)}, "--queue.max", "1", *ONE).wait_ready(1)
    first = occupy(router, backend, 0)
    leaving = enter(router, 1)
    assert post(router, 2).error["code"] == "queue_full"
    leaving.close()
    staying = enter(router, 3)
    backend.release(2)
    assert first.reader.response().status == staying.reader.response().status == 200
    assert numbers(backend) == [0, 3]


def test_a_wait_ends_in_time_and_the_connection_serves_on(start_counting, start_router):
    backend = start_counting()
    router = start_router({"a": bounded(backend, 1)}, "--queue.timeout", "300ms").wait_ready(1)
    first = occupy(router, backend)
    began = time.monotonic()
    waiting = enter(router, 1)
    answer = waiting.reader.response()
    assert answer.status == 503 and answer.error["code"] == "queue_timeout"
    assert 0.25 <= time.monotonic() - began < 5
    assert 1 <= int(answer.head.get("Retry-After")) <= 60
    assert answer.head.get("Connection") is None
    backend.release(2)
    assert first.reader.response().status == 200
    waiting.post_json(CHAT, chat("m", stream=False, user="2"))
    assert waiting.reader.response().status == 200


def test_a_backend_that_comes_up_takes_who_waits(start_counting, start_mock, start_router):
    busy = start_counting()
    # It must not be up before the router is.
    load_time = f"{1500 * PATIENCE:.0f}ms"
    loading = start_mock("late", "m", personality="llamacpp", load_time=load_time)
    backends = {"a": bounded(busy, 1), "late": loading.url}
    router = start_router(backends, "--health-interval", "100ms").wait_ready(1, ["m"])
    first = occupy(router, busy)
    answer = post(router, 1)
    assert answer.status == 200 and answer.head.get("X-OAIRouter-Backend") == "late"
    busy.release()
    assert first.reader.response().status == 200


def test_those_who_wait_hear_at_once_that_the_last_backend_is_gone(start_mock, start_router):
    backend = start_mock("only", "m", ttft="30s")
    router = start_router({"a": backend.url + ",max_in_flight=1"}).wait_ready(1)
    first = enter(router, 0)
    waiting = [enter(router, number) for number in range(1, 4)]
    backend.kill()
    answers = [client.reader.response() for client in (first, *waiting)]
    assert all(answer.status in (502, 503) for answer in answers)
    codes = [answer.error["code"] for answer in answers[1:]]
    assert set(codes) <= {"no_healthy_backend", "upstream_error"}


def test_all_waits_of_a_request_together_have_one_time(start_counting, start_mock, start_router):
    first = start_mock("first", "big", ttft="30s")
    second = start_counting(models=("small",))
    backends = {"a": first.url + ",max_in_flight=1", "b": bounded(second, 1)}
    options = ("--fallbacks", '{"big":["small"]}', "--queue.timeout", "2s")
    router = start_router(backends, *options).wait_ready(2, ["big", "small"])
    at_second = enter(router, 0, model="small")
    wait_until(lambda: second.count == 1, "a request at work")
    at_first = enter(router, 1, model="big")
    began = time.monotonic()
    waiting = enter(router, 2, model="big")
    wait_until(lambda: time.monotonic() - began > 1.2, "more than half of the time")
    # Who waits there waits for the other model's backend now.
    first.kill()
    answer = waiting.reader.response()
    assert answer.error["code"] == "queue_timeout"
    assert 1.9 <= time.monotonic() - began < 2.9
    at_first.close()
    second.release()
    assert at_second.reader.response().status == 200


def test_a_drain_serves_those_who_wait(start_counting, start_router):
    backend = start_counting()
    router = start_router({"a": bounded(backend, 1)}).wait_ready(1)
    clients = [occupy(router, backend), enter(router, 1), enter(router, 2)]
    router.signal(15)
    backend.release(3)
    answers = [client.reader.response() for client in clients]
    assert [answer.status for answer in answers] == [200] * 3
    assert router.wait() == 0


def test_a_drain_that_is_over_sends_those_who_wait_away(start_counting, start_router):
    backend = start_counting()
    router = start_router({"a": bounded(backend, 1)}, "--drain-timeout", "500ms").wait_ready(1)
    clients = [occupy(router, backend), enter(router, 1)]
    router.signal(15)
    answers = [client.reader.response() for client in clients]
    assert [answer.error["code"] for answer in answers] == ["draining"] * 2
    assert router.wait() == 0 and numbers(backend) == [0]


def test_a_long_upload_waits_without_being_read(start_counting, start_router):
    backend = start_counting()
    options = ("--limits.replay", "64KiB")
    router = start_router({"a": bounded(backend, 1)}, *options).wait_ready(1)
    first = occupy(router, backend)
    long = chat("m", stream=False, user="1", filler="x" * (8 << 20))
    client = router.client()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(client.post_json, CHAT, long)
        backend.release()
        assert first.reader.response().status == 200
        backend.release()
        sending.result(20)
    assert client.reader.response().status == 200
    assert len(backend.bodies[1]["filler"]) == 8 << 20
