"""Which edits of the spec train a new version, and what serves meanwhile?"""

import pytest

from e2e.harness.data import PREFIX
from e2e.harness.reading import active_of, changes, roles
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_an_edit_of_the_threshold_retrains_while_the_old_version_stays_in_service(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = adapter.active
    before = len(adapter.sightings)

    with scene.aws.trainings_held():
        adapter.train_on(confidenceThreshold=70)
        adapter.wait_training()
        assert adapter.active == first
    adapter.wait_ready()
    second = adapter.active

    assert second != first
    assert adapter.trainings() == [first, second]
    states = adapter.sightings[before:]
    assert all(seen.holds("Ready") for seen in states)
    assert changes(active_of(seen) for seen in states) == [first, second]
    assert changes(str(seen.holds("UpToDate")) for seen in states) == ["True", "False", "True"]
    assert roles(adapter.now) == {first: "Superseded", second: "Active"}
    adapter.wait_events("InService")


@pytest.mark.story
def test_reverting_the_spec_returns_to_the_old_version_without_training(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = adapter.active
    adapter.train_on(confidenceThreshold=70)
    adapter.wait_ready()
    second, mark = adapter.active, scene.aws.mark()

    adapter.train_on(confidenceThreshold=60)
    adapter.wait_ready()

    assert scene.aws.trainings(since=mark) == []
    assert adapter.trainings() == [first, second]
    assert roles(adapter.now) == {first: "Active", second: "Superseded"}


@pytest.mark.story
def test_a_number_written_differently_trains_nothing(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = adapter.active

    adapter.train_on(confidenceThreshold=60.0)
    adapter.look_now("after-the-edit")

    assert adapter.active == first
    assert adapter.trainings() == [first]


@pytest.mark.story
def test_edits_of_description_tags_output_and_retention_train_nothing(scene: Scene) -> None:
    adapter = scene.adapter(tags={"team": "trust-safety", "season": "autumn"}, description="autumn").apply()
    adapter.wait_ready()
    first = adapter.active
    foreign_tag = {"owner-of-the-bill": "finance"}
    scene.aws.tag(adapter.project_arn, foreign_tag)

    adapter.edit(
        description="winter",
        output={"prefix": f"{PREFIX}winter/"},
        retention={"keep": 1},
        tags={"team": "integrity", "season": None},
    )
    adapter.wait(
        "the tags in AWS were corrected",
        lambda seen: seen.status["project"]["tagKeys"] == ["team"] and seen.condition("Drifted") is None,
    )
    settled = adapter.wait_ready()

    assert adapter.trainings() == [first]
    assert settled.holds("PendingNextVersion")
    message = (settled.condition("PendingNextVersion") or {})["message"]
    assert "spec.description and spec.output" in message
    for arn in (adapter.project_arn, adapter.active_arn):
        tags = scene.aws.tags(arn)
        assert tags["team"] == "integrity"
        assert "season" not in tags
    assert foreign_tag.items() <= scene.aws.tags(adapter.project_arn).items()


@pytest.mark.story
def test_versions_beyond_retention_are_deleted_oldest_first_and_never_the_one_in_service(scene: Scene) -> None:
    adapter = scene.adapter(retention={"keep": 1}).apply()
    adapter.wait_ready()
    names = [adapter.active]
    for threshold in (70, 80):
        adapter.train_on(confidenceThreshold=threshold)
        adapter.wait_ready()
        names.append(adapter.active)

    adapter.wait("the oldest version is gone", lambda seen: names[0] not in roles(seen))

    assert roles(adapter.now) == {names[1]: "Superseded", names[2]: "Active"}
    deleted = [call.parameters["ProjectVersionArn"] for call in scene.aws.calls("DeleteProjectVersion") if call.effect]
    assert [str(arn).split("/")[3] for arn in deleted] == [names[0]]
