"""What does CloudWatch tell of a model, and when is it asked?

Hours are asked for on transitions, once an hour while something runs, and when a month begins; requests only where
idleStop waits for none, in each sweep. What may not be read is no failure of a pass.
"""

from datetime import datetime, timedelta
from typing import Final

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.controller.memory import RequestsAnswer, UsageMemory
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.idle import idle_span
from rekognition_operator.core.versions import Fleet, sort_out
from rekognition_operator.core.world import Desired, Observed, Usage

HOURS_EVERY: Final = timedelta(hours=1)
"""How often hours are asked for while a model runs, in AWS's time."""


async def observe_usage(
    aws: Rekognition,
    desired: Desired,
    observed: Observed,
    memory: UsageMemory,
    policy: Policy,
    *,
    monotonic: float,
    month_known: str | None,
) -> Usage | None:
    """Ask CloudWatch for what a decision or the status needs; None where nothing is asked for.

    Parameters
    ----------
    memory
        When it was asked last, and what it said.
    monotonic
        The time, in seconds of the monotonic clock.
    month_known
        The month whose hours the status shows.
    """
    at = observed.at
    if desired.serving is None or desired.deleting or observed.project is None or at is None:
        return None
    fleet = sort_out(desired, observed.versions)
    refused = False
    unit_hours: float | None = None
    month = f"{at:%Y-%m}"
    if _hours_are_due(fleet, memory, at, month, month_known):
        try:
            unit_hours = await _unit_hours(aws, observed, fleet, at)
        except CallError as error:
            refused = error.kind is ErrorKind.ACCESS_DENIED
        if unit_hours is not None or refused:  # after a passing fault it is asked again in the next pass
            _remember_hours(memory, fleet, at, month, policy)
    answer = await _requests(aws, desired, observed, fleet, memory, policy, monotonic)
    if unit_hours is None and answer is None and not refused:
        return None
    if answer is None:
        return Usage(month, unit_hours, refused)
    return Usage(month, unit_hours, refused or answer.refused, answer.requests, answer.interrupted, answer.alone)


def _remember_hours(memory: UsageMemory, fleet: Fleet, at: datetime, month: str, policy: Policy) -> None:
    """Note that hours were read. After a stop they are read once more, when CloudWatch has the last minutes, too."""
    running = _running(fleet)
    stopped = bool(memory.running) and not running
    memory.hours_again_at = at + timedelta(seconds=policy.metrics_lag_seconds) if stopped else None
    memory.hours_read_at, memory.month, memory.running = at, month, running


def _running(fleet: Fleet) -> frozenset[tuple[str, str]]:
    return frozenset((own.version.arn, own.version.status) for own in fleet.own if own.occupies)


def _hours_are_due(fleet: Fleet, memory: UsageMemory, at: datetime, month: str, month_known: str | None) -> bool:
    running = _running(fleet)
    if not any(own.usable or own.start_failed for own in fleet.own):
        return False  # nothing has run yet
    if memory.hours_read_at is None:
        return bool(running) or month_known != month
    if memory.month != month or memory.running != running:
        return True
    if memory.hours_again_at is not None and at >= memory.hours_again_at:
        return True
    return bool(running) and at - memory.hours_read_at >= HOURS_EVERY


async def _unit_hours(aws: Rekognition, observed: Observed, fleet: Fleet, at: datetime) -> float:
    assert observed.project is not None  # noqa: S101  # for the type checker: the caller has looked
    since = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    names = tuple(own.version.name for own in fleet.own)
    return await aws.inference_unit_hours(observed.project.name, names, since=since, until=at, lane=Lane.LOW)


async def _requests(
    aws: Rekognition,
    desired: Desired,
    observed: Observed,
    fleet: Fleet,
    memory: UsageMemory,
    policy: Policy,
    monotonic: float,
) -> RequestsAnswer | None:
    """Return what CloudWatch says of requests in the span of the idle stop; None where it need not be asked yet.

    An answer that keeps the model running is good for half a sweep, or until there is another; one that stops it is
    always fresh.
    """
    at, serving, active = observed.at, desired.serving, fleet.active
    if at is None or serving is None or observed.project is None:
        return None
    span = idle_span(serving, active, policy, at)
    if span is None or active is None:
        memory.requests = None
        return None
    subject = (active.version.arn, span)
    known = memory.requests
    if known is not None and (known.subject != subject or not known.keeps_running):
        known = None
    if known is not None and monotonic - known.read_at < policy.sweep_seconds / 2:
        return known
    name, since, lane = observed.project.name, at - span, Lane.LOW
    alone: bool | None = None
    interrupted = False
    try:
        requests = await aws.successful_requests(since=since, until=at, lane=lane)
        if requests:
            alone = not await aws.other_models_ran(name, since=since, until=at, lane=lane)
        if not alone:  # it may be stopped: only if it has run for all of the time, as far as CloudWatch knows by now
            until = at - timedelta(seconds=policy.metrics_lag_seconds)
            interrupted = not await aws.ran_throughout(name, active.version.name, since=since, until=until, lane=lane)
    except CallError as error:
        if error.kind is not ErrorKind.ACCESS_DENIED:
            return known  # a passing fault takes nothing back
        memory.requests = RequestsAnswer(subject, monotonic, None, None, refused=True)
    else:
        memory.requests = RequestsAnswer(subject, monotonic, requests, alone, interrupted=interrupted)
    return memory.requests
