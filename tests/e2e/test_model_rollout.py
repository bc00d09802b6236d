"""How does one version of a model take over from another, and what is said before nothing answers for a while?"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from e2e.harness.cluster import body_text
from e2e.harness.reading import active_of, changes, message_of, reason_of, roles, runs, serving_of, versions_of
from e2e.harness.resource import Model
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone
from e2e.harness.watching import Sighting
from rekognition_sandbox.controlplane.audit import AuditRecord, select
from rekognition_sandbox.emulator.serving import START_MS
from rekognition_sandbox.emulator.wire import CallRecord

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

START = timedelta(milliseconds=START_MS)


@pytest.mark.story
def test_under_blue_green_the_old_version_runs_until_the_new_one_does(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    old, old_arn, before = model.active, model.active_arn, len(model.sightings)

    with scene.aws.serving_held():
        model.train_on_other_data()
        starting = model.wait("the new version starts", lambda seen: "STARTING" in states(seen))
        model.look_now("while-it-starts")
        assert model.active == old
        assert model.answers()
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
    model.wait_running()
    new = model.active

    assert model.answers()
    assert not scene.aws.detect(old_arn)
    assert model.moves() == [f"Start {old}", f"Start {new}", f"Stop {old}"]
    (_, start), (stop,) = (scene.aws.calls(f"{move}ProjectVersion") for move in ("Start", "Stop"))
    assert stop.emulated_at - start.emulated_at >= START
    assert starting.condition("Reconciling") is not None
    for seen in model.sightings[before:]:
        assert seen.holds("Ready")
        assert runs(seen)
        assert "RUNNING" in states(seen)
    assert changes(active_of(seen) for seen in model.sightings[before:]) == [old, new]
    assert roles(model.now) == {old: "Superseded", new: "Active"}
    model.wait_events("HandingOver", "InService")


@pytest.mark.story
def test_a_change_of_units_is_said_before_the_model_is_stopped_for_it(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    name, mark = model.active, scene.aws.mark()

    model.serve(minInferenceUnits=2, maxInferenceUnits=3)
    model.wait("it has the new units", lambda seen: serving_of(seen).get("units") == "2-3")
    model.wait_running()

    assert model.answers()
    assert model.moves(since=mark) == [f"Stop {name}", f"Start {name}"]
    assert model.trainings() == [name]
    start = scene.aws.calls("StartProjectVersion")[-1]
    assert (start.parameters["MinInferenceUnits"], start.parameters["MaxInferenceUnits"]) == (2, 3)
    (stop,) = scene.aws.calls("StopProjectVersion")
    assert_said_before(model, "ChangingUnits", stop)


@pytest.mark.story
def test_units_that_change_together_with_the_training_need_no_interruption(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    old, before = model.active, len(model.sightings)

    other_data = {"trainingData": model.other_data()}
    model.edit(training=other_data, serving={"minInferenceUnits": 2})
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
    model.wait_running()
    new = model.active

    assert model.moves() == [f"Start {old}", f"Start {new}", f"Stop {old}"]
    assert [call.parameters["MinInferenceUnits"] for call in scene.aws.calls("StartProjectVersion")] == [1, 2]
    assert all(runs(seen) for seen in model.sightings[before:])


def test_under_recreate_one_running_model_is_enough_and_that_it_goes_is_said_before(alone: Alone) -> None:
    with alone(RUNNING_MODEL_SLOTS="1") as scene:
        scene.operator.start()
        model = scene.model(serving={"rollout": "Recreate"}).apply()
        model.wait_running()
        old = model.active

        model.train_on_other_data()
        model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
        model.wait_running()
        new = model.active

        assert model.answers()
        assert model.moves() == [f"Start {old}", f"Stop {old}", f"Start {new}"]
        assert {call.outcome for call in scene.aws.calls("StartProjectVersion")} == {"ok"}
        assert not any(states(seen).count("RUNNING") > 1 for seen in model.sightings)
        (stop,) = scene.aws.calls("StopProjectVersion")
        assert_said_before(model, "HandingOver", stop)


@pytest.mark.story
def test_where_there_is_no_room_the_old_version_serves_on_and_recreate_is_the_way_out(scene: Scene) -> None:
    model, other = (scene.model(name).apply() for name in ("parts", "other"))
    for one in (model, other):
        one.wait_running()
    old = model.active

    model.train_on_other_data()
    full = model.wait("no room", lambda seen: reason_of(seen, "NoRoomForBlueGreen") == "RunningModelQuota")

    assert "spec.serving.rollout: Recreate" in message_of(full, "NoRoomForBlueGreen")
    assert full.status["queue"]["waitingFor"] == "RunningModelSlot"
    assert full.holds("Ready")
    assert active_of(full) == old
    assert model.answers()

    model.serve(rollout="Recreate")
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
    model.wait_running()

    assert model.now.condition("NoRoomForBlueGreen") is None
    assert model.moves() == [f"Start {old}", f"Stop {old}", f"Start {model.active}"]
    assert {call.outcome for call in scene.aws.calls("StartProjectVersion")} == {"ok"}


@pytest.mark.story
def test_a_new_version_that_fails_to_start_leaves_the_old_one_running_until_a_retry(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    old, before = model.active, len(model.sightings)
    scene.aws.control.fail_start("There was an internal service error.", project_name=model.project_name)

    model.train_on_other_data()
    stalled = model.wait_stalled("StartFailed")
    model.look_now("nothing-has-changed")

    assert "There was an internal service error" in stalled["message"]
    assert "rekognition-operator.io/retry=" in stalled["message"]
    assert model.active == old
    assert model.answers()
    assert all(runs(seen) for seen in model.sightings[before:])
    new = model.trainings()[-1]
    assert model.moves() == [f"Start {old}", f"Start {new}"]

    model.annotate(retry="once-more")
    model.wait("the new version serves", lambda seen: active_of(seen) == new)
    model.wait_running()

    assert model.trainings() == [old, new]
    assert model.moves() == [f"Start {old}", f"Start {new}", f"Start {new}", f"Stop {old}"]
    assert all(runs(seen) for seen in model.sightings[before:])


@pytest.mark.story
def test_a_superseded_version_is_stopped_before_it_is_deleted(scene: Scene) -> None:
    model = scene.model(retention={"keep": 0}).apply()
    model.wait_running()
    old = model.active

    model.train_on_other_data()
    model.wait("the old version is gone", lambda seen: old not in roles(seen))
    model.wait_running()

    assert model.moves()[-1] == f"Stop {old}"
    (deletion,) = scene.aws.calls("DeleteProjectVersion")
    assert deletion.outcome == "ok"
    assert all(runs(seen) for seen in model.sightings if active_of(seen) == model.active)


def states(seen: Sighting) -> list[str]:
    """Return AWS's status of each version that status shows."""
    return [version["status"] for version in versions_of(seen).values()]


def assert_said_before(model: Model, reason: str, stop: CallRecord) -> None:
    """Fail where the status or an Event says that nothing will answer only after AWS was asked to stop the model."""

    def writes(resource: str) -> list[AuditRecord]:
        every = select(model.scene.cluster.operator_writes(namespace=model.scene.namespace), resource=resource)
        return [write for write in every if f'"reason": "{reason}"' in body_text(write)]

    for resource in ("customlabelsmodels", "events"):
        (first, *_) = model.wait_until(f"the audit log has {reason} in {resource}", lambda: writes(resource))  # noqa: B023
        assert datetime.fromisoformat(first.at) < stop.arrived_at
    assert_all_say("10 to 20 minutes", (message_of(seen, "Reconciling") for seen in with_reason(model, reason)))


def with_reason(model: Model, reason: str) -> list[Sighting]:
    return [seen for seen in model.sightings if reason_of(seen, "Reconciling") == reason]


def assert_all_say(words: str, messages: Iterable[str]) -> None:
    assert any(words in message for message in messages)
