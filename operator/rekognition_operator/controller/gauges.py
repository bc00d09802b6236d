"""How are the resources now, in numbers? The gauges that are computed from what their status says."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client.core import Metric

from rekognition_operator.api.common import Condition
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus, ServingStatus
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.controller import metric_table as table
from rekognition_operator.core.resolve import parse_identity_status, parse_status
from rekognition_operator.core.world import VersionState
from rekognition_operator.kube.resource import Resource, ResourceKey

LastLook = Callable[[ResourceKey], datetime | None]
"""When AWS was last looked at for a resource; None where no pass has been over it."""
_Known = tuple[ResourceKey, ResourceStatus]
_REASONS: Final = frozenset(reason.value for reason in Reason)
_CONDITIONS: Final = frozenset(condition.value for condition in ConditionType) - {ConditionType.READY.value}
_STATES: Final = frozenset(state.value for state in VersionState)
_SHALL_NOT_RUN: Final = frozenset(
    reason.value for reason in (Reason.STOPPED, Reason.OUTSIDE_WINDOW, Reason.IDLE, Reason.OVER_BUDGET)
)


def of_resources(
    resources: Sequence[Resource], identities: Sequence[Resource], last_look: LastLook
) -> Iterator[Metric]:
    """Give all gauges of resources and AWSIdentities. Labels take known values only, lest series grow without bound."""
    known = [(resource.key, parse_status(resource.body)) for resource in resources]
    yield from _conditions(
        [
            *((key, status.conditions or ()) for key, status in known),
            *((one.key, parse_identity_status(one.body).conditions or ()) for one in identities),
        ]
    )
    looks = ((key, last_look(key)) for key, _ in known)
    yield table.OBSERVED.gauges((_labels(key), at.timestamp()) for key, at in looks if at is not None)
    yield from _versions(known)
    yield from _models(known)


def _labels(key: ResourceKey) -> tuple[str, str, str]:
    return (key.kind, key.namespace, key.name)


def _conditions(known: list[tuple[ResourceKey, Sequence[Condition]]]) -> Iterator[Metric]:
    ready = [(key, *_ready(conditions)) for key, conditions in known]
    tally = Tally((key.kind, state, reason) for key, state, reason in ready)
    yield table.RESOURCES.gauges((labels, float(count)) for labels, count in sorted(tally.items()))
    yield table.READY.gauges(((*_labels(key), reason), float(state == "True")) for key, state, reason in ready)
    yield table.CONDITION.gauges(
        ((*_labels(key), condition.type, _reason(condition)), 1.0)
        for key, conditions in known
        for condition in conditions
        if condition.status == "True" and condition.type in _CONDITIONS
    )


def _ready(conditions: Sequence[Condition]) -> tuple[str, str]:
    """Return status and reason of the Ready condition."""
    for condition in conditions:
        if condition.type == ConditionType.READY.value:
            return condition.status, _reason(condition)
    return "Unknown", "NotSeen"


def _reason(condition: Condition) -> str:
    return condition.reason if condition.reason in _REASONS else "Other"


def _versions(known: list[_Known]) -> Iterator[Metric]:
    tally = Tally(
        (key.kind, version.status if version.status in _STATES else VersionState.UNKNOWN.value)
        for key, status in known
        for version in status.versions or ()
    )
    yield table.VERSIONS.gauges((labels, float(count)) for labels, count in sorted(tally.items()))
    in_service = [(key, status.active) for key, status in known if status.active is not None]
    yield table.F1_SCORE.gauges(
        (_labels(key), active.f1_score) for key, active in in_service if active.f1_score is not None
    )
    yield table.EXPIRY.gauges(
        ((key.namespace, key.name), active.expiry_estimate.timestamp())
        for key, active in in_service
        if key.kind == ModerationAdapter.kind and active.expiry_estimate is not None
    )


def _models(known: list[_Known]) -> Iterator[Metric]:
    """Say of each model whether it runs and what it costs: few have models, and each is money."""
    models = [
        ((key.namespace, key.name), status, status.serving)
        for key, status in known
        if isinstance(status, CustomLabelsModelStatus) and status.serving is not None
    ]
    yield table.MODEL_RUNNING.gauges((of, float(_holds(status, ConditionType.SERVING))) for of, status, _ in models)
    yield table.MODEL_UNITS.gauges((of, _most_units(serving)) for of, _, serving in models)
    yield table.MODEL_UNWANTED.gauges(
        (
            (*of, serving.reason if serving.reason in _REASONS else "Other"),
            float(_billed(serving) and serving.reason in _SHALL_NOT_RUN),
        )
        for of, _, serving in models
    )
    yield table.MODEL_SUSPENDED.gauges(
        (of, float(_billed(serving) and _holds(status, ConditionType.SUSPENDED))) for of, status, serving in models
    )
    yield table.MODEL_USD_RATE.gauges((of, serving.usd_per_hour or 0.0) for of, _, serving in models)
    yield table.MODEL_MONTH_HOURS.gauges(
        (of, serving.hours_this_month) for of, _, serving in models if serving.hours_this_month is not None
    )
    yield table.MODEL_MONTH_USD.gauges(
        (of, serving.estimated_usd_this_month)
        for of, _, serving in models
        if serving.estimated_usd_this_month is not None
    )


def _billed(serving: ServingStatus) -> bool:
    return (serving.usd_per_hour or 0.0) > 0


def _most_units(serving: ServingStatus) -> float:
    """Read ``1``, or the last number of ``1-2``."""
    most = (serving.units or "0").rpartition("-")[2]
    return float(most) if most.isdecimal() else 0.0


def _holds(status: ResourceStatus, kind: ConditionType) -> bool:
    return any(c.type == kind.value and c.status == "True" for c in status.conditions or ())
