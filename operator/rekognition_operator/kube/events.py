"""What does a core/v1 Event about a resource look like?"""

import hashlib
import os
from typing import Final

from rekognition_operator.kube.api import Event
from rekognition_operator.kube.resource import KINDS, JsonObject

COMPONENT: Final = "rekognition-operator"
MESSAGE_LIMIT: Final = 1024
"""Bytes of an Event's message that the API server accepts."""
_NAME_LIMIT: Final = 253
_REASON_LIMIT: Final = 128


def event_body(event: Event) -> JsonObject:
    """Return the object to create.

    Its name is a digest of what it tells and when, so that a repeated request after a lost answer makes no second
    one. ``source.component`` is what ``kubectl describe`` shows as From.
    """
    about = event.about
    at = event.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": about.key.namespace, "name": _name(event)},
        "involvedObject": {
            "apiVersion": KINDS[about.key.kind].api_version,
            "kind": about.key.kind,
            "namespace": about.key.namespace,
            "name": about.key.name,
            "uid": about.uid,
            "resourceVersion": about.resource_version,
        },
        "type": event.type,
        "reason": event.reason[:_REASON_LIMIT],
        "message": shorten(event.message),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": os.environ.get("POD_NAME") or os.environ.get("HOSTNAME") or COMPONENT,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def shorten(message: str) -> str:
    """Cut a message to what an Event may hold, at a character's end."""
    encoded = message.encode()
    if len(encoded) <= MESSAGE_LIMIT:
        return message
    return encoded[: MESSAGE_LIMIT - 3].decode(errors="ignore") + "..."


def _name(event: Event) -> str:
    told = repr((event.about.uid, event.type, event.reason, event.message, event.at))
    suffix = hashlib.sha256(told.encode()).hexdigest()[:16]
    return f"{event.about.key.name[: _NAME_LIMIT - len(suffix) - 1]}.{suffix}"
