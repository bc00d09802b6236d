"""What does a Custom Labels model know, and what does it find on an image?

A model has learned by kind of picture (a sample scene, or the mean colour of any other image), as adapters have: the
more samples of a kind it saw, the surer it is; the more those samples contradict each other, the more its answers
scatter. Equal knowledge and equal images give equal answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.boxes import Box
from rekognition_sandbox.emulator.custom_labels.manifests import labels_of
from rekognition_sandbox.emulator.detection import ImageLimits, bounded, signed_noise
from rekognition_sandbox.emulator.manifests import UseCase

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.detection import Look
    from rekognition_sandbox.emulator.training_steps import Sample

#: Custom Labels guide, "Guidelines and quotas": the same for training, testing and detection.
CUSTOM_LABELS_IMAGES = ImageLimits(max_bytes=15 * 1024 * 1024, min_side=64, max_side=4096, max_aspect=20)

_SAMPLES_FOR_HALF_TRUST = 8.0
_UNSURE, _TAUGHT_ABSENT, _TAUGHT_PRESENT = 20.0, 3.0, 97.0
_LEAST_SCATTER, _SCATTER_OF_FEW, _SCATTER_OF_CONTRADICTION = 2.0, 30.0, 60.0
#: How far a predicted box is off, as a share of its size.
_BOX_ERROR = 0.08


@dataclass(frozen=True)
class TaughtObject:
    """How many samples of a kind carried a label, and where it was on average; `box` only for object detection."""

    label: str
    samples: int
    box: Box | None = None


@dataclass(frozen=True)
class Lesson:
    """What the training data says of one kind of picture."""

    kind: str
    samples: int
    objects: tuple[TaughtObject, ...]


@dataclass(frozen=True)
class AssumedThreshold:
    """The confidence (0 to 100) from which on a label is returned where the request names no MinConfidence."""

    label: str
    confidence: float


@dataclass(frozen=True)
class CustomLabelsKnowledge:
    """What training taught a model; plain data.

    Each label that training saw has a threshold once the model was tested, and none before.
    """

    use_case: UseCase
    labels: tuple[str, ...]
    lessons: tuple[Lesson, ...]
    thresholds: tuple[AssumedThreshold, ...] = ()

    def threshold(self, label: str) -> float:
        """Return the assumed threshold of a label, 0 to 100."""
        return next(assumed.confidence for assumed in self.thresholds if assumed.label == label)


@dataclass(frozen=True)
class FoundLabel:
    """A label that a model gives an image; `confidence` 0 to 100, `box` only for object detection."""

    name: str
    confidence: float
    box: Box | None


def learn(samples: tuple[Sample, ...], use_case: UseCase) -> CustomLabelsKnowledge:
    """Return what samples of one sort teach."""
    by_kind: dict[str, list[Sample]] = {}
    for sample in samples:
        by_kind.setdefault(sample.seen.kind, []).append(sample)
    return CustomLabelsKnowledge(
        use_case,
        tuple(sorted({label for sample in samples for label in labels_of(sample.line, use_case)})),
        tuple(_lesson(kind, taught, use_case) for kind, taught in sorted(by_kind.items())),
    )


def recognise(seen: Look, knowledge: CustomLabelsKnowledge) -> tuple[FoundLabel, ...]:
    """Return every label of the model with its confidence on an image already looked at, the surest first."""
    lesson = next((lesson for lesson in knowledge.lessons if lesson.kind == seen.kind), None)
    taught = {taught.label: taught for taught in lesson.objects} if lesson else {}
    found = (
        FoundLabel(label, _confidence(label, seen.identity, lesson), _place(label, seen, taught, knowledge.use_case))
        for label in knowledge.labels
    )
    return tuple(sorted(found, key=lambda label: (-label.confidence, label.name)))


def answer(
    seen: Look, knowledge: CustomLabelsKnowledge, *, min_confidence: float | None, max_results: int | None
) -> tuple[FoundLabel, ...]:
    """Return what DetectCustomLabels answers.

    Parameters
    ----------
    min_confidence
        0 to 100; 0 returns every label, None those above their assumed thresholds.
    max_results
        So many of the surest; None all. INFERRED: 0 is none.
    """
    found = tuple(
        label
        for label in recognise(seen, knowledge)
        if label.confidence >= (knowledge.threshold(label.name) if min_confidence is None else min_confidence)
    )
    return found if max_results is None else found[:max_results]


def _lesson(kind: str, samples: list[Sample], use_case: UseCase) -> Lesson:
    truths = [labels_of(sample.line, use_case) for sample in samples]
    return Lesson(
        kind,
        len(samples),
        tuple(
            TaughtObject(label, sum(label in truth for truth in truths), _mean_box(label, samples))
            for label in sorted(frozenset().union(*truths))
        ),
    )


def _mean_box(label: str, samples: list[Sample]) -> Box | None:
    boxes = [taught.box for sample in samples for taught in sample.line.boxes if taught.label == label]
    if not boxes:
        return None
    return Box(
        sum(box.left for box in boxes) / len(boxes),
        sum(box.top for box in boxes) / len(boxes),
        sum(box.width for box in boxes) / len(boxes),
        sum(box.height for box in boxes) / len(boxes),
    )


def _confidence(label: str, identity: str, lesson: Lesson | None) -> float:
    if lesson is None:
        return bounded(_UNSURE / 2 * (1 + signed_noise(identity, label) / 2))
    trust = lesson.samples / (lesson.samples + _SAMPLES_FOR_HALF_TRUST)
    counts = {taught.label: taught.samples for taught in lesson.objects}
    share = counts.get(label, 0) / lesson.samples
    contradiction = 1 - max(counts.values()) / lesson.samples
    belief = _TAUGHT_ABSENT + share * (_TAUGHT_PRESENT - _TAUGHT_ABSENT)
    scatter = _LEAST_SCATTER + _SCATTER_OF_FEW * (1 - trust) + _SCATTER_OF_CONTRADICTION * contradiction
    return bounded((1 - trust) * _UNSURE + trust * belief + scatter * signed_noise(identity, label))


def _place(label: str, seen: Look, taught: dict[str, TaughtObject], use_case: UseCase) -> Box | None:
    """Return where a label is: on the shape of a sample picture, else where images of its kind had it on average."""
    if use_case is UseCase.IMAGE_LEVEL_LABELS:
        return None
    usual = taught[label].box if label in taught else None
    box = seen.subject or usual or Box(0.25, 0.25, 0.5, 0.5)
    left = box.left + _BOX_ERROR * box.width * signed_noise(seen.identity, f"{label} left")
    top = box.top + _BOX_ERROR * box.height * signed_noise(seen.identity, f"{label} top")
    return Box(
        round(max(left, 0.0), 6),
        round(max(top, 0.0), 6),
        round(min(box.width, 1 - max(left, 0.0)), 6),
        round(min(box.height, 1 - max(top, 0.0)), 6),
    )
