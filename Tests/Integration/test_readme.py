"""README.md keeps its promises: every shell block is run, every Swift block is run too.

The word behind ```sh says how: `run` must end with status 0; `background` serves until the test
ends, and the blocks after it find it there. A block without such a word fails the test.
"""

import os
import re
import shutil
import subprocess

import pytest

from programs import LISTENING, Server
from swift_programs import build, start
from waiting import wait_until

pytestmark = pytest.mark.builds

FENCE = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:11434"
"""Where README's examples expect the router. It moves to the next port when that one is taken."""

RUN_SECONDS = 600


@pytest.fixture(scope="module")
def blocks(root):
    text = (root / "README.md").read_text("utf-8")
    return [(kind, mode.strip(), body) for kind, mode, body in FENCE.findall(text)]


def test_every_shell_block_says_how_it_is_tested(blocks):
    shells = [(mode, body) for kind, mode, body in blocks if kind in ("sh", "bash", "shell")]
    assert shells, "README has no shell block"
    unmarked = [body for mode, body in shells if mode not in ("run", "background")]
    assert not unmarked, unmarked


def test_every_shell_block_works(blocks, root, binary, tmp_path, running):
    # As a reader has it after Scripts/run: the program on the PATH.
    shutil.copy2(binary, tmp_path / "oairouter")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    address = ADDRESS
    for number, (kind, mode, body) in enumerate(blocks):
        if kind != "sh":
            continue
        script = body.replace(ADDRESS, address)
        if mode == "background":
            for program in running:
                program.finish()
            command = ["bash", "-euc", exec_last(script)]
            server = ReadmeServer(
                command,
                folder=tmp_path,
                name=f"block-{number}",
                environment=environment,
                cwd=root,
            )
            running.append(server)
            address = "%s:%d" % server.address
            wait_until(lambda: server.ask("GET", "/livez").status == 200, f"{body!r} to serve")
        else:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=root,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=RUN_SECONDS,
            )
            assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
            assert '"error"' not in done.stdout, f"{script}\n{done.stdout}"


class ReadmeServer(Server):
    """A block that serves. The first one may have to build the program."""

    start_seconds = RUN_SECONDS


def exec_last(script):
    """The block with its last command in place of the shell, so that signals reach it."""
    lines = script.rstrip("\n").replace("\\\n", " ").split("\n")
    return "\n".join([*lines[:-1], "exec " + lines[-1]])


def test_the_printed_address_is_the_documented_one(blocks):
    shells = "".join(body for kind, _, body in blocks if kind == "sh")
    addresses = {match for match in re.findall(r"127\.0\.0\.1:\d+", shells)}
    assert ADDRESS in addresses
    assert LISTENING.search(f"listening on http://{ADDRESS}")


def test_the_library_example_compiles_and_serves(blocks, root, tmp_path, running):
    swift = [body for kind, mode, body in blocks if kind == "swift" and mode != "package"]
    assert swift, "README has no library example"
    for number, body in enumerate(swift):
        server = start(build(root, tmp_path / f"example{number}", body), running)
        assert server.ask("GET", "/livez").status == 200
        assert server.ask("GET", "/health").json()["backends_total"] == 1
