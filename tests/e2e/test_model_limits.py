"""What does the operator do when no more models may run, or AWS refuses or loses a start or a stop?"""

import pytest

from e2e.harness.hours import open_for_days
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_who_waits_to_run_shows_it_and_always_on_goes_before_what_has_a_schedule(scene: Scene) -> None:
    first, second = (scene.model(name).apply() for name in ("first", "second"))
    for model in (first, second):
        model.wait_running()
    hours = open_for_days(scene.aws.now).schedule
    scheduled = scene.model("scheduled", serving={"schedule": hours}).apply()
    scheduled.wait_reconciling("WaitingForQuota")
    explicit = scene.model("explicit").apply()
    explicit.wait_reconciling("WaitingForQuota")

    assert explicit.now.status["queue"] == {"waitingFor": "RunningModelSlot", "position": 1}
    assert scheduled.now.status["queue"]["waitingFor"] == "RunningModelSlot"
    assert (explicit.now.condition("Serving") or {})["reason"] == "NotRunning"

    first.serve(state="Stopped")
    explicit.wait_running()
    assert scheduled.moves() == []

    second.serve(state="Stopped")
    scheduled.wait_running()

    assert "queue" not in explicit.now.status
    # The operator kept to the quota by itself: AWS had to refuse nothing.
    assert {call.outcome for call in scene.aws.calls("StartProjectVersion")} == {"ok"}
    assert not any(seen.holds("Stalled") for model in (explicit, scheduled) for seen in model.sightings)


@pytest.mark.story
def test_models_of_others_that_fill_the_quota_are_waited_for(scene: Scene) -> None:
    for name in ("somebody-elses", "another-ones"):
        scene.aws.run_another(name)

    model = scene.model().apply()
    waiting = model.wait_reconciling("WaitingForQuota")
    model.look_now("and-again")

    assert [call.outcome for call in scene.aws.calls("StartProjectVersion")] == ["LimitExceededException"]
    assert model.now.status["queue"]["waitingFor"] == "RunningModelSlot"
    assert "--running-model-slots" in waiting["message"]
    assert not model.now.holds("Stalled")
    assert not model.now.holds("Ready")


@pytest.mark.story
def test_lost_answers_of_start_and_stop_are_looked_up_and_nothing_is_asked_for_twice(scene: Scene) -> None:
    for operation in ("StartProjectVersion", "StopProjectVersion"):
        # botocore, were it to try again, would lose the second answer, too.
        scene.aws.control.lose_answer(operation, times=2, region=scene.aws.region)

    model = scene.model().apply()
    model.wait_running()
    model.serve(state="Stopped")
    model.wait_at_rest("Stopped")

    assert model.moves() == [f"Start {model.active}", f"Stop {model.active}"]
    for operation in ("StartProjectVersion", "StopProjectVersion"):
        assert len(scene.aws.calls(operation)) == 1
    assert not any(seen.holds("Stalled") or seen.holds("Drifted") for seen in model.sightings)


@pytest.mark.story
def test_faults_of_start_and_stop_are_tried_again_and_nobody_is_bothered(scene: Scene) -> None:
    region = scene.aws.region
    for operation in ("StartProjectVersion", "StopProjectVersion"):
        scene.aws.control.fail(operation, "ResourceInUseException", nth=1, region=region)
        scene.aws.control.fail(operation, "ThrottlingException", nth=2, region=region)
        scene.aws.control.lose_answer(operation, before_effect=True, nth=3, region=region)

    model = scene.model().apply()
    model.wait_running()
    model.serve(state="Stopped")
    model.wait_at_rest("Stopped")

    assert model.moves() == [f"Start {model.active}", f"Stop {model.active}"]
    for operation in ("StartProjectVersion", "StopProjectVersion"):
        assert [call.outcome for call in scene.aws.calls(operation)][:2] == [
            "ResourceInUseException",
            "ThrottlingException",
        ]
        assert len(scene.aws.calls(operation)) == 4
    assert not any(seen.holds("Stalled") or seen.holds("Drifted") for seen in model.sightings)
