"""What does DetectModerationLabels do?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.detection import ImageError, detect
from rekognition_sandbox.emulator.errors import AwsError, invalid_parameter
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.images import image_bytes
from rekognition_sandbox.emulator.operations.versions import find_version
from rekognition_sandbox.emulator.state import Feature, Version, VersionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import (
        DetectModerationLabelsRequestTypeDef,
        HumanLoopConfigTypeDef,
    )

    from rekognition_sandbox.emulator.detection import Detection
    from rekognition_sandbox.emulator.operations.call import Call

#: What AWS takes when the request says nothing.
_DEFAULT_MIN_CONFIDENCE = 50.0
#: The emulator's one activation condition for every flow definition: a label that the model is less sure of than this.
_HUMAN_LOOP_BELOW = 80.0


def detect_moderation_labels(call: Call, request: DetectModerationLabelsRequestTypeDef) -> Result:
    """Say what is on an image, as the base model or as an adapter.

    An EXPIRED adapter is ignored and the answer names none; a DEPRECATED one works.
    """
    adapter = _adapter(call, request["ProjectVersion"]) if "ProjectVersion" in request else None
    image = image_bytes(call, request["Image"])
    knowledge = adapter.outcome.knowledge if adapter and adapter.outcome else None
    min_confidence = request.get("MinConfidence", _DEFAULT_MIN_CONFIDENCE)
    try:
        detection = detect(image, knowledge, min_confidence=min_confidence)
    except ImageError as error:
        raise AwsError(error.code, error.message) from error
    loop = request.get("HumanLoopConfig")
    return Result(
        {
            "ModerationLabels": [
                {
                    "Confidence": label.confidence,
                    "Name": label.name,
                    "ParentName": label.parent_name,
                    "TaxonomyLevel": label.taxonomy_level,
                }
                for label in detection.labels
            ],
            "ModerationModelVersion": adapter.base_model_version if adapter else call.engine.base_model_version,
            "HumanLoopActivationOutput": _human_loop(call, loop, detection) if loop else None,
            "ProjectVersion": adapter.arn if adapter else None,
            "ContentTypes": [
                {"Confidence": content.confidence, "Name": content.name} for content in detection.content_types
            ],
        }
    )


def _adapter(call: Call, arn: str) -> Version | None:
    """Return the adapter that is to answer; None when it has expired, or the controls say that the base model does."""
    version = find_version(call.place, arn)
    if version.feature is not Feature.CONTENT_MODERATION:
        raise invalid_parameter(f"{arn} is no adapter: its project has Feature {version.feature}.")
    match version.status:
        case VersionStatus.EXPIRED:
            return None
        case VersionStatus.TRAINING_COMPLETED | VersionStatus.DEPRECATED:
            return None if version.base_model_answers else version
        case status:
            raise AwsError("ResourceNotReadyException", f"The version {arn} is {status} and cannot be used.")


def _human_loop(call: Call, loop: HumanLoopConfigTypeDef, detection: Detection) -> Mapping[str, object]:
    """Activate a loop when a returned label has a confidence below 80; the evaluation is told either way."""
    unsure = [label.name for label in detection.labels if label.confidence < _HUMAN_LOOP_BELOW]
    conditions = {
        "Conditions": [
            {
                "ConditionType": "ModerationLabelConfidenceCheck",
                "ConditionParameters": {"ModerationLabelName": "*", "ConfidenceLessThan": _HUMAN_LOOP_BELOW},
                "EvaluationResult": bool(unsure),
            }
        ]
    }
    place = call.place
    arn = f"arn:{place.partition}:sagemaker:{place.region}:{place.account}:human-loop/{loop['HumanLoopName']}"
    return {
        "HumanLoopArn": arn if unsure else None,
        "HumanLoopActivationReasons": ["ConditionsEvaluation"] if unsure else None,
        "HumanLoopActivationConditionsEvaluationResults": json.dumps(conditions),
    }


HANDLERS: Mapping[str, Handler] = {"DetectModerationLabels": detect_moderation_labels}
