"""What does a version answer for an image, who really answered, and how is that told to programs?"""

import json
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from rekognition_operator.api.kinds import Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.aws.detection import Detection
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.cli.images import ImageArgument
from rekognition_operator.cli.resources import Version
from rekognition_operator.core.detected import DetectedLabel, HumanLoop, ModerationAnswer

JsonObject = dict[str, JsonValue]


class AnsweredBy(StrEnum):
    """Who answered."""

    ADAPTER = "adapter"
    BASE_MODEL = "baseModel"
    MODEL = "model"


@dataclass(frozen=True)
class Question:
    """What is asked about each image. ``min_confidence``: 0 to 100, None for AWS's own default."""

    kind: Kind
    version: Version
    min_confidence: float | None = None
    compare_base: bool = False
    human_loop: HumanLoop | None = None


@dataclass(frozen=True)
class Answer:
    """What was answered for an image. ``base`` is the base model's answer, where it was asked for as well."""

    image: str
    question: Question
    labels: tuple[DetectedLabel, ...]
    moderation: ModerationAnswer | None = None
    base: ModerationAnswer | None = None

    @property
    def answered_by(self) -> AnsweredBy:
        """Who answered: AWS leaves its own name out where the base model stands in for an adapter that has expired."""
        if self.moderation is None:
            return AnsweredBy.MODEL
        return AnsweredBy.ADAPTER if self.moderation.project_version else AnsweredBy.BASE_MODEL

    def as_json(self) -> str:
        """Return the answer in one line, in the form that docs/using.md describes."""
        version = self.question.version
        document: JsonObject = {
            "image": self.image,
            "versionName": version.name,
            "projectVersionArn": version.arn,
            "answeredBy": self.answered_by.value,
        }
        if self.moderation is None:
            document["labels"] = [_custom_label(label) for label in self.labels]
            return json.dumps(document)
        document |= _moderation(self.moderation)
        if self.base is not None:
            document["base"] = _moderation(self.base)
        if self.question.human_loop is not None:
            document["humanLoop"] = _human_loop(self.moderation)
        return json.dumps(document)


async def ask(detection: Detection, question: Question, image: ImageArgument) -> Answer:
    """Ask the version, and the base model where that is wanted.

    Raises
    ------
    CallError
        AWS did not answer with labels.
    """
    arn, confidence = question.version.arn, question.min_confidence
    if question.kind is not ModerationAdapter:
        custom = await detection.detect_custom_labels(
            image.content, project_version_arn=arn, min_confidence=confidence, lane=Lane.CHANGE
        )
        return Answer(image.name, question, custom.labels)
    answer = await detection.detect_moderation_labels(
        image.content,
        project_version_arn=arn,
        min_confidence=confidence,
        human_loop=question.human_loop,
        lane=Lane.CHANGE,
    )
    base = None
    if question.compare_base:
        base = await detection.detect_moderation_labels(
            image.content, project_version_arn=None, min_confidence=confidence, lane=Lane.CHANGE
        )
    return Answer(image.name, question, answer.labels, answer, base)


def _moderation(answer: ModerationAnswer) -> JsonObject:
    return {
        "baseModelVersion": answer.model_version,
        "labels": [_moderation_label(label) for label in answer.labels],
        "contentTypes": [{"name": kind.name, "confidence": kind.confidence} for kind in answer.content_types],
    }


def _moderation_label(label: DetectedLabel) -> JsonObject:
    return {**_custom_label(label), "parentName": label.parent_name, "taxonomyLevel": label.taxonomy_level}


def _custom_label(label: DetectedLabel) -> JsonObject:
    return {"name": label.name, "confidence": label.confidence}


def _human_loop(answer: ModerationAnswer) -> JsonObject:
    conditions = answer.human_loop_conditions
    return {
        "arn": answer.human_loop_arn,
        "reasons": list(answer.human_loop_reasons),
        "conditions": _parsed(conditions) if conditions is not None else None,
    }


def _parsed(text: str) -> JsonValue:
    """Return JSON that AWS gives as text; as text where it is none."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value
