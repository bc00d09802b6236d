"""How is the operator put together, started and ended? The one place where its parts meet."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Final

from rekognition_operator import __version__
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import TokenBucketLimiter
from rekognition_operator.aws.provider import Boto3Provider
from rekognition_operator.aws.slots import SlotKind, Slots
from rekognition_operator.controller.awscalls import CallTeller
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock, SystemClock
from rekognition_operator.controller.crds import KindsGoneError, check_served, wait_until_served, watch_kinds
from rekognition_operator.controller.election import Elector, LeaseLostError, Terms, Watchdog, new_holder
from rekognition_operator.controller.identities import Identities
from rekognition_operator.controller.identity_pass import IdentityReconciler
from rekognition_operator.controller.intake import Intake
from rekognition_operator.controller.kopf_app import operator_registry, run_kopf
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Requeue, WorkQueue
from rekognition_operator.controller.reconcile import OperatorIdentity, Reconciler
from rekognition_operator.controller.server import HealthServer, Readiness
from rekognition_operator.controller.settings import OperatorSettings
from rekognition_operator.controller.sweep import Sweeper
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.config import default_namespace
from rekognition_operator.kube.resource import IDENTITIES, Resource, ResourceKey

logger = logging.getLogger(__name__)

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


WATCH_BEHIND_SECONDS: Final = 300.0
"""A watch that is so far behind the lists is dead, though its connection may not be."""


class OperatorFailedError(Exception):
    """The operator cannot go on; the text says why and what to do."""


class SlotsByAccount:
    """The scarce slots of each (account, Region), made when first asked for."""

    def __init__(self, capacities: Mapping[SlotKind, int], clock: Callable[[], float]) -> None:
        self._capacities = capacities
        self._clock = clock
        self._slots: dict[tuple[str, str], Slots] = {}

    def __call__(self, account: str, region: str) -> Slots:
        """Return those of one account and Region."""
        place = (account, region)
        if place not in self._slots:
            self._slots[place] = Slots(self._capacities, self._clock)
        return self._slots[place]


class Operator:
    """The operator as one thing: it runs until it is told to stop, or cannot go on."""

    def __init__(self, settings: OperatorSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._stop = asyncio.Event()
        self._winding_down = False
        self._sees_resources = False
        self._readiness = Readiness()
        self._metrics = Metrics()
        self._cache = ResourceCache()
        self._kube = KubeClient(settings.kubeconfig)
        self._fence = Fence(settings.renew_deadline_seconds) if settings.leader_elect else Fence()
        self._provider = Boto3Provider(
            fence=self._fence,
            limiters=lambda _account, region: TokenBucketLimiter(
                calls_per_second=settings.calls_per_second,
                tag_calls_per_second=2 * settings.calls_per_second,
                region=region,
            ),
            observer=CallTeller(self._metrics),
        )
        self._identities = Identities(
            self._kube,
            self._cache,
            cluster_name=settings.cluster_name,
            default=settings.default_identity,
            requeue=self._ask_for_pass,
            changed=self._provider.forget,
        )
        self._identity_reconciler = IdentityReconciler(
            kube=self._kube,
            identities=self._identities,
            provider=self._provider,
            clock=self._clock,
            default_region=settings.default_region,
            sweep_seconds=settings.sweep_seconds,
            fence=self._fence,
        )
        self._reconciler = Reconciler(
            kube=self._kube,
            provider=self._provider,
            slots=SlotsByAccount(settings.slots, self._clock.monotonic),
            cache=self._cache,
            identities=self._identities,
            identity=OperatorIdentity(settings.cluster_name, settings.default_region),
            policy=settings.policy,
            clock=self._clock,
            metrics=self._metrics,
            fence=self._fence,
            nudge=lambda key: self._queue.add(key, Lane.FLIGHT),
        )
        self._queue = WorkQueue[ResourceKey](self._work_on, concurrency=settings.concurrency, clock=self._clock)
        self._intake = Intake(self._cache, self._queue, self._clock, self._identities)
        self._metrics.watch(
            self._queue.depth, lambda: self._cache, self._identities_of_ours, self._reconciler.last_look
        )

    async def run(self) -> None:
        """Run until a signal asks to stop; then passes under way get their grace time.

        Raises
        ------
        OperatorFailedError
            A part ended that must not.
        CannotListenError
            The address for probes and metrics cannot be had.
        """
        settings = self._settings
        self._handle_signals()
        logger.info(
            "rekognition-operator %s starts",
            __version__,
            extra={
                "cluster": settings.cluster_name,
                "region": settings.default_region,
                "namespaces": list(settings.namespaces) or "all",
            },
        )
        async with AsyncExitStack() as stack:
            stack.callback(self._provider.close)
            await stack.enter_async_context(
                HealthServer(
                    settings.health_host, settings.health_port, self._readiness, self._metrics.exposition, self._ails
                )
            )
            await stack.enter_async_context(self._kube)
            if await self._unless_stopped(wait_until_served(self._kube, self._readiness, self._clock)):
                if settings.leader_elect:
                    await self._lead()
                else:
                    await self._work()
        logger.info("rekognition-operator has ended")

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    async def _lead(self) -> None:
        """Stand by until this operator leads; then work for as long as it does."""
        settings = self._settings
        terms = Terms(
            namespace=settings.lease_namespace or default_namespace(settings.kubeconfig),
            name=settings.lease_name,
            lease_seconds=settings.lease_seconds,
            deadline_seconds=settings.renew_deadline_seconds,
            retry_seconds=settings.retry_seconds,
        )
        elector = Elector(self._kube, terms, self._fence, self._clock, new_holder())
        self._readiness.ready("standing by")
        if not await self._unless_stopped(elector.acquire()):
            await elector.release()  # the answer to the last try may have been lost
            return
        watchdog = Watchdog(self._fence, margin_seconds=(settings.lease_seconds - settings.renew_deadline_seconds) / 2)
        watchdog.start()
        try:
            await self._work(elector.hold())
        finally:
            watchdog.stop()
            self._metrics.leading(False)
            await elector.release()

    async def _work(self, *holding: Coroutine[object, object, None]) -> None:
        """Work until told to stop; ``holding`` is what ends the work where it ends."""
        settings = self._settings
        self._readiness.waits_for = "the resources have not been listed yet"
        self._metrics.leading(True)
        sweeper = Sweeper(
            self._kube,
            self._cache,
            self._intake,
            self._readiness,
            self._clock,
            namespaces=settings.namespaces,
            list_seconds=settings.list_seconds,
            listed=self._resources_listed,
        )
        # Started before kopf, so that kopf does not take them for its own and cancel them.
        others = [
            asyncio.create_task(self._identities.run(self._clock, settings.list_seconds), name="list of identities"),
            asyncio.create_task(self._once_identities_are_known(self._queue.run()), name="work queue"),
            asyncio.create_task(self._once_identities_are_known(sweeper.run()), name="sweep"),
            asyncio.create_task(watch_kinds(self._kube, self._clock), name="watch of the kinds"),
            *(asyncio.create_task(held, name="lease") for held in holding),
        ]
        watch = asyncio.create_task(self._watch(), name="watch")
        try:
            done, _ = await asyncio.wait([watch, *others], return_when=asyncio.FIRST_COMPLETED)
            if self._winding_down:  # by the watch, which has ended by itself
                await asyncio.wait([watch])
                done = {watch}
            failure = None if self._stop.is_set() else await self._why(done.pop())
            self._stop.set()
            await asyncio.wait([watch])
        finally:
            for task in (watch, *others):
                task.cancel()
            await asyncio.gather(watch, *others, return_exceptions=True)
            await self._queue.stop(0)
        if failure is not None:
            raise OperatorFailedError(failure)

    async def _watch(self) -> None:
        """Watch what the operator may read, once that is known."""
        settings = self._settings
        if not await self._unless_stopped(self._identities.listed()):
            return
        registry = operator_registry(
            self._intake,
            kubeconfig=settings.kubeconfig,
            on_cleanup=self._wind_down,
            cluster_scoped=self._identities.readable,
        )
        await run_kopf(
            registry,
            namespaces=settings.namespaces,
            stop=self._stop,
            on_started=self._handle_signals,  # kopf has just set its own, which a second signal breaks
        )

    async def _once_identities_are_known(self, work: Coroutine[object, object, None]) -> None:
        await self._identities.listed()
        await work

    async def _work_on(self, key: ResourceKey, lane: Lane) -> Requeue:
        if key.kind == IDENTITIES.kind:
            return await self._identity_reconciler.run(key, lane)
        return await self._reconciler.run(key, lane)

    def _ask_for_pass(self, key: ResourceKey, lane: Lane) -> None:
        """Queue a resource, or an AWSIdentity: these only once every resource is seen that may name one."""
        if key.kind != IDENTITIES.kind or (self._sees_everything and self._sees_resources):
            self._queue.add(key, lane)

    def _resources_listed(self) -> None:
        """Hear of a complete list: before the first one, an identity in use would pass for one that nobody names."""
        if not self._sees_resources:
            self._sees_resources = True
            for identity in self._identities.identities():
                self._ask_for_pass(identity.key, Lane.CHANGE)

    def _identities_of_ours(self) -> Iterable[Resource]:
        """Give the AWSIdentities whose status this operator writes."""
        return self._identities.identities() if self._sees_everything else ()

    @property
    def _sees_everything(self) -> bool:
        return not self._settings.namespaces

    async def _wind_down(self) -> None:
        self._winding_down = True
        # Who does not lead any more changes nothing, so its passes have nothing to finish.
        await self._queue.stop(self._settings.grace_seconds if self._fence.open else 0)

    async def _why(self, task: asyncio.Task[None]) -> str:
        """Say why a task has ended that must not, in words of the cause where it is known."""
        error = task.exception()
        if isinstance(error, KindsGoneError | LeaseLostError):
            return str(error)
        try:
            await check_served(self._kube)  # the watch, too, ends when its kind does
        except KindsGoneError as gone:
            return str(gone)
        logger.error("The %s ended", task.get_name(), exc_info=error)
        cause = "without an error" if error is None else f"with {type(error).__name__}: {error}"
        return f"The {task.get_name()} ended {cause}; the operator ends with it. Start it again"

    async def _unless_stopped(self, work: Coroutine[object, object, None]) -> bool:
        """Do some work; return False where the operator was told to stop before it was done."""
        doing = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not doing.done():
            doing.cancel()
        await asyncio.gather(doing, stopped, return_exceptions=True)
        if doing.cancelled():
            return False
        doing.result()
        return True

    def _ails(self) -> str | None:
        """Say what is wrong that a new start mends: a watch that lives, but tells nothing."""
        behind = self._intake.watch_behind_seconds
        if behind <= WATCH_BEHIND_SECONDS:
            return None
        return f"a list has shown a change {behind:.0f} s ago of which the watch has not told yet"

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)
