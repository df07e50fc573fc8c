"""What stands between the load and the fake backend: nothing, this router, or another proxy.

All have one thread, and log nothing.
"""

import os
import shutil
import socket

HAPROXY = """
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 5m
  timeout server 5m
  option http-no-delay
  http-reuse always
listen all
  bind 127.0.0.1:{port}
  server backend 127.0.0.1:{backend} pool-max-conn -1
"""

NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/errors crit;
events {{ worker_connections 15000; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_max_body_size 100m;
  client_body_buffer_size 256k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream backend {{
    server 127.0.0.1:{backend};
    keepalive 1024;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"""


LITELLM = """
model_list:
  - model_name: mock-model
    litellm_params:
      model: openai/mock-model
      api_base: http://127.0.0.1:{backend}/v1
      api_key: sk-none
litellm_settings:
  telemetry: false
  num_retries: 0
"""


def oairouter(folder, port, backend):
    """This router, with one backend."""
    command = [os.environ["OAIROUTER_BIN"], "serve", "--listen", f"127.0.0.1:{port}"]
    quiet = ["--log-level", "error", "--admin", "off", "--discover", "off"]
    return [*command, "--backend", f"mock=http://127.0.0.1:{backend}", *quiet]


def configured(text, name, *command):
    """A proxy that is told by a file."""

    def make(folder, port, backend):
        path = folder / name
        path.write_text(text.format(folder=folder, port=port, backend=backend), "utf-8")
        return [part.format(path=path, folder=folder) for part in command]

    return make


def llm_router(name, *more):
    """A router for engines of one kind that takes its workers as arguments."""

    def make(folder, port, backend):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            metrics = probe.getsockname()[1]
        command = [*more, "--host", "127.0.0.1", "--port", str(port), "--policy", "round_robin"]
        command += ["--worker-urls", f"http://127.0.0.1:{backend}", "--log-level", "error"]
        command += ["--max-concurrent-requests", "32768", "--queue-size", "32768"]
        command += ["--prometheus-host", "127.0.0.1", "--prometheus-port", str(metrics)]
        return [name, *command, "--disable-retries", "--disable-circuit-breaker"]

    return make


def litellm(folder, port, backend):
    """It fetches nothing from elsewhere, and logs nothing."""
    settings = [
        "LITELLM_LOCAL_MODEL_COST_MAP=True",
        "LITELLM_LOG=ERROR",
        "LITELLM_MODE=PRODUCTION",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true",
    ]
    made = configured(LITELLM, "litellm.yaml", "litellm", "--config", "{path}")
    command = made(folder, port, backend)
    return ["env", *settings, *command, "--host", "127.0.0.1", "--port", str(port)]


PEERS = {
    "direct": None,
    "oairouter": oairouter,
    "haproxy": configured(HAPROXY, "haproxy.cfg", "haproxy", "-db", "-q", "-f", "{path}"),
    "nginx": configured(NGINX, "nginx.conf", "nginx", "-p", "{folder}", "-c", "{path}"),
    "vllm-router": llm_router("vllm-router"),
    "sglang-router": llm_router("sglang-router", "launch"),
    "litellm": litellm,
}
# What is a hundred times as slow is measured when it is asked for.
SLOW = {"litellm"}


def installed():
    """The names of those that can be measured here."""
    return [name for name in PEERS if name in ("direct", "oairouter") or shutil.which(name)]


def usual():
    """The names of those that are measured unless others are asked for."""
    return [name for name in installed() if name not in SLOW]
