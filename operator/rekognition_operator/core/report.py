"""What does a pass say of the resource, in conditions and versions?"""

from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import VersionRole
from rekognition_operator.core.decision import Finding, ReadyState, Report, VersionReport
from rekognition_operator.core.expiry import expires_when
from rekognition_operator.core.inputs import VersionName
from rekognition_operator.core.refresh import Refresh, Stage, refresh_of
from rekognition_operator.core.versions import IN_TRAINING, Fleet, OwnVersion
from rekognition_operator.core.wording import to_the_minute
from rekognition_operator.core.world import Desired, ObservedProject, VersionState


def report_on(
    desired: Desired,
    project: ObservedProject | None,
    fleet: Fleet,
    reconciling: Finding | None,
    stalled: Finding | None,
) -> Report:
    """Say what this look at AWS means for the resource, given what is under way or wrong."""
    wanted = fleet.of(desired.digests)
    usable = next((own for own in wanted if own.usable), None)
    shown = usable or (wanted[0] if wanted else None)
    digest = desired.digests[0]
    return Report(
        ready=_ready(desired, fleet, reconciling, stalled),
        up_to_date=_up_to_date(desired, fleet, reconciling, stalled),
        reconciling=None if _told_by_up_to_date(desired, reconciling) else reconciling,
        stalled=stalled,
        expiring=_expiring(desired, fleet),
        pending_next_version=_pending(desired, fleet),
        project=project,
        project_tag_keys=remembered_keys(desired, project),
        versions=_roles(desired, fleet),
        active=fleet.active.version if fleet.active is not None else None,
        desired_version=shown.version.name if shown is not None else str(VersionName(digest, 1)),
        desired_digest=shown.digest if shown is not None else digest,
    )


def remembered_keys(desired: Desired, project: ObservedProject | None) -> tuple[str, ...]:
    """Return the keys that status says the operator has set on this very project, not on one that it left or lost."""
    known = desired.known_project
    return known.tag_keys if known is not None and project is not None and known.arn == project.arn else ()


def _ready(desired: Desired, fleet: Fleet, reconciling: Finding | None, stalled: Finding | None) -> ReadyState:
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
    if desired.ready_when_accepted and any(own.version.state in IN_TRAINING for own in fleet.of(desired.digests)):
        return ReadyState(
            holds=True, reason=Reason.ACCEPTED, message="AWS has accepted the training; readyWhen is Accepted"
        )
    why = stalled or reconciling or Finding(Reason.NO_VERSION_IN_SERVICE, "No version is in service")
    return ReadyState(holds=False, reason=why.reason, message=why.message)


def _up_to_date(desired: Desired, fleet: Fleet, reconciling: Finding | None, stalled: Finding | None) -> ReadyState:
    active = fleet.active
    usable = [own for own in fleet.of(desired.digests) if own.usable]
    if active is not None and usable and active == usable[0]:
        return ReadyState(
            holds=True,
            reason=Reason.IN_SERVICE,
            message=f"Version {active.version.name} is the one that the spec asks for",
        )
    why = stalled or reconciling or Finding(Reason.NO_VERSION_IN_SERVICE, "The wanted version is not in service")
    return ReadyState(holds=False, reason=why.reason, message=why.message)


def _told_by_up_to_date(desired: Desired, reconciling: Finding | None) -> bool:
    """Under readyWhen: Accepted a training must not show as Reconciling, which kstatus ranks above Ready."""
    return desired.ready_when_accepted and reconciling is not None and reconciling.reason is Reason.TRAINING


def _expiring(desired: Desired, fleet: Fleet) -> Finding | None:
    active = fleet.active
    if active is None or active.version.state is not VersionState.DEPRECATED:
        return None
    return Finding(
        Reason.DEPRECATED,
        f"A newer base model has superseded that of version {active.version.name}. It still serves; AWS will stop "
        f"serving it {expires_when(active.version)}. {_what_comes_next(desired, fleet, active)}",
    )


def _what_comes_next(desired: Desired, fleet: Fleet, active: OwnVersion) -> str:
    """Say what the operator does about a version in service that AWS will stop serving."""
    if desired.deleting:
        return "The resource is being deleted"
    newest = next((own for own in fleet.of(desired.digests) if own.usable), None)
    if newest is not None and newest != active:
        on = newest.version.base_model_version or "another one"
        return f"Version {newest.version.name}, on base model {on}, takes its place once spec.promotion lets it"
    if newest is None:
        return "A version of the inputs that spec.training has by now is to take its place"
    refresh = refresh_of(desired, fleet)
    if refresh is None:
        return (
            "Nothing is done before: only then the same inputs are trained anew, and nothing serves meanwhile. To have "
            "that done in time, set spec.refresh.onDeprecated: Retrain"
        )
    return _refresh_told(desired, refresh)


def _refresh_told(desired: Desired, refresh: Refresh) -> str:
    name = refresh.attempt.version.name if refresh.attempt is not None else refresh.name
    match refresh.stage:
        case Stage.PLANNED:
            unless = ", unless AWS has added a version by itself by then" if desired.adopt_updates else ""
            due = f"from {to_the_minute(refresh.due_at)} on" if refresh.due_at is not None else "in time"
            return f"The operator trains the same inputs on the new base model {due}{unless}"
        case Stage.ASKED:
            return f"The operator asks Rekognition to train the same inputs on the new base model, as version {name}"
        case Stage.TRAINING:
            return f"The same inputs are in training on the new base model, as version {name}"
        case Stage.FAILED:
            return f"The same inputs were to be trained on the new base model, and version {name} failed"
        case Stage.GONE:
            return (
                f"The same inputs were trained anew, as version {name}, which is not there any more or cannot be used: "
                "that is done once only. To be ahead of the expiry, change spec.training"
            )
        case Stage.SAME_BASE_MODEL:
            return (
                "The same inputs were trained anew, and that gave a version on the same, superseded base model "
                f"{refresh.of.version.base_model_version}: that is not done again. Once it has expired, they are "
                "trained anew; to be ahead of that, change spec.training"
            )


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


def _roles(desired: Desired, fleet: Fleet) -> tuple[VersionReport, ...]:
    wanted = {own.version.arn for own in fleet.of(desired.digests)}
    active = fleet.active
    reports = [VersionReport(version, VersionRole.FOREIGN) for version in fleet.foreign]
    for own in fleet.own:
        if own == active:
            role = VersionRole.ACTIVE
        elif own.failed or own.start_failed:
            role = VersionRole.FAILED
        elif own.version.state in IN_TRAINING or _may_yet_serve(own, wanted):
            role = VersionRole.CANDIDATE
        else:
            role = VersionRole.SUPERSEDED
        reports.append(VersionReport(own.version, role))
    return tuple(sorted(reports, key=lambda report: report.version.created_at, reverse=True))


def _may_yet_serve(own: OwnVersion, wanted: set[str]) -> bool:
    return own.version.arn in wanted and own.version.state not in {VersionState.EXPIRED, VersionState.DELETING}
