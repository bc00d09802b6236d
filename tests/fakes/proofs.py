"""How does a test say in a word or two what a version must show before it serves, and what it shows?"""

from collections.abc import Mapping
from datetime import datetime

from fakes.builders import ago
from rekognition_operator.core import tags as t
from rekognition_operator.core.evaluation import Comparison, Confusion, Evaluation
from rekognition_operator.core.gates import PROBE_ANSWERED_BY_BASE, proved_tags, rejected_tags
from rekognition_operator.core.proof import Outcome, ProbeResult, Proof
from rekognition_operator.core.world import Gates, ObservedVersion, Probe, Promotion

BEACH = Probe("beach", "acme-ml", "probes/beach.jpg", absent=("Explicit",), min_confidence=60.0)
STREET = Probe("street", "acme-ml", "probes/street.jpg", present=("Weapons",))
_SAYS = {
    Outcome.PASSED: "",
    Outcome.FAILED: "wanted no Explicit from 60 % on - got Explicit 91.0 %",
    Outcome.BASE_MODEL: PROBE_ANSWERED_BY_BASE,
    Outcome.UNUSABLE: "s3://acme-ml/probes/beach.jpg: Unable to get object metadata from S3 (InvalidS3ObjectException)",
    Outcome.UNKNOWN: "Rate exceeded (ThrottlingException); it is tried again",
}


def at_least(f1: float | None = None, *, regression: float | None = None) -> Gates:
    """Return gates on the F1 score."""
    return Gates(min_f1_score=f1, max_f1_regression=regression)


def probed(*probes: Probe) -> Gates:
    """Return the gate of these probes; that of BEACH where none is named."""
    return Gates(probes=probes or (BEACH,))


def automatic(gates: Gates) -> Promotion:
    """Return spec.promotion with these gates."""
    return Promotion(gates)


def manual(gates: Gates = Gates()) -> Promotion:  # noqa: B008  frozen
    """Return spec.promotion with these gates and a person's word."""
    return Promotion(gates, manual=True)


def answers(*outcomes: Outcome) -> Proof:
    """Return the proof of a version whose probes of BEACH, STREET ... ended so."""
    names = ("beach", "street", "market")
    return Proof(
        probes=tuple(ProbeResult(name, outcome, _SAYS[outcome]) for name, outcome in zip(names, outcomes, strict=False))
    )


def errs(
    false_positives: int = 0,
    false_negatives: int = 0,
    *,
    base: tuple[int, int] = (10, 10),
    f1: float | None = None,
    probes: tuple[ProbeResult, ...] | None = None,
) -> Proof:
    """Return the proof of a version that errs so often, where the base model has false positives and negatives."""
    comparison = Comparison(60.0, Confusion(40, 40, *base), Confusion(40, 40, false_positives, false_negatives))
    return Proof(Evaluation(f1, None, None, None, None, at_threshold=comparison), probes=probes)


def proofs(*known: tuple[ObservedVersion, Proof]) -> Mapping[str, Proof]:
    """Return what was seen of versions, by ARN."""
    return {version.arn: proof for version, proof in known}


def rejected(gates: Gates, says: str = "minF1Score: wanted at least 0.8 - got 0.7") -> dict[str, str]:
    """Return the tag of a version that did not pass these gates yesterday."""
    return rejected_tags(gates, says, ago(hours=20))


def proved(gates: Gates) -> dict[str, str]:
    """Return the tag of a version that has passed these gates an hour ago."""
    return proved_tags(gates, ago(hours=1))


def approved(at: datetime | None = None) -> dict[str, str]:
    """Return the tag of a version that a person let into service."""
    return {t.APPROVED: t.time_value(at or ago(hours=1))}
