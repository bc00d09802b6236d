"""What do evaluation summaries say of versions, and what do versions answer when they are asked?

A summary never changes: it is read once. Versions are asked (each call is billed) when they are to be put into service,
and while they serve as often as spec.promotion.probes.interval says. Losing what is remembered costs these calls again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.aws.objects import LASTING
from rekognition_operator.controller.memory import ProofMemory
from rekognition_operator.controller.observe import less_than_a_sweep
from rekognition_operator.controller.probes import answered, ask
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.evaluation import MAX_SUMMARY_BYTES, UnreadableSummaryError, parse_evaluation
from rekognition_operator.core.follow import follow
from rekognition_operator.core.proof import UNSEEN, Proof
from rekognition_operator.core.proving import next_to_ask, summaries_due
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import Desired, Observed


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
        results = await ask(aws, desired, due, observed.at, memory, policy, lane)
        proofs[arn] = replace(proofs.get(arn, UNSEEN), probes=results)
        asked.add(arn)


def _remembered(desired: Desired, proofs: Mapping[str, Proof], memory: ProofMemory) -> Mapping[str, Proof]:
    """Return what versions answered when they were asked last, where they are not asked now."""
    results = {arn: answered(desired, known) for arn, known in memory.asked.items()}
    return {
        arn: replace(proofs.get(arn, UNSEEN), probes=probes) for arn, probes in results.items() if probes is not None
    }


async def _summary(
    aws: Rekognition, own: OwnVersion, at: datetime, memory: ProofMemory, policy: Policy, lane: Lane
) -> Proof:
    """Return what is known of a summary; one that a person must make readable is looked for once a sweep."""
    arn = own.version.arn
    if arn in memory.evaluations:
        return Proof(evaluation=memory.evaluations[arn])
    known = memory.unreadable.get(arn)
    if known is not None and lane is not Lane.CHANGE and at - known[0] < less_than_a_sweep(policy):
        return known[1]
    proof = await _read_summary(aws, own, lane)
    if proof.evaluation is not None:
        memory.evaluations[arn] = proof.evaluation
    elif not proof.passing:
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
        return Proof(unreadable=says, passing=error.kind not in LASTING)
    except UnreadableSummaryError as error:
        return Proof(unreadable=f"{url}: {error}")
