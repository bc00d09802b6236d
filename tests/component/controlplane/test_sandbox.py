"""Do control plane and emulator come up together, serve, and go down, seen from any process?"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
import yaml

from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.kinds import ALL_DEFINITIONS, ALL_KINDS
from rekognition_operator.api.schema import GROUP
from rekognition_sandbox.controlplane import processes
from rekognition_sandbox.controlplane.environment import read_env_file
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.kubeconfig import read_kubeconfig
from rekognition_sandbox.controlplane.operator_setup import (
    OPERATOR_NAMESPACE,
    OPERATOR_SERVICE_ACCOUNT,
    OPERATOR_USER,
)
from rekognition_sandbox.controlplane.sandbox import SAMPLES_BUCKET, Sandbox

pytestmark = pytest.mark.controlplane

WaitUntil = Callable[[Callable[[], bool]], None]

ROOT = Path(__file__).parents[3]
OURS = tuple(f"{GROUP}/{kind.plural}" for kind in ALL_KINDS)
IDENTITIES = f"{GROUP}/{AWSIdentity.plural}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    sandbox.up(operator=False)
    yield sandbox
    sandbox.down()


def test_status_names_what_runs_where_and_its_log(sandbox: Sandbox) -> None:
    status = sandbox.status()

    assert [service.record.name for service in status.services[:3]] == ["etcd", "kube-apiserver", "emulator"]
    for service in status.services[:3]:
        assert service.running
        assert service.record.address.split("//")[1].startswith("127.0.0.1:")
        assert Path(service.record.log).exists()
        assert f"running  pid {service.record.pid}" in str(status)


def test_the_env_file_leads_boto3_to_the_emulator_and_kubectl_to_the_control_plane(sandbox: Sandbox) -> None:
    variables = read_env_file(sandbox.env_file)

    assert variables == sandbox.environment
    s3 = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket="made-here")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["made-here"]
    assert read_kubeconfig(Path(variables["KUBECONFIG"])).answers("/readyz")


def test_the_data_of_every_example_is_in_its_s3(sandbox: Sandbox) -> None:
    images = sandbox.load_samples()

    variables = sandbox.environment
    s3 = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=SAMPLES_BUCKET)
    keys = {item["Key"] for page in pages for item in page["Contents"]}
    assert sum(key.endswith(".png") for key in keys) == images
    for example in sorted((ROOT / "examples").glob("*.yaml")):
        training = yaml.safe_load(example.read_text(encoding="utf-8"))["spec"].get("training")
        if training is None:
            continue  # an AWSIdentity
        parts = (training["trainingData"], training.get("testingData", {}))
        used = [manifest for part in parts for manifest in part.get("manifests", ())]
        assert {manifest["bucket"] for manifest in used} == {SAMPLES_BUCKET}, example.name
        assert {manifest["name"] for manifest in used} <= keys, example.name


def test_the_operators_own_kinds_are_served_and_explained(sandbox: Sandbox) -> None:
    client = sandbox.control_plane.client

    for kind in ALL_DEFINITIONS:
        assert client.answers(f"/apis/rekognition-operator.io/v1alpha1/{kind.plural}")
    assert client.answers("/openapi/v3/apis/rekognition-operator.io/v1alpha1")


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "allowed"),
    [
        *((verb, ours, "team", True) for ours in OURS for verb in ("get", "list", "watch", "patch")),
        *((verb, ours, "team", False) for ours in OURS for verb in ("create", "update", "delete", "deletecollection")),
        *(("patch", f"{ours}/status", "team", True) for ours in OURS),
        *(("update", f"{ours}/status", "team", False) for ours in OURS),
        *(("update", f"{ours}/finalizers", "team", True) for ours in OURS),
        *((verb, "/events", "team", True) for verb in ("create", "patch")),
        ("list", "/events", "team", False),
        *((verb, "coordination.k8s.io/leases", OPERATOR_NAMESPACE, True) for verb in ("get", "create", "update")),
        ("delete", "coordination.k8s.io/leases", OPERATOR_NAMESPACE, False),
        ("get", "coordination.k8s.io/leases", "team", False),
        *((verb, "/secrets", "team", False) for verb in ("get", "list")),
        *((verb, "/configmaps", "team", True) for verb in ("get", "list", "create", "patch", "delete")),
        *((verb, "/configmaps", "team", False) for verb in ("update", "watch", "deletecollection")),
        *((verb, "/namespaces", "", True) for verb in ("get", "list", "watch")),
        *((verb, "/namespaces", "", False) for verb in ("create", "update", "patch", "delete")),
        *((verb, IDENTITIES, "", True) for verb in ("get", "list", "watch", "patch")),
        *((verb, IDENTITIES, "", False) for verb in ("create", "update", "delete", "deletecollection")),
        ("patch", f"{IDENTITIES}/status", "", True),
        ("update", f"{IDENTITIES}/status", "", False),
        ("update", f"{IDENTITIES}/finalizers", "", True),
    ],
)
def test_the_operator_may_do_exactly_what_it_needs(
    sandbox: Sandbox, verb: str, resource: str, namespace: str, allowed: bool
) -> None:
    group, _, name = resource.partition("/")
    plural, _, subresource = name.partition("/")
    attributes = {"verb": verb, "group": group, "resource": plural, "subresource": subresource, "namespace": namespace}
    review: dict[str, object] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": OPERATOR_USER, "resourceAttributes": attributes},
    }

    answer = sandbox.control_plane.client.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)

    status = answer["status"]
    assert isinstance(status, dict)
    assert status["allowed"] is allowed


def test_the_operator_needs_no_right_to_read_definitions(sandbox: Sandbox, tmp_path: Path) -> None:
    path = sandbox.control_plane.service_account_kubeconfig(
        OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, tmp_path / "kubeconfig"
    )
    client = read_kubeconfig(path)
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

    assert not client.answers(f"{definitions}/moderationadapters.rekognition-operator.io")
    assert client.answers("/apis/rekognition-operator.io/v1alpha1")


def test_up_where_it_is_up_says_so_and_disturbs_nothing(sandbox: Sandbox) -> None:
    before = sandbox.status()

    with pytest.raises(SandboxError, match=r"is up already .*sandbox down"):
        Sandbox(sandbox.directory).up(operator=False)

    assert sandbox.status() == before
    assert sandbox.env_file.exists()


STAND_IN = """
import http.server, json, os, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *arguments):
        pass
port = int(os.environ["REKOGNITION_OPERATOR_HEALTH_PORT"])
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
pathlib.Path(__file__).with_name("environment.json").write_text(json.dumps(dict(os.environ)))
server.serve_forever()
"""


def test_the_operator_runs_as_its_service_account_and_can_be_killed_and_started_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "rekognition_operator"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STAND_IN)
    monkeypatch.setenv("AWS_PROFILE", "production")
    extra = {"PYTHONPATH": str(tmp_path), "REKOGNITION_OPERATOR_EXTRA": "1"}

    first = sandbox.start_operator(extra)
    assert sandbox.status().services[-1].record == first
    environment = json.loads((package / "environment.json").read_text())
    sandbox.stop_operator(kill=True)
    assert not processes.is_running(first)
    second = sandbox.start_operator(extra)
    assert processes.is_running(second)
    sandbox.stop_operator()

    assert environment["REKOGNITION_OPERATOR_CLUSTER_NAME"] == "sandbox"
    assert environment["REKOGNITION_OPERATOR_EXTRA"] == "1"
    assert environment["AWS_ENDPOINT_URL"] == sandbox.aws_url
    assert "AWS_PROFILE" not in environment
    client = read_kubeconfig(Path(environment["KUBECONFIG"]))
    assert client.answers("/apis/rekognition-operator.io/v1alpha1/moderationadapters")
    assert not client.answers("/api/v1/secrets")
    assert [service.record.name for service in sandbox.status().services if not service.running] == ["operator"]


@contextmanager
def foreground(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `sandbox up` in the foreground of another process until it says how to use it."""
    code = f"""
import sys
from pathlib import Path
from rekognition_sandbox.controlplane import sandbox
from rekognition_sandbox.controlplane.errors import SandboxError
try:
    sandbox.up(Path({str(directory)!r}), operator=False)
except SandboxError as error:
    sys.exit(str(error))
"""
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if "Ctrl-C stops everything" in line:
                    break
            else:
                pytest.fail("".join(said))
            yield process
        finally:
            process.kill()


def rest_of(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_a_signal_stops_everything(
    tmp_path: Path, wait_until: WaitUntil, number: signal.Signals
) -> None:
    sandbox = Sandbox(tmp_path)
    with foreground(tmp_path) as process:
        wait_until(lambda: "supervisor" in (tmp_path / "processes.json").read_text())
        services = sandbox.status().services
        process.send_signal(number)
        assert rest_of(process).endswith("Stopped.\n")

    assert process.returncode == 0
    assert len(services) == 3
    assert not any(processes.is_running(service.record) for service in services)
    assert not sandbox.status().services
    assert not sandbox.env_file.exists()


def test_down_from_another_process_ends_a_foreground_sandbox_without_an_error(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    sandbox = Sandbox(tmp_path)
    with foreground(tmp_path) as process:
        wait_until(lambda: "supervisor" in (tmp_path / "processes.json").read_text())
        ran = sandbox.down()
        rest_of(process)

    assert process.returncode == 0
    assert [record.name for record in ran] == ["etcd", "kube-apiserver", "emulator"]
    assert not any(processes.is_running(record) for record in ran)


def test_a_part_that_ends_by_itself_takes_the_foreground_sandbox_down_and_is_named(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    sandbox = Sandbox(tmp_path)
    with foreground(tmp_path) as process:
        wait_until(lambda: "supervisor" in (tmp_path / "processes.json").read_text())
        services = sandbox.status().services
        os.kill(services[-1].record.pid, signal.SIGKILL)
        said = rest_of(process)

    assert process.returncode == 1
    assert "emulator" in said
    assert services[-1].record.log in said
    assert not any(processes.is_running(service.record) for service in services)


def test_a_detached_sandbox_outlives_the_command_and_goes_down_by_another(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from rekognition_sandbox.controlplane import sandbox
sandbox.up(Path({str(tmp_path)!r}), operator=False, detach=True)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)
    sandbox = Sandbox(tmp_path)
    try:
        assert sandbox.status().up
        assert sandbox.control_plane.client.answers("/readyz")
    finally:
        ran = sandbox.down()

    assert len(ran) == 3
    assert not any(processes.is_running(record) for record in ran)
    assert sandbox.down() == []
    assert str(sandbox.status()) == f"Nothing runs in {tmp_path}."


def test_a_part_that_cannot_start_takes_the_rest_with_it(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)

    with pytest.raises(SandboxError, match=r"(?s)^emulator .*unrecognized arguments: --frobnicate"):
        sandbox.up(operator=False, emulator_arguments=["--frobnicate"])

    assert not sandbox.status().services
