"""Whatever happens, and whenever: it settles, nothing is paid twice, nothing foreign is touched.

The operator's real passes run over a simulated AWS and API server, which change between any two of its calls.
"""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from exploring import examples
from fakes.adapter_simulation import AdapterSimulation
from fakes.simulation import Move
from rekognition_operator.controller import publish
from rekognition_operator.core import refresh, training, versions
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Report
from rekognition_operator.core.publication import data_of
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import Desired, Feature, ObservedVersion
from rekognition_operator.kube.configmap import ConfigMap

EDITS = (
    "train other inputs",
    "describe",
    "tag",
    "output",
    "keep",
    "drift policy",
    "retry",
    "suspend",
    "publish",
    "refresh",
    "adopt updates",
)
WORLD = (
    "complete",
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
    "advance",
)
CLUSTER = ("edit ConfigMap", "delete ConfigMap")
LIFE = ("deletion policy", "delete resource", "create resource")
OPERATOR = ("crash", "fault", "ConfigMap fault", "lose status", "wait")
REMEMBERED_BY_STATUS_ONLY = ("lose status", "lose project tag", "tag", *LIFE)
"""Left out where a run without status is compared: which keys of spec.tags are ours is known from status alone."""


def move(kinds: tuple[str, ...]) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        kind=st.sampled_from(kinds),
        number=st.integers(0, 9),
        at_call=st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6, 8)),
    )


def history(kinds: tuple[str, ...]) -> st.SearchStrategy[list[list[Move]]]:
    return st.lists(st.lists(move(kinds), max_size=4), min_size=3, max_size=20)


IN_SERVICE = [[], [Move("advance")], [], [Move("complete")], [Move("refresh", 2)], []]
"""An adapter whose first version serves, and is trained anew as soon as its base model is superseded."""
REFRESHES = ("release base model", "complete", "delete version", "advance")


def in_service(kinds: tuple[str, ...]) -> st.SearchStrategy[list[list[Move]]]:
    return history(kinds).map(lambda moves: [*IN_SERVICE, *moves])


EVERYTHING = (*EDITS, *WORLD, *WORLD, *CLUSTER, *LIFE, *OPERATOR)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def live_through(simulation: AdapterSimulation, moves: list[list[Move]]) -> None:
    for between_passes in moves:
        for happening in between_passes:
            simulation.apply(happening)
        simulation.pass_time(simulation.next_pass())


def live_and_settle(moves: list[list[Move]], *, auto_update: bool = False) -> None:
    simulation = AdapterSimulation(auto_update=auto_update)
    live_through(simulation, moves)
    simulation.settle()
    simulation.check_settled()


@settings(relaxed, max_examples=examples(250))
@given(history(EVERYTHING), st.booleans())
def test_it_settles_nothing_is_paid_twice_and_nothing_foreign_is_touched(
    moves: list[list[Move]], auto_update: bool
) -> None:
    live_and_settle(moves, auto_update=auto_update)


@settings(relaxed, max_examples=examples(150))
@given(in_service((*REFRESHES, *REFRESHES, *EDITS, *WORLD, *OPERATOR)), st.booleans())
def test_no_base_model_is_paid_for_twice(moves: list[list[Move]], auto_update: bool) -> None:
    live_and_settle(moves, auto_update=auto_update)


@settings(relaxed, max_examples=examples(80))
@given(history(tuple(kind for kind in EVERYTHING if kind not in REMEMBERED_BY_STATUS_ONLY)))
def test_losing_all_status_before_every_pass_changes_nothing_in_aws(moves: list[list[Move]]) -> None:
    # Crashes and what happens "at the n-th call" are left out: writing status again shifts the calls.
    faults = {"crash", "fault", "ConfigMap fault"}
    calm = [[Move(m.kind, m.number) for m in between if m.kind not in faults] for between in moves]
    kept, lost = AdapterSimulation(), AdapterSimulation(lose_status_before_every_pass=True)
    live_through(kept, calm)
    live_through(lost, calm)
    assert lost.aws.effects == kept.aws.effects


def _fails(moves: list[list[Move]]) -> bool:
    try:
        live_and_settle(moves)
    except AssertionError:
        return True
    return False


def _serves_whatever_was_promoted(fleet: Fleet) -> OwnVersion | None:
    return fleet.last_promoted


def _never_answered(*_: object) -> str | None:
    return "token"


def _owns_everything(desired: object, version: ObservedVersion) -> OwnVersion:
    del desired
    return OwnVersion(version, version.name, 1, Feature.CONTENT_MODERATION)


def _publishes_whatever_was_promoted(desired: Desired, report: Report) -> dict[str, str]:
    promoted = [entry.version for entry in report.versions if t.PROMOTED_AT in entry.version.tags]
    return data_of(desired, replace(report, active=promoted[0] if promoted else None))


async def _finds_none(*_: object) -> list[ConfigMap]:
    return []


@pytest.mark.parametrize(
    ("target", "name", "mutant", "histories"),
    [
        (
            Fleet,
            "active",
            property(_serves_whatever_was_promoted),
            history(("advance", "complete", "expire", "train other inputs")),
        ),
        (training, "unanswered_retry", _never_answered, history(("advance", "fail", "retry"))),
        (training, "is_service_fault", lambda _message: True, history(("advance", "fail", "wait"))),
        (versions, "_own", _owns_everything, history(("advance", "complete", "add foreign version"))),
        (refresh, "_read", lambda _source: None, in_service(REFRESHES)),
        (refresh, "_refreshed_base_models", lambda *_: set[str](), in_service(("deprecate", "complete"))),
        (publish, "data_of", _publishes_whatever_was_promoted, history(("advance", "complete", "expire"))),
        (publish._Task, "_others", _finds_none, history(("publish", "wait"))),
    ],
    ids=[
        "an expired version serves",
        "a retry token is never answered",
        "all is a service fault",
        "nothing is foreign",
        "a refresh that has vanished is forgotten",
        "a base model that was refreshed from is forgotten",
        "an expired version is published",
        "a ConfigMap is left behind",
    ],
)
def test_the_property_finds_an_operator_without_the_check(
    monkeypatch: pytest.MonkeyPatch,
    target: object,
    name: str,
    mutant: object,
    histories: st.SearchStrategy[list[list[Move]]],
) -> None:
    monkeypatch.setattr(target, name, mutant)
    quick = settings(relaxed, max_examples=1000, database=None, derandomize=True, phases=[Phase.generate])
    assert find(histories, _fails, settings=quick)
