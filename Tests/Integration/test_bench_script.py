"""Scripts/bench: each scenario works against each peer that is here, and its tables are whole."""

import importlib
import json
import os
import subprocess

import pytest


@pytest.fixture
def script(root, binary, tmp_path):
    """script(*arguments): the finished process of Scripts/bench with the program under test."""

    def start(*arguments):
        return subprocess.run(
            [str(root / "Scripts/bench"), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "OAIROUTER_BIN": str(binary)},
        )

    return start


def listed(script):
    done = script("--list")
    assert done.returncode == 0, done.stderr
    return [line.split()[0] for line in done.stdout.splitlines()]


def test_a_quick_run_has_a_table_for_each_scenario(script, tmp_path):
    kept = tmp_path / "rows"
    done = script("--quick", "--keep", kept)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    names = listed(script)
    assert list(dict.fromkeys(row["scenario"] for row in rows)) == names
    for name in names:
        table = done.stdout.split(f"### {name}\n")[1].split("###")[0]
        for peer in ("direct", "oairouter"):
            (row,) = [r for r in rows if (r["scenario"], r["peer"]) == (name, peer)]
            assert row["errors"] == 0 and row["process"]["cpu_share"] > 0
            assert row["requests"] > 0 or row["events_per_s"] > 0
            (line,) = [line for line in table.splitlines() if line.startswith(f"| {peer} |")]
            head = next(line for line in table.splitlines() if line.startswith("| |"))
            assert line.count("|") == head.count("|") and line.endswith("| 0 |")


def test_what_it_does_not_know_is_refused(script):
    for arguments, text in (
        (("--scenarios", "none"), "there is no scenario 'none'"),
        (("--peers", "none"), "there is no peer 'none'"),
        (("--quick", "--write"), "nothing that is worth writing"),
    ):
        done = script(*arguments)
        assert done.returncode != 0 and text in done.stderr, done.stderr


@pytest.fixture
def part(root, monkeypatch):
    """part(name): a module of the scripts."""
    monkeypatch.syspath_prepend(str(root / "Scripts/benchmark"))
    return importlib.import_module


CALLGRIND = """\
version: 1
events: Ir

fl=(1) a.swift
fn=(1) loop
10 5
+2 7
cfn=(2) callee
calls=3 20
+1 900
* 1

fn=(2)
20 300
fn=(1)
11 2

totals: 315
"""


def test_costs_are_each_functions_own(part, tmp_path):
    (tmp_path / "callgrind.out").write_text(CALLGRIND)
    costs = part("callgrind").costs(tmp_path / "callgrind.out")
    assert costs == {"loop": 15, "callee": 300}


def test_tables_replace_those_of_the_document(root, part):
    tables = part("tables")
    document = (root / "docs/PERFORMANCE.md").read_text("utf-8")
    assert document.count(tables.BEGIN) == document.count(tables.END) == 1
    once = tables.replaced(document, "### one")
    assert "### one" in once
    twice = tables.replaced(once, "### two")
    assert "### one" not in twice and twice == tables.replaced(document, "### two")
    assert twice.split(tables.BEGIN)[0] == document.split(tables.BEGIN)[0]
    assert twice.split(tables.END)[1] == document.split(tables.END)[1]
