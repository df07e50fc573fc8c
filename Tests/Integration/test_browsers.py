"""Web pages: who may ask, what a browser is told, and names that aren't this machine's."""

import socket

import pytest

from rawhttp import MessageReader, RawClient, chat

PAGE = "http://localhost:3000"
OTHER = "https://chat.example.com"


@pytest.fixture
def start(start_backend, start_router):
    def with_options(*options):
        backend = start_backend("m")
        return backend, start_router({"b": backend.url}, *options).wait_ready(1, ["m"])

    return with_options


def get(router, path, *fields):
    with RawClient(router.address) as client:
        return client.ask("GET", path, fields=fields)


def test_a_page_of_this_machine_may_read_answers(start):
    _, router = start()
    answer = get(router, "/v1/models", ("Origin", PAGE))
    assert answer.status == 200
    assert answer.head.get("access-control-allow-origin") == PAGE
    assert answer.head.get("vary") == "Origin"
    assert "X-OAIRouter-Backend" in answer.head.get("access-control-expose-headers")
    # Errors are read too.
    error = get(router, "/v1/nope", ("Origin", PAGE))
    assert (error.status, error.head.get("access-control-allow-origin")) == (404, PAGE)
    assert get(router, "/v1/models").head.get("access-control-allow-origin") is None


def test_another_page_may_not_even_ask(start):
    backend, router = start()
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", chat("m"), [("Origin", OTHER)])
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (403, "origin_not_allowed")
    assert answer.head.get("access-control-allow-origin") is None
    assert backend.is_idle
    assert get(router, "/health", ("Origin", "null")).status == 403


def test_a_listed_origin_is_one_for_all_backends(start):
    backend, router = start("--cors.origins", OTHER)
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", chat("m"), [("Origin", OTHER)])
        call = backend.next_call()
        assert call.request.head.get("origin") is None
        fields = b"Access-Control-Allow-Origin: *\r\naccess-control-allow-credentials: true\r\n"
        call.send(b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\n{}")
        answer = client.reader.response()
    assert answer.head.all("access-control-allow-origin") == [OTHER]
    assert answer.head.get("access-control-allow-credentials") is None


def test_without_a_page_a_backend_s_fields_pass(start):
    backend, router = start()
    with RawClient(router.address) as client:
        client.post_json("/v1/chat/completions", chat("m"))
        fields = b"Access-Control-Allow-Origin: *\r\n"
        backend.next_call().send(b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\n{}")
        answer = client.reader.response()
    assert answer.head.all("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat", "/health", "/v1/x", "*"])
def test_a_preflight_is_answered_here(start, path):
    backend, router = start()
    wanted = "authorization, content-type, x-stainless-os"
    with RawClient(router.address) as client:
        for _ in range(2):
            answer = client.ask(
                "OPTIONS",
                path,
                fields=[
                    ("Origin", PAGE),
                    ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", wanted),
                ],
            )
            assert answer.status == 204
            assert answer.head.get("content-length") is None
            assert answer.head.get("access-control-allow-origin") == PAGE
            methods = answer.head.get("access-control-allow-methods")
            assert {"GET", "POST", "DELETE"} <= set(methods.split(", "))
            assert answer.head.get("allow") == methods
            assert answer.head.get("access-control-allow-headers") == wanted
    assert backend.is_idle


def test_a_preflight_of_another_page_is_refused(start):
    _, router = start()
    with RawClient(router.address) as client:
        fields = [("Origin", OTHER), ("Access-Control-Request-Method", "POST")]
        answer = client.ask("OPTIONS", "/v1/chat/completions", fields=fields)
    assert answer.status == 403
    assert answer.head.get("access-control-allow-origin") is None


def test_options_without_a_page_names_the_methods(start):
    _, router = start()
    with RawClient(router.address) as client:
        answer = client.ask("OPTIONS", "/v1/models")
    assert answer.status == 204
    assert "POST" in answer.head.get("allow")
    assert answer.head.get("access-control-allow-methods") is None


def ask_as(address, host):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return MessageReader(lambda: connection.recv(65536)).response("GET")


def test_a_name_that_was_made_to_point_here_is_not_believed(start):
    _, router = start("--allowed-hosts", "router.lan")
    answer = ask_as(router.address, "evil.example:11434")
    assert (answer.status, answer.error["code"]) == (403, "host_not_allowed")
    assert "evil.example:11434" in answer.error["message"]
    for host in ["localhost:1", "127.0.0.1", "[::1]:80", "Router.lan:80", "x.localhost"]:
        assert ask_as(router.address, host).status == 200


@pytest.mark.parametrize(
    "option, value", [("--cors.origins", "example.com"), ("--allowed-hosts", "a:80")]
)
def test_an_option_that_can_t_be_is_refused(run, option, value):
    done = run("serve", "--listen", "127.0.0.1:0", option, value)
    assert done.returncode == 2
    assert option.lstrip("-").replace("-", "_") in done.stderr and value in done.stderr

