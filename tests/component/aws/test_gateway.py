"""Does every method of the gateway round trip over boto3 and the wire, and is every failure seen as what it is?"""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest

from rekognition_operator import __version__
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.provider import Boto3Provider
from rekognition_operator.core.hindrance import ANSWER_LOST
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.principal import OPERATOR
from rekognition_operator.core.world import Feature, ProjectStatus, S3Object, VersionState
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.wire import QuotaChange
from rekognition_sandbox.samples import make_samples

if TYPE_CHECKING:
    from rekognition_operator.aws.rekognition import Boto3Rekognition

ADAPTER = Feature.CONTENT_MODERATION
SAMPLES = "acme-samples"
INPUTS = TrainingInputs(
    training=(ManifestRef(SAMPLES, "storefront/train.manifest"),),
    testing=(ManifestRef(SAMPLES, "storefront/test.manifest"),),
    confidence_threshold=60.0,
)
SPLIT = TrainingInputs(training=(ManifestRef(SAMPLES, "storefront/train.manifest"),), kms_key_id="alias/rekognition")
OUTPUT = S3Object(SAMPLES, "out/")


class Aws(Protocol):
    """The fixture's world: see conftest."""

    gateway: "Boto3Rekognition"
    control: EmulatorControl
    outcomes: list[tuple[str, str]]

    def settle(self) -> None: ...

    def finish_training(self) -> None: ...

    def count(self, operation: str) -> int: ...


def upload_samples() -> None:
    """Put the manifests and images of a training into S3."""
    make_samples().upload(boto3.client("s3"), SAMPLES)


async def adapter(aws: Aws, name: str = "storefront", tags: Mapping[str, str] | None = None) -> str:
    """Make a project that is CREATED."""
    arn = await aws.gateway.create_project(name, ADAPTER, auto_update=False, tags=tags or {}, lane=Lane.CHANGE)
    aws.settle()
    return arn


async def train(aws: Aws, project_arn: str, name: str = "v1-0", inputs: TrainingInputs = INPUTS) -> str:
    return await aws.gateway.create_version(
        project_arn,
        name,
        feature=ADAPTER,
        inputs=inputs,
        output=OUTPUT,
        description="autumn",
        tags={"team": "safety"},
        lane=Lane.CHANGE,
    )


async def test_a_project_round_trips(aws: Aws) -> None:
    arn = await aws.gateway.create_project(
        "storefront", ADAPTER, auto_update=True, tags={"team": "trust safety"}, lane=Lane.CHANGE
    )
    project = await aws.gateway.describe_project("storefront", ADAPTER, lane=Lane.CHANGE, max_age_seconds=0)
    assert project is not None
    assert (project.arn, project.name, project.status) == (arn, "storefront", ProjectStatus.CREATING)
    assert (project.feature, project.auto_update, project.tags) == (ADAPTER, True, {"team": "trust safety"})
    assert int(project.created_at.timestamp() * 1000) == int(arn.rpartition("/")[2])
    assert project.created_at.tzinfo is UTC
    aws.settle()
    await aws.gateway.delete_project(arn, lane=Lane.CHANGE)
    deleting = await aws.gateway.describe_project("storefront", ADAPTER, lane=Lane.CHANGE, max_age_seconds=60)
    assert deleting is not None
    assert deleting.status is ProjectStatus.DELETING
    aws.settle()
    assert await aws.gateway.describe_project("storefront", ADAPTER, lane=Lane.CHANGE, max_age_seconds=0) is None
    await aws.gateway.delete_project(arn, lane=Lane.CHANGE)  # gone already


async def test_a_custom_labels_project_and_its_datasets_are_seen(aws: Aws) -> None:
    labels = Feature.CUSTOM_LABELS
    arn = await aws.gateway.create_project("parts", labels, auto_update=False, tags={}, lane=Lane.CHANGE)
    aws.settle()
    dataset = aws.control.add_dataset(arn, "TRAIN")
    project = await aws.gateway.describe_project("parts", ADAPTER, lane=Lane.CHANGE, max_age_seconds=0)
    assert project is not None
    assert (project.feature, project.auto_update) == (labels, False)
    assert [(d.arn, d.dataset_type) for d in project.datasets] == [(dataset, "TRAIN")]


async def test_a_training_round_trips(aws: Aws) -> None:
    upload_samples()
    project_arn = await adapter(aws)
    arn = await train(aws, project_arn)
    (training,) = await aws.gateway.describe_versions(project_arn, lane=Lane.FLIGHT)
    assert (training.arn, training.name, training.state) == (arn, "v1-0", VersionState.TRAINING_IN_PROGRESS)
    assert (training.inputs, training.output, training.description) == (INPUTS, OUTPUT, "autumn")
    assert (training.tags, training.f1_score) == ({"team": "safety"}, None)
    aws.finish_training()
    trained = await aws.gateway.describe_version(project_arn, "v1-0", lane=Lane.FLIGHT)
    assert trained is not None
    assert trained.state is VersionState.TRAINING_COMPLETED
    assert trained.inputs == INPUTS
    assert trained.f1_score is not None
    assert 0 < trained.f1_score <= 1
    assert trained.billable_training_seconds
    assert trained.training_ended_at is not None
    assert trained.training_ended_at - trained.created_at >= timedelta(minutes=29)
    assert trained.base_model_version
    assert trained.evaluation_summary == S3Object(SAMPLES, "out/EvaluationResultSummary-storefront-v1-0.json")
    assert trained.manifest_summary is not None
    body = boto3.client("s3").get_object(Bucket=SAMPLES, Key=trained.evaluation_summary.name)["Body"].read()
    assert b"F1Score" in body
    await aws.gateway.delete_version(arn, lane=Lane.FLIGHT)
    (deleting,) = await aws.gateway.describe_versions(project_arn, lane=Lane.FLIGHT)
    assert deleting.state is VersionState.DELETING
    aws.settle()
    assert await aws.gateway.describe_versions(project_arn, lane=Lane.FLIGHT) == ()
    await aws.gateway.delete_version(arn, lane=Lane.FLIGHT)  # gone already


async def test_a_test_split_by_aws_and_a_key_round_trip(aws: Aws) -> None:
    upload_samples()
    project_arn = await adapter(aws)
    await train(aws, project_arn, inputs=SPLIT)
    aws.finish_training()
    (trained,) = await aws.gateway.describe_versions(project_arn, lane=Lane.FLIGHT)
    assert trained.state is VersionState.TRAINING_COMPLETED
    assert trained.inputs == SPLIT


async def test_a_failed_training_says_why(aws: Aws) -> None:
    project_arn = await adapter(aws)
    await train(aws, project_arn)  # there are no manifests
    aws.finish_training()
    (failed,) = await aws.gateway.describe_versions(project_arn, lane=Lane.FLIGHT)
    assert failed.state is VersionState.TRAINING_FAILED
    assert failed.status_message == "The manifest file extension or contents are invalid."


async def test_tags_are_set_removed_and_read(aws: Aws) -> None:
    arn = await adapter(aws, tags={"a": "1"})
    await aws.gateway.set_tags(arn, {"b": "2", "c": "3"}, lane=Lane.CHANGE)
    await aws.gateway.remove_tags(arn, ("a", "c"), lane=Lane.CHANGE)
    assert await aws.gateway.fresh_tags(arn, lane=Lane.CHANGE) == {"b": "2"}
    project = await aws.gateway.describe_project("storefront", ADAPTER, lane=Lane.CHANGE, max_age_seconds=60)
    assert project is not None
    assert project.tags == {"b": "2"}


async def test_all_pages_of_projects_and_versions_are_read(aws: Aws) -> None:
    aws.control.set_quotas(QuotaChange(projects=300))
    for n in range(104):
        await aws.gateway.create_project(f"p{n:03}", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    aws.settle()
    last = await aws.gateway.describe_project("p103", ADAPTER, lane=Lane.SWEEP, max_age_seconds=600)
    first = await aws.gateway.describe_project("p000", ADAPTER, lane=Lane.SWEEP, max_age_seconds=600)
    assert last is not None
    assert first is not None
    assert aws.gateway.projects_listed in {None, 104}
    other = Boto3Provider(limiters=lambda _account, _region: UnlimitedCalls())
    try:
        gateway = await other.connect(OPERATOR, "us-east-1")
        before = aws.count("DescribeProjects")
        for name in ("p000", "p050", "p103"):
            assert await gateway.describe_project(name, ADAPTER, lane=Lane.SWEEP, max_age_seconds=600)
        assert aws.count("DescribeProjects") - before == 2  # one listing of two pages, for all of them
        assert gateway.projects_listed == 104
    finally:
        other.close()
    for n in range(103):
        aws.control.add_foreign_version(first.arn, f"v{n:03}")
    versions = await aws.gateway.describe_versions(first.arn, lane=Lane.SWEEP)
    assert [v.name for v in versions] == [f"v{n:03}" for n in reversed(range(103))]


async def test_a_full_training_quota_is_seen_and_asked_for_once(aws: Aws) -> None:
    aws.control.set_quotas(QuotaChange(concurrent_trainings=1))
    project_arn = await adapter(aws)
    await train(aws, project_arn, "v1-0")
    with pytest.raises(CallError) as full:
        await train(aws, project_arn, "v1-1")
    assert (full.value.kind, full.value.code) == (ErrorKind.LIMIT, "LimitExceededException")
    assert full.value.request_id
    assert aws.count("CreateProjectVersion") == 2


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "InternalServerError", "ProvisionedThroughputExceededException"]
)
async def test_a_refused_change_is_not_repeated(aws: Aws, code: str) -> None:
    project_arn = await adapter(aws)
    aws.control.fail("CreateProjectVersion", code, nth=1)
    with pytest.raises(CallError) as refused:
        await train(aws, project_arn)
    assert refused.value.code == code
    assert aws.count("CreateProjectVersion") == 1


@pytest.mark.parametrize("before_effect", [True, False])
async def test_a_lost_answer_is_seen_as_lost_and_not_asked_for_again(aws: Aws, *, before_effect: bool) -> None:
    project_arn = await adapter(aws)
    aws.control.lose_answer("CreateProjectVersion", nth=1, before_effect=before_effect)
    with pytest.raises(CallError) as lost:
        await train(aws, project_arn)
    assert (lost.value.kind, lost.value.code) == (ErrorKind.LOST, ANSWER_LOST)
    assert aws.count("CreateProjectVersion") == 1
    listed = await aws.gateway.describe_version(project_arn, "v1-0", lane=Lane.CHANGE)
    assert (listed is None) is before_effect


async def test_an_answer_that_takes_too_long_is_lost(aws: Aws) -> None:
    absent = "arn:aws:rekognition:us-east-1:123456789012:project/absent/1700000000000"
    aws.control.delay("TagResource", 2, nth=1)  # what comes late changes nothing: it would disturb the next test
    provider = Boto3Provider(limiters=lambda _account, _region: UnlimitedCalls(), read_timeout_seconds=1)
    try:
        gateway = await provider.connect(OPERATOR, "us-east-1")
        with pytest.raises(CallError) as lost:
            await gateway.set_tags(absent, {"a": "b"}, lane=Lane.CHANGE)
    finally:
        provider.close()
    assert (lost.value.kind, lost.value.code) == (ErrorKind.LOST, ANSWER_LOST)


async def test_a_look_survives_throttling_a_fault_and_a_lost_answer(aws: Aws) -> None:
    project_arn = await adapter(aws)
    aws.control.fail("DescribeProjectVersions", "ThrottlingException", nth=1)
    aws.control.fail("DescribeProjectVersions", "InternalServerError", nth=2)
    assert await aws.gateway.describe_versions(project_arn, lane=Lane.SWEEP) == ()
    aws.control.lose_answer("DescribeProjects", nth=1)
    assert await aws.gateway.describe_project("storefront", ADAPTER, lane=Lane.SWEEP, max_age_seconds=0)
    assert [outcome for operation, outcome in aws.outcomes if operation.startswith("Describe")] == [
        "Throttled",
        "Server",
        "ok",
        "Lost",
        "ok",
    ]


async def test_denied_and_invalid_calls_are_told_apart(aws: Aws) -> None:
    project_arn = await adapter(aws)
    aws.control.fail("TagResource", "AccessDeniedException", nth=1)
    with pytest.raises(CallError) as denied:
        await aws.gateway.set_tags(project_arn, {"a": "b"}, lane=Lane.CHANGE)
    with pytest.raises(CallError) as invalid:
        await train(aws, project_arn, "not/a name")
    assert (denied.value.kind, invalid.value.kind) == (ErrorKind.ACCESS_DENIED, ErrorKind.INVALID)


async def test_aws_sees_who_calls(aws: Aws) -> None:
    await adapter(aws)
    (call,) = aws.control.calls("CreateProject")
    assert call.user_agent.endswith(f"rekognition-operator/{__version__}")
    assert (call.account, call.region) == (aws.gateway.account, "us-east-1")


async def test_nobody_listening_is_a_passing_fault_and_not_a_lost_answer(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:1")
    provider = Boto3Provider(limiters=lambda _account, _region: UnlimitedCalls())
    try:
        gateway = await provider.connect(OPERATOR, "us-east-1")
        with pytest.raises(CallError) as refused:
            await gateway.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    finally:
        provider.close()
    assert (refused.value.kind, refused.value.code) == (ErrorKind.SERVER, "EndpointConnectionError")
    assert aws.count("CreateProject") == 0
