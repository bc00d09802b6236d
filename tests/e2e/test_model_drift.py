"""What does the operator do about models that others start, stop, or run with other units?"""

import pytest

from e2e.harness.reading import message_of, reason_of, serving_of
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_model_that_somebody_stopped_is_started_again(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    name = model.active

    scene.aws.stop(model.active_arn)
    model.wait_seen("Drifted", lambda seen: reason_of(seen, "Drifted") == "Correcting")
    model.wait_running()

    assert not model.now.holds("Drifted")
    assert model.moves() == [f"Start {name}", f"Start {name}"]
    model.wait_events("Correcting", "DriftCorrected")


@pytest.mark.story
def test_a_model_that_somebody_started_is_stopped_again(scene: Scene) -> None:
    model = scene.model(serving={"state": "Stopped"}).apply()
    model.wait_at_rest("Stopped")

    scene.aws.start(model.active_arn)
    model.wait_seen("Drifted", lambda seen: seen.holds("Drifted"))
    model.wait_at_rest("Stopped")

    assert model.moves() == [f"Stop {model.active}"]
    model.wait_events("Correcting")


@pytest.mark.story
def test_a_model_that_somebody_runs_with_other_units_is_put_right(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    name, arn = model.active, model.active_arn
    model.edit(suspend=True)  # so that the person and the operator do not work against each other
    model.wait("Suspended", lambda seen: seen.holds("Suspended"))
    scene.aws.stop(arn)
    model.wait_until("stopped", lambda: model.states() == {name: "STOPPED"})
    scene.aws.start(arn, units=2)
    model.wait_until("running", lambda: model.states() == {name: "RUNNING"})

    drifted = model.wait("Drifted", lambda seen: serving_of(seen).get("units") == "2" and seen.holds("Drifted"))
    (item,) = drifted.status["drift"]
    assert (item["path"], item["desired"], item["observed"]) == ("spec.serving.minInferenceUnits", "1", "2")

    model.edit(suspend=False)
    model.wait("the units are right", lambda seen: serving_of(seen).get("units") == "1")
    model.wait_running()

    assert model.moves() == [f"Start {name}", f"Stop {name}", f"Start {name}"]


@pytest.mark.story
def test_under_report_a_model_that_somebody_stopped_is_only_told_until_the_policy_is_correct(scene: Scene) -> None:
    model = scene.model(driftPolicy="Report").apply()
    model.wait_running()
    mark = scene.aws.mark()

    scene.aws.stop(model.active_arn)
    model.wait("told", lambda seen: "STOPPED" in message_of(seen, "Stalled"))
    model.look_now("and-again")

    assert reason_of(model.now, "Stalled") == "ServingDrift"
    assert reason_of(model.now, "Drifted") == "Reported"
    assert not model.now.holds("Ready")
    assert scene.aws.mutations(since=mark) == []

    model.edit(driftPolicy="Correct")
    model.wait_running()

    assert model.now.condition("Stalled") is None


@pytest.mark.story
def test_under_report_a_model_that_somebody_started_runs_on_and_its_cost_is_told(scene: Scene) -> None:
    model = scene.model(driftPolicy="Report", serving={"state": "Stopped"}).apply()
    model.wait_at_rest("Stopped")
    mark = scene.aws.mark()

    scene.aws.start(model.active_arn)
    model.wait_until("running", lambda: model.states() == {model.active: "RUNNING"})
    told = model.wait_stalled("ServingDrift")
    model.wait("running", lambda seen: serving_of(seen).get("state") == "RUNNING")

    assert "costs 4.00 USD an hour" in told["message"]
    assert scene.aws.mutations(since=mark) == []
    assert serving_of(model.now)["usdPerHour"] == 4
