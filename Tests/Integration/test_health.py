"""What takes a backend out of use, what doesn't, and what is known of its models."""

import json
import signal
import socket
import time

import pytest

from admin_client import Admin
from answering_backend import AnsweringBackend
from rawhttp import RawClient, chat
from scripted_backend import HEAD, chat_event, chunk
from waiting import wait_until

CHAT = "/v1/chat/completions"
OLLAMA = {
    "/v1/models": {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 1, "owned_by": "library"}
            for name in ("warm:latest", "cold:latest")
        ],
    },
    "/api/version": {"version": "0.12.6"},
    "/api/tags": {
        "models": [
            {"name": name, "model": name, "size": 7, "digest": "d"}
            for name in ("warm:latest", "cold:latest")
        ]
    },
    "/api/ps": {"models": [{"name": "warm:latest", "model": "warm:latest", "size_vram": 5}]},
}


@pytest.fixture
def start_answering():
    """start_answering(*models, answers=None): an AnsweringBackend."""
    backends = []

    def start(*models, answers=None):
        backends.append(AnsweringBackend(models or ("m",), answers))
        return backends[-1]

    yield start
    for backend in backends:
        backend.gate.set()
        backend.stop()


def states(router, backend):
    """The states that a backend has had, as logged."""
    logged = [json.loads(line) for line in router.errors.splitlines() if line.startswith("{")]
    changes = [event for event in logged if event["event"] == "backend state"]
    return [event["state"] for event in changes if event["backend"] == backend]


def wait_for_state(router, backend, state, count=1):
    wait_until(
        lambda: states(router, backend).count(state) >= count,
        f"{backend} to be {state}, for the {count}. time",
    )


def answer_of(router, model="m"):
    """Status and backend of one plain chat."""
    answer = router.post(CHAT, chat(model, stream=False))
    return answer.head.status, answer.head.get("x-oairouter-backend")


def probe_count(backend):
    return sum(target in ("/health", "/v1/models") for target in backend.targets)


# What is no reason


def test_a_busy_engine_that_answers_probes_late_is_not_doubted(start_answering, start_router):
    busy, idle = start_answering(), start_answering()
    router = start_router(
        {"busy": busy.url, "idle": idle.url},
        *("--health-interval", "200ms", "--health.timeout", "100ms"),
    ).wait_ready(2, ["m"])
    with RawClient(router.address) as client:
        client.post_json(CHAT, chat("m"))
        asked = wait_until(lambda: next((b for b in (busy, idle) if not b.is_idle), None), "a call")
        call, name = asked.next_call(), "busy" if asked is busy else "idle"
        call.send(HEAD)
        before = probe_count(asked)
        asked.gate.clear()
        # Ten probes, none of them answered, while tokens come.
        token = chunk(chat_event({"content": "x"}))
        wait_until(
            lambda: call.send(token) or probe_count(asked) >= before + 10, "ten more probes"
        )
        assert "suspect" not in states(router, name) and "down" not in states(router, name)
        assert router.health()["backends_healthy"] == 2
        # Silent, it is doubted.
        wait_for_state(router, name, "suspect")
        asked.gate.set()
        wait_for_state(router, name, "ready", 2)
        call.send(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        client.reader.response()


def test_one_backend_alone_that_resets_once_is_asked_again(start_backend, start_router):
    backend = start_backend()
    router = start_router({"b": backend.url}).wait_ready(1, ["m"])
    with RawClient(router.address) as first, RawClient(router.address) as second:
        first.post_json(CHAT, chat("m", stream=False))
        backend.next_call().reset()
        assert first.reader.response().head.status == 502
        second.post_json(CHAT, chat("m", stream=False))
        call = backend.next_call()
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        assert second.reader.response().head.status == 200
    assert router.health()["backends_healthy"] == 1
    assert not {"down", "suspect"} & set(states(router, "b"))


def test_an_engine_that_only_still_lists_its_models_stays_down(start_answering, start_router):
    """vLLM's answer to /health, once its engine is dead."""
    listing = {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "vllm"}]}
    backend = start_answering(answers={"/v1/models": listing, "/health": 503})
    router = start_router({"a": backend.url}, "--health-interval", "100ms")
    wait_for_state(router, "a", "down")
    # Each probe finds out anew which engine it is.
    wait_until(lambda: backend.targets.count("/health") >= 6, "further probes")
    assert states(router, "a") == ["down"]


@pytest.mark.parametrize(
    "answer, words",
    [(401, "api_key"), (404, "is it no engine"), ({"hello": 1}, "no list of models")],
)
def test_what_keeps_a_backend_from_telling_its_models_is_told(
    start_answering, start_router, tmp_path, answer, words
):
    backend = start_answering(answers={"/v1/models": answer})
    path = tmp_path / "admin.sock"
    router = start_router({"a": backend.url}, "--admin", f"unix:{path}")
    trouble = wait_until(lambda: router.event_lines("backend in trouble"), "the line")[0]
    assert trouble["backend"] == "a" and words in trouble["reason"]
    told = Admin(path).ask("GET", "/admin/backends").json()["backends"][0]
    assert told["state"] == "ready" and words in told["reason"]
    refusal = router.post(CHAT, chat("m"))
    assert refusal.status == 404 and words in refusal.error["message"]


def test_failing_answers_never_doubt_the_last_backend(start_mock, start_router):
    mock = start_mock("a", "m", fault="status=503")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    for _ in range(12):
        assert answer_of(router) == (503, "a")
    assert router.health()["backends_healthy"] == 1


def test_what_an_engine_does_not_support_is_not_held_against_it(start_backend, start_router):
    first, second = start_backend(), start_backend()
    router = start_router({"a": first.url, "b": second.url}).wait_ready(2, ["m"])
    body = b'{"error":{"code":501,"message":"off","type":"not_supported_error"}}'
    head = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: %d\r\n\r\n" % len(body)
    for _ in range(12):
        with RawClient(router.address) as client:
            client.post_json("/v1/embeddings", {"model": "m", "input": "x"})
            asked = wait_until(
                lambda: next((b for b in (first, second) if not b.is_idle), None), "a call"
            )
            call = asked.next_call()
            call.send(head + body)
            call.finish()
            assert client.reader.response().head.status == 501
    assert router.health()["backends_healthy"] == 2


# What is a reason


def test_five_failing_answers_make_a_backend_the_last_resort(start_mock, start_router):
    bad = start_mock("bad", "m", fault="status=500")
    good = start_mock("good", "m")
    router = start_router({"bad": bad.url, "good": good.url}).wait_ready(2, ["m"])
    asked = 0
    while "suspect" not in states(router, "bad"):
        answer_of(router)
        asked += 1
        assert asked < 100
    for _ in range(20):
        assert answer_of(router) == (200, "good")

    def chats():
        return [line for line in router.access_lines() if line["attempts"]]

    wait_until(lambda: len(chats()) == asked + 20, "the access lines")
    assert {line["attempts"] for line in chats()[asked:]} == {1}
    # The doubt ends by itself, and the other one's end makes it the last resort before that.
    good.kill()
    assert answer_of(router)[0] == 500
    wait_for_state(router, "bad", "ready", 2)


def test_a_stopped_backend_is_doubted_and_comes_back(start_mock, start_router):
    stopped, running = start_mock("stopped", "m"), start_mock("running", "m")
    router = start_router(
        {"stopped": stopped.url, "running": running.url},
        *("--health-interval", "200ms", "--health.timeout", "200ms"),
    ).wait_ready(2, ["m"])
    stopped.signal(signal.SIGSTOP)
    try:
        wait_for_state(router, "stopped", "suspect")
        for _ in range(20):
            assert answer_of(router) == (200, "running")
        assert router.models() == ["m"]
    finally:
        stopped.signal(signal.SIGCONT)
    wait_for_state(router, "stopped", "ready", 2)


def test_a_killed_backend_is_back_within_an_interval(start_mock, start_router):
    mock = start_mock("a", "m")
    router = start_router({"a": mock.url}, "--health-interval", "5s").wait_ready(1, ["m"])
    mock.kill()
    assert answer_of(router)[0] == 503
    wait_for_state(router, "a", "down")
    again = start_mock("again", "m", listen="%s:%d" % mock.address)
    began = time.monotonic()
    wait_until(lambda: answer_of(router) == (200, "a"), "the backend to be used again", 5)
    assert time.monotonic() - began < 5
    assert again.address == mock.address


def test_the_number_of_failures_and_the_deadline_can_be_set(start_answering, start_router):
    slow, other = start_answering(), start_answering()
    router = start_router(
        {"slow": slow.url, "other": other.url},
        *("--health.interval", "100ms", "--health.timeout", "50ms", "--health.failures", "6"),
    ).wait_ready(2, ["m"])
    slow.gate.clear()
    before = probe_count(slow)
    wait_for_state(router, "slow", "suspect")
    assert probe_count(slow) - before >= 6


@pytest.mark.parametrize(
    "option, value",
    [
        ("--health.interval", "99ms"),
        ("--health.timeout", "61s"),
        ("--health.failures", "0"),
        ("--health.successes", "101"),
    ],
)
def test_a_value_that_cannot_be_is_refused(run, option, value):
    ended = run("serve", "--listen", "127.0.0.1:0", option, value)
    assert ended.returncode == 2
    assert f"{option[2:]} must be" in ended.stderr


# Models


def test_models_come_and_go_with_their_lists(start_answering, start_router):
    backend = start_answering("m", "n")
    router = start_router({"b": backend.url}).wait_ready(1, ["m", "n"])
    backend.list("n", "o")
    wait_until(lambda: router.models() == ["n", "o"], "the new list")
    status, _ = answer_of(router, "m")
    assert status == 404
    backend.answers["/v1/models"] = {"object": "list", "data": None}
    wait_until(lambda: router.models() == [], "the empty list")


def test_a_model_whose_backend_is_down_stays_known(start_mock, start_router):
    mock, other = start_mock("a", "m"), start_mock("b", "n")
    router = start_router({"a": mock.url, "b": other.url}).wait_ready(2, ["m", "n"])
    mock.kill()
    wait_for_state(router, "a", "down")
    answer = router.post(CHAT, chat("m", stream=False))
    assert answer.head.status == 503
    assert answer.json()["error"]["code"] == "no_healthy_backend"
    assert 1 <= int(answer.head.get("retry-after")) <= 60
    assert router.models() == ["n"]


def test_a_backend_that_never_answers_holds_nobody_up_at_the_start(start_mock, start_router):
    mock = start_mock("a", "m")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = "http://127.0.0.1:%d" % silent.getsockname()[1]
        began = time.monotonic()
        router = start_router({"a": mock.url, "silent": silent_url})
        assert answer_of(router) == (200, "a")
        assert time.monotonic() - began < 4
        # A model that it may have is waited for, and nobody knows it in the end.
        assert answer_of(router, "x")[0] in (404, 503)
        assert time.monotonic() - began > 4


def test_ollama_is_known_by_its_answers(start_answering, start_router):
    ollama = start_answering(answers=OLLAMA)
    other = start_answering("m")
    router = start_router({"o": ollama.url, "b": other.url}).wait_ready(2, ["warm:latest", "m"])
    wait_until(lambda: router.ask("GET", "/api/ps").json()["models"], "a loaded model")
    assert router.ask("GET", "/api/ps").json() == OLLAMA["/api/ps"]
    assert router.ask("GET", "/api/version").json() == {"version": "0.12.6"}
    tags = {model["name"]: model for model in router.ask("GET", "/api/tags").json()["models"]}
    assert tags["cold:latest"] == OLLAMA["/api/tags"]["models"][1]
    assert tags["m"]["size"] == 0
    # Another model is loaded, the first one is put out.
    ollama.answers["/api/ps"] = {"models": [{"name": "cold:latest", "size_vram": 6}]}
    wait_until(
        lambda: router.ask("GET", "/api/ps").json() == ollama.answers["/api/ps"],
        "the other model",
    )
    assert not {"/api/generate", "/api/chat"} & set(ollama.targets)


def test_hostile_lists_are_survived(start_answering, start_router):
    good, bad = start_answering("m"), start_answering("x")
    router = start_router({"good": good.url, "bad": bad.url}).wait_ready(2, ["m", "x"])
    lists = [
        [[[[[[[[]]]]]]]],
        {"data": [{"id": "x" * 600}, {"id": "\u0000\n\u001b[31m"}, {"id": 5}, "m", None]},
        {"data": [{"id": f"model-{n}", "blob": "y" * 100} for n in range(5000)]},
        {"data": [{"id": "big", "blob": "z" * 100_000}]},
        {"data": {"id": "m"}},
        "text",
    ]
    for value in lists:
        bad.answers["/v1/models"] = value
        seen = probe_count(bad)
        wait_until(lambda: probe_count(bad) > seen + 1, "two more probes")
        models = router.models()
        assert "m" in models and len(models) <= 4097
    bad.list("x")
    wait_until(lambda: router.models() == ["m", "x"], "the old list")


def test_a_router_behind_a_router_is_generic(start_mock, start_router):
    mock = start_mock("a", "m", personality="vllm")
    inner = start_router({"a": mock.url}, name="inner").wait_ready(1, ["m"])
    outer = start_router({"r": inner.url}, name="outer").wait_ready(1, ["m"])
    assert answer_of(outer)[0] == 200
    # Its models say vLLM, but it may have any path: the inner one's answer is passed on.
    answer = outer.post("/v1/audio/speech", {"model": "m", "input": "x"})
    assert answer.head.status == 404
    assert "is served by vllm" in answer.json()["error"]["message"]
