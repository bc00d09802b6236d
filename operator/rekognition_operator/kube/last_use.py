"""When, and how often, is it written down that a model was asked something?

``spec.serving.idleStop`` reads the annotation ``last-used-at`` where CloudWatch cannot tell several models apart.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from rekognition_operator.api.annotations import LAST_USED_AT
from rekognition_operator.kube.resource import Resource, ResourceKey

NOT_MORE_OFTEN_THAN: Final = timedelta(minutes=1)
"""Idle times are 15 minutes and more, so that a minute is exact enough, and the API server is spared."""


class Annotates(Protocol):
    """What sets annotations: the client of the API server."""

    async def set_annotations(self, key: ResourceKey, annotations: Mapping[str, str]) -> Resource:
        """Set annotations of a resource."""
        ...


async def mark_used(kube: Annotates, resource: Resource, now: datetime) -> bool:
    """Write down that the model was asked something just now; return False where that was done within a minute.

    Raises
    ------
    KubeError
        The annotation could not be set.
    """
    last = _read(resource.annotations.get(LAST_USED_AT))
    if last is not None and timedelta() <= now - last < NOT_MORE_OFTEN_THAN:
        return False
    written = now.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    await kube.set_annotations(resource.key, {LAST_USED_AT: written})
    return True


def _read(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
