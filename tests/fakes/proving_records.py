"""Is what the operator writes down of a version, in its tags, so by what it saw and by what the resource says?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakes.proving_oracle import Oracle, Word
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import ObservedVersion


@dataclass
class Records:
    """What was written in a pass. ``words``: what the resource has said since it began: a write may rest on any."""

    oracle: Oracle
    words: list[Word] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)

    def begin(self, words: list[Word]) -> None:
        """Begin a pass."""
        self.words = words
        self.rejected.clear()

    def check(self, arn: str, tags: Mapping[str, str]) -> None:
        """Check the tags that are being set on a version."""
        version = self.oracle.aws.seen.get(arn)
        if version is None:
            return
        if t.PROVED in tags:
            words = [word for word in self.words if self.oracle.passes(version, word) is True]
            assert words, f"{version.name} is marked as proved by {self.words[-1]}"
            self.oracle.written[arn, tags[t.PROVED]] = words[-1].probes
        if t.REJECTED in tags:
            self._rejected(version, tags[t.REJECTED])
        if t.BASE_MODEL_ANSWERS in tags:
            assert arn in self.oracle.aws.base_model_seen, f"{version.name} answers by itself"
        if t.APPROVED in tags:
            assert any(word.approved == version.name for word in self.words), f"nobody approved {version.name}"
        if t.PROMOTED_AT in tags:
            by_pin = t.BY_PIN in tags
            assert any(self._may_be_promoted(version, word, by_pin=by_pin) for word in self.words), (
                f"{version.name} is put into service by {self.words[-1]}"
            )

    def _rejected(self, version: ObservedVersion, value: str) -> None:
        too_long = self.oracle.must_answer and "could not be asked" in value
        words = [word for word in self.words if self._fails(version, word, unknown=too_long)]
        assert words, f"{version.name} is rejected ({value}) by {self.words[-1]}"
        self.oracle.written[version.arn, value] = words[-1].gates
        if all(word.pin != version.name for word in self.words):
            self.rejected.add(version.arn)

    def _fails(self, version: ObservedVersion, word: Word, *, unknown: bool) -> bool:
        if self.oracle.has_served(version, word) and t.BY_PIN not in version.tags:
            return False  # what has served is not judged again
        passes = self.oracle.passes(version, word)
        return passes is False or (unknown and passes is None)

    def _may_be_promoted(self, version: ObservedVersion, word: Word, *, by_pin: bool) -> bool:
        if word.suspended or self.oracle.unfit(version.arn, word) is not None:
            return False
        if word.pin == version.name and by_pin:
            return True
        by_right = version.arn not in self.rejected and self.oracle.may_serve(version, word) is True
        return by_right and not by_pin
