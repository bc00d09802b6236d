"""What do versions answer for an image?"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import (
    ContentType,
    CustomLabelsAnswer,
    DetectedLabel,
    HumanLoop,
    ModerationAnswer,
    S3Image,
)

if TYPE_CHECKING:
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_rekognition.literals import ContentClassifierType
    from mypy_boto3_rekognition.type_defs import (
        DetectCustomLabelsRequestTypeDef,
        DetectCustomLabelsResponseTypeDef,
        DetectModerationLabelsRequestTypeDef,
        DetectModerationLabelsResponseTypeDef,
        HumanLoopConfigTypeDef,
        ImageTypeDef,
    )


class Detection(Protocol):
    """Detection in one (account, Region), as one identity; AWS charges for each call that succeeds.

    Every method raises :class:`rekognition_operator.aws.errors.CallError` and nothing else. By its code: the image
    cannot be read (InvalidS3ObjectException: no such object, another Region, or no right to read it; AWS does not say
    which), is too large (ImageTooLargeException), or is no PNG or JPEG (InvalidImageFormatException), all of kind
    INVALID; the version is absent (NOT_FOUND), or in no state in which it answers (ResourceNotReadyException, IN_USE).
    """

    async def detect_moderation_labels(
        self,
        image: S3Image | bytes,
        *,
        project_version_arn: str | None,
        min_confidence: float | None,
        human_loop: HumanLoop | None = None,
        lane: Lane,
    ) -> ModerationAnswer:
        """DetectModerationLabels by an adapter, or by the base model where no ARN is given.

        An EXPIRED adapter is no error: the base model answers, and the answer has no ``project_version``. Labels below
        ``min_confidence`` are left out; None means AWS's default, 50. With a human loop, whose name AWS takes only
        once, nothing is tried again.
        """
        ...

    async def detect_custom_labels(
        self, image: S3Image | bytes, *, project_version_arn: str, min_confidence: float | None, lane: Lane
    ) -> CustomLabelsAnswer:
        """DetectCustomLabels by a model that is RUNNING.

        Labels below ``min_confidence`` are left out; None means the threshold that training found for each label.
        """
        ...


class RekognitionDetection:
    """Detection through boto3; implements the Protocol ``Detection``."""

    def __init__(self, client: "RekognitionClient", caller: Caller) -> None:
        self._client = client
        self._caller = caller

    async def detect_moderation_labels(
        self,
        image: S3Image | bytes,
        *,
        project_version_arn: str | None,
        min_confidence: float | None,
        human_loop: HumanLoop | None = None,
        lane: Lane,
    ) -> ModerationAnswer:
        """DetectModerationLabels; see the Protocol."""
        request: DetectModerationLabelsRequestTypeDef = {"Image": _write_image(image)}
        if project_version_arn is not None:
            request["ProjectVersion"] = project_version_arn
        if min_confidence is not None:
            request["MinConfidence"] = min_confidence
        if human_loop is not None:
            request["HumanLoopConfig"] = _write_human_loop(human_loop)
        run = self._caller.read if human_loop is None else self._caller.write
        call = partial(self._client.detect_moderation_labels, **request)
        try:
            return _read_moderation(await run("DetectModerationLabels", lane, call))
        except CallError as error:
            raise replace(error, resource=project_version_arn or "*") from error

    async def detect_custom_labels(
        self, image: S3Image | bytes, *, project_version_arn: str, min_confidence: float | None, lane: Lane
    ) -> CustomLabelsAnswer:
        """DetectCustomLabels; see the Protocol."""
        request: DetectCustomLabelsRequestTypeDef = {
            "ProjectVersionArn": project_version_arn,
            "Image": _write_image(image),
        }
        if min_confidence is not None:
            request["MinConfidence"] = min_confidence
        call = partial(self._client.detect_custom_labels, **request)
        try:
            return _read_custom_labels(await self._caller.read("DetectCustomLabels", lane, call))
        except CallError as error:
            raise replace(error, resource=project_version_arn) from error


def _write_image(image: S3Image | bytes) -> "ImageTypeDef":
    if isinstance(image, bytes):
        return {"Bytes": image}
    if image.version is None:
        return {"S3Object": {"Bucket": image.bucket, "Name": image.name}}
    return {"S3Object": {"Bucket": image.bucket, "Name": image.name, "Version": image.version}}


def _write_human_loop(loop: HumanLoop) -> "HumanLoopConfigTypeDef":
    config: HumanLoopConfigTypeDef = {"HumanLoopName": loop.name, "FlowDefinitionArn": loop.flow_definition_arn}
    if loop.content_classifiers:
        config["DataAttributes"] = {
            "ContentClassifiers": cast("list[ContentClassifierType]", [*loop.content_classifiers])
        }
    return config


def _read_moderation(answer: "DetectModerationLabelsResponseTypeDef") -> ModerationAnswer:
    loop = answer.get("HumanLoopActivationOutput", {})
    conditions = loop.get("HumanLoopActivationConditionsEvaluationResults")
    return ModerationAnswer(
        labels=tuple(
            DetectedLabel(
                name=label.get("Name", ""),
                confidence=label.get("Confidence", 0.0),
                parent_name=label.get("ParentName", ""),
                taxonomy_level=label.get("TaxonomyLevel", 1),
            )
            for label in answer.get("ModerationLabels", ())
        ),
        content_types=tuple(
            ContentType(content.get("Name", ""), content.get("Confidence", 0.0))
            for content in answer.get("ContentTypes", ())
        ),
        model_version=answer.get("ModerationModelVersion") or None,
        project_version=answer.get("ProjectVersion") or None,
        human_loop_arn=loop.get("HumanLoopArn") or None,
        human_loop_reasons=tuple(loop.get("HumanLoopActivationReasons", ())),
        human_loop_conditions=str(conditions) if conditions else None,
    )


def _read_custom_labels(answer: "DetectCustomLabelsResponseTypeDef") -> CustomLabelsAnswer:
    return CustomLabelsAnswer(
        tuple(
            DetectedLabel(label.get("Name", ""), label.get("Confidence", 0.0))
            for label in answer.get("CustomLabels", ())
        )
    )
