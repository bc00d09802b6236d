"""Does a version pass the gates of spec.promotion?

All gates but the probes need no call: they go by AWS's evaluation. A version that fails one of them is not asked.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rekognition_operator.core import tags as t
from rekognition_operator.core.evaluation import Comparison, Confusion
from rekognition_operator.core.proof import Outcome, Proof
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import Gates, ObservedVersion

MIN_F1: Final = "minF1Score"
MAX_REGRESSION: Final = "maxF1Regression"
FEWER_FALSE_POSITIVES: Final = "minImprovementOverBase.falsePositives"
FEWER_FALSE_NEGATIVES: Final = "minImprovementOverBase.falseNegatives"
PROBES: Final = "probes"
PROBE_ANSWERED_BY_BASE: Final = "the base model answered: the reply has no ProjectVersion"

_MAX_SAID: Final = 200
"""What a tag's 256 characters have room for, beside the key of the gates and the time."""
_NOT_IN_A_TAG: Final = re.compile(r"[^\w .:/=+\-@]+")


@dataclass(frozen=True)
class GateResult:
    """A gate, what it asks for, and what the version shows. ``passed`` None: it is not known yet."""

    gate: str
    passed: bool | None
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.gate}: wanted {self.wanted} - got {self.got}"


class Standing(StrEnum):
    """How a version stands before the gates."""

    PASSED = "Passed"
    REJECTED = "Rejected"
    UNKNOWN = "Unknown"
    """Something is not known yet, and will be: the version is being asked, or S3 could not be reached."""
    TO_BE_ASKED = "ToBeAsked"
    """It passes all gates that need no call, and the probes are due: of a model, once it runs."""
    BLOCKED = "Blocked"
    """A person must mend something before it can be known."""


@dataclass(frozen=True)
class Verdict:
    """How a version stands, gate by gate. ``says``: what failed, or is waited for, or is to be mended."""

    standing: Standing
    gates: tuple[GateResult, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class Rejection:
    """The tag ``rejected``: when a version was rejected, and why."""

    at: datetime
    says: str


def judge(gates: Gates, version: ObservedVersion, proof: Proof, in_service: ObservedVersion | None) -> Verdict:
    """Judge a version that has not been in service yet.

    Parameters
    ----------
    in_service
        What its F1 score is compared with, where ``max_f1_regression`` is set; None: nothing.
    """
    results = _evaluated(gates, version, proof, in_service)
    failed = [result for result in results if result.passed is False]
    if failed:
        return Verdict(Standing.REJECTED, results, as_remembered(str(failed[0])))
    if any(result.passed is None for result in results):
        says = proof.unreadable or "Its evaluation summary is being read"
        blocked = proof.unreadable is not None and not proof.passing
        return Verdict(Standing.BLOCKED if blocked else Standing.UNKNOWN, results, says)
    if not gates.probes:
        return Verdict(Standing.PASSED, results)
    return _probed(gates, proof, results)


def needs_summary(gates: Gates) -> bool:
    """Whether a gate compares with the base model, which only the evaluation summary does."""
    return gates.fewer_false_positives is not None or gates.fewer_false_negatives is not None


def _evaluated(
    gates: Gates, version: ObservedVersion, proof: Proof, in_service: ObservedVersion | None
) -> tuple[GateResult, ...]:
    results = []
    f1 = version.f1_score
    if f1 is None and proof.evaluation is not None:
        f1 = proof.evaluation.f1_score
    got = f"{f1:g}" if f1 is not None else "no F1 score from AWS"
    if gates.min_f1_score is not None:
        passed = _at_least(f1, gates.min_f1_score, proof)
        results.append(GateResult(MIN_F1, passed, f"at least {gates.min_f1_score:g}", got))
    before = in_service.f1_score if in_service is not None and in_service.arn != version.arn else None
    if gates.max_f1_regression is not None and in_service is not None and before is not None:
        least = before - gates.max_f1_regression
        results.append(
            GateResult(
                MAX_REGRESSION,
                _at_least(f1, least, proof),
                f"at least {least:g}: at most {gates.max_f1_regression:g} less than the {before:g} of version "
                f"{in_service.name}",
                got,
            )
        )
    comparison = proof.evaluation.at_threshold if proof.evaluation is not None else None
    if needs_summary(gates) and proof.evaluation is not None and comparison is None:
        gate = FEWER_FALSE_POSITIVES if gates.fewer_false_positives is not None else FEWER_FALSE_NEGATIVES
        return (*results, GateResult(gate, False, "a comparison with the base model", "none from AWS"))
    for gate, part, noun in (
        (FEWER_FALSE_POSITIVES, gates.fewer_false_positives, "false positives"),
        (FEWER_FALSE_NEGATIVES, gates.fewer_false_negatives, "false negatives"),
    ):
        if part is not None:
            results.append(_improved(gate, part, noun, comparison))
    return tuple(results)


def _at_least(f1: float | None, least: float, proof: Proof) -> bool | None:
    """Compare as exactly as is shown: 0.85 after 0.87 is not too little by how computers keep fractions."""
    if f1 is None:
        return None if proof.passing else False
    return round(f1 - least, 6) >= 0


def _improved(gate: str, part: float, noun: str, comparison: Comparison | None) -> GateResult:
    asks = f"{part * 100:g} % fewer" if part > 0 else "no more" if part == 0 else f"at most {-part * 100:g} % more"
    wanted = f"{asks} {noun} than the base model"
    if comparison is None:
        return GateResult(gate, None, wanted, "not known yet")
    count = _false_positives if gate == FEWER_FALSE_POSITIVES else _false_negatives
    base, adapter = count(comparison.base), count(comparison.adapter)
    got = f"{adapter} where the base model has {base} at threshold {comparison.threshold:g}"
    return GateResult(gate, adapter <= round(base * (1 - part), 9), wanted, got)


def _false_positives(confusion: Confusion) -> int:
    return confusion.false_positives


def _false_negatives(confusion: Confusion) -> int:
    return confusion.false_negatives


def _probed(gates: Gates, proof: Proof, results: tuple[GateResult, ...]) -> Verdict:
    wanted = f"{len(gates.probes)} of {len(gates.probes)} to pass"
    if proof.probes is None:
        result = GateResult(PROBES, None, wanted, "not asked yet")
        return Verdict(Standing.TO_BE_ASKED, (*results, result), "Its probes are due")
    passed = len(proof.ended(Outcome.PASSED))
    bad = (*proof.ended(Outcome.BASE_MODEL), *proof.ended(Outcome.FAILED))
    if bad:
        says = f"{passed} - probe {bad[0].name}: {clause(bad[0].says)}"
        result = GateResult(PROBES, False, wanted, says)
        return Verdict(Standing.REJECTED, (*results, result), as_remembered(str(result)))
    for outcome, standing in ((Outcome.UNUSABLE, Standing.BLOCKED), (Outcome.UNKNOWN, Standing.UNKNOWN)):
        open_ = proof.ended(outcome)
        if open_:
            result = GateResult(PROBES, None, wanted, f"{passed}; probe {open_[0].name} could not be made")
            return Verdict(standing, (*results, result), f"Probe {open_[0].name}: {clause(open_[0].says)}")
    return Verdict(Standing.PASSED, (*results, GateResult(PROBES, True, wanted, str(passed))))


# --- what is remembered ---------------------------------------------------------------------------------------------


def rejected_tags(gates: Gates, says: str, at: datetime) -> dict[str, str]:
    """Return the tag by which a version stays rejected, as long as the gates are these."""
    return {t.REJECTED: f"{gates.key} {t.time_value(at)} {as_remembered(says)}"}


def as_remembered(says: str) -> str:
    """Return a sentence as a tag can hold it, so that what is said does not change once it is only remembered."""
    text = " ".join(_NOT_IN_A_TAG.sub(" ", says.replace("%", "percent")).split())
    return text[:_MAX_SAID].rstrip()


def read_rejection(gates: Gates, version: ObservedVersion) -> Rejection | None:
    """Read the tag ``rejected``; None where there is none, or it is of other gates: the version is judged anew."""
    key, _, rest = version.tags.get(t.REJECTED, "").partition(" ")
    time, _, says = rest.partition(" ")
    at = t.read_time(time)
    return Rejection(at, says) if key == gates.key and at is not None else None


def proved_tags(gates: Gates, at: datetime) -> dict[str, str]:
    """Return the tag that tells that a version has passed these probes."""
    return {t.PROVED: f"{gates.probes_key} {t.time_value(at)}"}


def read_proved(gates: Gates, version: ObservedVersion) -> bool:
    """Whether a version is known to have passed these probes."""
    key, _, time = version.tags.get(t.PROVED, "").partition(" ")
    return bool(gates.probes) and key == gates.probes_key and t.read_time(time) is not None
