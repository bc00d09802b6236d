"""What do versions answer when they are asked?

Each answer is billed: it is remembered for each case of spec.promotion.probes, and counts for the whole interval. That
the base model answers in a version's place, which takes it out of service, is looked at more often, by one case.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.aws.objects import LASTING
from rekognition_operator.controller.memory import Asked, ProofMemory
from rekognition_operator.controller.observe import less_than_a_sweep
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.detected import DetectedLabel, S3Image
from rekognition_operator.core.gates import PROBE_ANSWERED_BY_BASE
from rekognition_operator.core.proof import Outcome, ProbeResult
from rekognition_operator.core.proving import can_be_asked
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import Desired, Feature, Probe

BASE_MODEL_GOOD_FOR: Final = timedelta(hours=1)
"""For how long it counts that the base model answers, so that a version that answers again soon serves again."""
_IMAGE_UNUSABLE: Final = frozenset({ErrorKind.ACCESS_DENIED, ErrorKind.INVALID})
"""Failures of a detection that are not the version's fault, and do not end by themselves."""


async def ask(
    aws: Rekognition,
    desired: Desired,
    own: OwnVersion,
    at: datetime,
    memory: ProofMemory,
    policy: Policy,
    lane: Lane,
) -> tuple[ProbeResult, ...] | None:
    """Make the probes of a version that were not made lately. Of a model that does not run only see the images."""
    probes = desired.promotion.gates.probes
    if not can_be_asked(own):
        seen = [await _image_missing(aws, probe, lane) for probe in probes]
        return tuple(result for result in seen if result is not None) or None
    arn = own.version.arn
    remembered = memory.asked.get(arn, {})
    known = {probe: remembered[probe] for probe in probes if probe in remembered}
    for probe in _due(desired, known, at, policy, lane):
        known[probe] = await _asked(aws, probe, own, known.get(probe), at, lane)
        if known[probe].missed or known[probe].result.outcome is Outcome.BASE_MODEL:
            break  # more calls would meet the same
    memory.asked[arn] = known
    return tuple(known[probe].result for probe in probes if probe in known)


def answered(desired: Desired, known: Mapping[Probe, Asked]) -> tuple[ProbeResult, ...] | None:
    """Return what a version answered when it was asked last; None where that does not tell how it stands."""
    probes = desired.promotion.gates.probes
    results = tuple(known[probe].result for probe in probes if probe in known)
    told = len(results) == len(probes) or any(result.outcome is not Outcome.PASSED for result in results)
    return results if told else None


def _due(desired: Desired, known: Mapping[Probe, Asked], at: datetime, policy: Policy, lane: Lane) -> tuple[Probe, ...]:
    """Return the probes to make: those that could not be made last come last, so that they keep no other from it."""
    fresh = {probe for probe, asked in known.items() if _is_fresh(asked, desired, at, policy, lane)}
    if any(known[probe].result.outcome is Outcome.BASE_MODEL for probe in fresh):
        return ()
    due = [probe for probe in desired.promotion.gates.probes if probe not in fresh]
    return tuple(sorted(due, key=lambda probe: probe in known and known[probe].missed))


def _is_fresh(asked: Asked, desired: Desired, at: datetime, policy: Policy, lane: Lane) -> bool:
    """Whether an answer still counts. A person who edits or asks may have mended what keeps it from answering."""
    good_for = desired.promotion.probe_interval
    match asked.result.outcome:
        case Outcome.UNKNOWN:
            return False
        case Outcome.UNUSABLE:
            good_for = less_than_a_sweep(policy)
        case Outcome.BASE_MODEL:
            good_for = min(good_for, BASE_MODEL_GOOD_FOR)
        case Outcome.PASSED | Outcome.FAILED:
            return timedelta() <= at - asked.at < good_for
    return lane is not Lane.CHANGE and timedelta() <= at - asked.at < good_for


async def _asked(
    aws: Rekognition, probe: Probe, own: OwnVersion, known: Asked | None, at: datetime, lane: Lane
) -> Asked:
    """Make one probe. What was found stays found until it can be made again."""
    suspected = known is not None and known.suspected
    result = await _probe(aws, probe, own, lane)
    if result.outcome is Outcome.BASE_MODEL and not suspected:
        suspected = True  # it takes a version out of service, so that it is believed only the second time
        result = await _probe(aws, probe, own, lane)
    if result.outcome is not Outcome.UNKNOWN:
        return Asked(at, result, suspected=result.outcome is Outcome.BASE_MODEL)
    if known is not None and known.result.outcome is not Outcome.PASSED:
        return replace(known, missed=True, suspected=suspected)
    return Asked(at, result, missed=True, suspected=suspected)


async def _image_missing(aws: Rekognition, probe: Probe, lane: Lane) -> ProbeResult | None:
    try:
        await aws.objects.head(probe.bucket, probe.key, version=probe.object_version, lane=lane)
    except CallError as error:
        return _unusable(probe, error) if error.kind in LASTING else None
    return None


async def _probe(aws: Rekognition, probe: Probe, own: OwnVersion, lane: Lane) -> ProbeResult:
    image = S3Image(probe.bucket, probe.key, probe.object_version)
    arn = own.version.arn
    try:
        if own.feature is Feature.CUSTOM_LABELS:
            custom = await aws.detection.detect_custom_labels(
                image, project_version_arn=arn, min_confidence=probe.min_confidence, lane=lane
            )
            return _compared(probe, custom.labels)
        answer = await aws.detection.detect_moderation_labels(
            image, project_version_arn=arn, min_confidence=probe.min_confidence, lane=lane
        )
    except CallError as error:
        if error.kind in _IMAGE_UNUSABLE:
            return _unusable(probe, error)
        return ProbeResult(probe.name, Outcome.UNKNOWN, f"{clause(error.message)} ({error.code}); it is tried again")
    if answer.project_version is None:
        return ProbeResult(probe.name, Outcome.BASE_MODEL, PROBE_ANSWERED_BY_BASE)
    return _compared(probe, answer.labels)


def _unusable(probe: Probe, error: CallError) -> ProbeResult:
    says = f"s3://{probe.bucket}/{probe.key}: {clause(error.message)} ({error.code})"
    return ProbeResult(probe.name, Outcome.UNUSABLE, says)


def _compared(probe: Probe, labels: tuple[DetectedLabel, ...]) -> ProbeResult:
    """Compare an answer, which has labels of at least the probe's confidence, with what is expected."""
    found: dict[str, float] = {}
    for label in labels:
        found[label.name] = max(found.get(label.name, 0.0), label.confidence)
    wrong = [f"no {name}" for name in probe.present if name not in found]
    wrong += [f"{name} {found[name]:.1f} %" for name in probe.absent if name in found]
    if not wrong:
        return ProbeResult(probe.name, Outcome.PASSED)
    asks = [*probe.present, *(f"no {name}" for name in probe.absent)]
    says = f"wanted {' and '.join(asks)} from {probe.min_confidence:g} % on - got {' and '.join(wrong)}"
    return ProbeResult(probe.name, Outcome.FAILED, says)
