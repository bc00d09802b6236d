"""Does emulated time run as fast as asked, never backwards, and does everything fall due in order?"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from rekognition_sandbox.emulator.clock import EmulatedClock, Move, Timeline, to_datetime

TRAININGS, STARTS = (Move.TRAINING, "eu-west-1"), (Move.SERVING, "eu-west-1")


class RealTime:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_real_second_is_as_many_emulated_ones_as_the_scale_says() -> None:
    real = RealTime()
    clock = EmulatedClock(1_000_000, 600, real)

    real.seconds += 3

    assert clock.now_ms() == 1_000_000 + 30 * 60 * 1000


def test_a_new_scale_does_not_move_the_present() -> None:
    real = RealTime()
    clock = EmulatedClock(0, 600, real)
    real.seconds += 10
    before = clock.now_ms()

    clock.set_time_scale(1)

    assert clock.now_ms() == before
    real.seconds += 1
    assert clock.now_ms() == before + 1000


def test_advancing_jumps_forward_only() -> None:
    clock = EmulatedClock(0, 0, RealTime())

    clock.advance(1.5)

    assert clock.now_ms() == 1500
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.advance(-1)


@pytest.mark.parametrize("start_ms", [0, 1_690_556_751_958, 1_795_438_690_521])
def test_the_present_can_be_made_to_reach_a_moment_but_not_to_go_back_to_one(start_ms: int) -> None:
    clock = EmulatedClock(start_ms, 0, RealTime())

    for step in range(1, 100):
        clock.reach(start_ms + step)
        assert clock.now_ms() == start_ms + step
    clock.reach(start_ms)

    assert clock.now_ms() == start_ms + 99


def test_waiting_is_told_in_real_seconds() -> None:
    real = RealTime()
    clock = EmulatedClock(0, 600, real)

    assert clock.real_seconds_until(60_000) == pytest.approx(0.1)
    assert clock.real_seconds_until(-5) == 0
    clock.set_time_scale(0)
    assert clock.real_seconds_until(60_000) == math.inf


def test_milliseconds_become_a_datetime_exactly() -> None:
    assert to_datetime(1690556751958) == datetime(2023, 7, 28, 15, 5, 51, 958000, tzinfo=UTC)


def test_everything_due_happens_in_order_of_its_moment_and_then_of_planning() -> None:
    timeline, happened = Timeline(), list[str]()
    timeline.at(20, lambda: happened.append("third"))
    timeline.at(10, lambda: happened.append("first"))
    timeline.at(10, lambda: happened.append("second"))
    timeline.at(21, lambda: happened.append("too early"))

    timeline.run_due(20)

    assert happened == ["first", "second", "third"]
    assert timeline.next_due_ms == 21


def test_what_an_event_plans_for_the_past_happens_at_once() -> None:
    timeline, happened = Timeline(), list[str]()
    timeline.at(10, lambda: timeline.at(15, lambda: happened.append("planned by another")))

    timeline.run_due(20)

    assert happened == ["planned by another"]
    assert timeline.next_due_ms is None


def test_a_held_group_waits_however_late_it_is_and_the_others_go_on() -> None:
    timeline, happened = Timeline(), list[str]()
    timeline.at(10, lambda: happened.append("held"), group=TRAININGS)
    timeline.at(20, lambda: happened.append("of another group"), group=STARTS)
    timeline.at(30, lambda: happened.append("of none"))
    timeline.hold(TRAININGS)

    timeline.run_due(1000)

    assert happened == ["of another group", "of none"]
    assert timeline.held == {TRAININGS}
    assert timeline.next_due_ms is None, "what is held wakes nobody"


def test_what_is_overdue_of_a_released_group_happens_in_its_order() -> None:
    timeline, happened = Timeline(), list[str]()
    timeline.hold(TRAININGS)
    for due_ms in (30, 10, 20):
        timeline.at(due_ms, lambda due_ms=due_ms: happened.append(str(due_ms)), group=TRAININGS)  # type: ignore[misc]  # bound
    timeline.run_due(30)

    timeline.at(15, lambda: happened.append("of none"))
    timeline.release(TRAININGS)
    timeline.run_due(30)

    assert happened == ["10", "of none", "20", "30"]
    assert timeline.held == frozenset()


def test_a_group_that_is_held_twice_is_released_once_and_one_that_is_not_held_may_be() -> None:
    timeline, happened = Timeline(), list[str]()
    timeline.at(10, lambda: happened.append("a"), group=TRAININGS)
    timeline.hold(TRAININGS)
    timeline.run_due(10)
    timeline.hold(TRAININGS)

    timeline.release(TRAININGS)
    timeline.release(STARTS)
    timeline.run_due(10)

    assert happened == ["a"]
