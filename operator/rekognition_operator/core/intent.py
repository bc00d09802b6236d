"""Shall the model run at this moment, why, and when does that change by itself?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.idle import Idleness, idle_stop
from rekognition_operator.core.serving_memory import Mark, Why, idle_key, read_marker, read_stop
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import spoken, to_the_minute, wake_line
from rekognition_operator.core.world import Desired, Serving, VersionState


@dataclass(frozen=True)
class Intent:
    """Whether the model shall run at a moment, why, and when that changes by itself (None: never)."""

    runs: bool
    reason: Reason
    message: str
    next_at: datetime | None = None
    next_runs: bool | None = None


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
                message += f"; {following.name} begins at {to_the_minute(following.begins)}"
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
        before = "" if following is None else f" before its next window, at {to_the_minute(following.begins)}"
        return Intent(
            runs=False,
            reason=Reason.IDLE,
            message=f"{asleep}. To start it{before}: {wake_line(desired.owner)}",
            next_at=following.begins if following is not None else None,
            next_runs=None if following is None else True,
        )
    until = "" if ends is None else f", and a window is open until {to_the_minute(ends)}"
    return Intent(
        runs=True,
        reason=Reason.RUNNING,
        message=f"spec.serving.state is Running{until}",
        next_at=ends,
        next_runs=None if ends is None else False,
    )


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
    return (
        f". Window {span.name} ended at {to_the_minute(span.ends)}, and {over}, since the operator did not look in time"
    )


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
    stop = idle_stop(active, at)
    if stop is None or stop.key != idle_key(desired, serving) or (begins is not None and begins > stop.at):
        return None
    return f"The model was stopped at {to_the_minute(stop.at)}, since nobody had used it for {for_so_long}"
