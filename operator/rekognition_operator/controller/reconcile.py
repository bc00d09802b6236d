"""What does one pass over one resource do, step by step?

Read, claim, observe, decide, publish, act, report, requeue. Each step may be the last one before a crash: the next pass
starts again from what is.
"""

import logging
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane, Rekognition, RekognitionProvider
from rekognition_operator.aws.hindrance import hindrance_of
from rekognition_operator.aws.slots import SlotKind, Slots
from rekognition_operator.controller.act import Acted, Actor, trainings
from rekognition_operator.controller.backoff import JITTER, PATIENT_AFTER, Backoff, persists, requeue_of
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.data import observe_data
from rekognition_operator.controller.identities import Identities
from rekognition_operator.controller.logs import pass_context
from rekognition_operator.controller.memory import Held, Memories, Memory
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.observe import TAG_SWEEP_SECONDS, max_age_seconds, observe
from rekognition_operator.controller.proofs import observe_proofs
from rekognition_operator.controller.publish import Publisher
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.report import Reporter, merge_patch, status_object
from rekognition_operator.controller.usage import observe_usage
from rekognition_operator.controller.way_out import may_go, with_way_out
from rekognition_operator.core.actions import CreateVersion, ReleaseFinalizer, StartVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision, Finding, Policy, Report
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting
from rekognition_operator.core.identity import Grant
from rekognition_operator.core.ownership import known_place
from rekognition_operator.core.resolve import InvalidSpecError, parse_status, region_of, resolve
from rekognition_operator.core.status import first_sight, month_shown
from rekognition_operator.core.tags import answer_value
from rekognition_operator.core.trained import trainings_ended
from rekognition_operator.core.world import Desired, Observed
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeForbiddenError, KubeNotFoundError
from rekognition_operator.kube.resource import FINALIZER, Resource, ResourceKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OperatorIdentity:
    """What the operator is to AWS: the name in the owner tags, and the Region of resources that name none."""

    cluster_name: str
    default_region: str | None = None


@dataclass
class _Found:
    """What a pass found: everything that the report and the delay to the next pass rest upon."""

    report: Report | None = None
    hindrance: Hindrance | None = None
    requeue_seconds: float | None = None
    no_later_than_seconds: float | None = None
    acted: Acted = field(default_factory=Acted)


class _ChangedMeanwhileError(Exception):
    """The resource is not the one that the pass decided on."""


class Reconciler:
    """Runs passes. It keeps nothing that matters beyond a pass.

    Parameters
    ----------
    kube, provider
        The API server, and Rekognition by Region.
    slots
        The training slots of an (account, Region).
    cache
        What the watch says of each resource.
    identities
        As whom AWS is called for a resource, if at all.
    identity, policy
        The operator's settings that decisions depend on.
    clock, draw
        Time, and random numbers from 0 to 1 for delays.
    fence
        Whether this operator may work: closed once another may lead.
    nudge
        Asks for a pass now over another resource, which may have a slot that has become free.
    """

    def __init__(
        self,
        *,
        kube: Kube,
        provider: RekognitionProvider,
        slots: Callable[[str, str], Slots],
        cache: ResourceCache,
        identities: Identities,
        identity: OperatorIdentity,
        policy: Policy,
        clock: Clock,
        metrics: Metrics,
        fence: Fence | None = None,
        draw: Callable[[], float] = random.random,
        nudge: Callable[[ResourceKey], None] = lambda _: None,
    ) -> None:
        self._kube = kube
        self._provider = provider
        self._slots = slots
        self._cache = cache
        self._identities = identities
        self._identity = identity
        self._policy = policy
        self._clock = clock
        self._metrics = metrics
        self._fence = fence or Fence()
        self._backoff = Backoff(draw)
        self._nudge = nudge
        self._memories = Memories(clock)
        self._reporter = Reporter(kube, cache, clock)
        self._publisher = Publisher(kube, policy, self._backoff)

    async def run(self, key: ResourceKey, lane: Lane = Lane.CHANGE) -> Requeue:
        """Run one pass, and say when the next one is due. Never raises, whatever happens."""
        started = time.perf_counter()
        token = pass_context.set({"object": str(key), "pass": uuid.uuid4().hex[:8]})
        try:
            outcome, requeue = await self._guarded(key, lane)
        finally:
            pass_context.reset(token)
        self._metrics.pass_ended(key.kind, outcome, time.perf_counter() - started)
        return requeue

    def last_look(self, key: ResourceKey) -> datetime | None:
        """Return when AWS was last looked at for a resource; None where no pass has been over it."""
        return self._memories.last_look(key)

    async def _guarded(self, key: ResourceKey, lane: Lane) -> tuple[str, Requeue]:
        resource = self._cache.get(key)
        if resource is None:
            self._memories.forget(key)
            return "gone", Requeue(None, lane)
        if not self._fence.open:
            return "fenced", Requeue(None, lane)  # the process ends
        memory = self._memories.of(resource)
        try:
            return await self._pass(resource, memory, lane)
        except KubeNotFoundError:
            self._cache.forget(key, resource.uid)
            self._memories.forget(key)
            return "gone", Requeue(None, lane)
        except FencedError as error:
            logger.warning("%s", error)
            return "fenced", Requeue(None, lane)
        except (_ChangedMeanwhileError, KubeConflictError):
            return await self._again(key, memory)
        except KubeError as error:
            memory.failures += 1
            hint = ". Apply the operator's ClusterRole again" if isinstance(error, KubeForbiddenError) else ""
            logger.warning("%s%s; tried again", error, hint)
            return "error", Requeue(self._backoff.after_failures(memory.failures), lane)
        except Exception as error:
            logger.exception("The pass ended by an error that nobody expected")
            return await self._unexpected(key, memory, error)

    # --- the steps --------------------------------------------------------------------------------------------------

    async def _pass(self, resource: Resource, memory: Memory, lane: Lane) -> tuple[str, Requeue]:
        if not resource.claimed and resource.deleting:
            self._memories.forget(resource.key)
            return "gone", Requeue(None, lane)
        resource = await self._claim(resource)
        before = parse_status(resource.body)
        found = await self._look_and_act(resource, memory, lane)
        memory.attempt = found.acted.attempt
        memory.failures += isinstance(found.hindrance, Transient)
        memory.conflicts += isinstance(found.hindrance, Conflict)
        stays = persists(found.hindrance, memory)
        if not found.acted.released and may_go(resource, found.hindrance, persists=stays):
            await self._release(resource)
            found.acted.done.append(ReleaseFinalizer())
        found.hindrance = with_way_out(resource, found.hindrance, persists=stays)
        if found.acted.released:
            self._log(resource, found, wrote=True, requeue_seconds=None)
            self._memories.forget(resource.key)
            return "released", Requeue(None, lane)
        announced = self._cache.get(resource.key)
        if announced is not None and announced.asked == resource.asked:
            resource = announced  # a status may have been written before the actions
        requeue = requeue_of(
            found.hindrance,
            found.requeue_seconds,
            found.no_later_than_seconds,
            memory,
            lane,
            self._policy,
            self._backoff,
        )
        wrote = await self._reporter.report(resource, found.report, found.hindrance, memory)
        for ended in trainings_ended(before, found.report):
            self._metrics.training_ended(resource.key.kind, ended)
        memory.failures = memory.failures if isinstance(found.hindrance, Transient) else 0
        memory.conflicts = memory.conflicts if isinstance(found.hindrance, Conflict) else 0
        self._log(resource, found, wrote=wrote, requeue_seconds=requeue.after_seconds)
        return _outcome(found, wrote=wrote), requeue

    async def _claim(self, resource: Resource) -> Resource:
        """Set the finalizer, then the first conditions: both before any call to AWS."""
        if not resource.claimed:
            resource = await self._kube.patch_finalizers(resource, (*resource.finalizers, FINALIZER))
            self._cache.keep(resource)
        previous = parse_status(resource.body)
        if not previous.conditions:
            status = status_object(first_sight(previous, resource.generation, self._clock.now()))
            resource = await self._kube.patch_status(resource, merge_patch(resource.status, status))
            self._cache.keep(resource)
        return resource

    async def _look_and_act(self, resource: Resource, memory: Memory, lane: Lane) -> _Found:
        try:
            granted = await self._identities.grant(resource)
            if isinstance(granted, Finding):
                refused = Terminal(granted.reason, granted.message, self._policy.sweep_seconds)
                return _Found(hindrance=refused, acted=Acted(attempt=memory.attempt))
            default_region = granted.region or self._identity.default_region
            aws = await self._provider.connect(granted.principal, region_of(resource.body, default_region))
            desired = resolve(
                resource.body,
                cluster_name=self._identity.cluster_name,
                default_region=default_region,
                account=aws.account,
            )
            observed = await self._observe(aws, resource, desired, memory, lane)
        except InvalidSpecError as error:
            hindrance: Hindrance = Terminal(Reason.INVALID_SPEC, str(error), self._policy.sweep_seconds)
            return _Found(hindrance=hindrance, acted=Acted(attempt=memory.attempt))
        except CallError as error:
            hindrance = hindrance_of(error, None)
            return _Found(hindrance=hindrance, acted=Acted(attempt=memory.attempt))
        slots = memory.use(self._slots(aws.account, aws.region), granted.principal, resource.key)
        decision = decide(desired, observed, self._policy, self._clock.now(), memory.attempt)
        holding = {
            SlotKind.TRAINING: trainings(desired, observed),
            SlotKind.RUNNING_MODEL: decision.running_models,
        }
        self._hold_slots(slots, resource.key, holding, decision)
        unchanged = partial(self._check_unchanged, resource, granted)
        decision = await self._publisher.publish(desired, decision, memory.publishing, unchanged)
        held = memory.held
        now = self._clock.monotonic()
        if held is not None and held.actions == decision.actions and now < held.until and lane is not Lane.CHANGE:
            acted = Acted(attempt=memory.attempt)
            return _Found(
                decision.report, held.hindrance, decision.requeue_seconds, decision.no_later_than_seconds, acted
            )
        pays = any(isinstance(action, CreateVersion | StartVersion) for action in decision.actions)
        if decision.announce or (pays and known_place(desired) != desired.place):
            # Where it is paid for stands in status before: another identity may be named before the next pass.
            await self._reporter.report(resource, decision.report, None, memory)
        found = await self._act(resource, memory, lane, aws, desired, observed, decision, holding, unchanged)
        memory.held = None
        if isinstance(found.hindrance, Terminal):
            # Sooner than told by what delays are jittered by, or the next look would come just too early.
            until = now + found.hindrance.after_seconds * (1 - 2 * JITTER)
            memory.held = Held(decision.actions, found.hindrance, until)
        return found

    def _hold_slots(self, slots: Slots, key: ResourceKey, holding: Mapping[SlotKind, int], decision: Decision) -> None:
        """Say what was seen, give back what is not wanted, and call who waits for what became free."""
        wanting = {SlotKind.TRAINING: CreateVersion, SlotKind.RUNNING_MODEL: StartVersion}
        for kind, action in wanting.items():
            in_use = slots.in_use(kind)
            frees = kind is SlotKind.TRAINING or decision.frees_models
            keeps = kind is SlotKind.RUNNING_MODEL and decision.keeps_model
            slots.hold(kind, str(key), holding[kind], frees=frees, keeps=keeps)
            if not any(isinstance(wanted, action) for wanted in decision.actions):
                slots.withdraw(kind, str(key))
            if slots.in_use(kind) < in_use:
                for waiting in slots.next_up(kind):
                    self._nudge(ResourceKey.parse(waiting))

    async def _observe(
        self, aws: Rekognition, resource: Resource, desired: Desired, memory: Memory, lane: Lane
    ) -> Observed:
        """Look at AWS: at the tags anew only where a person asks for a look, and now and then."""
        asked = resource.annotations.get(RECONCILE_REQUESTED_AT)
        now = self._clock.monotonic()
        all_tags = asked is not None and answer_value(asked) != resource.status.get("lastHandledReconcileAt")
        all_tags = all_tags or now - memory.tags_read_at >= TAG_SWEEP_SECONDS
        old = 0.0 if desired.deleting or memory.conflicts else max_age_seconds(lane, self._policy)
        observed = await observe(aws, desired, lane=lane, max_age_seconds=old, all_tags=all_tags)
        if all_tags:
            memory.tags_read_at = now
        usage = await observe_usage(
            aws,
            desired,
            observed,
            memory.usage,
            self._policy,
            monotonic=now,
            month_known=month_shown(parse_status(resource.body)),
        )
        observed = replace(observed, usage=usage, data=await observe_data(aws, desired, memory.data, lane=lane))
        proofs = await observe_proofs(aws, desired, observed, memory.proofs, self._policy, lane=lane)
        memory.looked_at = self._clock.now()
        return replace(observed, proofs=proofs)

    async def _act(
        self,
        resource: Resource,
        memory: Memory,
        lane: Lane,
        aws: Rekognition,
        desired: Desired,
        observed: Observed,
        decision: Decision,
        holding: Mapping[SlotKind, int],
        unchanged: Callable[[], Awaitable[None]],
    ) -> _Found:
        async def release() -> None:
            await self._release(resource)

        assert memory.slots is not None  # noqa: S101  # for the type checker: set right before
        actor = Actor(
            aws=aws,
            slots=memory.slots,
            slot_key=str(resource.key),
            desired=desired,
            observed=observed,
            lane=lane,
            clock=self._clock,
            unchanged=unchanged,
            release=release,
            attempt=memory.attempt,
            projects_listed=aws.projects_listed,
            holding=holding,
            frees_models=decision.frees_models,
        )
        acted = await actor.carry_out(decision.actions)
        for action in acted.done:
            if isinstance(action, CreateVersion):
                self._metrics.training_started(resource.key.kind)
        return _Found(decision.report, acted.hindrance, decision.requeue_seconds, decision.no_later_than_seconds, acted)

    async def _check_unchanged(self, resource: Resource, granted: Grant) -> None:
        """Raise where the resource, or as whom AWS may be called for it, is not what this pass has decided by."""
        live = await self._kube.get(resource.key)
        if live is None or live.asked != resource.asked or not live.claimed:
            raise _ChangedMeanwhileError
        if await self._identities.grant(live) != granted:
            raise _ChangedMeanwhileError

    async def _release(self, resource: Resource) -> None:
        finalizers = tuple(name for name in resource.finalizers if name != FINALIZER)
        self._cache.keep(await self._kube.patch_finalizers(resource, finalizers))

    # --- when a step fails ------------------------------------------------------------------------------------------

    async def _again(self, key: ResourceKey, memory: Memory) -> tuple[str, Requeue]:
        """Read the resource anew, since the watch may be behind; the next pass is at once, the third takes its time."""
        memory.conflicts += 1
        try:
            live = await self._kube.get(key)
        except KubeError as error:
            logger.warning("%s; tried again", error)
            return "error", Requeue(self._backoff.after_failures(memory.conflicts), Lane.CHANGE)
        if live is None:
            self._cache.forget(key, memory.uid)
            self._memories.forget(key)
            return "gone", Requeue(None, Lane.CHANGE)
        self._cache.learn(live)
        seconds = 0.0 if memory.conflicts < PATIENT_AFTER else self._backoff.after_failures(memory.conflicts)
        return "conflict", Requeue(seconds, Lane.CHANGE)

    async def _unexpected(self, key: ResourceKey, memory: Memory, error: Exception) -> tuple[str, Requeue]:
        memory.failures += 1
        requeue = Requeue(self._backoff.after_failures(memory.failures), Lane.FLIGHT)
        resource = self._cache.get(key)
        if resource is None or not resource.claimed:
            return "error", requeue
        hindrance: Hindrance | None = Transient(
            Reason.RETRYING,
            f"The operator met an unexpected {type(error).__name__} and tries again. Its log has the details, by this "
            f"resource's name ({key}); if it stays, report it as a bug",
        )
        stays = persists(hindrance, memory)
        try:
            if may_go(resource, hindrance, persists=stays):
                await self._release(resource)
                self._memories.forget(key)
                return "released", Requeue(None, Lane.FLIGHT)
            await self._reporter.write(resource, None, with_way_out(resource, hindrance, persists=stays), memory)
        except Exception:
            logger.exception("The error could not be written into the status")
        return "error", requeue

    # --- log ---------------------------------------------------------------------------------------------

    def _log(self, resource: Resource, found: _Found, *, wrote: bool, requeue_seconds: float | None) -> None:
        """Write one line for a pass that did something; a quiet one is for those who debug."""
        did = bool(found.acted.done) or wrote
        hindrance = found.hindrance
        logger.log(
            logging.INFO if did else logging.DEBUG,
            "Reconciled",
            extra={
                "generation": resource.generation,
                "actions": [type(action).__name__ for action in found.acted.done],
                "hindrance": None if hindrance is None else type(hindrance).__name__,
                "why": None if hindrance is None else hindrance.message,
                "status_written": wrote,
                "requeue_seconds": None if requeue_seconds is None else round(requeue_seconds, 1),
            },
        )


def _outcome(found: _Found, *, wrote: bool) -> str:
    match found.hindrance:
        case Waiting():
            return "waiting"
        case Transient():
            return "retrying"
        case Terminal():
            return "stalled"
        case Conflict():
            return "conflict"
        case None:
            return "changed" if wrote or found.acted.done else "unchanged"
