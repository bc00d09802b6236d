"""Whatever happens, and whenever: what is published is the best version that may serve, and nothing that may not.

The operator's real passes run over a simulated AWS and API server; versions come out good or bad, answer well or badly,
or the base model answers for them, and people change the gates, pin and approve.
"""

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from exploring import examples
from fakes.proving_simulation import ProvingSimulation
from fakes.simulation import Move

PEOPLE = ("gates", "gates", "strategy", "approve", "pin")
VERSIONS = ("train other inputs", "advance", "complete", "complete", "answers", "base model answers")
S3 = ("images", "S3", "summary")
PROVING = (*PEOPLE, *VERSIONS, *S3)
EDITS = ("describe", "tag", "output", "keep", "drift policy", "retry", "suspend", "publish", "refresh", "adopt updates")
WORLD = (
    "fail",
    "service fault",
    "deprecate",
    "expire",
    "release base model",
    "aws adds",
    "delete version",
    "add foreign version",
    "lose version tag",
    "lose project tag",
)
CLUSTER = ("edit ConfigMap", "delete ConfigMap")
LIFE = ("deletion policy", "delete resource", "create resource")
OPERATOR = ("crash", "fault", "fault", "ConfigMap fault", "lose status", "wait")
EVERYTHING = (*PROVING, *PROVING, *EDITS, *WORLD, *CLUSTER, *LIFE, *OPERATOR)
IN_SERVICE = [[], [Move("advance")], [], [Move("complete")], [], []]
"""An adapter whose first version serves."""
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def move(kinds: tuple[str, ...]) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        kind=st.sampled_from(kinds),
        number=st.integers(0, 9),
        at_call=st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 6, 8, 11)),
    )


def history(kinds: tuple[str, ...]) -> st.SearchStrategy[list[list[Move]]]:
    drawn = st.lists(st.lists(move(kinds), max_size=4), min_size=3, max_size=20)
    return drawn.map(lambda moves: [*IN_SERVICE, *moves])


def live_through(simulation: ProvingSimulation, moves: list[list[Move]]) -> None:
    for between_passes in moves:
        for happening in between_passes:
            simulation.apply(happening)
        simulation.pass_time(simulation.next_pass())


def live_and_settle(moves: list[list[Move]], *, auto_update: bool = False) -> None:
    simulation = ProvingSimulation(auto_update=auto_update)
    live_through(simulation, moves)
    simulation.settle()
    simulation.check_settled()


@settings(relaxed, max_examples=examples(200))
@given(history(EVERYTHING), st.booleans())
def test_what_is_published_may_serve_and_nothing_is_published_only_where_nothing_may(
    moves: list[list[Move]], auto_update: bool
) -> None:
    live_and_settle(moves, auto_update=auto_update)
