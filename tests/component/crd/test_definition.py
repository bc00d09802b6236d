"""Does a real API server take the definitions, and do the kinds behave there as documented?"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from component.crd.manifests import smallest
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.schema import GROUP
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

Answer = subprocess.CompletedProcess[str]
Kubectl = Callable[..., Answer]

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.yaml") if not path.name.startswith("awsidentity"))
EVERY_KIND = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)


def apply(kubectl: Kubectl, namespace: str, manifest: dict[str, Any], *options: str) -> None:
    answer = kubectl("apply", "-n", namespace, *options, "-f", "-", stdin=manifest)
    assert answer.returncode == 0, answer.stderr


def stored(kubectl: Kubectl, namespace: str, kind: Kind, name: str = "storefront") -> dict[str, Any]:
    answer = kubectl("get", kind.singular, "-n", namespace, name, "-o", "json")
    assert answer.returncode == 0, answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


def patch_status(
    kubectl: Kubectl, namespace: str, kind: Kind, status: dict[str, Any], name: str = "storefront"
) -> Answer:
    patch = json.dumps({"status": status})
    options = ("--subresource=status", "--type=merge", "-p", patch)
    return kubectl("patch", kind.singular, "-n", namespace, name, *options)


@EVERY_KIND
def test_the_api_server_takes_the_definition_without_a_warning(
    kubectl: Kubectl, applied_crds: Answer, kind: Kind
) -> None:
    answer = kubectl("get", "crd", f"{kind.plural}.{GROUP}", "-o", "json")
    conditions = json.loads(answer.stdout)["status"]["conditions"]
    statuses = {condition["type"]: condition["status"] for condition in conditions}
    assert applied_crds.stderr == ""
    assert statuses == {"NamesAccepted": "True", "Established": "True"}  # no NonStructuralSchema


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_accepted(kubectl: Kubectl, control_plane: ControlPlane, example: Path) -> None:
    control_plane.create_namespace(yaml.safe_load(example.read_text())["metadata"]["namespace"])
    answer = kubectl("apply", "-f", str(example))
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""


DEFAULTS: dict[str, Any] = {
    "retention": {"keep": 3, "keepFailed": 1},
    "adoption": {"policy": "Never"},
    "deletion": {"policy": "Retain", "foreignVersions": "Block"},
    "driftPolicy": "Correct",
    "readyWhen": "InService",
    "suspend": False,
}
SERVING_DEFAULTS = {"state": "Stopped", "minInferenceUnits": 1, "rollout": "BlueGreen"}


@EVERY_KIND
def test_what_is_left_out_gets_the_documented_defaults(kubectl: Kubectl, namespace: str, kind: Kind) -> None:
    apply(kubectl, namespace, smallest(kind))
    own = {"serving": SERVING_DEFAULTS} if kind is CustomLabelsModel else {}
    assert stored(kubectl, namespace, kind)["spec"] == {**smallest(kind)["spec"], **DEFAULTS, **own}


@EVERY_KIND
def test_a_part_that_is_given_keeps_the_defaults_of_its_other_members(
    kubectl: Kubectl, namespace: str, kind: Kind
) -> None:
    manifest = smallest(kind)
    manifest["spec"] |= {"retention": {"keep": 0}, "deletion": {"policy": "Delete"}, "adoption": None}
    apply(kubectl, namespace, manifest)
    spec = stored(kubectl, namespace, kind)["spec"]
    assert spec["retention"] == {"keep": 0, "keepFailed": 1}
    assert spec["deletion"] == {"policy": "Delete", "foreignVersions": "Block"}
    assert spec["adoption"] == {"policy": "Never"}


def test_a_model_that_says_something_of_serving_is_not_started_by_that(kubectl: Kubectl, namespace: str) -> None:
    manifest = smallest(CustomLabelsModel)
    manifest["spec"]["serving"] = {"maxInferenceUnits": 2, "idleStop": {"after": "1h"}}
    apply(kubectl, namespace, manifest)
    serving = stored(kubectl, namespace, CustomLabelsModel)["spec"]["serving"]
    assert serving == {**SERVING_DEFAULTS, "maxInferenceUnits": 2, "idleStop": {"after": "1h"}}


@EVERY_KIND
def test_an_object_that_no_operator_has_seen_does_not_read_as_healthy(
    kubectl: Kubectl, namespace: str, kind: Kind
) -> None:
    apply(kubectl, namespace, smallest(kind))
    resource = stored(kubectl, namespace, kind)
    assert resource["status"] == {"observedGeneration": -1}
    assert resource["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        (ModerationAdapter, {"serving": {"state": "Running"}}),
        (CustomLabelsModel, {"autoUpdate": "Enabled"}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_unknown_members_are_pruned_when_a_client_does_not_ask_for_validation(
    kubectl: Kubectl, namespace: str, kind: Kind, others: dict[str, object]
) -> None:
    manifest = smallest(kind)
    manifest["spec"] |= {"roleArn": "arn:aws:iam::111122223333:role/ours", **others}
    manifest["spec"]["training"]["epochs"] = 7
    apply(kubectl, namespace, manifest, "--validate=false")
    spec = stored(kubectl, namespace, kind)["spec"]
    assert not {"roleArn", *others} & spec.keys()
    assert spec["training"] == smallest(kind)["spec"]["training"]


def test_a_model_has_no_confidence_threshold(kubectl: Kubectl, namespace: str) -> None:
    manifest = smallest(CustomLabelsModel)
    manifest["spec"]["training"]["confidenceThreshold"] = 60
    apply(kubectl, namespace, manifest, "--validate=false")
    assert "confidenceThreshold" not in stored(kubectl, namespace, CustomLabelsModel)["spec"]["training"]


@EVERY_KIND
def test_status_in_a_manifest_is_dropped(kubectl: Kubectl, namespace: str, kind: Kind) -> None:
    apply(kubectl, namespace, smallest(kind))
    told = {"project": {"arn": "arn:aws:rekognition:us-east-1:111122223333:project/mine/1", "name": "mine"}}
    apply(kubectl, namespace, {**smallest(kind), "status": told})
    assert stored(kubectl, namespace, kind)["status"] == {"observedGeneration": -1}


@EVERY_KIND
def test_the_status_subresource_does_not_change_the_spec(kubectl: Kubectl, namespace: str, kind: Kind) -> None:
    apply(kubectl, namespace, smallest(kind))
    patch = json.dumps({"spec": {"suspend": True}, "status": {"observedGeneration": 1}})
    options = ("--subresource=status", "--type=merge", "-p", patch)
    answer = kubectl("patch", kind.short_names[0], "-n", namespace, "storefront", *options)
    resource = stored(kubectl, namespace, kind)
    assert answer.returncode == 0, answer.stderr
    assert resource["spec"]["suspend"] is False
    assert resource["status"] == {"observedGeneration": 1}
    assert resource["metadata"]["generation"] == 1


@EVERY_KIND
def test_a_condition_twice_is_refused(kubectl: Kubectl, namespace: str, kind: Kind) -> None:
    apply(kubectl, namespace, smallest(kind))
    answer = patch_status(kubectl, namespace, kind, {"conditions": [_condition("Ready"), _condition("Ready")]})
    assert answer.returncode == 1
    assert 'status.conditions[1]: Duplicate value: {"type":"Ready"}' in answer.stderr


NAMES = tuple((kind, name) for kind in ALL_KINDS for name in (kind.plural, kind.singular, *kind.short_names))


@pytest.mark.parametrize(("kind", "word"), NAMES, ids=lambda value: getattr(value, "kind", value))
def test_a_kind_is_found_by_each_of_its_names(kubectl: Kubectl, namespace: str, kind: Kind, word: str) -> None:
    for every in ALL_KINDS:
        apply(kubectl, namespace, smallest(every))
    answer = kubectl("get", word, "-n", namespace, "-o", "name")
    assert answer.stdout.splitlines() == [f"{kind.singular}.{GROUP}/storefront"]


@pytest.mark.parametrize("category", ["aws", "rekognition"])
def test_all_kinds_are_found_by_their_categories(kubectl: Kubectl, namespace: str, category: str) -> None:
    for kind in ALL_KINDS:
        apply(kubectl, namespace, smallest(kind))
    answer = kubectl("get", category, "-n", namespace, "-o", "name")
    assert set(answer.stdout.splitlines()) == {f"{kind.singular}.{GROUP}/storefront" for kind in ALL_KINDS}


ARN = "arn:aws:rekognition:us-east-1:111122223333:project/sandbox.default.storefront"
STATUS: dict[str, Any] = {
    "observedGeneration": 1,
    "project": {"arn": f"{ARN}/1690556751958", "name": "sandbox.default.storefront", "region": "us-east-1"},
    "active": {
        "versionName": "v1-0123456789abcdef",
        "arn": f"{ARN}/version/v1-0123456789abcdef/1690556759000",
        "f1Score": 0.914,
    },
    "desired": {"versionName": "v1-fedcba9876543210", "inputs": "fedcba9876543210"},
}
ADAPTER_STATUS = {**STATUS, "active": {**STATUS["active"], "baseModelVersion": "7.0"}}
MODEL_STATUS = {
    **STATUS,
    "serving": {
        "state": "RUNNING",
        "units": "1-2",
        "since": "2026-05-04T06:13:00Z",
        "reason": "Running",
        "nextTransition": "2026-05-04T17:00:00Z",
        "nextState": "Stopped",
        "usdPerHour": 8,
        "month": "2026-05",
        "hoursThisMonth": 12.5,
        "estimatedUSDThisMonth": 50,
    },
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


def test_get_prints_what_a_person_asks_first_of_an_adapter(kubectl: Kubectl, namespace: str) -> None:
    kind = ModerationAdapter
    apply(kubectl, namespace, smallest(kind))
    apply(kubectl, namespace, smallest(kind, "unseen"))
    conditions = [_condition("Ready"), _condition("Drifted", reason="Reported", message="spec.tags[team] differs.")]
    answer = patch_status(kubectl, namespace, kind, {**ADAPTER_STATUS, "conditions": conditions})
    assert answer.returncode == 0, answer.stderr

    header, storefront, unseen = _rows(kubectl("get", "modad", "-n", namespace).stdout)

    assert header == ["NAME", "READY", "STATUS", "VERSION", "F1", "BASE MODEL", "DRIFT", "AGE"]
    assert storefront[:-1] == ["storefront", "True", "InService", "v1-0123456789abcdef", "0.914", "7.0", "Reported"]
    assert unseen[:-1] == ["unseen", "", "", "", "", "", ""]
    assert all(re.fullmatch(r"\d+s", row[-1]) for row in (storefront, unseen))


def test_get_prints_what_a_person_asks_first_of_a_model(kubectl: Kubectl, namespace: str) -> None:
    kind = CustomLabelsModel
    apply(kubectl, namespace, smallest(kind))
    apply(kubectl, namespace, smallest(kind, "unseen"))
    answer = patch_status(kubectl, namespace, kind, {**MODEL_STATUS, "conditions": [_condition("Ready")]})
    assert answer.returncode == 0, answer.stderr

    header, storefront, unseen = _rows(kubectl("get", "clm", "-n", namespace).stdout)

    assert header == ["NAME", "READY", "STATUS", "VERSION", "STATE", "UNITS", "F1", "USD/H", "AGE"]
    version = "v1-0123456789abcdef"
    assert storefront[:-1] == ["storefront", "True", "InService", version, "RUNNING", "1-2", "0.914", "8"]
    assert unseen[:-1] == ["unseen", "", "", "", "", "", "", ""]


@pytest.mark.parametrize(
    ("kind", "status", "own", "shown"),
    [
        (ModerationAdapter, ADAPTER_STATUS, [], []),
        (CustomLabelsModel, MODEL_STATUS, ["NEXT"], ["2026-05-04T17:00:00Z"]),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_get_wide_prints_where_the_project_is_and_what_is_wanted(
    kubectl: Kubectl, namespace: str, kind: Kind, status: dict[str, Any], own: list[str], shown: list[str]
) -> None:
    apply(kubectl, namespace, smallest(kind))
    message = "v1-0123456789abcdef is in service."
    answer = patch_status(kubectl, namespace, kind, {**status, "conditions": [_condition("Ready", message=message)]})
    assert answer.returncode == 0, answer.stderr

    header, storefront = _rows(kubectl("get", kind.plural, "-n", namespace, "-o", "wide").stdout)

    first = header.index("PROJECT ARN")
    assert header[first:] == ["PROJECT ARN", "REGION", "LATEST", *own, "MESSAGE"]
    assert storefront[first:] == [f"{ARN}/1690556751958", "us-east-1", "v1-fedcba9876543210", *shown, message]


@pytest.mark.parametrize(("kind", "condition"), [(ModerationAdapter, "Ready"), (CustomLabelsModel, "Serving")])
def test_wait_for_a_condition_works(kubectl: Kubectl, namespace: str, kind: Kind, condition: str) -> None:
    apply(kubectl, namespace, smallest(kind))
    answer = patch_status(kubectl, namespace, kind, {**STATUS, "conditions": [_condition(condition)]})
    assert answer.returncode == 0, answer.stderr
    waited = kubectl(
        "wait", f"--for=condition={condition}", "--timeout=10s", "-n", namespace, f"{kind.singular}/storefront"
    )
    assert waited.stdout == f"{kind.singular}.{GROUP}/storefront condition met\n"


def _told(kubectl: Kubectl, *arguments: str) -> str:
    """Return what ``kubectl explain`` says, with its line breaks undone."""
    answer = kubectl("explain", *arguments)
    assert answer.returncode == 0, answer.stderr
    return " ".join(answer.stdout.split())


@EVERY_KIND
def test_explain_tells_a_stranger_what_training_is(kubectl: Kubectl, kind: Kind) -> None:
    told = _told(kubectl, f"{kind.singular}.spec.training")
    assert "What makes a version what it is. A change here trains a new version" in told
    assert "trainingData <Object> -required- The images that the version learns from." in told
    assert "testingData <Object> The images that the version is evaluated on. Absent: autoSplit: true." in told
    assert ("confidenceThreshold <number> Confidence, in percent" in told) == (kind is ModerationAdapter)
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


def test_explain_tells_a_stranger_what_serving_is_and_costs(kubectl: Kubectl) -> None:
    told = _told(kubectl, "customlabelsmodel.spec.serving")
    assert "Whether, when and with how much capacity the model runs. Absent: it is trained and stays stopped." in told
    assert "state <string> enum: Running, Stopped" in told
    assert (
        "minInferenceUnits <integer> Inference units that the model is started with, each billed by the hour." in told
    )
    assert "it is stopped and started again, and answers nothing for 10 to 20 minutes." in told
    assert "maxInferenceUnits <integer> Inference units that AWS may scale the model to" in told
    assert "rollout <string> enum: BlueGreen, Recreate How a new version takes over." in told
    assert "schedule <Object> Hours in which the model runs. Absent: at all hours." in told
    assert "idleStop <Object> When the model is stopped because nobody asks it anything. It is started again" in told
    assert "budget <Object> What the model may cost by the hour. Absent: no limit but AWS's quotas." in told


def test_explain_tells_a_stranger_how_a_schedule_is_written(kubectl: Kubectl) -> None:
    schedule = _told(kubectl, "clm.spec.serving.schedule")
    assert "timeZone <string> -required- Time zone of the windows: a name of the IANA time zone database" in schedule
    assert "Windows follow its wall clock, daylight saving included." in schedule
    assert "windows <[]Object> -required- Hours of the week in which the model runs" in schedule
    window = _told(kubectl, "clm.spec.serving.schedule.windows")
    assert "days <[]string> -required- Days of the week on which the window begins: Mon, Tue, Wed" in window
    assert "from <string> -required- When it begins, HH:MM by the wall clock" in window
    assert "A time that is not later than from is on the next day" in window


def test_explain_says_that_costs_are_estimates(kubectl: Kubectl) -> None:
    told = _told(kubectl, "clm.status.serving")
    assert "Costs are estimates, not AWS's bill." in told
    assert "estimatedUSDThisMonth <number> hoursThisMonth times the operator's price." in told
    assert "nextTransition <string> When it will be started or stopped next, by its schedule." in told


def test_explain_warns_of_what_goes_on_being_billed(kubectl: Kubectl) -> None:
    told = _told(kubectl, "clm.spec")
    assert "suspend <boolean> True: no change is made in AWS, not even upon deletion. A model that runs runs on" in told
    assert "Orphan: touch nothing: what runs runs on, and is billed." in _told(kubectl, "clm.spec.deletion")
