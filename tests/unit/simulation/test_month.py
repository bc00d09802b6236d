"""A month of a model: whatever happens, and whenever, nobody pays for hours that the spec does not allow.

The operator's real passes run over a simulated AWS and API server, hours and days go by, and windows open and close.
"""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from exploring import examples
from fakes.model_simulation import ModelSimulation
from fakes.model_world import POLICY
from fakes.simulation import Move
from rekognition_operator.controller.backoff import JITTER
from rekognition_operator.core import proving, serving
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.idle import Idleness
from rekognition_operator.core.proving import _Prover
from rekognition_operator.core.rollout import Rollout, _Planner
from rekognition_operator.core.schedule import Schedule, Span
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.world import Desired, Serving, VersionState

EDITS = (
    "state",
    "schedule",
    "units",
    "rollout",
    "idle stop",
    "budget",
    "train other inputs",
    "suspend",
    "drift policy",
    "wake",
    "keep",
    "describe",
    "retry",
)
PROVING = ("gates", "gates", "strategy", "approve", "pin", "quality", "quality", "answers", "image")
WORLD = (
    "start by hand",
    "stop by hand",
    "another model",
    "failed start",
    "failed training",
    "requests",
    "add foreign version",
    "lose version tag",
)
OPERATOR = ("crash", "down", "fault", "denied", "no room", "lose status", "wait")
EVERYTHING = (*EDITS, *PROVING, *WORLD, *OPERATOR)
STARTS = (datetime(2026, 3, 13, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC))
"""A month that has the change to summer time in Europe, and one that has the change back, also in New York."""
MINUTE, HOUR, DAY = 60, 3600, 86400
STRETCHES = (MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 9 * HOUR, DAY)
MONTH = 31 * DAY

Stretch = tuple[list[Move], int]


def move(kinds: tuple[str, ...]) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        kind=st.sampled_from(kinds),
        number=st.integers(0, 9),
        at_call=st.sampled_from((0, 0, 0, 0, 1, 3, 5, 8)),
    )


def month(kinds: tuple[str, ...]) -> st.SearchStrategy[list[Stretch]]:
    """Draw what happens, and how long nothing does after it: from minutes to two weeks, most often some days."""
    return st.lists(st.tuples(st.lists(move(kinds), max_size=4), st.sampled_from(STRETCHES)), min_size=2, max_size=14)


relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def live_through(simulation: ModelSimulation, history: list[Stretch]) -> None:
    simulation.live(2 * HOUR)  # trained, and started for the first time
    for moves, seconds in history:
        for happening in moves:
            simulation.apply(happening)
        simulation.live(seconds)


def live_and_settle(start: datetime, history: list[Stretch]) -> None:
    simulation = ModelSimulation(start)
    live_through(simulation, history)
    simulation.settle()
    simulation.check_settled()
    simulation.check_quiet()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("number", [1, 2, 3], ids=["office hours in Berlin", "nights in New York", "now and then"])
def test_a_whole_month_bills_the_hours_of_the_schedule(start: datetime, number: int) -> None:
    simulation = ModelSimulation(start)
    live_through(simulation, [([Move("schedule", number)], MONTH)])
    begins, asked = start + timedelta(hours=2), simulation.asked
    scheduled = sum(asked.in_window(begins + timedelta(minutes=30 * step)) for step in range(2 * MONTH // HOUR)) / 2
    runs = simulation.aws.meter.runs
    billed = simulation.aws.meter.unit_hours({run.ran for run in runs}, begins, simulation.now, simulation.now)
    # The operator looks when a window begins or ends, and is late by no more than delays are jittered by.
    late, starting = JITTER * POLICY.sweep_seconds / HOUR, 20 / 60
    assert scheduled - len(runs) * (late + starting) <= billed <= scheduled + len(runs) * late


@settings(relaxed, max_examples=examples(70))
@given(st.sampled_from(STARTS), month(EVERYTHING))
def test_nothing_runs_longer_than_the_spec_allows_and_what_shall_run_runs(
    start: datetime, history: list[Stretch]
) -> None:
    live_and_settle(start, history)


REMEMBERED_BY_STATUS_ONLY = ("lose status", "tag")
SHIFTED_BY_STATUS = ("crash", "fault", "denied", "no room", "wait")
"""Left out where a run without status is compared, as all that happens "at the n-th call": writing status again shifts
the calls."""


@settings(relaxed, max_examples=examples(25))
@given(
    st.sampled_from(STARTS),
    month(tuple(kind for kind in EVERYTHING if kind not in (*REMEMBERED_BY_STATUS_ONLY, *SHIFTED_BY_STATUS))),
)
def test_losing_all_status_before_every_pass_changes_nothing_in_aws(start: datetime, history: list[Stretch]) -> None:
    calm = [([Move(happening.kind, happening.number) for happening in moves], seconds) for moves, seconds in history]
    kept, lost = ModelSimulation(start), ModelSimulation(start, lose_status_before_every_pass=True)
    live_through(kept, calm)
    live_through(lost, calm)
    assert lost.aws.effects == kept.aws.effects


# --- operators that lack a check ------------------------------------------------------------------------------------


def _fails(drawn: tuple[datetime, list[Stretch]]) -> bool:
    try:
        live_and_settle(*drawn)
    except AssertionError:
        return True
    return False


def _always_open(schedule: Schedule, now: datetime) -> Span:
    del schedule
    return Span("always", now - timedelta(days=1), now + timedelta(days=1))


def _never_idle(*_: object) -> Idleness:
    return Idleness()


def _idle_at_once(desired: Desired, serving: Serving, active: OwnVersion | None, *_: object) -> Idleness:
    del desired
    runs = active is not None and active.version.state is VersionState.RUNNING
    return Idleness(idle=serving.idle_after is not None and runs)


def _stops_no_other(planner: object, *kept: object) -> list[str]:
    del planner, kept
    return []


def _leaves_nothing(planner: object, *_: object, path: str = "") -> bool:
    del planner, path
    return False


def _costs_nothing(*_: object) -> float:
    return 0.0


def _always(*_: object) -> bool:
    return True


def _never(*_: object) -> bool:
    return False


def _does_nothing(_: object) -> Rollout:
    return Rollout()


@pytest.mark.parametrize(
    ("target", "name", "mutant", "kinds"),
    [
        (Schedule, "span_at", _always_open, ("schedule", "state")),
        (serving, "idleness_of", _never_idle, ("idle stop", "requests")),
        (serving, "idleness_of", _idle_at_once, ("idle stop", "requests")),
        (_Planner, "stop_others", _stops_no_other, ("train other inputs", "rollout")),
        (Policy, "price", _costs_nothing, ("budget", "units", "train other inputs")),
        (_Planner, "left_to_others", _leaves_nothing, ("drift policy", "state", "start by hand", "stop by hand")),
        (serving, "plan_rollout", _does_nothing, ("state", "down")),
        (proving, "_known_good", _always, ("gates", "quality", "train other inputs")),
        (_Prover, "_waits_for_a_word", _never, ("strategy", "train other inputs")),
        (_Prover, "_is_good", _always, ("strategy", "rollout", "gates", "train other inputs")),
    ],
    ids=[
        "the schedule never closes",
        "nothing is ever idle",
        "all is idle at once",
        "a hand-over does not stop the old one",
        "the budget is not checked",
        "drift is corrected under Report",
        "nothing is started or stopped",
        "nothing is judged",
        "nobody need approve",
        "what has been started takes over, approved or not",
    ],
)
def test_the_month_finds_an_operator_without_the_check(
    monkeypatch: pytest.MonkeyPatch, target: object, name: str, mutant: object, kinds: tuple[str, ...]
) -> None:
    monkeypatch.setattr(target, name, mutant)
    quick = settings(relaxed, max_examples=500, database=None, derandomize=True, phases=[Phase.generate])
    assert find(st.tuples(st.sampled_from(STARTS), month(kinds)), _fails, settings=quick)
