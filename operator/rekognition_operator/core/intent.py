"""Shall the model run at this moment, why, and when does that change by itself?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.serving_memory import Mark, Stop, Why, idle_key, read_marker, read_stop, stopped_since
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import spoken, wake_line
from rekognition_operator.core.world import Desired, Serving, Usage, VersionState


@dataclass(frozen=True)
class Intent:
    """Whether the model shall run at a moment, why, and when that changes by itself (None: never)."""

    runs: bool
    reason: Reason
    message: str
    next_at: datetime | None = None
    next_runs: bool | None = None


@dataclass(frozen=True)
class Idleness:
    """Whether nobody uses the model; ``unknown`` says why that cannot be told."""

    idle: bool = False
    unknown: Finding | None = None


def intent_of(
    desired: Desired, serving: Serving, active: OwnVersion | None, idleness: Idleness, policy: Policy, at: datetime
) -> Intent:
    """Decide: state Running, within a window, and not asleep because nobody uses it."""
    if not serving.running:
        return Intent(runs=False, reason=Reason.STOPPED, message="spec.serving.state is Stopped")
    begins, ends, following = None, None, None
    if serving.schedule is not None:
        span, following = serving.schedule.span_at(at), serving.schedule.next_span(at)
        if span is None:
            message = "No window of spec.serving.schedule is open"
            if following is not None:
                message += f"; {following.name} begins at {_time(following.begins)}"
            return Intent(
                runs=False,
                reason=Reason.OUTSIDE_WINDOW,
                message=message + _ran_over(serving, active, policy, at),
                next_at=following.begins if following is not None else None,
                next_runs=None if following is None else True,
            )
        begins, ends = span.begins, span.ends
    asleep = _asleep(desired, serving, active, idleness, begins, at)
    if asleep is not None:
        before = "" if following is None else f" before its next window, at {_time(following.begins)}"
        return Intent(
            runs=False,
            reason=Reason.IDLE,
            message=f"{asleep}. To start it{before}: {wake_line(desired.owner)}",
            next_at=following.begins if following is not None else None,
            next_runs=None if following is None else True,
        )
    until = "" if ends is None else f", and a window is open until {_time(ends)}"
    return Intent(
        runs=True,
        reason=Reason.RUNNING,
        message=f"spec.serving.state is Running{until}",
        next_at=ends,
        next_runs=None if ends is None else False,
    )


def idle_span(serving: Serving, active: OwnVersion | None, policy: Policy, at: datetime) -> timedelta | None:
    """Return the time back from a moment in which there must have been no request; None where it is too early to ask.

    Absent data is not idleness before the model has run for the whole time, and CloudWatch tells of a request late.
    """
    due = idle_due(serving, active, policy)
    if serving.idle_after is None or due is None or at < due:
        return None
    return _idle_span(serving.idle_after, policy)


def idle_due(serving: Serving, active: OwnVersion | None, policy: Policy) -> datetime | None:
    """Return from when on a running model may turn out to be idle; None where it does not run, or never may."""
    if serving.idle_after is None or active is None or active.version.state is not VersionState.RUNNING:
        return None
    marker = read_marker(active.version)
    if marker is None or marker.mark is not Mark.RUNNING:
        return None
    return marker.since + _idle_span(serving.idle_after, policy)


def _idle_span(idle_after: timedelta, policy: Policy) -> timedelta:
    return idle_after + timedelta(seconds=policy.metrics_lag_seconds)


def idleness_of(
    desired: Desired, serving: Serving, active: OwnVersion | None, usage: Usage | None, policy: Policy, at: datetime
) -> Idleness:
    """Tell whether nobody uses the model. Never a guess: what cannot be told keeps it running.

    CloudWatch counts requests of a whole account and Region. None at all means that this model had none; where there
    were some and other models ran too, only the annotation last-used-at tells.
    """
    if usage is None or serving.idle_after is None or idle_span(serving, active, policy, at) is None:
        return Idleness()
    used_at = desired.annotations.last_used_at
    if used_at is not None and used_at - at > serving.idle_after:
        used_at = None  # by a clock that is far ahead: it must not keep a model running for years
    if used_at is not None and at - used_at < serving.idle_after:
        return Idleness()
    if usage.requests == 0:
        return Idleness(idle=True)
    if usage.requests is not None and usage.alone:
        return Idleness()
    if used_at is not None and (usage.refused or usage.requests is not None):
        return Idleness(idle=True)
    if usage.refused:
        return _unknown(
            Reason.METRICS_REFUSED,
            "CloudWatch may not be read, so nothing tells whether the model is used; it runs on. Allow the operator "
            "cloudwatch:GetMetricData and cloudwatch:ListMetrics",
        )
    if usage.requests is None:
        return Idleness()
    return _unknown(
        Reason.SEVERAL_MODELS_RUN,
        "Several models run in this account and Region, and CloudWatch counts their requests together, so nothing "
        "tells whether this one is used; it runs on",
    )


def _unknown(reason: Reason, why: str) -> Idleness:
    remedy = "let those who use the model write the annotation rekognition-operator.io/last-used-at"
    return Idleness(unknown=Finding(reason, f"{why}. To tell them apart, or do without CloudWatch: {remedy}"))


def _ran_over(serving: Serving, active: OwnVersion | None, policy: Policy, at: datetime) -> str:
    """Say by how much the model ran longer than its last window, if that is more than a look takes to notice."""
    if active is None or serving.schedule is None:
        return ""
    stop, marker = read_stop(active.version), read_marker(active.version)
    runs = active.version.state in {VersionState.STARTING, VersionState.RUNNING}
    if marker is not None and marker.mark is Mark.STOPPED and (runs or (stop is not None and stop.at >= marker.since)):
        return ""  # it had stopped in time: others have started it since
    until = at if runs else stop.at if stop is not None and stop.why is Why.SCHEDULE else None
    span = serving.schedule.last_span(until) if until is not None else None
    look = timedelta(seconds=2 * policy.sweep_seconds * policy.aws_time_scale)
    if until is None or span is None or until - span.ends <= look:
        return ""
    over = "it runs on" if runs else f"it ran {spoken(until - span.ends)} longer"
    return f". Window {span.name} ended at {_time(span.ends)}, and {over}, since the operator did not look in time"


def _asleep(
    desired: Desired,
    serving: Serving,
    active: OwnVersion | None,
    idleness: Idleness,
    begins: datetime | None,
    at: datetime,
) -> str | None:
    """Say since when the model sleeps because nobody uses it; None where it is awake."""
    if serving.idle_after is None or active is None:
        return None
    for_so_long = spoken(serving.idle_after)
    if idleness.idle:
        return f"Nobody has used the model for {for_so_long}"
    stop = _idle_stop(active, at)
    if stop is None or stop.key != idle_key(desired, serving) or (begins is not None and begins > stop.at):
        return None
    return f"The model was stopped at {_time(stop.at)}, since nobody had used it for {for_so_long}"


def _idle_stop(active: OwnVersion, at: datetime) -> Stop | None:
    """Return the idle stop in force: it ends once the model has run, or was put into service, since."""
    marker = read_marker(active.version)
    awake = marker is not None and marker.mark is not Mark.STOPPED
    stop = stopped_since(active.version, marker) if marker is not None and awake else read_stop(active.version)
    if stop is None or stop.why is not Why.IDLE:
        return None
    promoted_at = active.promoted_at  # one dated ahead is by a wrong clock, and must not wake it each time
    return None if promoted_at is not None and stop.at < promoted_at <= at else stop


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
