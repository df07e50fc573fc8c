"""docs/LIBRARY.md keeps its promises: each program in it is built and does what it says."""

import json
import os
import re
import subprocess

import pytest

import rawhttp
from admin_client import Admin
from swift_programs import build, start
from waiting import wait_until

pytestmark = pytest.mark.builds

FENCE = re.compile(r"^```swift (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BACKEND = "http://127.0.0.1:8000"
"""Where the examples expect an inference server; a test's own stands in."""


@pytest.fixture(scope="module")
def examples(root):
    text = (root / "docs/LIBRARY.md").read_text("utf-8")
    return {name: body for name, body in FENCE.findall(text)}


@pytest.fixture
def built(examples, root, tmp_path):
    """built(name, url): the program of an example, with the URL of a real server in it."""

    def make(name, url=BACKEND):
        body = examples[name]
        for former, real in (url if isinstance(url, dict) else {BACKEND: url}).items():
            body = body.replace(former, real)
        return build(root, tmp_path / name, body)

    return make


def chat(address):
    with rawhttp.RawClient(address) as client:
        client.post_json("/v1/chat/completions", {"model": "m", "messages": []})
        return client.reader.response()


def test_every_example_is_tested(examples):
    names = {"package", "own-listener", "discoverer", "registry", "types", "policy", "admin"}
    assert set(examples) == names


def test_a_program_serves_on_its_own_listener_and_hands_connections_over(
    built, start_mock, running
):
    mock = start_mock("big", "m")
    program = start(built("own-listener", mock.url), running)
    front = program.wait_for_line(re.compile(r"handing over from (\S+):(\d+)"))
    wait_until(lambda: chat(program.address).status == 200, "the shared listener to serve")
    for _ in range(20):
        answer = chat((front.group(1), int(front.group(2))))
        assert answer.status == 200
        assert answer.head.get("X-OAIRouter-Backend") == "big"


def test_a_discoverer_of_ones_own(built, start_mock, tmp_path, running):
    mock = start_mock("big", "m")
    program = built("discoverer", mock.url)
    server = start(program, running)
    # The missing file of backends is no reason to stop.
    wait_until(lambda: server.ask("GET", "/health").json()["backends_total"] == 1, "the lease")


def output(program):
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_registry_is_looked_up(built):
    lines = output(built("registry")).splitlines()
    assert lines == ["big is unknown", "1 backends, 1 models", "left: 0"]


def test_a_policy_of_ones_own_and_sessions(built, start_mock, running):
    big, small = start_mock("big", "m"), start_mock("small", "m")
    program = built("policy", {BACKEND: big.url, "http://127.0.0.1:8001": small.url})
    server = start(program, running)
    wait_until(lambda: server.ask("GET", "/health").json()["backends_healthy"] == 2, "both")

    def asked(text, fields=()):
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        answer = server.post("/v1/chat/completions", body, fields)
        assert answer.status == 200
        return answer.head.get("X-OAIRouter-Backend")

    assert [asked("short") for _ in range(4)] == ["small"] * 4
    assert [asked("long" * 5000) for _ in range(4)] == ["big"] * 4
    sessions = {n: asked("short", [("X-Session-ID", f"s{n}")]) for n in range(16)}
    assert set(sessions.values()) == {"big", "small"}
    for n, backend in sessions.items():
        assert asked("long" * 5000, [("X-Session-ID", f"s{n}")]) == backend


def test_administrators_reach_an_embedded_router(built, start_mock, running):
    mock = start_mock("big", "m")
    server = start(built("admin", mock.url), running)
    path = server.wait_for_line(re.compile(r"^administrators at (\S+)$")).group(1)
    admin = Admin(path)
    wait_until(lambda: admin.backends()["big"]["state"] == "ready", "the backend")
    assert admin.ask("PUT", "/admin/log-level", {"level": "debug"}).json()["before"] == "notice"
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_the_types_and_the_encoder(built):
    text = output(built("types"))
    first, last, rest = text.split("\n\n")
    assert json.loads(first.removeprefix("data: ")) == {"model": "m"}
    assert (last, rest) == ("data: [DONE]", "")
