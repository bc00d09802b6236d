"""Which of several operators works? The one that holds the Lease, and it knows by its own clock how long it does.

The election of ``kubernetes.aio.leaderelection`` is not used: it measures by the wall clock, which a correction may
move by more than a lease, its calls have no deadline, and it starts the work without watching it. The rules are those
of client-go: another's lease counts from when its last change was *seen* here, never by the times written in it; ours
from when the request that renewed it was *sent*.
"""

import asyncio
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from rekognition_operator.aws.fence import Fence
from rekognition_operator.controller.clock import Clock
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeForbiddenError
from rekognition_operator.kube.lease import Lease, Leases, LeaseSpec, time_text

logger = logging.getLogger(__name__)

EXIT_CODE: Final = 1
_RELEASED_SECONDS: Final = 1
"""Duration of a lease that was given back, as client-go writes it."""


class LeaseLostError(Exception):
    """Another operator may lead by now; the text says why."""


@dataclass(frozen=True)
class Terms:
    """Where the Lease is and for how long it holds; ``retry`` < ``deadline`` < ``lease``, all in seconds.

    Attributes
    ----------
    lease_seconds
        How long others wait after the last renewal that they saw.
    deadline_seconds
        How long the leader works after its last renewal.
    retry_seconds
        How long between two tries, and how long a try may take.
    """

    namespace: str
    name: str
    lease_seconds: int
    deadline_seconds: float
    retry_seconds: float

    def __str__(self) -> str:
        return f"Lease {self.namespace}/{self.name}"


def new_holder() -> str:
    """Return a name for this process that no other, earlier or later, has."""
    return f"{socket.gethostname()}_{uuid.uuid4()}"


class Elector:
    """Acquires the Lease, holds it, and gives it back.

    Parameters
    ----------
    fence
        Opened with each renewal, and closed when the lease is lost or given back.
    """

    def __init__(self, leases: Leases, terms: Terms, fence: Fence, clock: Clock, holder: str) -> None:
        self._leases = leases
        self._terms = terms
        self._fence = fence
        self._clock = clock
        self._holder = holder
        self._seen: Lease | None = None
        self._seen_at = 0.0
        self._told: str | None = None
        self._never = asyncio.Event()

    async def acquire(self) -> None:
        """Return once this operator leads."""
        while not await self.try_once(self._terms.retry_seconds):
            await self._clock.wait(self._never, self._terms.retry_seconds)
        logger.info("This operator leads: it holds %s", self._terms, extra={"holder": self._holder})

    async def hold(self) -> NoReturn:
        """Renew for ever.

        Raises
        ------
        LeaseLostError
            Another holds the lease, or it could not be renewed in time.
        """
        while True:
            remaining = self._fence.remaining_seconds
            if remaining <= 0:
                self._fence.close()
                raise LeaseLostError(
                    f"{self._terms} could not be renewed for {self._terms.deadline_seconds:g} s, so another operator "
                    "may lead by now; this one ends, and its next start stands by"
                )
            await self._clock.wait(self._never, min(self._terms.retry_seconds, remaining))
            await self.try_once(min(self._terms.retry_seconds, max(self._fence.remaining_seconds, 0.0)))
            holder = self._seen.spec.holder if self._seen is not None else self._holder
            if holder not in ("", self._holder):
                self._fence.close()
                raise LeaseLostError(
                    f"{self._terms} is held by {holder}; this operator ends, and its next start stands by"
                )

    async def release(self) -> None:
        """Give the lease back, so that another leads at once; where changes in AWS are still under way it expires."""
        self._fence.close()
        if self._fence.changes_under_way:
            logger.warning(
                "%s is not given back, since %d changes in AWS have no answer yet; it expires in %d s",
                self._terms,
                self._fence.changes_under_way,
                self._terms.lease_seconds,
            )
            return
        try:
            async with asyncio.timeout(self._terms.retry_seconds):
                lease = await self._leases.get_lease(self._terms.namespace, self._terms.name)
                if lease is not None and lease.spec.holder == self._holder:
                    now = time_text(self._clock.now())
                    free = LeaseSpec("", _RELEASED_SECONDS, now, now, lease.spec.transitions)
                    await self._leases.update_lease(lease, free)
                    logger.info("%s is given back", self._terms)
        except (KubeError, TimeoutError) as error:
            logger.warning("%s could not be given back, and expires by itself: %s", self._terms, _why(error))

    async def try_once(self, timeout_seconds: float) -> bool:
        """Try to acquire or renew the lease; return whether that has succeeded."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._try()
        except KubeConflictError:
            return False  # another was quicker; the next try sees who
        except (KubeError, TimeoutError) as error:
            hint = ". Apply the operator's Role" if isinstance(error, KubeForbiddenError) else ""
            logger.warning("%s: %s%s; tried again", self._terms, _why(error), hint)
            return False

    async def _try(self) -> bool:
        terms = self._terms
        lease = await self._leases.get_lease(terms.namespace, terms.name)
        now = time_text(self._clock.now())
        asked_at = self._clock.monotonic()
        if lease is None:
            ours = LeaseSpec(self._holder, terms.lease_seconds, now, now, 0)
            self._see(await self._leases.create_lease(terms.namespace, terms.name, ours))
        else:
            self._see(lease)
            if not self._may_take(lease.spec):
                return False
            mine = lease.spec.holder == self._holder
            acquired_at = lease.spec.acquired_at if mine else now
            transitions = lease.spec.transitions + (not mine)
            ours = LeaseSpec(self._holder, terms.lease_seconds, acquired_at, now, transitions)
            self._see(await self._leases.update_lease(lease, ours))
        self._fence.renewed(asked_at)
        return True

    def _see(self, lease: Lease) -> None:
        """Note when a state was first seen here: another's lease runs from then on."""
        if self._seen is None or self._seen.resource_version != lease.resource_version:
            self._seen_at = self._clock.monotonic()
        self._seen = lease
        holder = lease.spec.holder
        if holder not in ("", self._holder, self._told):
            logger.info("Standing by: %s is held by %s", self._terms, holder)
        self._told = holder

    def _may_take(self, spec: LeaseSpec) -> bool:
        """Whether the lease is ours, nobody's, or another's that has run out."""
        if spec.holder in ("", self._holder):
            return True
        seconds = max(spec.seconds, self._terms.lease_seconds)
        return self._clock.monotonic() - self._seen_at >= seconds


class Watchdog:
    """Ends the process where the fence is closed and the event loop, which should end it, does not turn.

    A thread, so that nothing in the loop can keep it from its work.
    """

    def __init__(self, fence: Fence, *, margin_seconds: float, end: Callable[[int], object] = os._exit) -> None:
        self._fence = fence
        self._margin_seconds = margin_seconds
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lease watchdog", daemon=True)

    def start(self) -> None:
        """Watch from now on: the fence is open."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer: the process ends by itself."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            remaining = self._fence.remaining_seconds
            if remaining > 0:
                self._stop.wait(remaining)
                continue
            if self._stop.wait(self._margin_seconds) or self._fence.remaining_seconds > 0:
                continue
            logger.critical("The lease is lost, and the operator has not ended by itself; it is ended now")
            self._end(EXIT_CODE)
            return


def _why(error: KubeError | TimeoutError) -> str:
    return "the API server did not answer in time" if isinstance(error, TimeoutError) else str(error)
