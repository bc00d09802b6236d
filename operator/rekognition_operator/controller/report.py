"""How does what a pass found get into the resource: one status patch where it differs, and events for transitions?"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.controller.backoff import persists
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.memory import Memory
from rekognition_operator.core.decision import Report
from rekognition_operator.core.events import events
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient
from rekognition_operator.core.resolve import parse_status
from rekognition_operator.core.status import compose
from rekognition_operator.kube.api import Event, Kube
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeForbiddenError
from rekognition_operator.kube.resource import JsonObject, Resource

if TYPE_CHECKING:
    from pydantic import JsonValue

logger = logging.getLogger(__name__)

QUEUE_PATCH_SECONDS: Final = 60.0
"""A place in a queue that changes alone is written at most this often."""


def status_object(status: ResourceStatus | AWSIdentityStatus) -> JsonObject:
    """Return a status as the API server stores it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def merge_patch(stored: Mapping[str, "JsonValue"], wanted: JsonObject) -> JsonObject:
    """Return the merge patch (RFC 7396) that makes ``wanted`` of ``stored``; empty where there is nothing to do.

    What is not wanted becomes None, which removes it; lists are replaced whole.
    """
    patch: JsonObject = {name: None for name in stored if name not in wanted}
    for name, value in wanted.items():
        old = stored.get(name)
        if name not in stored or old != value:
            patch[name] = merge_patch(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return patch


def only_queue_moved(patch: JsonObject) -> bool:
    """Whether a patch changes nothing but the place in a queue."""
    return set(patch) == {"queue"} and isinstance(patch["queue"], dict) and set(patch["queue"]) == {"position"}


class Reporter:
    """Writes what passes found into their resources."""

    def __init__(self, kube: Kube, cache: ResourceCache, clock: Clock) -> None:
        self._kube = kube
        self._cache = cache
        self._clock = clock

    async def report(
        self, resource: Resource, report: Report | None, hindrance: Hindrance | None, memory: Memory
    ) -> bool:
        """Write the report, but for what the next pass, soon, knows better; return whether anything was written.

        Parameters
        ----------
        report
            What was decided; None where AWS could not be observed.
        hindrance
            What ended the pass early. A passing fault, or a conflict, is shown when it has happened a few times in a
            row.
        """
        if isinstance(hindrance, Conflict):
            if not persists(hindrance, memory):
                return False
            hindrance = Transient(Reason.RETRYING, hindrance.message)
        elif isinstance(hindrance, Transient) and not persists(hindrance, memory):
            hindrance = None
        if report is None and hindrance is None:
            return False
        return await self.write(resource, report, hindrance, memory)

    async def write(
        self, resource: Resource, report: Report | None, hindrance: Hindrance | None, memory: Memory
    ) -> bool:
        """Write one status patch where the status differs, then the events; return whether anything was written."""
        now = self._clock.now()
        previous = parse_status(resource.body)
        # A pass that saw nothing of AWS answers no request for a look, unless looking again would not help.
        looked = report is not None or isinstance(hindrance, Terminal)
        asked = resource.annotations.get(RECONCILE_REQUESTED_AT) if looked else None
        current = compose(previous, resource.generation, report, hindrance, now, reconcile_requested_at=asked)
        patch = merge_patch(resource.status, status_object(current))
        if not patch or self._may_wait(patch, memory):
            return False
        stored = await write_status(self._kube, resource, patch)
        self._cache.keep(stored)
        await tell(self._kube, stored, previous, current, now)
        return True

    def _may_wait(self, patch: JsonObject, memory: Memory) -> bool:
        """Whether only a place in the queue has changed, and the last one is younger than a minute."""
        if "queue" not in patch:
            return False
        now, written = self._clock.monotonic(), memory.place_in_queue_written_at
        if only_queue_moved(patch) and written is not None and now - written < QUEUE_PATCH_SECONDS:
            return True
        memory.place_in_queue_written_at = now
        return False


async def write_status(kube: Kube, resource: Resource, patch: JsonObject) -> Resource:
    """Patch the status, and do it once more where only something else of the resource has changed meanwhile.

    Raises
    ------
    KubeConflictError
        The status is not the one that the patch was computed for.
    KubeError
        Any other failure of the call.
    """
    try:
        return await kube.patch_status(resource, patch)
    except KubeConflictError:
        live = await kube.get(resource.key)
        if live is None or live.uid != resource.uid or live.status != resource.status:
            raise
        return await kube.patch_status(live, patch)


async def tell(
    kube: Kube,
    about: Resource,
    before: ResourceStatus | None,
    after: ResourceStatus,
    now: datetime,
) -> None:
    """Post the events of a transition. An event that cannot be posted is no failure of the pass."""
    for note in events(before, after):
        try:
            await kube.create_event(Event(about, note.type, note.reason, note.message, now))
        except KubeForbiddenError as error:
            if not error.namespace_terminating:
                logger.warning("%s. Grant the operator create on events, as its ClusterRole has it", error)
        except KubeError as error:
            logger.warning("An event is not posted: %s", error)
