"""Wherever the operator is killed while it starts, stops or hands over: does it go on, and is nothing started twice?

One life of the operator has a model at each point at the same time. Starts and trainings are held meanwhile, and
answers are withheld, so that each is exactly there when the operator is killed. Then its status is emptied, too.
"""

from dataclasses import dataclass
from typing import Literal

import pytest

from e2e.harness.endstate import end_state
from e2e.harness.reading import serving_of, versions_of
from e2e.harness.resource import Model
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

Change = Literal["start", "stop", "hand-over"]

POINTS: dict[str, tuple[Change, str | None]] = {
    "started": ("start", "StartProjectVersion"),
    "stopped": ("stop", "StopProjectVersion"),
    "successor-started": ("hand-over", "StartProjectVersion"),
    "successor-starting": ("hand-over", None),
    "taken-over": ("hand-over", "TagResource"),
    "predecessor-stopped": ("hand-over", "StopProjectVersion"),
}
"""Where the operator is killed: when a call has its effect and no answer; None: while the next version is STARTING.
The TagResource is the one that puts the next version, which runs by now, into service."""


@dataclass(frozen=True)
class Case:
    """One model on its way from one state to another."""

    point: str
    change: Change
    withheld: str | None
    model: Model

    def set_out(self) -> None:
        """Edit the spec."""
        match self.change:
            case "start":
                self.model.serve(state="Running")
            case "stop":
                self.model.serve(state="Stopped")
            case "hand-over":
                self.model.train_on_other_data()

    def await_end(self) -> None:
        """Return when it is as the spec wants it."""
        if self.change == "stop":
            self.model.wait_at_rest("Stopped")
        else:
            self.model.wait_running()

    def await_withheld(self) -> None:
        """Return when the effect is there and the answer is not."""
        aws = self.model.scene.aws
        self.model.wait_until(f"{self.withheld} has its effect", lambda: aws.struck() == 1)
        self.model.wait_until("it is in the call log", lambda: aws.calls()[-1].operation == self.withheld)

    @property
    def moves(self) -> list[str]:
        """The starts and stops that it takes, by the number of the version."""
        every = {"start": ["Start 0"], "stop": ["Start 0", "Stop 0"], "hand-over": ["Start 0", "Start 1", "Stop 0"]}
        return every[self.change]


def test_killed_while_models_start_stop_and_hand_over_nothing_is_started_twice(alone: Alone, stage: Stage) -> None:
    with alone() as scene:
        scene.operator.start()
        cases = [new_case(stage, scene, point, change, withheld) for point, (change, withheld) in POINTS.items()]
        changes: tuple[Change, ...] = ("start", "stop", "hand-over")
        undisturbed = [new_case(stage, scene, f"undisturbed-{change}", change, None) for change in changes]
        for case in (*cases, *undisturbed):
            case.model.apply()
        for case in (*cases, *undisturbed):
            await_beginning(case)
        for case in undisturbed:
            case.set_out()

        bring_each_to_its_point(cases)
        for case in undisturbed:
            case.await_end()
        scene.operator.kill()
        for case in cases:
            check_where_it_is(case)
            case.model.lose_status()
            scene.aws.control.clear_faults(case.model.scene.aws.region)
        scene.operator.start()
        for case in cases:
            scene.aws.control.release_serving(case.model.scene.aws.region)
        for case in cases:
            case.await_end()

        for case in (*cases, *undisturbed):
            case.model.look_now("all-that-is-known-is-written")
        expected = {case.change: end_state(case.model) for case in undisturbed}
        for case in (*cases, *undisturbed):
            names = case.model.trainings()
            assert len(names) == (2 if case.change == "hand-over" else 1), case.point
            assert [numbered(move, names) for move in case.model.moves()] == case.moves, case.point
            assert not any(seen.holds("Drifted") or seen.holds("Stalled") for seen in case.model.sightings)
            assert end_state(case.model) == expected[case.change], case.point


def new_case(stage: Stage, scene: Scene, point: str, change: Change, withheld: str | None) -> Case:
    state = "Stopped" if change == "start" else "Running"
    return Case(point, change, withheld, stage.another(scene).model(f"case-{point}", serving={"state": state}))


def await_beginning(case: Case) -> None:
    """Return when the model is as its first spec wants it."""
    if case.change == "start":
        case.model.wait_at_rest("Stopped")
    else:
        case.model.wait_running()


def bring_each_to_its_point(cases: list[Case]) -> None:
    """Bring those that train or start so far that only a withheld answer is missing; then withhold all at once.

    An answer is withheld for a limited time only: what takes long is over before the first.
    """
    control = cases[0].model.scene.aws.control
    handing_over = [case for case in cases if case.change == "hand-over"]
    for case in handing_over:
        region = case.model.scene.aws.region
        if case.withheld == "StartProjectVersion":
            control.hold_trainings(region)
        else:
            control.hold_serving(region)
        case.set_out()
    for case in handing_over:
        wanted = "TRAINING_IN_PROGRESS" if case.withheld == "StartProjectVersion" else "STARTING"
        case.model.wait(f"a version is {wanted}", lambda seen: wanted in states(seen))  # noqa: B023
        case.model.look_now("all-that-is-known-is-written")

    withheld = [case for case in cases if case.withheld is not None]
    for case in withheld:
        aws = case.model.scene.aws
        aws.withhold(str(case.withheld))
        if case in handing_over:
            control.release_trainings(aws.region)
            control.release_serving(aws.region)
        else:
            case.set_out()
    for case in withheld:
        case.await_withheld()


def check_where_it_is(case: Case) -> None:
    """Fail where the case is not at its point: then the test would show nothing."""
    calls, states_in_aws = case.model.scene.aws.calls(), case.model.states()
    if case.withheld is None:
        assert sorted(states_in_aws.values()) == ["RUNNING", "STARTING"]
        assert serving_of(case.model.now)["state"] == "RUNNING"
    else:
        assert calls[-1].operation == case.withheld, f"{case.point} went on"
        assert calls[-1].effect is not None


def states(seen: object) -> list[str]:
    return [version["status"] for version in versions_of(seen).values()]  # type: ignore[arg-type]


def numbered(move: str, names: list[str]) -> str:
    """Return a start or stop with the number of the version instead of its name."""
    kind, name = move.split()
    return f"{kind} {names.index(name)}"
