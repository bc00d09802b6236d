"""What happens to a model that runs when its resource is deleted?"""

import pytest

from e2e.harness.reading import active_of, message_of, serving_of
from e2e.harness.scene import Scene
from rekognition_operator.core.tags import CLUSTER, RELEASED

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_retain_stops_what_runs_and_the_same_resource_takes_it_back_without_training(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    project, version, name = model.project_arn, model.active_arn, model.active

    model.delete()
    model.wait_gone()

    (kept,) = scene.aws.versions(project)
    assert kept["Status"] == "STOPPED"
    assert RELEASED in scene.aws.tags(version)
    assert RELEASED in scene.aws.tags(project)

    model.apply()
    model.wait_running()

    assert model.answers()
    assert model.trainings() == [name]
    assert model.moves() == [f"Start {name}", f"Stop {name}", f"Start {name}"]


@pytest.mark.story
def test_delete_stops_then_deletes_versions_and_project(scene: Scene) -> None:
    model = scene.model(deletion={"policy": "Delete"}).apply()
    model.wait_running()
    old = model.active
    model.train_on_other_data()
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
    model.wait_running()
    mark = scene.aws.mark()

    model.delete()
    model.wait_gone()

    done = [call.operation for call in scene.aws.mutations(since=mark) if call.effect and "Tag" not in call.operation]
    # The version that is stopped already need not wait for the other one.
    assert sorted(done[:2]) == ["DeleteProjectVersion", "StopProjectVersion"]
    assert done[2:] == ["DeleteProjectVersion", "DeleteProject"]
    assert scene.aws.project_arns(model.project_name) == []


@pytest.mark.story
def test_orphan_leaves_a_model_running(scene: Scene) -> None:
    model = scene.model(deletion={"policy": "Orphan"}).apply()
    model.wait_running()
    version, mark = model.active_arn, scene.aws.mark()

    model.delete()
    model.wait_gone()

    assert scene.aws.mutations(since=mark) == []
    assert scene.aws.detect(version)
    assert scene.aws.tags(version)[CLUSTER] == "sandbox"


@pytest.mark.story
@pytest.mark.parametrize("policy", ["Retain", "Delete"])
def test_a_model_that_is_starting_is_waited_for_and_then_stopped(scene: Scene, policy: str) -> None:
    model = scene.model(deletion={"policy": policy})
    with scene.aws.serving_held():
        model.apply()
        model.wait("starting", lambda seen: serving_of(seen).get("state") == "STARTING")
        name, project = model.active, model.project_arn
        model.delete()
        waiting = model.wait_reconciling("Stopping" if policy == "Retain" else "Deleting")
        model.look_now("while-it-starts")

        if policy == "Retain":
            assert "spec.deletion.policy: Orphan" in waiting["message"]
        assert model.moves() == [f"Start {name}"]
    model.wait_gone()

    assert {call.outcome for call in scene.aws.calls("StopProjectVersion")} == {"ok"}
    assert [v["Status"] for v in scene.aws.versions(project)] == ["STOPPED"] if policy == "Retain" else True
    assert (scene.aws.project_arns(f"sandbox.{scene.namespace}.parts") == []) == (policy == "Delete")


@pytest.mark.story
def test_datasets_block_a_deletion_that_has_stopped_the_model_until_they_may_go(scene: Scene) -> None:
    model = scene.model(deletion={"policy": "Delete"}).apply()
    model.wait_running()
    name = model.active
    scene.aws.control.add_dataset(model.project_arn, "TRAIN")

    model.delete()
    blocked = model.wait_stalled("ForeignVersions")
    model.wait("stopped", lambda seen: serving_of(seen).get("state") == "STOPPED")

    assert "1 dataset" in blocked["message"]
    assert "1 dataset" in message_of(model.now, "Stalled")
    assert model.moves() == [f"Start {name}", f"Stop {name}"]
    assert scene.aws.calls("DeleteProjectVersion") == []

    model.edit(deletion={"foreignVersions": "Delete"})
    model.wait_gone()

    assert [call.outcome for call in scene.aws.calls("DeleteDataset")] == ["ok"]
    assert scene.aws.project_arns(f"sandbox.{scene.namespace}.parts") == []
