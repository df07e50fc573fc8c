"""The package on Debian 12: installed, serving, purged; and booted, under a real systemd."""

import os
import pathlib
import shutil

import pytest

import debian
from programs import Router
from rawhttp import chat, content_of, events
from test_packaging import done

NOT_OURS = (
    # What dpkg, passwd and ldconfig keep for themselves.
    "var/lib/dpkg", "var/log", "var/cache", "proc", "sys", "dev", "run", "tmp",
    "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow", "etc/gshadow-", "etc/.pwd.lock",
    "etc/ld.so.cache", "etc/subuid-", "etc/subgid-",
)


@pytest.fixture(scope="module")
def deb(root, binary, tmp_path_factory):
    """The package of the program under test, which must run without Swift."""
    if reason := debian.missing():
        pytest.skip(reason)
    if "libswiftCore" in done("ldd", binary).stdout:
        pytest.skip("this program needs Swift's libraries; the release build doesn't")
    folder = tmp_path_factory.mktemp("packages")
    result = done(root / "Scripts/package", "--program", binary, "--to", folder)
    assert result.returncode == 0, result.stderr
    [path] = folder.glob("*.deb")
    return path


@pytest.fixture
def system(root, deb, tmp_path):
    """A fresh Debian in a folder, with the package at /package.deb; it is removed afterwards."""
    folder = debian.unpack(root, tmp_path / "debian")
    shutil.copy(deb, folder / "package.deb")
    yield folder
    shutil.rmtree(folder)


def inside(system, *command, **more):
    """Runs a command there, with a /proc, alone with its processes."""
    mounting = f"mount -t proc proc {system}/proc && exec chroot {system} \"$@\""
    return done("unshare", "-m", "-p", "-f", "sh", "-c", mounting, "sh", *command, **more)


def files(system):
    """Every file that isn't a package manager's own."""
    found = set()
    for folder, folders, names in os.walk(system):
        place = pathlib.Path(folder).relative_to(system)
        folders[:] = [name for name in folders if str(place / name) not in NOT_OURS]
        found |= {str(place / name) for name in [*folders, *names]}
    return {name for name in found if name not in NOT_OURS}


def test_it_is_installed_serves_and_is_purged_without_a_trace(
    system, start_mock, tmp_path, running
):
    before, users = files(system), (system / "etc/passwd").read_text()
    installed = inside(system, "dpkg", "-i", "/package.deb")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert "oairouter:" in (system / "etc/passwd").read_text()
    configuration = system / "etc/oairouter/oairouter.yaml"
    assert configuration.stat().st_mode & 0o777 == 0o640
    assert configuration.stat().st_gid != 0

    mock = start_mock("a", "m", tokens=20, ttft="5ms", itl="2ms")
    # As its user, with its own configuration, but for the port and the backend.
    command = ["unshare", "-m", "sh", "-c", 'mount -t proc proc "$1/proc" && shift && exec "$@"']
    command += ["sh", system, "chroot", "--userspec=oairouter:oairouter", system]
    command += ["/usr/bin/oairouter", "serve", "--config", "/etc/oairouter/oairouter.yaml"]
    command += ["--listen", "127.0.0.1:0", "--backend", f"a={mock.url}"]
    router = Router(command, folder=tmp_path, name="installed")
    running.append(router)
    router.wait_ready(1, ["m"])
    answer = router.post("/v1/chat/completions", chat("m"))
    data = events(answer.payload)
    assert data[-1] == b"[DONE]" and sum(bool(content_of(event)) for event in data) >= 20
    router.finish()

    purged = inside(system, "dpkg", "--purge", "oairouter")
    assert purged.returncode == 0 and not purged.stderr, purged.stdout + purged.stderr
    assert files(system) == before
    assert (system / "etc/passwd").read_text() == users


SERVICE = """
[Service]
ExecStart=/usr/bin/oairouter mock --listen {listen} --model m --tokens 60 --ttft 100ms --itl 50ms
[Install]
WantedBy=multi-user.target
"""

PROBE = """
[Unit]
After=oairouter.service mock.service
[Service]
Type=oneshot
ExecStart=/bin/bash /probe.sh
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec=360
[Install]
WantedBy=multi-user.target
"""

EXPECTED = {
    "state": "active/running", "user": "oairouter",
    "reload_state": "active",
    "watchdog_restarts": "1", "watchdog_said": "1",
    "upgrade_state": "active/running", "upgrade_broken": "1",
    "drain_state": "deactivating", "stop_result": "success",
    "before_client": "inactive", "after_client": "active", "refused": "0",
}
"""What the probe says where it isn't 0, which is a shell's word for success."""


def test_it_behaves_under_a_real_systemd(system, root, record_property):
    installed = inside(system, "dpkg", "-i", "/package.deb")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    place = system / "etc/systemd/system"
    (place / "mock.service").write_text(SERVICE.format(listen="127.0.0.1:8000"))
    (place / "engine.service").write_text(SERVICE.format(listen="unix:/run/docker.sock"))
    (place / "probe.service").write_text(PROBE)
    (place / "oairouter.service.d").mkdir()
    # Quicker than the unit's own, for the test's sake.
    (place / "oairouter.service.d/watchdog.conf").write_text("[Service]\nWatchdogSec=5s\n")
    shutil.copy(root / "Tests/Integration/booted_probe.sh", system / "probe.sh")
    enabled = inside(system, "systemctl", "enable", "mock.service", "probe.service")
    assert enabled.returncode == 0, enabled.stderr
    booted = done(
        "systemd-nspawn", "-q", "-D", system, "--keep-unit", "--register=no",
        "--private-network", "-b",
    )
    log = (system / "probe.log").read_text(errors="replace")[-8000:]
    result = (system / "result").read_text()
    seen = dict(line.split("=", 1) for line in result.splitlines())
    wrong = {name: value for name, value in seen.items() if value != EXPECTED.get(name, "0")}
    assert len(seen) == 47 and not wrong, f"{wrong}\n{result}\n{log}\n{booted.stdout[-2000:]}"
