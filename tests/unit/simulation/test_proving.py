"""Whatever happens, and whenever: what is published is the best version that may serve, and nothing that may not.

The operator's real passes run over a simulated AWS and API server; versions come out good or bad, answer well or badly,
or the base model answers for them, and people change the gates, pin and approve.
"""

from datetime import datetime

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from exploring import examples
from fakes.proving_simulation import ProvingSimulation
from fakes.simulation import Move
from rekognition_operator.controller import publish
from rekognition_operator.core import decide, proving, versions
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Promote
from rekognition_operator.core.gates import Rejection
from rekognition_operator.core.promotion import promote
from rekognition_operator.core.proof import Outcome, ProbeResult, Proof
from rekognition_operator.core.proving import _Prover
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import Gates, ObservedProject, ObservedVersion
from rekognition_operator.kube.configmap import ConfigMap

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
DIRECTED = (*PROVING, "deprecate", "expire", "retry", "delete version", "suspend", "crash", "fault", "fault", "wait")
EVERYTHING = (*PROVING, *PROVING, *EDITS, *WORLD, *CLUSTER, *LIFE, *OPERATOR)
IN_SERVICE = [[], [Move("advance")], [], [Move("complete")], [], []]
"""An adapter whose first version serves."""
REJECTED = [*IN_SERVICE, [Move("gates", 1), Move("train other inputs", 1)], [], [Move("complete", 2)], []]
"""And whose second one has been rejected for its F1 score."""
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def move(kinds: tuple[str, ...]) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        kind=st.sampled_from(kinds),
        number=st.integers(0, 9),
        at_call=st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 6, 8, 11)),
    )


def history(
    kinds: tuple[str, ...], *, after: list[list[Move]] = IN_SERVICE, longest: int = 20
) -> st.SearchStrategy[list[list[Move]]]:
    drawn = st.lists(st.lists(move(kinds), max_size=4), min_size=3, max_size=longest)
    return drawn.map(lambda moves: [*after, *moves])


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


@settings(relaxed, max_examples=examples(200))
@given(history(DIRECTED))
def test_gates_probes_pins_and_words_let_in_the_best_version_and_no_other(moves: list[list[Move]]) -> None:
    live_and_settle(moves)


REMEMBERED_BY_STATUS_ONLY = ("lose status", "lose project tag", "tag", *LIFE)
"""Left out where a run without status is compared: which keys of spec.tags are ours is known from status alone."""
SHIFTED_BY_STATUS = ("crash", "fault", "ConfigMap fault")


@settings(relaxed, max_examples=examples(60))
@given(history(tuple(kind for kind in EVERYTHING if kind not in (*REMEMBERED_BY_STATUS_ONLY, *SHIFTED_BY_STATUS))))
def test_losing_all_status_before_every_pass_changes_nothing_in_aws(moves: list[list[Move]]) -> None:
    # What happens "at the n-th call" happens between two passes: writing status again shifts the calls.
    calm = [[Move(m.kind, m.number) for m in between] for between in moves]
    kept, lost = ProvingSimulation(), ProvingSimulation(lose_status_before_every_pass=True)
    live_through(kept, calm)
    live_through(lost, calm)
    assert lost.aws.effects == kept.aws.effects


# --- operators that lack a check ------------------------------------------------------------------------------------


def _fails(moves: list[list[Move]]) -> bool:
    try:
        live_and_settle(moves)
    except AssertionError:
        return True
    return False


def _never(*_: object) -> bool:
    return False


def _always(*_: object) -> bool:
    return True


def _lets_in_for_good(
    project: ObservedProject, fleet: Fleet, chosen: OwnVersion | None, now: datetime, *, by_pin: bool
) -> Promote | None:
    del by_pin
    return promote(project, fleet, chosen, now)


def _serves_the_pinned(own: OwnVersion) -> bool:
    return own.pinned or (own.usable and not own.base_model_answers and own.rejected is None)


def _rejected_by_any_gates(gates: Gates, version: ObservedVersion) -> Rejection | None:
    del gates
    _, _, rest = version.tags.get(t.REJECTED, "").partition(" ")
    at = t.read_time(rest.partition(" ")[0])
    return Rejection(at, "some gate") if at is not None else None


def _judges_what_has_served(gates: Gates, own: OwnVersion) -> bool:
    del own
    return gates == Gates()


def _approved_by_any_name(prover: _Prover, own: OwnVersion) -> bool:
    approved = t.APPROVED in own.version.tags or prover.desired.annotations.approve is not None
    return prover.desired.promotion.manual and own.promoted_at is None and not approved


async def _does_not_empty(task: publish._Task, found: ConfigMap) -> None:
    if task.data["projectVersionArn"]:
        await task.kube.patch_config_map(found, task.labels, task.data)


def _ended_but_for_what_is_open(proof: Proof, outcome: Outcome) -> tuple[ProbeResult, ...]:
    known = {Outcome.UNUSABLE, Outcome.UNKNOWN}
    return tuple(probe for probe in proof.probes or () if probe.outcome is outcome and outcome not in known)


@pytest.mark.parametrize(
    ("target", "name", "mutant", "kinds"),
    [
        (OwnVersion, "acceptable", property(_serves_the_pinned), ("pin", "expire", "train other inputs", "complete")),
        (decide, "promote", _lets_in_for_good, ("pin",)),
        (proving, "_known_good", _always, ("gates", "train other inputs", "complete")),
        (proving, "_known_good", _judges_what_has_served, ("gates", "train other inputs", "complete")),
        (proving, "rejected_tags", lambda *_: dict[str, str](), ("gates", "train other inputs", "complete")),
        (versions, "read_rejection", _rejected_by_any_gates, ("gates",)),
        (Proof, "base_model_answers", property(_never), ("gates", "base model answers")),
        (Proof, "ended", _ended_but_for_what_is_open, ("gates", "images", "train other inputs", "complete")),
        (_Prover, "_waits_for_a_word", _never, ("strategy", "train other inputs", "complete")),
        (
            _Prover,
            "_waits_for_a_word",
            _approved_by_any_name,
            ("strategy", "approve", "train other inputs", "complete"),
        ),
        (publish._Task, "_correct", _does_not_empty, ("expire", "gates", "base model answers")),
    ],
    ids=[
        "an expired version serves, if it is pinned",
        "a pin lets a version in for good",
        "nothing is judged",
        "what has served is judged again",
        "a rejection is not remembered",
        "a rejection holds for other gates",
        "the base model may answer",
        "a probe that cannot be made has passed",
        "nobody need approve",
        "approving one version approves another",
        "the ConfigMap is never emptied",
    ],
)
def test_the_property_finds_an_operator_without_the_check(
    monkeypatch: pytest.MonkeyPatch, target: object, name: str, mutant: object, kinds: tuple[str, ...]
) -> None:
    monkeypatch.setattr(target, name, mutant)
    quick = settings(relaxed, max_examples=1000, database=None, derandomize=True, phases=[Phase.generate])
    # What takes several moves in a row to come about by chance has come about before.
    after = REJECTED if len(kinds) == 1 else IN_SERVICE
    assert find(history(kinds, after=after, longest=8), _fails, settings=quick)
