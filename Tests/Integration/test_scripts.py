"""Scripts/lib.sh: how much memory a build may take, what is done where that is too little, and by
which profile it is optimised."""

import gzip
import os
import pathlib
import re
import subprocess

import pytest

GIGABYTE = 1 << 30
NO_LIMIT = 9223372036854771712
SAID = {"OAIROUTER_BUILD_MEGABYTES", "OAIROUTER_BIN"}


def inherited():
    """The environment, without what would decide for the scripts."""
    return {name: value for name, value in os.environ.items() if name not in SAID}


@pytest.fixture
def machine(tmp_path):
    """machine(groups, limits): the root of a machine with 64 GB of memory and those limits."""

    def make(groups, limits):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/meminfo").write_text("MemFree: 1 kB\nMemTotal: %d kB\n" % (64 << 20))
        (tmp_path / "proc/self/cgroup").write_text(groups)
        for name, limit in limits.items():
            file = tmp_path / "sys/fs/cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{limit}\n")
        return tmp_path

    return make


@pytest.fixture
def shell(root):
    """shell(text, **environment): what bash does with it, with Scripts/lib.sh read before."""

    def run(text, **environment):
        return subprocess.run(
            ["bash", "-c", f"source {root}/Scripts/lib.sh\n{text}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            env={**inherited(), **environment},
        )

    return run


@pytest.mark.parametrize(
    "groups, limits, megabytes",
    [
        ("0::/\n", {}, 65536),
        ("0::/\n", {"memory.max": 8 * GIGABYTE}, 8192),
        ("0::/\n", {"memory.max": "max"}, 65536),
        # Its own group, and each that this one is in.
        ("0::/a/b\n", {"a/b/memory.max": 4 * GIGABYTE, "a/memory.max": 8 * GIGABYTE}, 4096),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": 8 * GIGABYTE}, 8192),
        ("0::/a b\n", {"a b/memory.max": 8 * GIGABYTE}, 8192),
        # Version 1, where each controller has groups of its own; a huge number is no limit.
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": NO_LIMIT}, 65536),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": (1 << 64) - 1}, 65536),
        ("4:memory:/\n0::/\n", {"memory/memory.limit_in_bytes": 8 * GIGABYTE}, 8192),
        ("4:cpu,memory:/a/b\n", {"memory/a/b/memory.limit_in_bytes": 8 * GIGABYTE}, 8192),
        ("4:memory:/a/b\n", {"memory/a/memory.limit_in_bytes": 8 * GIGABYTE}, 8192),
        # Docker's, without a namespace: the path is the machine's, what is mounted the container's.
        ("4:memory:/docker/1f\n", {"memory/memory.limit_in_bytes": 8 * GIGABYTE}, 8192),
        ("4:cpu:/a\n", {"memory/a/memory.limit_in_bytes": 8 * GIGABYTE}, 65536),
    ],
)
def test_the_least_limit_counts(shell, machine, groups, limits, megabytes):
    done = shell(f"memory_megabytes {machine(groups, limits)}")
    assert (done.stdout, done.stderr) == (f"{megabytes}\n", "")


def test_a_machine_without_control_groups_has_its_memory(shell, machine):
    root = machine("", {})
    (root / "proc/self/cgroup").unlink()
    done = shell(f"memory_megabytes {root}")
    assert (done.stdout, done.stderr) == ("65536\n", "")


def test_what_the_environment_says_counts_more(shell, machine):
    call = f"memory_megabytes {machine('', {})}"
    assert shell(call, OAIROUTER_BUILD_MEGABYTES="100").stdout == "100\n"
    assert shell(call, OAIROUTER_BUILD_MEGABYTES="").stdout == "65536\n"
    wrong = shell(call, OAIROUTER_BUILD_MEGABYTES="12G")
    assert wrong.returncode == 2 and "OAIROUTER_BUILD_MEGABYTES" in wrong.stderr


def compiler(version):
    """A `swift` that says which version it is, and otherwise what it was asked for."""
    return f"""
swift() {{ [[ $1 == --version ]] && echo 'Swift version {version}.1' || echo "swift $*" >&2; }}
find_archives() {{ static=(); }}
need_swift() {{ :; }}
build_release
build_release"""


def test_a_profile_is_of_one_version_of_the_compiler(shell, root):
    archive = next(root.glob("Scripts/packaging/swift-*.profdata.gz"))
    version = archive.name.removeprefix("swift-").removesuffix(".profdata.gz")
    known = shell(compiler(version), OAIROUTER_BUILD_MEGABYTES="12000")
    flag = re.search(r"-ir-profile-use=(\S+)", known.stderr)
    assert known.returncode == 0 and pathlib.Path(flag[1]).read_bytes() == gzip.decompress(
        archive.read_bytes()
    )
    small = shell(compiler(version), OAIROUTER_BUILD_MEGABYTES="8000")
    unknown = shell(compiler("9.9"), OAIROUTER_BUILD_MEGABYTES="12000")
    for other in (small, unknown):
        assert other.returncode == 0 and "-ir-profile-use" not in other.stderr
    assert "built without a profile" in unknown.stderr and "lto-mode full" in unknown.stderr


def test_a_profile_names_no_place(root):
    """It was recorded somewhere else than it is used."""
    data = gzip.decompress(next(root.glob("Scripts/packaging/swift-*.profdata.gz")).read_bytes())
    assert b"OAIRProxy" in data and b".swift.bc;" in data
    assert not re.search(rb"/[\w.-]{3,}/", data)


BUILD = """
find_archives() { static=(); }
need_swift() { :; }
swift() { echo "swift $*" >&2; }
awk() { echo 8000; }
build_release"""


def test_a_program_for_here_is_built_without_the_optimisation(shell):
    done = shell(BUILD)
    assert done.returncode == 0 and "without optimisation across modules" in done.stderr
    assert "swift build" in done.stderr and "lto" not in done.stderr
    assert "lto-mode full" in shell(BUILD, OAIROUTER_BUILD_MEGABYTES="12000").stderr


@pytest.fixture
def small(root, tmp_path):
    """small(script, **environment): runs a script on a machine with 8,000 MB, a compiler that
    fails, and every package."""
    for name, text in {
        "awk": "echo 8000",
        "dpkg-query": "echo install ok installed",
        "swift": 'echo "swift $*" >&2; exit 7',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)

    def run(script, **environment):
        path = f"{tmp_path}:{os.environ['PATH']}"
        return subprocess.run(
            [str(root / script)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            env={**inherited(), "PATH": path, **environment},
        )

    return run


@pytest.mark.parametrize("script", ["Scripts/package", "Scripts/bench"])
def test_what_is_handed_on_or_measured_is_not_built_so_unasked(small, script):
    refused = small(script)
    assert refused.returncode == 2 and "OAIROUTER_BUILD_MEGABYTES=8000" in refused.stderr
    assert "swift build" not in refused.stderr
    for megabytes, has_lto in (("8000", False), ("12000", True)):
        asked = small(script, OAIROUTER_BUILD_MEGABYTES=megabytes)
        assert asked.returncode == 7 and "swift build" in asked.stderr
        assert ("lto-mode full" in asked.stderr) == has_lto
