"""Loads a program that counts which ways it takes through its code; see Scripts/profile."""

import json
import os
import pathlib
import subprocess
import sys

from measure import Program, free_port

KEY = "sk-0123456789abcdef"
# What most of a router's time goes to; each kind for so many seconds.
LOADS = [
    (3, "quick", ["--connections", "64"]),
    (1, "quick", ["--connections", "1"]),
    (1, "quick", ["--connections", "32", "--stream"]),
    (4, "paced", ["--connections", "500", "--stream", "--ramp", "1s"]),
    (1, "quick", ["--connections", "16", "--stream", "--churn"]),
    (1, "quick", ["--connections", "16", "--body", "chat"]),
    (1, "quick", ["--connections", "8", "--body", "256KiB"]),
    (1, "quick", ["--connections", "8", "--get", "/v1/models"]),
]
# As most are run, and with all features on.
ROUTERS = {"plain": ["--log.access=false"], "full": ["--log-format", "json"]}


def load(port, key_file):
    for seconds, model, options in LOADS:
        subprocess.run(
            [os.environ["OAIROUTER_BIN"], "bench", f"http://127.0.0.1:{port}", "--model", model]
            + ["--duration", f"{seconds}s", "--warm-up", "0s", "--key-file", str(key_file)]
            + options,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def serve(name, port, backends, folder):
    """A router whose counts go into FOLDER/NAME.profraw when it ends."""
    command = [os.environ["OAIROUTER_BIN"], "serve", "--listen", f"127.0.0.1:{port}"]
    command += ["--discover", "off", "--admin", "off", *ROUTERS[name]]
    for model, backend in backends.items():
        command += ["--backend", f"{model}=http://127.0.0.1:{backend}"]
    if name == "full":
        keys = folder / "keys.yaml"
        keys.write_text(json.dumps({"keys": [{"id": "k", "key_file": str(folder / "key")}]}))
        command += ["--config", str(keys)]
    os.environ["LLVM_PROFILE_FILE"] = str(folder / f"{name}.profraw")
    try:
        return Program(command, port, 1, folder / f"{name}.log")
    finally:
        os.environ["LLVM_PROFILE_FILE"] = "/dev/null"


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o600)
    os.environ["LLVM_PROFILE_FILE"] = "/dev/null"
    programs = []
    try:
        backends = {"quick": free_port(), "paced": free_port()}
        for model, port in backends.items():
            mock = [os.environ["OAIROUTER_BIN"], "mock", "--listen", f"127.0.0.1:{port}"]
            mock += ["--model", model, "--tokens", "64"]
            mock += ["--itl", "50ms"] if model == "paced" else []
            programs.append(Program(mock, port, 0, folder / f"{model}.log"))
        for name in ROUTERS:
            port = free_port()
            programs.append(serve(name, port, backends, folder))
            load(port, folder / "key")
            programs[-1].stop()
            if programs.pop().process.returncode != 0:
                sys.exit(f"the router {name!r} didn't end by itself, so there are no counts of it")
    finally:
        for program in reversed(programs):
            program.stop()


main()
