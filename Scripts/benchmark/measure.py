"""Runs the scenarios against the peers in turn, and prints the tables. See Scripts/bench --help."""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import tables
from peers import PEERS, installed, usual
from scenarios import SCENARIOS, quick

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs/PERFORMANCE.md"
START_SECONDS = 90
# A run of which other virtual machines took more than this share of the processors' time is
# measured again, so many times in all.
QUIET_SHARE = 0.02
QUIET_TRIES = 4


def pinned(core, command):
    """The command on one core, where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return command
    return ["taskset", "-c", str(cores[core]), *command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A process that listens on a port, ended by its own id."""

    def __init__(self, command, port, core, errors):
        self.errors = errors
        with open(errors, "wb") as output:
            self.process = subprocess.Popen(
                pinned(core, command), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        end = time.monotonic() + START_SECONDS
        while not self._listens(port):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                sys.exit(f"{command[0]} didn't start:\n{errors.read_text('utf-8', 'replace')}")
            time.sleep(0.02)

    @staticmethod
    def _listens(port):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def await_answer(self, port):
        """Some listen before they know of their backend."""
        messages = [{"role": "user", "content": "hello"}]
        # One token: paced answers would take their time.
        question = {"model": "mock-model", "max_tokens": 1, "messages": messages}
        body = json.dumps(question).encode()
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        fields = {"Content-Type": "application/json"}
        # Whatever proxy the environment names is none for this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                opener.open(urllib.request.Request(url, body, fields), timeout=10).read()
                return
            except OSError as error:
                if time.monotonic() > end:
                    self.stop()
                    sys.exit(f"{url} doesn't answer: {error}")
                time.sleep(0.1)

    def processes(self):
        """It and its children."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [pid, *map(int, children.split())]

    def resident(self):
        """Bytes of memory of all of them."""
        return sum(map(self._pages, self.processes())) * os.sysconf("SC_PAGE_SIZE")

    @staticmethod
    def _pages(pid):
        """A child may have ended since it was listed."""
        try:
            return int(pathlib.Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return 0

    def idle(self, seconds):
        """The least that they have within a time: some let go later of what a start took."""
        end = time.monotonic() + seconds
        least = self.resident()
        while time.monotonic() < end:
            time.sleep(0.1)
            least = min(least, self.resident())
        return least

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def bench(port, scenario, processes):
    """What one run said; None when nothing was answered."""
    command = [os.environ["OAIROUTER_BIN"], "bench", f"http://127.0.0.1:{port}", "--json"]
    command += ["--model", "mock-model", "--duration", f"{int(scenario.seconds * 1000)}ms"]
    command += ["--warm-up", f"{int(scenario.warm_up * 1000)}ms", *scenario.load]
    for pid in processes:
        command += ["--pid", str(pid)]
    done = subprocess.run(pinned(0, command), capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)["targets"][0]["rounds"][0]


def processor_ticks():
    """Of all processors: the time that went to other virtual machines, and all time."""
    fields = pathlib.Path("/proc/stat").read_text("ascii").split("\n")[0].split()[1:9]
    return int(fields[7]), sum(map(int, fields))


def run(name, scenario, peer, folder):
    """One round of one scenario against one peer, all of it started afresh."""
    backend, port = free_port(), free_port()
    mock = [os.environ["OAIROUTER_BIN"], "mock", "--listen", f"127.0.0.1:{backend}"]
    mock += ["--tokens", "256", "--max-connections", "20000"]
    programs = [Program([*mock, *scenario.mock], backend, 0, folder / "mock.log")]
    try:
        idle = 0
        if PEERS[peer]:
            command = PEERS[peer](folder, port, backend)
            programs.append(Program(command, port, 1, folder / "peer.log"))
            programs[1].await_answer(port)
            idle = programs[1].idle(scenario.settle)
        target = programs[-1]
        stolen, whole = processor_ticks()
        figures = bench(port if PEERS[peer] else backend, scenario, target.processes())
        later_stolen, later_whole = processor_ticks()
        share = (later_stolen - stolen) / max(1, later_whole - whole)
        row = {"scenario": name, "peer": peer, "idle_rss_bytes": idle, "stolen_share": share}
        return {**row, **figures}
    finally:
        for program in reversed(programs):
            program.stop()


def quiet_run(name, scenario, peer, folder):
    """The first of a few runs of which the hypervisor took next to nothing, or the best of them.

    A virtual machine whose processors are taken away for milliseconds has tails of its own.
    """
    best = None
    for _ in range(QUIET_TRIES):
        row = run(name, scenario, peer, folder)
        if best is None or row["stolen_share"] < best["stolen_share"]:
            best = row
        if best["stolen_share"] <= QUIET_SHARE:
            break
    return best


def measure(names, peers, rounds, is_quick, keep):
    """All rounds; who begins changes from round to round."""
    one = run if is_quick else quiet_run
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            scenario = quick(SCENARIOS[name]) if is_quick else SCENARIOS[name]
            for number in range(rounds):
                shift = number % len(peers)
                for peer in [*peers[shift:], *peers[:shift]]:
                    print(f"{name}: round {number + 1}/{rounds} {peer}", file=sys.stderr)
                    rows.append(one(name, scenario, peer, pathlib.Path(folder)))
                    if keep:
                        print(json.dumps(rows[-1]), file=keep, flush=True)
    return rows


def chosen(text, known, what):
    names = text.split(",") if text else list(known)
    for name in names:
        if name not in known:
            sys.exit(f"bench: there is no {what} '{name}' here; known are {', '.join(known)}")
    return names


def main():
    parser = argparse.ArgumentParser(prog="Scripts/bench")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scenarios")
    parser.add_argument("--peers")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=argparse.FileType("a"))
    options = parser.parse_args()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:14} {scenario.about}")
        return
    if options.quick and options.write:
        sys.exit("bench: --quick measures nothing that is worth writing down")
    names = chosen(options.scenarios, SCENARIOS, "scenario")
    peers = chosen(options.peers, installed(), "peer") if options.peers else usual()
    rounds = options.rounds or (1 if options.quick else 5)
    rows = measure(names, peers, rounds, options.quick, options.keep)
    text = tables.render(rows, SCENARIOS)
    print(text)
    if options.write:
        DOCUMENT.write_text(tables.replaced(DOCUMENT.read_text("utf-8"), text), "utf-8")
    failed = [row for row in rows if row["errors"]]
    for row in failed:
        print(f"{row['scenario']} {row['peer']}: {row['errors_by_kind']}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
