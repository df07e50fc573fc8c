"""A router whose place others take: they are children of their predecessors, not of the tests."""

import os
import pathlib
import signal
import threading

from admin_client import Admin
from programs import STOP_SECONDS
from waiting import wait_until


def has_ended(pid):
    """Whether a process is gone, or waits for somebody to look at how it has ended."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


class Upgrading:
    """A router, and whoever serves in its place. To be ended before the router is looked at."""

    def __init__(self, router, admin):
        self.router = router
        self.admin = admin
        self.pids = [router.process.pid]

    def ask(self, **order):
        """An upgrade; whoever serves then is known from then on."""
        answer = self.admin.ask("POST", "/admin/upgrade", order or None)
        if answer.status == 200:
            self.pids.append(answer.json()["pid"])
        return answer

    def upgrade(self, **order):
        """An upgrade that must succeed; the new process's id."""
        answer = self.ask(**order)
        assert answer.status == 200, f"{answer.body}\n{self.router.describe()}"
        assert answer.json()["former_pid"] == self.pids[-2]
        wait_until(lambda: self.status()["pid"] == self.pids[-1], "the new one to answer")
        return self.pids[-1]

    def status(self):
        return self.admin.ask("GET", "/admin/status").json()

    @property
    def pid(self):
        """Who serves now."""
        return self.pids[-1]

    def signal(self, number, pid=None):
        os.kill(pid or self.pid, number)

    def former_status(self):
        """The exit status of the first one. Its output is still others'."""
        return self.router.process.wait(STOP_SECONDS)

    def wait_for_end(self, pid, seconds=STOP_SECONDS):
        wait_until(lambda: has_ended(pid), f"the end of process {pid}", seconds)

    def finish(self):
        """Ends the successors."""
        for pid in self.pids[1:]:
            if not has_ended(pid):
                os.kill(pid, signal.SIGTERM)
        for pid in self.pids[1:]:
            self.wait_for_end(pid)


class Background:
    """Something that is done on a thread of its own; its result."""

    def __init__(self, work):
        self._result = None
        self._error = None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work):
        try:
            self._result = work()
        except BaseException as error:  # Whatever it is, whoever waits for the result gets it.
            self._error = error

    def result(self):
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result


