"""Do StartProjectVersion and StopProjectVersion pass through the states of the reference?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from component.emulator.conftest import STARTING_SECONDS, STOPPING_SECONDS
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


@pytest.fixture
def project(aws: Aws) -> str:
    return aws.custom_labels_project()


@pytest.fixture
def model(aws: Aws, project: str) -> str:
    return aws.train_custom_labels(project)


def start(aws: Aws, arn: str, units: int = 1) -> str:
    return aws.rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=units)["Status"]


def stop(aws: Aws, arn: str) -> str:
    return aws.rekognition.stop_project_version(ProjectVersionArn=arn)["Status"]


def running_models(aws: Aws, project: str, count: int) -> list[str]:
    """Return the ARNs of models that run."""
    arns = [aws.train_custom_labels(project, f"m{number}") for number in range(count)]
    for arn in arns:
        aws.start(arn)
    return arns


def test_a_model_starts_runs_stops_and_starts_again(aws: Aws, project: str, model: str) -> None:
    seen = [aws.version(project)["Status"], start(aws, model)]
    aws.control.advance(STARTING_SECONDS - 1)
    seen.append(aws.version(project)["Status"])
    aws.control.advance(1)
    seen += [aws.version(project)["Status"], stop(aws, model)]
    aws.control.advance(STOPPING_SECONDS - 1)
    seen.append(aws.version(project)["Status"])
    aws.control.advance(1)
    seen += [aws.version(project)["Status"], start(aws, model)]

    assert seen == [
        "TRAINING_COMPLETED",
        "STARTING",
        "STARTING",
        "RUNNING",
        "STOPPING",
        "STOPPING",
        "STOPPED",
        "STARTING",
    ]


def test_held_starts_and_stops_do_not_end_while_trainings_do(aws: Aws, project: str, model: str) -> None:
    aws.control.hold_serving("us-east-1")
    seen = [start(aws, model)]
    aws.control.advance(2 * STARTING_SECONDS)
    seen.append(aws.version(project)["Status"])
    held = aws.control.held_serving()
    aws.train_custom_labels(aws.custom_labels_project("another"))
    aws.control.release_serving("us-east-1")
    seen.append(aws.version(project)["Status"])

    assert seen == ["STARTING", "STARTING", "RUNNING"]
    assert held == ["us-east-1"]
    assert aws.control.held_serving() == []
    assert aws.control.held_trainings() == []


def test_a_description_shows_the_units_of_the_last_start_and_keeps_the_results(
    aws: Aws, project: str, model: str
) -> None:
    before = aws.version(project)
    aws.rekognition.start_project_version(ProjectVersionArn=model, MinInferenceUnits=2, MaxInferenceUnits=4)
    scaled = aws.version(project)
    aws.control.advance(STARTING_SECONDS)
    aws.stop(model)
    stopped = aws.version(project)
    aws.start(model, 3)
    fixed = aws.version(project)

    assert "MinInferenceUnits" not in before
    assert (scaled["MinInferenceUnits"], scaled["MaxInferenceUnits"]) == (2, 4)
    assert (stopped["MinInferenceUnits"], stopped["MaxInferenceUnits"]) == (2, 4)
    assert fixed["MinInferenceUnits"] == 3
    assert "MaxInferenceUnits" not in fixed
    for later in (scaled, stopped, fixed):
        assert later["EvaluationResult"] == before["EvaluationResult"]
        assert later["TrainingEndTimestamp"] == before["TrainingEndTimestamp"]


@pytest.mark.parametrize("status", ["TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "FAILED"])
def test_models_that_are_ready_start(aws: Aws, model: str, status: str) -> None:
    aws.control.set_version(model, status=VersionStatus(status))

    assert start(aws, model) == "STARTING"


@pytest.mark.parametrize(
    "status",
    [
        "TRAINING_IN_PROGRESS",
        "TRAINING_FAILED",
        "STARTING",
        "RUNNING",
        "STOPPING",
        "DELETING",
        "COPYING_IN_PROGRESS",
        "COPYING_FAILED",
    ],
)
def test_models_in_any_other_state_do_not_start(aws: Aws, refused: Refused, model: str, status: str) -> None:
    aws.control.set_version(model, status=VersionStatus(status))

    code, message = refused(lambda: start(aws, model))

    assert (code, status in message) == ("ResourceInUseException", True)


@pytest.mark.parametrize("status", [status for status in VersionStatus if status is not VersionStatus.RUNNING])
def test_only_running_models_stop(aws: Aws, refused: Refused, model: str, status: VersionStatus) -> None:
    aws.control.set_version(model, status=status)

    code, message = refused(lambda: stop(aws, model))

    assert (code, status in message) == ("ResourceInUseException", True)


@pytest.mark.parametrize("status", ["STARTING", "RUNNING", "STOPPING"])
def test_models_that_run_are_not_deleted(aws: Aws, refused: Refused, model: str, status: str) -> None:
    aws.control.set_version(model, status=VersionStatus(status))

    code, message = refused(lambda: aws.rekognition.delete_project_version(ProjectVersionArn=model))

    assert (code, status in message) == ("ResourceInUseException", True)


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_models_that_do_not_run_any_more_are_deleted(aws: Aws, project: str, model: str, status: str) -> None:
    aws.control.set_version(model, status=VersionStatus(status))

    assert aws.rekognition.delete_project_version(ProjectVersionArn=model)["Status"] == "DELETING"
    aws.settle()
    assert aws.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"] == []


def test_adapters_neither_start_nor_stop(aws: Aws, refused: Refused) -> None:
    adapter = aws.train(aws.adapter_project())

    starting, stopping = refused(lambda: start(aws, adapter)), refused(lambda: stop(aws, adapter))

    assert starting[0] == stopping[0] == "InvalidParameterException"
    assert "StartProjectVersion applies only to Custom Labels models" in starting[1]
    assert "StopProjectVersion applies only to Custom Labels models" in stopping[1]


def test_absent_models_are_not_found(aws: Aws, refused: Refused) -> None:
    absent = "arn:aws:rekognition:us-east-1:123456789012:project/a/version/v1/1690556751958"

    assert refused(lambda: start(aws, absent))[0] == "ResourceNotFoundException"
    assert refused(lambda: stop(aws, absent))[0] == "ResourceNotFoundException"


def test_a_third_model_is_over_the_quota_until_one_of_two_has_stopped(
    aws: Aws, refused: Refused, project: str, model: str
) -> None:
    running = running_models(aws, project, 2)

    code, message = refused(lambda: start(aws, model))
    stop(aws, running[0])
    while_stopping, _ = refused(lambda: start(aws, model))
    aws.control.advance(STOPPING_SECONDS)

    assert code == while_stopping == "LimitExceededException"
    assert message == "2 running Models for User arn:aws:iam::123456789012:root Maximum limit: 2"
    assert start(aws, model) == "STARTING"


def test_models_that_are_starting_count_and_failed_ones_do_not(
    aws: Aws, refused: Refused, project: str, model: str
) -> None:
    aws.control.set_quotas(QuotaChange(running_models=1))
    other = aws.train_custom_labels(project, "other")
    start(aws, other)

    code, _ = refused(lambda: start(aws, model))
    aws.control.set_version(other, status=VersionStatus.FAILED)

    assert code == "LimitExceededException"
    assert start(aws, model) == "STARTING"


def test_running_models_are_counted_in_an_account_and_region(aws: Aws, project: str) -> None:
    aws.control.set_quotas(QuotaChange(running_models=1))
    running_models(aws, project, 1)
    elsewhere = aws.client("eu-west-1")
    there = elsewhere.create_project(ProjectName="there")["ProjectArn"]
    foreign = aws.control.add_foreign_version(there, "v1")

    answer = elsewhere.start_project_version(ProjectVersionArn=foreign.arn, MinInferenceUnits=1)

    assert answer["Status"] == "STARTING"


@pytest.mark.parametrize(("minimum", "maximum"), [(6, None), (1, 6)])
def test_a_model_has_at_most_five_units(
    aws: Aws, refused: Refused, model: str, minimum: int, maximum: int | None
) -> None:
    def ask() -> object:
        if maximum is None:
            return aws.rekognition.start_project_version(ProjectVersionArn=model, MinInferenceUnits=minimum)
        return aws.rekognition.start_project_version(
            ProjectVersionArn=model, MinInferenceUnits=minimum, MaxInferenceUnits=maximum
        )

    code, message = refused(ask)
    aws.control.set_quotas(QuotaChange(inference_units_per_model=6))
    ask()

    assert code == "LimitExceededException"
    assert message == "6 Inference Units for User arn:aws:iam::123456789012:root Maximum limit: 5"


def test_five_units_are_allowed_and_fewer_at_most_than_at_least_are_not(aws: Aws, refused: Refused, model: str) -> None:
    code, message = refused(
        lambda: aws.rekognition.start_project_version(ProjectVersionArn=model, MinInferenceUnits=3, MaxInferenceUnits=2)
    )

    assert (code, "MaxInferenceUnits 2 is less" in message) == ("InvalidParameterException", True)
    assert start(aws, model, 5) == "STARTING"


def test_a_start_fails_with_the_message_that_was_asked_for_and_the_next_succeeds(
    aws: Aws, project: str, model: str
) -> None:
    aws.control.fail_start("Insufficient capacity.")

    accepted = start(aws, model)
    starting = aws.version(project)["Status"]
    aws.control.advance(STARTING_SECONDS)
    failed = aws.version(project)
    aws.start(model)

    assert (accepted, starting) == ("STARTING", "STARTING")
    assert (failed["Status"], failed["StatusMessage"]) == ("FAILED", "Insufficient capacity.")
    assert aws.version(project)["Status"] == "RUNNING"
    assert [view.struck for view in aws.control.start_failures()] == [1]


def test_a_failure_concerns_the_named_version_only_and_as_often_as_told(aws: Aws, project: str, model: str) -> None:
    other = aws.train_custom_labels(project, "v2")
    aws.control.fail_start(project_name="parts", version_name="v2", times=2)

    def started(arn: str, name: str) -> str:
        aws.start(arn)
        return aws.version(project, name)["Status"]

    assert started(model, "v1") == "RUNNING"
    assert [started(other, "v2") for _ in range(3)] == ["FAILED", "FAILED", "RUNNING"]


def test_failures_can_be_taken_back(aws: Aws, project: str, model: str) -> None:
    aws.control.fail_start(project_name="another")
    aws.control.fail_start()
    aws.control.clear_start_failures()

    aws.start(model)

    assert aws.control.start_failures() == []
    assert aws.version(project)["Status"] == "RUNNING"


def test_a_reset_forgets_failing_starts_and_quotas(aws: Aws) -> None:
    aws.control.fail_start()
    aws.control.set_quotas(QuotaChange(running_models=9, inference_units_per_model=9))

    aws.control.reset()

    assert aws.control.start_failures() == []
    quotas = aws.control.quotas()
    assert (quotas.running_models, quotas.inference_units_per_model) == (2, 5)


def test_what_the_controls_decide_stands_against_a_start_under_way(aws: Aws, project: str, model: str) -> None:
    start(aws, model)
    aws.control.set_version(model, status=VersionStatus.STOPPED)
    aws.control.advance(STARTING_SECONDS - 60)
    start(aws, model)

    aws.control.advance(60)
    at_the_first_start_s_end = aws.version(project)["Status"]
    aws.control.advance(STARTING_SECONDS - 60)

    assert at_the_first_start_s_end == "STARTING"
    assert aws.version(project)["Status"] == "RUNNING"


def test_tagging_a_starting_model_does_not_keep_it_from_running(aws: Aws, project: str, model: str) -> None:
    start(aws, model)
    aws.rekognition.tag_resource(ResourceArn=model, Tags={"stopped-by": "schedule"})

    aws.control.advance(STARTING_SECONDS)

    assert aws.version(project)["Status"] == "RUNNING"
    assert aws.rekognition.list_tags_for_resource(ResourceArn=model)["Tags"]["stopped-by"] == "schedule"


def test_the_stock_waiter_sees_a_running_model(aws: Aws, project: str, model: str) -> None:
    aws.start(model)

    waiter = aws.rekognition.get_waiter("project_version_running")
    waiter.wait(ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_a_lost_answer_of_a_start_has_started_the_model(aws: Aws, refused: Refused, project: str, model: str) -> None:
    aws.control.lose_answer("StartProjectVersion", times=1)

    with pytest.raises(Exception, match="Connection was closed"):
        start(aws, model)

    assert aws.version(project)["Status"] == "STARTING"
    assert refused(lambda: start(aws, model))[0] == "ResourceInUseException"
    effects = [record.effect for record in aws.control.calls("StartProjectVersion")]
    assert effects == [f"starting {model}", None]
