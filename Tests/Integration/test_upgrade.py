"""Another process goes on in a router's place: nothing is cut, nobody is refused."""

import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

import rawhttp
from admin_client import Admin
from crowd import Crowd
from metrics_page import MetricsPage
from notify_socket import handing_over
from programs import STOP_SECONDS, Router
from rawhttp import chat, content_of, events
from test_drain import open_stream
from test_reload import configuration, replace
from upgrading import Background, Upgrading, has_ended
from waiting import PATIENCE, wait_until

CHAT = "/v1/chat/completions"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def start(start_router, tmp_path, running):
    """start(backends, *arguments): a router with an admin socket, and those in its place."""

    def run(backends, *arguments):
        admin = Admin(tmp_path / "admin.sock")
        router = start_router(backends, "--admin", admin.option, *arguments)
        upgrading = Upgrading(router, admin)
        # Ended before the router, which is their parent.
        running.append(upgrading)
        return upgrading

    return run


def script(folder, name, text):
    """A program that isn't a router."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


# Nothing is lost.


def crowded(own, streams, per_second, work):
    """Does `work(crowd)` while streams live and connections come; the crowd afterwards."""

    async def run():
        crowd = Crowd(own.router.address)
        try:
            await crowd.open_streams(streams)
            task = asyncio.create_task(work(crowd))
            pace = await crowd.visit(per_second, task)
            await task
            await crowd.advance("content afterwards")
        finally:
            crowd.leave()
        return crowd, pace

    crowd, pace = asyncio.run(run())
    print(
        f"{len(crowd.streams)} streams, {crowd.answered} new connections at {pace:.0f}/s: "
        f"{len(crowd.cut)} cut, {len(crowd.refused)} refused"
    )
    assert crowd.cut == []
    assert crowd.refused == []
    assert crowd.answered > 0
    return crowd


def test_streams_live_through_an_upgrade(start, start_mock, upgrade_size):
    """0 cut, 0 refused: live streams and new connections, through an upgrade."""
    streams, per_second = upgrade_size
    mock = start_mock("a", "m", tokens=1_000_000, itl="500ms")
    own = start({"a": mock.url}, "--drain-timeout", "10m")
    own.router.wait_ready(1, ["m"])

    async def upgrade(crowd):
        await crowd.answers(per_second)
        await asyncio.to_thread(own.upgrade)
        await crowd.answers(per_second)

    crowded(own, streams, per_second, upgrade)
    assert own.former_status() == 0
    assert own.status()["upgrades"] == {"succeeded": 1, "failed": 0, "problem": None}
    assert own.router.event_lines("upgraded")[0]["pid"] == str(own.pid)
    assert own.router.event_lines("took over")[0]["from_pid"] == str(own.pids[0])


def test_two_upgrades_in_a_row(start, start_mock, upgrade_size):
    """The first process still has its streams when the third one comes."""
    streams, per_second = (max(1, count // 4) for count in upgrade_size)
    mock = start_mock("a", "m", tokens=1_000_000, itl="200ms")
    own = start({"a": mock.url}, "--drain-timeout", "10m")
    own.router.wait_ready(1, ["m"])

    async def upgrade_twice(crowd):
        for _ in range(2):
            await crowd.answers(per_second // 2)
            await asyncio.to_thread(own.upgrade)
        await crowd.answers(per_second // 2)
        assert own.router.process.poll() is None, "it left its streams"
        own.wait_for_end(own.pids[1])

    crowded(own, streams, per_second, upgrade_twice)
    assert own.former_status() == 0
    assert MetricsPage(own.router).value("oairouter_upgrades_total", result="ok") == 2


def test_programs_that_cannot_serve_change_nothing(start, start_mock, tmp_path, upgrade_size):
    streams, per_second = (max(1, count // 4) for count in upgrade_size)
    mock = start_mock("a", "m", tokens=1_000_000, itl="200ms")
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    broken = {
        str(tmp_path / "nowhere"): "No such file or directory",
        str(tmp_path): "Permission denied",
        script(tmp_path, "leaves", "exit 3"): "ended with status 3",
        script(tmp_path, "crashes", "kill -SEGV $$"): "ended by signal 11",
        script(tmp_path, "hangs", "exec sleep 1000"): "wasn't ready in time",
        script(tmp_path, "shuts", "exec 3>&- 4>&- 5>&- 6>&-; exec sleep 1000"): "signal 9",
    }

    async def fail(crowd):
        for program, reason in broken.items():
            answer = await asyncio.to_thread(own.ask, binary=program, timeout_ms=1000)
            assert answer.status == 500, answer.body
            assert answer.error["code"] == "upgrade_failed"
            assert reason in answer.error["message"]
            await crowd.answers(per_second // 4)

    crowded(own, streams, per_second, fail)
    status = own.status()
    assert status["pid"] == own.pids[0] and status["state"] == "serving"
    assert status["upgrades"]["failed"] == len(broken)
    assert "signal 9" in status["upgrades"]["problem"]
    assert MetricsPage(own.router).value("oairouter_upgrades_total", result="failed") == 6
    assert len(own.router.event_lines("upgrade failed")) == len(broken)
    # Nothing of them is left, and the next one may come.
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists():
        of_router = pathlib.Path(f"/proc/{own.pid}/task/{own.pid}/children").read_text()
        assert of_router.split() == []
    own.upgrade()


def test_a_configuration_that_cannot_be_is_told(start_own, start_mock, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    path = tmp_path / "oairouter.yaml"
    admin = {"admin": f"unix:{tmp_path}/admin.sock"}
    replace(path, configuration({"a": mock}, **admin))
    own = start_own("--config", path)
    own.router.wait_ready(1, ["m"])
    replace(path, configuration({"a": mock}, queue={"mox": 1}, **admin))
    answer = own.ask()
    assert answer.status == 500 and "queue has no key 'mox'" in answer.error["message"]
    replace(path, configuration({"a": mock}, aliases={"gpt": "m"}, **admin))
    own.upgrade()
    own.router.wait_ready(1, ["m", "gpt"])
    assert own.router.post(CHAT, chat("gpt", stream=False)).status == 200


# The two processes.


def test_a_stream_of_before_ends_whole_and_its_process_with_it(start, start_mock):
    mock = start_mock("a", "m", tokens=60, ttft="5ms", itl="30ms")
    # The one that goes is told by nobody that it goes: there is nothing to wait for.
    own = start({"a": mock.url}, "--drain-delay", "1h")
    own.router.wait_ready(1, ["m"])
    kept = own.router.client()
    client, chunks, payload = open_stream(own.router)
    with kept, client:
        assert kept.ask("GET", "/readyz").status == 200
        own.upgrade()
        # A probe on a connection of before asks for both.
        answer = kept.ask("GET", "/readyz")
        assert answer.status == 200 and answer.head.get("connection") == "close"
        payload += b"".join(piece for _, piece in chunks)
    data = events(payload)
    assert data[-1] == b"[DONE]" and sum(bool(content_of(event)) for event in data) >= 60
    assert own.former_status() == 0
    assert own.router.ask("GET", "/readyz").status == 200
    for number in (signal.SIGTERM, signal.SIGINT):
        own.signal(number)


def test_a_silent_administrator_keeps_nobody_at_the_former(start, start_mock):
    mock = start_mock("a", "m", tokens=3)
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    served = own.status()["requests"]
    with own.admin.connect():
        own.upgrade()
        # The former waits for him, and accepts nobody meanwhile.
        assert not has_ended(own.pids[0])
        for _ in range(20):
            assert own.router.ask("GET", "/livez").status == 200
        assert own.former_status() == 0
    assert [line["requests"] for line in own.router.event_lines("stopped")] == [str(served)]


def test_arguments_environment_and_folder_are_passed_on(start_own, start_mock, binary, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    shutil.copy(binary, tmp_path / "router")
    own = start_own(
        "--listen", "127.0.0.1:0", "--admin", f"unix:{tmp_path}/admin.sock", "--discover", "off",
        command=["./router", "serve"],
        environment={"OAIROUTER_BACKENDS": json.dumps([{"id": "a", "url": mock.url}])},
        cwd=tmp_path,
    )
    own.router.wait_ready(1, ["m"])

    def facts(pid):
        folder = pathlib.Path(f"/proc/{pid}")
        # Beside the program's own path.
        arguments = (folder / "cmdline").read_bytes().split(b"\0")[1:]
        variables = set((folder / "environ").read_bytes().split(b"\0"))
        variables = {entry for entry in variables if not entry.startswith((b"LISTEN_", b"OAIR_"))}
        return arguments, variables, os.readlink(folder / "cwd"), os.readlink(folder / "fd/0")

    before = facts(own.pid)
    for _ in range(2):
        # A new program under the same path, as a package manager puts it there.
        shutil.copy(binary, tmp_path / "new")
        os.replace(tmp_path / "new", tmp_path / "router")
        pid = own.upgrade()
        assert facts(pid) == before
        assert os.readlink(f"/proc/{pid}/exe") == str(tmp_path / "router")
    own.router.wait_ready(1, ["m"])


def open_files(pid):
    """What a process has open; what it closes meanwhile isn't."""
    names = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(link))
    return names


def test_only_what_is_meant_is_handed_over(start, start_mock):
    """No connection, poller or watched folder of one process is open in the next one."""
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    client, _, _ = open_stream(own.router)
    with client:
        sockets = []
        for pid in (own.pid, own.upgrade()):
            names = open_files(pid)
            sockets.append({name for name in names if name.startswith(("socket:", "pipe:"))})
            assert sum("eventpoll" in name for name in names) <= 4
        # The clients' and the administrators' listener, and standard output.
        assert len(sockets[0] & sockets[1]) <= 3


def test_the_files_of_sockets_go_with_the_last_one(start_own, start_mock, tmp_path, run):
    mock = start_mock("a", "m", tokens=3)
    path, runtime = tmp_path / "clients.sock", tmp_path / "run"
    runtime.mkdir(mode=0o700)
    own = start_own(
        "--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--backend", f"a={mock.url}",
        environment={"XDG_RUNTIME_DIR": str(runtime)},
    )
    own.admin = Admin(runtime / "oairouter/admin.sock")
    own.router.wait_ready(1, ["m"])
    for _ in range(2):
        former = own.pid
        done = run("upgrade", environment={"XDG_RUNTIME_DIR": str(runtime)})
        assert done.returncode == 0, done.stderr
        assert f"process {former} finishes" in done.stdout
        own.pids.append(int(done.stdout.split()[1]))
        own.wait_for_end(former)
        assert path.is_socket() and (runtime / "oairouter/admin.sock").is_socket()
        shown = run("status", environment={"XDG_RUNTIME_DIR": str(runtime)})
        assert shown.returncode == 0 and str(own.pid) in shown.stdout, shown.stderr
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    own.signal(signal.SIGTERM)
    own.wait_for_end(own.pid)
    assert not path.exists() and not (runtime / "oairouter/admin.sock").exists()


def test_sockets_of_a_service_manager_stay_its_own(start_own, start_mock, binary, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    path = tmp_path / "admin.sock"
    with socket.socket() as clients, socket.socket(socket.AF_UNIX) as admin:
        clients.bind(("127.0.0.1", 0))
        admin.bind(str(path))
        for sock in (clients, admin):
            sock.listen(64)
        sockets = [clients, admin]
        command = handing_over(sockets, [binary, "serve", "--discover", "off"])
        own = start_own(
            "--backend", f"a={mock.url}",
            command=command,
            environment={"LISTEN_FDNAMES": "http:admin"},
            descriptors=[sock.fileno() for sock in sockets],
        )
        own.router.wait_ready(1, ["m"])
        own.upgrade()
        assert own.former_status() == 0
        assert rawhttp.ask(clients.getsockname(), "GET", "/readyz").status == 200
        own.signal(signal.SIGTERM)
        own.wait_for_end(own.pid)
        assert path.exists(), "it isn't the router's to remove"


# Who may, and when.


def test_one_at_a_time(start, start_mock, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    slow = script(tmp_path, "slow", f"touch {tmp_path}/started; exec sleep 1000")
    first = Background(lambda: own.ask(binary=slow, timeout_ms=3000))
    wait_until((tmp_path / "started").exists, "the first one")
    second = own.ask()
    assert (second.status, second.error["code"]) == (409, "upgrade_refused")
    assert first.result().status == 500
    own.upgrade()


@pytest.mark.parametrize(
    "body, says",
    [
        ({"binary": "oairouter"}, "absolute"),
        ({"binary": ""}, "binary"),
        ({"binary": "/" + "x" * 5000}, "absolute"),
        ({"binary": "/a\0b"}, "absolute"),
        ({"timeout_ms": 26_000}, "25000"),
        ({"timeout_ms": 0}, "1000"),
        ({"program": "/x"}, "program"),
        (b"[", "upgrade"),
    ],
)
def test_an_order_that_cannot_be_is_told(start, body, says):
    own = start({})
    answer = own.admin.ask("POST", "/admin/upgrade", body)
    assert (answer.status, answer.error["code"]) == (400, "invalid_upgrade")
    assert says in answer.error["message"]
    assert own.admin.ask("GET", "/admin/upgrade").status == 405
    assert own.status()["pid"] == own.pids[0]


def test_a_key_is_no_way_to_run_any_program(start_own, start_mock, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    (tmp_path / "key").write_text(KEY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    own = start_own(
        "--listen", "127.0.0.1:0", "--backend", f"a={mock.url}",
        "--admin", "%s:%d" % address, "--admin-key-file", str(tmp_path / "key"),
    )
    own.admin = Admin(address, KEY)
    own.router.wait_ready(1, ["m"])
    assert Admin(address, "wrong" * 8).ask("POST", "/admin/upgrade").status == 401
    ran = tmp_path / "ran"
    answer = own.ask(binary=script(tmp_path, "any", f"touch {ran}"))
    assert (answer.status, answer.error["code"]) == (403, "upgrade_binary_forbidden")
    assert not ran.exists()
    assert own.router.ask("POST", "/admin/upgrade").status == 404
    own.upgrade()


def test_process_1_stays(binary, tmp_path, running):
    """A container ends with it, and whoever else is in it."""
    if os.geteuid() != 0:
        pytest.skip("only root makes namespaces of process ids")
    admin = Admin(tmp_path / "admin.sock")
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=TERM", binary, "serve"]
    command += ["--listen", "127.0.0.1:0", "--admin", admin.option, "--discover", "off"]
    router = Router(command, folder=tmp_path, name="contained")
    running.append(router)
    answer = admin.ask("POST", "/admin/upgrade")
    assert (answer.status, answer.error["code"]) == (409, "upgrade_refused")
    assert "container" in answer.error["message"]
    assert admin.ask("GET", "/admin/status").json()["pid"] == 1
    [child] = pathlib.Path(
        f"/proc/{router.process.pid}/task/{router.process.pid}/children"
    ).read_text().split()
    os.kill(int(child), signal.SIGTERM)
    router.wait()


FORMER_WITHOUT_A_WORD = """
import fcntl, os, select, socket, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener = socket.create_server(("127.0.0.1", 0))
former, child = os.getpid(), os.fork()
if child == 0:
    numbers = [fcntl.fcntl(item.fileno(), fcntl.F_DUPFD, 20) for item in (listener, theirs)]
    for place, number in enumerate(numbers):
        os.dup2(number, 3 + place)
        os.close(number)
    environment = {**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
    environment["OAIR_HANDOVER"] = f"parent={former};channel=4"
    output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.execve(sys.argv[2], sys.argv[2:], environment)
theirs.close()
assert ours.recv(4096).startswith(b"prepared ")
ours.send(b"serve")
assert ours.recv(4096) == b"serving"
print(child, listener.getsockname()[1], flush=True)
# As the kernel does it at a process's end, and long enough to be seen.
ours.close()
select.select([], [], [], 0.2)
os._exit(0)
"""


def test_who_is_left_alone_by_a_former_that_dies_serves_on(binary, start_mock, tmp_path):
    """Its descriptors are closed a moment before its child has another parent."""
    mock = start_mock("a", "m", tokens=3)
    log = tmp_path / "log"
    command = [binary, "serve", "--backend", f"a={mock.url}", "--discover", "off"]
    former = subprocess.run(
        [sys.executable, "-c", FORMER_WITHOUT_A_WORD, log, *command, "--admin", "off"],
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )
    assert former.returncode == 0, former.stderr + log.read_text()
    pid, port = map(int, former.stdout.split())
    try:
        wait_until(lambda: 'event="took over"' in log.read_text(), "it to know")
        with rawhttp.RawClient(("127.0.0.1", port)) as client:
            client.post_json(CHAT, chat("m", stream=False))
            assert client.reader.response().status == 200
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid), "its end", STOP_SECONDS)


# Signals.


def test_a_stop_during_an_upgrade_ends_both(start, start_mock, tmp_path):
    mock = start_mock("a", "m", tokens=3)
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    slow = script(tmp_path, "slow", f"echo $$ >{tmp_path}/pid.new; "
                  f"mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 1000")
    answer = Background(lambda: own.ask(binary=slow))
    wait_until((tmp_path / "pid").exists, "the successor")
    own.signal(signal.SIGTERM)
    assert answer.result().status == 500
    own.wait_for_end(int((tmp_path / "pid").read_text()))
    assert own.former_status() == 0


def test_a_manager_that_stops_both_cuts_no_stream_of_the_former(start, start_mock):
    """systemd sends SIGTERM to all of a service, and again when the main process has ended."""
    mock = start_mock("a", "m", tokens=60, ttft="5ms", itl="30ms")
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    client, chunks, payload = open_stream(own.router)
    with client:
        own.upgrade()
        for _ in range(3):
            own.signal(signal.SIGTERM, own.pids[0])
        own.signal(signal.SIGTERM)
        own.wait_for_end(own.pid)
        payload += b"".join(piece for _, piece in chunks)
    assert events(payload)[-1] == b"[DONE]"
    assert own.former_status() == 0


def test_somebody_at_a_terminal_is_heard(start, start_mock):
    mock = start_mock("a", "m", tokens=2000, ttft="5ms", itl="20ms")
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    client, chunks, _ = open_stream(own.router)
    with client:
        own.upgrade()
        own.signal(signal.SIGINT, own.pids[0])
        assert next(chunks), "the first one cut it"
        wait_until(
            lambda: own.router.process.poll() is not None
            or own.signal(signal.SIGINT, own.pids[0]),
            "its end",
        )
        assert own.router.process.returncode == 1


def test_without_a_manager_the_former_finishes_all_the_same(start, start_mock):
    mock = start_mock("a", "m", tokens=60, ttft="5ms", itl="30ms")
    own = start({"a": mock.url})
    own.router.wait_ready(1, ["m"])
    client, chunks, payload = open_stream(own.router)
    with client:
        own.upgrade()
        own.signal(signal.SIGKILL)
        wait_until(lambda: own.router.event_lines("successor lost"), "it to be noticed")
        payload += b"".join(piece for _, piece in chunks)
    assert events(payload)[-1] == b"[DONE]"
    assert own.former_status() == 1
