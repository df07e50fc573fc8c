"""Fixtures: the router, fake backends, a real llama.cpp server. See docs/CONTRIBUTING.md."""

import os
import pathlib
import signal
import socket
import subprocess

import pytest

from admin_client import Admin
from counting_backend import CountingBackend
from programs import LlamaServer, Router, Server
from scripted_backend import ScriptedBackend
from tee import Tee
from upgrading import Upgrading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LLAMA_MODEL = "gemma-3-270m"


def pytest_configure():
    # Ends the children too when the run itself is ended, and keeps loopback off any proxy.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=1))
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


@pytest.fixture(scope="session")
def root():
    """The package's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def binary():
    """The executable under test: OAIROUTER_BIN, else the release build."""
    path = pathlib.Path(os.environ.get("OAIROUTER_BIN", ROOT / ".build/release/oairouter"))
    if not os.access(path, os.X_OK):
        pytest.fail(f"there is no executable at {path}; run Scripts/test", pytrace=False)
    return path


@pytest.fixture
def running(request):
    """Programs of one test. They are ended after it, and must not have crashed."""
    programs = []
    yield programs
    problems = []
    for program in reversed(programs):
        try:
            program.finish()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


@pytest.fixture
def run(binary, tmp_path, running):
    """run(*arguments): the finished process of a command that ends by itself within 20 s."""

    def start(*arguments, environment=None):
        return subprocess.run(
            [str(binary), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            cwd=tmp_path,
            env={**os.environ, **(environment or {})},
        )

    return start


@pytest.fixture
def needs_dns(run):
    """Skips without the trait DNS; what Scripts/test builds has it."""
    # An address of nobody's (RFC 5737): what gets so far has the trait.
    done = run("serve", "--listen", "192.0.2.1:1", "--discovery.dns", '[{"name": "x"}]')
    has_trait = "built without it" not in done.stderr
    if not has_trait and "OAIROUTER_TRAITS" not in os.environ:
        pytest.skip("this program was built without the trait DNS")
    assert has_trait and done.returncode == 1, done.stderr


@pytest.fixture
def start_mock(binary, tmp_path, running):
    """start_mock(name, *models, **options): `oairouter mock` on a free port.

    Options are the command's own: tokens=20, ttft="50ms", itl="10ms", personality="vllm"; a flag's
    value is None.
    """

    def start(name, *models, **options):
        command = [binary, "mock", "--listen", "127.0.0.1:0"]
        for model in models:
            command += ["--model", model]
        for option, value in options.items():
            command.append("--" + option.replace("_", "-"))
            if value is not None:
                command.append(value)
        server = Server(command, folder=tmp_path, name=f"mock-{name}")
        running.append(server)
        return server

    return start


@pytest.fixture
def start_router(binary, tmp_path, running):
    """start_router(backends, *arguments): `oairouter serve` on a free port.

    Backends are a dictionary from id to URL; probes are quick, so that tests are.
    """

    def start(backends, *arguments, name="router"):
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]
        for backend, url in backends.items():
            command += ["--backend", f"{backend}={url}"]
        if "--discover" not in arguments:
            command += ["--discover", "off"]
        if "--health-interval" not in arguments:
            command += ["--health-interval", "500ms"]
        router = Router([*command, *arguments], folder=tmp_path, name=name)
        running.append(router)
        return router

    return start


@pytest.fixture
def start_backend():
    """start_backend(*models): a scripted backend in this process."""
    backends = []

    def start(*models, **more):
        backends.append(ScriptedBackend(models or ("m",), **more))
        return backends[-1]

    yield start
    for backend in backends:
        backend.stop()


@pytest.fixture
def start_counting():
    """start_counting(**options): a counting backend in this process."""
    backends = []

    def start(**options):
        backends.append(CountingBackend(**options))
        return backends[-1]

    yield start
    for backend in backends:
        # Whoever still waits is let go.
        backend.release(1000)
        backend.stop()


@pytest.fixture
def start_tee(tmp_path):
    """start_tee(address, name): a recording relay in front of an address."""
    tees = []

    def start(address, name):
        tees.append(Tee(address, tmp_path / name))
        return tees[-1]

    yield start
    for tee in tees:
        tee.stop()


@pytest.fixture
def refused_url():
    """The URL of a port that is taken but not listened on: connections are refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield "http://127.0.0.1:%d" % held.getsockname()[1]


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    """A real llama.cpp server (two slots, 2,048 tokens of context), loaded once per run."""
    server = LlamaServer(HERE / "llama_server.py", LLAMA_MODEL, tmp_path_factory.mktemp("llama"))
    yield server
    server.finish()


def pytest_addoption(parser):
    parser.addoption(
        "--departures", type=int, default=10, help="client departures per case of test_disconnect"
    )
    parser.addoption(
        "--containers", type=int, default=3, help="containers per measurement of test_docker"
    )
    parser.addoption(
        "--engine-kills", type=int, default=3, help="kills of the engine under traffic"
    )
    parser.addoption(
        "--uploads", type=int, default=20, help="uploads per case of test_client_uploads"
    )
    parser.addoption(
        "--names", type=int, default=3000, help="model names that nobody has, of test_metrics"
    )
    parser.addoption(
        "--soak",
        default="12,60,4",
        help="seconds, streams, and seconds from one fault to the next, of test_soak",
    )
    parser.addoption(
        "--reload-size",
        default="100,50,20",
        help="live streams, new connections a second and reloads of test_reload",
    )
    parser.addoption(
        "--upgrade-size",
        default="100,50",
        help="live streams and new connections a second of test_upgrade",
    )


@pytest.fixture
def reload_size(request):
    """How many streams, new connections a second and reloads there are."""
    return tuple(map(int, request.config.getoption("--reload-size").split(",")))


@pytest.fixture
def upgrade_size(request):
    """How many streams and new connections a second there are."""
    return tuple(map(int, request.config.getoption("--upgrade-size").split(",")))


@pytest.fixture
def names(request):
    """How many models are asked for that nobody has."""
    return request.config.getoption("--names")


@pytest.fixture
def containers(request):
    """How many containers a measurement starts."""
    return request.config.getoption("--containers")


@pytest.fixture
def engine_kills(request):
    """How often the container engine is killed under traffic."""
    return request.config.getoption("--engine-kills")


@pytest.fixture
def uploads(request):
    """How many uploads each case makes."""
    return request.config.getoption("--uploads")


@pytest.fixture
def departures(request):
    """How many clients leave in each case."""
    return request.config.getoption("--departures")


@pytest.fixture
def start_own(binary, tmp_path, running):
    """start_own(command, environment=…): the same with a command and an environment of its own."""

    def run(*arguments, environment=None, command=None, **more):
        admin = Admin(tmp_path / "admin.sock")
        command = command or [binary, "serve"]
        environment = {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": "", **(environment or {})}
        router = Router(
            [*command, *arguments], folder=tmp_path, name="router", environment=environment, **more
        )
        running.append(router)
        running.append(Upgrading(router, admin))
        return running[-1]

    return run
