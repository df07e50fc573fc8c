"""`oairouter doctor`: each thing that can be wrong, made wrong, and what it says then."""

import json
import os
import socket
import subprocess
import sys

import pytest

from test_packaging import done

CLEAN = {
    "XDG_RUNTIME_DIR": "/run/nowhere", "RUNTIME_DIRECTORY": "", "DOCKER_HOST": "",
    "HTTP_PROXY": "", "http_proxy": "", "ALL_PROXY": "", "all_proxy": "",
}
LIMITED = (
    "import os, resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


@pytest.fixture
def examine(binary, tmp_path):
    """examine(*arguments): the exit status, and what was found by its subject."""

    def examine(*arguments, files=8192, **environment):
        command = [sys.executable, "-c", LIMITED, files, binary, "doctor", "--json", *arguments]
        if "--discover" not in arguments:
            command += ["--discover", "off"]
        result = done(*command, cwd=tmp_path, env={**os.environ, **CLEAN, **environment})
        found = json.loads(result.stdout)
        for finding in found:
            assert finding["level"] == "fine" or finding["advice"], finding
        return result.returncode, {finding["subject"]: finding for finding in found}

    return examine


FREE = ("--listen", "127.0.0.1:0")


def test_all_is_fine(examine):
    status, found = examine(*FREE)
    assert status == 0, found
    assert set(found) == {
        "configuration", "listen", "docker", "descriptors", "proxies", "clock", "core", "admin",
    }


def test_a_configuration_that_cannot_be_is_an_error_with_its_place(examine, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("timeouts: {first_bite: 1s}\n")
    status, found = examine("--config", path, *FREE)
    assert status == 2
    assert "wrong.yaml:1:12" in found["configuration"]["text"]


def test_a_port_that_another_program_has_is_an_error(examine):
    with socket.create_server(("127.0.0.1", 0)) as other:
        # It accepts, and never answers.
        status, found = examine("--listen", "127.0.0.1:%d" % other.getsockname()[1])
    assert status == 2
    assert "another program" in found["listen"]["text"] and "ss -" in found["listen"]["advice"]


def test_a_router_and_an_ollama_are_known_by_their_answers(examine, start_router, start_mock):
    router = start_router({})
    assert "a router already" in examine("--listen", router.url[7:])[1]["listen"]["text"]
    ollama = start_mock("o", "m", personality="ollama")
    status, found = examine("--listen", ollama.url[7:])
    assert status == 2 and "by an Ollama" in found["listen"]["text"]


def test_an_address_of_another_machine_is_an_error(examine):
    status, found = examine("--listen", "192.0.2.1:8080")
    assert status == 2 and "ip addr" in found["listen"]["advice"]


def test_a_unix_socket_is_not_left_behind(examine, tmp_path):
    assert examine("--listen", f"unix:{tmp_path}/s")[0] == 0
    assert not (tmp_path / "s").exists()


def test_an_engine_that_is_gone_is_a_warning(examine, tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    status, found = examine(*FREE, "--discover", "auto", DOCKER_HOST=f"unix://{path}")
    assert status == 1 and "refused" in found["docker"]["text"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_engine_that_may_not_be_used_is_told_with_the_remedy(binary, tmp_path_factory):
    # Not below tmp_path, which only its owner can enter.
    path = f"/tmp/oairouter-doctor-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen()
        os.chmod(path, 0o660)
        os.chown(path, 0, 1)
        try:
            result = subprocess.run(
                [binary, "doctor", "--json", *FREE, "--discover", "docker"],
                capture_output=True, text=True, timeout=60, user=65534, group=65534,
                extra_groups=[], env={**os.environ, **CLEAN, "DOCKER_HOST": f"unix://{path}"},
            )
        except PermissionError:
            pytest.skip("the program is where only root gets")
        finally:
            os.unlink(path)
    found = {finding["subject"]: finding for finding in json.loads(result.stdout)}
    assert result.returncode == 2
    assert "permission denied" in found["docker"]["text"]
    assert "usermod -aG daemon" in found["docker"]["advice"]


def test_few_descriptors_and_a_proxy_are_warnings(examine):
    status, found = examine(*FREE, files=256, HTTP_PROXY="http://proxy:3128", NO_PROXY="")
    assert status == 1
    assert found["descriptors"]["text"].startswith("256 open files: 96 clients")
    assert "HTTP_PROXY" in found["proxies"]["text"]


def test_people_read_lines(run):
    result = run("doctor", *FREE, "--discover", "off", environment=CLEAN)
    lines = result.stdout.splitlines()
    assert any(line.startswith("ok      listen         127.0.0.1:0 is free") for line in lines)
