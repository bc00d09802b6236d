"""What does an operator do at its start about what happened while none was there, and how does one end?"""

import pytest

from e2e.harness.data import BROKEN, PREFIX
from e2e.harness.reading import active_of, message_of, reason_of
from e2e.harness.stage import Alone, Stage
from rekognition_operator.core.tags import RELEASED

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


def test_what_happened_while_the_operator_was_down_is_dealt_with_at_its_start(alone: Alone, stage: Stage) -> None:
    with alone() as scene:
        scene.operator.start()
        names = ("deleted", "retained", "edited", "retagged", "failed")
        deleted, retained, edited, retagged, failed = (stage.another(scene).adapter(name) for name in names)
        deleted.spec["deletion"] = {"policy": "Delete"}
        retagged.spec["tags"] = {"team": "trust-safety"}
        failed.spec["training"]["trainingData"]["manifests"][0]["name"] = PREFIX + BROKEN
        for adapter in (deleted, retained, edited, retagged, failed):
            adapter.apply()
        for adapter in (deleted, retained, edited, retagged):
            adapter.wait_ready()
        failed.wait_stalled("TrainingFailed")
        failed.annotate(retry="once-more")
        (first_attempt,) = failed.trainings()
        failed.wait(
            "the second attempt has failed, too",
            lambda seen: f"Training {first_attempt}-2 " in message_of(seen, "Stalled"),
        )
        before = edited.active
        retained_project, retagged_project = retained.project_arn, retagged.project_arn

        scene.operator.kill()
        deleted.delete()
        retained.delete()
        edited.train_on(confidenceThreshold=70)
        retagged.scene.aws.untag(retagged_project, "team")
        scene.operator.start()
        deleted.wait_gone()
        retained.wait_gone()
        edited.wait("the edit was trained", lambda seen: active_of(seen) not in {None, before})
        retagged.wait_until("the tag is back", lambda: "team" in retagged.scene.aws.tags(retagged_project))
        failed.look_now("after-the-restart")

        assert deleted.scene.aws.project_arns(deleted.project_name) == []
        assert RELEASED in retained.scene.aws.tags(retained_project)
        assert len(edited.trainings()) == 2
        assert failed.trainings() == [first_attempt, f"{first_attempt}-2"]
        assert reason_of(failed.now, "Stalled") == "TrainingFailed"


def test_an_operator_that_would_take_another_project_changes_nothing(alone: Alone) -> None:
    with alone() as scene:
        scene.operator.start()
        adapter = scene.adapter(tags={"team": "trust-safety"}).apply()
        adapter.wait_ready()
        version, mark = adapter.active, scene.aws.mark()

        scene.operator.restart(CLUSTER_NAME="another")
        stalled = adapter.wait_stalled("ProjectMoved")
        adapter.edit(tags={"team": "integrity"})
        adapter.wait("the edit was seen", lambda seen: seen.status["observedGeneration"] == 2)

        assert f"{adapter.project_name} in account" in stalled["message"]
        assert f"rekognition-operator.io/accept-move=123456789012/{scene.aws.region}" in stalled["message"]
        assert scene.aws.mutations(since=mark) == []
        assert active_of(adapter.now) == version
        assert adapter.now.holds("Ready")

        scene.operator.restart(CLUSTER_NAME="sandbox")
        adapter.wait("no longer Stalled", lambda seen: not seen.holds("Stalled"))
        adapter.wait_until("the edit is done", lambda: scene.aws.tags(adapter.project_arn)["team"] == "integrity")
        assert adapter.trainings() == [version]


def test_sigterm_ends_the_operator_within_its_grace_time_and_the_next_one_goes_on(alone: Alone) -> None:
    with alone(GRACE_SECONDS="2") as scene:
        scene.operator.start()
        with scene.aws.trainings_held():
            adapter = scene.adapter().apply()
            adapter.wait_training()
            scene.aws.withhold("DescribeProjectVersions")
            adapter.wait_until("a pass waits for AWS", lambda: scene.aws.struck() == 1)

            scene.operator.ask_to_end()
            code = scene.operator.exit_code(within_seconds=10)

            assert code == 0, scene.operator.log()
            assert "Traceback" not in scene.operator.log(lines=1000)
            scene.aws.control.clear_faults(scene.aws.region)
            scene.operator.start()
        adapter.wait_ready()
        assert len(adapter.trainings()) == 1


def test_an_idle_operator_ends_at_once_on_sigterm(alone: Alone) -> None:
    with alone() as scene:
        scene.operator.start()
        scene.adapter().apply().wait_ready()

        scene.operator.ask_to_end()

        assert scene.operator.exit_code(within_seconds=5) == 0, scene.operator.log()
