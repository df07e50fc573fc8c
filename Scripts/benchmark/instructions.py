"""Counts user instructions per proxied request; see Scripts/instructions."""

import argparse
import json
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter

import callgrind
from peers import PEERS, installed

BASELINE = pathlib.Path("docs/baselines/instructions.json")
# By how much a count may grow. What one event costs differs by 2 to 4 % from run to run by itself.
ALLOWED = {"request": 0.03, "event": 0.06}
# Peers that callgrind sees whole.
ONE_PROCESS = {"haproxy", "vllm-router", "sglang-router"}
HOST = "127.0.0.1"
# What the router does once, two seconds after its start, belongs to both runs.
SETTLED = 6
# What only the thread of the reactor's loop runs, as its mangled name has it. It calls itself, so
# that no optimiser can take it for a part of another one.
LOOP = "ProxyV4step"

BODY = json.dumps(
    {"model": "mock", "messages": [{"role": "user", "content": "Say hello to the world, please."}]}
).encode()
STREAM_BODY = BODY[:-1] + b', "stream": true}'


def request(body, key=False):
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n"
        "User-Agent: counting\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
    )
    if key:
        head += "Authorization: Bearer sk-0123456789abcdef\r\n"
    return head.encode() + b"\r\n" + body


class Scenario:
    """A load: so many connections, each with its next request when all have their answers."""

    def __init__(self, connections, lengths, wire, log=False, key=False, events=0):
        self.connections, self.lengths, self.wire = connections, lengths, wire
        self.log, self.key, self.events = log, key, events

    @property
    def unit(self):
        return "event" if self.events else "request"

    def mock_arguments(self):
        """Events come one by one: those that come together cost less, and how many do is chance."""
        return ("--tokens", str(self.events), "--itl", "5ms") if self.events else ("--tokens", "8")

    def arguments(self, folder):
        yield f"--log.access={'true' if self.log else 'false'}"
        yield from ("--log-format", "json")
        if self.key:
            (folder / "key").write_text("sk-0123456789abcdef", "utf-8")
            (folder / "keys.yaml").write_text(
                f"keys: [{{id: counted, key_file: {folder / 'key'}}}]\n", "utf-8"
            )
            os.chmod(folder / "key", 0o600)
            yield from ("--config", str(folder / "keys.yaml"))


SCENARIOS = {
    "alone": Scenario(1, (200, 1000), request(BODY)),
    "batch": Scenario(16, (50, 250), request(BODY)),
    "logged": Scenario(16, (50, 250), request(BODY, key=True), log=True, key=True),
    "event": Scenario(1, (4, 44), request(STREAM_BODY), log=True, events=64),
}


def free_port():
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


def await_port(port, process):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"the program ended with {process.returncode} before it listened")
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("nothing listens after 120 s")


def is_whole(answer):
    head, separator, rest = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"an answer that isn't 200: {answer[:300]!r}")
    head = head.lower()
    if b"transfer-encoding: chunked" in head:
        return rest.endswith(b"0\r\n\r\n")
    return len(rest) == int(head.split(b"content-length:")[1].split(b"\r\n")[0])


def drive(port, scenario, rounds):
    """One burst after the other; each is over when all its answers are whole."""
    sockets = [socket.create_connection((HOST, port), 60) for _ in range(scenario.connections)]
    selector = selectors.DefaultSelector()
    for each in sockets:
        selector.register(each, selectors.EVENT_READ)
    for _ in range(rounds):
        for each in sockets:
            each.sendall(scenario.wire)
        answers = {each: b"" for each in sockets}
        waiting = set(sockets)
        while waiting:
            for key, _ in selector.select(60) or sys.exit("no answer for 60 s"):
                piece = key.fileobj.recv(65536)
                if not piece:
                    sys.exit("a connection was closed")
                answers[key.fileobj] += piece
                if is_whole(answers[key.fileobj]):
                    waiting.discard(key.fileobj)
    for each in sockets:
        each.close()


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()


def router(scenario, folder, port, backend):
    """The command line of the router as it is counted."""
    command = [os.environ["OAIROUTER_BIN"], "serve", "--listen", f"{HOST}:{port}"]
    command += ["--backend", f"mock=http://{HOST}:{backend}", "--discover", "off"]
    return [*command, "--admin", "off", *scenario.arguments(folder)]


def traced(folder, scenario, rounds, command):
    """What each thread of a program has cost, by function, in one run.

    `command` makes its command line of a folder, its port and its backend's.
    """
    mock_port, port = free_port(), free_port()
    out = folder / f"callgrind.{rounds}"
    mock = subprocess.Popen(
        [os.environ["OAIROUTER_BIN"], "mock", "--listen", f"{HOST}:{mock_port}"]
        + ["--model", "mock", *scenario.mock_arguments()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    program = None
    try:
        await_port(mock_port, mock)
        program = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--separate-threads=yes", "-q"]
            + [f"--callgrind-out-file={out}", *command(folder, port, mock_port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await_port(port, program)
        # What is done once, in first requests, isn't what is asked for.
        started = time.monotonic()
        drive(port, scenario, 2 if scenario.events else 20)
        drive(port, scenario, rounds)
        time.sleep(max(0, started + SETTLED - time.monotonic()))
    finally:
        if program is not None:
            end(program)
        end(mock)
    return [callgrind.costs(path) for path in folder.glob(f"callgrind.{rounds}-*")]


def counted(folder, scenario, rounds):
    """The instructions of one run by function: of the reactor's loop, and of all other threads."""
    threads = traced(folder, scenario, rounds, lambda *places: router(scenario, *places))
    # Threads aren't numbered alike in each run.
    loop = [thread for thread in threads if any(LOOP in name for name in thread)]
    return [sum(loop, Counter()), sum((each for each in threads if each not in loop), Counter())]


def counted_of_peer(name, scenario):
    """What a request costs another proxy, all its threads together."""
    with tempfile.TemporaryDirectory() as temporary:
        runs = [
            sum(traced(pathlib.Path(temporary), scenario, rounds, PEERS[name]), Counter()).total()
            for rounds in scenario.lengths
        ]
    short, long = scenario.lengths
    return (runs[1] - runs[0]) / ((long - short) * scenario.connections * (scenario.events or 1))


def difference(long, short, by):
    """By function, what one of the requests cost that the long run is longer by."""
    return Counter({name: (long[name] - short[name]) / by for name in long})


def measure(name, keep):
    scenario = SCENARIOS[name]
    short, long = scenario.lengths
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(keep or temporary) / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("callgrind.*"):
            old.unlink()
        few, many = (counted(folder, scenario, rounds) for rounds in scenario.lengths)
    by = (long - short) * scenario.connections
    by *= scenario.events or 1
    loop, others = (difference(b, a, by) for a, b in zip(few, many))
    if loop.total() <= 0:
        sys.exit(f"no thread ran {LOOP}: has the loop another name now?")
    total = round(loop.total() + others.total())
    return {"loop": round(loop.total()), "all": total}, {"loop": loop, "others": others}


def compiler():
    said = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    return said.split("(")[0].strip().splitlines()[-1] if said else "unknown"


def print_profile(name, threads, count):
    if not count:
        return
    for thread, functions in threads.items():
        print(f"--- {name}, {thread}: {functions.total():.0f}")
        for function, cost in functions.most_common(count):
            print(f"{cost:10.1f}  {function[:150]}")


def judge(counts, baseline):
    """Prints a line for each count; the names of those that have grown too much."""
    grown = []
    for name, figures in counts.items():
        for kind, count in figures.items():
            was = baseline.get(name, {}).get(kind)
            change = f"{(count / was - 1) * 100:+.1f} %" if was else "new"
            print(f"{name:8} {kind:5} {count:8,} a {SCENARIOS[name].unit:8} {change}")
            if was and count > was * (1 + ALLOWED[SCENARIOS[name].unit]):
                grown.append(f"{name} {kind}")
    return grown


def main():
    parser = argparse.ArgumentParser(prog="Scripts/instructions")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--profile", type=int, default=0)
    parser.add_argument("--keep")
    parser.add_argument("--beside", choices=sorted(ONE_PROCESS))
    options = parser.parse_args()
    if options.beside and options.beside not in installed():
        parser.error(f"{options.beside} isn't on the PATH")
    if options.list:
        print("\n".join(SCENARIOS))
        return
    names = options.scenarios.split(",")
    for name in names:
        if name not in SCENARIOS:
            parser.error(f"no scenario is called {name!r}; --list names them")
    record = json.loads(BASELINE.read_text("utf-8")) if BASELINE.exists() else {}
    counts = {}
    for name in names:
        counts[name], threads = measure(name, options.keep)
        print_profile(name, threads, options.profile)
    grown = judge(counts, record.get("counts", {}))
    for name in names if options.beside else ():
        count = counted_of_peer(options.beside, SCENARIOS[name])
        print(f"{name:8} {options.beside} {count:,.0f} a {SCENARIOS[name].unit}")
    if options.write:
        record = {"compiler": compiler(), "counts": {**record.get("counts", {}), **counts}}
        BASELINE.parent.mkdir(exist_ok=True)
        BASELINE.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    elif grown and record.get("compiler") != compiler():
        print(f"the baseline is of {record.get('compiler')}: no judgement", file=sys.stderr)
    elif grown:
        print(f"too far above {BASELINE}: {', '.join(grown)}", file=sys.stderr)
        sys.exit(3)


main()
