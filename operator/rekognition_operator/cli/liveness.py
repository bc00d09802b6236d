"""Does an operator still look after these resources? Asked by an annotation that every operator answers in status."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.resource import Resource, ResourceKey

LOOKS: Final = 15
"""How often the answer is looked for. An operator that works answers within a few seconds."""
SECONDS_BETWEEN: Final = 1.0


async def answering(kube: KubeClient, resources: Sequence[Resource]) -> tuple[ResourceKey, ...]:
    """Ask about one resource of each namespace, since an operator may watch only some; return those that were answered.

    Needs no right but those that the release itself needs: get and patch on the resources.
    """
    asked = list({resource.key.namespace: resource for resource in resources}.values())
    answers = await asyncio.gather(*(_answers(kube, resource) for resource in asked))
    return tuple(resource.key for resource, answered in zip(asked, answers, strict=True) if answered)


async def _answers(kube: KubeClient, resource: Resource) -> bool:
    """Whether the status changes, or the resource goes, after the operator was asked to look at it."""
    await kube.set_annotations(resource.key, {RECONCILE_REQUESTED_AT: f"release-{datetime.now(UTC).isoformat()}"})
    for _ in range(LOOKS):
        await asyncio.sleep(SECONDS_BETWEEN)
        now = await kube.get(resource.key)
        if now is None or now.status != resource.status:
            return True
    return False
