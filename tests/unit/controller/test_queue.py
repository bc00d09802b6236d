"""In which order, when, and how often does the work queue hand out keys?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from fakes.clock import FakeClock, settle, until
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.queue import AFTER_CRASH_SECONDS, Requeue, WorkQueue

NEVER = Requeue(None, Lane.SWEEP)


class Worker:
    """Records which keys were worked on, and holds the work until the test lets it end."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Lane]] = []
        self.running: set[str] = set()
        self.most_at_a_time = 0
        self.held: dict[str, asyncio.Event] = {}
        self.answers: dict[str, Requeue | Exception] = {}
        self.cancelled: list[str] = []

    def hold(self, key: str) -> asyncio.Event:
        return self.held.setdefault(key, asyncio.Event())

    def release(self, key: str) -> None:
        self.held.pop(key).set()

    async def work(self, key: str, lane: Lane) -> Requeue:
        assert key not in self.running, "two passes over one key at a time"
        self.started.append((key, lane))
        self.running.add(key)
        self.most_at_a_time = max(self.most_at_a_time, len(self.running))
        try:
            if key in self.held:
                await self.held[key].wait()
        except asyncio.CancelledError:
            self.cancelled.append(key)
            raise
        finally:
            self.running.discard(key)
        answer = self.answers.get(key, NEVER)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.started]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def worker() -> Worker:
    return Worker()


Start = Callable[[int], Awaitable[WorkQueue[str]]]


@pytest_asyncio.fixture
async def start(worker: Worker, clock: FakeClock) -> AsyncIterator[Start]:
    tasks: list[asyncio.Task[None]] = []

    async def begin(concurrency: int) -> WorkQueue[str]:
        queue = WorkQueue(worker.work, concurrency=concurrency, clock=clock)
        tasks.append(asyncio.create_task(queue.run()))
        await settle()
        return queue

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_key_added_twice_before_its_turn_is_worked_on_once(start: Start, worker: Worker) -> None:
    queue = await start(1)
    queue.add("a", Lane.CHANGE)
    queue.add("a", Lane.CHANGE)
    await settle()
    assert worker.keys == ["a"]


async def test_the_more_urgent_lane_goes_first_and_within_a_lane_who_came_first(start: Start, worker: Worker) -> None:
    queue = await start(1)
    worker.hold("first")
    queue.add("first", Lane.SWEEP)
    await until(lambda: "first" in worker.running)
    for key, lane in (("s1", Lane.SWEEP), ("f1", Lane.FLIGHT), ("s2", Lane.SWEEP), ("c1", Lane.CHANGE)):
        queue.add(key, lane)
    queue.add("c2", Lane.CHANGE)
    worker.release("first")
    await settle()
    assert worker.keys == ["first", "c1", "c2", "f1", "s1", "s2"]


async def test_a_waiting_key_moves_up_when_it_becomes_more_urgent(start: Start, worker: Worker) -> None:
    queue = await start(1)
    worker.hold("first")
    queue.add("first", Lane.SWEEP)
    await until(lambda: "first" in worker.running)
    queue.add("a", Lane.SWEEP)
    queue.add("b", Lane.SWEEP)
    queue.add("b", Lane.CHANGE)
    worker.release("first")
    await settle()
    assert worker.started == [("first", Lane.SWEEP), ("b", Lane.CHANGE), ("a", Lane.SWEEP)]


async def test_a_key_added_while_it_is_worked_on_comes_again_afterwards(start: Start, worker: Worker) -> None:
    queue = await start(4)
    worker.hold("a")
    queue.add("a", Lane.SWEEP)
    await until(lambda: "a" in worker.running)
    queue.add("a", Lane.CHANGE)
    queue.add("a", Lane.CHANGE)
    await settle()
    assert worker.keys == ["a"]
    worker.release("a")
    await settle()
    assert worker.started == [("a", Lane.SWEEP), ("a", Lane.CHANGE)]


async def test_a_delayed_key_comes_when_its_time_has_come(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(1)
    queue.add("a", Lane.FLIGHT, after_seconds=30)
    await clock.advance(29)
    assert worker.keys == []
    assert queue.depth().delayed == 1
    await clock.advance(1)
    assert worker.started == [("a", Lane.FLIGHT)]


async def test_of_two_delays_the_shorter_one_counts(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(1)
    queue.add("a", Lane.SWEEP, after_seconds=600)
    queue.add("a", Lane.FLIGHT, after_seconds=30)
    queue.add("a", Lane.SWEEP, after_seconds=300)
    await clock.advance(30)
    assert worker.started == [("a", Lane.FLIGHT)]
    await clock.advance(1000)
    assert worker.keys == ["a"]


async def test_a_change_does_not_wait_for_a_delay(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(1)
    queue.add("a", Lane.SWEEP, after_seconds=600)
    queue.add("a", Lane.CHANGE)
    await settle()
    assert worker.started == [("a", Lane.CHANGE)]
    await clock.advance(1000)
    assert worker.keys == ["a"]


async def test_what_a_pass_asks_for_is_scheduled(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(1)
    worker.answers["a"] = Requeue(10, Lane.FLIGHT)
    queue.add("a", Lane.CHANGE)
    await settle()
    await clock.advance(10)
    await clock.advance(10)
    assert worker.started == [("a", Lane.CHANGE), ("a", Lane.FLIGHT), ("a", Lane.FLIGHT)]


async def test_a_change_during_a_pass_beats_the_delay_that_the_pass_asks_for(
    start: Start, worker: Worker, clock: FakeClock
) -> None:
    queue = await start(1)
    worker.answers["a"] = Requeue(600, Lane.SWEEP)
    worker.hold("a")
    queue.add("a", Lane.SWEEP)
    await until(lambda: "a" in worker.running)
    queue.add("a", Lane.CHANGE)
    worker.release("a")
    await settle()
    assert worker.started == [("a", Lane.SWEEP), ("a", Lane.CHANGE)]
    assert queue.depth().delayed == 1, "the second pass asks for its delay"
    await clock.advance(600)
    assert len(worker.keys) == 3


async def test_the_queue_tells_how_long_the_oldest_key_has_waited_and_how_often_work_was_asked_for(
    start: Start, worker: Worker, clock: FakeClock
) -> None:
    queue = await start(1)
    worker.hold("busy")
    queue.add("busy", Lane.CHANGE)
    await settle()
    assert queue.depth().oldest_ready_seconds == 0.0
    queue.add("waits", Lane.SWEEP)
    await clock.advance(90)
    queue.add("waits", Lane.CHANGE)  # more urgent now, and it has waited as long
    queue.add("later", Lane.FLIGHT, 600)
    assert queue.depth().oldest_ready_seconds == 90.0
    assert queue.depth().adds == {Lane.CHANGE: 2, Lane.FLIGHT: 1, Lane.SWEEP: 1, Lane.LOW: 0}
    queue.forget("waits")
    assert queue.depth().oldest_ready_seconds == 0.0
    worker.release("busy")


async def test_no_more_keys_are_worked_on_at_a_time_than_allowed(start: Start, worker: Worker) -> None:
    queue = await start(3)
    for number in range(10):
        worker.hold(str(number))
        queue.add(str(number), Lane.CHANGE)
    await settle()
    assert queue.depth().running == 3
    assert queue.depth().ready[Lane.CHANGE] == 7
    for number in range(10):
        worker.release(str(number))
    await settle()
    assert worker.most_at_a_time == 3
    assert worker.keys == [str(number) for number in range(10)]


async def test_work_that_raises_ends_neither_the_queue_nor_the_key(
    start: Start, worker: Worker, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    queue = await start(1)
    worker.answers["bad"] = ValueError("a bug")
    queue.add("bad", Lane.CHANGE)
    queue.add("good", Lane.CHANGE)
    await settle()
    assert worker.keys == ["bad", "good"]
    assert "a bug" in caplog.text
    await clock.advance(AFTER_CRASH_SECONDS)
    assert worker.keys == ["bad", "good", "bad"]


async def test_a_forgotten_key_does_not_come(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(1)
    queue.add("a", Lane.SWEEP, after_seconds=10)
    queue.forget("a")
    await clock.advance(10)
    assert worker.keys == []
    queue.add("a", Lane.SWEEP, after_seconds=10)
    await clock.advance(10)
    assert worker.keys == ["a"]


async def test_stopping_lets_work_under_way_finish_and_starts_nothing_more(start: Start, worker: Worker) -> None:
    queue = await start(1)
    worker.hold("a")
    worker.answers["a"] = Requeue(0, Lane.CHANGE)
    queue.add("a", Lane.CHANGE)
    queue.add("b", Lane.CHANGE)
    await until(lambda: "a" in worker.running)
    stopping = asyncio.create_task(queue.stop(grace_seconds=30))
    await settle()
    assert not stopping.done()
    worker.release("a")
    await until(stopping.done)
    assert worker.keys == ["a"]
    assert worker.cancelled == []
    queue.add("c", Lane.CHANGE)
    await settle()
    assert worker.keys == ["a"]


async def test_work_that_outlives_the_grace_time_is_cancelled(start: Start, worker: Worker, clock: FakeClock) -> None:
    queue = await start(2)
    worker.hold("slow")
    queue.add("slow", Lane.CHANGE)
    await until(lambda: "slow" in worker.running)
    stopping = asyncio.create_task(queue.stop(grace_seconds=30))
    await settle()
    await clock.advance(29)
    assert not stopping.done()
    await clock.advance(1)
    await until(stopping.done)
    assert worker.cancelled == ["slow"]
