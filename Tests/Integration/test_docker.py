"""Discovery with a real Docker Engine, which is started, killed and restarted here."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import pytest

import docker_engine
from docker_engine import IMAGES, Engine, EventClock
from programs import Router
from rawhttp import Truncated, chat, events
from waiting import Timeout, wait_until

CHAT = "/v1/chat/completions"
MISSING = docker_engine.missing()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture(scope="module")
def network():
    with docker_engine.own_network():
        yield


@contextlib.contextmanager
def an_engine(binary, *options):
    engine = Engine(pathlib.Path(tempfile.mkdtemp(prefix="oair-d-")), *options)
    try:
        for image, (_, port) in IMAGES.items():
            files, command = docker_engine.page_server(port)
            engine.load(image, files, command, port)
        files = docker_engine.program_files(binary) | docker_engine.busybox_files()
        engine.load("oairouter-mock", files, ["/bin/oairouter", "mock"], 8000)
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def engine(network, binary):
    """An engine for the tests that leave it running."""
    with an_engine(binary) as engine:
        yield engine


@pytest.fixture
def clean(engine):
    """The engine, without containers before and after."""
    yield engine
    engine.remove_containers()


class Discovery:
    """A router that watches an engine."""

    def __init__(self, binary, folder, engine, *arguments, name="router"):
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]
        command += ["--discover", "docker", "--discovery.docker.host", f"unix://{engine.socket}"]
        if "--health-interval" not in arguments:
            command += ["--health-interval", "500ms"]
        self.router = Router([*command, *arguments], folder=folder, name=name)
        self.wait_for(lambda: self.logged("discoverer watches"), "the router to watch the engine")

    def logged(self, event, **wanted):
        """The log lines of an event, oldest first."""
        lines = [json.loads(line) for line in self.router.errors.splitlines() if line[:1] == "{"]
        return [
            line
            for line in lines
            if line["event"] == event and wanted.items() <= line.items()
        ]

    def found(self):
        """The ids of the backends that are known now."""
        ids = set()
        for line in self.router.errors.splitlines():
            if not line.startswith("{"):
                continue
            line = json.loads(line)
            if line["event"] in ("backend found", "backend changed", "backend known already"):
                ids.add(line["backend"])
            elif line["event"] == "backend gone":
                ids.discard(line["backend"])
        return ids

    def wait_for(self, condition, what, seconds=30.0):
        try:
            return wait_until(condition, what, seconds)
        except Timeout as timeout:
            raise Timeout(f"{timeout}\n{self.router.describe()}") from None

    def wait_found(self, *ids):
        self.wait_for(lambda: self.found() == set(ids), f"{ids} to be what is known")


@pytest.fixture
def watch(binary, tmp_path, running, clean):
    def start(*arguments, name="router"):
        discovery = Discovery(binary, tmp_path, clean, *arguments, name=name)
        running.append(discovery.router)
        return discovery

    return start


def mock_command(port, model="m", **options):
    command = ["/bin/oairouter", "mock", "--listen", f"0.0.0.0:{port}", "--model", model]
    for option, value in options.items():
        command += ["--" + option.replace("_", "-"), str(value)]
    return command


LABELS = ("-l", "oairouter.enabled=true", "-l", "oairouter.backend=vllm")


def test_containers_of_each_known_image_appear_and_vanish(clean, watch):
    discovery = watch()
    ids = {}
    for number, (image, (kind, _)) in enumerate(IMAGES.items()):
        clean.run(f"c{number}", image)
        ids[f"c{number}"] = f"{kind}-c{number}"
    discovery.wait_found(*ids.values())
    discovery.router.wait_ready(len(ids), ["m"])
    for name in list(ids):
        clean.docker("rm", "-f", name)
        del ids[name]
        discovery.wait_found(*ids.values())
    discovery.wait_for(lambda: discovery.router.health()["backends_total"] == 0, "none to be left")


def test_containers_that_ran_before_are_listed_and_others_are_let_be(clean, watch):
    clean.run("old", "vllm/vllm-openai:latest", "-p", "127.0.0.1:18000:8000")
    clean.docker("tag", "vllm/vllm-openai:latest", "database:1")
    clean.run("db", "database:1")
    clean.run("off", "vllm/vllm-openai:latest", "-l", "oairouter.enabled=false")
    clean.run("bad", "vllm/vllm-openai:latest", "-l", "oairouter.port=http")
    discovery = watch()
    discovery.wait_found("vllm-old")
    discovery.router.wait_ready(1, ["m"])
    reasons = {line["what"]: line["reason"] for line in discovery.logged("not a backend")}
    assert "oairouter.port" in reasons["bad"]
    assert "oairouter.enabled" in reasons["off"]
    assert "db" not in reasons, "what has nothing to do with it is no news"


@pytest.mark.parametrize(
    ("options", "address"),
    [
        (["-p", "127.0.0.1:18001:8000"], "127.0.0.1:18001"),
        (["-p", "18002:8000"], "127.0.0.1:18002"),
        ([], r"172\.17\.0\.\d+:8000"),
        (["--network", "host"], "127.0.0.1:8000"),
        (["-l", "oairouter.url=http://127.0.0.1:18003/x", "-p", "18003:8000"], "127.0.0.1:18003"),
    ],
    ids=["on loopback", "on all addresses", "bridge", "host network", "url label"],
)
def test_each_way_to_a_container_is_found(clean, watch, options, address):
    discovery = watch()
    clean.run("one", "vllm/vllm-openai:latest", *options)
    discovery.wait_found("vllm-one")
    assert re.fullmatch(address, discovery.logged("backend found")[0]["endpoint"])


def test_what_happens_to_a_container_takes_effect(clean, watch):
    discovery = watch()
    image = "vllm/vllm-openai:latest"
    clean.run("one", image)
    discovery.wait_found("vllm-one")
    for gone, back in (("pause", "unpause"), ("stop -t 0", "start"), ("kill", "start")):
        clean.docker(*gone.split(), "one")
        discovery.wait_found()
        clean.docker(back, "one")
        discovery.wait_found("vllm-one")
        discovery.router.wait_ready(1)
    lost = len(discovery.logged("backend gone"))
    clean.docker("restart", "-t", "0", "one")
    discovery.wait_for(lambda: len(discovery.logged("backend gone")) > lost, "the restart to show")
    discovery.wait_found("vllm-one")
    clean.docker("rename", "one", "two")
    discovery.wait_found("vllm-two")
    discovery.router.wait_ready(1)
    clean.docker("rm", "-f", "two")
    discovery.wait_found()
    # Removed by the engine itself, so that nobody could be asked about it any more.
    clean.run("three", image, "--rm")
    discovery.wait_found("vllm-three")
    clean.docker("kill", "three")
    discovery.wait_found()
    clean.run("four", image, "--rm", command=["/bin/sleep", "0.2"])
    gone = lambda: discovery.logged("backend gone", backend="vllm-four")
    discovery.wait_for(gone, "it to be gone")
    discovery.wait_found()


def test_an_unhealthy_container_is_probed_and_stays(clean, watch):
    discovery = watch("--health-interval", "30s")
    health = ["--health-cmd", "exit 1", "--health-interval", "1s", "--health-retries", "1"]
    clean.run("one", "vllm/vllm-openai:latest", *health)
    discovery.wait_found("vllm-one")
    discovery.router.wait_ready(1)
    status = "{{.State.Health.Status}}"
    discovery.wait_for(
        lambda: clean.docker("inspect", "-f", status, "one").strip() == "unhealthy",
        "it to be unhealthy",
    )
    assert discovery.found() == {"vllm-one"}
    assert discovery.router.health()["backends_healthy"] == 1


def test_an_address_outside_of_the_allowed_ranges_is_refused(clean, watch):
    discovery = watch("--discovery.docker.allow", "127.0.0.0/8")
    clean.run("bridged", "vllm/vllm-openai:latest")
    clean.run("published", "vllm/vllm-openai:latest", "-p", "127.0.0.1:18000:8000")
    discovery.wait_found("vllm-published")
    skipped = discovery.wait_for(lambda: discovery.logged("not a backend"), "the refusal")
    assert skipped[0]["what"] == "bridged"
    assert "127.0.0.0/8" in skipped[0]["reason"] and "172.17.0." in skipped[0]["reason"]


def test_labels_and_rules_of_ones_own(clean, watch):
    rule = [{"image": "oairouter-mock*", "type": "generic", "port": 9000}]
    discovery = watch(
        "--discovery.docker.label-prefix", "my.", "--discovery.docker.images", "off",
        "--discovery.docker.image-rules", json.dumps(rule),
    )
    clean.run("by-rule", "oairouter-mock", command=mock_command(9000, "a"))
    labels = ["-l", "my.enabled=true", "-l", "my.port=8000", "-l", "my.model=x,y"]
    clean.run("by-label", "vllm/vllm-openai:latest", *labels)
    clean.run("known", "vllm/vllm-openai:latest")
    discovery.wait_found("generic-by-rule", "generic-by-label")
    discovery.router.wait_ready(2, ["a", "x", "y"])


def test_a_router_in_a_container_uses_the_shared_network_and_never_itself(clean, binary):
    clean.docker("network", "create", "front")

    def errors():
        return docker_logs(clean, "me")

    try:
        clean.run("apart", "vllm/vllm-openai:latest")
        clean.run("near", "vllm/vllm-openai:latest", "--network", "front")
        serve = ["/bin/oairouter", "serve", "--listen", "0.0.0.0:8000", "--discover", "docker"]
        options = ["-v", f"{clean.socket}:/var/run/docker.sock", *LABELS, "--network", "front"]
        clean.run("me", "oairouter-mock", *options, command=serve)
        wait_until(lambda: "backend=vllm-near" in errors(), "the neighbour to be found", 30)
        wait_until(lambda: "what=apart" in errors(), "the other network's to be skipped", 30)
        near = r"backend=vllm-near .*endpoint=172\.\d+\.0\.\d+:8000"
        assert re.search(near, errors()), errors()
        assert "backend=vllm-me" not in errors()
    finally:
        for name in ("near", "me"):
            clean.docker("rm", "-f", name)
        clean.docker("network", "rm", "front")


def docker_logs(engine, name):
    """What a container wrote to standard error."""
    environment = {**os.environ, **engine.environment}
    command = ["docker", "logs", name]
    return subprocess.run(command, capture_output=True, text=True, env=environment).stderr


def test_a_cold_container_becomes_routable_by_itself(clean, watch, containers):
    discovery = watch()
    waiting = []
    for number in range(containers):
        port, model = 18100 + number, f"cold-{number}"
        serve = mock_command(port, model, tokens=1, ttft="1ms", personality="vllm")
        options = ["--network", "host", *LABELS, "-l", f"oairouter.port={port}"]
        script = f"sleep 5; exec {' '.join(serve)}"
        clean.run(f"cold{number}", "oairouter-mock", *options, command=["/bin/sh", "-c", script])
        waiting.append(Appearance(discovery.router, port, model))
    late = sorted(appearance.wait() for appearance in waiting)
    median = statistics.median(late) * 1000
    print(f"\nroutable after listening, ms: median {median:.0f}, worst {late[-1] * 1000:.0f}")
    # A tenth of a second between probes, and a machine that may be busy.
    assert median < 1_000


class Appearance(threading.Thread):
    """Measures the time from a port's listening to its model's being routable."""

    def __init__(self, router, port, model, seconds=60):
        super().__init__(daemon=True)
        self._router, self._port, self._model, self._seconds = router, port, model, seconds
        self._late = None
        self.start()

    def run(self):
        wait_until(self._listens, f"port {self._port} to listen", self._seconds)
        start = time.monotonic()
        wait_until(self._is_routable, f"{self._model} to be routable", self._seconds)
        self._late = time.monotonic() - start

    def wait(self):
        """The time, in seconds."""
        self.join(2 * self._seconds)
        assert self._late is not None, f"{self._model} never became routable"
        return self._late

    def _listens(self):
        with socket.create_connection(("127.0.0.1", self._port), 1):
            return True

    def _is_routable(self):
        return self._router.post(CHAT, chat(self._model, max_tokens=1)).status == 200


def removal_times(discovery, clock, names):
    """Seconds from each container's end, by the engine's clock, to its removal, by the router's."""
    times = []
    for name in names:
        gone = discovery.logged("backend gone", backend=f"vllm-{name}")[-1]["time"]
        at = datetime.datetime.fromisoformat(gone.replace("Z", "+00:00")).timestamp()
        times.append(at - clock.times[("die", name)])
    return times


def test_a_container_that_dies_is_removed_at_once(clean, watch, containers):
    discovery = watch()
    clock = EventClock(clean)
    try:
        names = [f"c{number}" for number in range(containers)]
        for name in names:
            clean.run(name, "vllm/vllm-openai:latest")
        discovery.wait_found(*(f"vllm-{name}" for name in names))
        for name in names:
            clean.docker("kill", name)
        discovery.wait_found()
        wait_until(lambda: all(("die", name) in clock.times for name in names), "the events")
    finally:
        clock.stop()
    late = sorted(removal_times(discovery, clock, names))
    print(f"\nremoval after the event, ms: median {statistics.median(late) * 1000:.1f}, "
          f"worst {late[-1] * 1000:.1f}")
    assert statistics.median(late) < 0.25


class Traffic(threading.Thread):
    """Sends one request after the other until it is stopped, and keeps what failed."""

    def __init__(self, router, model="m"):
        super().__init__(daemon=True)
        self._router, self._model = router, model
        self._ending = threading.Event()
        self.count = 0
        self.failures = []
        self.start()

    def run(self):
        client = self._router.client()
        while not self._ending.is_set():
            try:
                client.post_json(CHAT, chat(self._model))
                answer = client.reader.response()
                if answer.status != 200 or events(answer.payload)[-1] != b"[DONE]":
                    self.failures.append((answer.status, answer.payload[-300:]))
                if answer.head.get("connection") == "close":
                    client.close()
                    client = self._router.client()
            except (OSError, Truncated) as problem:
                self.failures.append(repr(problem))
                client = self._router.client()
            self.count += 1

    def finish(self):
        self._ending.set()
        self.join(30)


def test_no_request_is_lost_while_the_engine_is_killed_and_restarted(
    network, binary, tmp_path, running, engine_kills
):
    with an_engine(binary, "--live-restore") as engine:
        for number in range(2):
            port = 18200 + number
            command = mock_command(port, "m", tokens=4, ttft="2ms", itl="2ms", personality="vllm")
            options = ["--network", "host", *LABELS, "-l", f"oairouter.port={port}"]
            engine.run(f"host{number}", "oairouter-mock", *options, command=command)
        discovery = Discovery(binary, tmp_path, engine)
        running.append(discovery.router)
        discovery.wait_found("vllm-host0", "vllm-host1")
        discovery.router.wait_ready(2, ["m"])
        traffic = [Traffic(discovery.router) for _ in range(4)]
        for _ in range(engine_kills):
            seen = len(discovery.logged("discoverer watches"))
            engine.kill()
            engine.start()
            discovery.wait_for(
                lambda: len(discovery.logged("discoverer watches")) > seen,
                "the engine to be back",
                60,
            )
        for thread in traffic:
            thread.finish()
        count = sum(thread.count for thread in traffic)
        failures = [failure for thread in traffic for failure in thread.failures]
        print(f"\n{engine_kills} kills, {count} requests, {len(failures)} lost")
        assert count > 0 and not failures, failures[:5]
        assert not discovery.logged("backend gone")
        assert discovery.router.health()["backends_healthy"] == 2


def test_an_engine_that_stops_its_containers(network, binary, tmp_path, running, start_mock):
    other = start_mock("other", "other", tokens=4)
    with an_engine(binary, "--shutdown-timeout", "5") as engine:
        options = ["--restart", "always", "--stop-timeout", "1", *LABELS]
        for number in range(2):
            port = 18300 + number
            # llama.cpp falls silent on SIGTERM; vLLM would end its stream itself.
            silent = {"personality": "llamacpp"}
            command = mock_command(port, f"m{number}", tokens=200, itl="50ms", **silent)
            more = ["--network", "host", "-l", f"oairouter.port={port}"]
            engine.run(f"c{number}", "oairouter-mock", *options, *more, command=command)
        discovery = Discovery(
            binary, tmp_path, engine, "--backend", f"other={other.url}", name="stopping"
        )
        router = discovery.router
        running.append(router)
        router.wait_ready(3, ["m0", "m1", "other"])
        traffic = [Traffic(router, "other") for _ in range(2)]
        streams = [OpenStream(router, f"m{number}") for number in range(2)]
        for stream in streams:
            assert stream.has_content.wait(20)
        engine.terminate()
        engine.wait_stopped()
        for stream in streams:
            stream.join(20)
            assert stream.is_cut and b"[DONE]" not in stream.payload
            assert b'"error"' in stream.payload, stream.payload[-300:]
        late = []
        engine.start(wait=False)
        for number in range(2):
            late.append(Appearance(router, 18300 + number, f"m{number}"))
        times = sorted(appearance.wait() for appearance in late)
        for thread in traffic:
            thread.finish()
        router.wait_ready(3, ["m0", "m1", "other"])
        failures = [failure for thread in traffic for failure in thread.failures]
        print(f"\n{sum(t.count for t in traffic)} other requests, {len(failures)} lost; containers "
              f"found again after ms: {[round(value * 1000) for value in times]}")
        assert not failures, failures[:5]
        assert times[-1] < 5.0


class OpenStream(threading.Thread):
    """Reads one stream to its end, whatever that is."""

    def __init__(self, router, model):
        super().__init__(daemon=True)
        self.has_content = threading.Event()
        self.payload = b""
        self.is_cut = False
        self._router, self._model = router, model
        self.start()

    def run(self):
        try:
            with self._router.client() as client:
                client.post_json(CHAT, chat(self._model))
                client.reader.head()
                for _, piece in client.reader.chunks():
                    self.payload += piece
                    if b'"content":"' in self.payload:
                        self.has_content.set()
        except Truncated as cut:
            self.payload += cut.payload
            self.is_cut = True


def test_discover_prints_what_is_there_and_why_the_rest_is_not_used(clean, run):
    clean.run("mine", "vllm/vllm-openai:latest", "-p", "127.0.0.1:18000:8000")
    clean.docker("tag", "vllm/vllm-openai:latest", "database:1")
    clean.run("db", "database:1")
    done = run("discover", "--once", "--json", environment=clean.environment)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [(b["id"], b["url"]) for b in seen["backends"] if b["discoverer"] == "docker"] == [
        ("vllm-mine", "http://127.0.0.1:18000")
    ]
    assert {"db"} == {s["what"] for s in seen["skipped"] if s["discoverer"] == "docker"}
    text = run("discover", "--discover", "docker", environment=clean.environment).stdout
    assert "vllm-mine" in text and "no rule for its image database:1" in text


def test_nothing_but_serve_finds_the_containers_and_the_local_servers(
    clean, binary, tmp_path, running, start_mock
):
    clean.run("mine", "vllm/vllm-openai:latest", "-p", "127.0.0.1:18000:8000")
    router = Router(
        [binary, "--listen", "127.0.0.1:0", "--log-format", "json"],
        folder=tmp_path,
        name="zero",
        environment=clean.environment,
    )
    running.append(router)
    router.wait_ready(1, ["m"])
