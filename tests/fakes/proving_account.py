"""What did the operator see of versions: listed, described, read of them, and answered by them?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, cast

from fakes._rekognition_state import refusal
from fakes.simulation import WatchedRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import CustomLabelsAnswer, ModerationAnswer, S3Image
from rekognition_operator.core.world import ObservedVersion

T = TypeVar("T")


class Answer(StrEnum):
    """What came of asking a version about an image."""

    GOOD = "good"
    BAD = "bad"
    BASE = "base"
    """The base model answered in its place, twice in a row."""
    UNUSABLE = "unusable"
    """The image cannot be read."""
    NOTHING = "nothing"
    """The call failed otherwise, or the base model has answered once."""


class ProvingAccount(WatchedRekognition):
    """Remembers what the operator saw since it was started, and lets calls fail as long as a test says.

    ``bad_label``: a version that answers it for an image has answered badly.
    """

    def __init__(self, now: Callable[[], datetime], bad_label: str) -> None:
        self.lasting: dict[str, tuple[ErrorKind, str | None]] = {}
        """By operation: the kind and code of the error in which every call ends."""
        self.bad_label = bad_label
        self.seen: dict[str, ObservedVersion] = {}
        """By ARN: versions as they were listed last, or described since."""
        self.answers: dict[tuple[str, str], Answer] = {}
        """By ARN and image, since the operator was started: what came of asking last."""
        self.base_model_seen: set[str] = set()
        """ARNs in whose place the base model answered, and which have not answered since."""
        self.answered_itself: set[str] = set()
        """ARNs of versions whose last answer was their own."""
        self._base_once: set[tuple[str, str]] = set()
        self.read: set[str] = set()
        """Addresses of the objects that were read since the operator was started."""
        self.missing: set[str] = set()
        """Addresses of the objects that were looked for last, and not found."""
        self.on_tags: Callable[[str, Mapping[str, str]], None] = lambda _arn, _tags: None
        super().__init__(now)

    def restart(self) -> None:
        super().restart()
        for memory in (self.answers, self.base_model_seen, self.answered_itself, self._base_once, self.read):
            memory.clear()

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        listed = await super().describe_versions(project_arn, lane=lane)
        self.seen = {version.arn: version for version in listed}
        return listed

    async def describe_version(self, project_arn: str, version_name: str, *, lane: Lane) -> ObservedVersion | None:
        found = await super().describe_version(project_arn, version_name, lane=lane)
        self.seen = {arn: version for arn, version in self.seen.items() if version.name != version_name}
        if found is not None:
            self.seen[found.arn] = found
        return found

    def _set_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        super()._set_tags(arn, tags)
        self.on_tags(arn, tags)

    def _run(self, operation: str, subject: str, lane: Lane, effect: Callable[[], T]) -> T:
        fault = self.lasting.get(operation)

        def refuse() -> T:
            assert fault is not None
            raise refusal(operation, fault[0], "It is so until somebody mends it.", code=fault[1])

        try:
            answer = super()._run(operation, subject, lane, effect if fault is None else refuse)
        except CallError as error:
            if operation.startswith("Detect"):
                unusable = error.kind in {ErrorKind.INVALID, ErrorKind.ACCESS_DENIED}
                self.answers[self._question(subject)] = Answer.UNUSABLE if unusable else Answer.NOTHING
                if unusable:
                    self.base_model_seen.discard(subject)  # only what was written down by then is still known
            if operation == "HeadObject" and error.kind is ErrorKind.NOT_FOUND:
                self.missing.add(subject)
            raise
        if operation == "GetObject":
            self.read.add(subject)
        if operation == "HeadObject":
            self.missing.discard(subject)
        if operation.startswith("Detect"):
            self._note_answer(subject, cast("ModerationAnswer | CustomLabelsAnswer", answer))
        return answer

    def _question(self, arn: str) -> tuple[str, str]:
        image = self.detection.asked[-1].image
        return arn, image.name if isinstance(image, S3Image) else ""

    def _note_answer(self, arn: str, answer: ModerationAnswer | CustomLabelsAnswer) -> None:
        question = self._question(arn)
        if isinstance(answer, ModerationAnswer) and answer.project_version is None:
            twice = question in self._base_once
            self.answers[question] = Answer.BASE if twice else Answer.NOTHING
            self._base_once.add(question)
            if twice:
                self.base_model_seen.add(arn)
                self.answered_itself.discard(arn)
            return
        bad = any(label.name == self.bad_label for label in answer.labels)
        self.answers[question] = Answer.BAD if bad else Answer.GOOD
        self._base_once.discard(question)
        self.base_model_seen.discard(arn)
        self.answered_itself.add(arn)
