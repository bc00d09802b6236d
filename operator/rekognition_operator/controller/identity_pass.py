"""What does one pass over an AWSIdentity do? It tells whether AWS can be called as it, and by whom it is named."""

import logging
from collections.abc import Sequence

from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane, RekognitionProvider
from rekognition_operator.aws.hindrance import hindrance_of
from rekognition_operator.controller.backoff import Backoff
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.identities import Identities, read_identity
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.report import merge_patch, status_object
from rekognition_operator.core.identity import Identity, Unknown, allows, principal_of
from rekognition_operator.core.identity_status import (
    IdentityReport,
    compose_identity,
    held,
    hindered,
    unreadable,
    usable,
    without_namespace,
    without_region,
)
from rekognition_operator.core.in_service import account_of
from rekognition_operator.core.resolve import InvalidSpecError, parse_identity_status, parse_spec
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeNotFoundError
from rekognition_operator.kube.resource import FINALIZER, JsonObject, Resource, ResourceKey

logger = logging.getLogger(__name__)


class IdentityReconciler:
    """Runs passes over AWSIdentities: a finalizer while resources name one, and a status where it differs.

    An identity is not taken for gone while a resource, also one that is being deleted, needs it to clean up.
    """

    def __init__(
        self,
        *,
        kube: Kube,
        identities: Identities,
        provider: RekognitionProvider,
        clock: Clock,
        default_region: str | None,
        sweep_seconds: float,
        fence: Fence,
        backoff: Backoff | None = None,
    ) -> None:
        self._kube = kube
        self._identities = identities
        self._provider = provider
        self._clock = clock
        self._default_region = default_region
        self._sweep_seconds = sweep_seconds
        self._fence = fence
        self._backoff = backoff or Backoff()
        self._failures: dict[str, int] = {}

    async def run(self, key: ResourceKey, lane: Lane) -> Requeue:
        """Run one pass, and say when the next one is due. Errors of the API server are tried again."""
        resource = self._identities.get(key)
        if resource is None or not self._fence.open:
            self._failures.pop(key.name, None)
            return Requeue(None, lane)
        try:
            passing = await self._pass(resource)
        except KubeNotFoundError:
            self._identities.learn(resource, gone=True)
            return Requeue(None, lane)
        except KubeConflictError:
            return await self._again(resource)
        except KubeError as error:
            logger.warning("%s; tried again", error)
            passing = True
        if not passing:
            self._failures.pop(key.name, None)
            return Requeue(self._backoff.around(self._sweep_seconds), Lane.SWEEP)
        return self._soon(key)

    async def _again(self, resource: Resource) -> Requeue:
        """Read the identity anew, since the watch may be behind."""
        try:
            live = await self._kube.get(resource.key)
        except KubeError as error:
            logger.warning("%s; tried again", error)
        else:
            self._identities.learn(resource if live is None else live, gone=live is None)
        return self._soon(resource.key)

    def _soon(self, key: ResourceKey) -> Requeue:
        failures = self._failures[key.name] = self._failures.get(key.name, 0) + 1
        return Requeue(self._backoff.after_failures(failures), Lane.FLIGHT)

    async def _pass(self, resource: Resource) -> bool:
        """Do what there is to do; return whether a passing fault asks for another pass soon."""
        users = self._identities.users(resource.key.name)
        if resource.claimed != bool(users) and (resource.claimed or not resource.deleting):
            others = tuple(name for name in resource.finalizers if name != FINALIZER)
            resource = await self._kube.patch_finalizers(resource, (*others, FINALIZER) if users else others)
            self._identities.keep(resource)
        if resource.gone:
            self._identities.learn(resource, gone=True)
            return False
        if resource.deleting and not users:
            return False  # only finalizers of others hold it
        names = [str(user.key) for user in users]
        report = held(names) if resource.deleting else await self._look(resource, users)
        patch = self._patch(resource, report, len(users))
        if patch:
            self._identities.keep(await self._kube.patch_status(resource, patch))
            logger.info("AWSIdentity %s: %s", resource.key.name, report.ready.message)
        return report.passing

    async def _look(self, resource: Resource, users: Sequence[Resource]) -> IdentityReport:
        identity = read_identity(resource)
        if isinstance(identity, Unknown):
            return unreadable(identity.why)
        role = identity.spec.role_arn
        account = None if role is None else account_of(role)
        regions = (identity.spec.region, self._default_region, *(_region(user) for user in users))
        region = next((region for region in regions if region is not None), None)
        if region is None:
            return without_region(account)
        namespace = self._one_of(identity, users)
        if namespace is None:
            return without_namespace(account)
        principal = principal_of(identity, namespace, self._identities.cluster_name)
        try:
            aws = await self._provider.connect(principal, region)
        except CallError as error:
            return hindered(hindrance_of(error, None), namespace, account)
        return usable(role, namespace, aws.account)

    def _one_of(self, identity: Identity, users: Sequence[Resource]) -> str | None:
        """Return a namespace that may use the identity: one that does, else one that could; None: there is none."""
        allowed = identity.spec.allowed_namespaces
        labels = {known.key.name: known.labels for known in self._identities.namespaces()}
        named = (allowed.names if allowed is not None else None) or ()
        for namespace in (*(user.key.namespace for user in users), *sorted(named), *sorted(labels)):
            if allows(allowed, namespace, labels.get(namespace)):
                return namespace
        return None

    def _patch(self, resource: Resource, report: IdentityReport, users: int) -> JsonObject:
        status = compose_identity(
            parse_identity_status(resource.body), resource.generation, report, users, self._clock.now()
        )
        return merge_patch(resource.status, status_object(status))


def _region(resource: Resource) -> str | None:
    try:
        return parse_spec(resource.body).region
    except InvalidSpecError:
        return None
