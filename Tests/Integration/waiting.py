"""Waits for conditions, each with a deadline. The only place that lets time pass."""

import asyncio
import os
import threading
import time

PACE_SECONDS = 0.01
"""How often a condition that can't announce itself is looked at."""

PATIENCE = float(os.environ.get("OAIROUTER_PATIENCE", "1"))
"""How many times longer than usual anything may take: a sanitizer slows its program down."""


class Timeout(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, what, seconds=10.0):
    """Returns the first true result of `condition()`; raises Timeout after `seconds`.

    `what` completes the sentence "waited 10 s for …". An OSError that the condition raises counts
    as "not yet": a server that is still starting refuses connections.
    """
    pace = threading.Event()
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except OSError as error:
            last = error
        if time.monotonic() >= end:
            raise Timeout(f"waited {seconds:g} s for {what}; last seen: {last!r}")
        pace.wait(PACE_SECONDS)


async def pass_time(seconds):
    """Lets the event loop go on for a while: for schedules, never for want of a condition."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    await over.wait()
