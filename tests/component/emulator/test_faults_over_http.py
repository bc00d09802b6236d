"""Do injected faults reach a client as errors, delays and lost answers, and does the call log tell of them?"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError

from rekognition_sandbox.emulator.client import EmulatorControlError
from rekognition_sandbox.emulator.wire import FaultSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition.type_defs import S3ObjectTypeDef

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", 400),
        ("InternalServerError", 500),
        ("ThrottlingException", 400),
        ("HumanLoopQuotaExceededException", 402),
    ],
)
def test_an_error_comes_on_the_nth_call_with_the_documented_status(aws: Aws, code: str, status: int) -> None:
    aws.control.fail("CreateProject", code, "as told", nth=2)
    aws.rekognition.create_project(ProjectName="a")

    with pytest.raises(aws.rekognition.exceptions.ClientError) as caught:
        aws.rekognition.create_project(ProjectName="b")
    aws.rekognition.create_project(ProjectName="c")

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"] == "as told"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert set(aws.project_statuses("CUSTOM_LABELS")) == {"a", "c"}


def test_a_status_of_ones_own_is_kept(aws: Aws) -> None:
    aws.control.fail("DescribeProjects", "ThrottlingException", status=500)

    with pytest.raises(aws.rekognition.exceptions.ThrottlingException) as caught:
        aws.rekognition.describe_projects()

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_the_answer_is_lost_after_the_effect(aws: Aws) -> None:
    aws.control.lose_answer("CreateProject", nth=1)

    with pytest.raises(ConnectionClosedError):
        aws.rekognition.create_project(ProjectName="a")

    assert set(aws.project_statuses("CUSTOM_LABELS")) == {"a"}
    (record,) = aws.control.calls("CreateProject")
    assert record.outcome == "lost"
    assert record.effect is not None
    assert record.effect.startswith("created arn:aws:rekognition:us-east-1:123456789012:project/a/")


def test_the_answer_is_lost_before_any_effect(aws: Aws) -> None:
    aws.control.lose_answer("CreateProject", before_effect=True, nth=1)

    with pytest.raises(ConnectionClosedError):
        aws.rekognition.create_project(ProjectName="a")

    assert aws.project_statuses("CUSTOM_LABELS") == {}
    (record,) = aws.control.calls("CreateProject")
    assert (record.outcome, record.effect) == ("lost", None)


def test_a_delay_lets_the_call_wait_and_others_pass(aws: Aws) -> None:
    aws.control.delay("CreateProject", 0.3, nth=1)

    began = time.monotonic()
    aws.rekognition.create_project(ProjectName="a")
    waited = time.monotonic() - began

    assert waited >= 0.3
    assert set(aws.project_statuses("CUSTOM_LABELS")) == {"a"}


def test_a_withheld_answer_comes_after_the_effect_has_shown(aws: Aws) -> None:
    aws.control.withhold("CreateProject", 1.0, nth=1)

    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        answer = pool.submit(aws.rekognition.create_project, ProjectName="a")
        while not aws.control.calls("CreateProject"):
            assert time.monotonic() - began < 30, "the call never came"
        seen = (set(aws.project_statuses("CUSTOM_LABELS")), answer.done())
        answer.result()
        waited = time.monotonic() - began

    assert seen == ({"a"}, False)
    assert waited >= 1.0


def test_faults_are_shown_and_cleared(aws: Aws) -> None:
    made = aws.control.fail("CreateProject", "AccessDeniedException", times=1)

    assert aws.control.faults() == [made]
    aws.control.clear_faults()
    assert aws.control.faults() == []
    aws.rekognition.create_project(ProjectName="a")


def test_a_fault_of_every_operation_strikes_each(aws: Aws, refused: Refused) -> None:
    aws.control.fail("*", "InternalServerError")

    assert refused(aws.rekognition.describe_projects)[0] == "InternalServerError"
    assert refused(lambda: aws.rekognition.create_project(ProjectName="a"))[0] == "InternalServerError"


def test_a_misspelt_operation_is_refused_with_the_right_name(aws: Aws) -> None:
    with pytest.raises(EmulatorControlError, match="Did you mean CreateProject"):
        aws.control.add_fault(FaultSpec(operation="CreateProjekt", delay_seconds=1))


def test_every_call_is_logged_with_parameters_outcome_and_effect(aws: Aws, refused: Refused) -> None:
    arn = aws.rekognition.create_project(ProjectName="a", Tags={"team": "search"})["ProjectArn"]
    refused(lambda: aws.rekognition.create_project(ProjectName="a"))
    aws.rekognition.describe_projects()
    aws.rekognition.detect_moderation_labels(Image={"S3Object": sample_image(aws)})

    created, refusal, described, detected = aws.control.calls()

    assert (created.operation, created.account, created.region) == ("CreateProject", "123456789012", "us-east-1")
    assert created.parameters == {"ProjectName": "a", "Tags": {"team": "search"}}
    assert (created.outcome, created.effect) == ("ok", f"created {arn}")
    assert (refusal.outcome, refusal.effect) == ("ResourceInUseException", None)
    assert (described.outcome, described.effect) == ("ok", None)
    assert detected.operation == "DetectModerationLabels"
    assert "Boto3" in created.user_agent
    assert created.sequence < refusal.sequence < described.sequence < detected.sequence


def test_the_log_is_read_by_operation_and_from_a_sequence_on(aws: Aws) -> None:
    aws.rekognition.create_project(ProjectName="a")
    aws.rekognition.describe_projects()
    seen = aws.control.calls()[-1].sequence
    aws.rekognition.describe_projects()

    assert [record.operation for record in aws.control.calls("CreateProject")] == ["CreateProject"]
    assert [record.operation for record in aws.control.calls(since=seen)] == ["DescribeProjects"]
    assert aws.control.calls("CreateProject", since=seen) == []
    aws.control.clear_calls()
    assert aws.control.calls() == []


def test_the_log_is_read_by_region(aws: Aws) -> None:
    aws.rekognition.create_project(ProjectName="here")
    aws.client("eu-west-1").create_project(ProjectName="there")

    (record,) = aws.control.calls(region="eu-west-1")

    assert record.parameters["ProjectName"] == "there"
    assert aws.control.calls("DescribeProjects", region="eu-west-1") == []
    assert len(aws.control.calls()) == 2


def test_images_are_logged_by_their_length(aws: Aws, refused: Refused) -> None:
    refused(lambda: aws.rekognition.detect_moderation_labels(Image={"Bytes": b"x" * 6000}))

    (record,) = aws.control.calls()

    assert record.parameters == {"Image": {"Bytes": "<8000 characters>"}}


def sample_image(aws: Aws) -> S3ObjectTypeDef:
    found = aws.s3.list_objects_v2(Bucket="acme-samples", Prefix="storefront/images/", MaxKeys=1)["Contents"]
    return {"Bucket": "acme-samples", "Name": found[0]["Key"]}
