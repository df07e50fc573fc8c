"""`oairouter bench` against real servers: figures, failures, comparisons, and what it refuses."""

import json
import re
import signal

import pytest

from programs import Program
from waiting import wait_until

SHORT = ("--duration", "1s", "--warm-up", "200ms", "--connections", "4", "--max-tokens", "8")
M = ("--model", "m")
"""A router may not have listed its backend yet."""

MODES = {
    "plain": (),
    "stream": ("--stream",),
    "open loop": ("--rate", "50"),
    "open loop of streams": ("--rate", "50", "--stream"),
    "churn": ("--churn", "--stream"),
    "slow readers": ("--stream", "--read-rate", "50KiB", "--slow-readers", "2"),
    "conversations": ("--body", "chat"),
    "large bodies": ("--body", "1MiB"),
    "list of models": ("--get", "/v1/models"),
    "ramp": ("--stream", "--ramp", "200ms"),
}


@pytest.fixture
def bench(run):
    """bench(*arguments): the report of a measurement that went well, as `--json` prints it."""

    def measure(*arguments, status=0):
        done = run("bench", *arguments, *SHORT, "--json")
        assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    return measure


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_has_right_answers_from_a_server(bench, start_mock, mode):
    mock = start_mock("a", "m", tokens=8)
    report = bench(mock.url, "--pid", mock.process.pid, *MODES[mode])
    (figures,) = report["targets"][0]["rounds"]
    assert figures["requests"] > 0
    assert figures["errors"] == 0, figures["errors_by_kind"]
    latency = figures["latency_us"]
    assert latency["count"] == figures["requests"]
    assert 0 < latency["min"] <= latency["p50"] <= latency["p99"] <= latency["max"]
    assert figures["process"]["cpu_per_request_us"] > 0
    assert figures["process"]["rss_bytes"] > 1 << 20
    if "--stream" in MODES[mode]:
        assert figures["events_per_s"] > figures["requests_per_s"]
        assert figures["ttft_us"]["p50"] <= latency["p99"]
        assert figures["inter_event_us"]["count"] > 0
    if "--rate" in MODES[mode]:
        assert figures["requests"] == 50
    if "--churn" in MODES[mode]:
        assert figures["reconnects"] >= figures["requests"] - 4
        accepted = mock.ask("GET", "/mock/statistics").json()["accepted_connections"]
        assert accepted > figures["requests"]


def test_the_fake_server_inside_needs_nothing_else(run):
    done = run("bench", "mock", *SHORT, "--stream", "--mock-tokens", "3", "--expect-events", "7")
    assert done.returncode == 0, done.stderr
    for line in ("requests/s", "events/s", "TTFT p99 us", "inter-event p50 us", "latency max us"):
        assert re.search(rf"^{re.escape(line)} +[\d.,]+$", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^mock: [\d,]+ right answers, no errors$", done.stdout, re.MULTILINE)
    assert done.stderr == "", "no progress where there is no terminal"


def test_events_that_say_when_they_were_sent_are_timed(bench, start_mock, start_router):
    mock = start_mock("m", "m", tokens=8, itl="10ms", stamps=None)
    router = start_router({"m": mock.url})
    report = bench(router.url, "--vs", mock.url, "--rounds", "1", "--stream", "--stamps", *M)
    for target in report["targets"]:
        (figures,) = target["rounds"]
        assert figures["errors"] == 0, figures["errors_by_kind"]
        delivery = figures["delivery_us"]
        # Of each connection, the first answer may have begun before the measured time.
        assert delivery["count"] >= 8 * (figures["requests"] - 4) > 0
        # A token stands 10 ms behind the one before it: what took longer is this machine's doing.
        assert 0 < delivery["min"] <= delivery["p50"] < 1_000_000


def test_two_servers_are_measured_in_turn(run, start_mock):
    slow = start_mock("slow", "m", ttft="20ms")
    fast = start_mock("fast", "m")
    done = run("bench", slow.url, "--vs", fast.url, "--rounds", "2", *SHORT, "--progress")
    assert done.returncode == 0, done.stderr
    assert f"A: {slow.url}\nB: {fast.url}\n" in done.stdout
    line = r"^latency p50 us +\S+ ±\d+ % +\S+ ±\d+ % +\+([\d,]+) +([\d.]+)$"
    p50 = re.search(line, done.stdout, re.MULTILINE)
    assert p50, done.stdout
    # What the first one adds: 20 ms, less what the other one takes under this load.
    assert int(p50[1].replace(",", "")) > 5_000 and float(p50[2]) > 1.5
    turns = re.findall(r"^round (\d)/2 ([AB])  \d+ s left", done.stderr, re.MULTILINE)
    assert list(dict.fromkeys(turns)) == [("1", "A"), ("1", "B"), ("2", "A"), ("2", "B")]


@pytest.mark.parametrize(
    "fault, kind, arguments",
    [
        ("reset", "reset", ()),
        ("eof-before-head", "closed", ()),
        ("short-body=3", "short_body", ()),
        ("eof-after=2", "short_body", ("--stream",)),
        ("no-end-marker", "no_done", ("--stream",)),
        ("error-after=2", "stream_error", ("--stream",)),
        ("no-response", "timeout", ("--timeout", "100ms")),
    ],
)
def test_failures_are_counted_by_kind(run, start_mock, fault, kind, arguments):
    mock = start_mock("faulty", "m", fault=fault)
    done = run("bench", mock.url, *SHORT, "--json", *arguments)
    assert done.returncode == 1 and "gave no right answer" in done.stderr
    figures = json.loads(done.stdout)["targets"][0]["rounds"][0]
    assert set(figures["errors_by_kind"]) == {kind}
    assert figures["errors"] == figures["errors_by_kind"][kind] > 0


def test_some_failures_leave_the_rest_right(bench, start_mock):
    mock = start_mock("flaky", "m", fault="status=503,rate=0.2")
    figures = bench(mock.url)["targets"][0]["rounds"][0]
    failed = figures["errors_by_kind"]["status"]
    assert figures["statuses"] == {"503": failed}
    assert 0.05 < failed / (failed + figures["requests"]) < 0.5


def test_nobody_who_listens_is_told_before_anything_is_measured(run, refused_url):
    done = run("bench", refused_url, *SHORT)
    assert done.returncode == 1 and "nobody listens there" in done.stderr
    done = run("bench", refused_url, *SHORT, "--model", "m", "--json")
    assert done.returncode == 1
    figures = json.loads(done.stdout)["targets"][0]["rounds"][0]
    assert set(figures["errors_by_kind"]) == {"connect"}


def test_a_record_is_compared_with(run, start_mock, tmp_path):
    mock = start_mock("then", "m", ttft="2ms")
    load = ("--rate", "40", *SHORT)
    record = tmp_path / "record.json"
    first = run("bench", mock.url, *load, "--record", record)
    assert first.returncode == 0, first.stderr
    # The same again, with a noise that hides whatever this machine does meanwhile.
    same = run("bench", mock.url, *load, "--compare", record, "--noise", "10000")
    assert same.returncode == 0, f"{same.stdout}\n{same.stderr}"
    slow = start_mock("now", "m", ttft="200ms")
    worse = run("bench", slow.url, *load, "--compare", record, "--noise", "100")
    assert worse.returncode == 3, f"{worse.stdout}\n{worse.stderr}"
    line = r"^latency p50 us +[\d.,]+ +[\d.,]+ +\+[\d.]+ +[\d.]+ +worse$"
    assert re.search(line, worse.stdout, re.MULTILINE), worse.stdout
    both = ("--record", record, "--compare", record, "--noise", "10000")
    assert run("bench", mock.url, *load, *both).returncode == 0


def test_a_record_of_another_load_is_refused(run, start_mock, tmp_path):
    mock = start_mock("m", "m")
    record = tmp_path / "record.json"
    assert run("bench", mock.url, *SHORT, "--record", record).returncode == 0
    done = run("bench", mock.url, *SHORT, "--stream", "--compare", record)
    assert done.returncode == 2 and "another workload" in done.stderr
    record.write_text("{}")
    done = run("bench", mock.url, *SHORT, "--compare", record)
    assert done.returncode == 2 and "isn't a record" in done.stderr
    done = run("bench", mock.url, *SHORT, "--compare", tmp_path / "none.json")
    assert done.returncode == 2 and "can't be read" in done.stderr


@pytest.mark.parametrize(
    "arguments, text",
    [
        (("mock", "--connections", "0"), "--connections must be 1 to 20000"),
        (("mock", "--connections", "20001"), "--connections must be 1 to 20000"),
        (("mock", "--duration", "0s"), "--duration must be"),
        (("mock", "--duration", "2h"), "--duration must be"),
        (("mock", "--rate", "0"), "--rate must be"),
        (("mock", "--body", "x"), "a body is a size"),
        (("mock", "--body", "10"), "a body has 256 bytes to 64 MiB"),
        (("mock", "--get", "/v1/models", "--stream"), "exclude each other"),
        (("mock", "--slow-readers", "1"), "needs --read-rate"),
        (("mock", "--expect-events", "1"), "needs --stream"),
        (("mock", "--header", "x"), "'Name: value'"),
        (("mock", "--rounds", "0"), "--rounds must be 1 to 100"),
        (("mock", "--vs-pid", "1"), "--vs-pid needs --vs"),
        (("mock", "--pid", "2147483647"), "there is no process 2147483647"),
        (("mock", "--mock-fault", "x"), "fault"),
        (("https://127.0.0.1:1",), "https isn't spoken here"),
        (("mock", "--noise=-1"), "--noise must be 0 to"),
    ],
)
def test_what_cannot_be_measured_is_refused(run, arguments, text):
    done = run("bench", *arguments)
    assert done.returncode == 2, f"{done.stdout}\n{done.stderr}"
    assert text in done.stderr


def test_a_signal_ends_it_with_what_was_measured(binary, tmp_path, running):
    program = Program(
        [binary, "bench", "mock", "--duration", "10m", "--warm-up", "0s", "--progress"],
        folder=tmp_path,
        name="bench",
    )
    running.append(program)
    wait_until(lambda: "requests/s" in program.errors, "the first line of progress")
    program.signal(signal.SIGINT)
    assert program.wait() == 1
    assert "ended by a signal" in program.errors
    assert any(line.startswith("latency p50 us") for line in program.lines)


def test_headers_and_a_key_are_sent(run, start_backend, tmp_path):
    backend = start_backend("m")
    key = tmp_path / "key"
    key.write_text("sk-of-a-test\n")
    run("bench", backend.url, *SHORT, "--header", "X-Test: yes", "--key-file", key)
    head = backend.next_call().request.head
    assert head.get("X-Test") == "yes" and head.get("Authorization") == "Bearer sk-of-a-test"
    assert head.target == "/v1/chat/completions"
