"""What does a pass say of the resource, in conditions and versions?"""

from collections.abc import Mapping

from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import VersionRole
from rekognition_operator.core.decision import Finding, ReadyState, Report, VersionReport
from rekognition_operator.core.expiring import expiring
from rekognition_operator.core.gates import Standing
from rekognition_operator.core.inputs import VersionName
from rekognition_operator.core.proof import UNSEEN, Outcome, Proof
from rekognition_operator.core.proving import Proving
from rekognition_operator.core.versions import IN_TRAINING, NOTHING_PROVED, Fleet, OwnVersion
from rekognition_operator.core.wording import clause, counted
from rekognition_operator.core.world import Desired, ObservedProject, VersionState


def report_on(
    desired: Desired,
    project: ObservedProject | None,
    fleet: Fleet,
    reconciling: Finding | None,
    stalled: Finding | None,
    proving: Proving,
    proofs: Mapping[str, Proof] = NOTHING_PROVED,
) -> Report:
    """Say what this look at AWS means for the resource, given what is under way or wrong, and who may serve."""
    wanted = fleet.of(desired.digests)
    usable = next((own for own in wanted if own.usable), None)
    shown = usable or (wanted[0] if wanted else None)
    active = fleet.active
    digest = desired.digests[0]
    return Report(
        ready=_ready(desired, fleet, reconciling, stalled, proving),
        up_to_date=_up_to_date(desired, fleet, stalled or reconciling or proving.awaiting, proving),
        reconciling=None if _told_by_up_to_date(desired, reconciling) else reconciling,
        stalled=stalled,
        expiring=expiring(desired, fleet),
        pending_next_version=_pending(desired, fleet),
        pinned=proving.pinned,
        gate_overridden=proving.gate_overridden,
        awaiting_approval=proving.awaiting_approval,
        probes_failing=_probes_failing(fleet, proofs),
        project=project,
        project_tag_keys=remembered_keys(desired, project),
        versions=_roles(desired, fleet, proving, proofs),
        active=active.version if active is not None else None,
        active_evaluation=proofs.get(active.version.arn, UNSEEN).evaluation if active is not None else None,
        desired_version=shown.version.name if shown is not None else str(VersionName(digest, 1)),
        desired_digest=shown.digest if shown is not None else digest,
        pin=desired.pin,
    )


def remembered_keys(desired: Desired, project: ObservedProject | None) -> tuple[str, ...]:
    """Return the keys that status says the operator has set on this very project, not on one that it left or lost."""
    known = desired.known_project
    return known.tag_keys if known is not None and project is not None and known.arn == project.arn else ()


def _ready(
    desired: Desired, fleet: Fleet, reconciling: Finding | None, stalled: Finding | None, proving: Proving
) -> ReadyState:
    active = fleet.active
    if active is not None:
        return ReadyState(holds=True, reason=Reason.IN_SERVICE, message=f"Version {active.version.name} is in service")
    last = fleet.last_promoted
    if last is not None and last.version.state is VersionState.EXPIRED:
        then = reconciling or stalled
        return ReadyState(
            holds=False,
            reason=Reason.ADAPTER_EXPIRED,
            message=f"Version {last.version.name} has expired: AWS answers its ARN from the base model, without "
            f"an error" + (f". {then.message}" if then is not None else ""),
        )
    if last is not None and last.base_model_answers and stalled is not None:
        return ReadyState(holds=False, reason=Reason.BASE_MODEL_ANSWERS, message=stalled.message)
    if desired.ready_when_accepted and any(own.version.state in IN_TRAINING for own in fleet.of(desired.digests)):
        return ReadyState(
            holds=True, reason=Reason.ACCEPTED, message="AWS has accepted the training; readyWhen is Accepted"
        )
    nothing = Finding(Reason.NO_VERSION_IN_SERVICE, "No version is in service")
    why = stalled or reconciling or proving.awaiting or nothing
    return ReadyState(holds=False, reason=why.reason, message=why.message)


def _up_to_date(desired: Desired, fleet: Fleet, why_not: Finding | None, proving: Proving) -> ReadyState:
    active = fleet.active
    usable = [own for own in fleet.of(desired.digests) if own.usable and not proving.rejects(own)]
    if active is not None and active.pinned:
        return ReadyState(
            holds=True,
            reason=Reason.PINNED,
            message=f"Version {active.version.name} is the one that spec.pin names",
        )
    if active is not None and usable and active == usable[0] and desired.pin is None:
        return ReadyState(
            holds=True,
            reason=Reason.IN_SERVICE,
            message=f"Version {active.version.name} is the one that the spec asks for",
        )
    why = why_not or Finding(Reason.NO_VERSION_IN_SERVICE, "The wanted version is not in service")
    return ReadyState(holds=False, reason=why.reason, message=why.message)


def _told_by_up_to_date(desired: Desired, reconciling: Finding | None) -> bool:
    """Under readyWhen: Accepted a training must not show as Reconciling, which kstatus ranks above Ready."""
    return desired.ready_when_accepted and reconciling is not None and reconciling.reason is Reason.TRAINING


def _pending(desired: Desired, fleet: Fleet) -> Finding | None:
    active = fleet.active
    if active is None:
        return None
    differing = []
    if (active.version.description or None) != desired.description:
        differing.append("description")
    if active.version.output is not None and active.version.output != desired.output:
        differing.append("output")
    if not differing:
        return None
    one = len(differing) == 1
    return Finding(
        Reason.APPLIES_TO_NEXT_VERSION,
        f"spec.{' and spec.'.join(differing)} {'differs from that' if one else 'differ from those'} of version "
        f"{active.version.name}, which AWS cannot change: {'it applies' if one else 'they apply'} to the next version",
    )


def _probes_failing(fleet: Fleet, proofs: Mapping[str, Proof]) -> Finding | None:
    """Say that the version in service answers a probe otherwise than expected: it stays, since none is better."""
    active = fleet.active
    probes = proofs.get(active.version.arn, UNSEEN).probes if active is not None else None
    bad = [probe for probe in probes or () if probe.outcome in {Outcome.FAILED, Outcome.UNUSABLE}]
    if active is None or not bad:
        return None
    unusable = bad[0].outcome is Outcome.UNUSABLE
    more = f", and {counted(len(bad) - 1, 'more probe')}" if len(bad) > 1 else ""
    return Finding(
        Reason.PROBES_UNUSABLE if unusable else Reason.PROBES_FAILED,
        f"Version {active.version.name} is in service, and its probe {bad[0].name} "
        f"{'could not be made' if unusable else 'failed'}: {clause(bad[0].says)}{more}. It stays in service. Look at "
        "the image and at spec.promotion.probes; to serve another version, set spec.pin",
    )


def _roles(desired: Desired, fleet: Fleet, proving: Proving, proofs: Mapping[str, Proof]) -> tuple[VersionReport, ...]:
    wanted = {own.version.arn for own in fleet.of(desired.digests)}
    active = fleet.active
    served = active.version.arn if active is not None else None
    reports = [
        VersionReport(version, VersionRole.ACTIVE if version.arn == served else VersionRole.FOREIGN)
        for version in fleet.foreign
    ]
    for own in fleet.own:
        if own == active:
            role = VersionRole.ACTIVE
        elif own.failed or own.start_failed:
            role = VersionRole.FAILED
        elif own.usable and proving.rejects(own):
            role = VersionRole.REJECTED
        elif own.version.state in IN_TRAINING or _may_yet_serve(own, wanted):
            role = VersionRole.CANDIDATE
        else:
            role = VersionRole.SUPERSEDED
        verdict = proving.verdicts.get(own.version.arn)
        rejected = own.rejected.says if own.rejected is not None else None
        if verdict is not None and verdict.standing is Standing.REJECTED:
            rejected = verdict.says
        gates = verdict.gates if verdict is not None else ()
        evaluation = proofs.get(own.version.arn, UNSEEN).evaluation
        reports.append(VersionReport(own.version, role, rejected, gates, evaluation))
    return tuple(sorted(reports, key=lambda report: report.version.created_at, reverse=True))


def _may_yet_serve(own: OwnVersion, wanted: set[str]) -> bool:
    return own.version.arn in wanted and own.version.state not in {VersionState.EXPIRED, VersionState.DELETING}
