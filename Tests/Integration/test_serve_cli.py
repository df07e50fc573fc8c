"""The command line: what it prints, how it refuses, its exit statuses."""

import http.server
import json
import os
import pty
import re
import resource
import shutil
import signal
import socket
import sys
import threading

import pytest

from programs import LISTENING, Router
from rawhttp import chat, content_of, events
from waiting import wait_until

CHAT = "/v1/chat/completions"


def refuses(done, *wanted, status=2):
    """Asserts a refusal of the command line: its status, and a text that names what is wrong."""
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    for word in wanted:
        assert word.lower() in done.stderr.lower(), done.stderr
    assert "Fatal error" not in done.stderr and "Stack dump" not in done.stderr


BAD_USAGE = {
    "unknown option": (["--nonsense"], "--nonsense"),
    "unknown log format": (["--log-format", "xml"], "xml"),
    "unknown log level": (["--log-level", "loud"], "loud"),
    "duration without a unit": (["--drain-timeout", "30"], "drain-timeout"),
    "negative duration": (["--drain-timeout=-1s"], "drain-timeout"),
    "listen without a port": (["--listen", "127.0.0.1"], "127.0.0.1"),
    "listen port out of range": (["--listen", "127.0.0.1:70000"], "go up to 65535"),
    "backend that is no URL": (["--backend", "a=nonsense"], "nonsense"),
    "backend of another scheme": (["--backend", "a=ftp://127.0.0.1:1"], "ftp"),
    "same backend id twice": (
        ["--backend", "a=http://127.0.0.1:1", "--backend", "a=http://127.0.0.1:2"],
        "a",
    ),
    "backend id that can't stand in a header": (["--backend", "a b=http://127.0.0.1:1"], "visible"),
    "no room for one body": (["--limits.bodies-total", "70MiB"], "bodies_total"),
    "no time to wait": (["--queue.timeout", "0s"], "queue.timeout"),
    "unknown policy": (["--balance", "fastest"], "least_in_flight"),
    "a queue of less than nothing": (["--queue.max=-1"], "queue.max"),
    "a session's field that can't be one": (
        ["--session-affinity.enabled", "--session-affinity.header", "X Session"],
        "session_affinity.header",
    ),
    "unknown setting of a backend": (["--backend", "a=http://127.0.0.1:1,wait=2"], "wait"),
    "weight of a backend out of range": (["--backend", "a=http://127.0.0.1:1,weight=0"], "weight"),
    "unknown type of a backend": (["--backend", "a=http://127.0.0.1:1,type=gpt"], "vllm"),
    "default backend that is none": (
        ["--backend", "a=http://127.0.0.1:1", "--default-backend", "b"],
        "b",
    ),
}


@pytest.mark.parametrize(("arguments", "word"), BAD_USAGE.values(), ids=BAD_USAGE.keys())
def test_bad_usage_is_refused_with_status_2(run, arguments, word):
    if "--listen" not in arguments:
        arguments = ["--listen", "127.0.0.1:0", *arguments]
    refuses(run("serve", *arguments), word)


def test_a_router_without_any_backend_says_so(start_mock, start_router):
    event = "no backends"
    alone = start_router({})
    (warning,) = wait_until(lambda: alone.event_lines(event), "a warning")
    assert warning["level"] == "warning" and "nothing looks for any" in warning["reason"]
    named = start_router({"a": start_mock("a", "m").url}, name="named").wait_ready(1, ["m"])
    demo = start_router({}, "--demo", name="demo").wait_ready(1, ["demo"])
    assert named.event_lines(event) == demo.event_lines(event) == []


def test_every_line_is_json_when_that_is_asked_for(start_mock, start_router):
    router = start_router({"a": start_mock("a", "m").url}).wait_ready(1, ["m"])
    router.ask("GET", "/health")
    wait_until(lambda: len(list(router.lines)) >= 2, "a request's line")
    first, *others = [json.loads(line) for line in list(router.lines)]
    assert (first["event"], first["url"]) == ("listening", router.url)
    assert {line["event"] for line in others} == {"access"}


def test_an_answer_of_its_own_takes_time_too(start_router):
    router = start_router({})
    router.ask("GET", "/health")
    router.ask("GET", "/nothing")
    wait_until(lambda: len(router.access_lines()) == 2, "two lines")
    assert all(0 < line["duration_ms"] < 5000 for line in router.access_lines())


def test_an_unknown_subcommand_is_refused_with_status_2(run):
    refuses(run("sevre"), "sevre")


def test_a_taken_port_is_refused_with_what_to_do(run):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = run("serve", "--demo", "--listen", f"127.0.0.1:{port}")
    # Not as bad usage: its holder may end, and a service manager is to try again.
    refuses(done, str(port), "--listen", status=1)
    assert re.search(r"in use|taken", done.stderr)
    assert "listening on" not in done.stdout


def test_an_address_that_isnt_there_yet_is_refused_as_what_may_pass(run):
    refuses(run("serve", "--demo", "--listen", "192.0.2.1:8080"), "192.0.2.1", status=1)


def test_help_shows_defaults_and_no_internals(run):
    text = " ".join(run("serve", "--help").stdout.split())
    assert "(default: false) (default as flag: true)" in text
    assert "SettingFlag" not in text


def test_an_address_is_listened_on_once(run):
    ended = run("check", "--listen", "127.0.0.1:7001", "--listen", "127.0.0.1:7001")
    assert ended.returncode == 2
    assert "listen has 127.0.0.1:7001 twice" in ended.stderr


def test_help_names_the_subcommands(run):
    done = run("--help")
    assert done.returncode == 0
    for subcommand in ("serve", "discover", "mock", "models", "status", "version"):
        assert subcommand in done.stdout


def test_version_is_one_line(run):
    done = run("version")
    assert done.returncode == 0
    assert re.fullmatch(r"oairouter \d+\.\d+\.\d+\S*\n", done.stdout)


def test_the_demo_streams_without_any_backend(start_router):
    router = start_router({}, "--demo")
    router.wait_ready(1)
    model = wait_until(router.models, "its model")[0]
    answer = router.post(CHAT, chat(model))
    assert answer.status == 200
    data = events(answer.payload)
    assert data[-1] == b"[DONE]"
    assert sum(bool(content_of(event)) for event in data) > 1


def test_the_demo_has_what_each_kind_of_client_asks_for(start_router):
    router = start_router({}, "--demo").wait_ready(1, ["demo"])
    listed = router.ask("GET", "/api/tags").json()["models"]
    assert [model["name"] for model in listed] == ["demo"]
    for path in ("/api/chat", "/v1/messages", "/v1/chat/completions", "/v1/responses"):
        request = {**chat("demo", stream=False), "input": "Hello", "max_tokens": 8}
        answer = router.post(path, request)
        assert answer.status == 200, (path, answer.payload)
        assert answer.json()["model"] == "demo"


def test_the_address_is_printed_once_for_each_listener(start_router):
    router = start_router({}, "--demo", "--listen", "127.0.0.1:0")
    router.wait_for_line(LISTENING, count=2)
    lines = [line for line in router.lines if LISTENING.search(line)]
    ports = {LISTENING.search(line).group(1) for line in lines}
    assert len(lines) == 2
    assert len(ports) == 2
    assert not any(port.endswith(":0") for port in ports)


def test_each_request_leaves_one_access_line(start_mock, start_router):
    mock = start_mock("a", "m", tokens=2)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    router.post(CHAT, chat("m"), [("X-Request-ID", "look-for-me")])
    line = router.wait_for_line(re.compile(r"^\{.*look-for-me.*\}$")).group(0)
    record = json.loads(line)
    assert record["status"] == 200
    assert "Say a few words" not in line, "a prompt was logged"


def test_models_lists_what_a_router_serves(run, start_mock, start_router):
    mock = start_mock("a", "m", "n", tokens=2)
    router = start_router({"a": mock.url}).wait_ready(1, ["m", "n"])
    done = run("models", "--url", router.url)
    assert done.returncode == 0
    assert {"m", "n"} <= set(done.stdout.split())


def test_status_shows_what_a_router_is_doing(run, start_mock, start_router):
    mock = start_mock("a", "m", tokens=2)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    done = run("status", "--url", router.url)
    assert done.returncode == 0
    assert "ok" in done.stdout


@pytest.mark.parametrize("command", ["models", "status"])
def test_asking_a_router_that_is_not_there_fails_with_status_1(run, refused_url, command):
    done = run(command, "--url", refused_url)
    assert done.returncode == 1
    assert refused_url.removeprefix("http://") in done.stderr


def test_a_container_engine_that_needs_tls_is_refused_with_what_to_do(run):
    for environment in (
        {"DOCKER_HOST": "https://127.0.0.1:2376"},
        {"DOCKER_HOST": "tcp://127.0.0.1:2376", "DOCKER_TLS_VERIFY": "1"},
    ):
        done = run("serve", "--listen", "127.0.0.1:0", environment=environment)
        refuses(done, "isn't built in", "ssh")
    done = run("serve", "--discover", "docker", "--discovery.docker.host", "nonsense")
    refuses(done, "nonsense", "unix:///var/run/docker.sock")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--discover", "everything"], "everything"),
        (["--discovery.docker.allow", "10.0.0.0/40"], "10.0.0.0/40"),
        (["--discovery.docker.image-rules", '[{"image":"x"}]'], "needs type"),
        (["--discovery.docker.image-rules", '[{"image":"x","type":"y","port":1}]'], "vllm"),
    ],
)
def test_bad_discovery_options_are_refused(run, arguments, word):
    refuses(run("serve", "--listen", "127.0.0.1:0", *arguments), word)


def test_discover_says_why_it_looks_at_no_containers(run, tmp_path):
    if any(os.path.exists(path) for path in ("/var/run/docker.sock", "/run/podman/podman.sock")):
        pytest.skip("a container engine is there")
    environment = {"DOCKER_HOST": "", "XDG_RUNTIME_DIR": str(tmp_path)}
    done = run("discover", environment=environment)
    assert done.returncode == 0
    assert re.search(r"docker +container engine +there is no socket of Docker", done.stdout)


def test_an_engine_that_is_not_there_yet_is_waited_for(run, tmp_path):
    host = f"unix://{tmp_path}/none.sock"
    done = run("discover", "--discover", "docker", "--discovery.docker.host", host)
    assert done.returncode == 1
    assert f"nobody listens at {host}" in done.stdout


def test_a_local_server_is_found_and_no_client_key_reaches_it(binary, tmp_path, running):
    server = HeadServer(11434)
    try:
        command = [binary, "--listen", "127.0.0.1:0", "--discovery.docker.enabled", "off"]
        router = Router(command, folder=tmp_path, name="zero")
        running.append(router)
        router.wait_ready(1, ["m"])
        router.post(CHAT, chat("m"), [("Authorization", "Bearer secret")])
    finally:
        server.stop()
    posts = [head for head in server.heads if head.startswith("POST")]
    assert posts and not any("secret" in head for head in server.heads)


class HeadServer:
    """An OpenAI server at a fixed port that keeps the heads of its requests."""

    def __init__(self, port):
        keeper = self
        self.heads = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                keeper.heads.append(f"{self.command} {self.path}\n{self.headers}")
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                body = b'{"object":"list","data":[{"id":"m","object":"model","owned_by":"x"}]}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        try:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError:
            pytest.skip(f"port {port} of this machine is taken")
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def test_a_command_that_there_is_not_is_told_with_the_one_meant(run):
    refuses(run("srve"), "no command 'srve'; did you mean 'serve'?")
    done = run("quux")
    refuses(done, "no command 'quux'; 'oairouter --help'")


# Starts a program as the session leader of a terminal, as an emulator does without a shell.
IN_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.close(int(sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""


def start_in_terminal(binary, folder, running, *before):
    """A router whose terminal goes when the descriptor that comes with it is closed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", IN_TERMINAL, str(theirs), *before, binary, "serve", "--demo"]
    command += ["--listen", "127.0.0.1:0", "--admin", "off"]
    router = Router(command, folder=folder, name="router", descriptors=[theirs])
    os.close(theirs)
    running.append(router)
    return router.wait_ready(1, ["demo"]), ours


def test_a_terminal_that_goes_ends_it_in_order(binary, tmp_path, running):
    router, terminal = start_in_terminal(binary, tmp_path, running)
    # From a process it is a reload, terminal or not.
    router.signal(signal.SIGHUP)
    wait_until(lambda: "nothing to reload" in router.errors, "the reload")
    os.close(terminal)
    assert router.wait() == 0
    assert "stopped" in router.errors


def test_nohup_outlives_the_terminal(binary, tmp_path, running):
    router, terminal = start_in_terminal(binary, tmp_path, running, shutil.which("nohup"))
    os.close(terminal)
    router.signal(signal.SIGHUP)
    wait_until(lambda: "nothing to reload" in router.errors, "the reload")
    assert router.post(CHAT, chat("demo", stream=False)).status == 200


@pytest.mark.parametrize(("soft", "hard", "raised"), [(256, 2048, 2048), (256, 100_000, 65_536)])
def test_the_descriptor_limit_is_raised(binary, tmp_path, running, soft, hard, raised):
    if hard > resource.getrlimit(resource.RLIMIT_NOFILE)[1]:
        pytest.skip("the hard limit can't be raised here")
    command = ["prlimit", f"--nofile={soft}:{hard}", binary, "serve", "--demo"]
    command += ["--listen", "127.0.0.1:0", "--admin", "off"]
    router = Router(command, folder=tmp_path, name="router")
    running.append(router)
    router.wait_ready(1, ["demo"])
    limits = resource.prlimit(router.process.pid, resource.RLIMIT_NOFILE)
    assert limits == (raised, hard)
    assert re.search(rf'descriptor limit.*open_files="?{raised}"?.*was="?{soft}\b', router.errors)
