"""How well does a Custom Labels model do on its testing set, and how do the files tell it?

The summary is that of the Custom Labels guide, "Summary file"; in its example the aggregated F1, precision and recall
are the plain means over the labels, and so they are here. Each label's threshold is the one with the best F1 on the
testing set. A found object counts where its box overlaps a true one by half. INFERRED: all but the means.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.custom_labels.manifests import labels_of
from rekognition_sandbox.emulator.custom_labels.model import AssumedThreshold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rekognition_sandbox.emulator.custom_labels.model import FoundLabel
    from rekognition_sandbox.emulator.manifests import ManifestLine, UseCase

_SAME_PLACE_OVERLAP = 0.5
#: Of a label that the testing set does not decide.
_USUAL_THRESHOLD = 50.0


@dataclass(frozen=True)
class TestedImage:
    """One testing line with all that the model finds on its image, at any confidence."""

    __test__ = False

    line: ManifestLine
    use_case: UseCase
    found: tuple[FoundLabel, ...]

    @property
    def truth(self) -> frozenset[str]:
        """The labels that are right for it."""
        return labels_of(self.line, self.use_case)

    def confidence(self, label: str) -> float | None:
        """Return how sure the model is of a label; None when it does not know the label."""
        return next((found.confidence for found in self.found if found.name == label), None)

    def is_right(self, label: str) -> bool:
        """Return whether the label is there, and for objects whether it is where the model says."""
        if label not in self.truth:
            return False
        said = next((found.box for found in self.found if found.name == label), None)
        if said is None:
            return True
        return any(said.overlap(true.box) >= _SAME_PLACE_OVERLAP for true in self.line.boxes if true.label == label)


@dataclass(frozen=True)
class LabelScore:
    """How the model does on one label at one threshold (0 to 100), over images."""

    label: str
    threshold: float
    true_positive: int
    false_positive: int
    false_negative: int

    @property
    def precision(self) -> float:
        """The share of right ones among the found; 0 when none was found."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """The share of found ones among the true."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1_score(self) -> float:
        """The harmonic mean of both."""
        wrong = self.false_positive + self.false_negative
        return _share(2 * self.true_positive, 2 * self.true_positive + wrong)


@dataclass(frozen=True)
class Evaluation:
    """The scores of the labels that the testing set has; labels that only training has are not judged."""

    scores: tuple[LabelScore, ...]
    images: tuple[TestedImage, ...]

    @property
    def f1_score(self) -> float:
        """The mean F1 over the labels, 0 to 1."""
        return _mean(score.f1_score for score in self.scores)

    def thresholds(self, labels: Iterable[str]) -> tuple[AssumedThreshold, ...]:
        """Return the assumed thresholds of a model's labels."""
        judged = {score.label: score.threshold for score in self.scores}
        return tuple(AssumedThreshold(label, judged.get(label, _USUAL_THRESHOLD)) for label in labels)

    def summary(
        self, *, trained_labels: tuple[str, ...], training_images: int, project_version_arn: str, ended_at: datetime
    ) -> bytes:
        """Return the evaluation summary file."""
        document = {
            "Version": 1,
            "AggregatedEvaluationResults": {
                "ConfusionMatrix": self._confusion_matrix(),
                "F1Score": self.f1_score,
                "Precision": _mean(score.precision for score in self.scores),
                "Recall": _mean(score.recall for score in self.scores),
            },
            "EvaluationDetails": {
                "EvaluationEndTimestamp": ended_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
                "Labels": list(trained_labels),
                "NumberOfTestingImages": len(self.images),
                "NumberOfTrainingImages": training_images,
                "ProjectVersionArn": project_version_arn,
            },
            "LabelEvaluationResults": [
                {
                    "Label": score.label,
                    "Metrics": {
                        "F1Score": score.f1_score,
                        "Precision": score.precision,
                        "Recall": score.recall,
                        "Threshold": score.threshold / 100,
                    },
                    "NumberOfTestingImages": sum(score.label in image.truth for image in self.images),
                }
                for score in self.scores
            ],
        }
        return json.dumps(document, indent=2).encode()

    def _confusion_matrix(self) -> list[dict[str, object]]:
        """Return which share of the images with one label is given another; pairs that never occur are left out."""
        thresholds = {score.label: score.threshold for score in self.scores}
        cells: list[dict[str, object]] = []
        for true in thresholds:
            images = [image for image in self.images if true in image.truth]
            for predicted, threshold in thresholds.items():
                given = sum((image.confidence(predicted) or 0.0) >= threshold for image in images)
                if given or predicted == true:
                    value = _share(given, len(images))
                    cells.append({"GroundTruthLabel": true, "PredictedLabel": predicted, "Value": value})
        return cells


def evaluate(images: tuple[TestedImage, ...]) -> Evaluation:
    """Judge a model by what it finds on its testing set."""
    labels = sorted(frozenset().union(*(image.truth for image in images)))
    return Evaluation(tuple(_best(label, images) for label in labels), images)


def _best(label: str, images: tuple[TestedImage, ...]) -> LabelScore:
    """Return the score at the threshold with the best F1: half way between two confidences, the widest such gap."""
    confidences = sorted({image.confidence(label) or 0.0 for image in images})
    gaps = [(low, high) for low, high in zip([0.0, *confidences], confidences, strict=False) if high > low]
    scores = [(_score(label, round((low + high) / 2, 4), images), high - low) for low, high in gaps]
    if not scores:
        return _score(label, _USUAL_THRESHOLD, images)
    return max(scores, key=lambda scored: (scored[0].f1_score, scored[1]))[0]


def _score(label: str, threshold: float, images: tuple[TestedImage, ...]) -> LabelScore:
    given = [image for image in images if (image.confidence(label) or 0.0) >= threshold]
    right = sum(image.is_right(label) for image in given)
    true = sum(label in image.truth for image in images)
    return LabelScore(label, threshold, right, len(given) - right, true - right)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return round(sum(numbers) / len(numbers), 6) if numbers else 0.0
