"""Is every member that AWS shows read, with its quirks, and is every request written as AWS wants it?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import botocore.session
from botocore.validate import ParamValidator

from rekognition_operator.aws.shapes import (
    project_name_of,
    project_of,
    read_project,
    read_version,
    version_name_of,
    write_project,
    write_version,
)
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedDataset,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import ProjectVersionDescriptionTypeDef

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/store.front_1-a/1690556733321"
VERSION = "arn:aws:rekognition:us-east-1:123456789012:project/store.front_1-a/version/v1-0/1690556751958"
PACIFIC = timezone(timedelta(hours=-7))
MODEL = botocore.session.get_session().get_service_model("rekognition")

DESCRIPTION: "ProjectVersionDescriptionTypeDef" = {
    "ProjectVersionArn": VERSION,
    "CreationTimestamp": datetime(2023, 7, 28, 8, 5, 51, 958000, tzinfo=PACIFIC),
    "Status": "TRAINING_COMPLETED",
    "StatusMessage": "The model is ready to run.",
    "BillableTrainingTimeInSeconds": 1899,
    "TrainingEndTimestamp": datetime(2023, 7, 28, 8, 33, 10, tzinfo=PACIFIC),
    "OutputConfig": {"S3Bucket": "results", "S3KeyPrefix": "out/"},
    "TrainingDataResult": {
        "Input": {
            "Assets": [
                {"GroundTruthManifest": {"S3Object": {"Bucket": "images", "Name": "a.manifest", "Version": "v3"}}},
                {"GroundTruthManifest": {"S3Object": {"Bucket": "images", "Name": "b.manifest"}}},
            ]
        },
        "Output": {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "results", "Name": "o.manifest"}}}]},
    },
    "TestingDataResult": {
        "Input": {
            "Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "images", "Name": "test.manifest"}}}],
            "AutoCreate": False,
        },
    },
    "EvaluationResult": {"F1Score": 0.91, "Summary": {"S3Object": {"Bucket": "results", "Name": "out/e.json"}}},
    "ManifestSummary": {"S3Object": {"Bucket": "results", "Name": "out/m.json"}},
    "KmsKeyId": "alias/rekognition",
    "VersionDescription": "autumn",
    "Feature": "CONTENT_MODERATION",
    "BaseModelVersion": "7.0",
    "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 60.0}},
    "MinInferenceUnits": 1,
    "MaxInferenceUnits": 2,
}
INPUTS = TrainingInputs(
    training=(ManifestRef("images", "a.manifest", "v3"), ManifestRef("images", "b.manifest")),
    testing=(ManifestRef("images", "test.manifest"),),
    confidence_threshold=60.0,
    kms_key_id="alias/rekognition",
)


def test_every_member_of_a_version_is_read() -> None:
    assert read_version(DESCRIPTION) == ObservedVersion(
        arn=VERSION,
        name="v1-0",
        status="TRAINING_COMPLETED",
        created_at=datetime(2023, 7, 28, 15, 5, 51, 958000, tzinfo=UTC),
        tags={},
        status_message="The model is ready to run.",
        inputs=INPUTS,
        training_ended_at=datetime(2023, 7, 28, 15, 33, 10, tzinfo=UTC),
        billable_training_seconds=1899,
        f1_score=0.91,
        evaluation_summary=S3Object("results", "out/e.json"),
        manifest_summary=S3Object("results", "out/m.json"),
        base_model_version="7.0",
        description="autumn",
        output=S3Object("results", "out/"),
        min_inference_units=1,
        max_inference_units=2,
    )


def test_no_member_of_the_api_is_overlooked() -> None:
    known = set(DESCRIPTION) | {"SourceProjectVersionArn"}  # copies are foreign: nothing follows from their source
    shape = MODEL.shape_for("ProjectVersionDescription")
    assert set(shape.members) == known  # type: ignore[attr-defined]  # a StructureShape
    projects = MODEL.shape_for("ProjectDescription")
    assert set(projects.members) == {  # type: ignore[attr-defined]  # a StructureShape
        "ProjectArn",
        "CreationTimestamp",
        "Status",
        "Datasets",
        "Feature",
        "AutoUpdate",
    }


def test_a_version_that_aws_says_little_of_is_read_all_the_same() -> None:
    version = read_version({"ProjectVersionArn": VERSION, "Status": "TRAINING_IN_PROGRESS"})
    assert (version.name, version.state) == ("v1-0", VersionState.TRAINING_IN_PROGRESS)
    assert (version.inputs, version.output, version.f1_score, version.status_message) == (None, None, None, None)


def test_a_status_of_tomorrow_is_kept_as_aws_says_it() -> None:
    description: ProjectVersionDescriptionTypeDef = {**DESCRIPTION, "Status": "HIBERNATING"}  # type: ignore[typeddict-item]  # not in today's API
    version = read_version(description)
    assert (version.status, version.state) == ("HIBERNATING", VersionState.UNKNOWN)


def test_a_threshold_that_comes_back_as_a_float_of_32_bits_is_the_one_that_was_given() -> None:
    config = {"ContentModeration": {"ConfidenceThreshold": 59.900001525878906}}
    version = read_version({**DESCRIPTION, "FeatureConfig": config})  # type: ignore[typeddict-item]  # built by hand
    assert version.inputs is not None
    assert version.inputs.confidence_threshold == 59.9


def test_a_test_split_by_aws_is_no_testing_data_even_if_assets_are_shown() -> None:
    testing = {"Input": {**DESCRIPTION["TestingDataResult"]["Input"], "AutoCreate": True}}
    version = read_version({**DESCRIPTION, "TestingDataResult": testing})  # type: ignore[typeddict-item]  # built by hand
    assert version.inputs is not None
    assert version.inputs.testing == ()


def test_data_that_is_not_a_manifest_in_s3_has_no_inputs() -> None:
    version = read_version({**DESCRIPTION, "TrainingDataResult": {"Input": {"Assets": [{"GroundTruthManifest": {}}]}}})
    assert version.inputs is None


def test_a_custom_labels_project_comes_without_feature_and_auto_update() -> None:
    created = datetime(2023, 7, 28, 8, 5, 33, 321000, tzinfo=PACIFIC)
    read = read_project(
        {
            "ProjectArn": PROJECT,
            "CreationTimestamp": created,
            "Status": "CREATED",
            "Feature": "",  # type: ignore[typeddict-item]  # what the API answers
            "Datasets": [{"DatasetType": "TRAIN", "DatasetArn": "arn:train", "Status": "CREATE_COMPLETE"}],
        }
    )
    assert read == ObservedProject(
        arn=PROJECT,
        name="store.front_1-a",
        created_at=created,
        status=ProjectStatus.CREATED,
        feature=Feature.CUSTOM_LABELS,
        auto_update=False,
        tags={},
        datasets=(ObservedDataset("arn:train", "TRAIN", "CREATE_COMPLETE"),),
    )


def test_an_adapter_project_is_read() -> None:
    read = read_project(
        {"ProjectArn": PROJECT, "Status": "DELETING", "Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED"}
    )
    assert (read.status, read.feature, read.auto_update) == (
        ProjectStatus.DELETING,
        Feature.CONTENT_MODERATION,
        True,
    )


def test_a_project_of_tomorrow_spoils_no_listing() -> None:
    read = read_project({"ProjectArn": PROJECT, "Status": "FROZEN", "Feature": "VIDEO"})  # type: ignore[typeddict-item]  # not in today's API
    assert (read.status, read.feature) == (ProjectStatus.CREATING, Feature.CUSTOM_LABELS)


def test_names_are_read_from_arns() -> None:
    assert (project_name_of(PROJECT), project_name_of(VERSION)) == ("store.front_1-a", "store.front_1-a")
    assert version_name_of(VERSION) == "v1-0"
    assert VERSION.startswith(project_of(PROJECT))


def valid(operation: str, request: Mapping[str, object]) -> bool:
    """Whether the SDK's own model accepts the request."""
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return not ParamValidator().validate(request, shape).has_errors()


def test_an_adapter_is_asked_for_with_everything_that_is_given() -> None:
    request = write_version(
        PROJECT,
        "v1-0",
        feature=Feature.CONTENT_MODERATION,
        inputs=INPUTS,
        output=S3Object("results", "out/"),
        description="autumn",
        tags={"a": "b"},
    )
    assert request == {
        "ProjectArn": PROJECT,
        "VersionName": "v1-0",
        "OutputConfig": {"S3Bucket": "results", "S3KeyPrefix": "out/"},
        "TrainingData": DESCRIPTION["TrainingDataResult"]["Input"],
        "TestingData": {"Assets": DESCRIPTION["TestingDataResult"]["Input"]["Assets"]},
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 60.0}},
        "KmsKeyId": "alias/rekognition",
        "VersionDescription": "autumn",
        "Tags": {"a": "b"},
    }
    assert valid("CreateProjectVersion", request)


def test_what_is_not_given_is_left_out() -> None:
    request = write_version(
        PROJECT,
        "v1-0",
        feature=Feature.CONTENT_MODERATION,
        inputs=TrainingInputs((ManifestRef("images", "a.manifest"),)),
        output=S3Object("results", ""),
        description=None,
        tags={},
    )
    assert request == {
        "ProjectArn": PROJECT,
        "VersionName": "v1-0",
        "OutputConfig": {"S3Bucket": "results"},
        "TrainingData": {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "images", "Name": "a.manifest"}}}]},
        "TestingData": {"AutoCreate": True},
    }
    assert valid("CreateProjectVersion", request)


def test_a_threshold_is_sent_for_adapters_only() -> None:
    request = write_version(
        PROJECT,
        "v1-0",
        feature=Feature.CUSTOM_LABELS,
        inputs=INPUTS,
        output=S3Object("results", "out/"),
        description=None,
        tags={},
    )
    assert "FeatureConfig" not in request


def test_auto_update_is_sent_for_adapters_only() -> None:
    adapter = write_project("storefront", Feature.CONTENT_MODERATION, auto_update=False, tags={})
    assert adapter == {"ProjectName": "storefront", "Feature": "CONTENT_MODERATION", "AutoUpdate": "DISABLED"}
    updated = write_project("storefront", Feature.CONTENT_MODERATION, auto_update=True, tags={"a": "b"})
    assert (updated["AutoUpdate"], updated["Tags"]) == ("ENABLED", {"a": "b"})
    labels = write_project("parts", Feature.CUSTOM_LABELS, auto_update=False, tags={})
    assert labels == {"ProjectName": "parts", "Feature": "CUSTOM_LABELS"}
    assert all(valid("CreateProject", request) for request in (adapter, updated, labels))


def test_what_was_asked_for_is_what_is_seen() -> None:
    request = write_version(
        PROJECT,
        "v1-0",
        feature=Feature.CONTENT_MODERATION,
        inputs=INPUTS,
        output=S3Object("results", "out/"),
        description="autumn",
        tags={},
    )
    seen = read_version(
        {
            "ProjectVersionArn": VERSION,
            "TrainingDataResult": {"Input": request["TrainingData"]},  # type: ignore[typeddict-item]  # as AWS echoes it
            "TestingDataResult": {"Input": request["TestingData"]},  # type: ignore[typeddict-item]  # as AWS echoes it
            "FeatureConfig": request["FeatureConfig"],
            "KmsKeyId": request["KmsKeyId"],
            "OutputConfig": request["OutputConfig"],
        }
    )
    assert (seen.inputs, seen.output) == (INPUTS, S3Object("results", "out/"))
