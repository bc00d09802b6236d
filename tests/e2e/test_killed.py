"""Wherever the operator is killed: does it go on, and is nothing trained or created twice?

One life of the operator has a resource at each point at the same time. Trainings are held meanwhile, and answers are
withheld, so that each resource is exactly there when the operator is killed.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import pytest

from e2e.harness.endstate import end_state
from e2e.harness.reading import reason_of, versions_of
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage
from rekognition_operator.core.tags import PROMOTED_AT
from rekognition_operator.kube.resource import FINALIZER

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

QUIET_LOOKS = 3

Kind = Literal["create", "retrain"]


@dataclass(frozen=True)
class Case:
    """One resource on its way, and the call whose answer never reaches the operator; None: it waits for a training."""

    point: str
    kind: Kind
    withheld: str | None
    adapter: Adapter

    def set_out(self) -> None:
        """Apply the resource, or edit the one that is there."""
        if self.kind == "create":
            self.adapter.apply()
        else:
            self.adapter.train_on(confidenceThreshold=70)

    def withhold(self) -> None:
        """Let the operator never hear of what comes next."""
        assert self.withheld is not None
        self.adapter.scene.aws.withhold(self.withheld)

    def await_withheld(self) -> None:
        """Return when the effect is there and the answer is not."""
        aws = self.adapter.scene.aws
        self.adapter.wait_until(f"{self.withheld} has its effect", lambda: aws.struck() == 1)
        self.adapter.wait_until("it is in the call log", lambda: aws.calls()[-1].operation == self.withheld)

    def hold_training(self) -> None:
        """Let its training not end."""
        aws = self.adapter.scene.aws
        aws.control.hold_trainings(aws.region)

    def release_training(self) -> None:
        """Let its training end, at once where its time is over."""
        aws = self.adapter.scene.aws
        aws.control.release_trainings(aws.region)

    def await_training(self) -> None:
        """Return when AWS trains, status says so, and the operator has written down all that it knows."""
        self.adapter.wait("in training", lambda seen: reason_of(seen, "Reconciling") == "Training")
        self.adapter.wait_until("it is looked at, and nothing more is written", self._quiet)

    def check_where_it_is(self) -> None:
        """Fail where the case is not at its point: then the test would show nothing."""
        aws, seen = self.adapter.scene.aws, self.adapter.now
        if self.withheld is not None:
            assert aws.calls()[-1].operation == self.withheld, f"{self.adapter.name} went on"
        before = 0 if self.kind == "create" else 1
        shown, trained = versions_of(seen), self.adapter.trainings()
        assert seen.body["metadata"]["finalizers"] == [FINALIZER]
        match self.point:
            case "claimed":
                assert len(trained) == before
                assert self.kind == "retrain" or (seen.condition("Ready") or {})["status"] == "Unknown"
            case "project-made":
                assert "project" not in seen.status
            case "version-made":
                assert len(trained) == before + 1
                assert trained[-1] not in shown
            case "in-training":
                assert shown[trained[-1]]["status"] == "TRAINING_IN_PROGRESS"
            case "trained" | "promoted":
                newest = aws.versions(self.adapter.project_arn)[0]
                assert newest["Status"] == "TRAINING_COMPLETED"
                assert shown[trained[-1]]["status"] == "TRAINING_IN_PROGRESS"
                tagged = PROMOTED_AT in aws.tags(newest["ProjectVersionArn"])
                assert tagged == (self.point == "promoted")
            case other:
                raise AssertionError(f"nobody says what shows the point {other}")

    def _quiet(self) -> bool:
        aws = self.adapter.scene.aws
        last_change = aws.mutations()[-1].sequence
        looks = aws.calls("DescribeProjectVersions", since=last_change)
        return len(looks) >= QUIET_LOOKS


POINTS: dict[str, tuple[str | None, tuple[Kind, ...]]] = {
    "claimed": ("DescribeProjects", ("create", "retrain")),
    "project-made": ("CreateProject", ("create",)),
    "version-made": ("CreateProjectVersion", ("create", "retrain")),
    "in-training": (None, ("create", "retrain")),
    "trained": ("ListTagsForResource", ("create", "retrain")),
    "promoted": ("TagResource", ("create", "retrain")),
}
"""Where the operator is killed: after the finalizer and the first conditions (or, in a retraining, the edit), before
anything is done in AWS; when CreateProject's and CreateProjectVersion's effect is there and the answer is not; while
AWS trains; after the training, before status is patched (the version's tags are read again before it goes into
service); and after the tag that puts it into service."""


@pytest.mark.parametrize("status_is_lost", [False, True], ids=["status-kept", "status-lost"])
def test_killed_anywhere_it_ends_where_it_would_have_ended_and_trains_nothing_twice(
    alone: Alone, stage: Stage, status_is_lost: bool
) -> None:
    with alone() as scene:
        scene.operator.start()
        undisturbed = {kind: adapter_in_its_own_region(stage, scene, f"undisturbed-{kind}") for kind in KINDS}
        cases = [
            Case(point, kind, withheld, adapter_in_its_own_region(stage, scene, f"{point}-{kind}"))
            for point, (withheld, kinds) in POINTS.items()
            for kind in kinds
        ]
        run_undisturbed(undisturbed, cases)
        expected = {kind: end_state(adapter) for kind, adapter in undisturbed.items()}

        bring_each_to_its_point(cases)
        scene.operator.kill()
        for case in cases:
            case.check_where_it_is()
            if status_is_lost:
                case.adapter.lose_status()
            scene.aws.control.clear_faults(case.adapter.scene.aws.region)
        scene.operator.start()
        for case in cases:
            case.release_training()
        for case in cases:
            case.adapter.wait_ready()

        for case in cases:
            created = [call for call in case.adapter.scene.aws.calls("CreateProject") if call.effect]
            trained = Counter(case.adapter.trainings())
            assert len(created) == 1, case.adapter.name
            assert set(trained.values()) == {1}, f"{case.adapter.name}: {trained}"
            assert len(trained) == (1 if case.kind == "create" else 2)
            assert end_state(case.adapter) == expected[case.kind]


KINDS: tuple[Kind, ...] = ("create", "retrain")


def adapter_in_its_own_region(stage: Stage, scene: Scene, name: str) -> Adapter:
    return stage.another(scene).adapter(name)


def run_undisturbed(undisturbed: dict[Kind, Adapter], cases: list[Case]) -> None:
    """Bring those that nobody disturbs to their end, and those that will be retrained to their first version."""
    beginners = [*undisturbed.values(), *(case.adapter for case in cases if case.kind == "retrain")]
    for adapter in beginners:
        adapter.apply()
    for adapter in beginners:
        adapter.wait_ready()
    retrained = undisturbed["retrain"]
    retrained.train_on(confidenceThreshold=70)
    retrained.wait_ready()


def bring_each_to_its_point(cases: list[Case]) -> None:
    """Bring those that train so far that only a withheld answer is missing; then withhold all answers at once.

    An answer is withheld for a limited time only: what takes long is over before the first.
    """
    for case in cases:
        case.hold_training()
    after_training = [case for case in cases if case.point in {"trained", "promoted"}]
    training = [case for case in cases if case.withheld is None or case in after_training]
    for case in training:
        case.set_out()
    for case in training:
        case.await_training()

    withheld = [case for case in cases if case.withheld is not None]
    for case in withheld:
        case.withhold()
    for case in withheld:
        if case in after_training:
            case.release_training()
        else:
            case.set_out()
    for case in withheld:
        case.await_withheld()
