"""A client of the admin listener: a unix socket, or an address with a key."""

import http.client
import json
import socket

from waiting import PATIENCE

TIMEOUT_SECONDS = 20.0 * PATIENCE


class Answer:
    """A whole answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The `error` object of an error answer."""
        return self.json()["error"]


class Admin:
    """Asks the admin listener at `address`: a path, or (host, port)."""

    def __init__(self, address, key=None):
        self.address = str(address) if not isinstance(address, tuple) else address
        self.fields = {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def option(self):
        """The address as the program takes it."""
        is_path = isinstance(self.address, str)
        return f"unix:{self.address}" if is_path else "%s:%d" % self.address

    def connect(self):
        if not isinstance(self.address, str):
            return socket.create_connection(self.address, timeout=TIMEOUT_SECONDS)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(self.address)
        return connection

    def ask(self, method, path, value=None):
        """Sends a request (`value` as JSON, or bytes as they are) on a connection of its own."""
        body = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.connect()
        try:
            connection.request(method, path, body, self.fields)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def backends(self):
        """The backends by id."""
        listed = self.ask("GET", "/admin/backends").json()["backends"]
        return {backend["id"]: backend for backend in listed}

    def send_raw(self, data):
        """Sends bytes and returns all that comes until the other side closes."""
        received = b""
        with self.connect() as connection:
            connection.sendall(data)
            while piece := connection.recv(65536):
                received += piece
        return received
