"""When does a model run by its windows, when is it stopped because nobody uses it, and what starts it again?"""

from datetime import timedelta

import pytest

from e2e.harness.hours import closed_until, open_for_days, told
from e2e.harness.reading import message_of, reason_of, runs, serving_of
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_outside_its_windows_a_model_is_stopped_and_an_edit_into_one_starts_it(scene: Scene, zone: str) -> None:
    closed = closed_until(scene.aws.now, zone)
    model = scene.model(serving={"schedule": closed.schedule}).apply()
    outside = model.wait_at_rest("OutsideWindow")

    assert model.moves() == []
    assert serving_of(outside)["nextTransition"] == told(closed.begins)
    assert serving_of(outside)["nextState"] == "Running"
    assert f"office begins at {closed.begins:%Y-%m-%d %H:%M} UTC" in message_of(outside, "Ready")

    opened = open_for_days(scene.aws.now, zone)
    model.serve(schedule=opened.schedule)
    within = model.wait_running()

    assert model.answers()
    assert serving_of(within)["nextTransition"] == told(opened.ends)
    assert serving_of(within)["nextState"] == "Stopped"

    model.serve(schedule=closed.schedule)
    model.wait_at_rest("OutsideWindow")

    assert not model.answers()
    assert model.moves() == [f"Start {model.active}", f"Stop {model.active}"]


def test_windows_begin_and_end_by_the_clock_and_one_that_ended_unseen_is_made_good(alone: Alone, stage: Stage) -> None:
    with alone() as scene:
        scene.operator.start()
        now = scene.aws.now.replace(hour=12)  # at noon it is the same day in both zones
        london, kolkata = (closed_until(now, zone) for zone in ("Europe/London", "Asia/Kolkata"))
        models = [
            stage.another(scene).model(name, serving={"schedule": hours.schedule}).apply()
            for name, hours in (("london", london), ("kolkata", kolkata))
        ]
        for model in models:
            model.wait_at_rest("OutsideWindow")

        scene.aws.travel_to(max(london.begins, kolkata.begins) + timedelta(minutes=1))
        for model in models:
            model.wait_running()

        scene.operator.kill()
        scene.aws.travel_to(max(london.ends, kolkata.ends) + timedelta(hours=5))
        assert all(model.answers() for model in models)
        scene.operator.start()
        for model in models:
            model.wait_at_rest("OutsideWindow")
            assert "Window office ended at" in message_of(model.now, "Ready")
            assert "since the operator did not look in time" in message_of(model.now, "Ready")
            assert model.moves() == [f"Start {model.active}", f"Stop {model.active}"]

        scene.aws.travel_to(max(london.begins, kolkata.begins) + timedelta(days=7, minutes=1))
        for model in models:
            model.wait_running()
        scene.aws.travel_to(max(london.ends, kolkata.ends) + timedelta(days=7, minutes=1))
        for model in models:
            model.wait_at_rest("OutsideWindow")


@pytest.mark.story
def test_requests_keep_a_model_running_and_without_any_it_is_stopped_until_it_is_woken(scene: Scene) -> None:
    after = timedelta(hours=1, minutes=30)
    model = scene.model(serving={"idleStop": {"after": "1h30m"}}).apply()
    model.wait_running()
    started_at = scene.aws.now

    model.wait_until(
        "it has been asked for longer than it may be idle",
        lambda: model.answers() and scene.aws.now - started_at > after + timedelta(minutes=30),
    )
    assert runs(model.now)
    asked_at = scene.aws.now
    idle = model.wait_at_rest("Idle")
    (stop,) = scene.aws.calls("StopProjectVersion")

    assert stop.emulated_at - asked_at > after
    assert message_of(idle, "Ready").startswith(f"Version {model.active} is stopped. ")
    assert (idle.condition("Serving") or {})["reason"] == "Idle"

    assert f"{model.name} --overwrite rekognition-operator.io/wake=" in message_of(idle, "Ready")
    model.annotate(wake="somebody-needs-it")
    model.wait_running()

    assert model.answers()


@pytest.mark.story
def test_what_runs_beside_other_models_is_not_stopped_on_a_guess_but_by_what_its_users_write(scene: Scene) -> None:
    others = scene.aws.run_another()
    model = scene.model(serving={"idleStop": {"after": "15m"}}).apply()
    model.wait_running()

    def while_others_are_asked(condition: str, reason: str) -> bool:
        scene.aws.detect(others)
        return reason_of(model.now, condition) == reason

    model.wait_until("unknown", lambda: while_others_are_asked("IdleUnknown", "SeveralModelsRun"))
    assert runs(model.now)
    assert "rekognition-operator.io/last-used-at" in message_of(model.now, "IdleUnknown")
    assert model.moves() == [f"Start {model.active}"]

    model.annotate(last_used_at=told(scene.aws.now - timedelta(hours=3)))
    model.wait_until("idle", lambda: while_others_are_asked("Ready", "Idle"))

    assert model.now.condition("IdleUnknown") is None
    assert model.moves() == [f"Start {model.active}", f"Stop {model.active}"]
