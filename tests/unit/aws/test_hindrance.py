"""What follows from each kind of failed call, and does the text say what to do?"""

import pytest

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.hindrance import hindrance_of, iam_action
from rekognition_operator.core.actions import (
    Action,
    CreateProject,
    CreateVersion,
    DeleteProject,
    DeleteVersion,
    Promote,
    RemoveTags,
    SetTags,
    StartVersion,
    StopVersion,
)
from rekognition_operator.core.hindrance import Conflict, Terminal, Transient, Waiting
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import Feature, S3Object

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/1700000000000"
VERSION = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/v1-0/1700000000001"

CREATE_PROJECT = CreateProject("storefront", Feature.CONTENT_MODERATION, auto_update=False, tags={})
CREATE_VERSION = CreateVersion(
    PROJECT,
    "v1-0",
    TrainingInputs((ManifestRef("images", "train.manifest"),), (ManifestRef("tests", "test.manifest"),), 60.0),
    S3Object("results", "out/"),
    None,
    {},
    listed=3,
    request_key="k",
)
ENCRYPTED = CreateVersion(
    PROJECT,
    "v1-0",
    TrainingInputs((ManifestRef("images", "train.manifest"),), kms_key_id="alias/rekognition"),
    S3Object("results", "out/"),
    None,
    {},
    listed=3,
    request_key="k",
)
TAG = SetTags(PROJECT, {"a": "b"})
START = StartVersion(VERSION, PROJECT, "v1-0", 1, 2, {}, (0, ""))
STOP = StopVersion(VERSION, PROJECT, "v1-0", {})


def failed(kind: ErrorKind, operation: str, code: str = "Code", message: str = "AWS says so.") -> CallError:
    return CallError(kind, operation, code, message, "request-1")


@pytest.mark.parametrize("kind", [ErrorKind.THROTTLED, ErrorKind.SERVER, ErrorKind.LOST])
@pytest.mark.parametrize("action", [None, CREATE_PROJECT, CREATE_VERSION, TAG])
def test_a_passing_fault_is_tried_again(kind: ErrorKind, action: Action | None) -> None:
    hindrance = hindrance_of(failed(kind, "CreateProjectVersion"), action, versions_listed=100, projects_listed=100)
    assert isinstance(hindrance, Transient)
    assert hindrance.reason is Reason.RETRYING
    assert "Nothing to do" in hindrance.message


@pytest.mark.parametrize("kind", ErrorKind)
@pytest.mark.parametrize(
    "operation",
    ["CreateProject", "CreateProjectVersion", "StartProjectVersion", "TagResource", "DescribeProjects"],
)
@pytest.mark.parametrize("says", ["AWS says so", "AWS says so."])
def test_the_full_stop_of_aws_is_not_doubled(kind: ErrorKind, operation: str, says: str) -> None:
    for action in (None, CREATE_PROJECT, CREATE_VERSION, START, TAG):
        message = hindrance_of(failed(kind, operation, message=says), action, versions_listed=100).message
        assert ".." not in message
        assert not message.endswith(".")


def test_an_unreachable_endpoint_points_to_the_region() -> None:
    error = failed(ErrorKind.SERVER, "DescribeProjects", "EndpointConnectionError")
    assert "check spec.region" in hindrance_of(error, None).message


def test_a_status_message_never_carries_a_request_id() -> None:
    for kind in ErrorKind:
        for action in (None, CREATE_PROJECT, CREATE_VERSION, TAG):
            assert "request-1" not in hindrance_of(failed(kind, "TagResource"), action).message


@pytest.mark.parametrize(
    ("action", "operation", "permission", "resource"),
    [
        (None, "DescribeProjects", "rekognition:DescribeProjects", "on *"),
        (None, "ListTagsForResource", "rekognition:ListTagsForResource", "the project and its versions"),
        (CREATE_PROJECT, "CreateProject", "rekognition:CreateProject", "project storefront"),
        (CREATE_VERSION, "CreateProjectVersion", "rekognition:CreateProjectVersion", PROJECT),
        (DeleteVersion(VERSION, "v1-0", {}), "DeleteProjectVersion", "rekognition:DeleteProjectVersion", VERSION),
        (DeleteProject(PROJECT), "DeleteProject", "rekognition:DeleteProject", PROJECT),
        (TAG, "TagResource", "rekognition:TagResource", PROJECT),
        (RemoveTags(VERSION, ("a",)), "UntagResource", "rekognition:UntagResource", VERSION),
        (Promote(VERSION, PROJECT, "v1-0", {}), "TagResource", "rekognition:TagResource", VERSION),
        (START, "StartProjectVersion", "rekognition:StartProjectVersion", VERSION),
        (STOP, "StopProjectVersion", "rekognition:StopProjectVersion", VERSION),
    ],
)
def test_a_denied_call_names_the_iam_action_and_the_resource(
    action: Action | None, operation: str, permission: str, resource: str
) -> None:
    hindrance = hindrance_of(failed(ErrorKind.ACCESS_DENIED, operation), action)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.ACCESS_DENIED, 600)
    assert permission in hindrance.message
    assert resource in hindrance.message
    assert "Allow it in the operator's IAM policy" in hindrance.message


def test_a_denied_training_also_names_the_rights_on_buckets_and_key() -> None:
    error = failed(ErrorKind.ACCESS_DENIED, "CreateProjectVersion")
    plain = hindrance_of(error, CREATE_VERSION).message
    assert "s3:GetObject" in plain
    assert "on images, tests" in plain
    assert "s3:PutObject on results" in plain
    assert "kms:" not in plain
    encrypted = hindrance_of(error, ENCRYPTED).message
    assert "kms:CreateGrant" in encrypted
    assert "on alias/rekognition" in encrypted


def test_credentials_that_do_not_work_stall_and_say_where_to_look() -> None:
    hindrance = hindrance_of(failed(ErrorKind.CREDENTIALS, "GetCallerIdentity", "ExpiredToken"), None)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.CREDENTIALS_INVALID, 600)
    assert "service account" in hindrance.message
    assert "ExpiredToken" in hindrance.message


def test_too_many_projects_stall_for_half_an_hour() -> None:
    error = failed(ErrorKind.LIMIT, "CreateProject")
    hindrance = hindrance_of(error, CREATE_PROJECT, versions_listed=None, projects_listed=100)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.PROJECT_QUOTA_REACHED, 1800)
    assert "storefront" in hindrance.message
    assert "100 are listed" in hindrance.message
    assert "Service Quotas" in hindrance.message


@pytest.mark.parametrize("listed", [None, 0, 99])
def test_a_refused_training_below_the_count_quota_waits_for_a_slot(listed: int | None) -> None:
    error = failed(ErrorKind.LIMIT, "CreateProjectVersion")
    hindrance = hindrance_of(error, CREATE_VERSION, versions_listed=listed, projects_listed=None)
    assert isinstance(hindrance, Waiting)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.WAITING_FOR_QUOTA, 60)
    assert hindrance.waiting_for == "TrainingSlot"


@pytest.mark.parametrize(("listed", "quota"), [(100, 100), (120, 100), (5, 5)])
def test_a_refused_training_at_the_count_quota_stalls(listed: int, quota: int) -> None:
    error = failed(ErrorKind.LIMIT, "CreateProjectVersion")
    hindrance = hindrance_of(error, CREATE_VERSION, versions_listed=listed, versions_quota=quota)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.VERSION_QUOTA_REACHED, 1800)
    assert "spec.retention.keep" in hindrance.message


@pytest.mark.parametrize("code", ["LimitExceededException", "ServiceQuotaExceededException"])
@pytest.mark.parametrize("action", [START, None])
def test_a_refused_start_waits_for_a_running_model(action: Action | None, code: str) -> None:
    hindrance = hindrance_of(failed(ErrorKind.LIMIT, "StartProjectVersion", code), action)
    assert isinstance(hindrance, Waiting)
    assert (hindrance.reason, hindrance.after_seconds) == (Reason.WAITING_FOR_QUOTA, 60)
    assert hindrance.waiting_for == "RunningModelSlot"
    assert hindrance.message.startswith("All models that the account may run at a time are running, or the model asks")
    assert "--running-model-slots" in hindrance.message


@pytest.mark.parametrize(("units", "asked"), [((1, 6), 6), ((7, None), 7)])
def test_a_refused_start_with_more_units_than_the_quota_says_so_first(
    units: tuple[int, int | None], asked: int
) -> None:
    start = StartVersion(VERSION, PROJECT, "v1-0", *units, {}, (0, ""))
    message = hindrance_of(failed(ErrorKind.LIMIT, "StartProjectVersion"), start).message
    assert message.startswith(
        f"The model asks for {asked} inference units, and its quota (5 by default) is less, or all models"
    )
    field = "spec.serving.minInferenceUnits" if units[1] is None else "spec.serving.maxInferenceUnits"
    assert message.index(field) < message.index("--running-model-slots")


def test_too_many_tags_stall() -> None:
    hindrance = hindrance_of(failed(ErrorKind.LIMIT, "TagResource", "ServiceQuotaExceededException"), TAG)
    assert isinstance(hindrance, Terminal)
    assert hindrance.reason is Reason.TAG_QUOTA_REACHED
    assert "spec.tags" in hindrance.message


def test_any_other_limit_is_waited_for() -> None:
    hindrance = hindrance_of(failed(ErrorKind.LIMIT, "DeleteDataset"), None)
    assert isinstance(hindrance, Waiting)
    assert hindrance.waiting_for is None


@pytest.mark.parametrize("kind", [ErrorKind.IN_USE, ErrorKind.NOT_FOUND])
@pytest.mark.parametrize("action", [None, CREATE_PROJECT, CREATE_VERSION, TAG])
def test_a_changed_world_is_looked_at_again(kind: ErrorKind, action: Action | None) -> None:
    assert isinstance(hindrance_of(failed(kind, "DeleteProject"), action), Conflict)


def test_an_invalid_training_is_followed_by_its_name() -> None:
    assert isinstance(hindrance_of(failed(ErrorKind.INVALID, "CreateProjectVersion"), CREATE_VERSION), Conflict)


@pytest.mark.parametrize(
    ("action", "operation", "field"),
    [
        (CREATE_PROJECT, "CreateProject", "spec.projectName"),
        (TAG, "TagResource", "spec.tags"),
        (None, "DescribeProjects", "spec.region"),
        (START, "StartProjectVersion", "spec.serving.minInferenceUnits and spec.serving.maxInferenceUnits"),
        (STOP, "StopProjectVersion", "spec.serving.state"),
        (DeleteProject(PROJECT), "DeleteProject", "report it"),
    ],
)
def test_any_other_invalid_request_stalls_and_names_the_fields(
    action: Action | None, operation: str, field: str
) -> None:
    hindrance = hindrance_of(failed(ErrorKind.INVALID, operation), action)
    assert isinstance(hindrance, Terminal)
    assert hindrance.reason is Reason.INVALID_REQUEST
    assert "AWS says so." in hindrance.message
    assert field in hindrance.message


def test_actions_are_named_by_the_service_that_is_asked() -> None:
    asked = ("GetCallerIdentity", "GetMetricData", "ListMetrics", "StartProjectVersion", "HeadObject", "GetObject")
    assert [iam_action(operation) for operation in asked] == [
        "sts:GetCallerIdentity",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "rekognition:StartProjectVersion",
        "s3:GetObject",
        "s3:GetObject",
    ]


def test_a_denied_call_names_the_resource_that_the_gateway_knows() -> None:
    error = CallError(ErrorKind.ACCESS_DENIED, "HeadObject", "403", "Forbidden", resource="s3://acme-ml/train.manifest")
    assert hindrance_of(error, None).message.startswith("AWS denied s3:GetObject on s3://acme-ml/train.manifest: ")
