"""Which resource is worked on next? A work queue with lanes, delays, and one pass per resource at a time."""

import asyncio
import heapq
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.clock import Clock

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

AFTER_CRASH_SECONDS: Final = 60.0
"""When a key is worked on again whose work raised: work answers for its own errors, so this is a bug's fallback."""


@dataclass(frozen=True)
class Requeue:
    """When to work on a key again (None: not before somebody asks), and how urgently."""

    after_seconds: float | None
    lane: Lane


@dataclass(frozen=True)
class _Due:
    """When a key is to be worked on, and in which lane."""

    at: float
    lane: Lane

    def merged(self, other: "_Due") -> "_Due":
        """Return the earlier of two; of two at the same time, the more urgent."""
        return min(self, other, key=lambda due: (due.at, due.lane))


@dataclass(frozen=True)
class Depth:
    """How much there is to do."""

    ready: dict[Lane, int]
    delayed: int
    running: int
    oldest_ready_seconds: float = 0.0
    """How long the one that waits longest has been ready; 0 where none is."""
    adds: dict[Lane, int] = field(default_factory=dict)
    """How often somebody asked for work, since the start."""


class WorkQueue(Generic[K]):
    """Keys to work on, each at most once in the queue and never twice at a time.

    The lane with the lowest number goes first; within a lane, first in, first out. A key that is added while it is
    worked on is worked on once more afterwards. Of two delays the shorter one counts.

    Parameters
    ----------
    work
        The work on one key. What it returns says when the key comes again. It must not raise.
    concurrency
        How many keys are worked on at a time.
    clock
        Time.
    """

    def __init__(self, work: Callable[[K, Lane], Awaitable[Requeue]], *, concurrency: int, clock: Clock) -> None:
        self._work = work
        self._concurrency = concurrency
        self._clock = clock
        self._ready: dict[Lane, deque[K]] = {lane: deque() for lane in Lane}
        self._lane_of: dict[K, Lane] = {}
        """Keys that are ready, and where. An entry of a deque that says otherwise is a leftover."""
        self._ready_since: dict[K, float] = {}
        self._adds = dict.fromkeys(Lane, 0)
        self._delayed: dict[K, _Due] = {}
        self._timers: list[tuple[float, int, K]] = []
        """Heap of times at which delayed keys become ready. An entry that ``_delayed`` contradicts is a leftover."""
        self._running: dict[K, asyncio.Task[None] | None] = {}
        self._again: dict[K, _Due] = {}
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False

    def add(self, key: K, lane: Lane, after_seconds: float = 0.0) -> None:
        """Ask for work on a key, now or after some time."""
        if self._stopping:
            return
        self._adds[lane] += 1
        due = _Due(self._clock.monotonic() + max(after_seconds, 0.0), lane)
        if key in self._running:
            earlier = self._again.get(key)
            self._again[key] = due if earlier is None else earlier.merged(due)
        else:
            self._schedule(key, due)
        self._wake.set()

    def forget(self, key: K) -> None:
        """Drop a key from the queue; work on it that is under way goes on."""
        self._lane_of.pop(key, None)
        self._ready_since.pop(key, None)
        self._delayed.pop(key, None)
        self._again.pop(key, None)

    def depth(self) -> Depth:
        """Count what there is to do."""
        ready = dict.fromkeys(Lane, 0)
        for lane in self._lane_of.values():
            ready[lane] += 1
        now = self._clock.monotonic()
        oldest = now - min(self._ready_since.values(), default=now)
        return Depth(ready, len(self._delayed), len(self._running), oldest, dict(self._adds))

    async def run(self) -> None:
        """Work until :meth:`stop` is called."""
        while not self._stopping:
            self._wake.clear()
            self._start_ready()
            await self._clock.wait(self._wake, self._seconds_to_next())

    async def stop(self, grace_seconds: float) -> None:
        """Start nothing more; give work under way some time to finish, then cancel it."""
        self._stopping = True
        self._wake.set()
        await self._clock.wait(self._idle, grace_seconds)
        tasks = [task for task in self._running.values() if task is not None]
        if tasks:
            logger.warning(
                "Cancelling %d passes that did not finish within %g s; the next start goes on where they were",
                len(tasks),
                grace_seconds,
            )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _schedule(self, key: K, due: _Due) -> None:
        ready_in = self._lane_of.get(key)
        if ready_in is not None:
            if due.at <= self._clock.monotonic() and due.lane < ready_in:
                self._make_ready(key, due.lane)
            return
        delayed = self._delayed.get(key)
        due = due if delayed is None else delayed.merged(due)
        if due.at <= self._clock.monotonic():
            self._delayed.pop(key, None)
            self._make_ready(key, due.lane)
        elif due != delayed:
            self._delayed[key] = due
            heapq.heappush(self._timers, (due.at, next(self._order), key))

    def _make_ready(self, key: K, lane: Lane) -> None:
        self._lane_of[key] = lane
        self._ready_since.setdefault(key, self._clock.monotonic())
        self._ready[lane].append(key)

    def _seconds_to_next(self) -> float | None:
        """Return how long nothing can be started; None: until somebody wakes the queue."""
        if len(self._running) >= self._concurrency:
            return None
        self._drop_leftover_timers()
        return max(self._timers[0][0] - self._clock.monotonic(), 0.0) if self._timers else None

    def _drop_leftover_timers(self) -> None:
        while self._timers:
            at, _, key = self._timers[0]
            due = self._delayed.get(key)
            if due is not None and due.at == at:
                return
            heapq.heappop(self._timers)

    def _start_ready(self) -> None:
        now = self._clock.monotonic()
        self._drop_leftover_timers()
        while self._timers and self._timers[0][0] <= now:
            _, _, key = heapq.heappop(self._timers)
            self._make_ready(key, self._delayed.pop(key).lane)
            self._drop_leftover_timers()
        while len(self._running) < self._concurrency:
            found = self._next_ready()
            if found is None:
                return
            key, lane = found
            self._idle.clear()
            self._running[key] = None
            self._running[key] = asyncio.create_task(self._work_on(key, lane))

    def _next_ready(self) -> tuple[K, Lane] | None:
        for lane, keys in self._ready.items():
            while keys:
                key = keys.popleft()
                if self._lane_of.get(key) is lane:
                    del self._lane_of[key], self._ready_since[key]
                    return key, lane
        return None

    async def _work_on(self, key: K, lane: Lane) -> None:
        requeue = Requeue(None, lane)
        try:
            requeue = await self._work(key, lane)
        except Exception:
            logger.exception("The work on %s raised; it is tried again in %g s", key, AFTER_CRASH_SECONDS)
            requeue = Requeue(AFTER_CRASH_SECONDS, lane)
        finally:
            self._finished(key, requeue)

    def _finished(self, key: K, requeue: Requeue) -> None:
        del self._running[key]
        if not self._running:
            self._idle.set()
        again = self._again.pop(key, None)
        if not self._stopping:
            if requeue.after_seconds is not None:
                self._schedule(key, _Due(self._clock.monotonic() + max(requeue.after_seconds, 0.0), requeue.lane))
            if again is not None:
                self._schedule(key, again)
        self._wake.set()
