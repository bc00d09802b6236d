"""Does nobody use a model that runs, and was it stopped for that?

CloudWatch counts the requests of a whole account and Region. None at all means that this model had none; where there
were some and other models ran too, only the annotation last-used-at tells. Never a guess: what cannot be told keeps a
model running.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.serving_memory import Mark, Stop, Why, read_marker, read_stop, stopped_since
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.world import Desired, Serving, Usage, VersionState


@dataclass(frozen=True)
class Idleness:
    """Whether nobody uses the model; ``unknown`` says why that cannot be told."""

    idle: bool = False
    unknown: Finding | None = None


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
    """Tell whether nobody uses the model."""
    if usage is None or serving.idle_after is None or idle_span(serving, active, policy, at) is None:
        return Idleness()
    used_at = desired.annotations.last_used_at
    if used_at is not None and used_at - at > serving.idle_after:
        used_at = None  # by a clock that is far ahead: it must not keep a model running for years
    if used_at is not None and at - used_at < serving.idle_after:
        return Idleness()
    if usage.requests == 0:
        return Idleness(idle=not usage.interrupted)
    if usage.requests is not None and usage.alone:
        return Idleness()
    if used_at is not None and (usage.refused or usage.requests is not None):
        return Idleness(idle=not usage.interrupted)
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


def idle_stop(active: OwnVersion, at: datetime) -> Stop | None:
    """Return the idle stop in force: it ends once the model has run, or was put into service, since."""
    marker = read_marker(active.version)
    awake = marker is not None and marker.mark is not Mark.STOPPED
    stop = stopped_since(active.version, marker) if marker is not None and awake else read_stop(active.version)
    if stop is None or stop.why is not Why.IDLE:
        return None
    promoted_at = active.promoted_at  # one dated ahead is by a wrong clock, and must not wake it each time
    return None if promoted_at is not None and stop.at < promoted_at <= at else stop
