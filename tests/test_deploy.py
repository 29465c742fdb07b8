"""deploy/ is parsed, and its commands are those that the other tests run as processes."""

import importlib

import pytest
import yaml
from tests.test_mlproject import CONFIGS

from mnist_tradeoff.system import command_line as cli
from tests.factories import ROOT
from tests.services import compose

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


@pytest.mark.parametrize("service", ["init", "worker"])
def test_commands_are_entry_points_with_flags_that_they_know(service):
    python, dash_m, module, *arguments = compose()["services"][service]["command"]
    assert (python, dash_m) == ("python", "-m")
    (config_type,) = [config for name, config in CONFIGS.values() if name == module]
    importlib.import_module(module)
    assert cli.parse(config_type, arguments).study == "widths"


def test_the_server_asks_for_a_password_and_knows_its_hosts():
    command = compose()["services"]["mlflow"]["command"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert options["--app-name"] == "basic-auth"
    assert "mlflow:5000" in options["--allowed-hosts"].split(",")
    assert "*" not in options["--allowed-hosts"]


def test_nothing_runs_as_root_and_no_password_is_written_down():
    for kind, name in (("StatefulSet", "postgres"), ("Deployment", "mlflow"), ("Job", "search")):
        assert pod(kind, name)["securityContext"]["runAsNonRoot"] is True
    assert "\nUSER 10001\n" in (ROOT / "deploy" / "Dockerfile").read_text()
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
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    copied = [part for line in lines if line.startswith("COPY") for part in line.split()[1:-1]]
    assert all((ROOT / part).exists() for part in copied), copied
    assert "requirements.txt" in copied
