"""Do CreateProjectVersion and DescribeProjectVersions treat Custom Labels projects as the reference says?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from component.emulator.conftest import OUTPUT, custom_labels_request, part, sample
from rekognition_sandbox.emulator.state import DatasetStatus
from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition.type_defs import CreateProjectVersionRequestTypeDef

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


def from_datasets(project_arn: str, version_name: str = "v1") -> CreateProjectVersionRequestTypeDef:
    return {"ProjectArn": project_arn, "VersionName": version_name, "OutputConfig": {"S3Bucket": OUTPUT}}


def add_dataset(aws: Aws, project_arn: str, *, test: bool = False, manifest: str | None = None) -> str:
    """Return the ARN of a dataset made from a sample manifest, CREATE_COMPLETE."""
    name = manifest or ("test.manifest" if test else "train.manifest")
    arn = aws.rekognition.create_dataset(
        ProjectArn=project_arn,
        DatasetType="TEST" if test else "TRAIN",
        DatasetSource={"GroundTruthManifest": {"S3Object": part(name)}},
    )["DatasetArn"]
    aws.control.advance(120)
    return arn


def test_a_model_trains_from_manifests_and_shows_its_results(aws: Aws) -> None:
    project = aws.custom_labels_project()
    arn = aws.start_custom_labels_training(project)
    training = aws.version(project)
    aws.finish_training()
    trained = aws.version(project)

    assert training["Status"] == "TRAINING_IN_PROGRESS"
    assert (trained["ProjectVersionArn"], trained["Status"]) == (arn, "TRAINING_COMPLETED")
    assert trained["StatusMessage"] == "The model is ready to run."
    assert 0.75 < trained["EvaluationResult"]["F1Score"] <= 1
    assert trained["TrainingDataResult"]["Input"] == {
        "Assets": [{"GroundTruthManifest": {"S3Object": part("train.manifest")}}]
    }
    # Not of adapters: neither a base model nor a threshold; not running: no units.
    never = {"BaseModelVersion", "Feature", "FeatureConfig", "MinInferenceUnits", "MaxInferenceUnits"}
    assert not never & set(trained)


def test_the_summary_in_s3_is_that_of_custom_labels(aws: Aws) -> None:
    project = aws.custom_labels_project("summary")
    aws.train_custom_labels(project)

    location = aws.version(project)["EvaluationResult"]["Summary"]["S3Object"]
    summary = json.load(aws.s3.get_object(Bucket=location["Bucket"], Key=location["Name"])["Body"])

    assert location["Name"] == "labels/EvaluationResultSummary-summary-v1.json"
    assert summary["EvaluationDetails"]["Labels"] == ["bearing", "bolt", "gear", "washer"]
    assert summary["AggregatedEvaluationResults"]["F1Score"] == pytest.approx(
        aws.version(project)["EvaluationResult"]["F1Score"]
    )


def test_a_bad_manifest_fails_the_training_with_the_text_of_aws(aws: Aws) -> None:
    project = aws.custom_labels_project()

    aws.train_custom_labels(project, manifest="train-broken.manifest")

    version = aws.version(project)
    assert version["Status"] == "TRAINING_FAILED"
    assert version["StatusMessage"] == "The manifest file contains too many invalid rows."
    assert "ManifestSummary" in version
    assert not {"EvaluationResult", "BillableTrainingTimeInSeconds"} & set(version)


def test_an_adapter_s_manifest_trains_no_custom_labels_model(aws: Aws) -> None:
    project = aws.custom_labels_project()
    request = custom_labels_request(project)
    request["TrainingData"] = {"Assets": [{"GroundTruthManifest": {"S3Object": sample("train.manifest")}}]}
    aws.rekognition.create_project_version(**request)
    aws.finish_training()

    assert aws.version(project)["StatusMessage"] == "The manifest file contains too many invalid rows."


def test_adapters_and_models_share_the_trainings_of_an_account(aws: Aws, refused: Refused) -> None:
    aws.start_training(aws.adapter_project())
    project = aws.custom_labels_project()
    aws.start_custom_labels_training(project)

    code, message = refused(lambda: aws.start_custom_labels_training(project, "v2"))

    assert (code, "2 open Jobs" in message) == ("LimitExceededException", True)
    aws.control.set_quotas(QuotaChange(concurrent_trainings=3))
    assert aws.start_custom_labels_training(project, "v2")


def test_feature_config_does_not_match_custom_labels(aws: Aws, refused: Refused) -> None:
    code, message = refused(lambda: aws.start_training(aws.custom_labels_project()))

    assert code == "InvalidParameterException"
    assert "FeatureConfig.ContentModeration does not match" in message


@pytest.mark.parametrize("status", [*DatasetStatus])
def test_manifests_are_refused_while_the_project_has_a_dataset_in_whatever_state(
    aws: Aws, refused: Refused, status: DatasetStatus
) -> None:
    project = aws.custom_labels_project()
    aws.control.add_dataset(project, "TEST", status=status)

    code, message = refused(lambda: aws.start_custom_labels_training(project))

    assert code == "InvalidParameterException"
    assert "has datasets: TrainingData and TestingData are not allowed" in message


def test_manifests_train_again_when_the_datasets_are_gone(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    dataset = aws.control.add_dataset(project, "TRAIN")

    aws.rekognition.delete_dataset(DatasetArn=dataset)
    code, _ = refused(lambda: aws.start_custom_labels_training(project))
    aws.control.advance(120)

    assert code == "InvalidParameterException"
    assert aws.start_custom_labels_training(project)


def test_testing_data_goes_with_training_data_only(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    request = custom_labels_request(project)
    only_training = {key: value for key, value in request.items() if key != "TestingData"}
    only_testing = {key: value for key, value in request.items() if key != "TrainingData"}

    without_testing = refused(lambda: aws.rekognition.create_project_version(**only_training))  # type: ignore[arg-type]  # faulty by intent
    without_training = refused(lambda: aws.rekognition.create_project_version(**only_testing))  # type: ignore[arg-type]  # faulty by intent

    assert without_testing[0] == without_training[0] == "InvalidParameterException"
    assert "TestingData is required where TrainingData is given" in without_testing[1]
    assert "TrainingData is required where TestingData is given" in without_training[1]


def test_without_training_data_the_datasets_of_the_project_train(aws: Aws) -> None:
    by_manifest, by_dataset = aws.custom_labels_project("by-manifest"), aws.custom_labels_project("by-dataset")
    add_dataset(aws, by_dataset)
    add_dataset(aws, by_dataset, test=True)
    aws.train_custom_labels(by_manifest)

    aws.rekognition.create_project_version(**from_datasets(by_dataset))
    aws.finish_training()

    version = aws.version(by_dataset)
    assert version["Status"] == "TRAINING_COMPLETED"
    assert version["EvaluationResult"]["F1Score"] == aws.version(by_manifest)["EvaluationResult"]["F1Score"]
    assert "Input" not in version["TrainingDataResult"]
    assert "Output" in version["TrainingDataResult"]


def test_a_training_dataset_alone_is_split(aws: Aws) -> None:
    project = aws.custom_labels_project("split")
    add_dataset(aws, project, manifest="train-large.manifest")

    aws.rekognition.create_project_version(**from_datasets(project))
    aws.finish_training()

    location = aws.version(project)["EvaluationResult"]["Summary"]["S3Object"]
    summary = json.load(aws.s3.get_object(Bucket=location["Bucket"], Key=location["Name"])["Body"])
    details = summary["EvaluationDetails"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (64, 16)
    assert aws.version(project)["TestingDataResult"]["Output"].get("AutoCreate") is True


def test_a_training_takes_what_the_datasets_hold_when_it_starts(aws: Aws) -> None:
    project = aws.custom_labels_project()
    dataset = add_dataset(aws, project, manifest="train-large.manifest")
    aws.rekognition.create_project_version(**from_datasets(project))

    aws.rekognition.delete_dataset(DatasetArn=dataset)
    aws.finish_training()

    assert aws.version(project)["Status"] == "TRAINING_COMPLETED"


def test_an_empty_dataset_has_too_few_labels(aws: Aws) -> None:
    project = aws.custom_labels_project()
    aws.control.add_dataset(project, "TRAIN")

    aws.rekognition.create_project_version(**from_datasets(project))
    aws.finish_training()

    assert aws.version(project)["StatusMessage"] == "The manifest file has too few labels."


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (DatasetStatus.CREATE_IN_PROGRESS, "ResourceInUseException"),
        (DatasetStatus.UPDATE_IN_PROGRESS, "ResourceInUseException"),
        (DatasetStatus.DELETE_IN_PROGRESS, "ResourceInUseException"),
        (DatasetStatus.CREATE_FAILED, "InvalidParameterException"),
    ],
)
def test_datasets_that_are_not_ready_train_nothing(
    aws: Aws, refused: Refused, status: DatasetStatus, code: str
) -> None:
    project = aws.custom_labels_project()
    aws.control.add_dataset(project, "TRAIN", status=status)

    given, message = refused(lambda: aws.rekognition.create_project_version(**from_datasets(project)))

    assert given == code
    assert status in message


def test_a_project_with_no_data_at_all_trains_nothing(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()

    code, message = refused(lambda: aws.rekognition.create_project_version(**from_datasets(project)))
    aws.control.add_dataset(project, "TEST")
    only_test, _ = refused(lambda: aws.rekognition.create_project_version(**from_datasets(project)))

    assert code == only_test == "InvalidParameterException"
    assert "has no training dataset" in message


def test_opening_the_console_after_a_training_makes_datasets_of_its_manifests(aws: Aws) -> None:
    project = aws.custom_labels_project()
    aws.train_custom_labels(project)

    training, testing = (aws.control.add_dataset(project, kind) for kind in ("TRAIN", "TEST"))

    counts = [
        aws.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]["DatasetStats"]["TotalEntries"]
        for arn in (training, testing)
    ]
    assert counts == [40, 24]
    aws.rekognition.create_project_version(**from_datasets(project, "v2"))
    aws.finish_training()
    assert (
        aws.version(project, "v2")["EvaluationResult"]["F1Score"]
        == aws.version(project, "v1")["EvaluationResult"]["F1Score"]
    )


def test_trained_and_failed_models_are_deleted_and_training_ones_are_not(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    arn = aws.start_custom_labels_training(project)
    failing = aws.start_custom_labels_training(project, "v2", manifest="absent.manifest")

    code, _ = refused(lambda: aws.rekognition.delete_project_version(ProjectVersionArn=arn))
    aws.finish_training()

    assert code == "ResourceInUseException"
    for version in (arn, failing):
        assert aws.rekognition.delete_project_version(ProjectVersionArn=version)["Status"] == "DELETING"
