"""Which version may serve, by what the operator has seen? By simple rules, not by the operator's own code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from fakes.proving_account import Answer, ProvingAccount
from fakes.summaries import FEW_MISTAKES, Mistakes
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import parse_version_name
from rekognition_operator.core.versions import OCCUPYING
from rekognition_operator.core.world import ObservedVersion, VersionState
from rekognition_operator.kube.resource import Resource

BAD_LABEL: Final = "Explicit"


@dataclass(frozen=True)
class Word:
    """What a resource says of who may serve."""

    min_f1: float | None
    max_regression: float | None
    fewer_false_positives: float | None
    images: tuple[str, ...]
    gates: str
    """Tells these gates from others."""
    probes: str
    """Tells these probes from others."""
    manual: bool
    approved: str | None
    pin: str | None
    training: str
    suspended: bool


def read_word(resource: Resource) -> Word:
    """Read what a person wrote."""
    spec = cast("dict[str, object]", resource.body["spec"])
    promotion = dict(cast("dict[str, object]", spec.get("promotion") or {}))
    manual = promotion.pop("strategy", None) == "Manual"
    probes = cast("dict[str, list[dict[str, dict[str, str]]]]", promotion.get("probes") or {})
    improvement = cast("dict[str, float]", promotion.get("minImprovementOverBase") or {})
    return Word(
        min_f1=cast("float | None", promotion.get("minF1Score")),
        max_regression=cast("float | None", promotion.get("maxF1Regression")),
        fewer_false_positives=improvement.get("falsePositives"),
        images=tuple(case["image"]["name"] for case in probes.get("cases", ())),
        gates=json.dumps(promotion, sort_keys=True),
        probes=json.dumps(probes.get("cases"), sort_keys=True),
        manual=manual,
        approved=resource.annotations.get(f"{t.PREFIX}approve"),
        pin=cast("str | None", spec.get("pin")),
        training=json.dumps(spec["training"], sort_keys=True),
        suspended=spec.get("suspend") is True,
    )


@dataclass
class Oracle:
    """The rules, over what the account says was seen.

    Attributes
    ----------
    usable
        States of a version that may be in service.
    is_ours, is_wanted
        Whether a version as it was seen is the resource's; whether it was trained on what a word asks for.
    mistakes
        By ARN: what the evaluation summary says.
    written
        What ``rejected`` and ``proved`` were written for: the gates or probes, by ARN and value of the tag.
    must_answer
        Whether a version that cannot be asked, for want of the image, has failed: a model, which is billed meanwhile.
    """

    aws: ProvingAccount
    usable: frozenset[VersionState]
    is_ours: Callable[[ObservedVersion], bool]
    is_wanted: Callable[[ObservedVersion, Word], bool]
    mistakes: dict[str, Mistakes] = field(default_factory=dict)
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    must_answer: bool = False

    def unfit(self, arn: str, word: Word) -> str | None:
        """Say why a version must not serve; None: nothing speaks against it."""
        version = self.aws.seen.get(arn)
        if version is None:
            return "it was gone"
        if version.state not in self.usable:
            return f"it was {version.status}"
        if word.pin != version.name and not self.is_ours(version):
            return "it was of others"
        if word.pin != version.name and self.rejected(version, word):
            return "it was rejected"
        if word.images and self._base_model_answers(version):
            return "the base model answered in its place"
        return None

    def _base_model_answers(self, version: ObservedVersion) -> bool:
        told = t.BASE_MODEL_ANSWERS in version.tags and version.arn not in self.aws.answered_itself
        return told or version.arn in self.aws.base_model_seen

    def has_served(self, version: ObservedVersion, word: Word) -> bool:
        """Whether a version has been in service, and not only since spec.pin named it once."""
        return t.PROMOTED_AT in version.tags and (t.BY_PIN not in version.tags or word.pin == version.name)

    def rejected(self, version: ObservedVersion, word: Word) -> bool:
        """Whether a version carries a rejection by these gates."""
        return self._carries(version, t.REJECTED, word.gates)

    def proved(self, version: ObservedVersion, word: Word) -> bool:
        """Whether a version carries the proof to have passed these probes."""
        return bool(word.images) and self._carries(version, t.PROVED, word.probes)

    def _carries(self, version: ObservedVersion, key: str, what: str) -> bool:
        value = version.tags.get(key)
        return value is not None and self.written.get((version.arn, value)) == what

    # --- the gates --------------------------------------------------------------------------------------------------

    def passes(self, version: ObservedVersion, word: Word) -> bool | None:
        """Tell whether a version passes the gates; None: that cannot be told by what was seen."""
        known = [self._scores(version, word), self._improves(version, word)]
        known += [] if self.proved(version, word) else self._answers(version, word)
        return False if False in known else None if None in known else True

    def _scores(self, version: ObservedVersion, word: Word) -> bool:
        f1 = version.f1_score or 0.0
        serving = self.in_service(word)
        if word.min_f1 is not None and f1 < word.min_f1:
            return False
        if word.max_regression is None or serving is None or serving.arn == version.arn:
            return True
        return f1 >= (serving.f1_score or 0.0) - word.max_regression - 1e-9

    def passes_unasked(self, version: ObservedVersion, word: Word) -> bool:
        """Tell whether a version passes the gates that need no call."""
        return self._scores(version, word) and self._improves(version, word) is not False

    def _improves(self, version: ObservedVersion, word: Word) -> bool | None:
        if word.fewer_false_positives is None:
            return True
        place = version.evaluation_summary
        if place is None or f"s3://{place.bucket}/{place.name}" not in self.aws.read:
            return None
        known = self.mistakes.get(version.arn, FEW_MISTAKES)
        return known.false_positives <= known.base_false_positives * (1 - word.fewer_false_positives) + 1e-9

    def _answers(self, version: ObservedVersion, word: Word) -> list[bool | None]:
        said = [self.aws.answers.get((version.arn, image), Answer.NOTHING) for image in word.images]
        missing = any(address.endswith(image) for address in self.aws.missing for image in word.images)
        if self.must_answer and missing and version.state in OCCUPYING:
            return [False]  # it is billed, or about to be, and could not be asked
        open_ = {Answer.NOTHING} if self.must_answer else {Answer.NOTHING, Answer.UNUSABLE}
        return [None if answer in open_ else answer is Answer.GOOD for answer in said]

    # --- who serves -------------------------------------------------------------------------------------------------

    @property
    def own(self) -> list[ObservedVersion]:
        """Our usable versions."""
        return [v for v in self.aws.seen.values() if self.is_ours(v) and v.state in self.usable]

    def in_service(self, word: Word) -> ObservedVersion | None:
        """Return the version that serves as long as nothing is put into service."""
        pinned = self.pinned(word)
        if pinned is not None and not self.is_ours(pinned):
            return pinned
        serving = [v for v in self.own if self.has_served(v, word) and self.unfit(v.arn, word) is None]
        return max(serving, key=_promoted_at, default=None)

    def pinned(self, word: Word) -> ObservedVersion | None:
        """Return the version that spec.pin names, if it can serve."""
        named = [v for v in self.aws.seen.values() if v.name == word.pin and self.unfit(v.arn, word) is None]
        return named[0] if named else None

    def may_serve(self, version: ObservedVersion, word: Word) -> bool | None:
        """Tell whether a usable version of ours may be put into service; None: that cannot be told."""
        if self.unfit(version.arn, word) is not None:
            return False
        if self.has_served(version, word) and t.BY_PIN not in version.tags:
            return True
        return self.passes(version, word) if self.is_let_in(version, word) else False

    def is_let_in(self, version: ObservedVersion, word: Word) -> bool:
        """Whether no person's word is missing."""
        return not word.manual or t.APPROVED in version.tags or version.name in {word.approved, word.pin}

    def should_serve(self, word: Word) -> str | None:
        """Return the ARN of the version that should be in service, once all that was seen is acted upon."""
        pinned, serving = self.pinned(word), self.in_service(word)
        if pinned is not None:
            return pinned.arn
        wanted = sorted(
            (v for v in self.own if self.is_wanted(v, word)), key=lambda v: self._rank(v, word), reverse=True
        )
        others = sorted((v for v in self.own if v not in wanted), key=_promoted_at, reverse=True)
        chosen = next((v for v in wanted if self.may_serve(v, word)), None)
        if word.pin is None and chosen is not None:
            return chosen.arn
        if serving is not None:
            return serving.arn
        fallback = chosen or next((v for v in others if self.may_serve(v, word)), None)
        return fallback.arn if fallback is not None else None

    def _rank(self, version: ObservedVersion, word: Word) -> tuple[int, float]:
        """Order versions of the wanted inputs: one by AWS is as new as our newest one before it."""
        name, created = parse_version_name(version.name), version.created_at.timestamp()
        if name is not None and t.ADDED_BY not in version.tags:
            return name.attempt, created
        before = [v for v in self.aws.seen.values() if v.created_at < version.created_at and self.is_ours(v)]
        names = [parse_version_name(v.name) for v in before if t.ADDED_BY not in v.tags and self.is_wanted(v, word)]
        return max((name.attempt for name in names if name is not None), default=1), created


def _promoted_at(version: ObservedVersion) -> tuple[str, float]:
    return version.tags.get(t.PROMOTED_AT) or version.created_at.isoformat(), version.created_at.timestamp()
