"""Which passes do the events of the watch, and the lists, start?"""

import logging
from collections.abc import Iterable

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.api.conditions import ConditionType
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.identities import Identities
from rekognition_operator.controller.queue import WorkQueue
from rekognition_operator.core.resolve import parse_status
from rekognition_operator.core.tags import answer_value
from rekognition_operator.kube.api import Listing
from rekognition_operator.kube.resource import (
    CLUSTER_SCOPED,
    JsonObject,
    MalformedResourceError,
    Resource,
    ResourceKey,
)

logger = logging.getLogger(__name__)

DELETED = "DELETED"


class Intake:
    """Feeds the caches, and the queue with the resources whose new state asks for something."""

    def __init__(
        self, cache: ResourceCache, queue: WorkQueue[ResourceKey], clock: Clock, identities: Identities
    ) -> None:
        self._cache = cache
        self._queue = queue
        self._clock = clock
        self._identities = identities
        self._untold: dict[ResourceKey, float] = {}
        """What a list has brought, and when, that the watch has not told of yet."""

    @property
    def watch_behind_seconds(self) -> float:
        """How long a list has known something that the watch has not told; a watch that lives is behind by moments."""
        return self._clock.monotonic() - min(self._untold.values()) if self._untold else 0.0

    def seen(self, change: str | None, body: JsonObject) -> None:
        """Take in one event of the watch; ``change`` is its type, None in the initial list."""
        try:
            resource = Resource.parse(body)
        except MalformedResourceError as error:
            logger.warning("An event of the watch was left out: %s", error)
            return
        if resource.key.kind in CLUSTER_SCOPED:
            self._identities.learn(resource, gone=change == DELETED)
            return
        self._untold.pop(resource.key, None)
        if change == DELETED:
            self._gone(resource)
        else:
            self._present(resource)

    def listed(self, kind: str, listing: Listing, known_before: Iterable[Resource]) -> None:
        """Take in a whole list: what the watch has missed.

        ``known_before`` is what the cache had before the list was asked for: what was known then and is not in the
        list is gone, unless the watch has told of it since.
        """
        present = {resource.key for resource in listing.resources}
        for resource in listing.resources:
            if self._present(resource):
                self._untold.setdefault(resource.key, self._clock.monotonic())
        for key in [key for key in self._untold if key.kind == kind and self._cache.get(key) is None]:
            del self._untold[key]
        for known in known_before:
            if known.key.kind == kind and known.key not in present and self._cache.get(known.key) == known:
                logger.info("%s is gone: a list does not have it, and the watch did not tell", known.key)
                self._gone(known)

    def _present(self, resource: Resource) -> bool:
        """Take in a state; return whether it is new."""
        before = self._cache.learn(resource)
        if resource.gone:
            self._queue.forget(resource.key)
        elif before is None:
            self._queue.add(resource.key, lane_of(resource))
        elif before.asked != resource.asked or (before.claimed and not resource.claimed):
            self._queue.add(resource.key, Lane.CHANGE)
        if before is None or resource.gone or before.identity != resource.identity:
            self._identities.used(resource if before is None else before)
            self._identities.used(resource)
        return before is not resource

    def _gone(self, resource: Resource) -> None:
        self._cache.forget(resource.key, resource.uid)
        if self._cache.get(resource.key) is None:
            # One more pass, which finds nothing and forgets what was remembered of the resource.
            self._queue.forget(resource.key)
            self._queue.add(resource.key, Lane.SWEEP)
        self._identities.used(resource)


def lane_of(resource: Resource) -> Lane:
    """Say how urgent a resource is that was not known before, such as after a start of the operator."""
    status = parse_status(resource.body)
    asked = resource.annotations.get(RECONCILE_REQUESTED_AT)
    if (
        resource.deleting
        or status.observed_generation != resource.generation
        or (asked is not None and answer_value(asked) != status.last_handled_reconcile_at)
    ):
        return Lane.CHANGE
    moving = any(condition.type == ConditionType.RECONCILING for condition in status.conditions or ())
    return Lane.FLIGHT if moving else Lane.SWEEP
