"""What does one pass over an AWSIdentity do? It tells whether AWS can be called as it, and by whom it is named."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.common import Condition
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane, RekognitionProvider
from rekognition_operator.aws.hindrance import hindrance_of
from rekognition_operator.controller.backoff import Backoff
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.identities import Identities, read_identity
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.report import merge_patch
from rekognition_operator.core.decision import ReadyState
from rekognition_operator.core.hindrance import Terminal
from rekognition_operator.core.identity import Identity, Unknown, allows, principal_of
from rekognition_operator.core.resolve import InvalidSpecError, parse_spec
from rekognition_operator.core.wording import counted
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeNotFoundError
from rekognition_operator.kube.resource import FINALIZER, JsonObject, Resource, ResourceKey

logger = logging.getLogger(__name__)

NAMED = 10
"""How many of the resources that hold an identity its message names."""


@dataclass(frozen=True)
class _Look:
    """What was found; ``account`` is None where it is not known, ``passing`` a fault that is tried again soon."""

    ready: ReadyState
    account: str | None = None
    passing: bool = False


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
        look = _held(users) if resource.deleting else await self._look(resource, users)
        patch = self._patch(resource, look, len(users))
        if patch:
            self._identities.keep(await self._kube.patch_status(resource, patch))
            logger.info("AWSIdentity %s: %s", resource.key.name, look.ready.message)
        return look.passing

    async def _look(self, resource: Resource, users: Sequence[Resource]) -> _Look:
        identity = read_identity(resource)
        if isinstance(identity, Unknown):
            return _Look(ReadyState(holds=False, reason=Reason.REFUSED, message=identity.why))
        regions = (identity.spec.region, self._default_region, *(_region(user) for user in users))
        region = next((region for region in regions if region is not None), None)
        role = identity.spec.role_arn
        account = None if role is None else role.split(":")[4]
        if region is None:
            text = (
                "Neither the AWSIdentity nor the operator has a Region to call AWS in, so it was not tried. Set "
                "spec.region, or create resources that have it"
            )
            return _Look(ReadyState(holds=False, reason=Reason.NOT_TRIED, message=text), account)
        namespace = self._one_of(identity, users)
        if namespace is None:
            text = (
                "No namespace that is there may use the identity, so it was not tried. Set spec.allowedNamespaces to "
                "the names or labels of those that may"
            )
            return _Look(ReadyState(holds=False, reason=Reason.NOT_TRIED, message=text), account)
        principal = principal_of(identity, namespace, self._identities.cluster_name)
        try:
            aws = await self._provider.connect(principal, region)
        except CallError as error:
            hindrance = hindrance_of(error, None)
            lasting = isinstance(hindrance, Terminal)
            reason = Reason.REFUSED if lasting else Reason.RETRYING
            text = f"As namespace {namespace}: {hindrance.message}"
            return _Look(
                ReadyState(holds=False if lasting else None, reason=reason, message=text), account, not lasting
            )
        what = "the operator's own credentials" if role is None else f"role {role}"
        text = f"AWS was called with {what} for namespace {namespace}; account {aws.account}"
        return _Look(ReadyState(holds=True, reason=Reason.USABLE, message=text), aws.account)

    def _one_of(self, identity: Identity, users: Sequence[Resource]) -> str | None:
        """Return a namespace that may use the identity: one that does, else one that could; None: there is none."""
        allowed = identity.spec.allowed_namespaces
        labels = {known.key.name: known.labels for known in self._identities.namespaces()}
        named = (allowed.names if allowed is not None else None) or ()
        for namespace in (*(user.key.namespace for user in users), *sorted(named), *sorted(labels)):
            if allows(allowed, namespace, labels.get(namespace)):
                return namespace
        return None

    def _patch(self, resource: Resource, look: _Look, users: int) -> JsonObject:
        before = _status(resource)
        kept = next((c for c in before.conditions or () if c.type == ConditionType.READY), None)
        ready = look.ready
        if look.passing and kept is not None and before.observed_generation == resource.generation:
            condition = kept  # what passes by itself takes nothing back
        else:
            status = {None: "Unknown", True: "True", False: "False"}[ready.holds]
            same = kept is not None and kept.status == status
            since = kept.last_transition_time if kept is not None and same else self._clock.now().replace(microsecond=0)
            condition = Condition.model_validate(
                {
                    "type": ConditionType.READY.value,
                    "status": status,
                    "reason": ready.reason.value,
                    "message": ready.message,
                    "last_transition_time": since,
                    "observed_generation": resource.generation,
                }
            )
        wanted = AWSIdentityStatus(
            observed_generation=resource.generation,
            conditions=[condition],
            account=look.account or before.account,
            used_by=users,
        )
        body: JsonObject = wanted.model_dump(mode="json", by_alias=True, exclude_none=True)
        return merge_patch(resource.status, body)


def _region(resource: Resource) -> str | None:
    try:
        return parse_spec(resource.body).region
    except InvalidSpecError:
        return None


def _held(users: Sequence[Resource]) -> _Look:
    names = ", ".join(str(user.key) for user in users[:NAMED]) + (" ..." if len(users) > NAMED else "")
    text = (
        f"The AWSIdentity is being deleted, and it is named by {counted(len(users), 'resource')}: {names}. It "
        "stays until none names it, since AWS is cleaned up with it. Delete them, or have them name another AWSIdentity"
    )
    return _Look(ReadyState(holds=False, reason=Reason.IN_USE, message=text))


def _status(resource: Resource) -> AWSIdentityStatus:
    try:
        return AWSIdentityStatus.model_validate(resource.status)
    except ValidationError:
        return AWSIdentityStatus()
