"""docs/LIBRARY.md keeps its promises: each program in it is built and does what it says."""

import json
import re
import subprocess

import pytest

import rawhttp
from swift_programs import build, start
from waiting import wait_until

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
        return build(root, tmp_path / name, examples[name].replace(BACKEND, url))

    return make


def chat(address):
    with rawhttp.RawClient(address) as client:
        client.post_json("/v1/chat/completions", {"model": "m", "messages": []})
        return client.reader.response()


def test_every_example_is_tested(examples):
    assert set(examples) == {"package", "own-listener", "discoverer", "registry", "types"}


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


def test_the_types_and_the_encoder(built):
    text = output(built("types"))
    first, last, rest = text.split("\n\n")
    assert json.loads(first.removeprefix("data: ")) == {"model": "m"}
    assert (last, rest) == ("data: [DONE]", "")
