"""A real Docker Engine of the tests' own, in a network namespace of its own.

Nothing of it reaches the machine: socket, data and processes are in a test's folder, and its bridge
and its packet filter rules live and die with the namespace.
"""

import contextlib
import ctypes
import http.client
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tarfile
import threading

from waiting import wait_until

CLONE_NEWNET = 0x40000000
START_SECONDS = 60.0
STOP_SECONDS = 60.0

IMAGES = {
    "vllm/vllm-openai:latest": ("vllm", 8000),
    "nvcr.io/nvidia/vllm:25.10-py3": ("vllm", 8000),
    "ollama/ollama:latest": ("ollama", 11434),
    "ghcr.io/ggerganov/llama.cpp:server": ("llamacpp", 8080),
    "ghcr.io/ggml-org/llama.cpp:server": ("llamacpp", 8080),
    "lmsysorg/sglang:latest": ("sglang", 30000),
}
"""The images that the router knows, with the engine and the port of each."""


def missing():
    """Why no engine can be started here; None when one can."""
    if os.geteuid() != 0:
        return "a Docker Engine needs root"
    for program in ("dockerd", "docker", "ip"):
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            return f"{program} is missing; Scripts/test installs it"
    return None


@contextlib.contextmanager
def own_network():
    """Moves this thread, and the processes that it starts, to a network with loopback alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as former:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            if libc.setns(former.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")


class Engine:
    """One dockerd and its folder. It can be killed, stopped and started again."""

    def __init__(self, folder, *options):
        # The path of a socket has room for a hundred characters.
        self.folder = folder
        self.socket = folder / "d.sock"
        self.environment = {"DOCKER_HOST": f"unix://{self.socket}"}
        self._options = options
        self._process = None
        self._log = open(folder / "dockerd.log", "ab")
        self.start()

    def start(self, wait=True):
        for leftover in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / leftover).unlink(missing_ok=True)
        command = ["dockerd", "-H", f"unix://{self.socket}"]
        for option, name in (("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid")):
            command += [f"--{option}", self.folder / name]
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        self._process = subprocess.Popen(
            [str(part) for part in [*command, *self._options]],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment,
        )
        if wait:
            self.wait_ready()

    def wait_ready(self):
        wait_until(self._answers, "dockerd to answer", START_SECONDS)

    def _answers(self):
        if self._process.poll() is not None:
            log = (self.folder / "dockerd.log").read_text("utf-8", "replace")[-2000:]
            raise AssertionError(f"dockerd ended with {self._process.returncode}\n{log}")
        return self.get("/_ping")[0] == 200

    def get(self, target):
        """Status and body of one question to the engine's API."""
        connection = http.client.HTTPConnection("docker", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        with contextlib.closing(connection):
            connection.sock.connect(str(self.socket))
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()

    def kill(self):
        """SIGKILL: its containers go on, if it was started with --live-restore."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def terminate(self):
        self._process.send_signal(signal.SIGTERM)

    def wait_stopped(self):
        self._process.wait(STOP_SECONDS)

    def close(self):
        """Removes every container, then the engine and its folder."""
        with contextlib.suppress(subprocess.SubprocessError, OSError, AssertionError):
            self.remove_containers()
        self.terminate()
        self.wait_stopped()
        self._log.close()
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            mount = line.split()[1]
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_containers(self):
        """Removes them all; one that removes itself just now is waited for."""

        def are_gone():
            ids = self.docker("ps", "-aq").split()
            with contextlib.suppress(AssertionError):
                if ids:
                    self.docker("rm", "-f", *ids)
            return not ids

        wait_until(are_gone, "the containers to be gone", STOP_SECONDS)

    def docker(self, *arguments):
        """The output of a docker command. Fails the test when the command fails."""
        done = subprocess.run(
            ["docker", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **self.environment},
        )
        assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
        return done.stdout

    def run(self, name, image, *options, command=()):
        """Starts a container and returns its id."""
        return self.docker("run", "-d", "--name", name, *options, image, *command).strip()

    def load(self, image, files, command, port):
        """Makes an image of files: a dictionary from their paths inside to paths or bytes here."""
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w", dereference=True) as tar:
            for inside, source in files.items():
                if isinstance(source, bytes):
                    entry = tarfile.TarInfo(inside)
                    entry.size = len(source)
                    tar.addfile(entry, io.BytesIO(source))
                else:
                    tar.add(source, inside)
        change = ["-c", f"EXPOSE {port}", "-c", f"CMD {json.dumps(command)}"]
        self.docker("import", *change, archive, image)
        archive.unlink()


def page_server(port):
    """Files and command of a server of fixed pages: it answers every engine's probes and lists."""
    model = {"id": "m", "object": "model", "owned_by": "test"}
    pages = {
        "v1/models": {"object": "list", "data": [model]},
        "health": {},
        "ready": {},
        "api/version": {"version": "0.12.6"},
        "api/tags": {"models": [{"name": "m", "model": "m"}]},
        "api/ps": {"models": []},
    }
    files = {f"www/{path}": json.dumps(page).encode() for path, page in pages.items()}
    return files | busybox_files(), ["/bin/httpd", "-f", "-p", str(port), "-h", "/www"]


def busybox_files():
    """A shell and what else a container needs to be one."""
    return {f"bin/{name}": shutil.which("busybox") for name in ("sh", "httpd", "sleep")}


def program_files(binary):
    """The program with the libraries that it needs, for an image."""
    done = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=True)
    files = {"bin/oairouter": str(binary)}
    for word in done.stdout.split():
        if word.startswith("/"):
            files[word.lstrip("/")] = word
    return files


class EventClock(threading.Thread):
    """Notes when the engine says that each event happened, in seconds since 1970."""

    def __init__(self, engine):
        super().__init__(daemon=True)
        self.times = {}
        self._process = subprocess.Popen(
            ["docker", "events", "--format", "{{json .}}"],
            stdout=subprocess.PIPE,
            env={**os.environ, **engine.environment},
        )
        self.start()

    def run(self):
        for line in self._process.stdout:
            event = json.loads(line)
            key = (event["Action"], event["Actor"]["Attributes"].get("name"))
            self.times[key] = event["timeNano"] / 1e9

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
