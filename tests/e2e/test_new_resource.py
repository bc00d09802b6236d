"""What happens to a new ModerationAdapter, and what does kubectl show of it?"""

from datetime import datetime
from typing import Any

import pytest

from e2e.harness.cluster import body_text
from e2e.harness.data import PREFIX, TEST, TRAIN
from e2e.harness.reading import reason_of, table
from e2e.harness.scene import Scene
from rekognition_operator.kube.resource import FINALIZER
from rekognition_sandbox.controlplane.audit import AuditRecord, select

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_new_resource_is_claimed_and_has_conditions_before_the_first_call_to_aws(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()

    writes = select(scene.cluster.operator_writes(namespace=scene.namespace), resource="moderationadapters")
    claim, first_conditions = writes[:2]
    first_call = scene.aws.calls()[0]

    assert claim.subresource == ""
    assert finalizers_of(claim) == [FINALIZER]
    assert first_conditions.subresource == "status"
    assert {c["type"]: (c["status"], c["reason"]) for c in status_of(first_conditions)["conditions"]} == {
        "Ready": ("Unknown", "Progressing"),
        "UpToDate": ("Unknown", "Progressing"),
        "Reconciling": ("True", "Progressing"),
    }
    assert claim.at < first_conditions.at
    assert datetime.fromisoformat(first_conditions.at) < first_call.arrived_at


@pytest.mark.story
def test_the_spec_reaches_aws_as_it_is_written(scene: Scene) -> None:
    bucket = scene.aws.bucket
    tags = {"team": "trust-safety", "cost-center": "4711"}
    owner = {
        "rekognition-operator.io/cluster": "sandbox",
        "rekognition-operator.io/kind": "ModerationAdapter",
        "rekognition-operator.io/namespace": scene.namespace,
        "rekognition-operator.io/name": "storefront",
    }
    adapter = scene.adapter(projectName="storefront-adapter", description="nudity rules, autumn", tags=tags)
    adapter.spec["training"]["kmsKeyID"] = "alias/rekognition"
    adapter.apply()
    adapter.wait_ready()

    (project,) = scene.aws.calls("CreateProject")
    (version,) = scene.aws.calls("CreateProjectVersion")

    assert project.parameters == {
        "ProjectName": "storefront-adapter",
        "Feature": "CONTENT_MODERATION",
        "AutoUpdate": "DISABLED",
        "Tags": {**tags, **owner},
    }
    assert version.parameters == {
        "ProjectArn": adapter.project_arn,
        "VersionName": adapter.active,
        "OutputConfig": {"S3Bucket": bucket, "S3KeyPrefix": f"{PREFIX}out/"},
        "TrainingData": {"Assets": [manifest(bucket, TRAIN)]},
        "TestingData": {"Assets": [manifest(bucket, TEST)]},
        "Tags": {**tags, **owner},
        "KmsKeyId": "alias/rekognition",
        "VersionDescription": "nudity rules, autumn",
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 60.0}},
    }


@pytest.mark.story
def test_kubectl_waits_for_an_adapter_and_shows_what_is_in_service(scene: Scene) -> None:
    kubectl, ours = scene.cluster.kubectl, ("-n", scene.namespace)
    with scene.aws.trainings_held():
        adapter = scene.adapter().apply()
        adapter.wait_training()

    waited = kubectl("wait", *ours, "--for=condition=Ready", "moderationadapter/storefront", "--timeout=60s")
    adapter.wait_ready()
    version = str(adapter.active)
    short = table(kubectl("get", *ours, "moderationadapters"))
    wide = table(kubectl("get", *ours, "modad", "-o", "wide"))
    adapter.wait_events("CreatingProject", "TrainingStarted", "TrainingCompleted", "InService")
    description = kubectl("describe", *ours, "moderationadapter", "storefront")

    assert waited == "moderationadapter.rekognition-operator.io/storefront condition met\n"
    assert list(short) == ["NAME", "READY", "STATUS", "VERSION", "F1", "BASE MODEL", "DRIFT", "AGE"]
    assert {**short, "AGE": ""} == {
        "NAME": "storefront",
        "READY": "True",
        "STATUS": "InService",
        "VERSION": version,
        "F1": "1",
        "BASE MODEL": "7.0",
        "DRIFT": "",
        "AGE": "",
    }
    assert list(wide)[8:] == ["PROJECT ARN", "REGION", "LATEST", "MESSAGE"]
    assert (wide["PROJECT ARN"], wide["REGION"], wide["LATEST"]) == (adapter.project_arn, scene.aws.region, version)
    assert wide["MESSAGE"] == f"Version {version} is in service"
    told = [line for line in description.partition("Events:")[2].splitlines() if "rekognition-operator" in line]
    reasons = {line.split()[1] for line in told}  # kubectl orders them by the second
    assert reasons == {"CreatingProject", "TrainingStarted", "TrainingCompleted", "InService"}
    assert len(told) == len(reasons)


@pytest.mark.story
def test_with_ready_when_accepted_it_is_ready_before_it_is_trained(scene: Scene) -> None:
    with scene.aws.trainings_held():
        adapter = scene.adapter(readyWhen="Accepted").apply()
        accepted = adapter.wait("Ready Accepted", lambda seen: reason_of(seen, "Ready") == "Accepted")
        assert accepted.condition("Reconciling") is None
        assert (accepted.condition("UpToDate") or {})["reason"] == "Training"
    adapter.wait_ready()

    assert reason_of(adapter.now, "Ready") == "InService"


@pytest.mark.story
def test_kubectl_explains_what_training_data_is(scene: Scene) -> None:
    explained = scene.cluster.kubectl("explain", "moderationadapter.spec.training")

    assert "A change here trains a new version" in explained
    for field in ("trainingData", "testingData", "confidenceThreshold", "kmsKeyID"):
        assert field in explained


def finalizers_of(request: AuditRecord) -> list[str]:
    return list(body_of(request)["metadata"]["finalizers"])


def status_of(request: AuditRecord) -> dict[str, Any]:
    return dict(body_of(request)["status"])


def body_of(request: AuditRecord) -> dict[str, Any]:
    assert isinstance(request.body, dict), body_text(request)
    return request.body


def manifest(bucket: str, name: str) -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": PREFIX + name}}}
