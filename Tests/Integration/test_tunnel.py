"""WebSockets: routed by the model in the query, then bytes pass both ways as they are."""

import os
import socket
import threading
import time

import pytest
import websockets.sync.client
import websockets.sync.server

from rawhttp import RawClient
from threaded_server import ThreadedServer
from waiting import wait_until

HANDSHAKE = [
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
LISTING = b'{"object":"list","data":[{"id":"m","object":"model"},{"id":"a/b c","object":"model"}]}'


class Switching(ThreadedServer):
    """Lists its models, and hands each WebSocket's connection to `work`."""

    def __init__(self, work):
        self._work = work
        self.heads = []
        super().__init__()

    def serve(self, connection, reader):
        while not reader.at_end():
            head = reader.head()
            if head.get("upgrade") is not None:
                self.heads.append(head)
                self._work(connection)
                return
            body = LISTING if head.target == "/v1/models" else b"{}"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.fixture
def start(start_router):
    """start(work, *arguments): (the backend, the router)."""
    backends = []

    def begin(work, *arguments):
        backends.append(Switching(work))
        return backends[0], start_router({"a": backends[0].url}, *arguments).wait_ready(1)

    yield begin
    for backend in backends:
        backend.stop()


def echo(connection):
    connection.sendall(SWITCHED)
    while True:
        data = connection.recv(65536)
        if not data:
            return
        connection.sendall(data)


def open_tunnel(router, query="model=m", behind=b""):
    client = RawClient(router.address)
    client.request("GET", "/v1/realtime?" + query, fields=HANDSHAKE)
    if behind:
        client.send(behind)
    head = client.reader.head()
    assert head.status == 101
    return client, head


def test_a_real_client_and_a_real_server_talk(start_router):
    def handler(connection):
        for message in connection:
            connection.send(message)

    # The models come from a backend of their own kind of server; the server only has WebSockets.
    with websockets.sync.server.serve(handler, "127.0.0.1", 0, max_size=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = server.socket.getsockname()
        backend = Switching(lambda connection: None)

        def relayed(connection):
            head = backend.heads[-1]
            with socket.create_connection(address) as inner:
                lines = [head.start_line] + [f"{name}: {value}" for name, value in head.fields]
                inner.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
                threading.Thread(target=pump, args=(inner, connection), daemon=True).start()
                pump(connection, inner)

        backend._work = relayed
        router = start_router({"a": backend.url}).wait_ready(1)
        url = "ws://%s:%d/v1/realtime?model=m" % router.address
        with websockets.sync.client.connect(url, max_size=None) as client:
            for message in ["hello", "ü" * 70_000, os.urandom(3_000_000), ""]:
                client.send(message)
                assert client.recv() == message
            assert client.ping().wait(10)
        backend.stop()
        server.shutdown()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_the_handshake_goes_through(start):
    backend, router = start(echo)
    client, head = open_tunnel(router, "a=1&model=m&b=%20")
    with client:
        assert head.get("upgrade") == "websocket"
        assert head.get("connection") == "Upgrade"
        assert head.get("x-oairouter-backend") == "a"
    asked = backend.heads[0]
    assert asked.start_line == "GET /v1/realtime?a=1&model=m&b=%20 HTTP/1.1"
    assert (asked.get("upgrade"), asked.get("connection")) == ("websocket", "Upgrade")
    assert asked.get("sec-websocket-key") == "dGhlIHNhbXBsZSBub25jZQ=="
    assert asked.get("content-length") is None


@pytest.mark.parametrize("query", ["model=a%2Fb%20c", "model=a/b%20c&x", "x=1&model=a%2fb%20c"])
def test_the_model_is_decoded(start, query):
    _, router = start(echo)
    client, _ = open_tunnel(router, query)
    client.close()


def test_an_alias_is_replaced_in_the_query(start):
    backend, router = start(echo, "--aliases", '{"gpt-realtime":"a/b c"}')
    client, _ = open_tunnel(router, "x=1&model=gpt-realtime&y=2")
    client.close()
    assert backend.heads[0].target == "/v1/realtime?x=1&model=a%2Fb%20c&y=2"


def test_a_fallback_is_named_in_the_query(start, start_mock, start_router):
    backend, _ = start(echo)
    big = start_mock("big", "big")
    urls = {"a": backend.url, "b": big.url}
    fallbacks = '{"big":["nobody","a/b c"]}'
    router = start_router(urls, "--fallbacks", fallbacks, name="second").wait_ready(2, ["big"])
    big.kill()
    client, head = open_tunnel(router, "x=1&model=big")
    client.close()
    assert backend.heads[0].target == "/v1/realtime?x=1&model=a%2Fb%20c"
    assert head.get("x-oairouter-backend") == "a"


def test_much_passes_both_ways_at_once(start):
    _, router = start(echo)
    data = os.urandom(1 << 20) * 20
    client, _ = open_tunnel(router, behind=data[:1000])
    with client:
        sender = threading.Thread(target=client.send, args=(data[1000:],))
        sender.start()
        assert client.reader._exactly(len(data), "the echo") == data
        sender.join()


def test_the_backend_s_end_reaches_the_client(start):
    def work(connection):
        connection.sendall(SWITCHED + b"last words")

    _, router = start(work)
    client, _ = open_tunnel(router)
    with client:
        assert client.reader._exactly(10, "words") == b"last words"
        assert client.reader.at_end()


def test_the_client_s_end_reaches_the_backend(start):
    ended = threading.Event()

    def work(connection):
        echo(connection)
        ended.set()

    _, router = start(work)
    client, _ = open_tunnel(router)
    client.close()
    assert ended.wait(5)


def test_a_client_that_doesn_t_read_stops_its_backend(start):
    sent = []

    def work(connection):
        connection.sendall(SWITCHED)
        connection.settimeout(1.0)
        try:
            for _ in range(400):
                connection.sendall(b"x" * (1 << 20))
                sent.append(1 << 20)
        except TimeoutError:
            pass
        sent.append(0)

    _, router = start(work)
    client, _ = open_tunnel(router)
    with client:
        wait_until(lambda: sent and sent[-1] == 0, "the backend to be stopped", 30)
        assert sum(sent) < 32 << 20


def test_an_idle_tunnel_ends(start):
    _, router = start(echo, "--timeouts.tunnel-idle", "300ms")
    client, _ = open_tunnel(router)
    with client:
        client.send(b"x")
        assert client.reader._exactly(1, "x") == b"x"
        assert client.reader.at_end()


def test_a_drain_waits_for_tunnels_and_ends_them(start):
    _, router = start(echo, "--drain-timeout", "1s")
    client, _ = open_tunnel(router)
    with client:
        router.signal(15)
        began = time.monotonic()
        client.send(b"still")
        assert client.reader._exactly(5, "an echo") == b"still"
        assert client.reader.at_end()
        assert time.monotonic() - began > 0.5
    router.wait()


def test_what_isn_t_an_upgrade_is_told_so(start):
    _, router = start(echo)
    answer = router.ask("GET", "/v1/realtime?model=m")
    assert (answer.status, answer.error["code"]) == (426, "upgrade_required")
    assert answer.head.get("upgrade") == "websocket"
    assert router.ask("POST", "/v1/realtime?model=m").status == 426


def test_an_unknown_model_is_a_404(start):
    _, router = start(echo)
    with RawClient(router.address) as client:
        client.request("GET", "/v1/realtime?model=nope", fields=HANDSHAKE)
        answer = client.reader.response("GET")
    assert (answer.status, answer.error["code"]) == (404, "model_not_found")


OTHER = [
    ("model=m&model=a%2Fb+c", "duplicate_model_field"),
    ("model=m&mod%65l=a%2Fb+c", "duplicate_model_field"),
    ("model=a%2Fb+c&model=m", "duplicate_model_field"),
    ("Model=a%2Fb+c&model=m", "duplicate_model_field"),
    ("mod%65l=a%2Fb+c", "model_not_allowed"),
    ("model=m;model=a%2Fb+c", "missing_required_parameter"),
    ("x=1;model=a%2Fb+c&model=m", "missing_required_parameter"),
    ("Model=m", "missing_required_parameter"),
]


@pytest.mark.parametrize("query, code", OTHER)
def test_a_key_reaches_no_other_model_by_the_query(start, query, code):
    key = "k" * 20
    keys = '[{"id":"a","key":"%s","models":["m"]}]' % key
    backend, router = start(echo, "--keys", keys)
    fields = [*HANDSHAKE, ("Authorization", "Bearer " + key)]
    with RawClient(router.address) as client:
        client.request("GET", "/v1/realtime?" + query, fields=fields)
        answer = client.reader.response("GET")
    assert (answer.status, answer.error["code"]) == (403 if "allowed" in code else 400, code)
    # What the client sends behind its handshake is no request.
    assert answer.head.get("connection") == "close"
    with RawClient(router.address) as client:
        client.request("GET", "/v1/realtime?mod%65l=m&model=m", fields=fields)
        assert client.reader.head().status == 101
    assert [head.target for head in backend.heads] == ["/v1/realtime?mod%65l=m&model=m"]


def test_an_alias_is_replaced_in_one_place_or_in_none(start):
    backend, router = start(echo, "--aliases", '{"x":"a/b c"}')
    client, _ = open_tunnel(router, "mod%65l=x")
    client.close()
    assert backend.heads[0].target == "/v1/realtime?mod%65l=a%2Fb%20c"
    with RawClient(router.address) as client:
        client.request("GET", "/v1/realtime?model=x&model=x", fields=HANDSHAKE)
        answer = client.reader.response("GET")
    assert (answer.status, answer.error["code"]) == (400, "duplicate_model_field")


@pytest.mark.parametrize("status", [b"403 Forbidden", b"200 OK"])
def test_a_backend_that_doesn_t_switch_answers_as_usual(start, status):
    def work(connection):
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nno")

    _, router = start(work)
    with RawClient(router.address) as client:
        client.request("GET", "/v1/realtime?model=m", fields=HANDSHAKE)
        answer = client.reader.response("GET")
    assert (answer.status, answer.payload) == (int(status[:3]), b"no")


def test_a_101_that_nobody_asked_for_is_a_broken_answer(start_backend, start_router):
    backend = start_backend("m")
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", {"model": "m"}, HANDSHAKE)
        backend.next_call().send(SWITCHED)
        assert client.reader.response().status == 502


def test_nothing_follows_on_a_tunnel_s_connection(start_router):
    seen = []
    told = threading.Event()

    def work(connection):
        connection.sendall(SWITCHED)
        while data := connection.recv(65536):
            seen.append(data)
        told.set()

    backend = Switching(work)
    arguments = ["--timeouts.tunnel-idle", "300ms", "--health-interval", "60s"]
    router = start_router({"a": backend.url}, *arguments).wait_ready(1)
    client, _ = open_tunnel(router)
    with client:
        assert client.reader.at_end()
    assert told.wait(5), "the backend wasn't told that the tunnel has ended"
    assert router.post("/v1/chat/completions", {"model": "m"}).status == 200
    assert not seen
    backend.stop()
