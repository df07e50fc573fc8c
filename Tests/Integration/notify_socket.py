"""What systemd does for a service: a socket for notifications, and listeners handed over."""

import contextlib
import re
import select
import socket
import sys
import threading

from waiting import wait_until

HANDING_OVER = """
import os, sys
given = [int(text) for text in sys.argv[1].split(",") if text]
# Out of the way first: one may have the number that another one gets.
high = [os.dup2(number, 100 + index) for index, number in enumerate(given)]
for index, number in enumerate(high):
    os.dup2(number, 3 + index, inheritable=True)
os.closerange(100, 100 + len(high))
os.environ["LISTEN_FDS"] = str(len(given))
os.environ["LISTEN_PID"] = sys.argv[2] or str(os.getpid())
os.execv(sys.argv[3], sys.argv[3:])
"""


class NotifySocket:
    """A datagram socket for NOTIFY_SOCKET to name; its messages, in their order.

    They are taken by a thread of its own, as a manager does: the kernel keeps some ten of them.
    """

    def __init__(self, place):
        self.place = str(place)
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.place[1:] if self.place.startswith("@") else self.place)
        self._socket.setblocking(False)
        self._lock = threading.Lock()
        self._is_over = False
        self._takes = threading.Event()
        self._takes.set()
        self._thread = threading.Thread(target=self._keep_taking)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()
        self._socket.close()

    def _keep_taking(self):
        while not self._is_over:
            select.select([self._socket], [], [], 0.1)
            if self._takes.wait(0.1):
                self.take()

    @contextlib.contextmanager
    def full(self):
        """Takes nothing, and has no room for more either."""
        self._takes.clear()
        with self._lock, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    other.sendto(b"STATUS=filler", self._socket.getsockname())
            yield
        self._takes.set()

    def take(self):
        """All that came so far, each message as a dictionary."""
        with self._lock:
            while True:
                try:
                    text = self._socket.recv(4096).decode()
                except BlockingIOError:
                    return list(self.messages)
                self.messages.append(dict(line.split("=", 1) for line in text.split("\n")))

    def values(self, name):
        """What was said of a name, in its order."""
        return [message[name] for message in self.take() if name in message]

    def wait_for(self, name, pattern=".*", seconds=10, count=1):
        """Waits until a name had a value that matches, so many times; the last such value."""

        def found():
            values = [value for value in self.values(name) if re.fullmatch(pattern, value)]
            return values if len(values) >= count else None

        return wait_until(found, f"{name}={pattern} {count} times", seconds)[-1]


def handing_over(sockets, command, pid=None):
    """A command that starts another one with sockets as its descriptors from 3 on.

    `pid` is whom they are said to be for, if not for the command itself.
    """
    numbers = ",".join(str(item.fileno()) for item in sockets)
    return [sys.executable, "-c", HANDING_OVER, numbers, str(pid or ""), *map(str, command)]
