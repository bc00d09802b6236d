"""Do CreateDataset, DescribeDataset and DeleteDataset behave as the reference says?"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from component.emulator.conftest import SAMPLES, part
from rekognition_sandbox.emulator.state import DatasetStatus
from rekognition_sandbox.samples.parts import classification

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition.type_defs import DatasetDescriptionTypeDef, DatasetSourceTypeDef

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]

CREATING_SECONDS = 120


def manifest(name: str) -> DatasetSourceTypeDef:
    return {"GroundTruthManifest": {"S3Object": part(name)}}


def create(
    aws: Aws,
    project: str,
    source: DatasetSourceTypeDef | None = None,
    *,
    kind: Literal["TRAIN", "TEST"] = "TRAIN",
) -> str:
    if source is None:
        return aws.rekognition.create_dataset(ProjectArn=project, DatasetType=kind)["DatasetArn"]
    return aws.rekognition.create_dataset(ProjectArn=project, DatasetType=kind, DatasetSource=source)["DatasetArn"]


def describe(aws: Aws, arn: str) -> DatasetDescriptionTypeDef:
    return aws.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]


def made(aws: Aws, source: DatasetSourceTypeDef) -> DatasetDescriptionTypeDef:
    """Return the description of a new project's training dataset whose creation has ended."""
    arn = create(aws, aws.custom_labels_project(), source)
    aws.control.advance(CREATING_SECONDS)
    return describe(aws, arn)


def test_a_dataset_is_creating_then_complete_then_deleting_then_absent(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    arn = create(aws, project, manifest("train.manifest"))
    creating = describe(aws, arn)
    aws.control.advance(CREATING_SECONDS)
    complete = describe(aws, arn)

    aws.rekognition.delete_dataset(DatasetArn=arn)
    deleting = describe(aws, arn)
    aws.control.advance(CREATING_SECONDS)

    assert [found["Status"] for found in (creating, complete, deleting)] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "DELETE_IN_PROGRESS",
    ]
    assert creating["DatasetStats"] == {"LabeledEntries": 0, "TotalEntries": 0, "TotalLabels": 0, "ErrorEntries": 0}
    assert complete["DatasetStats"] == {"LabeledEntries": 40, "TotalEntries": 40, "TotalLabels": 4, "ErrorEntries": 0}
    assert complete["StatusMessageCode"] == "SUCCESS"
    assert complete["LastUpdatedTimestamp"] - complete["CreationTimestamp"] == timedelta(seconds=CREATING_SECONDS)
    assert refused(lambda: describe(aws, arn))[0] == "ResourceNotFoundException"
    assert refused(lambda: aws.rekognition.delete_dataset(DatasetArn=arn))[0] == "ResourceNotFoundException"


def test_the_arn_names_project_type_and_creation_time(aws: Aws) -> None:
    project = aws.custom_labels_project("parts")
    arn = create(aws, project, kind="TEST")

    prefix, _, created_ms = arn.rpartition("/")
    assert prefix == "arn:aws:rekognition:us-east-1:123456789012:project/parts/dataset/test"
    assert describe(aws, arn)["CreationTimestamp"].timestamp() * 1000 == pytest.approx(int(created_ms), abs=0.4)


def test_describe_projects_shows_the_datasets_with_their_state(aws: Aws) -> None:
    project = aws.custom_labels_project()
    testing = create(aws, project, kind="TEST")
    training = create(aws, project, manifest("absent.manifest"))
    aws.control.advance(CREATING_SECONDS)

    (described,) = aws.rekognition.describe_projects()["ProjectDescriptions"]

    shown = [(found["DatasetArn"], found["DatasetType"], found["Status"]) for found in described["Datasets"]]
    assert shown == [(training, "TRAIN", "CREATE_FAILED"), (testing, "TEST", "CREATE_COMPLETE")]
    assert described["Datasets"][0]["StatusMessage"] == "The manifest file extension or contents are invalid."
    assert described["Datasets"][0]["StatusMessageCode"] == "CLIENT_ERROR"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "The manifest file extension or contents are invalid."),
        (b"", "The manifest file is empty."),
        (b'{"source_ref": "x"}\n', "The manifest file has too many terminal errors."),
    ],
)
def test_a_manifest_of_no_use_fails_the_dataset_and_not_the_call(aws: Aws, content: bytes | None, message: str) -> None:
    if content is not None:
        aws.s3.put_object(Bucket=SAMPLES, Key="parts/faulty.manifest", Body=content)
    description = made(aws, manifest("absent.manifest" if content is None else "faulty.manifest"))

    assert (description["Status"], description["StatusMessageCode"]) == ("CREATE_FAILED", "CLIENT_ERROR")
    assert description["StatusMessage"] == message
    assert description["DatasetStats"]["TotalEntries"] == 0


def test_unusable_lines_and_repeated_images_are_left_out_and_faulty_ones_are_counted(aws: Aws) -> None:
    def line(key: str, *parts: str) -> str:
        return json.dumps({"source-ref": f"s3://{SAMPLES}/parts/images/{key}.png", **classification(*parts)})

    faulty = line("g").replace("}", ', "part-0": 0}')
    lines = [line("a", "gear"), line("b", "gear", "bolt"), line("c", "bolt"), line("d"), line("e"), line("f"), faulty]
    lines += [line("h"), line("a", "bolt"), "{"]
    aws.s3.put_object(Bucket=SAMPLES, Key="parts/mixed.manifest", Body="\n".join(lines).encode())

    description = made(aws, manifest("mixed.manifest"))

    assert description["Status"] == "CREATE_COMPLETE"
    assert description["DatasetStats"] == {"LabeledEntries": 3, "TotalEntries": 8, "TotalLabels": 2, "ErrorEntries": 1}


def test_a_dataset_may_be_empty_or_a_copy_of_another_project_s(aws: Aws) -> None:
    original = create(aws, aws.custom_labels_project("first"), manifest("train.manifest"))
    aws.control.advance(CREATING_SECONDS)
    project = aws.custom_labels_project("second")

    copy = create(aws, project, {"DatasetArn": original})
    empty = create(aws, project, kind="TEST")
    aws.control.advance(CREATING_SECONDS)

    assert [describe(aws, arn)["DatasetStats"]["TotalEntries"] for arn in (copy, empty)] == [40, 0]
    assert {describe(aws, arn)["Status"] for arn in (copy, empty)} == {"CREATE_COMPLETE"}


def test_a_source_is_given_in_one_way(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    dataset = create(aws, project, kind="TEST")
    sources: list[DatasetSourceTypeDef] = [
        {},
        {**manifest("train.manifest"), "DatasetArn": dataset},
        {"GroundTruthManifest": {"S3Object": {"Bucket": SAMPLES}}},
        {"DatasetArn": dataset},
    ]

    codes = [refused(lambda source=source: create(aws, project, source))[0] for source in sources]  # type: ignore[misc]  # a default binds the loop variable

    assert codes == ["InvalidParameterException"] * 4


def test_a_project_has_one_dataset_of_each_type_until_the_old_one_is_gone(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    arn = create(aws, project)
    create(aws, project, kind="TEST")
    aws.control.advance(CREATING_SECONDS)

    code, message = refused(lambda: create(aws, project))
    aws.rekognition.delete_dataset(DatasetArn=arn)
    while_deleting, _ = refused(lambda: create(aws, project))
    aws.control.advance(CREATING_SECONDS)

    assert (code, "has a TRAIN dataset already" in message) == ("ResourceAlreadyExistsException", True)
    assert while_deleting == "ResourceAlreadyExistsException"
    assert create(aws, project) != arn


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_dataset_that_is_being_changed_is_not_deleted(aws: Aws, refused: Refused, status: str) -> None:
    arn = aws.control.add_dataset(aws.custom_labels_project(), "TRAIN", status=DatasetStatus(status))

    code, message = refused(lambda: aws.rekognition.delete_dataset(DatasetArn=arn))

    assert (code, status in message) == ("ResourceInUseException", True)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED"])
def test_a_dataset_that_has_settled_is_deleted(aws: Aws, status: str) -> None:
    arn = aws.control.add_dataset(aws.custom_labels_project(), "TRAIN", status=DatasetStatus(status))

    aws.rekognition.delete_dataset(DatasetArn=arn)

    assert describe(aws, arn)["Status"] == "DELETE_IN_PROGRESS"


def test_a_project_is_deleted_when_its_datasets_are_gone(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    arn = create(aws, project)
    aws.control.advance(CREATING_SECONDS)
    aws.rekognition.delete_dataset(DatasetArn=arn)

    code, message = refused(lambda: aws.rekognition.delete_project(ProjectArn=project))
    aws.control.advance(CREATING_SECONDS)

    assert (code, "1 datasets" in message) == ("ResourceInUseException", True)
    assert aws.rekognition.delete_project(ProjectArn=project)["Status"] == "DELETING"


def test_adapters_and_unfinished_projects_take_no_datasets(aws: Aws, refused: Refused) -> None:
    creating = aws.rekognition.create_project(ProjectName="creating")["ProjectArn"]

    assert refused(lambda: create(aws, creating))[0] == "ResourceInUseException"
    assert refused(lambda: create(aws, aws.adapter_project()))[0] == "InvalidParameterException"
    absent = creating.rpartition("/")[0] + "/1"
    assert refused(lambda: create(aws, absent))[0] == "ResourceNotFoundException"


def test_datasets_are_tagged(aws: Aws) -> None:
    arn = aws.rekognition.create_dataset(
        ProjectArn=aws.custom_labels_project(), DatasetType="TRAIN", Tags={"team": "factory"}
    )["DatasetArn"]

    aws.rekognition.tag_resource(ResourceArn=arn, Tags={"stage": "prod"})
    added = aws.rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    aws.rekognition.untag_resource(ResourceArn=arn, TagKeys=["team"])

    assert added == {"team": "factory", "stage": "prod"}
    assert aws.rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"stage": "prod"}


def test_the_call_log_tells_what_became_of_datasets(aws: Aws) -> None:
    arn = create(aws, aws.custom_labels_project())
    aws.control.advance(CREATING_SECONDS)
    aws.rekognition.delete_dataset(DatasetArn=arn)

    effects = [record.effect for record in aws.control.calls() if "Dataset" in record.operation]
    assert effects == [f"created {arn}", f"deleting {arn}"]
