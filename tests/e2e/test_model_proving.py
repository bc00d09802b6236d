"""What must a model show before it takes over, and does the one before answer all the while?"""

import pytest

from e2e.harness.course import asked, course, probes
from e2e.harness.data import MISLABELLED
from e2e.harness.reading import active_of, changes, message_of, reason_of, roles, runs, versions_of
from e2e.harness.resource import Model
from e2e.harness.scene import Scene
from e2e.harness.watching import Sighting

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

GEAR = "images/test/steel-gear.png"


@pytest.mark.story
def test_under_blue_green_the_new_version_is_asked_while_the_old_one_runs(scene: Scene) -> None:
    model = gear_model(scene)
    old, old_arn, before, mark = model.active, model.active_arn, len(model.sightings), scene.aws.mark()
    assert course(model) == [f"Start {old}", f"Ask {old}", f"Promote {old}"]

    model.train_on_other_data()
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})
    model.wait_running()
    new = model.active

    assert course(model, since=mark) == [f"Start {new}", f"Ask {new}", f"Promote {new}", f"Stop {old}"]
    (question,) = asked(scene.aws, model.active_arn)
    assert question.operation == "DetectCustomLabels"
    assert model.answers()
    assert not scene.aws.detect(old_arn)
    assert all(runs(seen) for seen in model.sightings[before:])
    assert changes(active_of(seen) for seen in model.sightings[before:]) == [old, new]


@pytest.mark.story
def test_a_version_that_fails_a_probe_is_stopped_while_the_old_one_runs_on(scene: Scene) -> None:
    model = gear_model(scene)
    old, before, mark = model.active, len(model.sightings), scene.aws.mark()

    worse = train_worse(model)
    rejected = model.wait("it is stopped", lambda seen: has_stopped(seen, worse))
    model.look_now("nothing-has-changed")

    assert "does not pass probes" in message_of(rejected, "Stalled")
    assert "probe picture: wanted gear from 50 percent on - got no gear" in message_of(rejected, "Stalled")
    assert course(model, since=mark) == [f"Start {worse}", f"Ask {worse}", f"Reject {worse}", f"Stop {worse}"]
    assert roles(model.now) == {old: "Active", worse: "Rejected"}
    assert model.answers()
    assert all(runs(seen) and active_of(seen) == old for seen in model.sightings[before:])
    assert model.trainings() == [old, worse]


@pytest.mark.story
def test_a_version_that_fails_a_gate_is_never_started(scene: Scene) -> None:
    model = scene.model(promotion={"minF1Score": 0.8}).apply()
    model.wait_running()
    old, before, mark = model.active, len(model.sightings), scene.aws.mark()

    worse = train_worse(model)
    model.look_now("nothing-has-changed")

    assert "minF1Score: wanted at least 0.8 - got 0.666667" in message_of(model.now, "Stalled")
    assert course(model, since=mark) == [f"Reject {worse}"]
    assert roles(model.now) == {old: "Active", worse: "Rejected"}
    assert all(runs(seen) and seen.holds("Ready") for seen in model.sightings[before:])


@pytest.mark.story
def test_under_recreate_the_old_version_is_started_again_when_the_new_one_fails_a_probe(scene: Scene) -> None:
    model = gear_model(scene, rollout="Recreate")
    old, mark = model.active, scene.aws.mark()

    worse = train_worse(model)
    model.wait("the old one runs again", lambda seen: runs(seen) and has_stopped(seen, worse))

    assert course(model, since=mark) == [
        f"Stop {old}",
        f"Start {worse}",
        f"Ask {worse}",
        f"Reject {worse}",
        f"Stop {worse}",
        f"Start {old}",
    ]
    assert model.answers()
    assert model.active == old
    assert model.trainings() == [old, worse]
    model.wait_events("HandingOver", "NotRunning", "VersionRejected")
    model.wait_until("both starts are told", lambda: model.event_reasons.count("Running") == 2)


@pytest.mark.story
def test_under_manual_a_version_is_proved_stopped_and_started_again_on_a_word(scene: Scene) -> None:
    model = gear_model(scene)
    old, before = model.active, len(model.sightings)
    model.edit(promotion={"strategy": "Manual"})
    mark = scene.aws.mark()

    model.train_on_other_data()
    model.wait("it waits for a word", lambda seen: reason_of(seen, "AwaitingApproval") == "AwaitingApproval")
    new = model.trainings()[-1]
    waiting = model.wait("it is stopped", lambda seen: has_stopped(seen, new))
    model.wait("nothing is under way", lambda seen: seen.condition("Reconciling") is None)
    model.look_now("still-waiting")

    assert course(model, since=mark) == [f"Start {new}", f"Ask {new}", f"Prove {new}", f"Stop {new}"]
    assert roles(waiting) == {old: "Active", new: "Candidate"}
    assert waiting.holds("Ready")
    assert not waiting.holds("UpToDate")
    mark = scene.aws.mark()

    model.annotate(approve=new)
    model.wait("the new version serves", lambda seen: active_of(seen) == new)
    model.wait_running()

    steps = course(model, since=mark)
    assert steps == [f"Approve {new}", f"Start {new}", f"Promote {new}", f"Stop {old}"]
    assert all(runs(seen) for seen in model.sightings[before:])
    assert model.trainings() == [old, new]


def gear_model(scene: Scene, **serving: object) -> Model:
    """Return a model that runs, and of which is asked that it knows a gear."""
    picture = probes(scene.aws, scene.aws.parts + GEAR, present=["gear"])
    model = scene.model(serving=serving, promotion={"probes": picture}).apply()
    model.wait_running()
    return model


def train_worse(model: Model) -> str:
    """Train on wrong labels; return the name of the version when it is rejected."""
    model.train_on_manifest(MISLABELLED)
    model.wait_stalled("VersionRejected")
    return model.trainings()[-1]


def has_stopped(seen: Sighting, name: str) -> bool:
    return bool(versions_of(seen)[name]["status"] == "STOPPED")
