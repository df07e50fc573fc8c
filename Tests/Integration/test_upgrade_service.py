"""What a service manager sees of an upgrade: one service that goes on, or one that ends."""

import signal

import pytest

from notify_socket import NotifySocket
from test_drain import open_stream
from test_upgrade import script
from upgrading import Background
from waiting import wait_until


@pytest.fixture
def notified(tmp_path):
    with NotifySocket(tmp_path / "notify") as notify:
        yield notify


@pytest.fixture
def start_service(start_own, start_mock, notified, tmp_path):
    def run(*arguments, **variables):
        mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
        own = start_own(
            "--listen", "127.0.0.1:0", "--backend", f"a={mock.url}", "--discover", "off",
            "--admin", f"unix:{tmp_path}/admin.sock", *arguments,
            environment={"NOTIFY_SOCKET": notified.place, **variables},
        )
        own.router.wait_ready(1, ["m"])
        return own

    return run


def test_the_service_is_another_process_from_then_on(start_service, notified):
    own = start_service(WATCHDOG_USEC="400000")
    notified.wait_for("READY", "1")
    client, chunks, _ = open_stream(own.router)
    with client:
        pid = own.upgrade()
        notified.wait_for("READY", "1", count=2)
        said = notified.take()
        moved = next(index for index, message in enumerate(said) if "MAINPID" in message)
        assert said[moved]["MAINPID"] == str(pid)
        assert [index for index, message in enumerate(said) if "READY" in message][1] > moved
        # Its own streams, not the former's: nothing else speaks any more.
        notified.wait_for("STATUS", "1/1 backends ready, 1 model, 0 streams")
        pings = len(notified.values("WATCHDOG"))
        notified.wait_for("WATCHDOG", "1", count=pings + 3)
        statuses = [message["STATUS"] for message in notified.take()[moved:] if "STATUS" in message]
        assert all("1 stream" not in text.replace("1 streams", "") for text in statuses)
        assert next(chunks)
    assert own.former_status() == 0
    assert not notified.values("STOPPING")
    own.signal(signal.SIGTERM)
    notified.wait_for("STOPPING", "1")


def test_a_successor_that_crashes_ends_the_service(start_service, notified):
    """The manager doesn't hear of it by itself: the former is its parent."""
    own = start_service()
    client, chunks, _ = open_stream(own.router)
    with client:
        pid = own.upgrade()
        assert next(chunks)
        own.signal(signal.SIGKILL)
        notified.wait_for("MAINPID", str(own.pids[0]))
        assert own.former_status() == 1
    assert notified.values("MAINPID") == [str(pid), str(own.pids[0])]
    assert lines_of_text(own, '"successor lost"')


def lines_of_text(own, event):
    return [line for line in own.router.errors.splitlines() if f"event={event}" in line]


def test_a_manager_that_takes_nothing_keeps_the_former(start_service, notified):
    """It would take the former's end for the service's."""
    own = start_service(WATCHDOG_USEC="400000")
    notified.wait_for("READY", "1")
    with notified.full():
        asking = Background(lambda: own.ask(timeout_ms=8000))
        wait_until(lambda: len(lines_of_text(own, "listening")) == 2, "the successor to serve")
        # Both have the listener; administrators are the former's until it leaves.
        assert {own.status()["pid"] for _ in range(50)} == {own.pid}
        answer = asking.result()
        assert answer.status == 500
        assert "the service manager takes no notification" in answer.error["message"]
    assert {own.status()["pid"] for _ in range(50)} == {own.pid}
    assert own.router.models() == ["m"]
    pings = len(notified.values("WATCHDOG"))
    notified.wait_for("WATCHDOG", "1", count=pings + 2)
    assert not notified.values("MAINPID")
    own.upgrade()
    notified.wait_for("MAINPID", str(own.pids[-1]))


def test_readiness_is_told_until_it_is_taken(start_service, notified):
    with notified.full():
        own = start_service(WATCHDOG_USEC="400000")
        # Tries end while nothing is taken.
        wait_until(lambda: own.status()["uptime_ms"] > 3000, "some tries to be over")
    notified.wait_for("READY", "1")


def test_an_upgrade_that_fails_is_none_for_the_manager(start_service, notified, tmp_path):
    own = start_service(WATCHDOG_USEC="400000")
    notified.wait_for("READY", "1")
    assert own.ask(binary=script(tmp_path, "leaves", "exit 3")).status == 500
    pings = len(notified.values("WATCHDOG"))
    notified.wait_for("WATCHDOG", "1", count=pings + 2)
    assert not notified.values("MAINPID")
    assert notified.values("READY") == ["1"]
