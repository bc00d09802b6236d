"""Which transitions of status are worth an Event, for people who look at kubectl describe?"""

from dataclasses import dataclass
from typing import Literal

from rekognition_operator.api.common import Condition
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.api.resource import ResourceStatus, VersionStatus
from rekognition_operator.core.wording import spoken


@dataclass(frozen=True)
class EventNote:
    """An Event to be posted: core/v1's type, reason and message."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


_WORTH_TELLING = frozenset(
    {
        Reason.WAITING_FOR_QUOTA,
        Reason.CONFIRMING_CREATE,
        Reason.CONFIRMING_LOSS,
        Reason.DATA_SETTLING,
        Reason.TRAINING_LIMIT,
        Reason.ADOPTING,
        Reason.DELETING,
        Reason.WAITING_FOR_TRAINING,
        Reason.CREATING_PROJECT,
        Reason.STARTING,
        Reason.STOPPING,
        Reason.CHANGING_UNITS,
        Reason.HANDING_OVER,
    }
)
"""Reasons of Reconciling that a person cares about; the rest is told by the events on versions."""


_AS_ASKED = frozenset({ConditionType.AWAITING_APPROVAL, ConditionType.PINNED})
"""Conditions that the spec itself asks for."""


def events(previous: ResourceStatus | None, current: ResourceStatus) -> tuple[EventNote, ...]:
    """Compare two statuses. A pass that changes nothing, or only wording, yields nothing."""
    before = {c.type: c for c in (previous.conditions if previous is not None else None) or []}
    after = {c.type: c for c in current.conditions or []}
    return (
        *_version_events(previous, current),
        *_rejected(previous, current),
        *_in_service(previous, current),
        *_published(previous, current, after.get(ConditionType.READY)),
        *_serving_events(before.get(ConditionType.SERVING), after.get(ConditionType.SERVING)),
        *_condition_events(before, after),
    )


def _version_events(previous: ResourceStatus | None, current: ResourceStatus) -> tuple[EventNote, ...]:
    known = {version.arn: version for version in (previous.versions if previous is not None else None) or []}
    notes: list[EventNote] = []
    for version in reversed(current.versions or []):
        note = _version_event(known.get(version.arn), version)
        if note is not None:
            notes.append(note)
    return tuple(notes)


def _version_event(before: VersionStatus | None, after: VersionStatus) -> EventNote | None:
    changed = before is None or before.status != after.status
    if after.role == "Foreign":
        if before is None:
            return EventNote(
                "Normal", "ForeignVersion", f"Version {after.name} was added by others; it is shown and left alone"
            )
        return None
    match after.status:
        case "TRAINING_IN_PROGRESS" if changed:
            return EventNote("Normal", "TrainingStarted", f"Rekognition is training version {after.name}")
        case "TRAINING_COMPLETED" if before is not None and changed:
            score = f", F1 {after.f1_score:.3f}" if after.f1_score is not None else ""
            return EventNote("Normal", "TrainingCompleted", f"Version {after.name} is trained{score}")
        case "DELETING" if changed and before is not None:
            return EventNote(
                "Normal", "VersionDeleted", f"Version {after.name} ({before.role}) is being deleted in AWS"
            )
        case _:
            return None


def _rejected(previous: ResourceStatus | None, current: ResourceStatus) -> tuple[EventNote, ...]:
    """Tell of a rejection at once, though something else is under way, so that it is not Stalled for it."""
    known = {version.arn: version.role for version in (previous.versions if previous is not None else None) or []}
    stalled = any(
        c.type == ConditionType.STALLED and c.reason == Reason.VERSION_REJECTED for c in current.conditions or []
    )
    return tuple(
        EventNote("Warning", Reason.VERSION_REJECTED, f"Version {version.name} does not pass {version.rejected}")
        for version in current.versions or []
        if version.role == "Rejected" and known.get(version.arn, "Rejected") != "Rejected" and not stalled
    )


def _in_service(previous: ResourceStatus | None, current: ResourceStatus) -> tuple[EventNote, ...]:
    before = previous.active if previous is not None else None
    after = current.active
    if after is not None and (before is None or before.arn != after.arn):
        instead = f" instead of {before.version_name}" if before is not None else ""
        better = after.evaluation.versus_base if after.evaluation is not None else None
        text = f"Version {after.version_name} is in service{instead}" + (f": {better}" if better is not None else "")
        return (EventNote("Normal", "InService", text),)
    if before is not None and after is None:
        return (EventNote("Warning", "OutOfService", f"Version {before.version_name} is no longer in service"),)
    return ()


def _published(
    previous: ResourceStatus | None, current: ResourceStatus, ready: Condition | None
) -> tuple[EventNote, ...]:
    """Tell when a ConfigMap names another version, or none any more."""
    before = previous.published if previous is not None else None
    after = current.published
    if after is not None and after.version_name is not None and after != before:
        return (
            EventNote("Normal", "Published", f"ConfigMap {after.config_map} now names version {after.version_name}"),
        )
    if before is None or (after is not None and (after.version_name == before.version_name)):
        return ()
    if after is None:
        return (EventNote("Normal", "Unpublished", f"ConfigMap {before.config_map} is deleted"),)
    why = f". {ready.message}" if ready is not None else ""
    return (EventNote("Warning", "Unpublished", f"ConfigMap {after.config_map} names no version any more{why}"[:1024]),)


def _serving_events(before: Condition | None, after: Condition | None) -> tuple[EventNote, ...]:
    """Tell when a model begins to answer, after how long, and when it no longer does."""
    if before is None or after is None or before.status == after.status:
        return ()
    if after.status == "True":
        away = after.last_transition_time - before.last_transition_time
        seconds = away.total_seconds()
        after_so_long = f", for the first time in {spoken(away)}" if before.status == "False" and seconds >= 60 else ""
        return (EventNote("Normal", "Running", f"{after.message}{after_so_long}"),)
    if before.status == "True":
        wanted = after.reason != Reason.NOT_RUNNING
        return (EventNote("Normal" if wanted else "Warning", "NotRunning", after.message[:1024]),)
    return ()


def _condition_events(before: dict[str, Condition], after: dict[str, Condition]) -> tuple[EventNote, ...]:
    notes: list[EventNote] = []
    for kind in (
        ConditionType.STALLED,
        ConditionType.DRIFTED,
        ConditionType.EXPIRING,
        ConditionType.NO_ROOM_FOR_BLUE_GREEN,
        ConditionType.IDLE_UNKNOWN,
        ConditionType.GATE_OVERRIDDEN,
        ConditionType.PROBES_FAILING,
        ConditionType.AWAITING_APPROVAL,
        ConditionType.PINNED,
    ):
        now = after.get(kind)
        if now is not None and (kind not in before or before[kind].reason != now.reason):
            notes.append(EventNote("Normal" if kind in _AS_ASKED else "Warning", now.reason, now.message[:1024]))
    suspended = after.get(ConditionType.SUSPENDED)
    if suspended is not None and ConditionType.SUSPENDED not in before:
        notes.append(EventNote("Normal", suspended.reason, suspended.message[:1024]))
    if suspended is None and ConditionType.SUSPENDED in before:
        notes.append(EventNote("Normal", "Resumed", "spec.suspend is false again"))
    if ConditionType.STALLED in before and ConditionType.STALLED not in after:
        notes.append(EventNote("Normal", "Unstalled", f"No longer stalled ({before[ConditionType.STALLED].reason})"))
    drifted = before.get(ConditionType.DRIFTED)
    if drifted is not None and drifted.reason == Reason.DRIFT_CORRECTED and ConditionType.DRIFTED not in after:
        notes.append(EventNote("Normal", "DriftCorrected", "AWS is again as the spec says"))
    now = after.get(ConditionType.RECONCILING)
    if now is not None and now.reason in _WORTH_TELLING:
        was = before.get(ConditionType.RECONCILING)
        if was is None or was.reason != now.reason:
            notes.append(EventNote("Normal", now.reason, now.message[:1024]))
    return tuple(notes)
