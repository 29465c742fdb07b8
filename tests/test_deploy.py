"""deploy/ is parsed, and its commands are those that the other tests run as processes."""

import pytest
import yaml

import experiments
from mnist_tradeoff.system import command_line
from mnist_tradeoff.system.mlproject import entry_points
from tests.factories import ROOT
from tests.services import compose

# What a Dockerfile says, as pairs of an instruction and what it is given, continued lines joined.
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
OBJECTS = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))


def of_kind(kind: str, name: str) -> dict:
    (found,) = [o for o in OBJECTS if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    return found


def pod(kind: str, name: str) -> dict:
    return of_kind(kind, name)["spec"]["template"]["spec"]


def test_kubernetes_runs_what_compose_runs():
    services = compose()["services"]
    (server,) = pod("Deployment", "mlflow")["containers"]
    job = pod("Job", "search")
    assert server["command"] == services["mlflow"]["command"]
    assert job["initContainers"][0]["command"] == services["init"]["command"]
    assert job["containers"][0]["command"] == services["worker"]["command"]
    assert of_kind("Job", "search")["spec"]["parallelism"] > 1


@pytest.mark.parametrize(("service", "step"), [("init", "init"), ("worker", "all")])
def test_commands_are_entry_points_with_flags_that_they_know(service, step):
    python, dash_m, module, *arguments = compose()["services"][service]["command"]
    assert (python, dash_m) == ("python", "-m")
    (found,) = [one for name, one in entry_points(experiments).values() if name == module]
    config = command_line.parse(found.config_type, arguments)
    assert (found.name, config.study, config.step) == ("search", "widths", step)


def test_the_server_asks_for_a_password_and_knows_its_hosts():
    command = compose()["services"]["mlflow"]["command"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert options["--app-name"] == "basic-auth"
    assert "mlflow:5000" in options["--allowed-hosts"].split(",")
    assert "*" not in options["--allowed-hosts"]


def test_nothing_runs_as_root_and_no_password_is_written_down():
    for kind, name in (("StatefulSet", "postgres"), ("Deployment", "mlflow"), ("Job", "search")):
        assert pod(kind, name)["securityContext"]["runAsNonRoot"] is True
    users = [given for instruction, given in INSTRUCTIONS if instruction == "USER"]
    assert users[-1].isdigit()  # a name says nothing to Kubernetes
    assert int(users[-1]) > 0
    (made,) = [given for _, given in INSTRUCTIONS if "useradd" in given]
    assert f"--uid {users[-1]} " in made
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name:
                assert value.startswith("${"), name
    for variable in pod("Deployment", "mlflow")["containers"][0]["env"]:
        if "PASSWORD" in variable["name"] or "SECRET" in variable["name"]:
            assert "secretKeyRef" in variable["valueFrom"], variable["name"]


def test_images_are_pinned_and_what_the_image_copies_is_there():
    images = {service["image"] for service in compose()["services"].values()}
    assert all(":" in image and not image.endswith(":latest") for image in images)
    copies = [given for instruction, given in INSTRUCTIONS if instruction == "COPY"]
    copied = [part for given in copies for part in given.split()[:-1]]
    assert all((ROOT / part).exists() for part in copied), copied
    assert "requirements.txt" in copied
