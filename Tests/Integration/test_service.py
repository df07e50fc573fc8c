"""Under a service manager: what it is told by sd_notify(3), and the sockets that it hands over."""

import asyncio
import os
import re
import signal
import socket
import threading
import time

import pytest

import rawhttp
from admin_client import Admin
from crowd import Crowd
from notify_socket import NotifySocket, handing_over
from programs import Program, Router
from test_drain import open_stream
from waiting import wait_until

@pytest.fixture
def notified(tmp_path):
    """A socket that takes notifications, by a path of its own."""
    with NotifySocket(tmp_path / "notify") as notify:
        yield notify


@pytest.fixture
def start_service(binary, tmp_path, running):
    """start_service(backends, *arguments, environment=…): a router, as a service has it started."""

    def start(backends, *arguments, environment, sockets=(), pid=None, name="service"):
        command = [binary, "serve", "--discover", "off", "--health-interval", "500ms"]
        command += [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
        for backend, url in backends.items():
            command += ["--backend", f"{backend}={url}"]
        command += arguments
        if sockets:
            command = handing_over(sockets, command, pid)
        descriptors = [item.fileno() for item in sockets]
        environment = {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": "", **environment}
        router = Router(
            command, folder=tmp_path, name=name, environment=environment, descriptors=descriptors
        )
        running.append(router)
        return router

    return start


@pytest.fixture
def start_refused(binary, tmp_path, running):
    """start_refused(sockets, names): what a router says that doesn't start with them."""
    def start(sockets, names=None):
        command = handing_over(sockets, [binary, "serve", "--discover", "off"])
        environment = {} if names is None else {"LISTEN_FDNAMES": names}
        program = Program(
            command, folder=tmp_path, name="refused", environment=environment,
            descriptors=[item.fileno() for item in sockets],
        )
        running.append(program)
        assert program.wait() == 2, program.describe()
        return program.errors

    return start


def status(ready, total, models, streams):
    return re.escape(f"{ready}/{total} backends ready, {models}, {streams}")


# What it tells.


def test_it_is_ready_when_it_serves_and_tells_what_it_does(start_service, start_mock, notified):
    mock = start_mock("a", "m", "n", tokens=2000, ttft="5ms", itl="20ms")
    environment = {"NOTIFY_SOCKET": notified.place, "WATCHDOG_USEC": "400000"}
    router = start_service({"a": mock.url}, environment=environment)
    notified.wait_for("READY", "1")
    assert router.ask("GET", "/livez").status == 200
    notified.wait_for("STATUS", status(1, 1, "2 models", "0 streams"))
    client, _, _ = open_stream(router)
    with client:
        notified.wait_for("STATUS", status(1, 1, "2 models", "1 stream"))
    notified.wait_for("STATUS", status(1, 1, "2 models", "0 streams"))
    assert notified.values("READY") == ["1"]


def test_an_abstract_socket_is_told_too(start_service):
    place = f"@oairouter-test-{os.getpid()}"
    with NotifySocket(place) as notify:
        start_service({}, environment={"NOTIFY_SOCKET": place})
        notify.wait_for("READY", "1")


def test_a_drain_is_told_and_its_time_extended(start_service, start_mock, notified):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    environment = {"NOTIFY_SOCKET": notified.place, "WATCHDOG_USEC": "400000"}
    router = start_service({"a": mock.url}, "--drain-timeout", "60s", environment=environment)
    router.wait_ready(1, ["m"])
    client, _, _ = open_stream(router)
    with client:
        router.signal(signal.SIGTERM)
        notified.wait_for("STOPPING", "1")
        notified.wait_for("STATUS", "draining, .*, 1 stream")
        # Each further one is due to an answer of the loop.
        notified.wait_for("EXTEND_TIMEOUT_USEC", "30000000", count=3)
        pings = len(notified.values("WATCHDOG"))
        notified.wait_for("WATCHDOG", "1", count=pings + 2)
    assert router.wait() == 0
    assert notified.values("STOPPING") == ["1"]


def test_a_delay_before_the_drain_is_told_and_extended(start_service, start_mock, notified):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    environment = {"NOTIFY_SOCKET": notified.place, "WATCHDOG_USEC": "400000"}
    options = ["--drain-timeout", "60s", "--drain-delay", "1h"]
    router = start_service({"a": mock.url}, *options, environment=environment)
    router.wait_ready(1, ["m"])
    client, _, _ = open_stream(router)
    with client:
        router.signal(signal.SIGTERM)
        notified.wait_for("STOPPING", "1")
        notified.wait_for("STATUS", "leaving, .*, 1 stream")
        notified.wait_for("EXTEND_TIMEOUT_USEC", "30000000", count=3)
        assert router.ask("GET", "/livez").status == 200
        extended = len(notified.values("EXTEND_TIMEOUT_USEC"))
        router.signal(signal.SIGTERM)
        notified.wait_for("STATUS", "draining, .*, 1 stream")
        notified.wait_for("EXTEND_TIMEOUT_USEC", "30000000", count=extended + 2)
    assert router.wait() == 0
    assert notified.values("STOPPING") == ["1"]


def test_the_watchdog_is_fed_at_half_of_its_time(start_service, notified):
    environment = {"NOTIFY_SOCKET": notified.place, "WATCHDOG_USEC": "1000000"}
    start_service({}, environment=environment)
    begin = time.monotonic()
    notified.wait_for("WATCHDOG", "1", count=5)
    assert 1.5 < time.monotonic() - begin < 8


@pytest.mark.parametrize("what", ["another process", "nobody"])
def test_the_watchdog_is_fed_only_by_whom_it_watches(start_service, notified, what):
    environment = {"NOTIFY_SOCKET": notified.place}
    if what == "another process":
        environment |= {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": str(os.getpid())}
    router = start_service({}, environment=environment)
    notified.wait_for("READY", "1")
    router.signal(signal.SIGTERM)
    assert router.wait() == 0
    assert not notified.values("WATCHDOG")


def test_a_place_that_cannot_be_told_is_an_error(run):
    done = run("serve", "--discover", "off", environment={"NOTIFY_SOCKET": "vsock:2:1"})
    assert done.returncode == 2 and "NOTIFY_SOCKET" in done.stderr, done.stderr


def test_a_manager_that_is_gone_disturbs_nobody(start_service, tmp_path):
    environment = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "100000"}
    router = start_service({}, environment=environment)
    assert router.ask("GET", "/livez").status == 200
    router.signal(signal.SIGTERM)
    assert router.wait() == 0


# The sockets that it is handed.


def listener(family=socket.AF_INET, address=("127.0.0.1", 0), kind=socket.SOCK_STREAM):
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


def url(sock):
    return "http://%s:%d" % sock.getsockname()


def test_it_serves_on_the_sockets_that_it_is_handed(start_service, start_mock):
    mock = start_mock("a", "m", tokens=5)
    with listener() as first, listener() as second:
        # It isn't listened on: what was handed over counts.
        router = start_service(
            {"a": mock.url}, "--listen", "127.0.0.1:1", sockets=[first, second], environment={}
        )
        assert router.url == url(first)
        router.wait_ready(1, ["m"])
        for sock in (first, second):
            assert rawhttp.ask(sock.getsockname(), "GET", "/livez").status == 200
        environment = open(f"/proc/{router.process.pid}/environ", "rb").read()
        assert b"LISTEN_FDS" in environment, "it was handed over otherwise than this test means"


def test_one_of_them_may_be_for_administrators(start_service, tmp_path):
    path = tmp_path / "handed.sock"
    with listener() as clients, listener(socket.AF_UNIX, str(path)) as admin:
        environment = {"LISTEN_FDNAMES": "admin:http"}
        router = start_service({}, sockets=[admin, clients], environment=environment)
        assert router.url == url(clients)
        wait_until(lambda: Admin(path).ask("GET", "/admin/status").status == 200, "an answer")
        router.signal(signal.SIGTERM)
        assert router.wait() == 0
        assert path.exists(), "it isn't the router's to remove"


def test_an_address_for_administrators_needs_a_key_here_too(start_refused):
    with listener() as clients, listener() as admin:
        said = start_refused([clients, admin], "http:admin")
        assert "--admin-key-file" in said


@pytest.mark.parametrize(
    "kind, says",
    [
        ("datagrams", "isn't a stream socket"),
        ("bound", "doesn't listen"),
        ("file", "isn't a socket"),
    ],
)
def test_what_is_no_listener_is_told(start_refused, tmp_path, kind, says):
    with (
        listener(kind=socket.SOCK_DGRAM) as datagrams,
        socket.socket() as bound,
        open(tmp_path / "file", "w") as file,
    ):
        handed = {"datagrams": datagrams, "bound": bound, "file": file}[kind]
        assert says in start_refused([handed])


@pytest.mark.parametrize("names", ["htp", "admin:admin", "http", "http:x-admin.socket"])
def test_names_that_mean_nothing_are_told(start_refused, names):
    count = 1 if names == "htp" else 2
    sockets = [listener() for _ in range(count)]
    try:
        said = start_refused(sockets, names)
        assert "FileDescriptorName=" in said or "admin" in said or "LISTEN_FDNAMES" in said
    finally:
        for sock in sockets:
            sock.close()


def test_what_was_meant_for_another_process_is_left_alone(start_service):
    with listener() as sock:
        router = start_service({}, sockets=[sock], pid=1, environment={})
        assert router.url != url(sock)


def test_a_restart_refuses_nobody(start_service, start_mock):
    """The listener outlives each router, as one of systemd's does."""
    mock = start_mock("a", "m", tokens=3, ttft="1ms", itl="1ms")
    with listener() as sock:
        results = []
        leaving = threading.Event()

        def ask():
            while not leaving.is_set():
                try:
                    answer = rawhttp.ask(
                        sock.getsockname(), "GET", "/livez", fields=[("Connection", "close")]
                    )
                    results.append(answer.status)
                except (OSError, rawhttp.Truncated) as error:
                    results.append(repr(error))

        clients = [threading.Thread(target=ask) for _ in range(4)]
        try:
            for turn in range(3):
                router = start_service(
                    {"a": mock.url}, sockets=[sock], environment={}, name=f"service-{turn}"
                )
                for client in clients if turn == 0 else ():
                    client.start()
                count = len(results)
                wait_until(lambda: len(results) > count + 50, "answers")
                router.signal(signal.SIGTERM)
                assert router.wait() == 0
            last = start_service({"a": mock.url}, sockets=[sock], environment={}, name="last")
        finally:
            leaving.set()
            for client in clients:
                client.join(30)
        assert last.process.poll() is None
        assert set(results) == {200}


def test_a_restart_cuts_no_stream_and_refuses_nobody(start_service, start_mock, upgrade_size):
    """What the package's socket unit is for: its backlog holds who comes while streams end."""
    count, per_second = upgrade_size
    # 4 s each.
    mock = start_mock("a", "m", tokens=40, ttft="5ms", itl="100ms")
    options = ["--drain-timeout", "60s"]
    with listener() as sock:
        sock.listen(4096)
        first = start_service({"a": mock.url}, *options, sockets=[sock], environment={})
        first.wait_ready(1, ["m"])

        def restart():
            first.signal(signal.SIGTERM)
            assert first.wait() == 0
            start_service({"a": mock.url}, *options, sockets=[sock], environment={}, name="next")

        async def restarted(crowd):
            await crowd.answers(per_second // 2)
            await asyncio.to_thread(restart)
            await crowd.answers(per_second // 2)

        async def run():
            crowd = Crowd(sock.getsockname())
            streams = crowd.hear(count)
            task = asyncio.create_task(restarted(crowd))
            pace = await crowd.visit(per_second, task)
            await task
            await asyncio.gather(*streams)
            return crowd, pace

        crowd, pace = asyncio.run(run())
        came = crowd.answered - count
        print(f"{count} streams, {came} new connections at {pace:.0f}/s: {crowd.refused[:3]}")
        assert crowd.refused == []
        assert came > per_second
