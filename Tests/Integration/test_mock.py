"""The fake backend's manners on the wire: each engine's traits and faults, without a router."""

import json
import signal
import time

import pytest

from rawhttp import RawClient, Truncated, chat, content_of, events
from waiting import wait_until

TOKENS = 4
MESSAGES = [{"role": "user", "content": "x"}]

STREAMS = {
    "chat": ("vllm", "/v1/chat/completions", {"messages": MESSAGES}, b"[DONE]"),
    "completions": ("vllm", "/v1/completions", {"prompt": "x"}, b"[DONE]"),
    "responses": ("openai", "/v1/responses", {"input": "x"}, b"response.completed"),
    "messages": ("vllm", "/v1/messages", {"messages": MESSAGES}, b"message_stop"),
    "ollama": ("ollama", "/api/chat", {"messages": MESSAGES}, b'"done":true'),
    "images": ("openai", "/v1/images/generations", {"prompt": "x", "partial_images": 2}, None),
}
"""Of each family: an engine, a path, what a body needs, and the end marker."""


@pytest.fixture
def family(request, start_mock):
    """A client of a mock, the path and the body of one family's stream, and its marker."""
    personality, path, members, marker = STREAMS[request.param]
    mock = start_mock("m", "m", personality=personality, tokens=TOKENS, reproducible=None)
    with RawClient(mock.address) as client:
        yield client, path, {"model": "m", "stream": True, **members}, marker


every_family = pytest.mark.parametrize("family", STREAMS, indirect=True)


def ask(client, path, body, fault):
    client.post_json(path, body, [("X-Mock-Fault", fault)])
    return client.reader.response()


def cut(client, path, body, fault):
    """What arrives of an answer that is cut."""
    with pytest.raises(Truncated) as caught:
        ask(client, path, body, fault)
    return caught.value


@every_family
def test_a_stream_breaks_at_any_event(family):
    client, path, body, _ = family
    whole = ask(client, path, body, "slow-head=1ms")
    separator = b"\n\n" if b"\n\n" in whole.payload else b"\n"
    count = whole.payload.count(separator)
    for number in range(count + 1):
        for kind in ("cut", "eof"):
            with RawClient(client.socket.getpeername()) as each:
                payload = cut(each, path, body, f"{kind}-after={number},unit=events").payload
            assert payload.count(separator) == number
            assert whole.payload.startswith(payload)


@every_family
def test_an_error_stands_in_the_stream(family):
    client, path, body, marker = family
    answer = ask(client, path, body, "error-after=1")
    assert answer.status == 200
    assert b"error" in answer.payload
    if marker not in (None, b"[DONE]"):
        assert marker not in answer.payload


@every_family
def test_the_end_marker_or_the_last_chunk_is_missing(family):
    client, path, body, marker = family
    if marker:
        assert marker not in ask(client, path, body, "no-end-marker").payload
    assert (marker or b"completed") in cut(client, path, body, "no-terminator").payload


@every_family
def test_an_error_status_names_its_wait(family):
    client, path, body, _ = family
    answer = ask(client, path, body, "status=429,retry-after=7")
    assert (answer.status, answer.head.get("retry-after")) == (429, "7")
    assert "error" in answer.json()


@pytest.mark.parametrize("personality", ["openai", "vllm", "llamacpp", "ollama"])
def test_a_document_is_shorter_than_its_head_says(start_mock, personality):
    mock = start_mock("m", "m", personality=personality)
    for fault, missing in [("short-body=5", 5), ("no-terminator", 0), ("surplus=3", -3)]:
        with RawClient(mock.address) as client:
            client.post_json("/v1/embeddings", {"model": "m", "input": "x"})
            whole = client.reader.response().payload
            client.post_json(
                "/v1/embeddings", {"model": "m", "input": "x"}, [("X-Mock-Fault", fault)]
            )
            if missing < 0:
                assert len(client.reader.response().payload) == len(whole)
                assert client.reader._exactly(3, "the surplus") == b"!!!"
                continue
            with pytest.raises(Truncated) as caught:
                client.reader.response()
            assert len(caught.value.payload) == len(whole) - missing


# MARK: Keep-alive


@pytest.mark.parametrize(
    "personality, announced", [("vllm", None), ("llamacpp", "timeout=5, max=100")]
)
def test_an_idle_connection_is_closed_after_five_seconds(start_mock, personality, announced):
    with RawClient(start_mock("m", "m", personality=personality).address) as client:
        answer = client.ask("GET", "/health")
        assert answer.head.get("keep-alive") == announced
        assert answer.head.get("connection") is None
        since = time.monotonic()
        assert client.reader.at_end()
        assert 4.5 < time.monotonic() - since < 8


def test_llama_cpp_ends_connections_after_errors_and_a_hundred_requests(start_mock):
    mock = start_mock("m", "m", personality="llamacpp")
    with RawClient(mock.address) as client:
        assert client.ask("GET", "/nosuch").head.get("connection") == "close"
        assert client.reader.at_end()
    with RawClient(mock.address) as client:
        for _ in range(99):
            assert client.ask("GET", "/health").head.get("connection") is None
        assert client.ask("GET", "/health").head.get("connection") == "close"
        assert client.reader.at_end()


# MARK: Queues and loading


@pytest.mark.parametrize("personality, is_early", [("vllm", True), ("llamacpp", False)])
def test_a_queued_stream_has_a_head_or_not(start_mock, personality, is_early):
    mock = start_mock("m", "m", personality=personality, slots=1, tokens=TOKENS)
    with RawClient(mock.address) as first, RawClient(mock.address) as second:
        first.post_json("/v1/chat/completions", chat("m"), [("X-Mock-Fault", "stall-after=2")])
        first.reader.head()
        second.post_json("/v1/chat/completions", chat("m"))
        wait_until(lambda: statistics(mock)["queued_requests"] == 1, "a queued request")
        second.socket.settimeout(0.3)
        if is_early:
            head = second.reader.head()
            chunks = second.reader.chunks()
            assert b'"role"' in next(chunks)[1]
            with pytest.raises(TimeoutError):
                next(chunks)
        else:
            with pytest.raises(TimeoutError):
                second.reader.head()
        second.socket.settimeout(20)
        first.close()  # The slot is free.
        if is_early:
            payload = b"".join(payload for _, payload in second.reader.chunks())
        else:
            payload = second.reader.response().payload
    words = "".join(content_of(event) for event in events(payload))
    assert words == "The quick brown fox"


def statistics(mock):
    return mock.ask("GET", "/mock/statistics").json()


def test_a_full_queue_is_refused_in_the_engine_s_words(start_mock):
    mock = start_mock("m", "m", personality="ollama", slots=1, queue=0)
    with RawClient(mock.address) as first:
        body = {"model": "m", "messages": MESSAGES}
        first.post_json("/api/chat", body, [("X-Mock-Fault", "stall-after=1")])
        first.reader.head()
        refused = mock.post("/api/chat", body)
        assert refused.status == 503
        assert refused.error.startswith("server busy")


def test_vllm_s_port_is_closed_while_it_loads(start_mock):
    since = time.monotonic()
    mock = start_mock("m", "m", personality="vllm", load_time="1500ms")
    with pytest.raises(ConnectionRefusedError):
        mock.ask("GET", "/health")
    wait_until(lambda: mock.ask("GET", "/health").status == 200, "an open port")
    assert time.monotonic() - since >= 1.4
    assert mock.ask("GET", "/health").payload == b""


def test_llama_cpp_answers_503_while_it_loads(start_mock):
    mock = start_mock("m", "m", personality="llamacpp", load_time="1500ms")
    answer = mock.ask("GET", "/health")
    assert (answer.status, answer.error["message"]) == (503, "Loading model")
    wait_until(lambda: mock.ask("GET", "/health").status == 200, "a loaded model")


def test_ollama_loads_inside_the_first_request(start_mock):
    mock = start_mock("m", "m", personality="ollama", load_time="600ms")
    body = {"model": "m:latest", "prompt": "x", "stream": False}
    assert mock.ask("GET", "/api/ps").json() == {"models": []}
    since = time.monotonic()
    first = mock.post("/api/generate", body).json()
    assert time.monotonic() - since >= 0.59
    second = mock.post("/api/generate", {**body, "model": "m"}).json()
    assert first["load_duration"] > 10 * second["load_duration"]
    assert [model["name"] for model in mock.ask("GET", "/api/ps").json()["models"]] == ["m:latest"]


# MARK: Ends


def begun_stream(mock, client):
    client.post_json("/v1/chat/completions", chat("m"))
    head = client.reader.head()
    chunks = client.reader.chunks()
    next(chunks)
    assert content_of(events(next(chunks)[1])[0]) == "The"
    return head, chunks


def test_vllm_tells_its_streams_that_it_ends(start_mock):
    mock = start_mock("m", "m", personality="vllm", itl="1h")
    with RawClient(mock.address) as client:
        _, chunks = begun_stream(mock, client)
        mock.signal(signal.SIGTERM)
        rest = events(b"".join(payload for _, payload in chunks))
        assert json.loads(rest[0])["error"]["message"].startswith("EngineCore encountered an issue")
        assert rest[1:] == [b"[DONE]"]
        assert mock.wait() == 0


def test_llama_cpp_falls_silent_when_it_ends(start_mock):
    mock = start_mock("m", "m", personality="llamacpp", itl="50ms", tokens=400)
    with RawClient(mock.address) as client:
        _, chunks = begun_stream(mock, client)
        mock.signal(signal.SIGTERM)
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in chunks:
                pass
        assert mock.process.poll() is None
        with pytest.raises(ConnectionRefusedError):
            mock.ask("GET", "/health")
    assert mock.wait() == 0  # Its client has left.


def test_a_request_kills_its_engine(start_mock):
    mock = start_mock("m", "m", tokens=TOKENS, itl="1h")
    with RawClient(mock.address) as bystander:
        begun_stream(mock, bystander)
        with RawClient(mock.address) as client:
            assert cut(client, "/v1/chat/completions", chat("m"), "die").payload == b""
        with pytest.raises(Truncated):
            bystander.reader.response()
    assert mock.wait() == 1
    assert "died of a request" in mock.errors


def test_an_engine_comes_back_on_its_port(start_mock):
    mock = start_mock("m", "m")
    with RawClient(mock.address) as client:
        cut(client, "/v1/chat/completions", chat("m"), "die=700ms")
    with pytest.raises(ConnectionRefusedError):
        mock.ask("GET", "/health")
    wait_until(lambda: mock.ask("GET", "/health").status == 200, "the engine's return")


def test_a_standing_fault_is_for_one_path(start_mock):
    mock = start_mock("m", "m", fault="status=503,on=/v1/embeddings,times=1")
    body = {"model": "m", "input": "x", "messages": MESSAGES}
    assert mock.post("/v1/chat/completions", body).status == 200
    assert [mock.post("/v1/embeddings", body).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("personality", ["openai", "vllm", "llamacpp", "ollama"])
def test_two_runs_give_the_same_bytes(start_mock, personality):
    requests = [
        ("/v1/chat/completions", chat("m")),
        ("/v1/responses", {"model": "m", "input": "x", "stream": True}),
        ("/v1/embeddings", {"model": "m", "input": ["x", "y"]}),
    ]

    def run(name):
        mock = start_mock(name, "m", personality=personality, reproducible=None)
        answers = []
        for path, body in requests:
            answer = mock.post(path, body)
            answers.append((answer.head.raw, answer.raw_body))
        return answers

    assert run("one") == run("two")


def test_requests_are_counted(start_mock):
    mock = start_mock("m", "m")
    for _ in range(3):
        mock.post("/v1/embeddings", {"model": "m", "input": "x"})
    seen = statistics(mock)
    assert (seen["inference_requests"], seen["requests"]) == (3, 3)


@pytest.mark.figures
def test_bodies_are_forgotten(run, start_mock):
    mock = start_mock("m", "m")
    # Where no path is served a body is taken, and nothing else done with it.
    load = ("--path", "/nothing", "--body", "256KiB", "--connections", "2", "--duration", "2s")
    done = run("bench", mock.url, *load, "--pid", mock.process.pid, "--json")
    (figures,) = json.loads(done.stdout)["targets"][0]["rounds"]
    taken = figures["statuses"]["404"] * (256 << 10)
    assert taken > 64 << 20, "too few to tell"
    assert figures["process"]["rss_peak_bytes"] < taken / 2
