"""Which identities and namespaces are there, and whom does a change of one concern?"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, NoReturn

from pydantic import ValidationError

from rekognition_operator.api.awsidentity import AWSIdentitySpec
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.identity import Applicant, DefaultIdentity, Grant, Identity, Unknown, grant
from rekognition_operator.core.in_service import account_of
from rekognition_operator.core.resolve import parse_spec, parse_status, spec_problems
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeError, KubeForbiddenError
from rekognition_operator.kube.resource import (
    CLUSTER_SCOPED,
    IDENTITIES,
    NAMESPACES,
    Resource,
    ResourceKey,
    ResourceKind,
)

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5.0


class Identities:
    """AWSIdentities and namespaces, as the API server last said, and the passes that a change of them starts.

    Where the operator may not read a kind, it works for the resources that do not need it.

    Parameters
    ----------
    resources
        The resources that may name identities.
    requeue
        Asks for a pass over a resource or an AWSIdentity.
    changed
        Is told the name of an AWSIdentity that is not as it was.
    """

    def __init__(
        self,
        kube: Kube,
        resources: ResourceCache,
        *,
        cluster_name: str,
        default: DefaultIdentity,
        requeue: Callable[[ResourceKey, Lane], None],
        changed: Callable[[str], None],
    ) -> None:
        self._kube = kube
        self._resources = resources
        self.cluster_name = cluster_name
        self._default = default
        self._requeue = requeue
        self._changed = changed
        self._cache = ResourceCache()
        self._unreadable: set[str] = set()
        self._read: set[str] = set()
        self._listed = asyncio.Event()

    async def listed(self) -> None:
        """Return once it is known which identities there are: no resource is judged before."""
        await self._listed.wait()

    @property
    def readable(self) -> tuple[ResourceKind, ...]:
        """The kinds that the operator may read; known once they are listed."""
        return tuple(kind for kind in CLUSTER_SCOPED.values() if kind.kind not in self._unreadable)

    async def run(self, clock: Clock, list_seconds: float) -> NoReturn:
        """List identities and namespaces now and then, for ever: a watch that was cut tells of no deletion."""
        never = asyncio.Event()
        while True:
            try:
                await self.list_once()
                seconds = list_seconds
            except KubeError as error:
                logger.warning("%s; tried again", error)
                seconds = RETRY_SECONDS
            await clock.wait(never, seconds)

    async def list_once(self) -> None:
        """List both kinds, and take in what is new and what is gone."""
        for kind in CLUSTER_SCOPED:
            before = [known for known in self._cache if known.key.kind == kind]
            try:
                listing = await self._kube.list_all(kind, None)
            except KubeForbiddenError as error:
                if kind in self._read:
                    raise  # the rights are being written anew; what is known is believed meanwhile
                self._tell_unreadable(kind, error)
                continue
            self._read.add(kind)
            self._tell_readable(kind)
            present = {resource.key for resource in listing.resources}
            for resource in listing.resources:
                self.learn(resource)
            for known in before:
                if known.key not in present and self._cache.get(known.key) == known:
                    self.learn(known, gone=True)
        self._listed.set()

    def learn(self, resource: Resource, *, gone: bool = False) -> None:
        """Take in what the watch or a list says of an identity or a namespace, and wake whom it concerns."""
        if gone:
            before: Resource | None = self._cache.get(resource.key)
            self._cache.forget(resource.key, resource.uid)
            if before is None or before.uid != resource.uid:
                return
        else:
            before = self._cache.learn(resource)
            if before is resource:
                return
        if resource.key.kind == NAMESPACES.kind:
            if gone or before is None or before.labels != resource.labels:
                self._wake(known for known in self._resources if known.key.namespace == resource.key.name)
        elif gone or resource.gone or before is None or before.asked != resource.asked:
            if before is not None:
                self._changed(resource.key.name)
            self._requeue(resource.key, Lane.CHANGE)
            self._wake(known for known in self._resources if known.identity == resource.key.name)

    def keep(self, resource: Resource) -> None:
        """Take over the answer to a write of ours."""
        self._cache.keep(resource)

    def used(self, resource: Resource) -> None:
        """Hear that a resource has come, or gone, or names another identity."""
        if resource.identity is not None:
            self._requeue(ResourceKey(IDENTITIES.kind, "", resource.identity), Lane.CHANGE)

    def get(self, key: ResourceKey) -> Resource | None:
        """Return an AWSIdentity as it was last heard of."""
        return self._cache.get(key)

    def namespaces(self) -> Iterable[Resource]:
        """Give the namespaces that are known."""
        return (known for known in self._cache if known.key.kind == NAMESPACES.kind)

    def identities(self) -> Iterable[Resource]:
        """Give the AWSIdentities that are known."""
        return (known for known in self._cache if known.key.kind == IDENTITIES.kind)

    def users(self, name: str) -> list[Resource]:
        """Return the resources that name an identity, in the order of their keys."""
        return sorted((known for known in self._resources if known.identity == name), key=lambda known: known.key)

    async def grant(self, resource: Resource) -> Grant | Finding:
        """Say as whom AWS is called for a resource, or why it is not called.

        What the watch has not told of yet is read now: a resource and its identity are often applied together.

        Raises
        ------
        InvalidSpecError
            The spec cannot be read.
        KubeError
            The API server could not be asked.
        """
        spec = parse_spec(resource.body)
        if spec.identity_ref is None:
            labels, identity = None, None
        else:
            labels = await self._labels(resource.key.namespace)
            identity = await self._identity(spec.identity_ref.name)
        applicant = Applicant(
            namespace=resource.key.namespace,
            spec=spec,
            labels=labels,
            settled=_settled(resource, identity),
            deleting=resource.deleting,
        )
        return grant(applicant, identity, cluster_name=self.cluster_name, default=self._default)

    async def _labels(self, namespace: str) -> dict[str, str] | None:
        if NAMESPACES.kind in self._unreadable:
            return None
        found = await self._find(ResourceKey(NAMESPACES.kind, "", namespace))
        return {} if found is None else dict(found.labels)

    async def _identity(self, name: str) -> Identity | Unknown | None:
        if IDENTITIES.kind in self._unreadable:
            return Unknown(
                "the operator may not read AWSIdentities. Grant it get, list and watch on awsidentities, as the "
                "chart's ClusterRole has it; it looks again every few minutes"
            )
        found = await self._find(ResourceKey(IDENTITIES.kind, "", name))
        return None if found is None else read_identity(found)

    async def _find(self, key: ResourceKey) -> Resource | None:
        known = self._cache.get(key)
        if known is not None:
            return known
        found = await self._kube.get(key)
        if found is not None:
            self.learn(found)
        return found

    def _wake(self, concerned: Iterable[Resource]) -> None:
        for resource in concerned:
            if resource.identity is not None:
                self._requeue(resource.key, Lane.CHANGE)

    def _tell_readable(self, kind: str) -> None:
        """Wake all who waited for the right to read a kind; no watch, but each list tells of it until a new start."""
        if kind in self._unreadable:
            logger.info("The operator may list %s now", kind)
            self._unreadable.discard(kind)
            self._wake(self._resources)

    def _tell_unreadable(self, kind: str, error: KubeForbiddenError) -> None:
        if kind not in self._unreadable:
            logger.warning("%s. %s", error, _MISSED[kind])
        self._unreadable.add(kind)


def _settled(resource: Resource, identity: Identity | Unknown | None) -> bool:
    """Whether the resource has a project in the account that it names, as far as that is known without a call."""
    project = parse_status(resource.body).project
    role = identity.spec.role_arn if isinstance(identity, Identity) else None
    return project is not None and (role is None or project.arn.split(":")[4:5] == [account_of(role)])


def read_identity(resource: Resource) -> Identity | Unknown:
    """Read an AWSIdentity as the API server gives it."""
    try:
        spec = AWSIdentitySpec.model_validate(resource.body.get("spec") or {})
    except ValidationError as error:
        return Unknown(f"{spec_problems(error)}. Correct these fields, or install the CRDs of this operator's release")
    return Identity(resource.key.name, spec, resource.deleting)


_MISSED: Final = {
    IDENTITIES.kind: "Resources with an identityRef are Stalled until the operator may; all others are worked on",
    NAMESPACES.kind: "AWSIdentities that allow namespaces by their labels are of no use until the operator may; those "
    "that allow them by name are",
}
"""What does not work without the right to read a kind."""
