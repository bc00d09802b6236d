"""Whose is a project that exists already, and how does it become the resource's?"""

import pytest

from e2e.harness.reading import roles
from e2e.harness.scene import Scene
from rekognition_operator.core.tags import CLAIMED_AT, CLUSTER, DIGEST, NAME, NAMESPACE

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_project_of_somebody_else_is_left_alone(scene: Scene) -> None:
    project = scene.aws.create_project("catalogue")

    adapter = scene.adapter(projectName="catalogue").apply()
    stalled = adapter.wait_stalled("ProjectOwnedByAnother")

    assert "adoption.policy: IfUnowned" in stalled["message"]
    assert scene.aws.mutations() == []
    assert scene.aws.tags(project) == {}


@pytest.mark.story
def test_a_trained_project_is_adopted_without_training(scene: Scene) -> None:
    project = scene.aws.create_project("catalogue")
    scene.aws.train(project, "spring-2026", threshold=60)
    scene.aws.train(project, "experiment", threshold=95)
    adapter = scene.adapter(projectName="catalogue").apply()
    adapter.wait_stalled("ProjectOwnedByAnother")

    adapter.edit(adoption={"policy": "IfUnowned", "versions": ["spring-2026"]})
    adapter.wait_ready()

    assert adapter.active == "spring-2026"
    assert scene.aws.calls("CreateProjectVersion") == []
    assert roles(adapter.now) == {"spring-2026": "Active", "experiment": "Foreign"}
    tags = scene.aws.tags(project)
    assert (tags[CLUSTER], tags[NAMESPACE], tags[NAME]) == ("sandbox", scene.namespace, "storefront")
    assert CLAIMED_AT not in tags
    assert scene.aws.tags(adapter.active_arn)[DIGEST].startswith("v1-")
    adapter.wait_events("Adopting")


@pytest.mark.story
def test_of_two_resources_that_claim_one_project_the_second_is_stalled(scene: Scene) -> None:
    first = scene.adapter("first", projectName="catalogue").apply()
    first.wait_ready()
    mark = scene.aws.mark()

    second = scene.adapter("second", projectName="catalogue", adoption={"policy": "IfUnowned"}).apply()
    stalled = second.wait_stalled("ProjectOwnedByAnother")

    assert f"ModerationAdapter {scene.namespace}/first of cluster sandbox" in stalled["message"]
    assert scene.aws.mutations(since=mark) == []
    second.delete()
    second.wait_gone()
    assert scene.aws.mutations(since=mark) == []
    assert first.now.holds("Ready")


@pytest.mark.story
def test_a_custom_labels_project_of_the_name_is_told_apart(scene: Scene) -> None:
    scene.aws.create_project("catalogue", feature="CUSTOM_LABELS")

    adapter = scene.adapter(projectName="catalogue", adoption={"policy": "IfUnowned"}).apply()
    stalled = adapter.wait_stalled("ProjectMismatch")

    assert "is a CUSTOM_LABELS project" in stalled["message"]
    assert scene.aws.mutations() == []
