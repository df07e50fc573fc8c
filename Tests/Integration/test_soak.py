"""Endurance: streams that come and go, reloads, and faults, for as long as --soak says.

Each byte of each answer is compared with what the engine sends when it is asked directly.
"""

import asyncio
import itertools
import json
import os
import signal
import statistics
import time

import pytest

from programs import Router
from rawhttp import chat
from test_reload import configuration, replace
from waiting import PATIENCE, pass_time, wait_until

CHAT = "/v1/chat/completions"
# Each has its name in every event: bytes of another stream would show.
MODELS = [f"m{number}" for number in range(20)]
ENGINES = ("one", "two", "three")
# What becomes of some streams, by the engine's or their client's doing.
CUTS = {"cut-after=7": "upstream_disconnected", "eof-after=9": "upstream_disconnected"}
LEAVES = "leaves"
EVENTFUL = 31
"""One stream of so many is cut or left; a prime, so that it meets every model."""


class Stream:
    """One answer: its payload, and how it ended."""

    def __init__(self, model, fate):
        self.model, self.fate = model, fate
        self.status, self.fields, self.payload = 0, {}, b""
        self.is_whole = False

    def request(self, host):
        body = json.dumps(chat(self.model)).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        if self.fate in CUTS:
            head += f"X-Mock-Fault: {self.fate}\r\n"
        return head.encode() + b"Content-Type: application/json\r\n\r\n" + body

    async def read(self, reader):
        """Until its end, or until its client leaves."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            self.status = int(head[0].split()[1])
            self.fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            if "content-length" in self.fields:
                self.payload = await reader.readexactly(int(self.fields["content-length"]))
                self.is_whole = True
                return
            while size := int(await reader.readuntil(b"\r\n"), 16):
                self.payload += (await reader.readexactly(size + 2))[:-2]
                if self.fate == LEAVES and len(self.payload) > 1000:
                    return
            await reader.readexactly(2)
            self.is_whole = True
        except (OSError, asyncio.IncompleteReadError):
            pass


class Soak:
    """Everything that goes on, in one event loop."""

    def __init__(self, router, expected):
        self.router, self.expected = router, expected
        self.numbers = itertools.count()
        self.is_over = False
        self.whole = self.cut = self.left = 0
        self.problems = []
        # Moments at which an engine was killed: what ran there then ends with the frame.
        self.kills = []

    async def client(self, number):
        """Streams one after the other; every second on a connection of its own."""
        connection = None
        while not self.is_over:
            count = next(self.numbers)
            fates = (*CUTS, LEAVES)
            fate = fates[count // EVENTFUL % len(fates)] if count % EVENTFUL == 0 else None
            stream = Stream(MODELS[count % len(MODELS)], fate)
            began = time.monotonic()
            try:
                connection = connection or await asyncio.open_connection(*self.router.address)
                reader, writer = connection
                writer.write(stream.request(self.router.address[0]))
                await stream.read(reader)
            except OSError as error:
                self.problems.append(f"client {number}: {error!r}")
            self.judge(stream, began)
            if not stream.is_whole or count % 2:
                writer.transport.abort()
                connection = None
        if connection:
            connection[1].close()

    def judge(self, stream, began):
        expected = self.expected[stream.model]
        if stream.fate == LEAVES and expected.startswith(stream.payload) and not stream.is_whole:
            self.left += 1
        elif stream.status == 200 and stream.is_whole and stream.payload == expected:
            self.whole += 1
            if stream.fate in CUTS:
                self.problems.append(f"whole in spite of {stream.fate}")
        elif self.may_be_cut(stream, began) and is_honest(stream, expected):
            self.cut += 1
        else:
            self.problems.append(
                f"{stream.status} {stream.fields} {stream.fate} whole {stream.is_whole}: "
                f"{len(stream.payload)} of {len(expected)} bytes, ends {stream.payload[-300:]!r}"
            )

    def may_be_cut(self, stream, began):
        return stream.fate in CUTS or any(began < moment for moment in self.kills)


def is_honest(stream, expected):
    """Whole events of the engine's, then the frame, and no regular end."""
    events, mark, frame = stream.payload.rpartition(b'data: {"error":')
    return (
        stream.status == 200
        and not stream.is_whole
        and mark
        and expected.startswith(events)
        and (not events or events.endswith(b"\n\n"))
        and b'"upstream_disconnected"' in frame
        and frame.endswith(b"}\n\n")
    )


class Curve:
    """A process' memory and descriptors over time."""

    def __init__(self, pid):
        self.pid, self.memory, self.descriptors = pid, [], []

    def look(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            fields = dict(line.split(":", 1) for line in status)
        self.memory.append(int(fields["VmRSS"].split()[0]) / 1024)
        self.descriptors.append(len(os.listdir(f"/proc/{self.pid}/fd")))

    @staticmethod
    def growth(values):
        """From the second quarter to the last one: the first is for warming up."""
        quarter = len(values) // 4
        return statistics.median(values[-quarter:]) - statistics.median(
            values[quarter : 2 * quarter]
        )


@pytest.fixture
def soak(request):
    """(seconds, streams, seconds from one fault to the next)."""
    return tuple(map(float, request.config.getoption("--soak").split(",")))


async def faults(soak, every, engines, restart, reload):
    """One fault after the other: an engine killed and started again, a rejected file, a pause."""
    for number in itertools.count():
        await pass_time(every / 3)
        reload(is_valid=number % 2 == 0)
        await pass_time(every / 3)
        name = ENGINES[number % len(ENGINES)]
        if number % 2 == 0:
            soak.kills.append(time.monotonic())
            engines[name].kill()
            await asyncio.to_thread(restart, name)
        else:
            engines[name].signal(signal.SIGSTOP)
            try:
                await pass_time(1)
            finally:
                engines[name].signal(signal.SIGCONT)
        reload(is_valid=True)
        await pass_time(every / 3)


async def run(soak, curve, seconds, streams, disturb):
    clients = [asyncio.create_task(soak.client(number)) for number in range(int(streams))]
    disturbing = asyncio.create_task(disturb())
    end = time.monotonic() + seconds
    while time.monotonic() < end and not soak.problems and not disturbing.done():
        await pass_time(max(0.2, seconds / 400))
        curve.look()
    disturbing.cancel()
    for result in await asyncio.gather(disturbing, return_exceptions=True):
        if not isinstance(result, asyncio.CancelledError):
            soak.problems.append(f"the faults have ended: {result!r}")
    soak.is_over = True
    await asyncio.wait(clients, timeout=60 * PATIENCE)


async def reference(address):
    """What the engine itself answers with each model."""

    async def one(model):
        stream = Stream(model, None)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(stream.request(address[0]))
        await stream.read(reader)
        writer.close()
        assert stream.is_whole and b"[DONE]" in stream.payload
        return model, stream.payload

    return dict(await asyncio.gather(*map(one, MODELS)))


def test_streams_endure(binary, start_mock, running, tmp_path, soak):
    seconds, streams, every = soak
    manners = {"tokens": 40, "itl": "100ms", "reproducible": None}
    engines = {name: start_mock(name, *MODELS, **manners) for name in ENGINES}
    ports = {name: engine.address[1] for name, engine in engines.items()}
    expected = [asyncio.run(reference(engine.address)) for engine in engines.values()]
    assert expected[0] == expected[1] == expected[2]
    assert len(set(expected[0].values())) == len(MODELS)

    path = tmp_path / "oairouter.yaml"
    # Connections that nobody uses go soon: what is left at the end is what leaks.
    more = {"timeouts": {"upstream_idle": "2s"}}
    replace(path, configuration(engines, **more))
    router = Router([binary, "serve", "--config", path], folder=tmp_path, name="router")
    running.append(router)
    wait_until(lambda: router.health()["backends_healthy"] == len(ENGINES), "the engines")
    run_soak = Soak(router, expected[0])
    curve = Curve(router.process.pid)
    curve.look()

    def restart(name):
        running.remove(engines[name])
        options = {**manners, "listen": f"127.0.0.1:{ports[name]}"}
        engines[name] = start_mock(f"{name}-{time.monotonic_ns()}", *MODELS, **options)

    def reload(is_valid):
        balance = ("least_in_flight", "round_robin")[len(curve.memory) % 2]
        text = configuration(engines, balance=balance, **more) if is_valid else "{balance: none}"
        replace(path, text)

    def disturb():
        return faults(run_soak, every, engines, restart, reload)

    whole = run(run_soak, curve, seconds, streams, disturb)
    asyncio.run(asyncio.wait_for(whole, seconds + 120 * PATIENCE))
    memory, descriptors = Curve.growth(curve.memory), Curve.growth(curve.descriptors)
    wait_until(
        lambda: curve.look() or curve.descriptors[-1] <= curve.descriptors[0] + 2 * len(ENGINES),
        "idle connections to go",
        seconds=30,
    )
    print(
        f"{seconds:g} s, {streams:g} streams: {run_soak.whole} whole, {run_soak.cut} cut and "
        f"told, {run_soak.left} left, {len(run_soak.kills)} kills; RSS {curve.memory[0]:.1f} to "
        f"{curve.memory[-1]:.1f} MiB, peak {max(curve.memory):.1f}, {memory:+.2f} from the second "
        f"quarter to the last; descriptors {descriptors:+.0f}, {curve.descriptors[-1]} at the end"
    )
    assert run_soak.problems == []
    assert run_soak.whole > streams and run_soak.cut > 0 and run_soak.left > 0
    # A sanitizer keeps what is freed for a while.
    assert memory < 2 or PATIENCE > 1
    assert abs(descriptors) < streams / 4
