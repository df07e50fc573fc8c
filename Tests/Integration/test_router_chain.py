"""A router behind a router: its fields are said once, by the one that the client talks to."""

import json

from rawhttp import chat

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
