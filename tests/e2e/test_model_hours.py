"""When does a model run by its windows, when is it stopped because nobody uses it, and what starts it again?"""

from datetime import timedelta

import pytest

from e2e.harness.hours import closed_until, open_for_days, told
from e2e.harness.reading import message_of, reason_of, runs, serving_of
from e2e.harness.resource import Model
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


def test_only_a_model_that_nobody_can_have_used_is_stopped_for_being_idle(alone: Alone, stage: Stage) -> None:
    idle_stop = {"idleStop": {"after": "1h30m"}}
    with alone(SWEEP_SECONDS="1") as scene:
        scene.operator.start()
        single, several = (
            stage.another(scene).model(name, serving=idle_stop).apply() for name in ("single", "several")
        )
        others = several.scene.aws.run_another()
        for model in (single, several):
            model.wait_running()

        # AWS's time goes on only when told to, so that no request comes too late.
        with scene.aws.at_pace(0):
            for _ in range(3):
                assert single.answers()
                several.scene.aws.detect(others)
                scene.aws.travel(timedelta(hours=1))
                for model in (single, several):
                    await_looks(model, 3)
                    assert runs(model.now)
            unknown = several.wait("unknown", lambda seen: reason_of(seen, "IdleUnknown") == "SeveralModelsRun")
            assert single.now.condition("IdleUnknown") is None

            several.annotate(last_used_at=told(scene.aws.now - timedelta(hours=2)))
            several.wait_reconciling("Stopping")
            assert runs(single.now)
            scene.aws.travel(timedelta(hours=1))
            single.wait_reconciling("Stopping")
        idle = single.wait_at_rest("Idle")
        several.wait_at_rest("Idle")

        assert "rekognition-operator.io/last-used-at" in message_of(unknown, "IdleUnknown")
        assert f"{single.name} --overwrite rekognition-operator.io/wake=" in message_of(idle, "Ready")
        assert (idle.condition("Serving") or {})["reason"] == "Idle"
        assert several.now.condition("IdleUnknown") is None

        single.annotate(wake="somebody-needs-it")
        single.wait_running()

        assert single.answers()
        assert several.moves() == [f"Start {several.active}", f"Stop {several.active}"]


def await_looks(model: Model, times: int) -> None:
    """Return when the operator has looked at a model so many times more."""
    aws = model.scene.aws
    mark = aws.mark()
    model.wait_until("it is looked at", lambda: len(aws.calls("DescribeProjectVersions", since=mark)) >= times)
