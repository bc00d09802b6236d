"""Does CopyProjectVersion behave as the reference says?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from component.emulator.conftest import OUTPUT, part
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]

COPYING_SECONDS = 10 * 60


@pytest.fixture
def source(aws: Aws) -> str:
    """Return the ARN of a trained version of the project `parts`."""
    return aws.train_custom_labels(aws.custom_labels_project("parts"), "v1")


def project_of(aws: Aws, name: str) -> str:
    (found,) = aws.rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    return found["ProjectArn"]


def copy(aws: Aws, source: str, destination: str, name: str = "v1", *, bucket: str = OUTPUT) -> str:
    """Return the ARN of a version that is COPYING_IN_PROGRESS."""
    return aws.rekognition.copy_project_version(
        SourceProjectArn=project_of(aws, "parts"),
        SourceProjectVersionArn=source,
        DestinationProjectArn=destination,
        VersionName=name,
        OutputConfig={"S3Bucket": bucket, "S3KeyPrefix": "copies"},
        Tags={"stage": "prod"},
    )["ProjectVersionArn"]


def test_a_copy_is_copying_then_complete_and_runs_as_its_source_would(aws: Aws, source: str) -> None:
    prod = aws.custom_labels_project("prod")
    arn = copy(aws, source, prod)
    copying = aws.version(prod)
    aws.control.advance(COPYING_SECONDS - 1)
    still_copying = aws.version(prod)["Status"]
    aws.control.advance(1)
    complete = aws.version(prod)
    aws.start(arn)

    original = aws.version(project_of(aws, "parts"))
    assert [copying["Status"], still_copying, complete["Status"]] == [*["COPYING_IN_PROGRESS"] * 2, "COPYING_COMPLETED"]
    assert "EvaluationResult" not in copying
    assert complete["SourceProjectVersionArn"] == source
    assert "SourceProjectVersionArn" not in original
    assert complete["EvaluationResult"]["F1Score"] == original["EvaluationResult"]["F1Score"]
    assert complete["OutputConfig"] == {"S3Bucket": OUTPUT, "S3KeyPrefix": "copies"}
    assert "BillableTrainingTimeInSeconds" not in complete
    assert aws.rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"stage": "prod"}
    found = aws.rekognition.detect_custom_labels(
        ProjectVersionArn=arn, Image={"S3Object": part("images/hex-bolt-01.png")}
    )
    assert [label["Name"] for label in found["CustomLabels"]] == ["bolt"]


def test_the_results_of_the_source_are_written_to_the_place_of_the_copy(aws: Aws, source: str) -> None:
    prod = aws.custom_labels_project("written")
    copy(aws, source, prod)
    before = aws.s3.list_objects_v2(Bucket=OUTPUT, Prefix="copies/EvaluationResultSummary-written")["KeyCount"]
    aws.control.advance(COPYING_SECONDS)

    location = aws.version(prod)["EvaluationResult"]["Summary"]["S3Object"]
    summary = json.load(aws.s3.get_object(Bucket=location["Bucket"], Key=location["Name"])["Body"])

    assert before == 0
    assert location["Name"] == "copies/EvaluationResultSummary-written-v1.json"
    assert summary["EvaluationDetails"]["ProjectVersionArn"] == source


def test_a_copy_lives_on_when_its_source_is_deleted(aws: Aws, source: str) -> None:
    prod = aws.custom_labels_project("prod")
    copy(aws, source, prod)
    aws.rekognition.delete_project_version(ProjectVersionArn=source)
    aws.settle()

    aws.control.advance(COPYING_SECONDS)

    assert aws.version(prod)["Status"] == "COPYING_COMPLETED"


@pytest.mark.parametrize("missing", ["from the start", "later"])
def test_a_copy_fails_when_its_results_cannot_be_written(aws: Aws, source: str, missing: str) -> None:
    prod = aws.custom_labels_project("prod")
    if missing == "later":
        aws.s3.create_bucket(Bucket="acme-gone")
    arn = copy(aws, source, prod, bucket="acme-gone")
    if missing == "later":
        aws.s3.delete_bucket(Bucket="acme-gone")
    aws.control.advance(COPYING_SECONDS)

    version = aws.version(prod)
    assert (version["Status"], version["StatusMessage"]) == ("COPYING_FAILED", "Unable to write to output S3 bucket.")
    assert aws.rekognition.delete_project_version(ProjectVersionArn=arn)["Status"] == "DELETING"


def test_a_copy_under_way_is_neither_deleted_nor_started(aws: Aws, refused: Refused, source: str) -> None:
    arn = copy(aws, source, aws.custom_labels_project("prod"))

    deleting = refused(lambda: aws.rekognition.delete_project_version(ProjectVersionArn=arn))
    starting = refused(lambda: aws.rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1))

    assert deleting[0] == starting[0] == "ResourceInUseException"


def test_the_name_must_be_free_in_the_destination(aws: Aws, refused: Refused, source: str) -> None:
    own = project_of(aws, "parts")

    code, _ = refused(lambda: copy(aws, source, own, "v1"))

    assert code == "ResourceInUseException"
    assert copy(aws, source, own, "v2")


def test_what_is_absent_is_not_found(aws: Aws, refused: Refused, source: str) -> None:
    prod = aws.custom_labels_project("prod")

    assert refused(lambda: copy(aws, source, f"{prod.rpartition('/')[0]}/1"))[0] == "ResourceNotFoundException"
    assert refused(lambda: copy(aws, f"{source.rpartition('/')[0]}/1", prod))[0] == "ResourceNotFoundException"


def test_a_version_of_another_project_than_named_is_refused(aws: Aws, refused: Refused, source: str) -> None:
    prod = aws.custom_labels_project("prod")
    other = aws.control.add_foreign_version(prod, "theirs").arn

    code, message = refused(lambda: copy(aws, other, prod))

    assert (code, "is no version of" in message) == ("InvalidParameterException", True)
    assert source


def test_adapters_are_neither_copied_nor_copied_to(aws: Aws, refused: Refused, source: str) -> None:
    adapters = aws.adapter_project()
    adapter = aws.train(adapters)

    code, message = refused(
        lambda: aws.rekognition.copy_project_version(
            SourceProjectArn=adapters,
            SourceProjectVersionArn=adapter,
            DestinationProjectArn=project_of(aws, "parts"),
            VersionName="v2",
            OutputConfig={"S3Bucket": OUTPUT},
        )
    )

    assert (code, "is an adapter" in message) == ("InvalidParameterException", True)
    assert refused(lambda: copy(aws, source, adapters))[0] == "InvalidParameterException"


def test_what_was_not_trained_is_not_copied(aws: Aws, refused: Refused, source: str) -> None:
    own, prod = project_of(aws, "parts"), aws.custom_labels_project("prod")
    training = aws.start_custom_labels_training(own, "training")
    failing = aws.start_custom_labels_training(own, "failing", manifest="absent.manifest")

    assert refused(lambda: copy(aws, training, prod))[0] == "InvalidParameterException"
    aws.finish_training()
    assert refused(lambda: copy(aws, failing, prod))[0] == "InvalidParameterException"
    aws.control.set_version(source, status=VersionStatus.DELETING)
    assert refused(lambda: copy(aws, source, prod))[0] == "InvalidParameterException"


@pytest.mark.parametrize("status", ["RUNNING", "STOPPED"])
def test_a_model_is_copied_whether_it_runs_or_not(aws: Aws, source: str, status: str) -> None:
    prod = aws.custom_labels_project("prod")
    aws.control.set_version(source, status=VersionStatus(status))

    copy(aws, source, prod)
    aws.control.advance(COPYING_SECONDS)

    version = aws.version(prod)
    assert version["Status"] == "COPYING_COMPLETED"
    assert "MinInferenceUnits" not in version


def test_models_of_another_account_or_region_are_not_copied(aws: Aws, refused: Refused, source: str) -> None:
    own = project_of(aws, "parts")
    prod = aws.custom_labels_project("prod")

    def ask(old: str, new: str) -> tuple[str, str]:
        return refused(
            lambda: aws.rekognition.copy_project_version(
                SourceProjectArn=own.replace(old, new),
                SourceProjectVersionArn=source.replace(old, new),
                DestinationProjectArn=prod,
                VersionName="v1",
                OutputConfig={"S3Bucket": OUTPUT},
            )
        )

    denied, elsewhere = ask("123456789012", "210987654321"), ask("us-east-1", "eu-west-1")

    assert (denied[0], "no project policy" in denied[1]) == ("AccessDeniedException", True)
    assert (elsewhere[0], "another Region" in elsewhere[1]) == ("InvalidParameterException", True)


def test_copies_and_versions_have_quotas(aws: Aws, refused: Refused, source: str) -> None:
    prod = aws.custom_labels_project("prod")
    for number in range(5):
        copy(aws, source, prod, f"v{number}")

    code, message = refused(lambda: copy(aws, source, prod, "v5"))
    aws.control.set_quotas(QuotaChange(concurrent_copies=6, versions_per_project=5))
    full, _ = refused(lambda: copy(aws, source, prod, "v5"))
    aws.control.set_quotas(QuotaChange(versions_per_project=6))

    assert code == full == "LimitExceededException"
    assert message == "5 open copy Jobs for User arn:aws:iam::123456789012:root Maximum limit: 5"
    assert copy(aws, source, prod, "v5")


def test_an_output_place_is_needed(aws: Aws, refused: Refused, source: str) -> None:
    own = project_of(aws, "parts")

    code, message = refused(
        lambda: aws.rekognition.copy_project_version(
            SourceProjectArn=own,
            SourceProjectVersionArn=source,
            DestinationProjectArn=own,
            VersionName="v2",
            OutputConfig={},
        )
    )

    assert (code, "OutputConfig.S3Bucket is missing" in message) == ("InvalidParameterException", True)


def test_the_call_log_tells_from_where_to_where(aws: Aws, source: str) -> None:
    arn = copy(aws, source, aws.custom_labels_project("prod"))

    (record,) = aws.control.calls("CopyProjectVersion")
    assert record.effect == f"copying {source} to {arn}"
