"""The router's HTTP/1.1 parsers against two others, h11 and llhttp, through its sockets.

Where both accept a message they must read the same. Every difference of verdict is a row of
docs/STRICTNESS.md: one that isn't there fails, and so does a row that nothing shows.
"""

import base64
import collections
import concurrent.futures
import json
import re

import pytest

import peer_parsers
import strictness_cases
from peer_parsers import Verdict, incomplete, refused
from rawhttp import RawClient, Truncated
from threaded_server import ThreadedServer

CLIENTS = 24
CHANGED_REQUESTS = 3000
CHANGED_RESPONSES = 1000
SEED = 20261125
PEERS = ("h11", "llhttp")


class Echo(ThreadedServer):
    """Answers each POST with what came, or with the bytes that its X-Answer field has."""

    def serve(self, connection, reader):
        while not reader.at_end():
            request = reader.request()
            if request.head.get("x-answer"):
                connection.sendall(base64.b64decode(request.head.get("x-answer")))
                return
            if request.head.start_line.startswith("GET"):
                answer = {"object": "list", "data": [{"id": "m", "object": "model"}]}
            else:
                answer = {
                    "line": request.head.start_line,
                    "body": base64.b64encode(request.payload).decode(),
                }
            body = json.dumps(answer).encode()
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head.encode() % len(body) + body)


@pytest.fixture
def router(start_router):
    echo = Echo()
    quick = ["--timeouts.head", "300ms", "--timeouts.body-idle", "300ms"]
    # A backend that answers nonsense all the time stays in use: it is the only one.
    yield start_router({"echo": echo.url}, *quick, "--retry.attempts", "0").wait_ready(1, {"m"})
    echo.stop()


def ask(router, data):
    """The answer to raw bytes; None: the connection ended without one."""
    with RawClient(router.address) as client:
        try:
            client.send(data)
            return client.reader.response()
        except (Truncated, ConnectionError, TimeoutError):
            return None


def verdict_on_request(router, data):
    answer = ask(router, data)
    if answer is None:
        return Verdict("dropped")
    if answer.status == 200 and answer.head.get("x-oairouter-backend"):
        echoed = answer.json()
        method, target, _ = echoed["line"].split(" ")
        body = base64.b64decode(echoed["body"])
        return Verdict("accepted", method=method, target=target, body=body)
    if answer.status == 408:
        return incomplete()
    if answer.status != 200 and answer.error["code"] in ("bad_request", "request_too_large"):
        return refused(rule(answer.error["message"]))
    # Answered by its head, or for what its body says: nobody has read the whole of it.
    return Verdict("answered")


def rule(message):
    """The rule that a message names, without the place."""
    return re.sub(r" at byte \d+.*", "", message.split(". ")[0].split(": ", 1)[-1].rstrip("."))


def verdict_on_response(router, data):
    fields = b"X-Answer: " + base64.b64encode(data)
    answer = ask(router, strictness_cases.request(fields))
    if answer is None:
        return refused("cut")
    if not answer.head.get("x-oairouter-backend"):
        return refused(answer.status)
    return Verdict("accepted", status=answer.status, body=answer.payload)


def path_of(target):
    """A target without what the router leaves out (an authority, `/v1`, a slash at the end)."""
    path, mark, query = re.sub(r"^(?i:https?)://[^/?]*", "", target).partition("?")
    return re.sub(r"^(/v1)*", "", path).rstrip("/") + mark + query


def is_same(ours, theirs):
    return (ours.method, path_of(ours.target), ours.status, ours.body) == (
        theirs.method,
        path_of(theirs.target),
        theirs.status,
        theirs.body,
    )


def difference(ours, theirs):
    """The section and the row that has to document it; None: they agree, or can't be compared."""
    if "dropped" in (ours.kind, theirs.kind):
        return "dropped", "without an answer"
    if ours.kind == "answered" or theirs.kind == "incomplete" and ours.kind != "accepted":
        return None
    if ours.kind == theirs.kind:
        is_alike = ours.kind != "accepted" or is_same(ours, theirs)
        return None if is_alike else ("read otherwise", f"{ours} {theirs}")
    if ours.kind == "refused":
        return "stricter", ours.why
    if ours.kind == "incomplete":
        return None if theirs.kind == "refused" else ("stricter", "it isn't complete")
    return "laxer", theirs.why or "it isn't complete"


def verdicts(judge, messages):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(judge, messages))


def documented(root, section):
    """The rows of a section of docs/STRICTNESS.md: (text, peer) for each `differs`."""
    text = (root / "docs/STRICTNESS.md").read_text("utf-8")
    part = text.split(f"## {section}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    return {(row[0], peer) for row in rows for peer, cell in zip(PEERS, row[1:]) if cell != "–"}


def check(root, section, seen):
    """Compares what was seen (with an example each) with the document's rows."""
    rows = documented(root, section)
    unknown = {key: seen[key] for key in sorted(seen.keys() - rows)}
    lines = "\n".join(f"| `{key[0]}` | {key[1]} | {example!r}" for key, example in unknown.items())
    assert not unknown, f"not in docs/STRICTNESS.md, under '{section}':\n{lines}"
    assert not rows - seen.keys(), f"nothing shows it any more: {sorted(rows - seen.keys())}"


def test_requests(router, root):
    cases = strictness_cases.requests()
    messages = [*cases.values(), *strictness_cases.changed(cases, CHANGED_REQUESTS, SEED)]
    ours = verdicts(lambda data: verdict_on_request(router, data), messages)
    seen = {"stricter": {}, "laxer": {}}
    for peer in PEERS:
        judge = getattr(peer_parsers, f"{peer}_request")
        for data, our in zip(messages, ours):
            found = difference(our, judge(data))
            if found and found[0] not in seen:
                pytest.fail(f"{found} by {peer}: {data!r}: {our}, {judge(data)}")
            if found:
                seen[found[0]].setdefault((found[1], peer), data)
    kinds = collections.Counter(verdict.kind for verdict in ours)
    print(f"requests: {len(messages)}, {dict(kinds)}")
    # Nothing passes for want of messages of each kind.
    assert min(kinds["accepted"], kinds["refused"], kinds["incomplete"]) > 20, kinds
    check(root, "Requests: refused here, accepted there", seen["stricter"])
    check(root, "Requests: accepted here, refused there", seen["laxer"])


def test_every_rule_refuses(router):
    """The cases stand in the order valid, refused: each is what it is meant to be."""
    cases = strictness_cases.requests()
    first = list(cases).index(strictness_cases.FIRST_REFUSED)
    ours = verdicts(lambda data: verdict_on_request(router, data), cases.values())
    for index, (name, verdict) in enumerate(zip(cases, ours)):
        # Waiting for the rest of what can't become a request is no acceptance either.
        expected = ("accepted",) if index < first else ("refused", "incomplete", "answered")
        lenient = {"HTTP/1.2", "odd extension", "space before an extension", "chunk too long"}
        if name not in lenient:
            assert verdict.kind in expected, f"{name}: {verdict}"


def test_responses(router, root):
    cases = strictness_cases.responses()
    messages = [*cases.values(), *strictness_cases.changed(cases, CHANGED_RESPONSES, SEED)]
    ours = verdicts(lambda data: verdict_on_response(router, data), messages)
    names = [*cases, *[None] * CHANGED_RESPONSES]
    stricter, laxer = {}, {}
    for peer in PEERS:
        judge = getattr(peer_parsers, f"{peer}_response")
        for name, data, our in zip(names, messages, ours):
            found = difference(our, judge(data))
            if found and found[0] not in ("stricter", "laxer"):
                pytest.fail(f"{found} by {peer}: {data!r}: {our}, {judge(data)}")
            if found and found[0] == "laxer":
                laxer.setdefault((found[1], peer), data)
            elif found and name:
                stricter.setdefault((name, peer), data)
    kinds = collections.Counter(verdict.kind for verdict in ours)
    print(f"responses: {len(messages)}, {dict(kinds)}")
    assert min(kinds["accepted"], kinds["refused"]) > 100, kinds
    check(root, "Responses: refused here, accepted there", stricter)
    check(root, "Responses: accepted here, refused there", laxer)
