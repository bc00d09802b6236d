"""What comes of training an adapter: does it succeed, and what does it learn?"""

import hashlib
from dataclasses import replace

from rekognition_sandbox.emulator.adapter_manifests import AdapterLimits, read_ground_truth
from rekognition_sandbox.emulator.detection import MODERATION_IMAGES, AdapterKnowledge, KindLesson, Look, TaughtLabel
from rekognition_sandbox.emulator.detection import judge as judge_image
from rekognition_sandbox.emulator.evaluation import (
    EvaluatedImage,
    Evaluation,
    testing_output_line,
    training_output_line,
)
from rekognition_sandbox.emulator.manifests import (
    TOO_FEW_TO_SPLIT,
    TOO_FEW_USABLE_LABELS,
    BucketMissingError,
    ManifestLine,
    ObjectMissingError,
    ObjectStore,
    ObjectStoreError,
    S3Location,
    UseCase,
    to_json_lines,
)
from rekognition_sandbox.emulator.training_steps import (
    SUCCESS_MESSAGE,
    Lines,
    Problems,
    Sample,
    SetProblems,
    TrainingAttempt,
    TrainingOutcome,
    TrainingRequest,
)

__all__ = [
    "BucketMissingError",
    "ObjectMissingError",
    "ObjectStore",
    "ObjectStoreError",
    "S3Location",
    "TrainingOutcome",
    "TrainingRequest",
    "train",
]

# Where the base model is wrong is judged at DetectModerationLabels' own default, not at the adapter's threshold:
# otherwise an edit of the threshold would change how many false positives a manifest has.
_BASE_MODEL_CONFIDENCE = 50.0
# INFERRED: a request without FeatureConfig is evaluated at the same default.
_DEFAULT_THRESHOLD = 50.0
_TEST_SHARE = 0.2


def train(request: TrainingRequest, store: ObjectStore, limits: AdapterLimits | None = None) -> TrainingOutcome:
    """Train an adapter: read the manifests, learn, test, and write what AWS writes to the output bucket.

    Errors of the user never raise: they are an outcome with ``succeeded`` False and AWS's StatusMessage.
    """
    return _AdapterTraining(request, store, limits or AdapterLimits()).attempt()


class _AdapterTraining(TrainingAttempt):
    def __init__(self, request: TrainingRequest, store: ObjectStore, limits: AdapterLimits) -> None:
        super().__init__(request, store, limits=limits, image_limits=MODERATION_IMAGES, ground_truth=read_ground_truth)
        self._needed = limits

    def split(self, usable: Lines) -> tuple[Lines, Lines]:
        """Hold back a fifth, chosen by a hash of the image's place: a changed or added line moves few others."""
        held_back = {id(line) for line in sorted(usable, key=_place_hash)[: round(len(usable) * _TEST_SHARE)]}
        return (
            tuple(line for line in usable if id(line) not in held_back),
            tuple(line for line in usable if id(line) in held_back),
        )

    def judge_sets(self, training: Lines, testing: Lines, found: SetProblems) -> SetProblems:
        """Ask for enough mistakes of the base model to learn from, and for enough to test with."""
        if not found.training:
            found = replace(found, training=self._check_samples(training, testing))
        if not found.testing and not self.auto_split:
            usable = sum(line.usable for line in testing)
            found = replace(found, testing=(TOO_FEW_USABLE_LABELS,) if usable < self._needed.test_images else ())
        return found

    def use_case(self, training: Lines) -> UseCase:  # noqa: ARG002  the same for every adapter
        """Return that an adapter judges images as a whole (INFERRED)."""
        return UseCase.IMAGE_LEVEL_LABELS

    def _check_samples(self, training: Lines, split_off: Lines) -> Problems:
        """INFERRED: of the documented codes these fit best where there are too few samples; AWS names none."""
        beliefs = [(sample.line.labels, _base_model_labels(sample.seen)) for sample in self.samples(training)]
        false_positives = sum(bool(said - truth) for truth, said in beliefs)
        false_negatives = sum(bool(truth - said) for truth, said in beliefs)
        needed = self._needed
        enough = false_positives >= needed.false_positives or false_negatives >= needed.false_negatives
        if self.auto_split and (not enough or len(split_off) < needed.test_images):
            return (TOO_FEW_TO_SPLIT,)
        return () if enough else (TOO_FEW_USABLE_LABELS,)

    def learn_and_test(self, validation: TrainingOutcome, training: Lines, testing: Lines) -> TrainingOutcome:
        """Learn where the base model errs, and compare the adapter with it."""
        request = self.request
        taught, asked = self.samples(training), self.samples(testing)
        knowledge = _learn(taught)
        trained = {label for sample in taught for label in sample.line.labels | _base_model_labels(sample.seen)}
        threshold = request.confidence_threshold
        evaluation = Evaluation(
            trained_labels=tuple(sorted(trained)),
            labels=tuple(sorted(trained.union(*(sample.line.labels for sample in asked)))),
            confidence_threshold=_DEFAULT_THRESHOLD if threshold is None else threshold,
            images=tuple(
                EvaluatedImage(
                    sample.line,
                    base_model=judge_image(sample.seen, None, min_confidence=0.0),
                    adapter=judge_image(sample.seen, knowledge, min_confidence=0.0),
                )
                for sample in asked
            ),
        )
        training_output = to_json_lines(training_output_line(sample.line) for sample in taught)
        testing_output = to_json_lines(
            testing_output_line(
                image,
                base_model_version=request.base_model_version,
                project_version_arn=request.project_version_arn,
            )
            for image in evaluation.images
        )
        summary = evaluation.summary(
            project_version_arn=request.project_version_arn,
            training_images=len(taught),
            ended_at=request.ended_at,
        )
        return replace(
            validation,
            succeeded=True,
            status_message=SUCCESS_MESSAGE,
            f1_score=evaluation.f1_score,
            billable_seconds=self.billable_seconds(len(taught) + len(asked)),
            evaluation_summary=self.write("EvaluationResultSummary", summary),
            training_output=(self.write("TrainingGroundTruth", training_output),),
            testing_output=(self.write("TestingGroundTruth", testing_output),),
            knowledge=knowledge,
        )


def _place_hash(line: ManifestLine) -> str:
    place = f"{line.image.bucket}/{line.image.name}" if line.image is not None else ""
    return hashlib.sha256(place.encode()).hexdigest()


def _base_model_labels(seen: Look) -> frozenset[str]:
    return frozenset(judge_image(seen, None, min_confidence=_BASE_MODEL_CONFIDENCE).top_level_confidences())


def _learn(samples: tuple[Sample, ...]) -> AdapterKnowledge:
    by_kind: dict[str, list[frozenset[str]]] = {}
    for sample in samples:
        by_kind.setdefault(sample.seen.kind, []).append(sample.line.labels)
    return AdapterKnowledge(
        tuple(
            KindLesson(
                kind,
                len(truths),
                tuple(
                    TaughtLabel(label, sum(label in truth for truth in truths))
                    for label in sorted(frozenset().union(*truths))
                ),
            )
            for kind, truths in sorted(by_kind.items())
        )
    )
