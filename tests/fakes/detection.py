"""What do versions answer for an image, seen by the operator? What a test says, and as strict as AWS about the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from fakes._rekognition_state import ProjectRecord, Runner, VersionRecord, refusal
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import CustomLabelsAnswer, DetectedLabel, HumanLoop, ModerationAnswer, S3Image
from rekognition_operator.core.world import Feature, VersionState

Image = S3Image | bytes

BASE_MODEL_VERSION: Final = "7.0"
_ADAPTER_ANSWERS: Final = frozenset({VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED})
_LEAST_CONFIDENCE: Final = 50.0


@dataclass(frozen=True)
class Asked:
    """A question as the operator asked it."""

    operation: str
    arn: str | None
    image: Image
    min_confidence: float | None
    human_loop: HumanLoop | None = None


class FakeDetection:
    """Implements the Protocol ``Detection``. Calls, errors and ``on_call`` are those of the fake it belongs to.

    The subject of a call is the version's ARN, or ``base model``. What no test has scripted has no labels. An absent
    version and one in another state are refused as AWS does; an EXPIRED adapter is answered for by the base model.

    Parameters
    ----------
    run
        How a call is made.
    find
        Finds a version by its ARN.
    count_request
        Counts a successful DetectCustomLabels for CloudWatch.
    """

    def __init__(
        self,
        run: Runner,
        find: Callable[[str], tuple[ProjectRecord, VersionRecord] | None],
        count_request: Callable[[], None],
    ) -> None:
        self._run = run
        self._find = find
        self._count_request = count_request
        self._answers: dict[tuple[str | None, Image | None], ModerationAnswer] = {}
        self.base_model_answers: set[str] = set()
        """ARNs of adapters for which the base model answers, whatever the state of the adapter."""
        self.asked: list[Asked] = []
        """Every question, in order, whatever came of it."""

    def script(
        self,
        arn: str | None,
        *labels: DetectedLabel,
        image: Image | None = None,
        rest: ModerationAnswer = ModerationAnswer(),  # noqa: B008  frozen
    ) -> None:
        """Say what a version, or the base model (None), finds on an image; on every other one where that is None.

        ``rest``: content types and a human loop, too; which model answered is filled in by itself.
        """
        self._answers[arn, image] = replace(rest, labels=labels)

    async def detect_moderation_labels(
        self,
        image: Image,
        *,
        project_version_arn: str | None,
        min_confidence: float | None,
        human_loop: HumanLoop | None = None,
        lane: Lane,
    ) -> ModerationAnswer:
        operation = "DetectModerationLabels"
        self.asked.append(Asked(operation, project_version_arn, image, min_confidence, human_loop))

        def effect() -> ModerationAnswer:
            adapter = self._adapter(project_version_arn) if project_version_arn is not None else None
            arn = adapter.arn if adapter is not None else None
            answer = self._answer(arn, image)
            return replace(
                answer,
                labels=_above(answer.labels, _LEAST_CONFIDENCE if min_confidence is None else min_confidence),
                model_version=(adapter and adapter.base_model_version) or BASE_MODEL_VERSION,
                project_version=arn,
            )

        return self._run(operation, project_version_arn or "base model", lane, effect)

    async def detect_custom_labels(
        self, image: Image, *, project_version_arn: str, min_confidence: float | None, lane: Lane
    ) -> CustomLabelsAnswer:
        operation = "DetectCustomLabels"
        self.asked.append(Asked(operation, project_version_arn, image, min_confidence))

        def effect() -> CustomLabelsAnswer:
            model = self._version(project_version_arn, Feature.CUSTOM_LABELS, operation)
            if model.state is not VersionState.RUNNING:
                raise _not_ready(operation, model)
            self._count_request()
            return CustomLabelsAnswer(_above(self._answer(model.arn, image).labels, min_confidence or 0.0))

        return self._run(operation, project_version_arn, lane, effect)

    def _answer(self, arn: str | None, image: Image) -> ModerationAnswer:
        return self._answers.get((arn, image)) or self._answers.get((arn, None)) or ModerationAnswer()

    def _adapter(self, arn: str) -> VersionRecord | None:
        """Return the adapter that is to answer; None where the base model answers in its place."""
        operation = "DetectModerationLabels"
        adapter = self._version(arn, Feature.CONTENT_MODERATION, operation)
        if arn in self.base_model_answers or adapter.state is VersionState.EXPIRED:
            return None
        if adapter.state not in _ADAPTER_ANSWERS:
            raise _not_ready(operation, adapter)
        return adapter

    def _version(self, arn: str, feature: Feature, operation: str) -> VersionRecord:
        found = self._find(arn)
        if found is None:
            raise refusal(operation, ErrorKind.NOT_FOUND, f"{arn} does not exist.")
        project, version = found
        if project.feature is not feature:
            raise refusal(
                operation, ErrorKind.INVALID, f"{operation} does not apply to a version with {project.feature}."
            )
        return version


def _above(labels: tuple[DetectedLabel, ...], least: float) -> tuple[DetectedLabel, ...]:
    return tuple(label for label in labels if label.confidence >= least)


def _not_ready(operation: str, version: VersionRecord) -> CallError:
    message = f"The version {version.arn} is {version.status} and cannot be used."
    return refusal(operation, ErrorKind.IN_USE, message, code="ResourceNotReadyException")
