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

    def examine(*arguments, files=8192, searches=False, **environment):
        command = [sys.executable, "-c", LIMITED, files, binary, "doctor", "--json", *arguments]
        if "--discover" not in arguments and not searches:
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


def test_what_the_running_router_has_is_no_trouble(examine, start_router, tmp_path):
    place = f"unix:{tmp_path}/clients.sock"
    admin = f"unix:{tmp_path}/admin.sock"
    router = start_router({}, "--listen", "127.0.0.1:0", "--listen", place, "--admin", admin)
    for address in (router.url[7:], place):
        status, found = examine("--listen", address, "--admin", admin)
        assert status == 0, found
        assert "the router that runs here" in found["listen"]["text"]
        # Asked about another one, it is in the way.
        status, found = examine("--listen", address, "--admin", "off")
        assert status == 1, found
        assert "a router already" in found["listen"]["text"]
        assert found["admin"]["text"] == "is off"


def test_the_usual_port_gives_way_as_the_router_does(examine):
    try:
        other = socket.create_server(("127.0.0.1", 11434))
    except OSError:
        pytest.skip("port 11434 is somebody's")
    with other:
        status, found = examine()
        assert status == 1, found
        assert "another program: serving on port 11435" in found["listen"]["text"]
        with socket.create_server(("127.0.0.1", 11435)):
            status, found = examine()
            assert status == 2 and "11435 is taken as well" in found["listen"]["text"]


def test_an_engine_that_nobody_asks_is_left_alone(examine, tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    for more in (["--backend", "a=http://127.0.0.1:1"], ["--demo", "--default-backend", "demo"]):
        status, found = examine(*FREE, *more, searches=True, DOCKER_HOST=f"unix://{path}")
        assert status == 0, found
        assert "isn't to be asked" in found["docker"]["text"]


def test_a_folder_that_is_not_there_for_administrators_is_an_error(examine, tmp_path):
    status, found = examine(*FREE, "--admin", f"unix:{tmp_path}/none/admin.sock")
    assert status == 2 and "No such file" in found["admin"]["text"]


def test_connections_that_are_set_are_looked_at(examine):
    status, found = examine(*FREE, "--limits.connections", "5000")
    assert status == 1 and "10064" in found["descriptors"]["text"], found


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


def test_an_engine_at_an_address_is_asked_too(examine, refused_url):
    endpoint = refused_url.replace("http://", "tcp://")
    status, found = examine(*FREE, "--discover", "docker", DOCKER_HOST=endpoint)
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


def test_what_is_configured_isnt_judged_before_it_can_be_read(examine, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("listen: [127.0.0.1:0]\nnonsense: 1\n")
    status, found = examine("--config", str(path))
    assert status == 2 and found["configuration"]["level"] == "error"
    assert "listen" not in found


def test_advice_keeps_the_proxy_exceptions_that_are(examine):
    _, found = examine(*FREE, HTTP_PROXY="http://proxy:3128", no_proxy="corp.example")
    assert found["proxies"]["advice"] == "export no_proxy=$no_proxy,localhost,127.0.0.1"
