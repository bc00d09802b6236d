"""When may the next call to AWS go out? Rates by operation in one (account, Region), and lanes that never starve."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from rekognition_operator.aws.gateway import Lane

CALLS_PER_SECOND: Final = 5.0
"""AWS's default for each project and version operation, per account and Region (AWS General Reference)."""
TAG_CALLS_PER_SECOND: Final = 10.0
"""The same for each of the three tag operations."""
TAG_OPERATIONS: Final = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
OWN_RATES: Final[Mapping[str, float]] = {"GetMetricData": 500.0, "ListMetrics": 25.0, "DetectCustomLabels": 50.0}
"""Defaults per account and Region: CloudWatch's (user guide, service quotas), and that of models (General Reference).

Others use them up, too: who reads CloudWatch, and the applications that ask the models.
"""
_FAST_DETECTION_REGIONS: Final = frozenset({"us-east-1", "us-west-2", "eu-west-1"})


def _moderation_calls_per_second(region: str) -> float:
    """Return AWS's default for DetectModerationLabels, per account and Region (AWS General Reference)."""
    return 50.0 if region in _FAST_DETECTION_REGIONS else 5.0


class CallLimiter(Protocol):
    """Says when a call may go out. One per (account, Region), whoever calls."""

    async def acquire(self, operation: str, lane: Lane) -> None:
        """Return when one call of the operation may be made. Cancelling it gives up the place."""
        ...

    def throttled(self, operation: str) -> None:
        """AWS refused a call of the operation as too fast: slow down for a while."""
        ...


class Handle(Protocol):
    """A callback that can be taken back."""

    def cancel(self) -> None:
        """Take it back."""
        ...


class Timer(Protocol):
    """Time and callbacks: the running event loop, or a clock of a test."""

    def time(self) -> float:
        """Seconds, never going back."""
        ...

    def call_later(self, delay: float, callback: Callable[[], None]) -> Handle:
        """Call back after ``delay`` seconds."""
        ...


class UnlimitedCalls:
    """A limiter that lets every call go at once: for an emulator that does not throttle."""

    async def acquire(self, operation: str, lane: Lane) -> None:
        """Return at once."""

    def throttled(self, operation: str) -> None:
        """Change nothing."""


class TokenBucketLimiter:
    """A token bucket for each operation, with waiters in lanes.

    Parameters
    ----------
    calls_per_second
        The account's quota for each operation but the tag operations.
    tag_calls_per_second
        The account's quota for each tag operation.
    region
        Where the calls go: the default quota of DetectModerationLabels depends on it.
    rates
        Quotas of single operations, where they differ; those of CloudWatch and of detection are known.
    timer
        The running event loop by default.
    """

    def __init__(
        self,
        *,
        calls_per_second: float = CALLS_PER_SECOND,
        tag_calls_per_second: float = TAG_CALLS_PER_SECOND,
        region: str = "",
        rates: Mapping[str, float] | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._calls_per_second = calls_per_second
        self._tag_calls_per_second = tag_calls_per_second
        moderation = {"DetectModerationLabels": _moderation_calls_per_second(region)}
        self._rates = {**OWN_RATES, **moderation, **(rates or {})}
        self._timer = timer
        self._gates: dict[str, _Gate] = {}

    async def acquire(self, operation: str, lane: Lane) -> None:
        """Return when one call of the operation may be made. Cancelling it gives up the place."""
        await self._gate(operation).acquire(lane)

    def throttled(self, operation: str) -> None:
        """AWS refused a call of the operation as too fast: slow down for a while."""
        self._gate(operation).bucket.throttled(self._clock().time())

    def waiting(self, operation: str) -> int:
        """How many calls of the operation wait."""
        return self._gates[operation].waiting if operation in self._gates else 0

    def _gate(self, operation: str) -> "_Gate":
        gate = self._gates.get(operation)
        if gate is None:
            default = self._tag_calls_per_second if operation in TAG_OPERATIONS else self._calls_per_second
            timer = self._clock()
            gate = _Gate(TokenBucket(self._rates.get(operation, default), timer.time()), timer)
            self._gates[operation] = gate
        return gate

    def _clock(self) -> Timer:
        return self._timer or asyncio.get_running_loop()


class TokenBucket:
    """Tokens that come at a rate: one for each call. Pure: the caller says what time it is.

    AWS counts with a bucket of its own, one second deep. Ours is 2 % slower and 30 % less deep: calls that the network
    bunches by up to 0.4 s are still within AWS's, so that in steady state nothing is throttled.
    """

    HEADROOM: Final = 0.02
    DEPTH: Final = 0.7
    SLOWEST: Final = 1 / 16
    HOLD_SECONDS: Final = 10.0

    def __init__(self, quota_per_second: float, now: float) -> None:
        if quota_per_second <= 0:
            raise ValueError(f"A call rate of {quota_per_second} per second lets no call through: give one above 0")
        self._rate = quota_per_second * (1 - self.HEADROOM)
        self._depth = max(1.0, float(int(quota_per_second * self.DEPTH)))
        self._tokens = self._depth
        self._filled_at = now
        self._pace = 1.0
        self._slowed_at = now

    def take(self, now: float) -> bool:
        """Take a token; False where there is none yet."""
        self._fill(now)
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Return a token that was taken for a call that is not made."""
        self._tokens = min(self._depth, self._tokens + 1)

    def wait_seconds(self, now: float) -> float:
        """How long until there is a token, at today's pace."""
        self._fill(now)
        return max(0.0, (1 - self._tokens) / (self._rate * self._pace))

    def throttled(self, now: float) -> None:
        """Halve the pace and drop what was saved up; calls refused together count once.

        The pace doubles again with each ten seconds without another refusal.
        """
        self._fill(now)
        self._tokens = min(self._tokens, 0.0)
        if self._pace == 1.0 or now - self._slowed_at >= 1.0:
            self._pace = max(self.SLOWEST, self._pace / 2)
            self._slowed_at = now

    def _fill(self, now: float) -> None:
        while self._pace < 1.0 and now - self._slowed_at >= self.HOLD_SECONDS:
            recovers_at = self._slowed_at + self.HOLD_SECONDS
            self._add(recovers_at)
            self._pace = min(1.0, self._pace * 2)
            self._slowed_at = recovers_at
        self._add(now)

    def _add(self, until: float) -> None:
        self._tokens = min(self._depth, self._tokens + max(0.0, until - self._filled_at) * self._rate * self._pace)
        self._filled_at = max(self._filled_at, until)


class _Gate:
    """The waiters of one operation: by lane, first come first served within it.

    Every fourth grant goes past the most urgent lane, to who has waited longest in the others: no lane starves.
    """

    _FAIR_EVERY: Final = 4

    def __init__(self, bucket: TokenBucket, timer: Timer) -> None:
        self.bucket = bucket
        self._timer = timer
        self._lanes: dict[Lane, deque[tuple[int, asyncio.Future[None]]]] = {lane: deque() for lane in Lane}
        self._arrivals = 0
        self._grants = 0
        self._wake: Handle | None = None

    @property
    def waiting(self) -> int:
        return sum(len(waiters) for waiters in self._lanes.values())

    async def acquire(self, lane: Lane) -> None:
        if not self.waiting and self.bucket.take(self._timer.time()):
            self._grants += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        place = (self._arrivals, waiter)
        self._lanes[lane].append(place)
        self._grant()
        try:
            await waiter
        except asyncio.CancelledError:
            if place in self._lanes[lane]:
                self._lanes[lane].remove(place)
            elif not waiter.cancelled():  # granted in the moment of being cancelled: the call is not made
                self.bucket.give_back()
            self._grant()
            raise

    def _grant(self) -> None:
        """Hand out the tokens that are there, and come back when there is the next one."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        now = self._timer.time()
        while self.waiting and self.bucket.take(now):
            self._grants += 1
            self._next().set_result(None)
        if self.waiting:
            self._wake = self._timer.call_later(self.bucket.wait_seconds(now), self._grant)

    def _next(self) -> asyncio.Future[None]:
        waiting = [lane for lane in Lane if self._lanes[lane]]
        lane = waiting[0]
        if len(waiting) > 1 and self._grants % self._FAIR_EVERY == 0:
            lane = min(waiting[1:], key=lambda other: self._lanes[other][0][0])
        return self._lanes[lane].popleft()[1]
