"""What does the operator do when AWS says: too many, too fast, not allowed, or nothing at all?"""

import pytest

from e2e.harness.reading import settled
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_third_adapter_waits_for_a_training_slot_and_shows_its_place(scene: Scene) -> None:
    with scene.aws.trainings_held():
        first, second = (scene.adapter(name).apply() for name in ("first", "second"))
        for adapter in (first, second):
            adapter.wait_training()
        third = scene.adapter("third").apply()
        third.wait_reconciling("WaitingForQuota")
        assert third.now.status["queue"] == {"waitingFor": "TrainingSlot", "position": 1}
    adapters = (first, second, third)
    for adapter in adapters:
        adapter.wait_ready()

    assert "queue" not in third.now.status
    third.wait_events("WaitingForQuota")
    for adapter in (first, second):
        assert not any(seen.status.get("queue") for seen in adapter.sightings)
    # The operator kept to the quota by itself: AWS had to refuse nothing.
    assert {call.outcome for call in scene.aws.calls("CreateProjectVersion")} == {"ok"}
    for adapter in adapters:
        assert len(adapter.trainings()) == 1
        assert not any(seen.holds("Stalled") for seen in adapter.sightings)


@pytest.mark.story
def test_trainings_of_others_that_fill_the_quota_are_waited_for(scene: Scene) -> None:
    project = scene.aws.create_project("somebody-elses")
    for name in ("one", "two"):
        scene.aws.add_foreign_version(project, name, in_training=True)

    adapter = scene.adapter().apply()
    adapter.wait_reconciling("WaitingForQuota")

    assert [call.outcome for call in scene.aws.calls("CreateProjectVersion")] == ["LimitExceededException"]
    assert adapter.now.status["queue"]["waitingFor"] == "TrainingSlot"
    assert not adapter.now.holds("Stalled")


@pytest.mark.story
def test_throttling_is_no_failure(scene: Scene) -> None:
    for operation in ("DescribeProjects", "CreateProject", "DescribeProjectVersions", "CreateProjectVersion"):
        scene.aws.control.fail(operation, "ThrottlingException", nth=1, times=2, region=scene.aws.region)

    adapter = scene.adapter().apply()
    adapter.wait_ready()

    throttled = [call for call in scene.aws.calls() if call.outcome == "ThrottlingException"]
    assert len(throttled) == 8
    assert not any(seen.holds("Stalled") for seen in adapter.sightings)
    assert len(adapter.trainings()) == 1


@pytest.mark.story
def test_denied_access_names_the_action_and_is_over_when_it_is_granted(scene: Scene) -> None:
    denied = "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: rekognition:CreateProjectVersion"
    scene.aws.control.fail("CreateProjectVersion", "AccessDeniedException", denied, region=scene.aws.region)
    adapter = scene.adapter().apply()

    stalled = adapter.wait_stalled("AccessDenied")
    assert "rekognition:CreateProjectVersion" in stalled["message"]
    assert "s3:GetObject" in stalled["message"]
    assert (adapter.now.condition("Ready") or {})["reason"] == "AccessDenied"

    scene.aws.control.clear_faults(scene.aws.region)
    adapter.look_now("access-was-granted")
    adapter.wait("Ready", settled)

    assert adapter.now.condition("Stalled") is None
    assert len(adapter.trainings()) == 1


@pytest.mark.story
def test_a_request_to_train_that_aws_refuses_is_told_and_asked_again_after_a_change(scene: Scene) -> None:
    refusal = "The KMS key alias/nobody does not exist."
    scene.aws.control.fail("CreateProjectVersion", "InvalidParameterException", refusal, region=scene.aws.region)
    adapter = scene.adapter().apply()

    stalled = adapter.wait_stalled("TrainingRefused")
    assert refusal in stalled["message"]
    adapter.look_now("nothing-has-changed")
    assert len(scene.aws.calls("CreateProjectVersion")) == 1

    scene.aws.control.clear_faults(scene.aws.region)
    adapter.train_on(kmsKeyID="alias/rekognition")
    adapter.wait_ready()

    assert len(adapter.trainings()) == 1


@pytest.mark.story
def test_faults_of_the_service_are_tried_again_and_nobody_is_bothered(scene: Scene) -> None:
    for operation in ("CreateProject", "CreateProjectVersion"):
        scene.aws.control.fail(operation, "InternalServerError", nth=1, region=scene.aws.region)
        scene.aws.control.lose_answer(operation, before_effect=True, nth=2, region=scene.aws.region)

    adapter = scene.adapter().apply()
    adapter.wait_ready()

    assert not any(seen.holds("Stalled") for seen in adapter.sightings)
    assert len(adapter.trainings()) == 1
    assert [event for event in adapter.event_reasons if event == "Retrying"] == []
