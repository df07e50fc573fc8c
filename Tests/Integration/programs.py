"""The real executable as child processes: started on free ports, ended by process id."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

import rawhttp
from waiting import PATIENCE, Timeout, wait_until

STOP_SECONDS = 15.0 * PATIENCE
LISTENING = re.compile(r'\blistening(?: on |".*"url":")(http://[^\s"]+)')


class Program:
    """One running process. Its output goes to files in `folder`; its lines are also kept here.

    A process that ends otherwise than a test asked for fails that test, in `finish`.
    """

    start_seconds = 10.0
    statuses = (0, 1, 2, -signal.SIGKILL, -signal.SIGTERM)

    def __init__(
        self, command, folder, name, environment=None, cwd=None, stdin=None, descriptors=()
    ):
        self.name = name
        self.lines = []
        self._changed = threading.Condition()
        self._has_ended = False
        self._output = folder / f"{name}.stdout"
        self._errors = folder / f"{name}.stderr"
        with open(self._errors, "wb") as errors:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                cwd=cwd,
                pass_fds=descriptors,
            )
        self._pump = threading.Thread(target=self._read_output, daemon=True)
        self._pump.start()

    def _read_output(self):
        with open(self._output, "w", encoding="utf-8", buffering=1) as copy:
            for line in self.process.stdout:
                text = line.decode("utf-8", "replace").rstrip("\n")
                copy.write(text + "\n")
                with self._changed:
                    self.lines.append(text)
                    self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    @property
    def errors(self):
        """What it wrote to standard error so far."""
        return self._errors.read_text("utf-8", "replace")

    def wait_for_line(self, wanted, seconds=None, count=1):
        """The `count`-th match of `wanted` (a compiled expression) in standard output."""
        end = time.monotonic() + PATIENCE * (self.start_seconds if seconds is None else seconds)
        with self._changed:
            while True:
                found = [match for line in self.lines if (match := wanted.search(line))]
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if self._has_ended or left <= 0:
                    break
                self._changed.wait(left)
        raise Timeout(f"{self.name} did not print {wanted.pattern!r}\n{self.describe()}")

    def describe(self):
        tail = "\n".join(self.lines[-20:])
        return (
            f"-- {self.name}: pid {self.process.pid}, exit status {self.process.poll()}\n"
            f"-- standard output\n{tail}\n-- standard error\n{self.errors[-4000:]}"
        )

    def memory(self, name):
        """A line of /proc/PID/status in bytes: VmRSS, VmHWM, RssAnon (what isn't a file's)."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines[name].split()[0]) * 1024

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def wait(self, seconds=STOP_SECONDS):
        """Its exit status, once it has ended and its output is read."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(self.describe(), self._threads(), sep="\n")
            raise
        self._pump.join(5)
        return status

    def _threads(self):
        """Where each of its threads is, as the kernel has it."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*")
        names = ("comm", "wchan", "syscall")
        lines = [[(task / name).read_text() for name in names] for task in tasks]
        return "\n".join(" ".join(line).replace("\n", " ") for line in lines)

    def finish(self):
        """Ends it if it still runs. Fails if it had crashed, or doesn't leave when asked to."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"did not end on SIGTERM\n{self.describe()}") from None
        self._pump.join(5)
        assert self.process.returncode in self.statuses, f"crashed\n{self.describe()}"


class Server(Program):
    """A process that says where it listens."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        try:
            self.url = self.wait_for_line(LISTENING).group(1).rstrip("/")
        except Timeout:
            self.kill()
            raise
        parts = urllib.parse.urlsplit(self.url)
        self.address = (parts.hostname, parts.port)

    def client(self):
        return rawhttp.RawClient(self.address)

    def ask(self, method, target, body=b"", fields=()):
        return rawhttp.ask(self.address, method, target, body, fields)

    def post(self, target, value, fields=()):
        """Posts JSON on a connection of its own and reads the whole answer."""
        with self.client() as client:
            client.post_json(target, value, fields)
            return client.reader.response()


class Router(Server):
    """`oairouter serve`. It ends on SIGTERM by itself, or it is found out."""

    statuses = (0, 1, 2, -signal.SIGKILL)

    def health(self):
        return self.ask("GET", "/health").json()

    def models(self):
        return sorted(model["id"] for model in self.ask("GET", "/v1/models").json()["data"])

    def listed(self):
        """How many backends have told their models."""
        page = self.ask("GET", "/metrics").payload
        return page.count(b"\noairouter_backend_models{")

    def wait_ready(self, backends, models=None):
        """Waits until that many backends are healthy, and the models (if given) are listed: by as
        many backends, since one that is well may not have told its own yet."""

        def is_ready():
            if self.health()["backends_healthy"] != backends:
                return False
            if models is None:
                return True
            return self.listed() >= backends and set(models) <= set(self.models())

        try:
            wait_until(is_ready, f"{backends} healthy backends with {models}")
        except Timeout as timeout:
            raise Timeout(f"{timeout}\n{self.health()}\n{self.describe()}") from None
        return self

    def event_lines(self, event):
        """The log's lines of one event so far, where they are JSON; of those in its place, too."""
        whole = (line for line in self.errors.splitlines() if line[:1] + line[-1:] == "{}")
        return [line for line in map(json.loads, whole) if line["event"] == event]

    def access_lines(self):
        """The access records that it printed so far, where they are JSON."""
        lines = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [line for line in lines if line["event"] == "access"]


class LlamaServer(Server):
    """A real llama.cpp server in a Python process of its own, which ends with its input."""

    start_seconds = 120.0

    def __init__(self, script, model, folder):
        self.model = model
        command = [sys.executable, script, model]
        super().__init__(command, folder=folder, name="llama", stdin=subprocess.PIPE)

    def finish(self):
        self.process.stdin.close()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()


def established(port):
    """How many connections to a local TCP port are established, as seen from its server."""
    count = 0
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            is_local = int(fields[1].split(":")[1], 16) == port
            count += is_local and fields[3] == "01"
    return count
