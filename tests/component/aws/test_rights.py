"""Is the published policy all that the gateway needs, and does each of its actions have a call that needs it?"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import boto3
import pytest

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.hindrance import hindrance_of
from rekognition_operator.aws.permissions import CALLER_PERMISSIONS, Feature, permissions_of
from rekognition_operator.aws.policies import Scope, permission_policy
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import Feature as ProjectFeature
from rekognition_operator.core.world import S3Object, VersionState
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.manifests import BUCKET_PERMISSIONS, OUTPUT_UNWRITABLE
from rekognition_sandbox.samples import make_samples

if TYPE_CHECKING:
    from rekognition_operator.aws.rekognition import Boto3Rekognition

LANE = Lane.CHANGE
DATA, ACCOUNT = "acme-data", "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PROJECT = f"arn:aws:rekognition:us-east-1:{ACCOUNT}:project/prod.storefront/1700000000000"
VERSION = f"arn:aws:rekognition:us-east-1:{ACCOUNT}:project/prod.storefront/version/v1/1700000000001"
DATASET = f"arn:aws:rekognition:us-east-1:{ACCOUNT}:project/prod.storefront/dataset/train/1700000000002"
SCOPE: Final = Scope(ACCOUNT, "us-east-1", "prod.", buckets=(DATA,), kms_keys=(KEY,))
EVERYTHING: Final = permissions_of(tuple(Feature))
IN_TRAINING: Final = tuple(p.action for p in CALLER_PERMISSIONS["CreateProjectVersion"])
IN_THE_OPERATORS_CALLS: Final = frozenset({"sts:AssumeRole", "sts:TagSession", *IN_TRAINING})
"""Tested otherwise: what training asks for by trainings, and the session by the tests of identities."""


class Aws(Protocol):
    """The fixture's world: see conftest."""

    gateway: "Boto3Rekognition"
    control: EmulatorControl

    def settle(self) -> None: ...

    def finish_training(self) -> None: ...


def give(aws: Aws, *, without: str | None = None) -> None:
    """Let the policy hold, but for an action."""
    aws.control.set_rights(permission_policy((p for p in EVERYTHING if p.action != without), SCOPE))


async def failure(call: Awaitable[object]) -> ErrorKind | None:
    """Make the call; most end in ResourceNotFound, which tells that they may."""
    try:
        await call
    except CallError as error:
        return error.kind
    return None


def inputs(*, key: str | None = None, version: str | None = None) -> TrainingInputs:
    return TrainingInputs(
        training=(ManifestRef(DATA, "storefront/train.manifest", version),),
        testing=(ManifestRef(DATA, "storefront/test.manifest"),),
        confidence_threshold=60.0,
        kms_key_id=key,
    )


async def create(aws: Aws, project: str, training: TrainingInputs, name: str = "v1") -> str:
    return await aws.gateway.create_version(
        project,
        name,
        feature=ProjectFeature.CONTENT_MODERATION,
        inputs=training,
        output=S3Object(DATA, "out/"),
        description=None,
        tags={"team": "safety"},
        lane=LANE,
    )


async def create_project(aws: Aws) -> str:
    arn = await aws.gateway.create_project(
        "prod.storefront", ProjectFeature.CONTENT_MODERATION, auto_update=False, tags={}, lane=LANE
    )
    aws.settle()
    return arn


def upload(*, images: bool = False) -> str:
    """Put the manifests into a bucket with versions; returns the version of the training manifest."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=DATA)
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Enabled"})
    samples = make_samples()
    if images:
        samples.upload(s3, DATA)
    else:
        replace(samples, images={}).upload(s3, DATA)
    return s3.head_object(Bucket=DATA, Key="storefront/train.manifest")["VersionId"]


def _span() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"since": now - timedelta(hours=3), "until": now}


Call = Callable[[Aws], Awaitable[object]]
CALLS: Final[dict[str, Call]] = {
    "rekognition:CreateProject": create_project,
    "rekognition:DescribeProjects": lambda aws: aws.gateway.describe_project(
        "prod.storefront", ProjectFeature.CONTENT_MODERATION, lane=LANE, max_age_seconds=0
    ),
    "rekognition:CreateProjectVersion": lambda aws: create(aws, PROJECT, inputs()),
    "rekognition:DescribeProjectVersions": lambda aws: aws.gateway.describe_versions(PROJECT, lane=LANE),
    "rekognition:ListTagsForResource": lambda aws: aws.gateway.fresh_tags(VERSION, lane=LANE),
    "rekognition:TagResource": lambda aws: aws.gateway.set_tags(VERSION, {"a": "b"}, lane=LANE),
    "rekognition:UntagResource": lambda aws: aws.gateway.remove_tags(VERSION, ("a",), lane=LANE),
    "rekognition:StartProjectVersion": lambda aws: aws.gateway.start_version(
        VERSION, min_units=1, max_units=None, lane=LANE
    ),
    "rekognition:StopProjectVersion": lambda aws: aws.gateway.stop_version(VERSION, lane=LANE),
    "rekognition:DeleteProjectVersion": lambda aws: aws.gateway.delete_version(VERSION, lane=LANE),
    "rekognition:DeleteProject": lambda aws: aws.gateway.delete_project(PROJECT, lane=LANE),
    "rekognition:DeleteDataset": lambda aws: aws.gateway.delete_dataset(DATASET, lane=LANE),
    "rekognition:DetectModerationLabels": lambda aws: aws.gateway.detection.detect_moderation_labels(
        b"\x89PNG", project_version_arn=VERSION, min_confidence=None, lane=LANE
    ),
    "rekognition:DetectCustomLabels": lambda aws: aws.gateway.detection.detect_custom_labels(
        b"\x89PNG", project_version_arn=VERSION, min_confidence=None, lane=LANE
    ),
    "cloudwatch:GetMetricData": lambda aws: aws.gateway.successful_requests(**_span(), lane=LANE),
    "cloudwatch:ListMetrics": lambda aws: aws.gateway.other_models_ran("prod.storefront", **_span(), lane=LANE),
    **{
        p.action: lambda aws: create(aws, PROJECT, inputs(key=KEY))
        for p in CALLER_PERMISSIONS["CreateProjectVersion with KmsKeyId"]
    },
}


@pytest.mark.parametrize("action", sorted({p.action for p in EVERYTHING} - IN_THE_OPERATORS_CALLS))
async def test_the_call_is_allowed_and_without_the_action_denied_by_its_name(aws: Aws, action: str) -> None:
    give(aws)
    assert await failure(CALLS[action](aws)) is not ErrorKind.ACCESS_DENIED
    give(aws, without=action)
    with pytest.raises(CallError) as caught:
        await CALLS[action](aws)
    assert caught.value.kind is ErrorKind.ACCESS_DENIED
    assert f"not authorized to perform: {action} on resource" in str(caught.value)
    assert action in hindrance_of(caught.value, None).message


async def test_with_the_whole_policy_a_training_of_a_versioned_manifest_under_a_key_succeeds(aws: Aws) -> None:
    version = upload(images=True)
    give(aws)
    project = await create_project(aws)
    await create(aws, project, inputs(key=KEY, version=version))
    aws.finish_training()
    (trained,) = await aws.gateway.describe_versions(project, lane=LANE)
    assert trained.state is VersionState.TRAINING_COMPLETED, trained.status_message
    assert trained.evaluation_summary is not None
    summary = trained.evaluation_summary
    assert await aws.gateway.objects.read(summary.bucket, summary.name, max_bytes=1_000_000, lane=LANE)


@pytest.mark.parametrize("action", IN_TRAINING)
async def test_without_a_right_of_the_caller_the_training_fails(aws: Aws, action: str) -> None:
    version = upload()
    give(aws, without=action)
    project = await create_project(aws)
    await create(aws, project, inputs(version=version))
    aws.finish_training()
    (trained,) = await aws.gateway.describe_versions(project, lane=LANE)
    assert trained.state is VersionState.TRAINING_FAILED
    assert trained.status_message in (BUCKET_PERMISSIONS, OUTPUT_UNWRITABLE)


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:GetObjectVersion"])
async def test_without_the_right_to_read_an_object_it_is_denied(aws: Aws, action: str) -> None:
    version = upload() if action == "s3:GetObjectVersion" else (upload() and None)
    give(aws, without=action)
    name = "storefront/train.manifest"
    with pytest.raises(CallError) as read:
        await aws.gateway.objects.read(DATA, name, version=version, max_bytes=1_000_000, lane=LANE)
    with pytest.raises(CallError) as head:
        await aws.gateway.objects.head(DATA, name, version=version, lane=LANE)
    assert (read.value.kind, head.value.kind) == (ErrorKind.ACCESS_DENIED, ErrorKind.ACCESS_DENIED)
    assert f"not authorized to perform: {action} on resource" in str(read.value)


async def test_without_the_right_to_list_a_missing_object_looks_denied(aws: Aws) -> None:
    upload()
    give(aws)
    with pytest.raises(CallError) as missing:
        await aws.gateway.objects.head(DATA, "nothing.manifest", lane=LANE)
    give(aws, without="s3:ListBucket")
    with pytest.raises(CallError) as hidden:
        await aws.gateway.objects.head(DATA, "nothing.manifest", lane=LANE)
    assert (missing.value.kind, hidden.value.kind) == (ErrorKind.NOT_FOUND, ErrorKind.ACCESS_DENIED)


async def test_the_policy_ends_at_the_prefix_of_the_projects(aws: Aws) -> None:
    give(aws)
    elsewhere = PROJECT.replace("prod.", "staging.")
    with pytest.raises(CallError) as caught:
        await aws.gateway.describe_versions(elsewhere, lane=LANE)
    assert caught.value.kind is ErrorKind.ACCESS_DENIED
    assert elsewhere in str(caught.value)
