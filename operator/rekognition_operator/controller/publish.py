"""How does the version in service get into the ConfigMap that applications read?

Between the observation and the actions of a pass, so that a version which is of no use any more is withdrawn first, and
is not named any more when it is deleted. Where the same pass puts another one into service, it is replaced in the next
pass, without being withdrawn in between. Each write rests on what was read right before; a conflict is left to the next
pass. What AWS needs goes on whatever hinders here.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from rekognition_operator.api.conditions import Reason
from rekognition_operator.controller.backoff import PATIENT_AFTER, Backoff
from rekognition_operator.controller.memory import PublishMemory
from rekognition_operator.core.decision import Decision, Finding, Policy
from rekognition_operator.core.publication import (
    data_of,
    held_back,
    is_about_to_change,
    is_ours,
    labels_of,
    not_ours,
    owner_labels,
    publication_of,
    refused,
    stalled_by,
    stays_as_it_is,
    switched_off,
    tried_again,
    with_published,
)
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import Desired
from rekognition_operator.kube.api import ConfigMaps
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import KubeError, KubeForbiddenError, KubeInvalidError

logger = logging.getLogger(__name__)

UNAUTHORIZED = 401
"""Passes by itself: the client reads renewed credentials."""


class Publisher:
    """Keeps the ConfigMaps of resources as what was seen in AWS says."""

    def __init__(self, kube: ConfigMaps, policy: Policy, backoff: Backoff) -> None:
        self._kube = kube
        self._policy = policy
        self._backoff = backoff

    async def publish(
        self, desired: Desired, decision: Decision, memory: PublishMemory, unchanged: Callable[[], Awaitable[None]]
    ) -> Decision:
        """Bring the ConfigMap to what this pass saw; return the decision with what is to be said of it.

        Parameters
        ----------
        unchanged
            Called right before each write; raises where the resource is not the one that was decided on.
        """
        decision = with_published(decision, desired.published)
        if not self._policy.publishing:
            asked = desired.publish is not None and not desired.deleting
            return stalled_by(decision, switched_off(desired)) if asked else decision
        if stays_as_it_is(desired, decision.report):
            return decision
        spared, memory.spared = memory.spared, decision.report.active is None and memory.spared
        if not spared and is_about_to_change(desired, decision):
            memory.spared = True
            return decision
        task = _Task(
            self._kube,
            desired,
            None if desired.deleting else desired.publish,
            labels_of(desired.owner),
            data_of(desired, decision.report),
            unchanged,
        )
        try:
            finding = await task.run(memory)
        except KubeError as error:
            return self._hindered(desired, decision, memory, error)
        memory.failures = 0
        if finding is not None:
            return stalled_by(_with_stand_in(desired, decision, task), finding)
        return with_published(decision, publication_of(task.name, decision.report))

    def _hindered(self, desired: Desired, decision: Decision, memory: PublishMemory, error: KubeError) -> Decision:
        """Say what keeps the ConfigMap from being as it should."""
        finding = refusal(desired, error)
        if desired.publish is None and desired.published is None:
            # Only what may be left of former times could not be looked for: no matter of this resource.
            logger.info("Whether a ConfigMap is left behind is not known: %s", error)
            if finding is not None:
                memory.alone_with = frozenset()
            return decision
        if isinstance(error, KubeForbiddenError) and error.namespace_terminating:
            return decision
        decision = held_back(desired, decision, self._policy)
        if finding is not None:
            logger.warning("%s", error)
            return stalled_by(decision, finding)
        memory.failures += 1
        logger.warning("%s; tried again", error)
        told = Finding(Reason.RETRYING, f"The version in service is not published yet: {clause(str(error))}")
        return tried_again(
            decision,
            self._backoff.after_failures(memory.failures),
            told if memory.failures >= PATIENT_AFTER else None,
        )


@dataclass
class _Task:
    """What one pass does for one resource. ``name``: of the one ConfigMap that it shall have; None: none."""

    kube: ConfigMaps
    desired: Desired
    name: str | None
    labels: Mapping[str, str]
    data: Mapping[str, str]
    unchanged: Callable[[], Awaitable[None]]
    corrected: frozenset[str] = frozenset()
    """Of other names, which stand in for the one that cannot be written."""

    async def run(self, memory: PublishMemory) -> Finding | None:
        """Write the ConfigMap, then delete those of other names; return what needs a person.

        Those of other names are what ``spec.publish`` asked for before. They are found by their labels, once when the
        operator starts and once when the name changes, so that a lost status leaves none behind.
        """
        wanted = frozenset() if self.name is None else frozenset({self.name})
        if memory.alone_with != wanted:
            memory.alone_with = None  # also where this pass ends before the others are deleted
        if self.name is not None:
            finding = await self._write(self.name)
            if finding is not None:
                await self._correct_others(self.name)
                return finding
        if memory.alone_with is None:
            for other in await self._others(self.name):
                await self.unchanged()
                await self.kube.delete_config_map(other)
                logger.info("%s is deleted", other)
            memory.alone_with = wanted
        return None

    async def _write(self, name: str) -> Finding | None:
        owner = self.desired.owner
        try:
            found = await self.kube.get_config_map(owner.namespace, name)
            if found is None:
                await self.unchanged()
                created = await self.kube.create_config_map(owner.namespace, name, self.labels, self.data)
                logger.info("%s is created", created, extra={"version": self.data["versionName"]})
                return None
            if not is_ours(found.labels, owner):
                return not_ours(self.desired, name, found.labels)
            await self._correct(found)
        except (KubeForbiddenError, KubeInvalidError) as error:
            finding = refusal(self.desired, error)
            if finding is None:
                raise
            logger.warning("%s", error)
            return finding
        return None

    async def _correct(self, found: ConfigMap) -> None:
        if found.data == self.data and self.labels.items() <= found.labels.items():
            return
        await self.unchanged()
        await self.kube.patch_config_map(found, self.labels, self.data)
        logger.info("%s is rewritten", found, extra={"version": self.data["versionName"]})

    async def _correct_others(self, name: str) -> None:
        """Let those of former names tell what is so, as long as applications have nothing else to read."""
        for other in await self._others(name):
            await self._correct(other)
            self.corrected |= {other.name}

    async def _others(self, name: str | None) -> list[ConfigMap]:
        owner = self.desired.owner
        found = await self.kube.list_config_maps(owner.namespace, owner_labels(owner))
        return [config_map for config_map in found if config_map.name != name]


def refusal(desired: Desired, error: KubeError) -> Finding | None:
    """Return what a refusal says to a person; None for what passes by itself."""
    match error:
        case KubeForbiddenError() if error.namespace_terminating or error.status == UNAUTHORIZED:
            return None
        case KubeForbiddenError() | KubeInvalidError():
            return refused(desired, str(error))
        case _:
            return None


def _with_stand_in(desired: Desired, decision: Decision, task: _Task) -> Decision:
    """Say what the ConfigMap of the former name names now."""
    known = desired.published
    if known is None or known.config_map not in task.corrected:
        return decision
    return with_published(decision, replace(known, version_name=task.data["versionName"] or None))
