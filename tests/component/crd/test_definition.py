"""Does a real API server take the definition, and does the kind behave there as documented?"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

Answer = subprocess.CompletedProcess[str]
Kubectl = Callable[..., Answer]

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
CRD_NAME = "moderationadapters.rekognition-operator.io"


def smallest(name: str = "storefront") -> dict[str, Any]:
    """Return a manifest with nothing but what is required."""
    manifests = [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]
    return {
        "apiVersion": "rekognition-operator.io/v1alpha1",
        "kind": "ModerationAdapter",
        "metadata": {"name": name},
        "spec": {"training": {"trainingData": {"manifests": manifests}}, "output": {"bucket": "acme-ml"}},
    }


def apply(kubectl: Kubectl, namespace: str, manifest: dict[str, Any], *options: str) -> None:
    answer = kubectl("apply", "-n", namespace, *options, "-f", "-", stdin=manifest)
    assert answer.returncode == 0, answer.stderr


def stored(kubectl: Kubectl, namespace: str, name: str = "storefront") -> dict[str, Any]:
    answer = kubectl("get", "moderationadapter", "-n", namespace, name, "-o", "json")
    assert answer.returncode == 0, answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


def patch_status(kubectl: Kubectl, namespace: str, status: dict[str, Any], name: str = "storefront") -> Answer:
    patch = json.dumps({"status": status})
    options = ("--subresource=status", "--type=merge", "-p", patch)
    return kubectl("patch", "moderationadapter", "-n", namespace, name, *options)


def test_the_api_server_takes_the_definition_without_a_warning(kubectl: Kubectl, applied_crds: Answer) -> None:
    conditions = json.loads(kubectl("get", "crd", CRD_NAME, "-o", "json").stdout)["status"]["conditions"]
    statuses = {condition["type"]: condition["status"] for condition in conditions}
    assert applied_crds.stderr == ""
    assert statuses == {"NamesAccepted": "True", "Established": "True"}  # no NonStructuralSchema


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_accepted(kubectl: Kubectl, control_plane: ControlPlane, example: Path) -> None:
    control_plane.create_namespace(yaml.safe_load(example.read_text())["metadata"]["namespace"])
    answer = kubectl("apply", "-f", str(example))
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""


def test_what_is_left_out_gets_the_documented_defaults(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    assert stored(kubectl, namespace)["spec"] == {
        **smallest()["spec"],
        "retention": {"keep": 3, "keepFailed": 1},
        "adoption": {"policy": "Never"},
        "deletion": {"policy": "Retain", "foreignVersions": "Block"},
        "driftPolicy": "Correct",
        "readyWhen": "InService",
        "suspend": False,
    }


def test_a_part_that_is_given_keeps_the_defaults_of_its_other_members(kubectl: Kubectl, namespace: str) -> None:
    manifest = smallest()
    manifest["spec"] |= {"retention": {"keep": 0}, "deletion": {"policy": "Delete"}, "adoption": None}
    apply(kubectl, namespace, manifest)
    spec = stored(kubectl, namespace)["spec"]
    assert spec["retention"] == {"keep": 0, "keepFailed": 1}
    assert spec["deletion"] == {"policy": "Delete", "foreignVersions": "Block"}
    assert spec["adoption"] == {"policy": "Never"}


def test_an_object_that_no_operator_has_seen_does_not_read_as_healthy(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    resource = stored(kubectl, namespace)
    assert resource["status"] == {"observedGeneration": -1}
    assert resource["metadata"]["generation"] == 1


def test_unknown_members_are_pruned_when_a_client_does_not_ask_for_validation(kubectl: Kubectl, namespace: str) -> None:
    manifest = smallest()
    manifest["spec"]["identityRef"] = {"name": "trust-safety"}
    manifest["spec"]["training"]["epochs"] = 7
    apply(kubectl, namespace, manifest, "--validate=false")
    spec = stored(kubectl, namespace)["spec"]
    assert "identityRef" not in spec
    assert spec["training"] == smallest()["spec"]["training"]


def test_status_in_a_manifest_is_dropped(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    told = {"project": {"arn": "arn:aws:rekognition:us-east-1:111122223333:project/mine/1", "name": "mine"}}
    apply(kubectl, namespace, {**smallest(), "status": told})
    assert stored(kubectl, namespace)["status"] == {"observedGeneration": -1}


def test_the_status_subresource_does_not_change_the_spec(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    patch = json.dumps({"spec": {"suspend": True}, "status": {"observedGeneration": 1}})
    answer = kubectl(
        "patch", "modad", "-n", namespace, "storefront", "--subresource=status", "--type=merge", "-p", patch
    )
    resource = stored(kubectl, namespace)
    assert answer.returncode == 0, answer.stderr
    assert resource["spec"]["suspend"] is False
    assert resource["status"] == {"observedGeneration": 1}
    assert resource["metadata"]["generation"] == 1


def test_a_condition_twice_is_refused(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    answer = patch_status(kubectl, namespace, {"conditions": [_condition("Ready"), _condition("Ready")]})
    assert answer.returncode == 1
    assert 'status.conditions[1]: Duplicate value: {"type":"Ready"}' in answer.stderr


@pytest.mark.parametrize("word", ["moderationadapters", "moderationadapter", "modad", "aws", "rekognition"])
def test_the_kind_is_found_by_every_name_and_category(kubectl: Kubectl, namespace: str, word: str) -> None:
    apply(kubectl, namespace, smallest())
    answer = kubectl("get", word, "-n", namespace, "-o", "name")
    assert answer.stdout.splitlines() == ["moderationadapter.rekognition-operator.io/storefront"]


ARN = "arn:aws:rekognition:us-east-1:111122223333:project/sandbox.default.storefront"
STATUS = {
    "observedGeneration": 1,
    "project": {"arn": f"{ARN}/1690556751958", "name": "sandbox.default.storefront", "region": "us-east-1"},
    "active": {
        "versionName": "v1-0123456789abcdef",
        "arn": f"{ARN}/version/v1-0123456789abcdef/1690556759000",
        "f1Score": 0.914,
        "baseModelVersion": "7.0",
    },
    "desired": {"versionName": "v1-fedcba9876543210", "inputs": "fedcba9876543210"},
}


def _condition(type_: str, reason: str = "InService", message: str = "Serving.") -> dict[str, Any]:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-05-01T08:00:00Z",
        "observedGeneration": 1,
    }


def _rows(table: str) -> list[list[str]]:
    """Return the cells of a printed table: a column reaches from its name to the next one's; names may have a space."""
    header, *lines = table.splitlines()
    starts = [match.start() for match in re.finditer(r"(?<!\S)\S+(?: \S+)*", header)]
    ends = [*starts[1:], None]
    return [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in (header, *lines)]


def test_get_prints_what_a_person_asks_first(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    apply(kubectl, namespace, smallest("unseen"))
    conditions = [_condition("Ready"), _condition("Drifted", reason="Reported", message="spec.tags[team] differs.")]
    answer = patch_status(kubectl, namespace, {**STATUS, "conditions": conditions})
    assert answer.returncode == 0, answer.stderr

    header, storefront, unseen = _rows(kubectl("get", "modad", "-n", namespace).stdout)

    assert header == ["NAME", "READY", "STATUS", "VERSION", "F1", "BASE MODEL", "DRIFT", "AGE"]
    assert storefront[:-1] == ["storefront", "True", "InService", "v1-0123456789abcdef", "0.914", "7.0", "Reported"]
    assert unseen[:-1] == ["unseen", "", "", "", "", "", ""]
    assert all(re.fullmatch(r"\d+s", row[-1]) for row in (storefront, unseen))


def test_get_wide_prints_where_the_project_is_and_what_is_wanted(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    message = "v1-0123456789abcdef is in service."
    answer = patch_status(kubectl, namespace, {**STATUS, "conditions": [_condition("Ready", message=message)]})
    assert answer.returncode == 0, answer.stderr

    header, storefront = _rows(kubectl("get", "modad", "-n", namespace, "-o", "wide").stdout)

    assert header[8:] == ["PROJECT ARN", "REGION", "LATEST", "MESSAGE"]
    assert storefront[8:] == [f"{ARN}/1690556751958", "us-east-1", "v1-fedcba9876543210", message]


def test_wait_for_ready_works(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, smallest())
    assert patch_status(kubectl, namespace, {**STATUS, "conditions": [_condition("Ready")]}).returncode == 0
    answer = kubectl("wait", "--for=condition=Ready", "--timeout=10s", "-n", namespace, "modad/storefront")
    assert answer.stdout == "moderationadapter.rekognition-operator.io/storefront condition met\n"


def _told(kubectl: Kubectl, *arguments: str) -> str:
    """Return what ``kubectl explain`` says, with its line breaks undone."""
    answer = kubectl("explain", *arguments)
    assert answer.returncode == 0, answer.stderr
    return " ".join(answer.stdout.split())


def test_explain_tells_a_stranger_what_training_is(kubectl: Kubectl) -> None:
    told = _told(kubectl, "moderationadapter.spec.training")
    assert "What makes a version what it is. A change here trains a new version" in told
    assert "trainingData <Object> -required- The images that the adapter learns from." in told
    assert "testingData <Object> The images that the adapter is evaluated on. Absent: autoSplit: true." in told
    assert "confidenceThreshold <number> Confidence, in percent" in told
    assert "kmsKeyID <string> AWS KMS key (ARN, id, alias or alias ARN)" in told


def test_explain_shows_the_choices_of_an_enum(kubectl: Kubectl) -> None:
    told = _told(kubectl, "modad.spec.deletion")
    assert "policy <string> enum: Delete, Retain, Orphan" in told
    assert "Retain: keep them, marked as released" in told


def test_explain_recursive_lists_every_field_with_its_type(kubectl: Kubectl) -> None:
    told = _told(kubectl, "moderationadapter.spec", "--recursive")
    assert "What the adapter shall be." in told
    for line in (
        "projectName <string>",
        "training <Object> -required-",
        "manifests <[]Object> -required-",
        "version <string>",
        "keepFailed <integer>",
        "foreignVersions <string>",
        "suspend <boolean>",
        "tags <map[string]string>",
    ):
        assert line in told
