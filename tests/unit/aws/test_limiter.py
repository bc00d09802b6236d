"""Do calls go out at the account's rate, urgent ones first, with nobody starved and nothing lost to cancelling?"""

import asyncio
import heapq
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, TokenBucket, TokenBucketLimiter, UnlimitedCalls

OPERATION = "DescribeProjectVersions"


class Cancelled:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTimer:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None], Cancelled]] = []
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Cancelled:
        handle = Cancelled()
        self._count += 1
        heapq.heappush(self._due, (self.now + delay, self._count, callback, handle))
        return handle

    async def advance(self, seconds: float) -> None:
        until = self.now + seconds
        await settle()
        while self._due and self._due[0][0] <= until:
            self.now, _, callback, handle = heapq.heappop(self._due)
            if not handle.cancelled:
                callback()
            await settle()
        self.now = until


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


class Calls:
    """Callers, and the times at which their calls went out."""

    def __init__(self, limiter: CallLimiter, timer: FakeTimer) -> None:
        self.limiter = limiter
        self.timer = timer
        self.out: list[tuple[float, str]] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, lane: Lane = Lane.SWEEP, operation: str = OPERATION) -> asyncio.Task[None]:
        async def call() -> None:
            await self.limiter.acquire(operation, lane)
            self.out.append((self.timer.now, name))

        self.tasks[name] = asyncio.create_task(call())
        return self.tasks[name]

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.out]


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


@pytest.fixture
def limiter(timer: FakeTimer) -> TokenBucketLimiter:
    return TokenBucketLimiter(timer=timer)


@pytest.fixture
def calls(limiter: TokenBucketLimiter, timer: FakeTimer) -> Calls:
    return Calls(limiter, timer)


def aws_admits(times: list[float], per_second: float) -> bool:
    """AWS's own bucket: one second deep, never empty on arrival?"""
    tokens, at = per_second, 0.0
    for time in sorted(times):
        tokens = min(per_second, tokens + (time - at) * per_second) - 1
        at = time
        if tokens < -1e-9:
            return False
    return True


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate(calls: Calls, timer: FakeTimer) -> None:
    for n in range(103):
        calls.start(str(n))
    await timer.advance(0)
    assert len(calls.out) == 3
    await timer.advance(10)
    assert len(calls.out) == 3 + 49
    await timer.advance(11)
    assert len(calls.out) == 103
    assert aws_admits([at for at, _ in calls.out], 5)


@given(
    jitters=st.lists(st.floats(min_value=0, max_value=0.4), min_size=30, max_size=60),
    pauses=st.lists(st.floats(min_value=0, max_value=3), min_size=60, max_size=60),
)
def test_aws_never_sees_more_than_its_rate_however_the_network_bunches_calls(
    jitters: list[float], pauses: list[float]
) -> None:
    bucket, now, arrivals = TokenBucket(5, 0.0), 0.0, []
    for jitter, pause in zip(jitters, pauses, strict=False):
        now += pause * 0.2
        while not bucket.take(now):
            now += bucket.wait_seconds(now)
        arrivals.append(now + jitter)
    assert aws_admits(arrivals, 5)


async def test_tag_operations_are_twice_as_fast_and_operations_do_not_share_a_rate(
    calls: Calls, timer: FakeTimer
) -> None:
    for n in range(300):
        calls.start(f"tags{n}", operation="ListTagsForResource")
        calls.start(f"versions{n}")
    await timer.advance(10)
    assert sum(name.startswith("tags") for name in calls.names) == 7 + 98
    assert sum(name.startswith("versions") for name in calls.names) == 3 + 49
    for task in calls.tasks.values():
        task.cancel()
    await settle()


async def test_cloudwatch_is_asked_at_its_own_rates_whatever_rekognitions_are(timer: FakeTimer) -> None:
    limiter = TokenBucketLimiter(calls_per_second=0.1, timer=timer)
    for operation, burst in (("GetMetricData", 350), ("ListMetrics", 17)):
        for number in range(burst):
            await limiter.acquire(operation, Lane.SWEEP)
            assert limiter.waiting(operation) == 0, number


@pytest.mark.parametrize(
    ("region", "operation", "burst"),
    [
        ("us-east-1", "DetectModerationLabels", 35),
        ("eu-west-1", "DetectModerationLabels", 35),
        ("eu-central-1", "DetectModerationLabels", 3),
        ("eu-central-1", "DetectCustomLabels", 35),
    ],
)
async def test_images_are_asked_about_at_the_rate_of_the_region(
    timer: FakeTimer, region: str, operation: str, burst: int
) -> None:
    calls = Calls(TokenBucketLimiter(calls_per_second=0.1, region=region, timer=timer), timer)
    for number in range(burst + 1):
        calls.start(str(number), operation=operation)
    await settle()
    assert len(calls.out) == burst
    await timer.advance(1)
    assert len(calls.out) == burst + 1


async def test_a_rate_may_be_given_for_one_operation(timer: FakeTimer) -> None:
    calls = Calls(TokenBucketLimiter(timer=timer, rates={OPERATION: 100.0}), timer)
    for n in range(168):
        calls.start(str(n))
    await timer.advance(1)
    assert len(calls.out) == 168


async def test_a_persons_change_overtakes_a_sweep(calls: Calls, timer: FakeTimer) -> None:
    for n in range(200):
        calls.start(f"sweep{n}")
    await timer.advance(5)
    calls.start("change", Lane.CHANGE)
    started_at = timer.now
    await timer.advance(1)
    at = next(at for at, name in calls.out if name == "change")
    assert at - started_at <= 0.5
    for task in calls.tasks.values():
        task.cancel()
    await settle()


async def test_within_a_lane_first_come_is_first_served(calls: Calls, timer: FakeTimer) -> None:
    for n in range(40):
        calls.start(f"{n:02}")
    await timer.advance(60)
    assert calls.names == sorted(calls.names)
    assert len(calls.names) == 40


async def test_who_comes_late_does_not_take_the_token_of_who_waits(calls: Calls, timer: FakeTimer) -> None:
    for n in range(4):
        calls.start(str(n))
    await timer.advance(0)
    assert calls.names == ["0", "1", "2"]
    timer.now += 0.21  # there is a token, and the wake-up is not due to have run yet
    calls.start("late")
    await settle()
    assert calls.names == ["0", "1", "2", "3"]
    await timer.advance(1)
    assert calls.names == ["0", "1", "2", "3", "late"]


async def test_a_lower_lane_gets_every_fourth_call_however_busy_the_higher_ones_are(
    calls: Calls, timer: FakeTimer
) -> None:
    for n in range(200):
        calls.start(f"change{n}", Lane.CHANGE)
    for n in range(50):
        calls.start(f"sweep{n}", Lane.SWEEP)
        calls.start(f"low{n}", Lane.LOW)
    await timer.advance(16)
    late = calls.names[3:]
    others = [name for name in late if not name.startswith("change")]
    assert len(others) == len(calls.names) // 4
    assert others == [name for n in range(len(others) // 2) for name in (f"sweep{n}", f"low{n}")]
    for task in calls.tasks.values():
        task.cancel()
    await settle()


async def test_a_cancelled_waiter_gives_up_its_place(
    calls: Calls, limiter: TokenBucketLimiter, timer: FakeTimer
) -> None:
    for n in range(8):
        calls.start(str(n))
    await timer.advance(0)
    calls.tasks["3"].cancel()
    await settle()
    assert limiter.waiting(OPERATION) == 4
    await timer.advance(10)
    assert calls.names == ["0", "1", "2", "4", "5", "6", "7"]


async def test_a_grant_that_is_cancelled_in_the_same_moment_goes_to_the_next(calls: Calls, timer: FakeTimer) -> None:
    for n in range(5):
        calls.start(str(n))
    await timer.advance(0)
    assert calls.names == ["0", "1", "2"]
    # The grant sets the future; the task is cancelled before it runs.
    timer.now += 0.21
    for _, _, callback, handle in list(timer._due):
        if not handle.cancelled:
            callback()
    calls.tasks["3"].cancel()
    await settle()
    assert calls.names == ["0", "1", "2", "4"]


async def test_after_a_refusal_calls_slow_down_and_recover(
    calls: Calls, limiter: TokenBucketLimiter, timer: FakeTimer
) -> None:
    limiter.throttled(OPERATION)
    limiter.throttled(OPERATION)  # of the same moment: counts once
    for n in range(500):
        calls.start(str(n))
    await timer.advance(10)
    slow = len(calls.out)
    assert slow == 24
    await timer.advance(10)
    assert len(calls.out) - slow == 49
    for task in calls.tasks.values():
        task.cancel()
    await settle()


def test_the_pace_never_falls_below_a_sixteenth() -> None:
    bucket = TokenBucket(5, 0.0)
    for second in range(10):
        bucket.throttled(second * 2.0)
    assert bucket.wait_seconds(18.0) == pytest.approx(16 / (5 * 0.98))


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="lets no call through"):
        TokenBucket(0, 0.0)


async def test_without_limits_every_call_goes_at_once(timer: FakeTimer) -> None:
    calls = Calls(UnlimitedCalls(), timer)
    for n in range(100):
        calls.start(str(n))
    await settle()
    assert len(calls.out) == 100
