"""Each client's calls, directly and through the router: the same results, the same errors.

The backends are fake ones with constant ids and times, so that all that a client makes of an answer
can be compared. Each client runs in a process of its own, with the Python that has it.
"""

import json
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STATUSES = [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529]
RETRIED = {408, 409, 429, 500, 501, 502, 503, 504, 529}
"""What the OpenAI and Anthropic clients try again, twice."""

PYTHONS = {
    "openai 3": sys.executable,
    "openai 2": ROOT / ".build-venv-openai2/bin/python",
    "openai 1": ROOT / ".build-venv-openai1/bin/python",
    "anthropic": sys.executable,
    "ollama": sys.executable,
    "langchain": ROOT / ".build-venv-openai2/bin/python",
}
ENGINES = {"anthropic": "vllm", "ollama": "ollama"}
"""Whose API a client speaks; the others speak OpenAI's."""


def run_client(name, mock, router, statuses=()):
    """What came of a client's calls: (directly, through the router)."""
    python = pathlib.Path(PYTHONS[name])
    if not python.exists():
        pytest.fail(f"there is no {python}; run Scripts/test", pytrace=False)
    job = {
        "client": name.split()[0],
        "urls": [mock.url, router.url],
        "model": "m",
        "mock": mock.url,
        "statuses": list(statuses),
    }
    process = subprocess.run(
        [python, HERE / "client_driver.py"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def start_pair(start_mock, start_router, engine):
    mock = start_mock("m", "m", personality=engine, tokens=6, reproducible=None)
    return mock, start_router({"b": mock.url}).wait_ready(1)


def differences(direct, through):
    assert direct.keys() == through.keys()
    return {
        name: {"direct": direct[name], "through": through[name]}
        for name in direct
        if direct[name] != through[name]
    }


CASES = [(name, ENGINES.get(name, "openai")) for name in PYTHONS]
CASES += [("openai 3", engine) for engine in ("vllm", "llamacpp", "ollama")]
CASES += [("anthropic", engine) for engine in ("llamacpp", "ollama")]

IMAGES = {"image", "image stream", "image edit", "image edit stream", "image variation"}
SPEECH = {"speech", "speech in pieces", "moderation"}
UNSERVED = {
    ("anthropic", "ollama"): {"token count"},
    ("openai 3", "vllm"): {*IMAGES, *SPEECH, "model", "input tokens"},
    ("openai 3", "llamacpp"): {*IMAGES, *SPEECH, "model", "translation"},
    ("openai 3", "ollama"): {*IMAGES, *SPEECH, "translation", "input tokens"},
    ("ollama", "ollama"): {"unknown model"},
}
"""Calls that are errors when the engine is asked itself; the router has its own words for them."""
OWN = {
    # A model has one name there, whichever it is asked for by.
    ("openai 3", "ollama"): {"model"},
    # What is loaded is known when the models are listed next.
    ("ollama", "ollama"): {"ps"},
}
"""Calls that the router answers itself, and not in the engine's words."""


@pytest.mark.parametrize("name, engine", CASES)
def test_calls_have_equal_results(start_mock, start_router, name, engine):
    direct, through = run_client(name, *start_pair(start_mock, start_router, engine))
    unserved = UNSERVED.get((name, engine), set()) & direct.keys()
    own = OWN.get((name, engine), set())
    assert {call for call in direct if "error" in direct[call]} == unserved
    assert not {call for call in own if "error" in through[call]}
    found = differences(direct, through)
    assert found.keys() <= unserved | own, {call: found[call] for call in found.keys() - own}


@pytest.mark.parametrize("name", PYTHONS)
def test_error_statuses_are_equal_exceptions(start_mock, start_router, name):
    pair = start_pair(start_mock, start_router, ENGINES.get(name, "openai"))
    direct, through = run_client(name, *pair, STATUSES)
    assert len(direct) == 2 * len(STATUSES)
    assert not differences(direct, through)
    for case, result in through.items():
        status = int(case.split()[0])
        assert result["error"].get("status_code") == status
        expected = 3 if name != "ollama" and status in RETRIED else 1
        assert result["attempts"] == expected, case
