"""A router behind a router: its fields are said once, by the one that the client talks to."""

import json

from rawhttp import RawClient, chat

CHAT = "/v1/chat/completions"


def test_whose_backend_it_was_is_told_once(start_mock, start_router):
    mock = start_mock("engine", "m", tokens=2)
    inner_aliases = json.dumps({"inner-name": "m"})
    inner = start_router({"deep": mock.url}, "--aliases", inner_aliases, name="inner")
    inner.wait_ready(1, ["inner-name"])
    outer_aliases = json.dumps({"outer-name": "inner-name"})
    outer = start_router({"near": inner.url}, "--aliases", outer_aliases, name="outer")
    outer.wait_ready(1, ["outer-name"])
    for model, served in [("m", None), ("inner-name", "m"), ("outer-name", "inner-name")]:
        answer = outer.post(CHAT, chat(model, stream=False))
        assert answer.status == 200

        def said(name):
            return [value for field, value in answer.head.fields if field.lower() == name]

        assert said("x-oairouter-backend") == ["near"]
        assert said("x-oairouter-attempts") == ["1"]
        # Where the outer one has replaced nothing, what the inner one has done is news.
        assert said("x-oairouter-model") == ([] if served is None else [served])


def test_what_the_inner_one_has_nobody_for_is_asked_of_the_next(
    start_mock, start_backend, start_router
):
    engine = start_mock("engine", "m", personality="ollama")
    inner = start_router({"deep": engine.url}, name="inner").wait_ready(1, [])
    other = start_backend("m")
    urls = {"near": inner.url, "other": other.url}
    outer = start_router(urls, "--balance", "first_healthy", name="outer").wait_ready(2, [])
    ok = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    for _ in range(2):
        with RawClient(outer.address) as client:
            client.post_json("/v1/rerank", {"model": "m"})
            other.next_call().send(ok)
            answer = client.reader.response()
            # The inner one may have another model that is served there: it is asked each time.
            assert (answer.status, answer.head.get("x-oairouter-attempts")) == (200, "2")
