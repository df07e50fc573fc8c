"""Programs that embed the router: the documentation's examples, built as a reader would."""

import re
import shlex
import signal
import subprocess

from programs import Server

# What a program that embeds the router links: its own modules, and what those depend on.
LINKED = re.compile(r"/(OAIR(?!M)\w+|Logging|HeapModule|InternalCollectionsUtilities)\.build/")
COMPILE_SECONDS = 240


class EmbeddedRouter(Server):
    """A program of a library user: it takes no signals, so SIGTERM ends it the system's way."""

    statuses = (0, -signal.SIGTERM)


def build(root, folder, body):
    """Builds one source text against the debug build; the path of its program."""
    debug = root / ".build/debug"
    assert (debug / "Modules").is_dir(), "no debug build; Scripts/test makes one first"
    # The program's own list: the folders also hold objects of sources that are gone.
    listed = shlex.split((debug / "oairouter.product/Objects.LinkFileList").read_text("utf-8"))
    objects = [path for path in listed if LINKED.search(path)]
    folder.mkdir(parents=True)
    source, program = folder / "main.swift", folder / "example"
    source.write_text(body, "utf-8")
    command = ["swiftc", "-swift-version", "6", "-I", debug / "Modules"]
    for module in ("COAIRSys", "CCares"):
        command += ["-I", root / "Sources" / module]
    command += [source, "-o", program, *objects]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    assert done.returncode == 0, f"{body}\n{done.stderr}"
    return program


def start(program, running):
    """Starts a program that prints where it listens."""
    server = EmbeddedRouter(["stdbuf", "-oL", program], folder=program.parent, name="example")
    running.append(server)
    return server
