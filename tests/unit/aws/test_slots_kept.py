"""Does who gives a running model up only to take it again get it again?"""

import pytest

from rekognition_operator.aws.slots import (
    GRANT_SETTLES_SECONDS,
    HOLDING_EXPIRES_SECONDS,
    PROBE_SECONDS,
    Granted,
    Queued,
    SlotKind,
    Slots,
)

RUNNING = SlotKind.RUNNING_MODEL
FIRST, LAST = (0, "2025"), (1, "2026")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slots(clock: Clock) -> Slots:
    """Two running models, held by a and b, and c waits; then a gives its own up, to take it again."""
    slots = Slots({SlotKind.TRAINING: 2, RUNNING: 2}, clock)
    for key in "ab":
        slots.hold(RUNNING, key, 1)
    assert slots.request(RUNNING, "c", rank=FIRST) == Queued(1, PROBE_SECONDS)
    slots.hold(RUNNING, "a", 0, keeps=True)
    return slots


def test_nobody_else_takes_it_whatever_the_rank(slots: Slots) -> None:
    assert slots.next_up(RUNNING) == ()
    assert isinstance(slots.request(RUNNING, "c", rank=FIRST), Queued)
    assert slots.in_use(RUNNING) == 2
    assert slots.request(RUNNING, "a", rank=LAST) == Granted()
    assert isinstance(slots.request(RUNNING, "c", rank=FIRST), Queued)
    assert slots.in_use(RUNNING) == 2


def test_it_is_free_once_its_holder_does_not_want_it_any_more(slots: Slots) -> None:
    slots.hold(RUNNING, "a", 0)
    assert slots.next_up(RUNNING) == ("c",)
    assert slots.request(RUNNING, "c", rank=FIRST) == Granted()


@pytest.mark.parametrize("gone", ["withdrawn", "forgotten", "unseen"])
def test_it_is_free_once_its_holder_is_gone(slots: Slots, clock: Clock, gone: str) -> None:
    match gone:
        case "withdrawn":
            slots.withdraw(RUNNING, "a")
        case "forgotten":
            slots.forget("a")
        case _:
            clock.now += HOLDING_EXPIRES_SECONDS + 1
            slots.hold(RUNNING, "b", 1)
    assert slots.request(RUNNING, "c", rank=FIRST) == Granted()


def test_where_others_of_the_account_took_it_its_holder_asks_first_and_once_a_minute(
    slots: Slots, clock: Clock
) -> None:
    assert slots.request(RUNNING, "a", rank=LAST) == Granted()
    slots.refused(RUNNING, "a")
    assert isinstance(slots.request(RUNNING, "a", rank=LAST), Queued)
    clock.now += PROBE_SECONDS
    assert isinstance(slots.request(RUNNING, "c", rank=FIRST), Queued)
    assert slots.request(RUNNING, "a", rank=LAST) == Granted()


def test_it_is_no_slot_more_where_all_are_taken(slots: Slots, clock: Clock) -> None:
    slots.hold(RUNNING, "b", 2)
    assert isinstance(slots.request(RUNNING, "a", rank=LAST), Queued)
    slots.hold(RUNNING, "b", 1)
    assert slots.request(RUNNING, "a", rank=LAST) == Granted()
    clock.now += GRANT_SETTLES_SECONDS
    slots.hold(RUNNING, "a", 1)
    assert slots.in_use(RUNNING) == 2
