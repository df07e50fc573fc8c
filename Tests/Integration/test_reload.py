"""A configuration that changes while the router runs: taken whole, or rejected whole."""

import asyncio
import json
import os
import signal

import pytest

from admin_client import Admin
from crowd import Crowd
from metrics_page import MetricsPage
from notify_socket import NotifySocket
from programs import Router
from rawhttp import chat
from waiting import wait_until

CHAT = "/v1/chat/completions"
KEY_A = "sk-team-a-0123456789abcdef"
KEY_B = "sk-team-b-0123456789abcdef"


def replace(path, text):
    """Writes beside the file, then renames over it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def configuration(backends, **more):
    """A whole file: backends by id, and what else is said."""
    listed = [{"id": name, "url": server.url} for name, server in backends.items()]
    return json.dumps({
        "listen": ["127.0.0.1:0"],
        "admin": "off",
        "backends": listed,
        "health": {"interval": "500ms"},
        "log": {"format": "json"},
        "discovery": {"docker": {"enabled": "off"}, "local_ports": "off"},
        **more,
    })


class Reloading:
    """A router with a file of its own."""

    def __init__(self, router, path):
        self.router = router
        self.path = path

    def lines(self, event):
        """The log's lines of one event."""
        return self.router.event_lines(event)

    def expect(self, event, count=1):
        """The `count`-th line of an event, waited for."""
        wait_until(lambda: len(self.lines(event)) >= count, f"{event} {count}", seconds=30)
        return self.lines(event)[count - 1]

    def write(self, text):
        replace(self.path, text)

    def signal(self):
        self.router.signal(signal.SIGHUP)

    def metric(self, name, **labels):
        return MetricsPage(self.router).value(f"oairouter_config_{name}", **labels)

    def ask(self, model, *fields):
        return self.router.post(CHAT, chat(model, stream=False), fields)


@pytest.fixture
def start(binary, tmp_path, running):
    """start(text): a router with a file that has the text."""

    def run(text, *arguments, path=None, environment=None):
        path = path or tmp_path / "oairouter.yaml"
        if text is not None:
            replace(path, text)
        command = [binary, "serve", "--config", path, *arguments]
        router = Router(command, folder=tmp_path, name="router", environment=environment)
        running.append(router)
        return Reloading(router, path)

    return run


def test_what_the_file_says_holds_from_then_on(start, start_mock):
    one, two = start_mock("one", "m1", tokens=2), start_mock("two", "m2", tokens=2)
    own = start(configuration({"one": one}))
    own.router.wait_ready(1, ["m1"])
    assert own.ask("gpt").status == 404

    own.write(configuration({"one": one, "two": two}, aliases={"gpt": "m2"}))
    line = own.expect("configuration reloaded")
    assert line["changed"] == "backends, aliases" and line["cause"] == "file"
    own.router.wait_ready(2, ["m1", "m2", "gpt"])
    assert own.ask("gpt").head.get("x-oairouter-backend") == "two"

    own.write(configuration({"two": two}, keys=[{"id": "a", "key": KEY_A}]))
    assert own.expect("configuration reloaded", 2)["changed"] == "backends, aliases, keys"
    bearer = ("Authorization", f"Bearer {KEY_A}")
    assert own.ask("m2").status == 401
    assert own.ask("m2", bearer).status == 200
    assert own.ask("m1", bearer).status == 503
    assert own.ask("gpt", bearer).status == 404
    wait_until(lambda: "a" in [line["key"] for line in own.router.access_lines()], "the key's id")
    assert own.metric("reloads_total", result="ok") == 2
    assert own.metric("reloads_total", result="rejected") == 0
    assert own.metric("last_reload_successful") == 1


def test_limits_and_timeouts_change(start, start_mock):
    slow = start_mock("slow", "m", tokens=2, ttft="500ms")
    own = start(configuration({"slow": slow}))
    own.router.wait_ready(1, ["m"])
    assert own.ask("m").status == 200
    key = {"id": "a", "key": KEY_A, "requests_per_minute": 1}
    own.write(configuration({"slow": slow}, keys=[key]))
    own.expect("configuration reloaded")
    bearer = ("Authorization", f"Bearer {KEY_A}")
    assert [own.ask("m", bearer).status for _ in range(2)] == [200, 429]
    # The minute that is spent stays spent under another bound.
    own.write(configuration({"slow": slow}, keys=[{**key, "requests_per_minute": 2}]))
    own.expect("configuration reloaded", 2)
    assert own.ask("m", bearer).status == 429
    own.write(configuration({"slow": slow}, timeouts={"first_byte": "50ms"}))
    # A file alone takes no keys away.
    own.expect("configuration rejected")
    own.signal()
    own.expect("configuration reloaded", 3)
    assert own.ask("m").status == 504


def test_an_invalid_file_is_rejected_whole_and_the_former_goes_on(start, start_mock):
    one, two = start_mock("one", "m1", tokens=2), start_mock("two", "m2", tokens=2)
    good = configuration({"one": one})
    own = start(good)
    own.router.wait_ready(1, ["m1"])
    taken_at = own.metric("last_reload_success_timestamp_seconds")
    own.write(f"backends: [{{url: '{two.url}'}}]\naliases: {{gpt: m2}}\nretry:\n  tries: 3\n")
    line = own.expect("configuration rejected")
    assert f"{own.path}:4:3: retry has no key 'tries'" in line["reason"]
    assert line["level"] == "error" and line["cause"] == "file"
    assert own.router.models() == ["m1"] and own.ask("m1").status == 200
    assert own.metric("reloads_total", result="rejected") == 1
    assert own.metric("last_reload_successful") == 0
    assert own.metric("last_reload_success_timestamp_seconds") == taken_at

    # What only shows when all settings are looked at together.
    own.write(configuration({"one": one}, default_backend="none"))
    assert "default_backend is 'none'" in own.expect("configuration rejected", 2)["reason"]
    # A file with a secret that isn't there.
    own.write(configuration({"one": one}, keys=[{"id": "a", "key_file": "/none/secret"}]))
    assert "/none/secret can't be read" in own.expect("configuration rejected", 3)["reason"]
    # No file at all; each trouble is told once.
    os.unlink(own.path)
    assert "No such file" in own.expect("configuration rejected", 4)["reason"]
    assert own.ask("m1").status == 200
    own.write(good)
    own.expect("configuration unchanged")
    assert own.metric("last_reload_successful") == 1
    assert own.metric("reloads_total", result="rejected") == 4


def test_sighup_reads_secrets_anew(start, start_mock, tmp_path):
    one = start_mock("one", "m", tokens=2)
    secret = tmp_path / "team-a"
    secret.write_text(KEY_A + "\n", encoding="utf-8")
    own = start(configuration({"one": one}, keys=[{"id": "a", "key_file": str(secret)}]))
    wait_until(
        lambda: own.ask("m", ("Authorization", f"Bearer {KEY_A}")).status == 200, "the backend"
    )
    own.signal()
    assert own.expect("configuration unchanged")["cause"] == "SIGHUP"
    generation = own.metric("reloads_total", result="ok")
    assert generation == 1
    replace(secret, KEY_B)
    own.signal()
    line = own.expect("configuration reloaded")
    assert line["changed"] == "secrets" and KEY_B not in json.dumps(line)
    assert own.ask("m", ("Authorization", f"Bearer {KEY_A}")).status == 401
    assert own.ask("m", ("Authorization", f"Bearer {KEY_B}")).status == 200


def test_an_administrators_key_is_read_anew(start, start_mock, tmp_path):
    secret = tmp_path / "admin-key"
    secret.write_text(KEY_A, encoding="utf-8")
    place = tmp_path / "admin.sock"
    one = start_mock("one", "m")
    text = configuration({"one": one}, admin=f"unix:{place}", admin_key_file=str(secret))
    own = start(text)
    former, newer = Admin(place, KEY_A), Admin(place, KEY_B)
    assert former.ask("GET", "/admin/status").status == 200
    replace(secret, KEY_B)
    own.signal()
    assert own.expect("configuration reloaded")["changed"] == "secrets"
    assert former.ask("GET", "/admin/status").status == 401
    assert newer.ask("GET", "/admin/status").status == 200
    replace(secret, "short")
    own.signal()
    assert "has no valid key" in own.expect("configuration rejected")["reason"]
    assert newer.ask("GET", "/admin/status").status == 200


def test_a_config_map_is_followed(start, start_mock, tmp_path):
    one, two = start_mock("one", "m1"), start_mock("two", "m2")
    folder = tmp_path / "mounted"
    for version, server in (("..v1", one), ("..v2", two)):
        (folder / version).mkdir(parents=True)
        text = configuration({"gpu": server})
        (folder / version / "oairouter.yaml").write_text(text, encoding="utf-8")
    (folder / "..data").symlink_to("..v1")
    (folder / "oairouter.yaml").symlink_to("..data/oairouter.yaml")
    own = start(None, path=folder / "oairouter.yaml")
    own.router.wait_ready(1, ["m1"])
    (folder / "..data_tmp").symlink_to("..v2")
    os.replace(folder / "..data_tmp", folder / "..data")
    own.expect("configuration reloaded")
    own.router.wait_ready(1, ["m2"])
    assert own.router.models() == ["m2"]


def test_what_takes_a_restart_is_named_and_the_rest_holds(start, start_mock, run, tmp_path):
    one = start_mock("one", "m", tokens=2)
    admin = Admin(tmp_path / "admin.sock")
    text = configuration({"one": one}, admin=admin.option)
    own = start(text)
    own.router.wait_ready(1, ["m"])
    changed = json.loads(text)
    changed.update(listen=["127.0.0.1:1"], limits={"body": "1MiB"}, aliases={"gpt": "m"})
    own.write(json.dumps(changed))
    assert own.expect("configuration reloaded")["changed"] == "aliases"
    assert own.expect("settings await a restart")["settings"] == "listen, limits.body"
    assert own.ask("gpt").status == 200
    status = admin.ask("GET", "/admin/status").json()["configuration"]
    assert status["awaiting_restart"] == ["listen", "limits.body"]
    assert (status["reloads_taken"], status["reloads_rejected"]) == (1, 0)
    assert own.metric("settings_awaiting_restart") == 2
    shown = run("status", "--admin", admin.option).stdout
    assert "await a restart" in shown and "listen, limits.body" in shown
    # What couldn't be started with is rejected, although it waits for a start.
    changed["tls"] = {"certificate": "x"}
    own.write(json.dumps(changed))
    assert "TLS isn't built in" in own.expect("configuration rejected")["reason"]
    assert "the newest was rejected: " in run("status", "--admin", admin.option).stdout
    own.write(text)
    own.expect("configuration reloaded", 2)
    assert own.metric("settings_awaiting_restart") == 0


def test_a_search_that_nobody_has_written_down_awaits_a_restart(start, start_mock):
    one = start_mock("one", "m")
    text = json.loads(configuration({"one": one}))
    del text["discovery"]
    own = start(json.dumps(text))
    own.router.wait_ready(1, ["m"])
    # Started without backends, it would look for some.
    own.write(json.dumps({**text, "backends": []}))
    own.expect("configuration rejected")
    own.signal()
    names = "discovery.docker.enabled, discovery.local_ports"
    assert own.expect("settings await a restart")["settings"] == names
    assert own.metric("settings_awaiting_restart") == 2
    own.write(json.dumps(text))
    own.expect("configuration reloaded", 2)
    assert own.metric("settings_awaiting_restart") == 0


def test_sighup_without_a_file_changes_nothing(start_mock, start_router):
    mock = start_mock("a", "m", tokens=2)
    router = start_router({"a": mock.url}).wait_ready(1, ["m"])
    router.signal(signal.SIGHUP)
    own = Reloading(router, None)
    line = own.expect("nothing to reload")
    assert line["reason"] == "no configuration file is given"
    assert router.post(CHAT, chat("m", stream=False)).status == 200


def test_a_service_manager_is_told(start, start_mock, tmp_path):
    one = start_mock("one", "m")
    with NotifySocket(tmp_path / "notify") as manager:
        own = start(configuration({"one": one}), environment={"NOTIFY_SOCKET": manager.place})
        manager.wait_for("READY", "1")
        own.signal()
        manager.wait_for("RELOADING", "1")
        manager.wait_for("READY", "1", count=2)
        own.write("queue: {mox: 1}")
        manager.wait_for("READY", "1", count=3)
        manager.wait_for("STATUS", ".*reload failed: .*:1:9: queue has no key 'mox'.*")


def test_the_log_level_changes(start, start_mock):
    one = start_mock("one", "m")
    own = start(configuration({"one": one}, log={"format": "json", "level": "error"}))
    own.router.wait_ready(1, ["m"])
    own.write(configuration({"one": one}, log={"format": "json", "level": "info"}))
    assert own.expect("configuration reloaded")["changed"] == "log.level"


def test_health_changes_without_losing_what_is_known(start, start_mock):
    one = start_mock("one", "m", tokens=2)
    own = start(configuration({"one": one}, health={"interval": "1h"}))
    own.router.wait_ready(1, ["m"])
    own.write(configuration({"one": one}, health={"interval": "100ms"}))
    own.expect("configuration reloaded")
    assert own.router.health()["backends_healthy"] == 1
    one.kill()
    wait_until(lambda: own.router.health()["backends_healthy"] == 0, "a probe to find it gone")


def test_streams_live_through_reloads(start, start_mock, reload_size):
    """0 cut, 0 refused: live streams and new connections, through valid and invalid files in turn.

    Streams are at a backend that comes and goes, with a key that does, too; every second file has
    a timeout that would end each of them.
    """
    streams, per_second, reloads = reload_size
    engine = {"tokens": 1_000_000, "itl": "500ms"}
    one = start_mock("one", "m", **engine)
    two = start_mock("two", "m", **engine)
    keys = [{"id": "a", "key": KEY_A}, {"id": "b", "key": KEY_B, "concurrent": streams}]
    first = configuration({"one": one, "two": two}, keys=keys)
    own = start(first)
    wait_until(lambda: own.router.health()["backends_healthy"] == 2, "both backends")
    valid = [
        configuration(
            {"one": one},
            keys=[keys[0]],
            timeouts={"idle": "100ms", "first_byte": "30s"},
            balance="round_robin",
        ),
        first,
    ]
    invalid = configuration({}, aliases={"m": "m"}, keys=[])

    async def reload_all(crowd):
        for number in range(reloads):
            is_valid = number % 2 == 0
            own.write(valid[number // 2 % 2] if is_valid else invalid)
            event = "configuration reloaded" if is_valid else "configuration rejected"
            await asyncio.to_thread(own.expect, event, number // 2 + 1)
            await crowd.answers(per_second // 5)

    async def run():
        crowd = Crowd(own.router.address)
        try:
            await crowd.open_streams(streams, f"Authorization: Bearer {KEY_B}")
            task = asyncio.create_task(reload_all(crowd))
            pace = await crowd.visit(per_second, task, f"Authorization: Bearer {KEY_A}")
            await task
            await crowd.advance("content after the last reload")
        finally:
            crowd.leave()
        return crowd, pace

    crowd, pace = asyncio.run(run())
    backends = {stream.backend for stream in crowd.streams}
    print(
        f"{len(crowd.streams)} streams, {reloads} reloads, {crowd.answered} new connections at "
        f"{pace:.0f}/s: {len(crowd.cut)} cut, {len(crowd.refused)} refused"
    )
    assert backends == {"one", "two"}
    assert crowd.cut == []
    assert crowd.refused == []
    assert crowd.answered > 0
    assert own.metric("reloads_total", result="ok") == (reloads + 1) // 2
    assert own.metric("reloads_total", result="rejected") == reloads // 2


@pytest.mark.parametrize("text", ["", "# nothing yet\n", None], ids=["empty", "comment", "half"])
def test_a_file_that_lost_keys_and_backends_is_taken_on_command_only(start, start_mock, text):
    one = start_mock("one", "m1", tokens=2)
    key = [{"id": "a", "key": KEY_A}]
    own = start(configuration({"one": one}, keys=key))
    bearer = ("Authorization", f"Bearer {KEY_A}")
    wait_until(lambda: own.ask("m1", bearer).status == 200, "an answer")
    own.write(configuration({}) if text is None else text)
    reason = own.expect("configuration rejected")["reason"]
    assert ("is empty" if text == "" else "of keys, backends, as if") in reason
    assert own.ask("m1").status == 401 and own.ask("m1", bearer).status == 200
    if text == "":
        # Nobody means that: {} says that everything has its default.
        own.signal()
        assert "is empty" in own.expect("configuration rejected", 2)["reason"]
        assert own.ask("m1").status == 401
        own.write("{}")
        assert "keys, backends" in own.expect("configuration rejected", 3)["reason"]
    own.signal()
    assert "keys" in own.expect("configuration reloaded")["changed"]
