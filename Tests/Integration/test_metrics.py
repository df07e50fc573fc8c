"""Metrics: what is counted, who can make series, and that looking costs nobody anything."""

import os
import re
import secrets
import subprocess

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics

import rawhttp
from metrics_page import MetricsPage
from rawhttp import chat
from threaded_server import ThreadedServer
from waiting import wait_until

CHAT = "/v1/chat/completions"
OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"


def promtool(*arguments, text=None):
    return subprocess.run(
        ["promtool", *arguments], input=text, capture_output=True, text=True, check=False
    )


def counted(router, name, wanted, **labels):
    """Waits until a metric has come to a value."""
    wait_until(
        lambda: MetricsPage(router).value(name, **labels) == wanted, f"{name} {labels} = {wanted}"
    )


def test_requests_streams_and_tokens_are_counted(start_mock, start_router):
    mock = start_mock("a", "m", tokens="8", itl="5ms")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    for _ in range(3):
        request = chat("m", stream_options={"include_usage": True})
        assert router.post(CHAT, request).status == 200
    router.post(CHAT, chat("m", stream=False))
    router.post(CHAT, chat("nope"))
    page = MetricsPage(router)
    where = {"model": "m", "backend": "a"}
    assert page.value("oairouter_requests_total", code="200", **where) == 4
    unknown = {"model": "__unknown__", "backend": "", "code": "404"}
    assert page.value("oairouter_requests_total", **unknown) == 1
    assert page.value("oairouter_family_requests_total", family="chat") == 5
    assert page.value("oairouter_tokens_total", type="output", **where) == 24
    assert page.value("oairouter_tokens_total", type="input", **where) > 0
    assert page.value("oairouter_time_to_first_token_seconds_count", **where) == 3
    assert page.value("oairouter_request_duration_seconds_count", model="m") == 4
    # Between eight tokens there are seven gaps, of 5 ms each or more; two may come in one read.
    assert page.value("oairouter_inter_event_seconds_count", model="m") >= 3 * 7
    assert page.value("oairouter_inter_event_seconds_sum", model="m") > 3 * 0.02
    assert page.value("oairouter_attempts_total", backend="a") == 4
    assert page.value("oairouter_backend_state", backend="a", state="ready") == 1
    assert page.values("oairouter_backend_models", backend="a") == [1]
    assert page.value("oairouter_streams_active") == 0
    assert page.value("process_resident_memory_bytes") > 1 << 20


def test_what_goes_wrong_is_counted_with_its_reason(start_backend, start_router, refused_url):
    backend = start_backend("m")
    router = start_router({"a": backend.url, "b": refused_url})
    router.wait_ready(1, ["m"])
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        call = backend.next_call()
        counted(router, "oairouter_in_flight", 1, backend="a")
    counted(router, "oairouter_client_cancels_total", 1, model="m", backend="a")
    counted(router, "oairouter_in_flight", 0, backend="a")
    del call
    with router.client() as client:
        client.post_json(CHAT, chat("m"))
        backend.next_call().reset()
        assert client.reader.response().status == 502
    counted(router, "oairouter_attempt_failures_total", 1, backend="a", reason="lost")
    counted(router, "oairouter_requests_total", 1, model="m", backend="a", code="502")
    assert MetricsPage(router).value("oairouter_backend_up", backend="b") == 0


def test_failovers_tell_why(start_mock, start_router):
    bad = start_mock("bad", "m", fault="status=503")
    good = start_mock("good", "m", tokens="1")
    router = start_router(
        {"bad": bad.url, "good": good.url}, "--balance", "first_healthy"
    ).wait_ready(2, ["m"])
    for _ in range(3):
        assert router.post(CHAT, chat("m")).status == 200
    page = MetricsPage(router)
    assert page.value("oairouter_failovers_total", reason="status") == 3
    assert page.value("oairouter_attempt_failures_total", backend="bad", reason="status") == 3
    assert page.value("oairouter_requests_total", backend="good", code="200") == 3


class OncePerConnection(ThreadedServer):
    """Says that a connection goes on, and closes it when another request has come on it."""

    def serve(self, connection, reader):
        reader.request()
        body = b'{"object":"list","data":[{"id":"m","object":"model"}]}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        if not reader.at_end():
            reader.request()


def test_an_attempt_on_the_same_backend_is_one(start_router):
    backend = OncePerConnection()
    router = start_router({"a": backend.url}).wait_ready(1, ["m"])
    with router.client() as client:
        answers = [client.ask("POST", "/v1/completions", b'{"model":"m"}') for _ in range(4)]
    attempts = [int(answer.head.get("x-oairouter-attempts")) for answer in answers]
    assert attempts == [1, 2, 2, 2]
    page = MetricsPage(router)
    assert page.value("oairouter_retries_total", reason="lost") == 3
    assert page.value("oairouter_attempts_total", backend="a") == 7
    backend.stop()


@pytest.mark.figures
def test_clients_can_t_make_series(start_mock, start_router, names):
    mock = start_mock("a", "m", tokens="1")
    router = start_router({"a": mock.url}, "--log-level", "notice").wait_ready(1, ["m"])

    def ask(count):
        with router.client() as client:
            for _ in range(count):
                model = secrets.token_hex(8)
                answer = client.ask("POST", f"/v1/{secrets.token_hex(4)}", b"{}")
                answer = client.ask("POST", CHAT, b'{"model":"%s"}' % model.encode())
                assert answer.status == 404

    ask(1000)
    before, memory = MetricsPage(router), router.memory("RssAnon")
    ask(names)
    after = MetricsPage(router)
    assert before.series == after.series
    assert after.value("oairouter_requests_total", model="__unknown__", code="404") >= names
    assert router.memory("RssAnon") - memory < 2 << 20


def test_openmetrics_for_who_accepts_it(start_mock, start_router):
    mock = start_mock("a", "m", tokens="2")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    router.post(CHAT, chat("m"))
    answer = router.ask("GET", "/metrics", fields=[("Accept", OPEN_METRICS)])
    assert answer.head.get("content-type").startswith("application/openmetrics-text")
    families = list(open_metrics(answer.payload.decode()))
    assert "oairouter_requests" in {family.name for family in families}
    plain = router.ask("GET", "/metrics")
    assert plain.head.get("content-type").startswith("text/plain; version=0.0.4")
    head = router.ask("HEAD", "/metrics")
    assert head.status == 200 and not head.payload
    assert router.ask("POST", "/metrics").status == 405


def test_they_can_be_turned_off(start_router):
    router = start_router({}, "--metrics.enabled", "false")
    assert router.ask("GET", "/metrics").error["code"] == "unsupported_endpoint"


def test_promtool_finds_nothing_to_say(start_mock, start_router):
    mock = start_mock("a", "m", tokens="2")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    router.post(CHAT, chat("m", stream_options={"include_usage": True}))
    router.post(CHAT, chat("nope"))
    done = promtool("check", "metrics", text=MetricsPage(router).text)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


def used_names(root):
    """Every metric that alert rules and dashboard ask for."""
    texts = [
        (root / "docs/monitoring/oairouter.rules.yml").read_text(),
        (root / "docs/monitoring/oairouter.dashboard.json").read_text(),
    ]
    return set(re.findall(r"\b(?:oairouter|process)_[a-z_]+\b", "\n".join(texts)))


def test_rules_and_dashboard_ask_for_what_there_is(start_mock, start_router, root):
    mock = start_mock("a", "m", tokens="2")
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    router.post(CHAT, chat("m", stream_options={"include_usage": True}))
    types = {line.split()[2] for line in MetricsPage(router).text.splitlines() if "# TYPE" in line}
    there = types | {name + end for name in types for end in ("_bucket", "_sum", "_count")}
    used = used_names(root)
    assert len(used) > 15
    assert used <= there, used - there


def test_rules_hold_what_they_promise(root):
    folder = root / "docs/monitoring"
    done = promtool("check", "rules", str(folder / "oairouter.rules.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool("test", "rules", str(folder / "oairouter.rules.test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    rules = yaml.safe_load((folder / "oairouter.rules.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    tests = yaml.safe_load((folder / "oairouter.rules.test.yml").read_text())
    tested = {
        case["alertname"]
        for test in tests["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert alerts == tested


def test_a_log_that_nobody_reads_leaves_traffic_and_metrics_alone(binary, start_mock, running):
    mock = start_mock("a", "m", tokens="1")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [str(binary), "serve", "--listen", "127.0.0.1:0", "--backend", f"a={mock.url}"]
        + ["--log-level", "debug", "--admin", "off"],
        stdout=writing,
        stderr=writing,
    )
    os.close(writing)
    try:
        # Other lines may come before the one with the address.
        lines = ""
        while not (found := re.search(r"http://(\S+)\s", lines)):
            piece = os.read(reading, 4096).decode()
            assert piece, lines
            lines += piece
        router = FoundRouter(found.group(1))
        # Nobody reads from here on. 64 KiB and a ring of 4,096 lines are full soon.
        wait_until(lambda: router.ask("GET", "/health").json()["backends_healthy"] == 1, "a")
        with router.client() as client:
            for _ in range(6000):
                assert client.ask("GET", "/livez").status == 200
        dropped = "oairouter_log_lines_dropped_total"
        wait_until(lambda: MetricsPage(router).value(dropped, log="access") > 0, dropped)
        assert router.post(CHAT, chat("m")).status == 200
    finally:
        os.close(reading)
        process.terminate()
        assert process.wait(20) == 0


def test_access_lines_that_cannot_be_written_are_counted(binary, tmp_path):
    path = tmp_path / "router.sock"
    command = [str(binary), "serve", "--demo", "--listen", f"unix:{path}", "--admin", "off"]

    def page():
        ask = ["curl", "-s", "--unix-socket", str(path), "http://localhost/metrics"]
        return subprocess.run(ask, capture_output=True, text=True, timeout=10).stdout

    def dropped():
        found = re.search(r'lines_dropped_total\{log="access"\} (\d+)', page())
        return found and int(found.group(1))

    # A disk without room.
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(command, stdout=full, stderr=subprocess.DEVNULL)
    try:
        # Each look is a request with a line of its own.
        wait_until(lambda: dropped(), "a line that is dropped")
    finally:
        process.terminate()
        assert process.wait(20) == 0


class FoundRouter:
    """A router whose output a test keeps to itself."""

    def __init__(self, address):
        host, port = address.split(":")
        self.address = (host, int(port))

    def client(self):
        return rawhttp.RawClient(self.address)

    def ask(self, method, target, body=b"", fields=()):
        return rawhttp.ask(self.address, method, target, body, fields)

    def post(self, target, value, fields=()):
        with self.client() as client:
            client.post_json(target, value, fields)
            return client.reader.response()
