"""Which backend is chosen: policies, sessions, and backends that fail quickly."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from rawhttp import chat
from waiting import wait_until

CHAT = "/v1/chat/completions"
SESSIONS = [f"session-{number}" for number in range(30)]


def post(router, *fields):
    answer = router.post(CHAT, chat("m", stream=False), fields)
    assert answer.status == 200, answer.payload
    return answer.head


def backend_of(router, *fields):
    return post(router, *fields).get("X-OAIRouter-Backend")


@pytest.fixture
def mocks(start_mock):
    """Three backends of one model."""
    return {name: start_mock(name, "m", tokens=1) for name in ("a", "b", "c")}


def urls(mocks, **settings):
    return {name: mock.url + settings.get(name, "") for name, mock in mocks.items()}


def homes(router, header="X-Session-ID"):
    return {name: backend_of(router, (header, name)) for name in SESSIONS}


def test_round_robin_gives_each_its_weight(mocks, start_router):
    backends = urls(mocks, a=",weight=3", b=",weight=2")
    router = start_router(backends, "--balance", "round_robin").wait_ready(3, ["m"])
    chosen = [backend_of(router) for _ in range(12)]
    assert Counter(chosen) == {"a": 6, "b": 4, "c": 2}
    assert chosen[:6] == chosen[6:]


def test_first_healthy_is_the_first_until_it_is_gone(mocks, start_router):
    router = start_router(urls(mocks), "--balance", "first_healthy").wait_ready(3, ["m"])
    assert {backend_of(router) for _ in range(9)} == {"a"}
    mocks["a"].kill()
    wait_until(lambda: router.health()["backends_healthy"] == 2, "the loss")
    assert {backend_of(router) for _ in range(9)} == {"b"}


def test_a_lower_tier_is_used_before_a_higher_one(mocks, start_router):
    backends = urls(mocks, a=",priority=1", b=",priority=-1", c=",type=generic,priority=0")
    router = start_router(backends).wait_ready(3, ["m"])
    assert {backend_of(router) for _ in range(9)} == {"b"}
    mocks["b"].kill()
    assert {backend_of(router) for _ in range(9)} == {"c"}


def test_a_session_stays_until_its_backend_is_gone_and_comes_back(mocks, start_router):
    router = start_router(urls(mocks), "--session-affinity.enabled").wait_ready(3, ["m"])
    before = homes(router)
    assert set(before.values()) == {"a", "b", "c"}
    for _ in range(3):
        heads = {name: post(router, ("x-session-id", name)) for name in SESSIONS}
        assert {name: head.get("X-OAIRouter-Backend") for name, head in heads.items()} == before
        assert not any(head.get("X-Session-Broken") for head in heads.values())
    mocks["b"].kill()
    heads = {name: post(router, ("X-Session-ID", name)) for name in SESSIONS}
    for name, head in heads.items():
        was_there = before[name] == "b"
        assert head.get("X-Session-Broken") == ("true" if was_there else None)
        assert (head.get("X-OAIRouter-Backend") == before[name]) != was_there


def test_sessions_only_matter_when_they_are_asked_for(mocks, start_router):
    arguments = ("--balance", "round_robin")
    router = start_router(urls(mocks), *arguments).wait_ready(3, ["m"])
    assert len({backend_of(router, ("X-Session-ID", "s")) for _ in range(3)}) == 3
    arguments += ("--session-affinity.enabled", "--session-affinity.header", "X-Chat")
    router = start_router(urls(mocks), *arguments, name="other").wait_ready(3, ["m"])
    assert len({backend_of(router, ("X-Chat", "s")) for _ in range(3)}) == 1
    assert len({backend_of(router, ("X-Session-ID", "s")) for _ in range(3)}) == 3
    # Two routers agree on a session's backend.
    again = start_router(urls(mocks), *arguments, name="again").wait_ready(3, ["m"])
    assert homes(router, "X-Chat") == homes(again, "X-Chat")


def test_a_backend_that_fails_at_once_doesnt_draw_the_requests(start_counting, start_router):
    failing = start_counting(seconds=0, status="500 Internal Server Error")
    working = start_counting(seconds=0.02)
    backends = {"fails": failing.url, "works": working.url}
    router = start_router(backends, "--retry.budget-percent", "100").wait_ready(2)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: router.post(CHAT, chat("m", stream=False)), range(400)))
    statuses = Counter(answer.status for answer in answers)
    assert statuses[200] >= 390, statuses
    # It is always the least loaded; what keeps it from the requests is that it is suspect.
    assert 5 <= failing.count <= 40
