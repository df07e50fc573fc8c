"""Clients' strings with all that could harm a log, a terminal or a metrics page."""

import json
import random
import re

from metrics_page import MetricsPage
from waiting import wait_until

REQUESTS = 5000
NASTY = [
    *(chr(code) for code in range(32)), "\x7f", "\x9b31m", "\x1b[2J", "\x1b]0;title\x07", '"', "\\",
    "'", "\r\n", '","level":"error"}\n{"event":"forged', "\u2028", "\u202e", "\ufeff",
    "\ud7ff", "é", "%0a", "{{", "}}", 'x"} 1\noairouter_forged 1\n', "$(id)",
    "<script>", "\U0001f4a3", "=", " ",
]
VISIBLE = re.compile("[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*")


def nasty(random_source, bytes_that_pass=None):
    """A short text of such parts; as bytes where only some of them may pass."""
    text = "".join(random_source.choice(NASTY) for _ in range(random_source.randint(1, 6)))
    if bytes_that_pass is None:
        return text
    return bytes(byte for byte in text.encode("utf-8", "surrogatepass") if bytes_that_pass(byte))


def in_field(byte):
    """What a field's value may hold (RFC 9110 section 5.5)."""
    return byte == 9 or byte >= 0x20 and byte != 0x7F


def in_target(byte):
    return byte > 0x20 and byte not in (0x7F, 0x23)


def request(random_source, number):
    model = json.dumps(nasty(random_source))
    if random_source.random() < 0.3:
        # As the bytes themselves, where JSON lets them through.
        model = json.dumps(nasty(random_source), ensure_ascii=False)
    prompt = b'"messages":[{"role":"user","content":"hush %d"}]' % number
    body = b'{"model":%s,%s}' % (model.encode(), prompt)
    if random_source.random() < 0.1:
        body = nasty(random_source).encode()
    path = b"/v1/chat/completions" if random_source.random() < 0.6 else b"/v1/"
    path += nasty(random_source, in_target)
    path += b"?api_key=sk-hush-" + nasty(random_source, in_target)
    fields = [
        b"POST %s HTTP/1.1" % path,
        b"Host: localhost",
        b"X-Request-ID: " + nasty(random_source, in_field),
        b"User-Agent: " + nasty(random_source, in_field),
        b"X-Session-ID: " + nasty(random_source, in_field),
        b"Authorization: Bearer sk-hush-" + nasty(random_source, in_field),
        b"Content-Length: %d" % len(body),
    ]
    if random_source.random() < 0.1:
        fields[0] = nasty(random_source).encode() + b" /" + nasty(random_source).encode()
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def send_all(router, count, seed):
    random_source = random.Random(seed)
    client = router.client()
    for number in range(count):
        client.send(request(random_source, number))
        answer = client.reader.response()
        if (answer.head.get("Connection") or "") == "close":
            client.close()
            client = router.client()
    client.close()


def lines_of(router, is_line, count):
    wait_until(lambda: sum(map(is_line, list(router.lines))) >= count, f"{count} lines", 60)
    return list(router.lines)


def is_hostile(line):
    """Not one of the fixture's own questions, which the router answers itself."""
    return '"event":"access"' in line and '"outcome":"local"' not in line


def test_logs_and_metrics_stay_whole(start_mock, start_router):
    mock = start_mock("a", "m", tokens="1")
    router = start_router({"a": mock.url}, "--session-affinity.enabled").wait_ready(1, ["m"])
    send_all(router, REQUESTS, seed=1)
    lines = lines_of(router, is_hostile, REQUESTS)
    for line in lines:
        assert VISIBLE.fullmatch(line), line
        record = json.loads(line)
        assert record["event"] in ("access", "failover", "listening", "serving", "ready"), line
        assert "hush" not in line, line
    access = [json.loads(line) for line in lines if is_hostile(line)]
    assert len(access) == REQUESTS
    assert len({line["exchange_id"] for line in access}) > REQUESTS * 0.9
    for line in router.errors.splitlines():
        assert VISIBLE.fullmatch(line) and json.loads(line)["level"] != "error", line
    page = MetricsPage(router)
    assert VISIBLE.fullmatch(page.text.replace("\n", ""))
    assert page.labels("model") <= {"m", "__unknown__"}
    assert not [sample for sample in page.samples if "forged" in sample.name]
    assert page.value("oairouter_requests_total") >= REQUESTS


def test_text_lines_are_one_word_per_value(binary, start_mock, start_router):
    mock = start_mock("a", "m", tokens="1")
    router = start_router({"a": mock.url}, "--log-format", "text")
    wait_until(lambda: router.health()["models_available"] == 1, "a model")
    send_all(router, 500, seed=2)
    lines = lines_of(router, lambda line: "event=access" in line, 500)
    word = re.compile(r'[a-z_]+=(?:"(?:[^"\\]|\\.)*"|[\x21-\x7e]+)(?: |$)')
    for line in lines:
        assert VISIBLE.fullmatch(line) and "hush" not in line, line
        if line.startswith("time="):
            assert word.sub("", line) == "", line


def test_one_id_ties_an_exchange_s_lines_together(start_mock, start_router):
    bad = start_mock("bad", "m", fault="status=503")
    good = start_mock("good", "m", tokens="1")
    backends = {"bad": bad.url, "good": good.url}
    router = start_router(backends, "--balance", "first_healthy").wait_ready(2, ["m"])
    body = {"model": "m", "messages": []}
    assert router.post("/v1/chat/completions", body, [("X-Request-ID", "one")]).status == 200
    lines = lines_of(router, lambda line: '"one"' in line, 2)
    first, second = [json.loads(line) for line in lines if '"exchange_id":"one"' in line]
    assert (first["event"], first["backend"], first["reason"]) == ("failover", "bad", "status")
    assert (second["event"], second["backend"], second["attempts"]) == ("access", "good", 2)
    assert second["client"] == "127.0.0.1" and second["key"] == "-"
