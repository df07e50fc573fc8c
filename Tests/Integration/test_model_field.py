"""Where a request goes is decided by the top-level `model` of its body, wherever that stands."""

import json

import pytest

from rawhttp import events

CHAT = "/v1/chat/completions"
LONG = "x" * 200_000
DECOY = '{"model":"beta","deep":[{"model":"beta"}]}'


@pytest.fixture
def router(start_mock, start_router):
    alpha = start_mock("a", "alpha", tokens=2, ttft="1ms", itl="1ms")
    beta = start_mock("b", "beta", "zeta:latest", tokens=2, ttft="1ms", itl="1ms")
    router = start_router({"a": alpha.url, "b": beta.url})
    return router.wait_ready(2, ["alpha", "beta", "zeta:latest"])


TO_ALPHA = {
    "first": '{"model":"alpha","messages":[]}',
    "last": '{"messages":[],"stream":false,"model":"alpha"}',
    "white space": ' {\n\t"messages" : [ ] ,\r\n "model" : "alpha" }\n',
    "escaped key": '{"mod\\u0065l":"alpha","messages":[]}',
    "escaped value": '{"model":"\\u0061lph\\u0061","messages":[]}',
    "after 200 KB": f'{{"messages":[{{"role":"user","content":"{LONG}"}}],"model":"alpha"}}',
    "before 200 KB": f'{{"model":"alpha","messages":[{{"role":"user","content":"{LONG}"}}]}}',
    "after nested decoys": f'{{"metadata":{DECOY},"messages":[{DECOY}],"model":"alpha"}}',
    "before nested decoys": f'{{"model":"alpha","metadata":{DECOY},"messages":[{DECOY}]}}',
    "after a decoy in a string": '{"user":"\\"model\\":\\"beta\\"","model":"alpha","messages":[]}',
    "after a value that looks like the key": '{"user":"model","model":"alpha","messages":[]}',
    "beside keys that contain it": '{"model_":"beta","_model":"beta","models":"beta",'
    '"model":"alpha","messages":[]}',
    "repeated alike": '{"model":"alpha","messages":[],"model":"alpha"}',
    "repeated alike in other case": '{"Model":"alpha","messages":[],"model":"alpha"}',
    "repeated alike, once escaped": '{"model":"alpha","messages":[],"model":"\\u0061lpha"}',
    "with the default tag": '{"model":"alpha:latest","messages":[]}',
    "below deep nesting": '{"metadata":' + "[" * 6000 + "]" * 6000 + ',"model":"alpha",'
    '"messages":[]}',
}


@pytest.mark.parametrize("body", TO_ALPHA.values(), ids=TO_ALPHA.keys())
def test_the_top_level_model_decides(router, body):
    answer = router.post(CHAT, body.encode())
    assert answer.head.get("x-oairouter-backend") == "a", answer.payload
    other = router.post(CHAT, body.replace("beta", "none").replace("alpha", "beta").encode())
    # With the names exchanged the same body goes to the other one: no backend is a default.
    if "\\u0061" not in body:
        assert other.head.get("x-oairouter-backend") == "b", other.payload


def test_a_name_without_the_default_tag_finds_it(router):
    answer = router.post(CHAT, {"model": "zeta", "messages": []})
    assert answer.head.get("x-oairouter-backend") == "b"


@pytest.mark.parametrize("size", [1, 7, 1024])
def test_a_chunked_upload_is_found_in_at_any_split(router, size):
    body = TO_ALPHA["after nested decoys"].encode()
    with router.client() as client:
        client.send(b"POST %s HTTP/1.1\r\nHost: localhost\r\n" % CHAT.encode())
        client.send(b"Transfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.send(b"0\r\n\r\n")
        answer = client.reader.response()
    assert answer.head.get("x-oairouter-backend") == "a"


def test_the_content_type_does_not_matter(router):
    fields = [("Content-Type", "application/x-www-form-urlencoded")]
    answer = router.ask("POST", CHAT, TO_ALPHA["last"].encode(), fields)
    assert answer.head.get("x-oairouter-backend") == "a"


def test_requests_on_one_connection_are_routed_one_by_one(router):
    with router.client() as client:
        for model, backend in [("alpha", "a"), ("beta", "b"), ("alpha", "a")]:
            client.post_json(CHAT, {"model": model, "messages": []})
            assert client.reader.response().head.get("x-oairouter-backend") == backend


def test_pipelined_requests_are_answered_in_order(router):
    with router.client() as client:
        for model in ("alpha", "beta", "none", "alpha"):
            client.post_json(CHAT, {"model": model, "messages": []})
        answers = [client.reader.response() for _ in range(4)]
    backends = [answer.head.get("x-oairouter-backend") for answer in answers]
    assert [answer.status for answer in answers] == [200, 200, 404, 200]
    assert backends == ["a", "b", None, "a"]


def test_the_stream_flag_is_the_backends_business_alone(router):
    streamed = router.post(CHAT, {"messages": [], "stream": True, "model": "alpha"})
    assert events(streamed.payload)[-1] == b"[DONE]"
    whole = router.post(CHAT, {"messages": [], "stream": False, "model": "alpha"})
    assert json.loads(whole.payload)["object"] == "chat.completion"


REFUSED = {
    "unknown": ('{"model":"gamma","messages":[]}', 404, "model_not_found"),
    "case differs": ('{"model":"Alpha","messages":[]}', 404, "model_not_found"),
    "nested only": (f'{{"messages":[{DECOY}]}}', 400, "missing_required_parameter"),
    "missing": ('{"messages":[]}', 400, "missing_required_parameter"),
    "differing duplicates": (
        '{"model":"alpha","messages":[],"model":"beta"}',
        400,
        "duplicate_model_field",
    ),
    "differing duplicate in other case": (
        '{"model":"alpha","messages":[],"Model":"beta"}',
        400,
        "duplicate_model_field",
    ),
    "in other case before": (
        '{"MODEL":"beta","messages":[],"model":"alpha"}',
        400,
        "duplicate_model_field",
    ),
    "in other case, escaped": (
        '{"model":"alpha","\\u004dodel":"beta"}',
        400,
        "duplicate_model_field",
    ),
    "in other case only": ('{"Model":"alpha"}', 400, "missing_required_parameter"),
    "cut short": ('{"model":"alpha","messages":[', 400, "invalid_json"),
    "trailing text": ('{"model":"alpha"} x', 400, "invalid_json"),
    "trailing comma": ('{"model":"alpha",}', 400, "invalid_json"),
    "wrong bracket": ('{"model":"alpha","messages":[}]', 400, "invalid_json"),
    "not JSON": ("model=alpha", 400, "invalid_json"),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_routed_is_refused_with_the_reason(router, body, status, code):
    answer = router.post(CHAT, body.encode())
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.head.get("x-oairouter-backend") is None
    assert answer.error["type"] == "invalid_request_error"


@pytest.mark.parametrize("body", ["", "[]", '"alpha"', '{"model":7}', '{"model":null}'])
def test_a_body_without_a_usable_model_is_a_400(router, body):
    answer = router.post(CHAT, body.encode())
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


def test_the_default_backend_takes_unknown_and_missing_models(start_mock, start_router):
    a = start_mock("a", "alpha", tokens=2)
    b = start_mock("b", "beta", tokens=2)
    router = start_router({"a": a.url, "b": b.url}, "--default-backend", "b").wait_ready(2)
    for body in ({"messages": []}, {"model": "gamma", "messages": []}):
        assert router.post(CHAT, body).head.get("x-oairouter-backend") == "b"
    answer = router.post(CHAT, {"model": "alpha", "messages": []})
    assert answer.head.get("x-oairouter-backend") == "a"


def test_the_only_model_known_needs_no_name(start_mock, start_router):
    a = start_mock("a", "alpha", tokens=2)
    router = start_router({"a": a.url}).wait_ready(1, ["alpha"])
    assert router.post(CHAT, {"messages": []}).head.get("x-oairouter-backend") == "a"
