"""Whatever is uploaded, and whenever: each content is paid for once, when it has settled, and what is there serves."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from exploring import examples
from fakes.data_simulation import DataSimulation
from fakes.simulation import Move
from rekognition_operator.core import follow

UPLOADS = ("upload", "upload", "upload the same", "go on", "go on", "complete", "complete")
EDITS = ("train other inputs", "read from the copy", "describe", "tag", "suspend")
FAULTS = ("lose S3", "regain S3", "crash", "lose status")
EVERYTHING = (*UPLOADS, *EDITS, *FAULTS)
NOT_BY_NAME = tuple(kind for kind in EVERYTHING if kind != "read from the copy")
"""Without what trains another version where the data is not followed: it is known by its name then."""
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def history(kinds: tuple[str, ...], at_calls: tuple[int, ...] = (0,)) -> st.SearchStrategy[list[list[Move]]]:
    move = st.builds(Move, kind=st.sampled_from(kinds), number=st.integers(0, 9), at_call=st.sampled_from(at_calls))
    return st.lists(st.lists(move, max_size=3), min_size=3, max_size=25)


def live(moves: list[list[Move]], *, versioned: bool = False) -> DataSimulation:
    simulation = DataSimulation(versioned=versioned)
    for between_passes in moves:
        for happening in between_passes:
            simulation.apply(happening)
        simulation.pass_time(simulation.next_pass())
        simulation.aws.advance()
    if simulation.spec.get("suspend"):
        simulation.edit(suspend=False)
    simulation.settle()
    simulation.check_settled()
    return simulation


@settings(relaxed, max_examples=examples(200))
@given(history(EVERYTHING), st.booleans())
def test_each_content_is_trained_once_when_it_has_settled_and_what_is_there_serves(
    moves: list[list[Move]], versioned: bool
) -> None:
    live(moves, versioned=versioned)


@settings(relaxed, max_examples=examples(100))
@given(history((*UPLOADS, "train other inputs", "crash"), (0, 1, 2, 3, 4, 5, 6)), st.booleans())
def test_what_is_uploaded_between_two_calls_is_not_taken_for_what_was_there_before(
    moves: list[list[Move]], versioned: bool
) -> None:
    live(moves, versioned=versioned)


@settings(relaxed, max_examples=examples(200))
@given(history((*NOT_BY_NAME, "follow or not", "follow or not")))
def test_beginning_and_ending_to_follow_pays_for_no_content_again(moves: list[list[Move]]) -> None:
    live(moves)


def _fails(moves: list[list[Move]]) -> bool:
    try:
        live(moves)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "mutant", "kinds"),
    [
        ("_settling", lambda _: None, ("upload", "complete")),
        ("_limited", lambda *_: None, ("upload", "complete", "go on")),
        ("_found_content", lambda *_: None, ("complete", "follow or not")),
        ("_counts_for_limit", lambda *_: False, ("upload", "complete", "go on")),
    ],
    ids=["nothing settles", "there is no limit", "no content is found", "nothing counts"],
)
def test_the_property_finds_an_operator_without_the_check(
    monkeypatch: pytest.MonkeyPatch, name: str, mutant: object, kinds: tuple[str, ...]
) -> None:
    monkeypatch.setattr(follow._Follower, name, mutant)  # what is left out
    quick = settings(relaxed, max_examples=1000, database=None, derandomize=True, phases=[Phase.generate])
    assert find(history(kinds), _fails, settings=quick)
