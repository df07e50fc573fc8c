"""docs/SCALING.md: its manifests parse, and the real program takes what they say to it."""

import json
import re
import shlex

import pytest
import yaml

from waiting import wait_until

FENCE = re.compile(r"^```(\S+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def blocks(root):
    text = (root / "docs/SCALING.md").read_text("utf-8")
    return [(kind, name.strip(), body) for kind, name, body in FENCE.findall(text)]


def strings(value):
    """Every list of strings within a document that begins with `serve`."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        if value and value[0] == "serve":
            yield value
        for inner in value:
            yield from strings(inner)


def commands(blocks):
    """The arguments of each `oairouter serve`."""
    for kind, name, body in blocks:
        if kind == "yaml":
            for document in yaml.safe_load_all(body):
                yield from ((name, arguments) for arguments in strings(document))
        elif kind == "sh":
            yield name, shlex.split(body.replace("\\\n", " "))[1:]


def test_every_platform_has_its_manifest(blocks):
    names = {name for _, name, _ in blocks if name}
    assert names == {"kubernetes", "config-map", "consul", "swarm", "compose"}


def test_the_program_takes_its_arguments(blocks, start_router, needs_dns):
    seen = []
    for name, arguments in commands(blocks):
        options = [part for part in arguments[1:] if not part.startswith("--listen")]
        options = [part for part in options if part != "127.0.0.1:11434"]
        if name == "config-map":
            continue
        router = start_router({}, *options, name=f"router-{name}")
        assert router.ask("GET", "/livez").status == 200
        seen.append(name)
    assert seen == ["kubernetes", "consul", "swarm", "compose"]


def test_the_mounted_list_is_taken(blocks, start_router, tmp_path):
    body = next(body for _, name, body in blocks if name == "config-map")
    config_map, pod = yaml.safe_load_all(body)
    container = pod["spec"]["containers"][0]
    mounted = container["volumeMounts"][0]["mountPath"]
    arguments = [part.replace(mounted, str(tmp_path)) for part in container["args"][2:]]
    for name, text in config_map["data"].items():
        (tmp_path / name).write_text(text, "utf-8")
    router = start_router({}, *arguments)
    wait_until(lambda: router.health()["backends_total"] == 3, "the mounted list")


def test_the_lists_of_names_are_json(blocks):
    for _, arguments in commands(blocks):
        for part in arguments:
            if part.startswith("--discovery.dns="):
                assert json.loads(part.partition("=")[2])
