"""Scripts/packaging: the image, the Compose file, the Kubernetes manifests.

No image is built here: no registry can be reached. What they run is taken by the real program.
"""

import json
import re
import shlex

import pytest
import yaml

GRACE_SECONDS = 600 + 60
"""timeouts.drain of the packaged configuration, and timeouts.write."""
INSTRUCTIONS = {
    "FROM", "ARG", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
    "ENTRYPOINT", "CMD",
}


@pytest.fixture(scope="module")
def packaging(root):
    return root / "Scripts/packaging"


@pytest.fixture(scope="module")
def dockerfile(packaging):
    """Its instructions in their order."""
    text = (packaging / "Dockerfile").read_text("utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def one(dockerfile, name):
    [value] = [value for instruction, value in dockerfile if instruction == name]
    return value


def environment(dockerfile):
    return dict(part.split("=", 1) for part in shlex.split(one(dockerfile, "ENV")))


def takes(run, arguments, **variables):
    """Whether the program takes what a container has it started with."""
    assert arguments[0] == "serve"
    result = run("check", *arguments[1:], environment=variables)
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout)


def test_the_image_is_made_of_what_is_there(dockerfile, root):
    assert {name for name, _ in dockerfile} <= INSTRUCTIONS
    stages = [value for name, value in dockerfile if name == "FROM"]
    assert stages[0].endswith(" AS build") and len(stages) == 2
    script = next(value for name, value in dockerfile if name == "RUN").split()[0]
    assert (root / script).stat().st_mode & 0o111
    copied = [value for name, value in dockerfile if name == "COPY"]
    assert copied == [". .", "--from=build /packages/*.deb /packages/"]
    assert one(dockerfile, "USER") == "oairouter"


def test_the_image_serves_what_the_package_is_configured_for(dockerfile, packaging, run):
    command = json.loads(one(dockerfile, "CMD"))
    assert json.loads(one(dockerfile, "ENTRYPOINT")) == ["oairouter"]
    variables = environment(dockerfile)
    assert variables["OAIROUTER_CONFIG"] == "/etc/oairouter/oairouter.yaml"
    variables["OAIROUTER_CONFIG"] = str(packaging / "oairouter.yaml")
    settings = takes(run, command, **variables)
    assert settings["listen"] == ["0.0.0.0:" + one(dockerfile, "EXPOSE")]
    assert settings["timeouts"]["drain"] in ("600s", "10m")


def test_its_health_check_is_a_command(dockerfile, start_router, start_mock, run):
    command = json.loads(one(dockerfile, "HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "oairouter"
    router = start_router({})
    assert run(*command[1:], "--url", router.url).returncode == 0


def test_the_compose_file_says_what_it_means(packaging, run, needs_dns):
    compose = yaml.safe_load((packaging / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    assert set(services) == {"oairouter", "ollama-a", "ollama-b", "open-webui"}
    router = services["oairouter"]
    assert int(router["stop_grace_period"].removesuffix("m")) * 60 >= GRACE_SECONDS
    build = router["build"]
    assert (packaging / build["context"] / build["dockerfile"]).exists()
    settings = takes(run, router["command"], **router["environment"])
    urls = {backend["url"] for backend in settings["backends"]}
    assert urls == {f"http://{name}:11434" for name in services if name.startswith("ollama")}
    url = services["open-webui"]["environment"]["OPENAI_API_BASE_URL"]
    assert url == "http://oairouter:11434/v1"
    named = {volume.split(":")[0] for service in services.values()
             for volume in service.get("volumes", ())}
    assert named == set(compose["volumes"])


def test_the_manifests_say_what_they_mean(packaging, run, needs_dns):
    documents = list(yaml.safe_load_all((packaging / "kubernetes.yaml").read_text("utf-8")))
    by_kind = {document["kind"]: document for document in documents}
    assert list(by_kind) == ["Service", "PodDisruptionBudget", "Deployment"]
    pod = by_kind["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    [container] = pod["spec"]["containers"]
    [port] = container["ports"]
    settings = takes(run, container["args"])
    assert settings["listen"] == [f"0.0.0.0:{port['containerPort']}"]
    assert settings["discovery"]["dns"][0]["name"] == "_http._tcp.vllm.models.svc"
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
    delay = settings["drain_delay"]
    assert delay == "5s", "proxies hear late that a pod goes"
    assert pod["spec"]["terminationGracePeriodSeconds"] >= GRACE_SECONDS + 5
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}
