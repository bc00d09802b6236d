"""Do CreateProjectVersion, DescribeProjectVersions and DeleteProjectVersion behave as the reference says?"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition.type_defs import CreateProjectVersionRequestTypeDef, TrainingDataTypeDef

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]

SAMPLE_MANIFEST = {"Bucket": "acme-samples", "Name": "storefront/train.manifest"}


def test_a_version_trains_for_half_an_hour_and_then_shows_its_results(aws: Aws) -> None:
    project = aws.adapter_project()
    arn = aws.start_training(project)

    training = aws.version(project)
    aws.control.advance(30 * 60 - 1)
    still_training = aws.version(project)
    aws.control.advance(1)
    trained = aws.version(project)

    assert training["Status"] == still_training["Status"] == "TRAINING_IN_PROGRESS"
    assert not {"EvaluationResult", "TrainingEndTimestamp", "BillableTrainingTimeInSeconds"} & set(training)
    assert trained["ProjectVersionArn"] == arn
    assert trained["Status"] == "TRAINING_COMPLETED"
    assert trained["StatusMessage"] == "The model is ready to run."
    assert trained["TrainingEndTimestamp"] - trained["CreationTimestamp"] == timedelta(minutes=30)
    assert trained["BillableTrainingTimeInSeconds"] > 0
    assert 0.5 < trained["EvaluationResult"]["F1Score"] <= 1


def test_a_version_shows_what_it_was_asked_for(aws: Aws) -> None:
    project = aws.adapter_project()
    aws.train(project)

    version = aws.version(project)

    assert version["Feature"] == "CONTENT_MODERATION"
    assert version["BaseModelVersion"] == "7.0"
    assert version["OutputConfig"] == {"S3Bucket": "acme-output", "S3KeyPrefix": "out"}
    assert version["FeatureConfig"] == {"ContentModeration": {"ConfidenceThreshold": 60.0}}
    assert version["VersionDescription"] == "nudity rules, autumn catalogue"
    assert version["TrainingDataResult"]["Input"] == {
        "Assets": [{"GroundTruthManifest": {"S3Object": SAMPLE_MANIFEST}}]
    }
    assert "Tags" not in version


def test_what_is_left_out_of_the_request_is_left_out_of_the_description(aws: Aws) -> None:
    project = aws.adapter_project()
    aws.rekognition.create_project_version(**minimal_request(project))
    aws.finish_training()

    version = aws.version(project)

    assert version["Status"] == "TRAINING_COMPLETED"
    assert version["TestingDataResult"]["Input"] == {"AutoCreate": True}
    assert not {"KmsKeyId", "VersionDescription", "FeatureConfig", "MinInferenceUnits"} & set(version)


def test_the_outputs_appear_in_s3_when_training_ends_and_not_before(aws: Aws) -> None:
    project = aws.adapter_project("outputs")
    prefix = "out/EvaluationResultSummary-outputs-v1"

    def written() -> int:
        return aws.s3.list_objects_v2(Bucket="acme-output", Prefix=prefix)["KeyCount"]

    aws.start_training(project)
    before = written()
    aws.finish_training()

    assert (before, written()) == (0, 1)
    summary = aws.version(project)["EvaluationResult"]["Summary"]["S3Object"]
    document = json.load(aws.s3.get_object(Bucket=summary["Bucket"], Key=summary["Name"])["Body"])
    assert document["AggregatedEvaluationResults"]["F1Score"] == pytest.approx(
        aws.version(project)["EvaluationResult"]["F1Score"]
    )


def test_a_training_reads_its_data_when_it_starts(aws: Aws) -> None:
    project = aws.adapter_project()
    manifest = aws.s3.get_object(Bucket="acme-samples", Key="storefront/train-large.manifest")["Body"].read()
    aws.s3.put_object(Bucket="acme-samples", Key="changing.manifest", Body=manifest)
    request = minimal_request(project)
    request["TrainingData"] = data("changing.manifest")
    aws.rekognition.create_project_version(**request)

    aws.s3.delete_object(Bucket="acme-samples", Key="changing.manifest")
    aws.finish_training()

    assert aws.version(project)["Status"] == "TRAINING_COMPLETED"


def test_a_bad_manifest_fails_the_training_and_not_the_call(aws: Aws) -> None:
    project = aws.adapter_project()

    aws.train(project, manifest="absent.manifest")

    version = aws.version(project)
    assert version["Status"] == "TRAINING_FAILED"
    assert version["StatusMessage"] == "The manifest file extension or contents are invalid."
    assert not {"EvaluationResult", "BillableTrainingTimeInSeconds"} & set(version)


def test_a_training_fails_when_its_output_bucket_goes_away(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="acme-passing")
    project = aws.adapter_project()
    request = minimal_request(project)
    request["OutputConfig"] = {"S3Bucket": "acme-passing"}
    aws.rekognition.create_project_version(**request)

    aws.s3.delete_bucket(Bucket="acme-passing")
    aws.finish_training()

    version = aws.version(project)
    assert version["Status"] == "TRAINING_FAILED"
    assert version["StatusMessage"] == "Unable to write to output S3 bucket."
    assert not {"EvaluationResult", "ManifestSummary"} & set(version)


def test_buckets_of_another_region_fail_the_training(aws: Aws) -> None:
    elsewhere = aws.client("eu-west-1")
    project = elsewhere.create_project(ProjectName="eu", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED")
    aws.settle()

    elsewhere.create_project_version(**minimal_request(project["ProjectArn"]))
    aws.finish_training()

    (version,) = elsewhere.describe_project_versions(ProjectArn=project["ProjectArn"])["ProjectVersionDescriptions"]
    assert version["Status"] == "TRAINING_FAILED"


def test_a_version_name_is_unique_in_its_project_and_free_again_when_its_version_is_gone(
    aws: Aws, refused: Refused
) -> None:
    project = aws.adapter_project()
    first = aws.train(project)
    codes = [refused(lambda: aws.start_training(project))[0]]

    assert aws.rekognition.delete_project_version(ProjectVersionArn=first)["Status"] == "DELETING"
    codes.append(refused(lambda: aws.start_training(project))[0])
    aws.settle()

    assert codes == ["ResourceInUseException"] * 2
    assert aws.start_training(project) != first
    other = aws.adapter_project("other")
    assert aws.start_training(other)


def test_a_version_is_deleting_and_then_absent(aws: Aws) -> None:
    project = aws.adapter_project()
    arn = aws.train(project)

    aws.rekognition.delete_project_version(ProjectVersionArn=arn)
    deleting = aws.version(project)["Status"]
    aws.settle()

    assert deleting == "DELETING"
    assert aws.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"] == []


def test_a_training_version_and_a_deleting_one_are_not_deleted(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project()
    arn = aws.start_training(project)

    def delete() -> object:
        return aws.rekognition.delete_project_version(ProjectVersionArn=arn)

    assert refused(delete)[0] == "ResourceInUseException"
    aws.finish_training()
    delete()
    assert refused(delete)[0] == "ResourceInUseException"


@pytest.mark.parametrize("status", ["TRAINING_FAILED", "DEPRECATED", "EXPIRED"])
def test_versions_that_ended_otherwise_are_deleted(aws: Aws, status: str) -> None:
    arn = aws.train(aws.adapter_project())
    aws.control.set_version(arn, status=VersionStatus(status))

    assert aws.rekognition.delete_project_version(ProjectVersionArn=arn)["Status"] == "DELETING"


def test_versions_are_listed_newest_first_by_names_and_in_pages(aws: Aws) -> None:
    project = aws.adapter_project()
    for name in ("v1", "v2", "v3"):
        aws.control.add_foreign_version(project, name)

    def names(**filters: object) -> list[str]:
        answer = aws.rekognition.describe_project_versions(ProjectArn=project, **filters)  # type: ignore[arg-type]  # literal filters below
        return [version["ProjectVersionArn"].split("/")[3] for version in answer["ProjectVersionDescriptions"]]

    assert names() == ["v3", "v2", "v1"]
    assert names(VersionNames=["v1", "v3", "nothing"]) == ["v3", "v1"]
    assert names(VersionNames=["nothing"]) == []
    pages = aws.rekognition.get_paginator("describe_project_versions").paginate(
        ProjectArn=project, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ProjectVersionDescriptions"]) for page in pages] == [2, 1]


def test_a_token_of_another_project_is_invalid(aws: Aws, refused: Refused) -> None:
    projects = [aws.adapter_project("a"), aws.adapter_project("b")]
    for project in projects:
        aws.control.add_foreign_version(project, "v1")
        aws.control.add_foreign_version(project, "v2")
    token = aws.rekognition.describe_project_versions(ProjectArn=projects[0], MaxResults=1)["NextToken"]

    code, _ = refused(lambda: aws.rekognition.describe_project_versions(ProjectArn=projects[1], NextToken=token))

    assert code == "InvalidPaginationTokenException"


def test_absent_projects_and_versions_are_not_found(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project().rpartition("/")[0] + "/1"
    version = f"{project.rpartition('/')[0]}/version/v1/1"
    calls: list[Callable[[], object]] = [
        lambda: aws.rekognition.describe_project_versions(ProjectArn=project),
        lambda: aws.start_training(project),
        lambda: aws.rekognition.delete_project_version(ProjectVersionArn=version),
    ]

    assert [refused(call)[0] for call in calls] == ["ResourceNotFoundException"] * 3


def test_the_arn_ends_in_the_creation_timestamp_and_names_project_and_version(aws: Aws) -> None:
    project = aws.adapter_project("storefront")

    arn = aws.start_training(project, "v1-0123456789abcdef")

    prefix, _, created_ms = arn.rpartition("/")
    assert prefix == ("arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/v1-0123456789abcdef")
    created = aws.version(project, "v1-0123456789abcdef")["CreationTimestamp"]
    assert created.timestamp() * 1000 == pytest.approx(int(created_ms), abs=0.4)


def test_the_third_training_at_a_time_is_over_the_quota(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project()
    aws.start_training(project, "v1")
    aws.start_training(aws.adapter_project("other"), "v1")

    code, message = refused(lambda: aws.start_training(project, "v2"))
    aws.finish_training()

    assert code == "LimitExceededException"
    assert message == "2 open Jobs for User arn:aws:iam::123456789012:root Maximum limit: 2"
    assert aws.start_training(project, "v2")


def test_versions_beyond_the_quota_of_a_project_are_refused(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project()
    aws.control.set_quotas(QuotaChange(versions_per_project=1, concurrent_trainings=5))
    aws.start_training(project, "v1")

    code, message = refused(lambda: aws.start_training(project, "v2"))

    assert code == "LimitExceededException"
    assert "1 Project Versions" in message
    assert "Maximum limit: 1" in message


def test_a_taken_name_is_told_before_a_used_up_quota(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project()
    aws.control.set_quotas(QuotaChange(versions_per_project=1, concurrent_trainings=1))
    aws.start_training(project, "v1")

    assert refused(lambda: aws.start_training(project, "v1"))[0] == "ResourceInUseException"


def test_a_project_that_is_still_creating_takes_no_version(aws: Aws, refused: Refused) -> None:
    created = aws.rekognition.create_project(ProjectName="a", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED")

    assert refused(lambda: aws.start_training(created["ProjectArn"]))[0] == "ResourceInUseException"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"OutputConfig": {"S3KeyPrefix": "out"}}, "OutputConfig.S3Bucket is missing"),
        ({"TrainingData": None}, "TrainingData is required"),
        ({"TestingData": None}, "TestingData is required"),
        ({"TrainingData": {"Assets": []}}, "TrainingData.Assets names no manifest"),
        ({"TrainingData": {"Assets": [{}]}}, "TrainingData.Assets[1] lacks GroundTruthManifest.S3Object.Bucket"),
        ({"TestingData": {"AutoCreate": False}}, "neither Assets nor AutoCreate"),
        (
            {"TestingData": {"AutoCreate": True, "Assets": [{"GroundTruthManifest": {"S3Object": SAMPLE_MANIFEST}}]}},
            "both Assets and AutoCreate",
        ),
    ],
)
def test_a_request_that_the_model_allows_and_a_training_does_not_is_an_invalid_parameter(
    aws: Aws, refused: Refused, changes: dict[str, object], text: str
) -> None:
    project = aws.adapter_project()
    request = {name: value for name, value in {**minimal_request(project), **changes}.items() if value is not None}

    code, message = refused(lambda: aws.rekognition.create_project_version(**request))  # type: ignore[arg-type]  # faulty by intent

    assert code == "InvalidParameterException"
    assert text in message
    assert aws.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"] == []


def data(manifest: str) -> TrainingDataTypeDef:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "acme-samples", "Name": manifest}}}]}


def minimal_request(project_arn: str) -> CreateProjectVersionRequestTypeDef:
    return {
        "ProjectArn": project_arn,
        "VersionName": "v1",
        "OutputConfig": {"S3Bucket": "acme-output"},
        "TrainingData": data("storefront/train-large.manifest"),
        "TestingData": {"AutoCreate": True},
    }
