"""Backends from name service records, by a real dnsmasq: they follow within their lifetime."""

import json
import time

import pytest

from name_server import NameServer
from waiting import wait_until

TTL = 2
# Beside the lifetime: c-ares' answer, the first probe, the listing.
SLACK = 1.0


pytestmark = pytest.mark.usefixtures("needs_dns")


@pytest.fixture
def names(tmp_path):
    server = NameServer(tmp_path, TTL)
    yield server
    server.stop()


@pytest.fixture
def start(start_router):
    def run(names, **service):
        service["server"] = names.address
        return start_router({}, "--discovery.dns", json.dumps([service]))

    return run


def port_of(server):
    return server.address[1]


def srv(server, host, priority=10, weight=50):
    return [
        f"srv-host=_llm._tcp.svc.test,{host}.svc.test,{port_of(server)},{priority},{weight}",
        f"host-record={host}.svc.test,127.0.0.1",
    ]


def follows(router, models, what):
    """Waits until the router serves exactly these models; within a record's lifetime."""
    begin = time.monotonic()
    wait_until(lambda: router.models() == models, what, seconds=TTL + SLACK)
    print(f"{what}: {time.monotonic() - begin:.2f} s at a TTL of {TTL} s")


def reasons(router):
    lines = [json.loads(line) for line in router.errors.splitlines() if line.startswith("{")]
    return [line["reason"] for line in lines if line["event"] == "discoverer in trouble"]


def test_a_fleet_follows_its_srv_records(names, start, start_mock):
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    names.serve(*srv(one, "one"))
    router = start(names, name="_llm._tcp.svc.test", record="srv").wait_ready(1, ["m1"])
    names.serve(*srv(one, "one"), *srv(two, "two"))
    follows(router, ["m1", "m2"], "a record that was added")
    names.serve(*srv(two, "two"))
    follows(router, ["m2"], "a record that was removed")
    answer = router.post("/v1/chat/completions", {"model": "m2", "messages": []})
    assert answer.head.get("X-OAIRouter-Backend") == f"two.svc.test:{port_of(two)}"
    names.serve()
    follows(router, [], "the last record")


def test_priorities_are_tiers(names, start, start_mock):
    first, second = start_mock("first", "m"), start_mock("second", "m")
    names.serve(*srv(first, "first", priority=10), *srv(second, "second", priority=20))
    router = start(names, name="_llm._tcp.svc.test").wait_ready(2, ["m"])

    def backend():
        answer = router.post("/v1/chat/completions", {"model": "m", "messages": []})
        return answer.head.get("X-OAIRouter-Backend")

    assert {backend() for _ in range(10)} == {f"first.svc.test:{port_of(first)}"}
    first.kill()
    assert backend() == f"second.svc.test:{port_of(second)}"


def test_a_name_server_that_is_gone_takes_nothing_away(names, start, start_mock):
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    names.serve(*srv(one, "one"))
    router = start(names, name="_llm._tcp.svc.test").wait_ready(1, ["m1"])
    names.stop()
    wait_until(lambda: reasons(router), "a line about the name server", seconds=TTL + 10)
    assert reasons(router)[0].endswith("; the former backends stay")
    assert router.models() == ["m1"]
    names.serve(*srv(one, "one"), *srv(two, "two"))
    wait_until(lambda: router.models() == ["m1", "m2"], "the name server's return", seconds=20)


def test_addresses_have_a_backend_each(names, start, start_mock):
    one = start_mock("one", "m1")
    addresses = [f"host-record=multi.svc.test,127.0.0.{last}" for last in (1, 2)]
    names.serve(*addresses)
    router = start(names, name="multi.svc.test", record="a", port=port_of(one), type="vllm")
    router.wait_ready(1, ["m1"])
    # Nobody listens on 127.0.0.2: it's known, and down.
    assert router.health()["backends_total"] == 2
    names.serve(addresses[0])
    wait_until(
        lambda: router.health()["backends_total"] == 1, "one address", seconds=TTL + SLACK
    )


def test_an_answer_too_long_for_a_datagram_comes_by_tcp(names, start):
    hosts = range(1, 121)
    names.serve(*(f"host-record=many.svc.test,127.0.1.{last}" for last in hosts))
    router = start(names, name="many.svc.test", record="a", port=9)
    wait_until(lambda: router.health()["backends_total"] == len(hosts), "every address")


def test_the_configuration_is_checked(run):
    done = run("serve", "--discovery.dns", '[{"name": "x", "recrod": "a"}]')
    assert done.returncode == 2
    expected = "--discovery.dns: an element of discovery.dns has no key 'recrod'"
    assert f"{expected}; did you mean 'record'?" in done.stderr
