"""The configuration file: served by, checked, and refused with its mistakes' places."""

import json
import os
import signal

import pytest
import yaml

from programs import Router
from rawhttp import chat
from waiting import wait_until

CHAT = "/v1/chat/completions"


def write(folder, text, name="oairouter.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def start(binary, folder, running, path, *arguments, environment=None):
    command = [binary, "serve", "--config", path, "--discover", "off", *arguments]
    router = Router(command, folder=folder, name="router", environment=environment)
    running.append(router)
    return router


def test_a_file_is_served_by(binary, tmp_path, running, start_mock):
    mock = start_mock("a", "m", tokens=2)
    path = write(
        tmp_path,
        f"""
listen: ["127.0.0.1:0"]
admin: off
backends:
  - {{id: gpu, url: "{mock.url}"}}
aliases: {{gpt: "${{MODEL}}"}}
health: {{interval: 200ms}}
log: {{format: json}}
""",
    )
    environment = {"MODEL": "m"}
    router = start(binary, tmp_path, running, path, environment=environment).wait_ready(1, ["m"])
    answer = router.post(CHAT, chat("gpt"))
    assert answer.status == 200
    assert answer.head.get("x-oairouter-backend") == "gpu"


def test_a_configuration_may_come_through_a_pipe(binary, tmp_path, running, start_mock):
    mock = start_mock("a", "m", tokens=2)
    text = json.dumps({
        "listen": ["127.0.0.1:0"], "admin": "off", "log": {"format": "json"},
        "backends": [{"id": "gpu", "url": mock.url}],
    })
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    command = [binary, "serve", "--config", "/dev/stdin", "--discover", "off"]
    router = Router(command, folder=tmp_path, name="router", stdin=reading)
    os.close(reading)
    running.append(router)
    router.wait_ready(1, ["m"])
    wait_until(lambda: '"configuration not followed"' in router.errors, "a line that says so")
    # What has come stays: a pipe can't be read again.
    router.signal(signal.SIGHUP)
    wait_until(lambda: '"configuration unchanged"' in router.errors, "the reload")
    assert router.models() == ["m"]


def test_the_built_in_model_may_be_the_default(binary, tmp_path, running, run):
    command = [
        binary, "serve", "--demo", "--default-backend", "demo", "--listen", "127.0.0.1:0",
        "--admin", "off",
    ]
    router = Router(command, folder=tmp_path, name="router")
    running.append(router)
    router.wait_ready(1, ["demo"])
    answer = router.post(CHAT, chat("whatever", stream=False))
    assert answer.head.get("x-oairouter-backend") == "demo"
    done = run("check", "--demo", "--default-backend", "demo")
    assert done.returncode == 0, done.stderr
    # Reloads know of it, too, also while something awaits a restart.
    path = write(tmp_path, "default_backend: demo\nqueue: {max: 1}\n")
    command = [
        binary, "serve", "--demo", "--listen", "127.0.0.1:0", "--admin", "off", "--config", path,
    ]
    other = Router(command, folder=tmp_path, name="other")
    running.append(other)
    other.wait_ready(1, ["demo"])
    write(tmp_path, "default_backend: demo\nqueue: {max: 2}\nlimits: {body: 1MiB}\n")
    wait_until(lambda: "configuration reloaded" in other.errors, "the reload")


def test_flags_come_before_variables_and_those_before_the_file(run, tmp_path):
    path = write(tmp_path, "timeouts: {head: 1s, write: 2s, idle: 3s}\nqueue:\n  max: 7\n")
    done = run(
        "check", "--config", path, "--timeouts.idle", "300s", "--json",
        environment={"OAIROUTER_TIMEOUTS_WRITE": "20s", "OAIROUTER_TIMEOUTS_IDLE": "30s"},
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["timeouts.head"] == {"value": "1s", "source": f"{path}:1"}
    assert shown["timeouts.write"] == {"value": "20s", "source": "OAIROUTER_TIMEOUTS_WRITE"}
    assert shown["timeouts.idle"] == {"value": "5m", "source": "--timeouts.idle"}
    assert shown["queue.max"] == {"value": 7, "source": f"{path}:3"}
    assert shown["timeouts.drain"] == {"value": "30s", "source": "default"}


def shown_as_text(done, path):
    """A value as it stands there: a library would write it anew, with escapes of its own."""
    assert done.returncode == 0, done.stderr
    start = f'  "{path}": {{"value": '
    line = next(line for line in done.stdout.splitlines() if line.startswith(start))
    return line.removeprefix(start).rsplit(', "source"')[0]


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_odd_texts_are_shown_as_they_are_read(run, tmp_path, kind):
    aliases = {"x": "a$${B}", "y": "c$$${", "z": "$${"}
    prefix = "d\x7f\x85e"
    whole = {"aliases": aliases, "discovery": {"docker": {"label_prefix": prefix}}}
    path = write(tmp_path, json.dumps(whole).replace("\x7f", "\\u007f"))
    if kind == "yaml":
        text = run("check", "--config", path).stdout
    else:
        done = run("check", "--config", path, "--json")
        label = shown_as_text(done, "discovery.docker.label_prefix")
        text = f'{{"aliases": {shown_as_text(done, "aliases")}, '
        text += f'"discovery": {{"docker": {{"label_prefix": {label}}}}}}}'
    again = run("check", "--config", write(tmp_path, text), "--json")
    assert again.returncode == 0, again.stderr
    said = json.loads(again.stdout)
    assert said["aliases"]["value"] == aliases
    assert said["discovery.docker.label_prefix"]["value"] == prefix


def test_what_check_tells_programs_is_a_configuration(run, tmp_path, root):
    done = run("check", "--config", root / "docs/oairouter.example.yaml", "--json")
    assert done.returncode == 0, done.stderr
    shown = {key: entry["value"] for key, entry in json.loads(done.stdout).items()}
    again = run("check", "--config", write(tmp_path, json.dumps(nested(shown))), "--json")
    assert again.returncode == 0, again.stderr
    assert {key: entry["value"] for key, entry in json.loads(again.stdout).items()} == shown


def nested(settings):
    """Keys with dots as objects in objects."""
    whole = {}
    for path, value in settings.items():
        place = whole
        *sections, name = path.split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return whole


def test_programs_are_told_of_mistakes(run, tmp_path):
    path = write(tmp_path, "queue: {max: -1}\ntimeouts: {idle: 3 apples}\n")
    done = run("check", "--config", path, "--json")
    assert done.returncode == 2
    mistakes = json.loads(done.stdout)["mistakes"]
    assert [mistake.split(": ")[0] for mistake in mistakes] == [f"{path}:1:14", f"{path}:2:18"]
    assert all(mistake in done.stderr for mistake in mistakes)


def test_what_check_shows_is_a_configuration(run, tmp_path, root):
    done = run("check", "--config", root / "docs/oairouter.example.yaml")
    assert done.returncode == 0, done.stderr
    again = run("check", "--config", write(tmp_path, done.stdout))
    assert again.returncode == 0, again.stderr
    assert yaml.safe_load(again.stdout) == yaml.safe_load(done.stdout)


@pytest.mark.parametrize(
    "text, more",
    [
        # A key where a record belongs, a whole file that is a key, a variable in the wrong place.
        ("keys: [sk-team-0123456789abc]", ()),
        ("sk-team-0123456789abc", ()),
        ("balance: ${TEAM_KEY}", ()),
        ("workers: '${TEAM_KEY}'", ()),
        ("{}", ("--backend", "a=http://u:sk-team-0123456789abc@10.0.0.5")),
        ("{}", ("--backend", "a=http://u:p,sk-team-0123456789abc@10.0.0.5")),
        ("{}", ("--backend", "a=http://h:1,api_key=sk-team-0123456789abc,weight=x")),
        ("backends: [{url: 'http://h:1', api_key: [sk-team-0123456789abc]}]", ()),
    ],
)
def test_mistakes_tell_no_secrets(run, tmp_path, text, more):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    secret = "sk-team-0123456789abc"
    done = run("check", "--config", path, *more, environment={"TEAM_KEY": secret})
    assert done.returncode == 2 and "oairouter: " in done.stderr
    assert secret not in done.stdout + done.stderr
    done = run("check", environment={"OAIROUTER_KEYS": secret})
    assert done.returncode == 2 and secret not in done.stdout + done.stderr


def test_an_empty_file_is_told(run, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("\n")
    done = run("check", "--config", path)
    assert done.returncode == 0 and "is empty: it sets nothing" in done.stderr


def test_secrets_are_masked(run, tmp_path):
    path = write(
        tmp_path,
        "backends:\n  - url: http://127.0.0.1:1\n    api_key: \"${GPU_KEY}\"\n"
        "keys:\n  - {id: team, key: \"${TEAM_KEY}\"}\n",
    )
    secrets = {"GPU_KEY": "sk-gpu-0123456789", "TEAM_KEY": "sk-team-0123456789abc"}
    for more in ([], ["--json"]):
        done = run("check", "--config", path, *more, environment=secrets)
        assert done.returncode == 0, done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in secrets.values())
        assert "team" in done.stdout and "****" in done.stdout


def test_every_mistake_is_told_with_its_place_and_nothing_is_served(run, tmp_path):
    path = write(tmp_path, "timeouts:\n  head: 5\n  wirte: 5s\ntls: {certificate: x}\n")
    for command in ("check", "serve"):
        done = run(command, "--config", path)
        assert done.returncode == 2, done.stderr
        assert "listening" not in done.stdout
        assert f"{path}:2:9: timeouts.head must be a whole number with one of" in done.stderr
        assert f"{path}:3:3: timeouts has no key 'wirte'; did you mean 'write'?" in done.stderr
        assert f"{path}:4:20: tls.certificate: TLS isn't built in" in done.stderr


def test_a_file_that_is_not_there_is_an_error(run, tmp_path):
    done = run("serve", "--config", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert f"{tmp_path}/none.yaml: the file can't be read: No such file" in done.stderr


def test_the_variable_names_the_file(run, tmp_path):
    path = write(tmp_path, '{"queue": {"max": 9}}', "oairouter.json")
    done = run("check", "--json", environment={"OAIROUTER_CONFIG": str(path)})
    assert json.loads(done.stdout)["queue.max"] == {"value": 9, "source": f"{path}:1"}
