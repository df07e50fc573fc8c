"""Scripts/packaging: the units, the manual page, the completions and the packages made of them."""

import configparser
import gzip
import json
import os
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml

UNIT = "oairouter.service"
LARGEST_EXPOSURE = 1.5
SPAN = re.compile(r"(\d+) ?(min|s|m)\b")


def done(*command, **more):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, **more
    )


def seconds(text):
    number, unit = SPAN.fullmatch(text).groups()
    return int(number) * (1 if unit == "s" else 60)


@pytest.fixture(scope="module")
def packaging(root):
    return root / "Scripts/packaging"


@pytest.fixture(scope="module")
def analyze():
    """systemd-analyze; Scripts/test installs it."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze isn't here (Debian's package systemd)")
    return tool


@pytest.fixture
def units(packaging, binary, tmp_path):
    """The units in a folder of their own, with the program where it is."""
    folder = tmp_path / "units"
    folder.mkdir()
    for name in ("oairouter.service", "oairouter.socket"):
        text = (packaging / name).read_text("utf-8")
        (folder / name).write_text(text.replace("/usr/bin/oairouter", str(binary)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def commands(binary):
    """What the program says of its commands and options."""
    return json.loads(done(binary, "--experimental-dump-help").stdout)["command"]


# The units.


def test_the_units_are_taken_without_a_word(analyze, units):
    result = done(analyze, "verify", "--man=no", units / UNIT, units / "oairouter.socket")
    # Keys that it doesn't know only make it talk.
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")


@pytest.mark.parametrize("docker", [False, True], ids=["alone", "with Docker's socket"])
def test_the_service_is_exposed_little(analyze, units, packaging, docker):
    if docker:
        folder = units / f"{UNIT}.d"
        folder.mkdir()
        shutil.copy(packaging / "docker.conf", folder)
        with open(units / UNIT, "a", encoding="utf-8") as unit:
            unit.write("[Service]\nSupplementaryGroups=docker\n")
    result = done(analyze, "security", "--offline=true", "--no-pager", units / UNIT)
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", result.stdout)
    assert exposure, result.stdout + result.stderr
    assert float(exposure.group(1)) <= LARGEST_EXPOSURE


def test_what_is_given_up_is_what_the_unit_says(packaging):
    """A rule that a typing error took away would leave the score where it is."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(packaging / UNIT)
    service = unit["Service"]
    assert service["ExecReload"] == '/bin/sh -c "kill -HUP ${MAINPID}"'
    assert service["Type"] == "notify" and seconds(service["WatchdogSec"]) >= 10
    assert service["LimitCORE"] == "0", "prompts are in memory"
    assert set(service["RestrictAddressFamilies"].split()) == {
        "AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK",
    }
    assert service["Restart"] == "always" and service["RestartPreventExitStatus"] == "2"


def test_a_stop_is_longer_than_the_drain_that_the_service_is_configured_for(packaging, run):
    path = packaging / "oairouter.yaml"
    result = run("check", "--config", path)
    assert result.returncode == 0, result.stderr
    timeouts = yaml.safe_load(result.stdout)["timeouts"]
    stop = re.search(r"^TimeoutStopSec=(\S+)$", (packaging / UNIT).read_text("utf-8"), re.M)
    assert seconds(timeouts["drain"]) == 600
    assert seconds(timeouts["drain"]) + seconds(timeouts["write"]) < seconds(stop.group(1))


# The manual page and the completions.


def walk(command, path=()):
    """Each command with its names, from the program on."""
    names = (*path, command["commandName"])
    yield names, command
    for inner in command.get("subcommands", ()):
        if inner["commandName"] != "help":
            yield from walk(inner, names)


def flags(command):
    for argument in command.get("arguments", ()):
        if argument.get("shouldDisplay", True):
            for name in argument.get("names", ()):
                yield ("-" if name["kind"] == "short" else "--") + name["name"]


@pytest.fixture(scope="module")
def manual(packaging, binary, root):
    described = done(binary, "--experimental-dump-help").stdout
    result = done(packaging / "manual", "1.2.3", input=described)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_manual_page_has_every_command_and_option(manual, commands):
    sections = dict(re.findall(r"^\.SS (oairouter.*)\n((?:(?!\.S[SH]).*\n)*)", manual, re.M))
    sections = {name.replace("\\-", "-"): body for name, body in sections.items()}
    seen = 0
    for names, command in walk(commands):
        body = sections.pop(" ".join(names))
        for flag in flags(command):
            assert f"\\fB{flag}\\fR".replace("-", "\\-") in body, (names, flag)
            seen += 1
    assert not sections and seen > 100
    assert not re.search("@[A-Z]+@", manual), "a mark was left"


def test_the_manual_page_is_well_formed(manual):
    tool = shutil.which("mandoc")
    if tool is None:
        pytest.skip("mandoc isn't here (Debian's package mandoc)")
    result = done(tool, "-T", "lint", "-W", "warning", input=manual)
    # Without a date it is the same whenever it is made.
    said = [line for line in result.stdout.splitlines() if "missing date" not in line]
    assert not said, "\n".join(said)
    # Bold is a letter over itself.
    page = re.sub(".\b", "", done(tool, "-T", "utf8", input=manual).stdout)
    assert "--timeouts.first-byte" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completions_are_taken_by_their_shell(binary, tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} isn't here")
    script = tmp_path / "completion"
    script.write_text(done(binary, "--generate-completion-script", shell).stdout, "utf-8")
    result = done(shell, "-n", script)
    assert (result.returncode, result.stderr) == (0, "")
    assert "first-byte" in script.read_text("utf-8")


# The packages.


@pytest.fixture(scope="module")
def packages(root, binary, tmp_path_factory):
    """The folder with both packages, of the program under test."""
    for tool in ("dpkg-deb", "dpkg-shlibdeps"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} isn't here (Debian's package dpkg-dev)")
    folder = tmp_path_factory.mktemp("packages")
    result = done(root / "Scripts/package", "--program", binary, "--to", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def deb(packages):
    [path] = packages.glob("oairouter_*.deb")
    return path


INSTALLED = {
    "./etc/oairouter/oairouter.yaml",
    "./usr/bin/oairouter",
    "./usr/lib/systemd/system/oairouter.service",
    "./usr/lib/systemd/system/oairouter.socket",
    "./usr/lib/sysusers.d/oairouter.conf",
    "./usr/share/bash-completion/completions/oairouter",
    "./usr/share/doc/oairouter/OPERATIONS.md",
    "./usr/share/doc/oairouter/copyright",
    "./usr/share/doc/oairouter/docker.conf",
    "./usr/share/doc/oairouter/oairouter.example.yaml",
    "./usr/share/fish/vendor_completions.d/oairouter.fish",
    "./usr/share/man/man1/oairouter.1.gz",
    "./usr/share/zsh/vendor-completions/_oairouter",
}


def test_the_package_has_what_a_service_needs(deb, run):
    listed = [line.split() for line in done("dpkg-deb", "-c", deb).stdout.splitlines()]
    names = {fields[5] for fields in listed}
    assert INSTALLED <= names
    assert {fields[1] for fields in listed} == {"root/root"}
    modes = {fields[5]: fields[0] for fields in listed}
    assert modes["./usr/bin/oairouter"] == "-rwxr-xr-x"
    assert {modes[name] for name in INSTALLED - {"./usr/bin/oairouter"}} == {"-rw-r--r--"}
    version = run("version").stdout.split()[1]
    assert done("dpkg-deb", "-f", deb, "Version").stdout.strip() == version
    depends = done("dpkg-deb", "-f", deb, "Depends").stdout
    assert re.search(r"\blibc6 \(>= ", depends) and "systemd" not in depends


def test_its_scripts_are_shell(deb, tmp_path):
    done("dpkg-deb", "-e", deb, tmp_path / "control")
    for name in ("postinst", "prerm", "postrm"):
        assert done("sh", "-n", tmp_path / "control" / name).stderr == ""
    assert (tmp_path / "control/conffiles").read_text() == "/etc/oairouter/oairouter.yaml\n"


def test_the_tarball_has_the_same_and_runs_where_it_is_unpacked(packages, tmp_path):
    [path] = packages.glob("oairouter-*.tar.gz")
    with tarfile.open(path) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="fully_trusted")
    top = path.name.removesuffix(".tar.gz")
    assert {name.split("/")[0] for name in names} == {top}
    assert {"./" + name.partition("/")[2] for name in names} >= INSTALLED
    page = gzip.decompress((tmp_path / top / "usr/share/man/man1/oairouter.1.gz").read_bytes())
    assert page.startswith(b".\\\"")
    assert done(tmp_path / top / "usr/bin/oairouter", "version").returncode == 0
    assert os.stat(tmp_path / top / "usr/bin/oairouter").st_mode & 0o111 == 0o111
