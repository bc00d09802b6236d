"""How well does an adapter do on its testing set, next to the base model?

The evaluation summary and the output manifests are those of the AWS Rekognition developer guide, "Manifest file
formats". How AWS computes F1 for adapters is not published; here it is 2TP / (2TP + FP + FN) of the summary's own
aggregated adapter counts at the input threshold (INFERRED), so that a reader of the file can check it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rekognition_sandbox.emulator.adapter_manifests import GROUND_TRUTH
from rekognition_sandbox.emulator.detection import Detection
from rekognition_sandbox.emulator.manifests import ManifestLine

OUTPUT_CONFIDENCE = 5.0
"""Predictions in the testing output manifest stop here (developer guide, "Manifest file formats")."""

THRESHOLDS = tuple(float(threshold) for threshold in range(5, 101, 5))
"""The confidence thresholds of ``AllConfidenceThresholdsEvalResults``."""


@dataclass(frozen=True)
class Counts:
    """A confusion count over (image, label) pairs."""

    true_positive: int = 0
    true_negative: int = 0
    false_positive: int = 0
    false_negative: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positive + other.true_positive,
            self.true_negative + other.true_negative,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
        )

    @property
    def f1_score(self) -> float:
        """The F1 score, 0 to 1; 1 when nothing was to be found and nothing was invented."""
        wrong = self.false_positive + self.false_negative
        if not self.true_positive:
            return 0.0 if wrong else 1.0
        return 2 * self.true_positive / (2 * self.true_positive + wrong)

    def to_document(self) -> dict[str, int]:
        """Return the counts under AWS's names."""
        return {
            "TruePositive": self.true_positive,
            "TrueNegative": self.true_negative,
            "FalsePositive": self.false_positive,
            "FalseNegative": self.false_negative,
        }


@dataclass(frozen=True)
class EvaluatedImage:
    """One testing line with what both models say of its image, at any confidence."""

    line: ManifestLine
    base_model: Detection
    adapter: Detection


@dataclass(frozen=True)
class Evaluation:
    """The result of testing: which labels were trained, which are evaluated, at which threshold, on what.

    ``labels`` (evaluated) holds the trained ones and those that only the testing set has, so that a label that training
    never saw counts against the adapter.
    """

    trained_labels: tuple[str, ...]
    labels: tuple[str, ...]
    confidence_threshold: float
    images: tuple[EvaluatedImage, ...]

    def base_model_counts(self, label: str, threshold: float) -> Counts:
        """Return how the base model did on one label."""
        return _count(((label in image.line.labels, image.base_model) for image in self.images), label, threshold)

    def adapter_counts(self, label: str, threshold: float) -> Counts:
        """Return how the adapter did on one label."""
        return _count(((label in image.line.labels, image.adapter) for image in self.images), label, threshold)

    @property
    def f1_score(self) -> float:
        """The adapter's F1 score over all evaluated labels at the input threshold, 0 to 1."""
        threshold = self.confidence_threshold
        return round(sum((self.adapter_counts(label, threshold) for label in self.labels), Counts()).f1_score, 6)

    def at(self, threshold: float) -> dict[str, object]:
        """Return the confusion counts at one threshold, aggregated and by label, as the summary shows them."""
        by_label = [
            (label, self.base_model_counts(label, threshold), self.adapter_counts(label, threshold))
            for label in self.labels
        ]
        return {
            "ConfidenceThreshold": threshold,
            "AggregatedEvaluationResults": {
                "BaseModel": sum((base for _, base, _ in by_label), Counts()).to_document(),
                "Adapter": sum((adapter for _, _, adapter in by_label), Counts()).to_document(),
            },
            "LabelEvaluationResults": [
                {"Label": label, "BaseModel": base.to_document(), "Adapter": adapter.to_document()}
                for label, base, adapter in by_label
            ],
        }

    def summary(self, *, project_version_arn: str, training_images: int, ended_at: datetime) -> bytes:
        """Return the evaluation summary file."""
        document = {
            "AggregatedEvaluationResults": {"F1Score": self.f1_score},
            "EvaluationDetails": {
                "EvaluationEndTimestamp": ended_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
                "Labels": list(self.trained_labels),
                "NumberOfTestingImages": len(self.images),
                "NumberOfTrainingImages": training_images,
                "ProjectVersionArn": project_version_arn,
            },
            "ContentModeration": {
                "InputConfidenceThresholdEvalResults": self.at(self.confidence_threshold),
                "AllConfidenceThresholdsEvalResults": [self.at(threshold) for threshold in THRESHOLDS],
            },
        }
        return json.dumps(document, indent=2).encode()


def training_output_line(line: ManifestLine) -> dict[str, object]:
    """Return a training line for the output manifest: what was supplied, without predictions."""
    document = line.document or {}
    return {"source-ref": document["source-ref"], GROUND_TRUTH: document[GROUND_TRUTH]}


def testing_output_line(
    image: EvaluatedImage, *, base_model_version: str, project_version_arn: str
) -> dict[str, object]:
    """Return a testing line for the output manifest, with the predictions of the adapter and of the base model.

    The base model's carry no ProjectVersion, as in an answer of DetectModerationLabels without one (INFERRED).
    """
    return {
        **training_output_line(image.line),
        "detect-moderation-labels": {
            **_prediction(image.adapter, base_model_version),
            "ProjectVersion": project_version_arn,
        },
        "detect-moderation-labels-base-model": _prediction(image.base_model, base_model_version),
    }


def _prediction(detection: Detection, base_model_version: str) -> dict[str, object]:
    return {
        "ModerationLabels": [
            {"Confidence": label.confidence, "Name": label.name, "ParentName": label.parent_name}
            for label in detection.labels
            if label.confidence >= OUTPUT_CONFIDENCE
        ],
        "ModerationModelVersion": base_model_version,
    }


def _count(answers: Iterable[tuple[bool, Detection]], label: str, threshold: float) -> Counts:
    tally = {(truth, said): 0 for truth in (True, False) for said in (True, False)}
    for truth, detection in answers:
        confidence = detection.top_level_confidences().get(label)
        tally[truth, confidence is not None and confidence >= threshold] += 1
    return Counts(
        true_positive=tally[True, True],
        true_negative=tally[False, False],
        false_positive=tally[False, True],
        false_negative=tally[True, False],
    )
