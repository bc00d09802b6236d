"""Does DetectCustomLabels take models and images as the reference says?"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from component.emulator.conftest import part
from rekognition_sandbox.emulator.state import VersionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]

ABSENT = "arn:aws:rekognition:us-east-1:123456789012:project/a/version/v1/1690556751958"
BOLT = "images/test/hex-bolt-11.png"


@pytest.fixture
def model(aws: Aws) -> str:
    arn = aws.train_custom_labels(aws.custom_labels_project(), manifest="train-large.manifest")
    aws.start(arn)
    return arn


def names(aws: Aws, model: str, image: str = BOLT, **filters: float) -> list[str]:
    answer = aws.rekognition.detect_custom_labels(
        ProjectVersionArn=model,
        Image={"S3Object": part(image)},
        **filters,  # type: ignore[arg-type]  # MinConfidence and MaxResults below
    )
    return [label["Name"] for label in answer["CustomLabels"]]


def picture(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 64).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_running_model_names_what_it_was_taught(aws: Aws, model: str) -> None:
    assert names(aws, model) == ["bolt"]
    assert names(aws, model, "images/test/steel-gear-11.png") == ["gear"]


def test_bytes_and_s3_give_the_same_answer(aws: Aws, model: str) -> None:
    place = part(BOLT)
    content = aws.s3.get_object(Bucket=place["Bucket"], Key=place["Name"])["Body"].read()

    by_place = aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image={"S3Object": place})
    by_bytes = aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image={"Bytes": content})

    assert by_bytes["CustomLabels"] == by_place["CustomLabels"]


def test_min_confidence_and_max_results_bound_the_answer(aws: Aws, model: str) -> None:
    everything = names(aws, model, MinConfidence=0)

    assert everything[0] == "bolt"
    assert sorted(everything) == ["bearing", "bolt", "gear", "washer"]
    assert names(aws, model, MinConfidence=0, MaxResults=2) == everything[:2]
    assert names(aws, model, MinConfidence=100) == []
    assert names(aws, model, MaxResults=0) == []


def test_a_model_of_boxes_says_where(aws: Aws) -> None:
    detector = aws.train_custom_labels(aws.custom_labels_project("detector"), manifest="boxes.manifest")
    aws.start(detector)

    answer = aws.rekognition.detect_custom_labels(ProjectVersionArn=detector, Image={"S3Object": part(BOLT)})

    (label,) = answer["CustomLabels"]
    box = label["Geometry"]["BoundingBox"]
    assert label["Name"] == "bolt"
    assert 0 < box["Width"] < 0.6
    assert 0 <= box["Left"] < box["Left"] + box["Width"] <= 1


@pytest.mark.parametrize("status", [status for status in VersionStatus if status is not VersionStatus.RUNNING])
def test_a_model_that_does_not_run_is_not_ready(aws: Aws, refused: Refused, model: str, status: VersionStatus) -> None:
    aws.control.set_version(model, status=status)

    code, message = refused(lambda: names(aws, model))

    assert (code, status in message) == ("ResourceNotReadyException", True)


def test_adapters_and_absent_models_are_refused(aws: Aws, refused: Refused) -> None:
    adapter = aws.train(aws.adapter_project())

    assert refused(lambda: names(aws, adapter))[0] == "InvalidParameterException"
    assert refused(lambda: names(aws, ABSENT))[0] == "ResourceNotFoundException"


def test_a_model_moderates_nothing(aws: Aws, refused: Refused, model: str) -> None:
    code, _ = refused(
        lambda: aws.rekognition.detect_moderation_labels(Image={"S3Object": part(BOLT)}, ProjectVersion=model)
    )

    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [
        (63, 64, "InvalidImageFormatException"),
        (64, 1281, "InvalidImageFormatException"),
        (4097, 400, "ImageTooLargeException"),
        (2200, 2200, "ImageTooLargeException"),
    ],
)
def test_images_are_held_to_the_sizes_of_custom_labels(
    aws: Aws, refused: Refused, model: str, width: int, height: int, code: str
) -> None:
    """The last one is small enough in pixels but has more than the 4 MB that may be sent."""
    content = picture(width, height)

    given, _ = refused(lambda: aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image={"Bytes": content}))

    assert given == code


def test_a_large_image_comes_from_s3(aws: Aws, model: str) -> None:
    aws.s3.put_object(Bucket="acme-samples", Key="parts/large.png", Body=picture(2200, 2200))

    assert names(aws, model, "large.png") == []


def test_images_that_cannot_be_read_are_refused(aws: Aws, refused: Refused, model: str) -> None:
    assert refused(lambda: names(aws, model, "absent.png"))[0] == "InvalidS3ObjectException"
    code, _ = refused(lambda: aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image={}))
    assert code == "InvalidParameterException"
