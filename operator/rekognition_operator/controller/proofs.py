"""What do evaluation summaries say of versions, and what do versions answer when they are asked?

A summary never changes: it is read once. Versions are asked (each call is billed) when they are to be put into service,
and while they serve as often as spec.promotion.probes.interval says. Losing what is remembered costs these calls again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.controller.memory import Asked, ProofMemory
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.detected import DetectedLabel, S3Image
from rekognition_operator.core.evaluation import UnreadableSummaryError, parse_evaluation
from rekognition_operator.core.follow import follow
from rekognition_operator.core.gates import PROBE_ANSWERED_BY_BASE
from rekognition_operator.core.proof import UNSEEN, Outcome, ProbeResult, Proof
from rekognition_operator.core.proving import can_be_asked, next_to_ask, summaries_due
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import Desired, Feature, Observed, Probe

MAX_SUMMARY_BYTES: Final = 16 * 1024 * 1024
"""More than any summary has: 21 thresholds times the labels of the taxonomy, or 250 labels of a model."""
_FOR_A_PERSON: Final = frozenset({ErrorKind.NOT_FOUND, ErrorKind.ACCESS_DENIED, ErrorKind.INVALID})
"""Failures of a call to S3 that do not end by themselves."""
_IMAGE_UNUSABLE: Final = frozenset({ErrorKind.ACCESS_DENIED, ErrorKind.INVALID})
"""Failures of a detection that are not the version's fault, and do not end by themselves."""


async def observe_proofs(
    aws: Rekognition, desired: Desired, observed: Observed, memory: ProofMemory, policy: Policy, *, lane: Lane
) -> Mapping[str, Proof]:
    """Read and ask what a decision, or the status, needs; what fails is part of what was seen."""
    project = observed.project
    if project is None or observed.at is None or desired.deleting:
        return {}
    if t.ownership(project.tags, desired.owner) is not t.Ownership.OURS:
        return {}
    listed = {version.arn for version in observed.versions}
    memory.forget_all_but(listed)
    proofs: dict[str, Proof] = {}
    asked: set[str] = set()
    while True:
        followed = follow(desired, project, replace(observed, proofs=proofs), policy, observed.at)
        for own in summaries_due(followed.desired, followed.fleet):
            if own.version.arn not in proofs:
                proofs[own.version.arn] = await _summary(aws, own, observed.at, memory, policy, lane)
        due = next_to_ask(followed.desired, followed.fleet, proofs, asked)
        if due is None:
            return {**proofs, **_remembered(desired, proofs, memory)} if desired.suspend else proofs
        arn = due.version.arn
        results = await _ask(aws, desired, due, observed.at, memory, policy, lane)
        proofs[arn] = replace(proofs.get(arn, UNSEEN), probes=results)
        asked.add(arn)


def _remembered(desired: Desired, proofs: Mapping[str, Proof], memory: ProofMemory) -> Mapping[str, Proof]:
    """Return what versions answered when they were asked last, where they are not asked now."""
    key = desired.promotion.gates.key
    return {
        arn: replace(proofs.get(arn, UNSEEN), probes=known.results)
        for arn, known in memory.asked.items()
        if known.key == key
    }


async def _summary(
    aws: Rekognition, own: OwnVersion, at: datetime | None, memory: ProofMemory, policy: Policy, lane: Lane
) -> Proof:
    """Return what is known of a summary; one that a person must make readable is looked for once a sweep."""
    arn = own.version.arn
    if arn in memory.evaluations:
        return Proof(evaluation=memory.evaluations[arn])
    known = memory.unreadable.get(arn)
    if known is not None and at is not None and lane is not Lane.CHANGE and at - known[0] < _less_than_a_sweep(policy):
        return known[1]
    proof = await _read_summary(aws, own, lane)
    if proof.evaluation is not None:
        memory.evaluations[arn] = proof.evaluation
    elif not proof.passing and at is not None:
        memory.unreadable[arn] = (at, proof)
    return proof


async def _read_summary(aws: Rekognition, own: OwnVersion, lane: Lane) -> Proof:
    place = own.version.evaluation_summary
    if place is None:
        return Proof(unreadable="AWS names no evaluation summary for it")
    url = f"s3://{place.bucket}/{place.name}"
    try:
        document = await aws.objects.read(place.bucket, place.name, max_bytes=MAX_SUMMARY_BYTES, lane=lane)
        return Proof(evaluation=parse_evaluation(document, own.feature))
    except CallError as error:
        says = f"its evaluation summary {url} cannot be read: {clause(error.message)} ({error.code})"
        return Proof(unreadable=says, passing=error.kind not in _FOR_A_PERSON)
    except UnreadableSummaryError as error:
        return Proof(unreadable=f"{url}: {error}")


def _less_than_a_sweep(policy: Policy) -> timedelta:
    """Return, in AWS's time, for how long what is not good counts: so that each sweep looks again."""
    return timedelta(seconds=policy.sweep_seconds * policy.aws_time_scale / 2)


async def _ask(
    aws: Rekognition,
    desired: Desired,
    own: OwnVersion,
    at: datetime | None,
    memory: ProofMemory,
    policy: Policy,
    lane: Lane,
) -> tuple[ProbeResult, ...] | None:
    """Make all probes of a version, unless it was asked lately. Of a model that does not run only see the images."""
    gates = desired.promotion.gates
    if not can_be_asked(own):
        seen = [await _image_missing(aws, probe, lane) for probe in gates.probes]
        return tuple(result for result in seen if result is not None) or None
    known = memory.asked.get(own.version.arn)
    if known is not None and at is not None and known.key == gates.key and _is_fresh(known, desired, policy, at):
        return known.results
    results: list[ProbeResult] = []
    for probe in gates.probes:
        results.append(await _probe(aws, probe, own, lane))
        if results[-1].outcome is Outcome.UNKNOWN:
            if known is not None and known.key == gates.key and not _all_passed(known):
                return known.results  # what was found stays found until it can be asked again
            break  # more calls would meet the same fault
    if at is not None:
        memory.asked[own.version.arn] = Asked(gates.key, at, tuple(results))
    return tuple(results)


def _is_fresh(known: Asked, desired: Desired, policy: Policy, at: datetime) -> bool:
    """Whether an answer still counts: a good one for the interval, any other for less than a sweep."""
    if any(result.outcome is Outcome.UNKNOWN for result in known.results):
        return False
    good_for = desired.promotion.probe_interval if _all_passed(known) else _less_than_a_sweep(policy)
    return timedelta() <= at - known.at < good_for


def _all_passed(known: Asked) -> bool:
    return all(result.outcome is Outcome.PASSED for result in known.results)


async def _image_missing(aws: Rekognition, probe: Probe, lane: Lane) -> ProbeResult | None:
    try:
        await aws.objects.head(probe.bucket, probe.key, version=probe.object_version, lane=lane)
    except CallError as error:
        return _unusable(probe, error) if error.kind in _FOR_A_PERSON else None
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
        for _ in range(2):  # that the base model answered takes a version out of service: it is asked twice
            answer = await aws.detection.detect_moderation_labels(
                image, project_version_arn=arn, min_confidence=probe.min_confidence, lane=lane
            )
            if answer.project_version is not None:
                return _compared(probe, answer.labels)
    except CallError as error:
        if error.kind in _IMAGE_UNUSABLE:
            return _unusable(probe, error)
        return ProbeResult(probe.name, Outcome.UNKNOWN, f"{clause(error.message)} ({error.code}); it is tried again")
    return ProbeResult(probe.name, Outcome.BASE_MODEL, PROBE_ANSWERED_BY_BASE)


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
