"""What does DetectCustomLabels do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.custom_labels.model import CUSTOM_LABELS_IMAGES, answer
from rekognition_sandbox.emulator.detection import ImageError, look
from rekognition_sandbox.emulator.errors import AwsError, invalid_parameter
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.images import image_bytes
from rekognition_sandbox.emulator.operations.versions import find_version
from rekognition_sandbox.emulator.state import Feature, VersionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import DetectCustomLabelsRequestTypeDef

    from rekognition_sandbox.emulator.custom_labels.model import FoundLabel
    from rekognition_sandbox.emulator.operations.call import Call

#: Custom Labels guide, "Guidelines and quotas"; the service model allows 5 MB.
_MAX_SENT_BYTES = 4 * 1024 * 1024


def detect_custom_labels(call: Call, request: DetectCustomLabelsRequestTypeDef) -> Result:
    """Say what a running model finds on an image.

    Throughput is not emulated: a model answers any number of calls, whatever its inference units.
    """
    arn = request["ProjectVersionArn"]
    version = find_version(call.place, arn)
    if version.feature is not Feature.CUSTOM_LABELS:
        raise invalid_parameter(f"{arn} is an adapter. Use DetectModerationLabels.")
    if version.status is not VersionStatus.RUNNING:
        raise AwsError("ResourceNotReadyException", f"The version {arn} is {version.status} and cannot be used.")
    image = image_bytes(call, request["Image"])
    if "Bytes" in request["Image"] and len(image) > _MAX_SENT_BYTES:
        raise AwsError("ImageTooLargeException", "Image size is too large.")
    try:
        seen = look(image, CUSTOM_LABELS_IMAGES)
    except ImageError as error:
        raise AwsError(error.code, error.message) from error
    knowledge = version.outcome.custom_labels if version.outcome else None
    found = (
        answer(
            seen,
            knowledge,
            min_confidence=request.get("MinConfidence"),
            max_results=request.get("MaxResults"),
        )
        if knowledge
        else ()
    )
    return Result({"CustomLabels": [_label(label) for label in found]})


def _label(label: FoundLabel) -> Mapping[str, object]:
    box = label.box
    return {
        "Name": label.name,
        "Confidence": label.confidence,
        "Geometry": {"BoundingBox": {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}}
        if box
        else None,
    }


HANDLERS: Mapping[str, Handler] = {"DetectCustomLabels": detect_custom_labels}
