"""A TCP relay that writes down what passes, byte for byte, per connection and direction.

Stands between a client and a server (or a router and its backend), so that a test compares what
one side sent with what the other got, instead of what a library made of it. By hand:

    python Tests/Integration/tee.py 127.0.0.1:8080 FOLDER
"""

import pathlib
import socket
import sys
import threading

from rawhttp import Message, MessageReader, Truncated
from waiting import wait_until


class Recording:
    """One connection through the relay: what the client sent, and what the server sent."""

    def __init__(self, folder, number):
        self._files = [
            open(folder / f"{number:04}.{side}", "wb", buffering=0) for side in ("sent", "answered")
        ]
        self.sent = bytearray()
        self.answered = bytearray()

    def write(self, side, data):
        (self.sent, self.answered)[side].extend(data)
        self._files[side].write(data)

    def close(self):
        for file in self._files:
            file.close()

    def exchanges(self):
        """Yields (request, response) for each pair that is complete in both directions.

        A client may leave a stream upon its terminator, and with it goes the end of the framing:
        a response that has come that far counts as complete.
        """
        requests, responses = _reader(self.sent), _reader(self.answered)
        while True:
            try:
                request = requests.request()
                yield request, responses.response(request.head.start_line.split(" ")[0])
            except Truncated as cut:
                if cut.payload.endswith(b"data: [DONE]\n\n"):
                    yield request, Message(cut.head, b"", cut.payload)
                return


def _reader(data):
    pieces = iter([bytes(data)])
    return MessageReader(lambda: next(pieces, b""))


class Tee:
    """Listens on a free port of the loopback and relays each connection to `target`."""

    def __init__(self, target, folder, port=0):
        self._target = target
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.address = self._listener.getsockname()
        self.recordings = []
        self._sockets = []
        self._threads = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def exchange(self, request_id):
        """The one (request, response) whose request bears the X-Request-ID, once it is complete.

        A client may have its answer before the relay has written it down.
        """

        def find():
            return [
                (request, response)
                for recording in list(self.recordings)
                for request, response in recording.exchanges()
                if request.head.get("x-request-id") == request_id
            ]

        found = wait_until(find, f"the end of the exchange {request_id}", seconds=5)
        assert len(found) == 1, f"{len(found)} exchanges with X-Request-ID {request_id}"
        return found[0]

    def stop(self):
        """Closes everything; afterwards connections are refused."""
        # A blocked accept only returns when the listening socket is shut down.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(5)
        self._listener.close()
        for connection in self._sockets:
            _shut(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for connection in self._sockets:
            connection.close()
        for recording in self.recordings:
            recording.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            recording = Recording(self._folder, len(self.recordings))
            self.recordings.append(recording)
            for side, (source, sink) in enumerate([(client, server), (server, client)]):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(source)
                arguments = (source, sink, recording, side)
                thread = threading.Thread(target=_relay, args=arguments, daemon=True)
                self._threads.append(thread)
                thread.start()


def _relay(source, sink, recording, side):
    """Moves bytes one way. A side's end is passed on as such, a broken one breaks both."""
    try:
        while data := source.recv(65536):
            recording.write(side, data)
            sink.sendall(data)
        _shut(sink, socket.SHUT_WR)
    except OSError:
        _shut(sink, socket.SHUT_RDWR)
        _shut(source, socket.SHUT_RDWR)


def _shut(connection, how):
    try:
        connection.shutdown(how)
    except OSError:
        pass  # gone already


def main():
    host, _, port = sys.argv[1].rpartition(":")
    tee = Tee((host, int(port)), sys.argv[2])
    print(f"listening on {tee.url}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        tee.stop()


if __name__ == "__main__":
    main()
