"""What a user types: curl against the router in front of fake backends."""

import json
import subprocess

import pytest

from rawhttp import events

CURL = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"]


@pytest.fixture
def router(start_mock, start_router):
    plain = start_mock("plain", "tiny", tokens=8, ttft="5ms", itl="1ms")
    named = start_mock("named", "org/model-7b", "tag:latest", tokens=4, ttft="5ms", itl="1ms")
    router = start_router({"plain": plain.url, "named": named.url})
    return router.wait_ready(2, ["tiny", "org/model-7b", "tag:latest"])


def curl(router, path, *options):
    """(status, fields in lower case, body) of one call."""
    mark = "\n--status--"
    command = [*CURL, "--include", "--write-out", mark + "%{http_code}", *options]
    done = subprocess.run([*command, router.url + path], capture_output=True, text=True)
    assert done.returncode == 0, f"curl failed: {done.stderr}"
    answer, _, status = done.stdout.rpartition(mark)
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    lines = [line.split(":", 1) for line in head.split("\n")[1:]]
    return int(status), {name.lower(): value.strip() for name, value in lines}, body


def test_a_streamed_chat_ends_with_done(router):
    body = json.dumps({"model": "tiny", "stream": True, "messages": []})
    status, fields, answer = curl(router, "/v1/chat/completions", "--no-buffer", "--data", body)
    assert status == 200
    assert fields["content-type"].startswith("text/event-stream")
    assert fields["x-oairouter-backend"] == "plain"
    data = events(answer.encode())
    assert data[-1] == b"[DONE]"
    assert data.count(b"[DONE]") == 1
    assert all(json.loads(event)["object"] == "chat.completion.chunk" for event in data[:-1])


def test_a_chat_that_is_not_streamed_is_one_json_object(router):
    body = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "hi"}]})
    status, fields, answer = curl(router, "/v1/chat/completions", "--json", body)
    assert status == 200
    assert fields["content-type"].startswith("application/json")
    assert json.loads(answer)["choices"][0]["message"]["content"]


def test_health_counts_backends_and_models(router):
    status, _, answer = curl(router, "/health")
    assert status == 200
    expected = {"status": "ok", "backends_total": 2, "backends_healthy": 2, "models_available": 3}
    assert json.loads(answer) == expected


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
def test_the_probes_of_an_orchestrator_answer_200(router, path):
    assert curl(router, path)[0] == 200


def test_readyz_gives_a_reason_while_no_backend_is_healthy(start_router, refused_url):
    router = start_router({"gone": refused_url})
    status, _, answer = curl(router, "/readyz")
    assert status == 503
    assert answer.strip()
    assert curl(router, "/livez")[0] == 200


def test_models_are_merged(router):
    status, _, answer = curl(router, "/v1/models")
    listing = json.loads(answer)
    assert status == 200
    assert listing["object"] == "list"
    assert sorted(m["id"] for m in listing["data"]) == ["org/model-7b", "tag:latest", "tiny"]
    assert all(model["object"] == "model" for model in listing["data"])


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/models/tiny", "tiny"),
        ("/v1/models/org/model-7b", "org/model-7b"),
        ("/v1/models/org%2Fmodel-7b", "org/model-7b"),
        ("/v1/models/tag:latest", "tag:latest"),
        ("/v1/models/tag%3Alatest", "tag:latest"),
    ],
)
def test_one_model_is_found_by_its_id(router, path, model):
    status, _, answer = curl(router, path)
    assert status == 200
    assert json.loads(answer)["id"] == model


def error_of(answer):
    error = json.loads(answer)["error"]
    assert set(error) >= {"message", "type", "code"}
    assert error["message"]
    return error


def test_an_unknown_model_is_a_404_that_names_near_ones(router):
    body = json.dumps({"model": "tinny", "messages": []})
    status, _, answer = curl(router, "/v1/chat/completions", "--json", body)
    error = error_of(answer)
    assert (status, error["type"]) == (404, "invalid_request_error")
    assert error["code"] == "model_not_found"
    assert "tiny" in error["message"]
    status, _, answer = curl(router, "/v1/models/nothing-like-it")
    assert (status, error_of(answer)["code"]) == (404, "model_not_found")


def test_a_missing_model_is_a_400_that_names_the_parameter(router):
    status, _, answer = curl(router, "/v1/chat/completions", "--json", '{"messages":[]}')
    error = error_of(answer)
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert (error["code"], error["param"]) == ("missing_required_parameter", "model")


def test_bad_json_is_a_400_with_the_offset(router):
    body = '{"model":"tiny","messages":[}'
    status, _, answer = curl(router, "/v1/chat/completions", "--json", body)
    error = error_of(answer)
    assert (status, error["code"]) == (400, "invalid_json")
    assert str(body.index("}")) in error["message"]


@pytest.mark.parametrize("path", ["/v1/files", "/nowhere", "/v1/batches"])
def test_an_unknown_path_is_a_404_that_clients_do_not_retry(router, path):
    status, fields, answer = curl(router, path)
    assert (status, error_of(answer)["code"]) == (404, "unsupported_endpoint")
    if path.startswith("/v1/"):
        assert fields["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/chat/completions", "POST"), ("DELETE", "/v1/models", "GET")],
)
def test_a_wrong_method_is_a_405_with_allow(router, method, path, allowed):
    status, fields, answer = curl(router, path, "--request", method)
    assert (status, error_of(answer)["code"]) == (405, "method_not_allowed")
    assert allowed in [method.strip() for method in fields["allow"].split(",")]


def test_every_answer_bears_a_request_id(router):
    assert curl(router, "/v1/models")[1]["x-request-id"]
    given = curl(router, "/v1/models", "--header", "X-Request-ID: mine-1")[1]
    assert given["x-request-id"] == "mine-1"
