"""Do the controls change time, quotas, versions and base models as they say?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from component.emulator.conftest import TRAINING_SECONDS
from rekognition_sandbox.emulator.client import EmulatorControlError
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


def test_health_says_ok(aws: Aws) -> None:
    answer = requests.get(f"{aws.control.url}/moto-api/rekognition/health", timeout=10)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_time_stands_still_jumps_and_runs_as_told(aws: Aws) -> None:
    before = aws.control.clock()

    jumped = aws.control.advance(3600)
    faster = aws.control.set_time_scale(600)

    assert before.time_scale == 0
    assert timedelta() <= jumped.now - before.now - timedelta(hours=1) < timedelta(milliseconds=2)
    assert faster.time_scale == 600
    assert faster.now >= jumped.now


def test_held_trainings_do_not_end_while_all_else_goes_on(aws: Aws) -> None:
    aws.control.hold_trainings("us-east-1")
    project = aws.adapter_project()  # that it becomes CREATED is not held
    aws.start_training(project, "adapter")
    aws.start_custom_labels_training(aws.custom_labels_project(), "labels")

    aws.control.advance(86400)

    assert aws.control.held_trainings() == ["us-east-1"]
    assert aws.version(project, "adapter")["Status"] == "TRAINING_IN_PROGRESS"
    assert set(aws.project_statuses("CONTENT_MODERATION").values()) == {"CREATED"}


def test_released_trainings_end_at_once_when_they_are_overdue_and_else_in_time(aws: Aws) -> None:
    aws.control.hold_trainings("us-east-1")
    project = aws.adapter_project()
    aws.start_training(project, "overdue")
    aws.finish_training()
    aws.start_training(project, "in-time")

    aws.control.release_trainings("us-east-1")

    overdue, in_time = aws.version(project, "overdue"), aws.version(project, "in-time")
    assert (overdue["Status"], in_time["Status"]) == ("TRAINING_COMPLETED", "TRAINING_IN_PROGRESS")
    assert overdue["TrainingEndTimestamp"] - overdue["CreationTimestamp"] == timedelta(seconds=TRAINING_SECONDS)
    assert aws.control.held_trainings() == []
    aws.finish_training()
    assert aws.version(project, "in-time")["Status"] == "TRAINING_COMPLETED"


def test_held_trainings_count_against_the_quota_and_only_in_their_region(aws: Aws, refused: Refused) -> None:
    aws.control.hold_trainings("eu-elsewhere-1")
    aws.control.set_quotas(QuotaChange(concurrent_trainings=1))
    project = aws.adapter_project()
    aws.train(project, "not-held")
    aws.control.hold_trainings("us-east-1")
    aws.start_training(project, "held")
    aws.finish_training()

    assert refused(lambda: aws.start_training(project, "one-too-many"))[0] == "LimitExceededException"
    assert aws.version(project, "not-held")["Status"] == "TRAINING_COMPLETED"


def test_calls_beyond_the_rate_of_an_operation_are_throttled(aws: Aws, refused: Refused) -> None:
    aws.control.set_quotas(QuotaChange(throttling=True, control_calls_per_second=0.001))
    # A rate below one call a second has a depth of one call: the second within 1,000 seconds is throttled.
    aws.rekognition.describe_projects()

    code, message = refused(aws.rekognition.describe_projects)

    assert code == "ThrottlingException"
    assert message == "Slow down; sudden increase in rate of requests."
    aws.rekognition.create_project(ProjectName="other-operations-have-their-own-rate")


def test_throttled_calls_have_no_effect_and_no_fault_counts_them(aws: Aws, refused: Refused) -> None:
    aws.control.set_quotas(QuotaChange(throttling=True, control_calls_per_second=0.001))
    aws.control.fail("CreateProject", "AccessDeniedException", nth=2)
    aws.rekognition.create_project(ProjectName="a")

    assert refused(lambda: aws.rekognition.create_project(ProjectName="b"))[0] == "ThrottlingException"
    aws.control.set_quotas(QuotaChange(throttling=False))
    assert refused(lambda: aws.rekognition.create_project(ProjectName="b"))[0] == "AccessDeniedException"
    assert set(aws.project_statuses("CUSTOM_LABELS")) == {"a"}


def test_quotas_change_only_where_told(aws: Aws) -> None:
    before = aws.control.quotas()

    after = aws.control.set_quotas(QuotaChange(concurrent_trainings=7))

    assert after == before.model_copy(update={"concurrent_trainings": 7})
    assert aws.control.quotas() == after


def test_a_version_gets_another_status_and_message(aws: Aws) -> None:
    project = aws.adapter_project()
    arn = aws.start_training(project)

    view = aws.control.set_version(arn, status=VersionStatus.TRAINING_FAILED, status_message="Internal server error.")
    aws.finish_training()

    version = aws.version(project)
    assert (view.status, version["Status"]) == ("TRAINING_FAILED", "TRAINING_FAILED")
    assert version["StatusMessage"] == "Internal server error."
    assert "TrainingEndTimestamp" in version


def test_a_foreign_version_has_no_tags_and_the_current_base_model(aws: Aws) -> None:
    project = aws.adapter_project()
    aws.train(project)
    aws.control.release_base_model("8.0")

    foreign = aws.control.add_foreign_version(project, "auto-update-1")

    newest, own = aws.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
    assert newest["ProjectVersionArn"] == foreign.arn
    assert (newest["Status"], newest["BaseModelVersion"]) == ("TRAINING_COMPLETED", "8.0")
    assert own["BaseModelVersion"] == "7.0"
    assert newest["TrainingDataResult"]["Input"] == own["TrainingDataResult"]["Input"]
    assert aws.rekognition.list_tags_for_resource(ResourceArn=foreign.arn)["Tags"] == {}
    assert [record.operation for record in aws.control.calls("CreateProjectVersion")] == ["CreateProjectVersion"]


def test_a_foreign_version_may_still_be_training_and_takes_no_taken_name(aws: Aws) -> None:
    project = aws.adapter_project()

    view = aws.control.add_foreign_version(project, "theirs", status=VersionStatus.TRAINING_IN_PROGRESS)

    assert view.status == "TRAINING_IN_PROGRESS"
    with pytest.raises(EmulatorControlError, match="has a version theirs already"):
        aws.control.add_foreign_version(project, "theirs")


def test_a_new_base_model_deprecates_the_adapters_of_the_old_one_and_they_expire(aws: Aws) -> None:
    project = aws.adapter_project()
    aws.train(project, "old")
    aws.control.release_base_model("8.0", deprecate=True, expire_after_seconds=60 * 86400)
    aws.train(project, "new")

    def statuses() -> list[str]:
        return [aws.version(project, name)["Status"] for name in ("old", "new")]

    deprecated = statuses()
    aws.control.advance(60 * 86400)

    assert deprecated == ["DEPRECATED", "TRAINING_COMPLETED"]
    assert statuses() == ["EXPIRED", "TRAINING_COMPLETED"]
    assert aws.version(project, "new")["BaseModelVersion"] == "8.0"


def test_under_auto_update_aws_trains_a_version_of_its_own_on_the_new_base_model(aws: Aws) -> None:
    project = aws.adapter_project(auto_update="ENABLED")
    old = aws.train(project, "old")
    aws.control.release_base_model("8.0", deprecate=True, expire_after_seconds=60 * 86400)

    training = aws.version(project, "auto-update-8.0")
    aws.finish_training()
    added, own = aws.version(project, "auto-update-8.0"), aws.version(project, "old")

    assert (training["Status"], added["Status"], own["Status"]) == (
        "TRAINING_IN_PROGRESS",
        "TRAINING_COMPLETED",
        "DEPRECATED",
    )
    assert (added["BaseModelVersion"], own["BaseModelVersion"]) == ("8.0", "7.0")
    assert added["TrainingDataResult"]["Input"] == own["TrainingDataResult"]["Input"]
    assert added["OutputConfig"] == own["OutputConfig"]
    assert added["FeatureConfig"] == own["FeatureConfig"]
    assert added["EvaluationResult"]["F1Score"] == own["EvaluationResult"]["F1Score"]
    assert "auto-update-8.0" in added["EvaluationResult"]["Summary"]["S3Object"]["Name"]
    assert aws.rekognition.list_tags_for_resource(ResourceArn=added["ProjectVersionArn"])["Tags"] == {}
    assert [call.effect for call in aws.control.calls("CreateProjectVersion")] == [f"created {old}"]

    aws.control.advance(60 * 86400)
    again = aws.version(project, "old"), aws.version(project, "auto-update-8.0")
    assert [version["Status"] for version in again] == ["EXPIRED", "TRAINING_COMPLETED"]


def test_aws_adds_nothing_where_it_is_not_asked_to_or_there_is_nothing_to_train(aws: Aws) -> None:
    by_hand = aws.adapter_project("by-hand")
    aws.train(by_hand)
    untrained = aws.adapter_project("untrained", auto_update="ENABLED")
    failed = aws.adapter_project("failed", auto_update="ENABLED")
    aws.control.set_version(aws.start_training(failed), status=VersionStatus.TRAINING_FAILED)
    switched_off = aws.adapter_project("switched-off", auto_update="ENABLED")
    aws.train(switched_off)
    for project in (by_hand, untrained, failed):
        aws.control.release_base_model("8.0", deprecate=True)
        assert "auto-update-8.0" not in names(aws, project)

    aws.control.release_base_model("9.0", deprecate=True, auto_update=False)

    assert names(aws, switched_off) == ["auto-update-8.0", "v1"]


def names(aws: Aws, project: str) -> list[str]:
    """Return the names of a project's versions, newest first."""
    answer = aws.rekognition.describe_project_versions(ProjectArn=project)
    return [version["ProjectVersionArn"].split("/")[3] for version in answer["ProjectVersionDescriptions"]]


def test_datasets_are_for_custom_labels_only(aws: Aws) -> None:
    adapter = aws.adapter_project()

    with pytest.raises(EmulatorControlError, match="only Custom Labels has datasets"):
        aws.control.add_dataset(adapter, "TRAIN")


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "text"),
    [
        ("/nothing", "GET", "", 404, "There is no GET /moto-api/rekognition/nothing"),
        ("/calls", "PUT", "", 405, "There is no PUT /moto-api/rekognition/calls"),
        ("/clock", "PUT", '{"time_scale": -1}', 400, "time_scale"),
        ("/clock", "PUT", "{", 400, "Invalid JSON"),
        ("/held-trainings", "PUT", '{"region": "us-east-1"}', 400, "held: Field required"),
        ("/faults", "POST", '{"operation": "CreateProject"}', 400, "needs error, answer_lost, delay_seconds or"),
        ("/calls?since=yesterday", "GET", "", 400, "since: 'yesterday' is no sequence number"),
        ("/versions/arn:aws:nothing", "PUT", "{}", 404, "There is no version arn:aws:nothing"),
        ("/versions", "POST", '{"project_arn": "arn", "version_name": "a"}', 404, "There is no project arn"),
    ],
)
def test_a_wrong_control_request_is_told_what_is_wrong(
    aws: Aws, path: str, method: str, body: str, status: int, text: str
) -> None:
    answer = requests.request(method, f"{aws.control.url}/moto-api/rekognition{path}", data=body, timeout=10)

    assert answer.status_code == status
    assert text in answer.json()["error"]


def test_a_reset_forgets_everything_but_the_buckets(aws: Aws) -> None:
    project = aws.adapter_project()
    aws.start_training(project)
    aws.control.fail("DescribeProjects", "AccessDeniedException")
    aws.control.set_quotas(QuotaChange(projects=0))
    aws.control.release_base_model("9.9")
    aws.control.set_time_scale(5)
    aws.control.hold_trainings("us-east-1")
    started = aws.control.clock().now

    aws.control.reset()

    assert aws.control.calls() == []
    assert aws.project_statuses("CONTENT_MODERATION") == {}
    assert aws.control.quotas().projects == 100
    assert aws.control.held_trainings() == []
    assert aws.control.clock().time_scale == 0
    assert aws.control.clock().now >= started
    assert aws.version(aws_trained(aws))["BaseModelVersion"] == "7.0"


def aws_trained(aws: Aws) -> str:
    project = aws.adapter_project()
    aws.train(project)
    return project


def test_calls_can_be_asked_for_by_region(aws: Aws) -> None:
    aws.adapter_project()

    assert {call.region for call in aws.control.calls(region="us-east-1")} == {"us-east-1"}
    assert aws.control.calls(region="eu-elsewhere-1") == []
