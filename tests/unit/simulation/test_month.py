"""A month of a model: whatever happens, and whenever, nobody pays for hours that the spec does not allow.

The operator's real passes run over a simulated AWS and API server, hours and days go by, and windows open and close.
"""

from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from fakes.model_simulation import ModelSimulation
from fakes.simulation import Move

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
EVERYTHING = (*EDITS, *WORLD, *OPERATOR)
STARTS = (datetime(2026, 3, 13, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC))
"""A month that has the change to summer time in Europe, and one that has the change back, also in New York."""
MINUTE, HOUR, DAY = 60, 3600, 86400
STRETCHES = (MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 9 * HOUR, DAY, 3 * DAY)
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
    """Draw what happens, and how long nothing does after it."""
    return st.lists(st.tuples(st.lists(move(kinds), max_size=4), st.sampled_from(STRETCHES)), min_size=2, max_size=12)


relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def live_through(simulation: ModelSimulation, history: list[Stretch]) -> None:
    simulation.live(2 * HOUR)  # trained, and started for the first time
    left = MONTH
    for moves, seconds in history:
        for happening in moves:
            simulation.apply(happening)
        simulation.live(min(seconds, left))
        left -= min(seconds, left)


def live_and_settle(start: datetime, history: list[Stretch]) -> None:
    simulation = ModelSimulation(start)
    live_through(simulation, history)
    simulation.settle()
    simulation.check_settled()
    simulation.check_quiet()


@settings(relaxed, max_examples=100)
@given(st.sampled_from(STARTS), month(EVERYTHING))
def test_nothing_runs_longer_than_the_spec_allows_and_what_shall_run_runs(
    start: datetime, history: list[Stretch]
) -> None:
    live_and_settle(start, history)
