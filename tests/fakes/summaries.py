"""How does an evaluation summary look that AWS writes when a training ends?"""

import json
from dataclasses import dataclass

from rekognition_operator.core.world import Feature

_IMAGES = 100
_RIGHT = 40


@dataclass(frozen=True)
class Mistakes:
    """How often a version, and the base model, were wrong on the testing data."""

    false_positives: int = 2
    false_negatives: int = 3
    base_false_positives: int = 10
    base_false_negatives: int = 6


FEW_MISTAKES = Mistakes()


def summary_of(feature: Feature, f1_score: float, mistakes: Mistakes, threshold: float = 60.0) -> bytes:
    """Return a summary in the form of the guides of Rekognition and of Custom Labels."""
    details = {"NumberOfTestingImages": _IMAGES, "NumberOfTrainingImages": 4 * _IMAGES}
    scores: dict[str, object] = {"F1Score": f1_score}
    document: dict[str, object] = {"AggregatedEvaluationResults": scores, "EvaluationDetails": details}
    if feature is Feature.CUSTOM_LABELS:
        scores |= {"Precision": f1_score, "Recall": f1_score}
        return json.dumps(document).encode()
    results = {
        "BaseModel": _counts(mistakes.base_false_positives, mistakes.base_false_negatives),
        "Adapter": _counts(mistakes.false_positives, mistakes.false_negatives),
    }
    at = {"ConfidenceThreshold": threshold, "AggregatedEvaluationResults": results}
    document["ContentModeration"] = {
        "InputConfidenceThresholdEvalResults": at,
        "AllConfidenceThresholdsEvalResults": [{**at, "ConfidenceThreshold": float(t)} for t in range(5, 101, 5)],
    }
    return json.dumps(document).encode()


def _counts(false_positives: int, false_negatives: int) -> dict[str, int]:
    return {
        "TruePositive": _RIGHT,
        "TrueNegative": _IMAGES - _RIGHT - false_positives - false_negatives,
        "FalsePositive": false_positives,
        "FalseNegative": false_negatives,
    }
