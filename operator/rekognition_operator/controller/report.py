"""How does what a pass found get into the resource: one status patch where it differs, and events for transitions?"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rekognition_operator.api.moderationadapter import ModerationAdapterStatus
from rekognition_operator.core.events import events
from rekognition_operator.kube.api import Event, Kube
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeForbiddenError
from rekognition_operator.kube.resource import JsonObject, Resource

if TYPE_CHECKING:
    from pydantic import JsonValue

logger = logging.getLogger(__name__)

QUEUE_PATCH_SECONDS: Final = 60.0
"""A place in a queue that changes alone is written at most this often."""


def status_object(status: ModerationAdapterStatus) -> JsonObject:
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
    before: ModerationAdapterStatus | None,
    after: ModerationAdapterStatus,
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
