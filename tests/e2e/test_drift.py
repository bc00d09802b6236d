"""What does the operator do about what others change in AWS?"""

import pytest

from e2e.harness.reading import active_of, changes, reason_of, versions_of
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_lost_version_is_replaced_at_once_by_an_older_one_and_trained_again(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    older = adapter.active
    adapter.train_on(confidenceThreshold=70)
    adapter.wait_ready()
    lost, before = adapter.active, len(adapter.sightings) - 1

    with scene.aws.trainings_held():
        scene.aws.delete_version(adapter.active_arn)
        adapter.wait_training()
        assert adapter.active == older
    adapter.wait("the lost version was trained again", lambda seen: active_of(seen) == f"{lost}-2")
    adapter.wait_ready()

    assert adapter.trainings() == [older, lost, f"{lost}-2"]
    states = adapter.sightings[before:]
    assert changes(active_of(seen) for seen in states) == [lost, older, f"{lost}-2"]
    drifted = next(seen for seen in states if seen.holds("Drifted"))
    assert [item["path"] for item in drifted.status["drift"]] == [f"versions[{lost}]"]
    assert adapter.now.condition("Drifted") is None


@pytest.mark.story
def test_a_tag_that_somebody_removed_is_put_back_on_request(scene: Scene) -> None:
    adapter = scene.adapter(tags={"team": "trust-safety"}).apply()
    adapter.wait_ready()

    scene.aws.untag(adapter.project_arn, "team")
    scene.aws.tag(adapter.active_arn, {"team": "somebody-else"})
    adapter.look_now("tags-were-changed")
    adapter.wait("no longer Drifted", lambda seen: not seen.holds("Drifted"))

    assert scene.aws.tags(adapter.project_arn)["team"] == "trust-safety"
    assert scene.aws.tags(adapter.active_arn)["team"] == "trust-safety"
    adapter.wait_events("Correcting", "DriftCorrected")


@pytest.mark.story
def test_under_report_drift_is_only_said_until_the_policy_is_correct(scene: Scene) -> None:
    adapter = scene.adapter(tags={"team": "trust-safety"}, driftPolicy="Report").apply()
    adapter.wait_ready()
    mark = scene.aws.mark()

    scene.aws.tag(adapter.project_arn, {"team": "somebody-else"})
    adapter.look_now("a-tag-was-changed")
    drifted = adapter.wait("Drifted Reported", lambda seen: reason_of(seen, "Drifted") == "Reported")

    (item,) = drifted.status["drift"]
    assert (item["path"], item["desired"], item["observed"]) == ("spec.tags[team]", "trust-safety", "somebody-else")
    assert scene.aws.mutations(since=mark) == []
    assert drifted.holds("Ready")

    adapter.edit(driftPolicy="Correct")
    adapter.wait("no longer Drifted", lambda seen: not seen.holds("Drifted"))

    assert scene.aws.tags(adapter.project_arn)["team"] == "trust-safety"


@pytest.mark.story
def test_a_deleted_project_is_created_again_only_on_request(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    project, name = adapter.project_arn, adapter.active
    adapter.edit(suspend=True)  # so that the person and the operator do not work against each other
    adapter.wait("Suspended", lambda seen: seen.holds("Suspended"))
    scene.aws.delete_project(project)
    adapter.edit(suspend=False)

    stalled = adapter.wait_stalled("ProjectDeleted")
    assert "rekognition-operator.io/retry=" in stalled["message"]
    assert adapter.trainings() == [name]

    adapter.annotate(retry="yes-train-it-again")
    adapter.wait("another project", lambda seen: (seen.status.get("project") or {}).get("arn") not in {None, project})
    adapter.wait_ready()

    assert adapter.trainings() == [name, name]  # the same name, in another project
    assert adapter.active == name
    assert list(versions_of(adapter.now)) == [name]
