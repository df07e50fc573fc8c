"""The admin listener: who may ask, what can be asked, and that it disturbs nobody."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import stat
import threading

import pytest

from admin_client import Admin
from programs import Router
from rawhttp import chat, content_of, events
from scripted_backend import next_call_of
from test_drain import open_stream
from waiting import wait_until

CHAT = "/v1/chat/completions"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def start_administered(start_router, tmp_path):
    """start_administered(backends, *arguments): a router, and a client of its admin listener."""

    def start(backends, *arguments):
        path = tmp_path / "admin.sock"
        router = start_router(backends, "--admin", f"unix:{path}", *arguments)
        return router, Admin(path)

    return start


@pytest.fixture
def start_automatic(binary, tmp_path, running):
    """start_automatic(name): a router that finds a place for its admin socket by itself."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)

    def start(name):
        command = [binary, "serve", "--listen", "127.0.0.1:0"]
        environment = {"XDG_RUNTIME_DIR": str(runtime), "RUNTIME_DIRECTORY": ""}
        router = Router(command, folder=tmp_path, name=name, environment=environment)
        running.append(router)
        return router, runtime / "oairouter"

    return start


def wait_listed(router, admin, count):
    """Waits until that many backends are healthy and each has told its models."""
    router.wait_ready(count)
    wait_until(
        lambda: all(backend["models_known"] for backend in admin.backends().values()),
        "every backend's models",
    )


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# Who may ask.


def test_its_socket_is_for_the_user_alone_and_goes_with_the_router(start_automatic):
    former = os.umask(0)
    try:
        router, folder = start_automatic("first")
    finally:
        os.umask(former)
    socket_file = folder / "admin.sock"
    wait_until(lambda: Admin(socket_file).ask("GET", "/admin/status").status == 200, "an answer")
    assert stat.S_ISSOCK(socket_file.stat().st_mode)
    assert (mode(folder), mode(socket_file)) == (0o700, 0o600)
    router.signal(signal.SIGTERM)
    assert router.wait() == 0
    assert not socket_file.exists()


def test_a_second_router_has_a_socket_of_its_own_and_commands_want_to_know_which(
    start_automatic, run
):
    first, folder = start_automatic("first")
    second, _ = start_automatic("second")
    environment = {"XDG_RUNTIME_DIR": str(folder.parent), "RUNTIME_DIRECTORY": ""}
    names = {"admin.sock", f"admin-{second.process.pid}.sock"}
    wait_until(lambda: {path.name for path in folder.iterdir()} == names, "two sockets")
    done = run("status", environment=environment)
    assert done.returncode == 2 and all(name in done.stderr for name in names), done.stderr
    second.signal(signal.SIGTERM)
    second.wait()
    done = run("status", "--json", environment=environment)
    assert json.loads(done.stdout)["pid"] == first.process.pid
    # Nothing is ready without a backend.
    assert done.returncode == 1


def test_commands_say_whom_they_ask_in_place_of_the_usual_one(start_automatic, run, tmp_path):
    first, folder = start_automatic("first")
    second, _ = start_automatic("second")
    environment = {"XDG_RUNTIME_DIR": str(folder.parent), "RUNTIME_DIRECTORY": ""}
    first.signal(signal.SIGTERM)
    first.wait()
    other = f"admin-{second.process.pid}.sock"
    wait_until(lambda: [path.name for path in folder.iterdir()] == [other], "one socket")
    done = run("status", "--json", environment=environment)
    assert json.loads(done.stdout)["pid"] == second.process.pid
    assert f"asking the router at unix:{folder}/{other}" in done.stderr
    done = run("status", environment={**environment, "XDG_RUNTIME_DIR": str(tmp_path / "none")})
    assert "no admin listener was found; asking http://127.0.0.1:11434" in done.stderr


def test_the_socket_of_a_killed_router_is_taken_over(start_automatic):
    first, folder = start_automatic("first")
    wait_until((folder / "admin.sock").exists, "its socket")
    first.kill()
    second, _ = start_automatic("second")
    admin = Admin(folder / "admin.sock")
    assert admin.ask("GET", "/admin/status").json()["pid"] == second.process.pid
    assert [path.name for path in folder.iterdir()] == ["admin.sock"]


def test_an_address_that_anybody_reaches_needs_a_key(run, tmp_path):
    done = run("serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert done.returncode == 2 and "--admin-key-file" in done.stderr, done.stderr
    short = tmp_path / "key"
    short.write_text("short\n")
    done = run("serve", "--admin", "127.0.0.1:0", "--admin-key-file", short)
    assert done.returncode == 2 and "16" in done.stderr, done.stderr


@pytest.fixture
def keyed(start_router, start_mock, tmp_path):
    """The address of a router's admin listener, and the file with its key."""
    (tmp_path / "key").write_text(KEY + "\n")
    mock = start_mock("a", "m")
    options = ["--admin", "127.0.0.1:0", "--admin-key-file", tmp_path / "key"]
    router = start_router({"a": mock.url}, *options).wait_ready(1, ["m"])
    port = re.search(r'"admin":"127\.0\.0\.1:(\d+)"', router.errors).group(1)
    return ("127.0.0.1", int(port)), tmp_path / "key"


@pytest.mark.parametrize("key", [None, KEY[:-1], KEY + "0", KEY[:-1] + "X", ""])
def test_a_wrong_key_is_401_and_changes_nothing(keyed, key):
    address, _ = keyed
    refused = Admin(address, key).ask("DELETE", "/admin/backends/a")
    assert refused.status == 401 and refused.error["code"] == "invalid_api_key"
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert "a" in Admin(address, KEY).backends()


def test_commands_show_the_key(keyed, run):
    address, key_file = keyed
    there = ["--admin", "%s:%d" % address]
    done = run("backends", *there)
    assert done.returncode == 1 and "--admin-key-file" in done.stderr, done.stderr
    done = run("backends", "list", *there, "--admin-key-file", key_file)
    assert done.returncode == 0 and "ready" in done.stdout, done.stderr


def test_clients_listeners_have_no_admin_paths(start_mock, start_administered):
    router, _ = start_administered({"a": start_mock("a", "m").url})
    for method, path in [("GET", "/admin/status"), ("DELETE", "/admin/backends/a")]:
        assert router.ask(method, path).status == 404


# What can be asked.


def test_every_endpoint_answers(start_mock, start_administered):
    first, second = start_mock("a", "m"), start_mock("b", "n")
    router, admin = start_administered({"a": first.url})
    router.wait_ready(1, ["m"])
    added = admin.ask("POST", "/admin/backends", {"id": "b", "url": second.url, "weight": 3})
    assert added.status == 201 and added.json()["weight"] == 3
    router.wait_ready(2, ["m", "n"])
    backends = admin.backends()
    assert [backends[id]["source"] for id in ("a", "b")] == ["flag", "admin"]
    assert backends["b"]["models"] == ["n"] and backends["b"]["state"] == "ready"
    assert admin.ask("GET", "/admin/backends/b").json()["url"] == second.url
    explained = admin.ask("POST", "/admin/route", {"model": "n"}).json()
    assert explained["chosen"] == "b" and explained["candidates"][0]["eligible"]
    status = admin.ask("GET", "/admin/status").json()
    assert (status["backends_healthy"], status["state"]) == (2, "serving")
    assert status["listen"] == [router.url]
    assert admin.ask("POST", "/admin/backends/b/drain").json()["state"] == "draining"
    assert admin.ask("POST", "/admin/backends/b/resume").json()["state"] == "ready"
    assert admin.ask("PUT", "/admin/log-level", {"level": "debug"}).json()["before"] == "info"
    assert admin.ask("GET", "/admin/log-level").json() == {"level": "debug"}
    assert admin.ask("DELETE", "/admin/backends/b").json() == {"removed": "b", "in_flight": 0}
    wait_until(lambda: router.models() == ["m"], "its model to be gone")


def test_a_configured_backend_is_back_when_an_administrators_goes(
    start_mock, binary, running, run, tmp_path
):
    mock, other = start_mock("mock", "m"), start_mock("other", "n")
    configuration = {"listen": ["127.0.0.1:0"], "admin": f"unix:{tmp_path}/admin.sock"}
    configuration["backends"] = [{"id": "a", "url": mock.url, "weight": 3}]
    path = tmp_path / "router.yaml"
    path.write_text(json.dumps(configuration))
    router = Router([binary, "serve", "--config", path], folder=tmp_path, name="router")
    running.append(router)
    router.wait_ready(1, ["m"])
    admin = Admin(tmp_path / "admin.sock")
    assert run("backends", "add", f"a={other.url}", "--admin", admin.option).returncode == 0
    router.wait_ready(1, ["n"])
    assert admin.backends()["a"]["source"] == "admin"
    removed = run("backends", "rm", "a", "--admin", admin.option).stdout
    assert removed == "removed a; the one from file has its place again\n"
    back = admin.backends()["a"]
    assert (back["source"], back["url"], back["weight"]) == ("file", mock.url, 3)
    router.wait_ready(1, ["m"])
    assert admin.ask("DELETE", "/admin/backends/a").json() == {"removed": "a", "in_flight": 0}
    assert admin.backends() == {}


def test_what_this_router_listens_on_is_no_backend(start_administered, start_mock):
    router, admin = start_administered({"a": start_mock("a", "m").url})
    for url in [router.url, admin.option]:
        answer = admin.ask("POST", "/admin/backends", {"id": "b", "url": url})
        assert answer.status == 409, url
        assert "this router's own address" in answer.json()["error"]["message"]
    assert list(admin.backends()) == ["a"]


def test_a_backend_that_is_known_is_reported_under_its_own_id(
    start_mock, start_administered, run
):
    mock = start_mock("a", "m")
    router, admin = start_administered({"a": mock.url}, "--aliases", '{"x":"m"}')
    router.wait_ready(1, ["m"])
    added = admin.ask("POST", "/admin/backends", {"id": "b", "url": mock.url})
    assert (added.status, added.json()["id"], added.json()["also_known_as"]) == (200, "a", ["b"])
    done = run("backends", "add", f"c={mock.url}", "--admin", admin.option)
    assert done.stdout == "c is the backend a, which was known already\n"
    events = [json.loads(line) for line in router.errors.splitlines()]
    known = [event for event in events if event["event"] == "backend known already"]
    assert [(event["backend"], event["same_as"]) for event in known] == [("b", "a"), ("c", "a")]
    assert not any(event["event"] == "backend added" for event in events)
    status = run("status", "--admin", admin.option).stdout
    assert re.search(r"models +1, and 1 alias$", status, re.MULTILINE)


def test_sessions_and_stored_responses_are_explained(start_backend, start_administered, run):
    backends = [start_backend("m"), start_backend("m")]
    urls = {"a": backends[0].url, "b": backends[1].url}
    router, admin = start_administered(urls, "--session-affinity.enabled")
    router.wait_ready(2, ["m"])
    body = {"model": "m", "input": "x"}
    for number in range(8):
        session = f"s{number}"
        explained = admin.ask("POST", f"/admin/route?session={session}", body).json()
        assert explained["decided_by"] == "session"
        with router.client() as client:
            client.post_json("/v1/responses", body, [("X-Session-ID", session)])
            call, asked = next_call_of(backends)
            identity = f"resp_{number}"
            answer = b'{"object":"response","id":"%s"}' % identity.encode()
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            call.send(head + b"Content-Length: %d\r\n\r\n" % len(answer) + answer)
            assert client.reader.response().status == 200
        owner = "ab"[backends.index(asked)]
        assert explained["chosen"] == owner
        stored = admin.ask("POST", f"/admin/route?path=/v1/responses/{identity}").json()
        assert (stored["chosen"], stored["decided_by"]) == (owner, "stored response")
        further = {**body, "previous_response_id": identity}
        again = admin.ask("POST", "/admin/route?path=/v1/responses", further).json()
        assert (again["chosen"], again["decided_by"]) == (owner, "stored response")
    asked = ("-d", '{"model":"m"}', "--session", "s1")
    done = run("route", "explain", *asked, "--admin", admin.option)
    assert "decided by  session" in done.stdout and "this session's own" in done.stdout
    done = run("route", "explain", "--path", "/v1/responses/resp_0", "--admin", admin.option)
    assert "it has made this response" in done.stdout


def test_commands_do_what_endpoints_do(start_mock, start_administered, run, tmp_path):
    first, second = start_mock("a", "m"), start_mock("b", "m")
    router, admin = start_administered({"a": first.url})
    router.wait_ready(1, ["m"])

    def command(*arguments, status=0):
        done = run(*arguments, "--admin", admin.option)
        assert done.returncode == status, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    assert "added b" in command("backends", "add", f"b={second.url}", "--weight", "2")
    router.wait_ready(2)
    table = command("backends")
    assert "a " in table and "b " in table and "ready" in table
    assert "draining" in command("backends", "drain", "a")
    body = tmp_path / "body.json"
    body.write_text(json.dumps(chat("m")))
    explained = command("route", "explain", "-d", f"@{body}")
    assert "chosen" in explained and "draining" in explained
    assert "model_not_found" in command("route", "explain", "-d", '{"model":"x"}', status=1)
    assert "unsupported_endpoint" in command(
        "route", "explain", "-d", "{}", "--path", "/v1/files", status=1
    )
    assert "ready" in command("backends", "resume", "a")
    assert "warning, before: info" in command("log-level", "warning")
    assert "removed b" in command("backends", "rm", "b")
    assert "There are: a" in command("backends", "rm", "b", status=1)
    assert "serving" in command("status")
    command("log-level", "loud", status=2)
    command("backends", "add", "nonsense", status=2)


def test_commands_say_what_to_do_when_no_router_runs(run, tmp_path):
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "RUNTIME_DIRECTORY": ""}
    done = run("backends", environment=environment)
    assert done.returncode == 1 and "--admin" in done.stderr, done.stderr
    done = run("backends", "--admin", f"unix:{tmp_path}/nobody")
    assert done.returncode == 1 and "nobody listens" in done.stderr, done.stderr


def test_explaining_is_what_routing_does(start_mock, start_administered):
    busy, free = start_mock("a", "m", tokens=400, itl="20ms"), start_mock("b", "m", tokens=2)
    router, admin = start_administered({"a": busy.url, "b": free.url})
    wait_listed(router, admin, 2)
    admin.ask("POST", "/admin/backends/b/drain")
    client, _, _ = open_stream(router)
    with client:
        admin.ask("POST", "/admin/backends/b/resume")
        wait_until(lambda: admin.backends()["a"]["in_flight"] == 1, "the stream to be counted")
        explained = admin.ask("POST", "/admin/route", chat("m")).json()
        assert explained["chosen"] == "b", json.dumps(explained)
        assert [c["in_flight"] for c in explained["candidates"]] == [1, 0]
        answer = router.post(CHAT, chat("m", stream=False))
        assert answer.head.get("x-oairouter-backend") == "b"
    wait_until(lambda: admin.backends()["a"]["in_flight"] == 0, "the client's leaving")


def test_the_log_level_turns_request_lines_off_and_on(start_mock, start_administered):
    router, admin = start_administered({"a": start_mock("a", "m").url})
    router.wait_ready(1, ["m"])

    def lines(path):
        return sum(path in line for line in list(router.lines))

    router.ask("GET", "/v1/models/one")
    wait_until(lambda: lines("/v1/models/one") == 1, "the first line")
    admin.ask("PUT", "/admin/log-level", {"level": "warning"})
    with router.client() as client:
        client.ask("GET", "/v1/models/two")
        # Its line is due once the next answer is out.
        client.ask("GET", "/v1/models/next")
    admin.ask("PUT", "/admin/log-level", {"level": "info"})
    router.ask("GET", "/v1/models/three")
    wait_until(lambda: lines("/v1/models/three") == 1, "the third line")
    assert lines("/v1/models/two") == 0
    assert "log level changed" in router.errors


# What runs meanwhile.


def test_a_stream_on_a_removed_backend_goes_on_to_its_end(start_mock, start_administered):
    mock = start_mock("a", "m", tokens=60, ttft="5ms", itl="20ms")
    router, admin = start_administered({"a": mock.url})
    router.wait_ready(1, ["m"])
    client, chunks, payload = open_stream(router)
    with client:
        assert admin.ask("DELETE", "/admin/backends/a").json() == {"removed": "a", "in_flight": 1}
        # It is known, and nobody has it any more.
        assert router.post(CHAT, chat("m")).status == 503
        payload += b"".join(piece for _, piece in chunks)
    assert events(payload)[-1] == b"[DONE]"
    assert sum(bool(content_of(event)) for event in events(payload)) >= 60


def test_a_drain_holds_through_probes(start_mock, start_administered):
    mock = start_mock("a", "m")
    router, admin = start_administered({"a": mock.url}, "--health-interval", "200ms")
    router.wait_ready(1, ["m"])
    admin.ask("POST", "/admin/backends/a/drain")
    probes = 0
    last = admin.backends()["a"]["next_probe_ms"]

    def has_been_probed():
        nonlocal probes, last
        backend = admin.backends()["a"]
        probes += backend["next_probe_ms"] > last
        last = backend["next_probe_ms"]
        assert backend["state"] == "draining"
        return probes >= 3

    wait_until(has_been_probed, "three probes")
    assert router.post(CHAT, chat("m")).error["code"] == "no_healthy_backend"
    admin.ask("POST", "/admin/backends/a/resume")
    assert router.post(CHAT, chat("m", stream=False)).status == 200


def test_a_drain_under_load_loses_nothing(start_mock, start_administered):
    mocks = {name: start_mock(name, "m", tokens=8, ttft="2ms", itl="2ms") for name in "ab"}
    router, admin = start_administered({name: mock.url for name, mock in mocks.items()})
    wait_listed(router, admin, 2)
    is_over = threading.Event()

    def client_loop(_):
        backends = []
        with router.client() as client:
            while not is_over.is_set():
                client.post_json(CHAT, chat("m"))
                answer = client.reader.response()
                assert answer.status == 200 and events(answer.payload)[-1] == b"[DONE]"
                backends.append(answer.head.get("x-oairouter-backend"))
        return backends

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client_loop, index) for index in range(8)]
        try:
            for name in "abab":
                admin.ask("POST", f"/admin/backends/{name}/drain")
                wait_until(lambda: admin.backends()[name]["in_flight"] == 0, f"{name} to be empty")
                # What is drained and empty gets nothing, whatever goes on elsewhere.
                assert admin.backends()[name]["in_flight"] == 0
                admin.ask("POST", f"/admin/backends/{name}/resume")
                wait_until(lambda: admin.backends()[name]["in_flight"] > 0, f"{name} to be used")
        finally:
            is_over.set()
        served = [backend for client in clients for backend in client.result(30)]
    assert {"a", "b"} == set(served)
    assert admin.ask("GET", "/admin/status").json()["troubles"] == {}


def test_questions_while_it_stops_have_whole_answers_or_none(start_mock, start_administered):
    mock = start_mock("a", "m", tokens=60, ttft="5ms", itl="20ms")
    router, admin = start_administered({"a": mock.url})
    router.wait_ready(1, ["m"])
    stream, chunks, payload = open_stream(router)
    asked = threading.Event()

    def question_loop(path):
        states = []
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                answer = admin.ask("GET", path)
                states.append((answer.status, answer.json().get("state")))
                asked.set()
        return states

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        paths = ["/admin/status", "/admin/backends", "/admin/status"] * 2
        loops = [pool.submit(question_loop, path) for path in paths]
        assert asked.wait(10)
        router.signal(signal.SIGTERM)
        wait_until(
            lambda: admin.ask("GET", "/admin/status").json()["state"] == "draining", "the drain"
        )
        with stream:
            payload += b"".join(piece for _, piece in chunks)
        states = [state for loop in loops for state in loop.result(30)]
    assert events(payload)[-1] == b"[DONE]"
    assert router.wait(5) == 0
    assert (200, "draining") in states
    assert {status for status, _ in states} <= {200, 503}


# Who means no good.

HOSTILE = {
    "no host": (b"GET /admin/status HTTP/1.1\r\n\r\n", 400),
    "bare line feeds": (b"GET /admin/status HTTP/1.1\nHost: x\n\n", 400),
    "two lengths": (
        b"POST /admin/backends HTTP/1.1\r\nHost: x\r\n"
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
    ),
    "length and chunks": (
        b"POST /admin/backends HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "a long head": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70000 + b"\r\n\r\n", 431),
    "a long line": (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a body beyond the bound": (
        b"POST /admin/backends HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"
        + b"x" * 1048577,
        413,
    ),
    "broken chunks": (
        b"POST /admin/backends HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n", 400),
}


@pytest.fixture(scope="module")
def hostile_router(binary, tmp_path_factory):
    """One router for all that means no good, and its admin client; it must survive."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [binary, "serve", "--listen", "127.0.0.1:0", "--admin", f"unix:{folder}/a.sock"]
    router = Router(command, folder=folder, name="router")
    yield router, Admin(folder / "a.sock")
    router.finish()


@pytest.mark.parametrize(("data", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_breaks_a_rule_is_refused(hostile_router, data, status):
    _, admin = hostile_router
    answer = admin.send_raw(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["code"]
    assert admin.ask("GET", "/admin/backends").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"id":"a","url":"' + b"x" * 900_000 + b'"}',
        b"\xff\xfe\x00",
        b'{"id":"\\ud800","url":"http://127.0.0.1:1"}',
        b'{"id":"a\\nb","url":"http://127.0.0.1:1"}',
        b'{"id":"a","url":"http://127.0.0.1:1","weight":1e999}',
    ],
    ids=["empty", "brackets", "braces", "long", "no text", "surrogate", "line break", "infinite"],
)
def test_bodies_that_mean_nothing_are_400(hostile_router, body):
    router, admin = hostile_router
    for path in ["/admin/backends", "/admin/log-level"]:
        method = "PUT" if path.endswith("level") else "POST"
        answer = admin.ask(method, path, body)
        assert answer.status == 400 and answer.error["message"], answer.body
    explained = admin.ask("POST", "/admin/route", body)
    assert explained.status == 200 and explained.json()["chosen"] is None
    assert admin.backends() == {}
    assert router.process.poll() is None


def test_clients_that_only_sit_there_keep_nobody_out(hostile_router):
    router, admin = hostile_router
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            sitting = stack.enter_context(admin.connect())
            sitting.sendall(b"GET /admin/status HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        # Traffic notices nothing, and an administrator gets in within seconds.
        assert router.ask("GET", "/livez").status == 200
        assert admin.ask("GET", "/admin/backends").status == 200
