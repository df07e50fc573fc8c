"""A real dnsmasq on a free port, whose records a test changes."""

import os
import random
import shutil
import signal
import socket
import subprocess

from waiting import wait_until

ZONE = "svc.test"


def executable():
    """Where it is; Debian puts it where only root looks."""
    return shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def free_port():
    """A port that nobody has, for datagrams or connections, below those that port 0 gives out: it
    must still be free when the server is started again."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connections:
                try:
                    datagrams.bind(("127.0.0.1", port))
                    connections.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
    raise AssertionError("100 ports are taken")


class NameServer:
    """`dnsmasq` for one zone. It reads its records anew by being started again: SIGHUP rereads
    hosts files, but no SRV records."""

    def __init__(self, folder, ttl):
        self.ttl = ttl
        self._folder = folder
        self._process = None
        self.port = free_port()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def serve(self, *records):
        """Serves these records and no others: `srv-host=…`, `host-record=…`, in its own words."""
        self.stop()
        assert executable(), "dnsmasq is missing; Scripts/test installs it"
        lines = [
            *(f"port={self.port}", "listen-address=127.0.0.1", "bind-interfaces"),
            *("no-resolv", "no-hosts", "no-daemon", "pid-file", "user="),
            *(f"local=/{ZONE}/", f"local-ttl={self.ttl}"),
            *records,
        ]
        file = self._folder / "dnsmasq.conf"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        self._process = subprocess.Popen(
            [executable(), f"--conf-file={file}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(self._folder / "dnsmasq.log", "ab"),
        )
        wait_until(self._answers, "dnsmasq to answer")

    def _answers(self):
        """One question of our own: for the zone's name itself."""
        assert self._process.poll() is None, (self._folder / "dnsmasq.log").read_text()
        question = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\3svc\4test\0" + b"\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.5)
            client.connect(("127.0.0.1", self.port))
            client.send(question)
            return client.recv(512)

    def stop(self):
        """Ends it: nobody answers any more."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        self._process = None
