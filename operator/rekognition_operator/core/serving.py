"""What comes of serving a model in one pass: what is done, remembered and said, and when is it looked at again?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Action, RemoveTags, SetTags, StartVersion, StopVersion
from rekognition_operator.core.decision import DriftItem, Finding, Policy, ReadyState, ServingReport
from rekognition_operator.core.idle import Idleness, idle_due, idleness_of
from rekognition_operator.core.intent import Intent, intent_of
from rekognition_operator.core.proving import Proving
from rekognition_operator.core.rollout import Rollout, plan_rollout
from rekognition_operator.core.serving_memory import (
    Mark,
    Marker,
    Why,
    marker_tags,
    read_marker,
    read_stop,
    stop_tags,
    stopped_since,
)
from rekognition_operator.core.situation import Situation
from rekognition_operator.core.units import (
    beyond_budget,
    in_words,
    over_budget,
    runs_as_asked,
    units_of,
    units_wanted,
    usd_per_hour,
)
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.wording import usd
from rekognition_operator.core.world import Desired, ObservedProject, Serving, Usage, VersionState

_LISTS_LAG_SECONDS: Final = 300.0
"""How long AWS may list a version as it was before it was asked to start."""


@dataclass(frozen=True)
class ServingPlan:
    """What serving asks for, and what to say of it.

    ``in_service`` is the version that shall be in service by now. ``stops`` come before everything that costs money,
    ``starts`` after all that must be written down before, each with what is written once AWS has accepted it. ``ready``
    None: no version is in service; what is under way or wrong says why.
    """

    in_service: OwnVersion | None
    report: ServingReport | None
    stops: tuple[StopVersion, ...] = ()
    records: tuple[Action, ...] = ()
    starts: tuple[StartVersion | SetTags, ...] = ()
    ready: ReadyState | None = None
    reconciling: Finding | None = None
    stalled: Finding | None = None
    no_room: Finding | None = None
    idle_unknown: Finding | None = None
    drift: tuple[DriftItem, ...] = ()
    announce: bool = False
    requeue_seconds: float | None = None
    frees_models: bool = False
    keeps_model: bool = False


def plan_serving(
    desired: Desired,
    serving: Serving,
    project: ObservedProject,
    fleet: Fleet,
    usage: Usage | None,
    policy: Policy,
    at: datetime,
    *,
    retry: bool,
    training: bool,
    proving: Proving,
) -> ServingPlan:
    """Decide on the serving of a model.

    Parameters
    ----------
    usage
        What CloudWatch said, as far as it was asked.
    at
        AWS's time.
    retry
        A person asks for another try, and was not answered yet.
    training
        A version of the wanted inputs is on its way.
    proving
        Which version may serve by the gates.
    """
    idleness = idleness_of(desired, serving, fleet.active, usage, policy, at)
    beyond = over_budget(desired, serving, policy)
    intent = _within_budget(
        intent_of(desired, serving, fleet.active, idleness, policy, at), desired, serving, fleet, beyond, policy
    )
    refused = _unknown_hours(serving, fleet, policy.price(desired.place.region)) or beyond
    now = Situation(
        desired, serving, project, fleet, policy, at, intent, refused, retry=retry, training=training, proving=proving
    )
    out = plan_rollout(now)
    return ServingPlan(
        in_service=now.in_service,
        report=_report(now, out, usage),
        stops=tuple(out.stops),
        records=(*_markers(now), *_ended_idle_stops(now), *_failures(fleet, at)),
        starts=(*out.starts, *out.answers),
        ready=_ready(now, out),
        reconciling=out.reconciling,
        stalled=out.stalled,
        no_room=out.no_room,
        idle_unknown=_idle_unknown(intent, idleness),
        drift=tuple(out.drift),
        announce=out.announce,
        requeue_seconds=_requeue_seconds(now),
        frees_models=_frees(now),
        keeps_model=_keeps(now, out),
    )


def _unknown_hours(serving: Serving, fleet: Fleet, price: float) -> Finding | None:
    """Say that nothing is started while the hours in which it shall run are not known, and what runs meanwhile."""
    if serving.problem is None or not serving.running:
        return None
    cost = usd_per_hour(fleet, price)
    runs = f". The model runs on meanwhile, for {usd(cost)} an hour" if cost else ". Nothing is started meanwhile"
    return Finding(Reason.INVALID_SPEC, serving.problem + runs)


def serving_seen(desired: Desired, fleet: Fleet, policy: Policy) -> ServingReport:
    """Tell how the model of a resource that is being deleted runs on, until it has stopped."""
    running = next((own.version for own in fleet.own if own.occupies), None)
    version = running or (fleet.active.version if fleet.active is not None else None)
    price = policy.price(desired.place.region)
    what = "There is no version" if version is None else f"Version {version.name} is {version.status}"
    state = ReadyState(
        holds=version is not None and version.state is VersionState.RUNNING,
        reason=Reason.DELETING,
        message=f"{what}. The resource is being deleted",
    )
    return ServingReport(state, Reason.DELETING, version, usd_per_hour=usd_per_hour(fleet, price), price=price)


def _within_budget(
    intent: Intent, desired: Desired, serving: Serving, fleet: Fleet, refused: Finding | None, policy: Policy
) -> Intent:
    """Let what runs beyond the budget run no longer; what runs within it may stay, though the spec asks for more."""
    active = fleet.active
    if refused is None or not intent.runs or active is None or not active.occupies:
        return intent
    if not beyond_budget(serving, active.version, policy.price(desired.place.region)):
        return intent
    return Intent(runs=False, reason=Reason.OVER_BUDGET, message=refused.message)


# --- what is remembered ---------------------------------------------------------------------------------------------


def _markers(now: Situation) -> tuple[SetTags, ...]:
    """Write on a version that it is as the spec asks, when it has become so."""
    records = []
    for own in now.fleet.own:
        version, marker = own.version, read_marker(own.version)
        serves = own == now.active and now.intent.runs
        if now.intent.runs and own == now.target and not serves:
            continue  # about to be started, which writes its own; a list that lags must not make that a stop
        mark, units = (Mark.RUNNING, units_wanted(now.serving)) if serves else (Mark.STOPPED, "")
        if serves:
            as_asked = version.state is VersionState.RUNNING and runs_as_asked(now.serving, version)
            known = marker is not None and (marker.mark, marker.units) == (mark, units)
            known = known and marker is not None and stopped_since(version, marker) is None
        else:
            as_asked = own.usable and not own.occupies and (own == now.active or marker is not None)
            known = marker is not None and (marker.mark is mark or _just_started(now, own, marker))
        if as_asked and not known:
            records.append(SetTags(version.arn, marker_tags(mark, units, now.at)))
    return tuple(records)


def _just_started(now: Situation, own: OwnVersion, marker: Marker) -> bool:
    """Whether a version that was asked to start may only not show it yet, since AWS's lists lag."""
    asked = marker.mark is Mark.STARTING and stopped_since(own.version, marker) is None
    return asked and (now.at - marker.since).total_seconds() < _LISTS_LAG_SECONDS


def _ended_idle_stops(now: Situation) -> tuple[SetTags, ...]:
    """Let spec.serving.state: Stopped end an idle stop: who sets it, and then Running again, means it."""
    if now.serving.running:
        return ()
    return tuple(
        SetTags(own.version.arn, stop_tags(Why.SPEC, now.at))
        for own in now.fleet.own
        if own.usable and not own.occupies and (stop := read_stop(own.version)) is not None and stop.why is Why.IDLE
    )


def _failures(fleet: Fleet, at: datetime) -> tuple[Action, ...]:
    """Write down when a failure to start was first seen, and forget it once the version has started again."""
    records: list[Action] = []
    for own in fleet.own:
        seen = t.FAILED_SEEN in own.version.tags
        first = t.read_time(own.version.tags.get(t.FAILED_SEEN))
        dated = first is not None and first <= at  # else by a wrong clock, or by others: dated anew
        if own.start_failed and not dated:
            records.append(SetTags(own.version.arn, {t.FAILED_SEEN: t.time_value(at)}))
        elif seen and own.usable:
            records.append(RemoveTags(own.version.arn, (t.FAILED_SEEN,)))
    return tuple(records)


# --- what is said ---------------------------------------------------------------------------------------------------


def _ready(now: Situation, out: Rollout) -> ReadyState | None:
    """Say whether the model is as the spec wants it now."""
    active, intent = now.active, now.intent
    if active is None:
        waits = now.target if now.target is not None and not now.proving.admits(now.target) else None
        if waits is None or intent.runs or waits.occupies:
            return None
        message = f"Version {waits.version.name} is stopped, and is proved when it runs. {intent.message}"
        return ReadyState(holds=True, reason=intent.reason, message=message)
    name, status = active.version.name, active.version.status
    if intent.runs and active.version.state is VersionState.RUNNING:
        message = f"Version {name} is in service, and runs with {in_words(units_of(active.version))}"
        if now.training and not runs_as_asked(now.serving, active.version):
            message += f"; the version that is trained is started with {units_wanted(now.serving)}"
        return ReadyState(holds=True, reason=Reason.IN_SERVICE, message=message)
    if intent.runs:
        why = out.stalled or out.reconciling or Finding(Reason.NOT_RUNNING, f"Version {name} is {status}")
        return ReadyState(holds=False, reason=why.reason, message=why.message)
    if intent.reason is Reason.OVER_BUDGET or any(own.occupies for own in now.fleet.own):
        why = out.stalled or out.reconciling or Finding(Reason.STOPPING, intent.message)
        return ReadyState(holds=False, reason=why.reason, message=why.message)
    return ReadyState(holds=True, reason=intent.reason, message=f"Version {name} is stopped. {intent.message}")


def _report(now: Situation, out: Rollout, usage: Usage | None) -> ServingReport:
    """Tell how the model serves, for status.serving and the condition Serving."""
    shown = now.active or now.target or now.failed
    marker = read_marker(shown.version) if shown is not None else None
    runs = shown is not None and shown.version.state is VersionState.RUNNING
    if shown is not None and runs and shown == now.active:
        state = ReadyState(
            holds=True,
            reason=Reason.RUNNING,
            message=f"Version {shown.version.name} runs with {in_words(units_of(shown.version))}",
        )
    else:
        what = f"Version {shown.version.name} is {shown.version.status}" if shown is not None else "There is no version"
        reason = Reason.NOT_RUNNING if now.intent.runs else now.intent.reason
        why = (out.stalled or out.reconciling) if now.intent.runs else None
        message = f"{what}. {why.message if why is not None else now.intent.message}"
        state = ReadyState(holds=False, reason=reason, message=message)
    as_marked = marker is not None and marker.mark is (Mark.RUNNING if runs else Mark.STOPPED)
    return ServingReport(
        runs=state,
        reason=now.intent.reason,
        version=shown.version if shown is not None else None,
        since=marker.since if marker is not None and as_marked else None,
        next_at=now.intent.next_at,
        next_runs=now.intent.next_runs,
        usd_per_hour=usd_per_hour(now.fleet, now.price),
        price=now.price,
        usage=usage,
    )


def _idle_unknown(intent: Intent, idleness: Idleness) -> Finding | None:
    return idleness.unknown if intent.runs else None


def _requeue_seconds(now: Situation) -> float | None:
    """Say when to look again, in seconds of our clock: when a window begins or ends, or a failed start is due again."""
    due = []
    if now.intent.next_at is not None:
        due.append((now.intent.next_at - now.at).total_seconds())
    idle = idle_due(now.serving, now.active, now.policy)
    if idle is not None and idle > now.at:
        due.append((idle - now.at).total_seconds())
    if now.failed is not None and now.active is None and now.intent.runs and not now.start_again_due:
        seen = t.read_time(now.failed.version.tags.get(t.FAILED_SEEN))
        since = (now.at - seen).total_seconds() if seen is not None else 0.0
        due.append(now.policy.start_retry_seconds - max(since, 0.0))
    return min(due) / now.policy.aws_time_scale if due else None


def _frees(now: Situation) -> bool:
    """Whether the running models that the resource takes are given back without a person."""
    hours = now.serving.schedule is not None or now.serving.idle_after is not None
    return hours or not now.intent.runs or any(o.version.state is VersionState.STOPPING for o in now.fleet.own)


def _keeps(now: Situation, out: Rollout) -> bool:
    """Whether the operator has taken the model away only to start it again, and may."""
    marker = read_marker(now.active.version) if now.active is not None else None
    if now.active is None or marker is None or not out.starts:
        return False
    stop = stopped_since(now.active.version, marker)
    return stop is not None and stop.why in {Why.UNITS, Why.ROLLOUT}
