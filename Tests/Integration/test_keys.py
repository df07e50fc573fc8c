"""API keys: who gets in, what a key allows, and that no backend ever sees one."""

import json
import re
import secrets
import signal

import anthropic
import ollama
import openai
import pytest

from metrics_page import MetricsPage
from programs import Router
from rawhttp import chat
from waiting import wait_until

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Say a few words."}]


@pytest.fixture
def guarded(start_router, tmp_path):
    """guarded(backends, **settings): a router with one key, and that key."""

    def start(backends, *arguments, **settings):
        key = "sk-" + secrets.token_hex(24)
        (tmp_path / "team.key").write_text(key + "\n")
        entry = {"id": "team", "key_file": str(tmp_path / "team.key"), **settings}
        router = start_router(backends, "--keys", json.dumps([entry]), *arguments)
        wait_until(lambda: router.health()["backends_healthy"] == len(backends), "backends")
        wait_until(lambda: router.health()["models_available"] > 0, "models")
        return router, key

    return start


def in_flight(router):
    return MetricsPage(router).value("oairouter_in_flight")


def recorded(folder):
    """All that passed through a relay, both ways."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def bearer(key):
    return [("Authorization", f"Bearer {key}")]


def sdk(router, key):
    return openai.OpenAI(base_url=router.url + "/v1", api_key=key, max_retries=0, timeout=20)


def claude(router, key):
    return anthropic.Anthropic(base_url=router.url, api_key=key, max_retries=0, timeout=20)


def test_the_sdk_raises_the_right_class(guarded, start_mock):
    mock = start_mock("a", "m", "other", tokens="2")
    router, key = guarded({"a": mock.url}, models=["m"], requests_per_minute=2)
    with sdk(router, key[:-1] + "x") as client, pytest.raises(openai.AuthenticationError) as wrong:
        client.chat.completions.create(model="m", messages=MESSAGES)
    assert wrong.value.code == "invalid_api_key" and wrong.value.status_code == 401
    assert wrong.value.response.headers["WWW-Authenticate"] == "Bearer"
    with sdk(router, key) as client:
        assert client.chat.completions.create(model="m", messages=MESSAGES).choices
        with pytest.raises(openai.PermissionDeniedError) as denied:
            client.chat.completions.create(model="other", messages=MESSAGES)
        assert denied.value.code == "model_not_allowed" and denied.value.param == "model"
        with pytest.raises(openai.RateLimitError) as limited:
            client.chat.completions.create(model="m", messages=MESSAGES)
    assert limited.value.code == "rate_limit_exceeded"
    assert 1 <= int(limited.value.response.headers["Retry-After"]) <= 60


def test_a_key_sees_the_models_that_it_allows(guarded, start_mock):
    openai_mock = start_mock("a", "team-small", "secret", tokens="2")
    ollama_mock = start_mock("b", "team-large", "hidden", personality="ollama", tokens="2")
    router, key = guarded({"a": openai_mock.url, "b": ollama_mock.url}, models=["team-*"])
    wait_until(lambda: router.health()["models_available"] == 4, "all models")
    with sdk(router, key) as client:
        listed = {model.id for model in client.models.list()}
        assert listed == {"team-small", "team-large:latest"}
        assert client.models.retrieve("team-large").id == "team-large:latest"
        with pytest.raises(openai.PermissionDeniedError) as denied:
            client.models.retrieve("secret")
        assert denied.value.code == "model_not_allowed"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("team-none")
        # "team-secret" is near to "secret", which isn't to be told.
        with pytest.raises(openai.NotFoundError) as unknown:
            client.chat.completions.create(model="team-secret", messages=MESSAGES)
        assert "secret" not in str(unknown.value).replace("'team-secret'", "")
    local = ollama.Client(host=router.url, headers={"Authorization": f"Bearer {key}"})
    names = {model.model for model in local.list().models}
    assert {name.removesuffix(":latest") for name in names} == {"team-small", "team-large"}
    assert all(model.model.startswith("team-") for model in local.ps().models)


def test_no_answer_names_a_model_that_the_key_may_not_use(guarded, start_mock):
    mock = start_mock("a", "secret", tokens="2")
    aliases = ("--aliases", json.dumps({"team-alias": "secret"}))
    router, key = guarded({"a": mock.url}, *aliases, models=["team-*"])
    listed = router.ask("GET", "/v1/models", fields=bearer(key))
    assert [model["id"] for model in listed.json()["data"]] == ["team-alias"]
    alias = router.ask("GET", "/v1/models/team-alias", fields=bearer(key))
    assert alias.json()["id"] == "team-alias"
    # A request without a model goes to the only one there is.
    unnamed = router.ask("POST", CHAT, b'{"messages":[]}', bearer(key))
    assert unnamed.status == 403 and unnamed.error["code"] == "model_not_allowed"
    for answer in (listed, alias, unnamed):
        assert b"secret" not in answer.payload, answer.payload
    allowed = router.post(CHAT, chat("team-alias", stream=False), bearer(key))
    assert allowed.status == 200


def test_other_clients_get_errors_that_they_know(guarded, start_mock):
    mock = start_mock("a", "m", personality="ollama", tokens="2")
    router, key = guarded({"a": mock.url}, models=["m"])
    message = {"max_tokens": 8, "messages": MESSAGES}
    with claude(router, key[:-1]) as client, pytest.raises(anthropic.AuthenticationError):
        client.messages.create(model="m", **message)
    with claude(router, key) as client:
        assert client.messages.create(model="m", **message).content
        with pytest.raises(anthropic.PermissionDeniedError):
            client.messages.create(model="n", **message)
    client = ollama.Client(host=router.url, headers={"Authorization": "Bearer wrong-wrong-wrong"})
    with pytest.raises(ollama.ResponseError) as refused:
        client.chat(model="m", messages=MESSAGES)
    assert refused.value.status_code == 401 and "API key" in refused.value.error
    client = ollama.Client(host=router.url, headers={"Authorization": f"Bearer {key}"})
    assert client.chat(model="m", messages=MESSAGES).message.content


def test_what_needs_a_key_and_what_doesn_t(guarded, start_mock):
    mock = start_mock("a", "m", tokens="1")
    router, key = guarded({"a": mock.url})
    for path in ("/health", "/livez", "/readyz", "/", "/metrics"):
        assert router.ask("GET", path).status == 200, path
    for path in ("/v1/models", "/v1/models/m", "/api/tags", "/api/version", "/v1/responses/x"):
        answer = router.ask("GET", path)
        assert answer.status == 401, path
    assert router.ask("OPTIONS", CHAT).status == 204
    assert router.ask("GET", "/v1/models", fields=bearer(key)).status == 200
    for field in [("Authorization", key), ("Authorization", f"Basic {key}"), ("x-api-key", "x")]:
        assert router.post(CHAT, chat("m"), [field]).status == 401, field
    for field in [("x-api-key", key), ("AUTHORIZATION", f"bearer  {key}")]:
        assert router.post(CHAT, chat("m"), [field]).status == 200, field


def test_metrics_without_a_key_are_for_who_calls_this_machine_by_its_name(guarded, start_mock):
    """A web page whose own name leads here comes from this machine, too (DNS rebinding)."""
    router, key = guarded({"a": start_mock("a", "m").url})

    def status(host, fields=()):
        with router.client() as client:
            lines = [f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n"]
            lines += [f"{name}: {value}\r\n" for name, value in fields]
            client.send("".join(lines).encode() + b"\r\n")
            return client.reader.response().status

    assert status("localhost:1") == status("127.0.0.1") == 200
    assert status("evil.example:1") == 401
    assert status("evil.example:1", bearer(key)) == 200


def test_concurrent_streams_are_bounded_and_places_come_back(guarded, start_counting):
    backend = start_counting()
    router, key = guarded({"a": backend.url}, concurrent=2)
    with router.client() as one, router.client() as two:
        for number, client in enumerate((one, two)):
            client.post_json(CHAT, chat("m", stream=False), bearer(key))
            wait_until(lambda: backend.count == number + 1, "a request")
        refused = router.post(CHAT, chat("m"), bearer(key))
        assert refused.status == 429 and refused.head.get("Retry-After") == "1"
        assert refused.error["code"] == "concurrency_limit_exceeded"
        backend.release(1)
        wait_until(lambda: in_flight(router) == 1, "one to be done")
        # A client that leaves gives its place back, too.
        one.close()
        two.close()
    wait_until(lambda: in_flight(router) == 0, "none")
    backend.release(4)
    for _ in range(3):
        assert router.post(CHAT, chat("m", stream=False), bearer(key)).status == 200


def test_no_backend_ever_sees_the_routers_key(guarded, start_mock, start_tee, tmp_path):
    mock = start_mock("a", "m", personality="ollama", tokens="2")
    back = start_tee(mock.address, "back")
    router, key = guarded({"a": back.url}, "--retry.same-backend")
    with sdk(router, key) as client:
        list(client.chat.completions.create(model="m", messages=MESSAGES, stream=True))
        client.embeddings.create(model="m", input="x")
        client.responses.create(model="m", input="x")
    with claude(router, key) as client:
        client.messages.create(model="m", max_tokens=4, messages=MESSAGES)
    both = [*bearer(key), ("x-api-key", key), ("Authorization", f"Bearer {key}")]
    for path in (CHAT, "/api/chat", "/v1/anything", "/v1/messages"):
        router.post(path, chat("m"), both)
    router.ask("GET", "/v1/responses/r1", fields=both)
    router.ask("DELETE", "/v1/responses/r1", fields=[("X-API-KEY", key)])
    asked = [
        "GET /v1/realtime?model=m HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade, x-api-key",
        "Upgrade: websocket",
        f"X-Api-Key: {key}",
    ]
    with router.client() as client:
        client.send("\r\n".join([*asked, "", ""]).encode())
        client.reader.head()
    passed = recorded(tmp_path / "back")
    assert passed.count(b"POST /v1/chat/completions") >= 2
    assert key.encode() not in passed and b"x-api-key" not in passed.lower()
    logged = "\n".join(router.lines) + router.errors
    assert key not in logged and '"key":"team"' in logged


def test_a_backends_own_key_replaces_its_clients(start_mock, start_router, start_tee, tmp_path):
    mock = start_mock("a", "m", tokens="1")
    back = start_tee(mock.address, "back")
    secret, mine = "backend-" + secrets.token_hex(8), "client-" + secrets.token_hex(8)
    (tmp_path / "gpu.key").write_text(secret + "\n")
    url = f"{back.url},api_key_file={tmp_path}/gpu.key"
    router = start_router({"a": url}).wait_ready(1, ["m"])
    assert router.post(CHAT, chat("m"), bearer(mine)).status == 200
    passed = recorded(tmp_path / "back")
    assert mine.encode() not in passed
    # Probes and listings have it as well.
    requests = passed.count(b" HTTP/1.1\r\nHost: ")
    assert passed.count(f"Authorization: Bearer {secret}\r\n".encode()) == requests >= 2
    assert secret not in "\n".join(router.lines) + router.errors


def test_without_keys_a_clients_credentials_pass(start_mock, start_router, start_tee, tmp_path):
    mock = start_mock("a", "m", tokens="1")
    back = start_tee(mock.address, "back")
    router = start_router({"a": back.url}).wait_ready(1, ["m"])
    router.post(CHAT, chat("m"), [*bearer("abc"), ("x-api-key", "def")])
    passed = recorded(tmp_path / "back")
    assert b"Authorization: Bearer abc\r\n" in passed and b"x-api-key: def\r\n" in passed


@pytest.mark.parametrize(
    "keys, reason",
    [
        ("{}", "id"),
        ('[{"id":"a"}]', "key_file"),
        ('[{"id":"a","key":"short"}]', "16"),
        ('[{"id":"a","key_file":"/absent"}]', "/absent"),
        ('[{"id":"a","key":"0123456789abcdef","modles":["m"]}]', "models"),
    ],
)
def test_keys_that_can_t_be_are_refused_at_the_start(run, keys, reason):
    done = run("serve", "--listen", "127.0.0.1:0", "--discover", "off", "--keys", keys)
    assert done.returncode == 2 and reason in done.stderr, done.stderr
    assert "0123456789abcdef" not in done.stderr


@pytest.mark.figures
def test_a_wrong_key_takes_as_many_instructions_wherever_it_is_wrong(binary, tmp_path):
    key = secrets.token_hex(32)
    others = [{"id": f"k{number}", "key": secrets.token_hex(20)} for number in range(7)]
    keys = json.dumps([*others[:3], {"id": "it", "key": key}, *others[3:]])
    options = ["--listen", "127.0.0.1:0", "--log-format", "json", "--discover", "off"]

    def instructions(shown, status):
        """How many the comparison takes, of eight requests, as callgrind counts them."""
        out = tmp_path / f"callgrind.{secrets.token_hex(4)}"
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        # `KeyRing.find`, as the compiler spells it.
        tool += ["--collect-atstart=no", "--toggle-collect=*OAIRProxy7KeyRingV4find*"]
        command = [*tool, binary, "serve", *options, "--admin", "off", "--keys", keys]
        router = SlowRouter(command, folder=tmp_path, name=out.name)
        try:
            for _ in range(8):
                assert router.ask("GET", "/v1/models", fields=bearer(shown)).status == status
            router.signal(signal.SIGTERM)
            router.wait(60)
        finally:
            router.finish()
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))

    def wrong_at(position):
        return key[:position] + "x" + key[position + 1 :]

    counts = [instructions(wrong_at(position), 401) for position in (0, 32, 63)]
    assert counts[0] > 8 * 100 and len(set(counts)) == 1, counts
    assert instructions(key, 200) == counts[0]


class SlowRouter(Router):
    """Under valgrind everything takes fifty times as long."""

    start_seconds = 60.0


def test_commands_show_a_key(guarded, start_mock, run, tmp_path):
    mock = start_mock("a", "m", tokens=2)
    router, key = guarded({"a": mock.url})
    assert run("models", "--url", router.url).returncode == 1
    path = tmp_path / "team.key"
    for arguments, environment in (
        (["--key-file", path], {}),
        ([], {"OAIROUTER_API_KEY": key}),
    ):
        listed = run("models", "--url", router.url, *arguments, environment=environment)
        assert listed.returncode == 0 and "m" in listed.stdout.split(), listed.stderr
    # The load's key, or its field, is that of the question which models there are.
    quick = ("--duration", "200ms", "--warm-up", "0s", "--no-progress", "-c", "1")
    for arguments in (["--key-file", path], ["--header", f"Authorization: Bearer {key}"]):
        done = run("bench", router.url, *arguments, *quick)
        assert done.returncode == 0 and "no errors" in done.stdout, done.stderr
