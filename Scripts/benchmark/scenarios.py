"""The standard loads: what the fake backend does, and what `oairouter bench` sends."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One load. `unit` is what CPU time is divided by: a request or an event of a stream.

    `settle` is how long a peer has from its start until its memory is that of an idle one.
    """

    about: str
    load: tuple
    mock: tuple = ()
    seconds: float = 2.0
    warm_up: float = 0.4
    unit: str = "request"
    streams: int = 0
    settle: float = 0.0


def stream(connections, interval, ramp, **more):
    """Paced streams, all open at the same time, whose events say when they were sent."""
    load = ("--stream", "--stamps", "-c", str(connections), "--ramp", ramp)
    mock = ("--itl", interval, "--stamps", "--tokens", "256")
    kind = {"unit": "event", "streams": connections, "settle": 3.0}
    return Scenario(load=load, mock=mock, **kind, **more)


# What the fake backend and the load need for an answer, the peer waits for: they share a core.
SHORT = ("--tokens", "16")

SCENARIOS = {
    "small-sat": Scenario("64 connections, as fast as they can", ("-c", "64"), SHORT),
    "small-c1": Scenario("one connection", ("-c", "1"), SHORT),
    "small-5k": Scenario(
        "5,000 requests a second, open loop", ("-c", "64", "--rate", "5000"), SHORT
    ),
    "conversations": Scenario(
        "16 connections, conversations of 1 to 64 KiB, `model` last",
        ("-c", "16", "--body", "chat"),
        SHORT,
    ),
    "sse-1k": stream(
        1000, "50ms", "400ms", about="1,000 streams of 20 events a second", warm_up=1.0
    ),
    "sse-5k-slow": stream(
        5000, "200ms", "1500ms", about="5,000 streams of 5 events a second", warm_up=2.5
    ),
    "churn": Scenario(
        "64 clients, short streams, a new connection for each",
        ("--stream", "--churn", "-c", "64"),
        SHORT,
    ),
    "body-256k": Scenario(
        "16 connections, bodies of 256 KiB", ("-c", "16", "--body", "256KiB"), SHORT
    ),
    "body-4m": Scenario("4 connections, bodies of 4 MiB", ("-c", "4", "--body", "4MiB"), SHORT),
}


def quick(scenario):
    """The same for a moment, with few connections and small bodies: to see that it works."""
    load = list(scenario.load)
    connections = load.index("-c") + 1
    load[connections] = str(min(int(load[connections]), 32))
    if "--rate" in load:
        load[load.index("--rate") + 1] = "200"
    if "--ramp" in load:
        load[load.index("--ramp") + 1] = "50ms"
    load = [{"256KiB": "32KiB", "4MiB": "128KiB"}.get(part, part) for part in load]
    mock = ["20ms" if part == "200ms" else part for part in scenario.mock]
    return dataclasses.replace(
        scenario,
        load=tuple(load),
        mock=tuple(mock),
        seconds=0.5,
        warm_up=0.1,
        streams=32,
        settle=0.0,
    )
