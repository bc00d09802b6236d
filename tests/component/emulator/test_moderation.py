"""Does DetectModerationLabels take images and adapters as the reference says?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rekognition_sandbox.emulator.state import VersionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition.type_defs import DetectModerationLabelsResponseTypeDef, S3ObjectTypeDef

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


def sample_images(aws: Aws) -> list[S3ObjectTypeDef]:
    found = aws.s3.list_objects_v2(Bucket="acme-samples", Prefix="storefront/images/")["Contents"]
    return [{"Bucket": "acme-samples", "Name": item["Key"]} for item in found]


def seen_at(aws: Aws, least: float, most: float) -> S3ObjectTypeDef:
    """Return the place of a sample image on which the base model sees something with a confidence in a range."""
    for place in sample_images(aws):
        answer = aws.rekognition.detect_moderation_labels(Image={"S3Object": place}, MinConfidence=0)
        if any(least <= label["Confidence"] <= most for label in answer["ModerationLabels"]):
            return place
    raise LookupError(f"the base model is between {least} and {most} sure of nothing on any sample image")


@pytest.fixture
def image(aws: Aws) -> S3ObjectTypeDef:
    return seen_at(aws, 50, 100)


def detect(aws: Aws, image: S3ObjectTypeDef, adapter: str) -> DetectModerationLabelsResponseTypeDef:
    return aws.rekognition.detect_moderation_labels(Image={"S3Object": image}, ProjectVersion=adapter)


def test_the_base_model_answers_and_names_itself_and_no_adapter(aws: Aws, image: S3ObjectTypeDef) -> None:
    answer = aws.rekognition.detect_moderation_labels(Image={"S3Object": image})

    assert answer["ModerationModelVersion"] == "7.0"
    assert "ProjectVersion" not in answer
    assert all(label["Confidence"] >= 50 for label in answer["ModerationLabels"])
    tops = [label for label in answer["ModerationLabels"] if label["TaxonomyLevel"] == 1]
    assert tops
    assert all(label["ParentName"] == "" for label in tops)


def test_bytes_and_s3_give_the_same_answer(aws: Aws, image: S3ObjectTypeDef) -> None:
    content = aws.s3.get_object(Bucket=image["Bucket"], Key=image["Name"])["Body"].read()

    by_place = aws.rekognition.detect_moderation_labels(Image={"S3Object": image})
    by_bytes = aws.rekognition.detect_moderation_labels(Image={"Bytes": content})

    assert by_bytes["ModerationLabels"] == by_place["ModerationLabels"]


@pytest.mark.parametrize("status", ["TRAINING_COMPLETED", "DEPRECATED"])
def test_a_trained_adapter_answers_and_is_echoed(aws: Aws, image: S3ObjectTypeDef, status: str) -> None:
    adapter = aws.train(aws.adapter_project())
    aws.control.set_version(adapter, status=VersionStatus(status))

    assert detect(aws, image, adapter)["ProjectVersion"] == adapter


def test_an_adapter_answers_otherwise_than_the_base_model_where_it_was_taught_so(aws: Aws) -> None:
    adapter = aws.train(aws.adapter_project())

    different = 0
    for place in sample_images(aws)[:40]:
        base = aws.rekognition.detect_moderation_labels(Image={"S3Object": place})["ModerationLabels"]
        different += {label["Name"] for label in base} != {
            label["Name"] for label in detect(aws, place, adapter)["ModerationLabels"]
        }

    assert different > 0


def test_an_expired_adapter_is_ignored_and_the_newest_base_model_answers(aws: Aws, image: S3ObjectTypeDef) -> None:
    adapter = aws.train(aws.adapter_project())
    aws.control.release_base_model("8.0")
    own = detect(aws, image, adapter)
    aws.control.set_version(adapter, status=VersionStatus.EXPIRED)

    answer = detect(aws, image, adapter)

    assert own["ModerationModelVersion"] == "7.0"
    assert "ProjectVersion" not in answer
    assert answer["ModerationModelVersion"] == "8.0"
    base = aws.rekognition.detect_moderation_labels(Image={"S3Object": image})
    assert answer["ModerationLabels"] == base["ModerationLabels"]


def test_the_base_model_answers_for_an_adapter_as_long_as_it_is_told_to(aws: Aws, image: S3ObjectTypeDef) -> None:
    project = aws.adapter_project()
    adapter = aws.train(project)
    own = detect(aws, image, adapter)

    aws.control.set_version(adapter, base_model_answers=True)
    assert "ProjectVersion" not in detect(aws, image, adapter)
    assert aws.version(project)["Status"] == "TRAINING_COMPLETED"

    aws.control.set_version(adapter, base_model_answers=False)
    assert detect(aws, image, adapter)["ModerationLabels"] == own["ModerationLabels"]


@pytest.mark.parametrize("status", ["TRAINING_IN_PROGRESS", "TRAINING_FAILED", "DELETING"])
def test_an_adapter_that_is_not_ready_is_refused(
    aws: Aws, refused: Refused, image: S3ObjectTypeDef, status: str
) -> None:
    adapter = aws.train(aws.adapter_project())
    aws.control.set_version(adapter, status=VersionStatus(status))

    code, message = refused(lambda: detect(aws, image, adapter))

    assert code == "ResourceNotReadyException"
    assert status in message


def test_an_absent_adapter_is_not_found(aws: Aws, refused: Refused, image: S3ObjectTypeDef) -> None:
    absent = "arn:aws:rekognition:us-east-1:123456789012:project/a/version/v1/1690556751958"

    assert refused(lambda: detect(aws, image, absent))[0] == "ResourceNotFoundException"


def test_an_image_is_given_in_one_way(aws: Aws, refused: Refused, image: S3ObjectTypeDef) -> None:
    call = aws.rekognition.detect_moderation_labels

    assert refused(lambda: call(Image={}))[0] == "InvalidParameterException"
    assert refused(lambda: call(Image={"Bytes": b"x", "S3Object": image}))[0] == "InvalidParameterException"
    assert refused(lambda: call(Image={"S3Object": {"Bucket": "acme-samples"}}))[0] == "InvalidParameterException"


def test_images_that_cannot_be_read_are_refused(aws: Aws, refused: Refused, image: S3ObjectTypeDef) -> None:
    call = aws.rekognition.detect_moderation_labels
    elsewhere = aws.client("eu-west-1").detect_moderation_labels
    text = "Unable to get object metadata from S3. Check object key, region and/or access permissions."

    no_key = refused(lambda: call(Image={"S3Object": {"Bucket": "acme-samples", "Name": "absent.png"}}))
    no_bucket = refused(lambda: call(Image={"S3Object": {"Bucket": "acme-absent", "Name": "absent.png"}}))
    other_region = refused(lambda: elsewhere(Image={"S3Object": image}))

    assert no_key == no_bucket == other_region == ("InvalidS3ObjectException", text)
    assert refused(lambda: call(Image={"Bytes": b"no picture"}))[0] == "InvalidImageFormatException"


def test_an_object_version_is_read_where_one_is_named(aws: Aws, refused: Refused, image: S3ObjectTypeDef) -> None:
    aws.s3.create_bucket(Bucket="acme-versioned")
    aws.s3.put_bucket_versioning(Bucket="acme-versioned", VersioningConfiguration={"Status": "Enabled"})
    content = aws.s3.get_object(Bucket=image["Bucket"], Key=image["Name"])["Body"].read()
    first = aws.s3.put_object(Bucket="acme-versioned", Key="a.png", Body=content)["VersionId"]
    aws.s3.put_object(Bucket="acme-versioned", Key="a.png", Body=b"no picture")

    named: S3ObjectTypeDef = {"Bucket": "acme-versioned", "Name": "a.png", "Version": first}
    latest: S3ObjectTypeDef = {"Bucket": "acme-versioned", "Name": "a.png"}

    assert aws.rekognition.detect_moderation_labels(Image={"S3Object": named})["ModerationLabels"]
    code, _ = refused(lambda: aws.rekognition.detect_moderation_labels(Image={"S3Object": latest}))
    assert code == "InvalidImageFormatException"


def test_a_human_loop_starts_when_a_label_is_less_sure_than_eighty(aws: Aws) -> None:
    image = seen_at(aws, 0, 79)

    def ask(min_confidence: float) -> DetectModerationLabelsResponseTypeDef:
        return aws.rekognition.detect_moderation_labels(
            Image={"S3Object": image},
            MinConfidence=min_confidence,
            HumanLoopConfig={
                "HumanLoopName": "review-1",
                "FlowDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/moderation",
            },
        )

    activated, quiet = ask(0)["HumanLoopActivationOutput"], ask(100)["HumanLoopActivationOutput"]

    assert activated["HumanLoopArn"] == "arn:aws:sagemaker:us-east-1:123456789012:human-loop/review-1"
    assert activated["HumanLoopActivationReasons"] == ["ConditionsEvaluation"]
    assert "HumanLoopArn" not in quiet
    conditions = json.loads(quiet["HumanLoopActivationConditionsEvaluationResults"])["Conditions"]
    assert [condition["EvaluationResult"] for condition in conditions] == [False]


def test_without_a_human_loop_nothing_is_told_of_one(aws: Aws, image: S3ObjectTypeDef) -> None:
    assert "HumanLoopActivationOutput" not in aws.rekognition.detect_moderation_labels(Image={"S3Object": image})
