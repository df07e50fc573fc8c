"""What the fake backends of this folder have in common: a listener, a thread per connection."""

import socket
import threading

from rawhttp import MessageReader, Truncated


class ThreadedServer:
    """Listens on a free port of the loopback; each connection gets a thread that calls `serve`.

    It starts with its creation: what `serve` needs has to be there before.
    """

    def __init__(self, backlog=128):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.address = self._listener.getsockname()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def stop(self):
        """Takes no further connection; returns when nobody listens any more."""
        if self._listener.fileno() < 0:
            return
        # A blocked accept only returns when the listening socket is shut down.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(5)
        self._listener.close()

    def serve(self, connection, reader):
        """One connection, until it is to be closed."""
        raise NotImplementedError

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            with connection:
                self.serve(connection, MessageReader(lambda: connection.recv(65536)))
        except (OSError, Truncated):
            pass  # whoever was there broke off
