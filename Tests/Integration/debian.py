"""A Debian of its own in a folder: to install packages there, and to boot."""

import hashlib
import os
import pathlib
import shutil
import subprocess

RELEASE = "bookworm"
# Beside the packages of every Debian: what boots.
PACKAGES = "systemd,systemd-sysv,dbus"
MIRROR = "http://deb.debian.org/debian"
INSTALL_SECONDS = 900


def missing():
    """What this machine lacks to make one; nothing when it can."""
    if os.geteuid() != 0:
        return "only root can make a Debian in a folder"
    for tool in ("debootstrap", "systemd-nspawn"):
        if shutil.which(tool) is None:
            return f"{tool} isn't here (Debian's packages debootstrap, systemd-container)"
    return None


def base(root):
    """An archive of a fresh system, made once: it is in .build-debian."""
    folder = pathlib.Path(root) / ".build-debian"
    folder.mkdir(exist_ok=True)
    name = hashlib.sha256(f"{RELEASE} {PACKAGES}".encode()).hexdigest()[:12]
    archive = folder / f"{RELEASE}-{name}.tar"
    if archive.exists():
        return archive
    making = folder / "making"
    shutil.rmtree(making, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, making, MIRROR]
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS, stdout=subprocess.DEVNULL)
    shutil.rmtree(making / "var/cache/apt/archives", ignore_errors=True)
    unfinished = archive.with_suffix(".new")
    subprocess.run(["tar", "-C", making, "-cf", unfinished, "."], check=True)
    unfinished.rename(archive)
    shutil.rmtree(making)
    return archive


def unpack(root, folder):
    """A fresh system in a folder."""
    folder.mkdir()
    subprocess.run(["tar", "-C", folder, "-xf", base(root)], check=True)
    return folder
