"""Is there never more than one operator that may change anything, and does another take over soon?"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import FakeClock, settle
from fakes.leases import FakeLeases, Fault
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.controller.clock import SystemClock
from rekognition_operator.controller.election import Elector, LeaseLostError, Terms, Watchdog, new_holder
from rekognition_operator.kube.lease import Lease, LeaseSpec

LEASE, DEADLINE, RETRY = 15, 10.0, 2.0
TERMS = Terms("ops", "lease", LEASE, DEADLINE, RETRY)


@dataclass
class Candidate:
    """One operator."""

    fence: Fence
    elector: Elector

    @classmethod
    def make(cls, leases: FakeLeases, clock: FakeClock, name: str) -> "Candidate":
        fence = Fence(DEADLINE, clock.monotonic)
        return cls(fence, Elector(leases, TERMS, fence, clock, name))

    async def try_once(self) -> bool:
        return await self.elector.try_once(RETRY)


class Skewed(FakeClock):
    """A clock that has run for another time, and whose time of day is wrong."""

    def __init__(self, shared: FakeClock, ahead_seconds: float) -> None:
        super().__init__()
        self._shared = shared
        self._ahead = ahead_seconds

    def monotonic(self) -> float:
        return self._shared.seconds + self._ahead


class SlowLeases(FakeLeases):
    """Answers to updates take their time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.takes_seconds = 0.0

    async def update_lease(self, lease: Lease, spec: LeaseSpec) -> Lease:
        updated = await super().update_lease(lease, spec)
        self._clock.seconds += self.takes_seconds
        return updated


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


async def test_the_first_leads_and_the_second_stands_by(leases: FakeLeases, clock: FakeClock) -> None:
    first, second = Candidate.make(leases, clock, "first"), Candidate.make(leases, clock, "second")

    await first.elector.acquire()
    waiting = asyncio.create_task(second.elector.acquire())
    await settle()

    assert first.fence.open
    assert not waiting.done()
    assert not second.fence.open
    waiting.cancel()


async def test_a_leader_that_dies_is_followed_once_its_lease_was_not_seen_to_change(
    leases: FakeLeases, clock: FakeClock
) -> None:
    await Candidate.make(leases, clock, "dead").elector.acquire()
    second = Candidate.make(leases, clock, "second")
    waiting = asyncio.create_task(second.elector.acquire())
    await settle()

    await clock.advance(LEASE - 1)
    assert not waiting.done()
    await clock.advance(RETRY)

    assert waiting.done()
    assert second.fence.open
    assert leases.stored is not None
    assert (leases.stored.spec.holder, leases.stored.spec.transitions) == ("second", 1)


async def test_times_written_by_a_clock_that_is_wrong_count_for_nothing(leases: FakeLeases, clock: FakeClock) -> None:
    await Candidate.make(leases, clock, "first").elector.acquire()
    clock.seconds += 1e6  # what was written lies days back

    assert not await Candidate.make(leases, clock, "second").try_once()


async def test_a_leader_renews_for_ever(leases: FakeLeases, clock: FakeClock) -> None:
    leader = Candidate.make(leases, clock, "leader")
    await leader.elector.acquire()
    holding = asyncio.create_task(leader.elector.hold())
    await settle()

    for _ in range(50):
        await clock.advance(RETRY)
        assert leader.fence.open

    assert not holding.done()
    assert len(leases.writes) == 51
    assert len({spec.acquired_at for spec in leases.writes}) == 1
    holding.cancel()


async def test_a_leader_that_cannot_renew_ends_at_the_deadline_and_not_later(
    leases: FakeLeases, clock: FakeClock
) -> None:
    leader = Candidate.make(leases, clock, "leader")
    await leader.elector.acquire()
    holding = asyncio.create_task(leader.elector.hold())
    await settle()
    leases.down = True

    for _ in range(4):
        await clock.advance(RETRY)
        assert not holding.done()
    await clock.advance(RETRY)

    assert not leader.fence.open
    with pytest.raises(LeaseLostError, match=r"^Lease ops/lease could not be renewed for 10 s"):
        await holding


async def test_a_leader_whose_calls_hang_ends_at_the_deadline(leases: FakeLeases) -> None:
    fence = Fence(0.2)
    elector = Elector(leases, Terms("ops", "lease", 2, 0.2, 0.05), fence, SystemClock(), "leader")
    await elector.acquire()
    assert fence.open

    async def hang() -> None:
        leases.meanwhile = hang
        await asyncio.Event().wait()

    leases.meanwhile = hang
    async with asyncio.timeout(30):  # a guard: without a deadline of its own it never ends
        with pytest.raises(LeaseLostError, match="could not be renewed"):
            await elector.hold()
    assert not fence.open


async def test_a_renewal_counts_from_when_it_was_sent_however_long_its_answer_takes(clock: FakeClock) -> None:
    leases = SlowLeases(clock)
    leader = Candidate.make(leases, clock, "leader")
    await leader.elector.acquire()
    leases.takes_seconds = 3

    assert await leader.try_once()
    assert leader.fence.remaining_seconds == DEADLINE - 3


async def test_the_lease_of_another_holds_as_long_as_it_says(leases: FakeLeases, clock: FakeClock) -> None:
    leases.hand_to("other", seconds=4 * LEASE)
    second = Candidate.make(leases, clock, "second")
    assert not await second.try_once()

    await clock.advance(4 * LEASE - 1)
    assert not await second.try_once()
    await clock.advance(1)
    assert await second.try_once()


async def test_a_leader_that_sees_another_hold_its_lease_ends_at_once(leases: FakeLeases, clock: FakeClock) -> None:
    leader = Candidate.make(leases, clock, "leader")
    await leader.elector.acquire()
    holding = asyncio.create_task(leader.elector.hold())
    await settle()
    leases.hand_to("thief")

    await clock.advance(RETRY)

    assert not leader.fence.open
    with pytest.raises(LeaseLostError, match="is held by thief"):
        await holding


async def test_one_update_meanwhile_makes_the_other_fail(leases: FakeLeases, clock: FakeClock) -> None:
    first, second = Candidate.make(leases, clock, "first"), Candidate.make(leases, clock, "second")

    async def second_is_quicker() -> None:
        assert await second.try_once()

    leases.meanwhile = second_is_quicker

    assert not await first.try_once()
    assert [first.fence.open, second.fence.open] == [False, True]


async def test_a_lease_given_back_is_taken_at_once(leases: FakeLeases, clock: FakeClock) -> None:
    first, second = Candidate.make(leases, clock, "first"), Candidate.make(leases, clock, "second")
    await first.elector.acquire()
    assert not await second.try_once()

    await first.elector.release()

    assert not first.fence.open
    assert await second.try_once()


async def test_the_lease_of_another_is_not_given_back(leases: FakeLeases, clock: FakeClock) -> None:
    first = Candidate.make(leases, clock, "first")
    await first.elector.acquire()
    leases.hand_to("second")

    await first.elector.release()

    assert leases.stored is not None
    assert leases.stored.spec.holder == "second"


async def test_the_lease_is_not_given_back_while_a_change_in_aws_has_no_answer(
    leases: FakeLeases, clock: FakeClock
) -> None:
    first = Candidate.make(leases, clock, "first")
    await first.elector.acquire()

    with first.fence.change("CreateProjectVersion"):
        await first.elector.release()

    assert leases.stored is not None
    assert leases.stored.spec.holder == "first"


async def test_a_renewal_whose_answer_was_lost_does_not_count(leases: FakeLeases, clock: FakeClock) -> None:
    leader = Candidate.make(leases, clock, "leader")
    await leader.elector.acquire()
    clock.seconds += 4
    leases.faults = ["answer lost"]

    assert not await leader.try_once()
    assert leader.fence.remaining_seconds == DEADLINE - 4


Step = tuple[int, float, Fault | None, int | None]
"""Who tries, after how many seconds, what becomes of the write, and who tries between read and write."""


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.floats(0, 20),
            st.sampled_from([None, None, "request lost", "answer lost"]),
            st.sampled_from([None, None, 0, 1, 2]),
        ),
        max_size=40,
    ),
    ahead=st.tuples(*[st.floats(0, 1e6)] * 3),
)
def test_at_no_time_may_two_operators_change_anything(steps: list[Step], ahead: tuple[float, float, float]) -> None:
    asyncio.run(play(steps, ahead))


async def play(steps: list[Step], ahead: tuple[float, ...]) -> None:
    shared, leases = FakeClock(), FakeLeases()
    candidates = [Candidate.make(leases, Skewed(shared, by), f"candidate-{n}") for n, by in enumerate(ahead)]
    for who, after, fault, between in steps:
        for part in (after / 2, after / 2):
            shared.seconds += part
            assert sum(candidate.fence.open for candidate in candidates) <= 1
        leases.faults = [fault]
        if between is not None:
            leases.meanwhile = attempt_of(candidates[between], shared, after)
        await candidates[who].try_once()
        assert sum(candidate.fence.open for candidate in candidates) <= 1


def attempt_of(candidate: Candidate, clock: FakeClock, seconds: float) -> Callable[[], Awaitable[None]]:
    async def attempt() -> None:
        clock.seconds += seconds  # the answer to the read takes its time
        await candidate.try_once()

    return attempt


def test_a_fence_lets_nothing_through_before_the_first_renewal_and_after_the_last() -> None:
    clock = FakeClock()
    fence = Fence(DEADLINE, clock.monotonic)

    def through() -> bool:
        with contextlib.suppress(FencedError), fence.change("StopProjectVersion"):
            return True
        return False

    assert not through()
    fence.renewed(0.0)
    assert through()
    clock.seconds = DEADLINE - 0.01
    assert through()
    clock.seconds = DEADLINE
    assert not through()


def test_the_watchdog_ends_a_process_whose_loop_does_not_turn() -> None:
    ended = threading.Event()
    fence = Fence(0.05)
    watchdog = Watchdog(fence, margin_seconds=0.01, end=lambda _: ended.set())
    fence.renewed(fence._clock())
    watchdog.start()

    assert ended.wait(10)


def test_the_watchdog_leaves_a_process_alone_that_ends_by_itself() -> None:
    codes: list[int] = []
    fence = Fence(0.02)
    watchdog = Watchdog(fence, margin_seconds=10, end=codes.append)
    fence.renewed(fence._clock())
    watchdog.start()

    watchdog.stop()
    watchdog._thread.join(10)

    assert not watchdog._thread.is_alive()
    assert codes == []


def test_no_two_processes_have_the_same_name() -> None:
    assert new_holder() != new_holder()
