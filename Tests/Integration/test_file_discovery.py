"""A watched file of backends: its versions are followed, broken ones are refused as a whole."""

import json
import os
import time

import pytest

from admin_client import Admin
from waiting import wait_until


@pytest.fixture
def start(binary, start_router, tmp_path):
    """start(): a router that follows backends.yaml in a folder of the test's own."""

    def run(path="backends.yaml", *arguments):
        admin = f"unix:{tmp_path}/admin.sock"
        file = tmp_path / path
        return start_router({}, "--discovery.file.path", file, "--admin", admin, *arguments)

    return run


def entry(server, name, **more):
    return {"id": name, "url": server.url, **more}


def replace(path, text):
    """Writes beside the file, then renames over it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


def turn(link, target):
    """Turns a link in one step, as Kubernetes does."""
    new = link.with_name(link.name + "_tmp")
    new.symlink_to(target)
    os.replace(new, link)


def backend_of(router, model):
    answer = router.post("/v1/chat/completions", {"model": model, "messages": []})
    assert answer.status == 200
    return answer.head.get("X-OAIRouter-Backend")


def serves(router, models, what):
    begin = time.monotonic()
    wait_until(lambda: router.models() == models, what)
    print(f"{what}: {(time.monotonic() - begin) * 1000:.0f} ms")


def events(router):
    lines = [json.loads(line) for line in router.errors.splitlines() if line.startswith("{")]
    return [(line["event"], line) for line in lines]


def test_versions_renamed_over_it_are_followed(start, start_mock, tmp_path):
    file = tmp_path / "backends.yaml"
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    file.write_text(f"backends:\n  - id: one\n    url: {one.url}\n", "utf-8")
    router = start().wait_ready(1, ["m1"])
    assert backend_of(router, "m1") == "one"
    replace(file, json.dumps([entry(one, "one"), entry(two, "two")]))
    serves(router, ["m1", "m2"], "a backend to be added")
    replace(file, f"- {{url: '{two.url}', id: second, priority: 1}}\n")
    serves(router, ["m2"], "a backend to be taken away")
    wait_until(lambda: backend_of(router, "m2") == "second", "the new id")


def test_a_turned_link_is_followed_as_a_config_map_is(start, start_mock, tmp_path):
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    folder = tmp_path / "mounted"
    for version, server in (("..v1", one), ("..v2", two)):
        (folder / version).mkdir(parents=True)
        text = json.dumps([entry(server, version.strip("."))])
        (folder / version / "backends.yaml").write_text(text, "utf-8")
    (folder / "..data").symlink_to("..v1")
    (folder / "backends.yaml").symlink_to("..data/backends.yaml")
    router = start("mounted/backends.yaml").wait_ready(1, ["m1"])
    turn(folder / "..data", "..v2")
    serves(router, ["m2"], "the turned link")


def test_a_broken_version_is_refused_as_a_whole(start, start_mock, tmp_path, run):
    file = tmp_path / "backends.yaml"
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    file.write_text(f"- id: one\n  url: {one.url}\n", "utf-8")
    router = start().wait_ready(1, ["m1"])
    replace(file, f"- id: two\n  url: {two.url}\n- id: three\n  url: {one.url}\n  wieght: 2\n")

    def complaint():
        return [line["reason"] for name, line in events(router) if name == "discoverer in trouble"]

    assert wait_until(complaint, "a line about the broken file") == [
        f"{file}:5:3: a backend has no key 'wieght'; did you mean 'weight'?; "
        "the former backends stay"
    ]
    assert router.models() == ["m1"]
    assert backend_of(router, "m1") == "one"
    os.unlink(file)
    wait_until(lambda: len(complaint()) == 2, "a line about the missing file")
    assert complaint()[1] == (
        f"{file} can't be read: No such file or directory; the former backends stay"
    )
    # The same as before: nothing changes but that.
    admin = Admin(tmp_path / "admin.sock")
    trouble, = admin.ask("GET", "/admin/status").json()["discovery_troubles"]
    told = {"discoverer": "file", "about": str(file), "reason": complaint()[1]}
    assert trouble == {**told, "told_at": trouble["told_at"]}
    shown = run("status", "--admin", admin.option).stdout
    assert f"discovery  file, since {trouble['told_at']}: {file} can't be read" in shown
    replace(file, f"- id: one\n  url: {one.url}\n")
    wait_until(
        lambda: not admin.ask("GET", "/admin/status").json()["discovery_troubles"],
        "the trouble to be over",
    )
    assert "discoverer has recovered" in [name for name, _ in events(router)]
    assert router.models() == ["m1"]
    assert router.models() == ["m1"]
    replace(file, f"- id: two\n  url: {two.url}\n")
    serves(router, ["m2"], "the next whole file")


@pytest.mark.parametrize(
    "text, place",
    [
        (
            "- url: http://127.0.0.1:1\n  type: ollma\n",
            ":2:9: type must be one of auto, vllm, sglang, llamacpp, ollama, lmstudio, generic; "
            "here is ollma; did you mean 'ollama'?",
        ),
        ("- url: [\n", ":2:1: while parsing a flow node, did not find expected node content"),
        ("", ":1:1: the file has no list of backends; [] is the empty one"),
    ],
)
def test_a_mistake_at_the_start_is_told_with_its_place(run, tmp_path, text, place):
    file = tmp_path / "backends.yaml"
    file.write_text(text, "utf-8")
    done = run("serve", "--listen", "127.0.0.1:0", "--discovery.file.path", file)
    assert (done.returncode, done.stderr) == (2, f"oairouter: {file}{place}\n")


def test_a_missing_file_at_the_start_is_an_error(run, tmp_path):
    done = run("serve", "--discovery.file.path", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert f"{tmp_path}/none.yaml: the file can't be read: No such file" in done.stderr


def test_flags_and_the_file_see_one_engine(start_router, start_mock, tmp_path):
    file = tmp_path / "backends.yaml"
    one = start_mock("one", "m1")
    file.write_text(f"- id: from-file\n  url: {one.url}\n", "utf-8")
    router = start_router({"from-flag": one.url}, "--discovery.file.path", file)
    router.wait_ready(1, ["m1"])
    assert router.health()["backends_total"] == 1
    assert backend_of(router, "m1") == "from-flag"
