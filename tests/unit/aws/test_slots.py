"""Are scarce slots handed out in turn, and never too many? One file, since a state machine checks all rules at once."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from exploring import examples
from rekognition_operator.aws.slots import (
    GRANT_EXPIRES_SECONDS,
    GRANT_SETTLES_SECONDS,
    HOLDING_EXPIRES_SECONDS,
    PROBE_SECONDS,
    Granted,
    Queued,
    Rank,
    SlotKind,
    Slots,
    stepped,
)

TRAINING = SlotKind.TRAINING
RUNNING = SlotKind.RUNNING_MODEL


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
    return Slots({TRAINING: 2, RUNNING: 2}, clock)


def position(slots: Slots, key: str) -> int:
    """Ask, and give the place in the queue; 0 is granted."""
    answer = slots.request(TRAINING, key)
    return answer.position if isinstance(answer, Queued) else 0


def train(slots: Slots, key: str) -> None:
    """Be granted a slot, and be seen to use it."""
    assert slots.request(TRAINING, key) == Granted()
    slots.hold(TRAINING, key, holding=True)


def test_slots_go_to_who_asks_first_and_the_others_queue_in_order(slots: Slots) -> None:
    assert [position(slots, key) for key in "abcd"] == [0, 0, 1, 2]
    assert [position(slots, key) for key in "dc"] == [2, 1]  # asking again keeps the place
    assert slots.in_use(TRAINING) == 2
    assert slots.waiting(TRAINING) == 2


def test_asking_again_before_starting_is_the_same_grant(slots: Slots) -> None:
    assert [position(slots, key) for key in "aaab"] == [0, 0, 0, 0]
    assert slots.in_use(TRAINING) == 2


def test_a_slot_that_becomes_free_goes_to_the_head_of_the_queue_only(slots: Slots) -> None:
    train(slots, "a")
    train(slots, "b")
    assert [position(slots, key) for key in "cd"] == [1, 2]
    assert slots.next_up(TRAINING) == ()
    slots.hold(TRAINING, "a", holding=False)
    assert slots.next_up(TRAINING) == ("c",)
    assert position(slots, "d") == 2
    assert position(slots, "c") == 0
    assert position(slots, "d") == 1


def test_trainings_seen_at_a_start_count_before_anybody_asks(slots: Slots) -> None:
    slots.hold(TRAINING, "a", holding=2)
    assert position(slots, "b") == 1
    slots.hold(TRAINING, "a", holding=1)
    assert position(slots, "b") == 0


def test_a_resource_that_trains_asks_for_its_next_training_like_everybody(slots: Slots) -> None:
    train(slots, "a")
    assert position(slots, "a") == 0
    slots.hold(TRAINING, "a", holding=2)
    assert position(slots, "b") == 1
    assert position(slots, "a") == 2


def test_a_grant_that_was_not_used_is_free_again_once_aws_would_list_it(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    clock.now += GRANT_SETTLES_SECONDS - 1
    slots.hold(TRAINING, "a", holding=False)
    assert slots.in_use(TRAINING) == 1
    clock.now += 1
    slots.hold(TRAINING, "a", holding=False)
    assert slots.in_use(TRAINING) == 0


def test_a_grant_whose_holder_is_never_heard_of_again_expires(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    clock.now += GRANT_EXPIRES_SECONDS
    assert slots.in_use(TRAINING) == 1
    clock.now += 1
    assert slots.in_use(TRAINING) == 0


def test_a_holder_that_is_not_looked_at_for_an_hour_holds_nothing(slots: Slots, clock: Clock) -> None:
    train(slots, "a")
    clock.now += HOLDING_EXPIRES_SECONDS - 1
    slots.hold(TRAINING, "a", holding=True)
    clock.now += HOLDING_EXPIRES_SECONDS
    assert slots.in_use(TRAINING) == 1
    clock.now += 1
    assert slots.in_use(TRAINING) == 0


def test_a_withdrawn_request_frees_its_place_and_keeps_what_is_held(slots: Slots) -> None:
    train(slots, "a")
    assert [position(slots, key) for key in "abc"] == [0, 1, 2]
    slots.withdraw(TRAINING, "a")
    slots.withdraw(TRAINING, "unknown")
    assert slots.in_use(TRAINING) == 1
    assert position(slots, "c") == 2  # b comes first
    slots.withdraw(TRAINING, "b")
    assert position(slots, "c") == 0


def test_a_forgotten_key_holds_and_waits_for_nothing(slots: Slots) -> None:
    train(slots, "a")
    train(slots, "b")
    assert [position(slots, key) for key in "cd"] == [1, 2]
    slots.forget("c")
    slots.forget("a")
    assert position(slots, "d") == 0


def test_who_stops_asking_loses_the_place(slots: Slots, clock: Clock) -> None:
    train(slots, "a")
    train(slots, "b")
    answer = slots.request(TRAINING, "gone")
    assert isinstance(answer, Queued)
    assert position(slots, "c") == 2
    slots.hold(TRAINING, "a", holding=False)
    assert position(slots, "c") == 2
    clock.now += 2 * answer.after_seconds + GRANT_EXPIRES_SECONDS + 1
    assert position(slots, "c") == 0


def test_who_asks_again_as_told_keeps_the_place(slots: Slots, clock: Clock) -> None:
    slots.hold(TRAINING, "a", holding=2)
    for key in "bcd":
        slots.request(TRAINING, key)
    due = dict.fromkeys("bcd", clock.now)
    for _ in range(30):
        key = min(due, key=lambda k: due[k])
        clock.now = max(clock.now, due[key])
        answer = slots.request(TRAINING, key)
        assert isinstance(answer, Queued)
        assert answer.position == "bcd".index(key) + 1
        due[key] = clock.now + answer.after_seconds * 1.1
        slots.hold(TRAINING, "a", holding=2)


def test_who_is_far_back_asks_less_often_but_at_least_every_ten_minutes(slots: Slots) -> None:
    slots.hold(TRAINING, "a", holding=2)
    answers = [slots.request(TRAINING, f"q{n}") for n in range(50)]
    waits = [answer.after_seconds for answer in answers if isinstance(answer, Queued)]
    assert len(waits) == 50
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (60, 600)


def test_after_a_refusal_the_same_head_asks_again_after_a_minute(slots: Slots, clock: Clock) -> None:
    assert [position(slots, key) for key in "ab"] == [0, 0]
    slots.refused(TRAINING, "b")
    slots.refused(TRAINING, "a")
    assert slots.in_use(TRAINING) == 0
    assert [position(slots, key) for key in "cba"] == [3, 2, 1]  # each at its old place
    clock.now += PROBE_SECONDS - 1
    answer = slots.request(TRAINING, "a")
    assert answer == Queued(1, 1.0)
    clock.now += 1
    assert [position(slots, key) for key in "cba"] == [3, 2, 0]
    assert position(slots, "b") == 1  # one at a time, while the probe is out


def test_a_probe_that_trains_ends_the_cool_down(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    slots.refused(TRAINING, "a")
    clock.now += PROBE_SECONDS
    assert [position(slots, key) for key in "ab"] == [0, 1]
    slots.hold(TRAINING, "a", holding=True)
    assert position(slots, "b") == 0


def test_a_probe_that_is_refused_waits_for_another_minute(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    slots.refused(TRAINING, "a")
    clock.now += PROBE_SECONDS
    assert position(slots, "a") == 0
    clock.now += 5
    slots.refused(TRAINING, "a")
    assert slots.request(TRAINING, "a") == Queued(1, PROBE_SECONDS)


def test_while_a_probe_is_out_nobody_else_probes_however_long_it_takes(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    slots.refused(TRAINING, "a")
    clock.now += PROBE_SECONDS
    assert [position(slots, key) for key in "ab"] == [0, 1]
    clock.now += PROBE_SECONDS + 1
    assert position(slots, "b") == 1


def test_a_probe_that_is_taken_back_still_counts_as_this_minutes(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    slots.refused(TRAINING, "a")
    clock.now += PROBE_SECONDS
    assert [position(slots, key) for key in "ab"] == [0, 1]
    slots.withdraw(TRAINING, "a")
    assert position(slots, "b") == 1
    clock.now += PROBE_SECONDS
    assert position(slots, "b") == 0


def test_a_refusal_outlives_the_queue(slots: Slots, clock: Clock) -> None:
    assert position(slots, "a") == 0
    slots.refused(TRAINING, "a")
    slots.forget("a")
    assert position(slots, "b") == 1
    clock.now += PROBE_SECONDS
    assert position(slots, "b") == 0


@pytest.mark.parametrize("capacities", [{TRAINING: 0, RUNNING: 2}, {TRAINING: 2}])
def test_no_slots_at_all_are_refused(capacities: dict[SlotKind, int]) -> None:
    with pytest.raises(ValueError, match="give at least 1"):
        Slots(capacities, Clock())


def test_each_kind_has_slots_and_a_queue_of_its_own(clock: Clock) -> None:
    slots = Slots({TRAINING: 1, RUNNING: 2}, clock)
    assert [position(slots, key) for key in "ab"] == [0, 1]
    assert [slots.request(RUNNING, key) for key in "ab"] == [Granted(), Granted()]
    slots.refused(TRAINING, "a")
    assert slots.next_up(TRAINING) == ()
    slots.withdraw(RUNNING, "a")
    assert slots.request(RUNNING, "c") == Granted()


def run(slots: Slots, key: str, rank: Rank, *, frees: bool = False) -> int:
    """Ask to run a model, and be seen to run it once granted; give the place in the queue, 0 where it runs."""
    answer = slots.request(RUNNING, key, rank=rank)
    if isinstance(answer, Queued):
        return answer.position
    slots.hold(RUNNING, key, 1, frees=frees)
    return 0


def test_the_queue_is_in_the_order_of_rank_and_then_of_asking(slots: Slots) -> None:
    assert [run(slots, key, (1, "2026-01-01")) for key in "ab"] == [0, 0]
    assert run(slots, "scheduled", (1, "2026-01-01")) == 1
    assert run(slots, "younger", (0, "2026-03-01")) == 1
    assert run(slots, "older", (0, "2026-02-01")) == 1
    assert run(slots, "as old", (0, "2026-02-01")) == 2
    assert [run(slots, key, (0, "2026-03-01")) for key in ("younger",)] == [3]
    assert run(slots, "scheduled", (1, "2026-01-01")) == 4
    slots.hold(RUNNING, "a", 0)
    assert slots.next_up(RUNNING) == ("older",)
    assert run(slots, "scheduled", (1, "2026-01-01")) == 4
    assert run(slots, "older", (0, "2026-02-01")) == 0


def test_a_rank_that_changes_changes_the_place(slots: Slots) -> None:
    for key in "ab":
        run(slots, key, (0, ""))
    assert [run(slots, key, (0, key)) for key in "cd"] == [1, 2]
    assert run(slots, "c", (1, "c")) == 2
    assert run(slots, "d", (0, "d")) == 1


def test_nobody_who_runs_or_was_granted_gives_way_to_a_better_rank(slots: Slots) -> None:
    assert run(slots, "a", (1, "")) == 0
    assert slots.request(RUNNING, "b", rank=(1, "")) == Granted()
    assert run(slots, "c", (0, "")) == 1
    assert slots.request(RUNNING, "b", rank=(1, "")) == Granted()


def test_who_was_refused_keeps_its_rank(slots: Slots) -> None:
    for key in "ab":
        slots.request(RUNNING, key, rank=(0, key))
    slots.refused(RUNNING, "b")
    slots.refused(RUNNING, "a")
    assert [run(slots, key, (0, key)) for key in "ab"] == [1, 2]


@pytest.mark.parametrize(
    ("holders", "waits_in_vain"),
    [
        ([("key", False)], False),  # there is a free one
        ([("key", False), ("b", False)], True),
        ([("b", False), ("c", False)], True),
        ([("key", True), ("b", False)], True),  # only others can make room
        ([("key", False), ("b", True)], False),
        ([("b", False), ("c", True)], False),
    ],
)
def test_a_key_waits_in_vain_where_all_is_taken_and_no_other_holder_gives_it_back_by_itself(
    slots: Slots, holders: list[tuple[str, bool]], *, waits_in_vain: bool
) -> None:
    for key, frees in holders:
        slots.hold(RUNNING, key, 1, frees=frees)
    assert slots.no_holder_frees(RUNNING, "key") is waits_in_vain


def test_a_holder_that_comes_to_be_stopped_frees_its_slot(slots: Slots) -> None:
    for key in "ab":
        slots.hold(RUNNING, key, 1)
    assert slots.no_holder_frees(RUNNING, "c")
    slots.hold(RUNNING, "a", 1, frees=True)
    assert not slots.no_holder_frees(RUNNING, "c")


def test_whether_a_key_waits_in_vain_is_not_known_while_a_grant_is_out_or_others_use_the_account(
    slots: Slots, clock: Clock
) -> None:
    slots.hold(RUNNING, "a", 1)
    assert slots.request(RUNNING, "b") == Granted()
    assert not slots.no_holder_frees(RUNNING, "c")
    slots.refused(RUNNING, "b")
    assert not slots.no_holder_frees(RUNNING, "b")
    clock.now += PROBE_SECONDS
    assert slots.request(RUNNING, "b") == Granted()
    slots.hold(RUNNING, "b", 1)
    assert slots.no_holder_frees(RUNNING, "c")


@pytest.mark.parametrize(
    ("exact", "shown"),
    [(1, 1), (2, 2), (3, 3), (4, 5), (5, 5), (6, 10), (10, 10), (11, 20), (21, 50), (51, 100), (101, 200), (999, 1000)],
)
def test_a_position_is_shown_in_steps_that_never_promise_too_much(exact: int, shown: int) -> None:
    assert stepped(exact) == shown


class SlotsMachine(RuleBasedStateMachine):
    """A fair world: keys ask, train, stop; AWS refuses when others use the account."""

    KEYS = tuple("abcdefg")

    @initialize(capacity=st.integers(1, 3), others=st.integers(0, 3))
    def start(self, capacity: int, others: int) -> None:
        self.clock = Clock()
        self.capacity = capacity
        self.others = others
        self.slots = Slots({TRAINING: capacity, RUNNING: 1}, self.clock)
        self.training: dict[str, int] = dict.fromkeys(self.KEYS, 0)
        self.granted: set[str] = set()
        self.cooling = False
        self.probes: list[float] = []

    @rule(key=st.sampled_from(KEYS))
    def ask(self, key: str) -> None:
        answer = self.slots.request(TRAINING, key)
        if isinstance(answer, Queued):
            assert answer.after_seconds > 0
            assert 1 <= answer.position <= len(self.KEYS)
            assert key not in self.granted
            return
        if key not in self.granted and self.cooling:
            self.probes.append(self.clock.now)
        self.granted.add(key)

    @rule(key=st.sampled_from(KEYS))
    def create(self, key: str) -> None:
        if key not in self.granted:
            return
        self.granted.discard(key)
        if sum(self.training.values()) + self.others >= self.capacity:
            self.slots.refused(TRAINING, key)
            self.cooling = True
            return
        self.training[key] += 1
        self.slots.hold(TRAINING, key, self.training[key])
        self.cooling = False

    @rule(key=st.sampled_from(KEYS))
    def end(self, key: str) -> None:
        if self.training[key]:
            self.training[key] -= 1
        self.observe(key)

    @rule(key=st.sampled_from(KEYS))
    def observe(self, key: str) -> None:
        before = self.slots.in_use(TRAINING)
        self.slots.hold(TRAINING, key, self.training[key])
        if self.slots.in_use(TRAINING) < before and key in self.granted:
            self.granted.discard(key)

    @rule(key=st.sampled_from(KEYS))
    def leave(self, key: str) -> None:
        self.slots.withdraw(TRAINING, key)
        self.granted.discard(key)

    @rule(others=st.integers(0, 3))
    def others_change(self, others: int) -> None:
        self.others = others

    @rule(seconds=st.floats(0.1, GRANT_SETTLES_SECONDS / 2))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(seconds=st.floats(PROBE_SECONDS, GRANT_EXPIRES_SECONDS * 3))
    def wait_long(self, seconds: float) -> None:
        """Long enough that grants lapse: who still wants one asks again, who trains is looked at."""
        self.granted.clear()
        for key in self.KEYS:
            self.slots.withdraw(TRAINING, key)
        self.clock.now += seconds
        for key in self.KEYS:
            self.observe(key)

    @invariant()
    def never_more_grants_than_slots(self) -> None:
        if hasattr(self, "slots"):
            assert len(self.granted) + sum(self.training.values()) <= self.capacity

    @invariant()
    def nobody_probes_twice_within_a_minute(self) -> None:
        if hasattr(self, "slots"):
            assert all(b - a >= PROBE_SECONDS for a, b in zip(self.probes, self.probes[1:], strict=False))

    def teardown(self) -> None:
        """Everyone who keeps asking gets a turn, once the others leave the account."""
        if not hasattr(self, "slots"):
            return
        self.others = 0
        for key in self.KEYS:
            self.training[key] = 0
            self.slots.hold(TRAINING, key, 0)
        self.granted.clear()  # a grant old enough has lapsed by that look; its holder asks again
        waiting = set(self.KEYS)
        for _ in range(40):
            self.clock.now += PROBE_SECONDS
            for key in sorted(waiting):
                self.ask(key)
            for key in sorted(self.granted):
                self.create(key)
                self.end(key)
                waiting.discard(key)
        assert not waiting


SlotsMachine.TestCase.settings = settings(max_examples=examples(80), stateful_step_count=40, deadline=None)
TestSlots = SlotsMachine.TestCase
