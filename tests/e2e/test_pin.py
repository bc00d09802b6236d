"""What does spec.pin do: a rollback in git, a version that the gates refuse, one that is gone, or one of others?"""

import pytest

from e2e.harness.data import MISLABELLED
from e2e.harness.reading import active_of, message_of, reason_of, roles, versions_of
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from e2e.harness.watching import Sighting
from rekognition_sandbox.emulator.state import VersionStatus

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

NAME = "storefront-adapter"


@pytest.mark.story
def test_a_pin_rolls_back_to_the_version_before_without_training(scene: Scene) -> None:
    adapter, first, second = two_versions(scene)
    mark, before = scene.aws.mark(), len(adapter.sightings)

    adapter.edit(pin=first)
    back = adapter.wait("the first one serves", lambda seen: active_of(seen) == first)
    adapter.wait_ready()

    assert (back.condition("UpToDate") or {})["reason"] == "Pinned"
    assert back.holds("UpToDate")
    assert f"spec.pin names version {first}: it serves" in message_of(adapter.now, "Pinned")
    assert f"Version {second} is the one that spec.training asks for" in message_of(adapter.now, "Pinned")
    # No state of the new generation shows that the pin is not followed yet.
    assert all(seen.holds("Ready") for seen in adapter.sightings[before:])
    assert roles(adapter.now)[first] == "Active"

    adapter.edit(pin=None)
    adapter.wait("the second one serves again", lambda seen: active_of(seen) == second)
    assert adapter.wait_ready().condition("Pinned") is None
    assert scene.aws.trainings(since=mark) == []


@pytest.mark.story
def test_what_is_trained_under_a_pin_waits_until_the_pin_is_removed(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = str(adapter.active)
    adapter.edit(pin=first)
    adapter.wait("pinned", pinned)

    adapter.train_on(confidenceThreshold=70)
    adapter.wait_until("the second one is trained", lambda: len(adapter.trainings()) == 2)
    second = adapter.trainings()[1]
    adapter.wait("it waits", lambda seen: versions_of(seen).get(second, {}).get("status") == "TRAINING_COMPLETED")
    adapter.look_now("and-again")
    assert roles(adapter.now) == {first: "Active", second: "Candidate"}
    assert adapter.now.holds("UpToDate")

    adapter.edit(pin=None)
    adapter.wait("the second one serves", lambda seen: active_of(seen) == second)
    assert adapter.trainings() == [first, second]


@pytest.mark.story
def test_a_pin_overrides_the_gates_as_long_as_it_is_there(scene: Scene) -> None:
    adapter = scene.adapter(promotion={"minF1Score": 0.8}).apply()
    adapter.wait_ready()
    good = str(adapter.active)
    adapter.train_on_manifest(MISLABELLED)
    adapter.wait_stalled("VersionRejected")
    worse, mark = adapter.trainings()[-1], scene.aws.mark()

    adapter.edit(pin=worse)
    adapter.wait("the worse one serves", lambda seen: active_of(seen) == worse)
    overridden = adapter.wait_ready()
    assert reason_of(overridden, "GateOverridden") == "GateOverridden"
    assert "minF1Score: wanted at least 0.8 - got 0.666667" in message_of(overridden, "GateOverridden")
    assert overridden.condition("Stalled") is None
    assert roles(overridden) == {good: "Superseded", worse: "Active"}
    adapter.wait_events("GateOverridden", "Pinned")

    adapter.edit(pin=None)
    adapter.wait("the good one is back", lambda seen: active_of(seen) == good)
    adapter.wait_stalled("VersionRejected")
    assert adapter.now.holds("Ready")
    assert adapter.now.condition("GateOverridden") is None
    assert roles(adapter.now) == {good: "Active", worse: "Rejected"}
    assert scene.aws.trainings(since=mark) == []


@pytest.mark.story
def test_a_pin_to_a_version_that_cannot_serve_changes_nothing(scene: Scene) -> None:
    adapter, first, second = two_versions(scene)
    first_arn, mark = versions_of(adapter.now)[first]["arn"], scene.aws.mark()
    scene.aws.control.set_version(first_arn, status=VersionStatus.EXPIRED)

    adapter.edit(pin=first)
    message = adapter.wait_stalled("PinnedVersionUnavailable")["message"]
    assert f"spec.pin names version {first}, which cannot serve: it is EXPIRED" in message
    assert f"version {second} stays in service" in message

    scene.aws.delete_version(first_arn)
    adapter.wait("it is gone", lambda seen: "the project has no version of this name" in message_of(seen, "Stalled"))
    adapter.look_now("and-again")
    assert active_of(adapter.now) == second
    assert adapter.now.holds("Ready")
    assert scene.aws.mutations(since=mark) == []

    adapter.edit(pin=None)
    adapter.wait_ready()
    assert adapter.active == second
    assert scene.aws.mutations(since=mark) == []


@pytest.mark.story
def test_an_adapter_of_others_is_served_and_published_by_a_pin_and_never_changed(scene: Scene) -> None:
    adapter = scene.adapter(retention={"keep": 0}, publish={"configMap": {"name": NAME}}).apply()
    adapter.wait_ready()
    own = adapter.active
    theirs = scene.aws.train(adapter.project_arn, "made-by-hand", threshold=80)

    adapter.edit(pin="made-by-hand")
    adapter.wait("theirs serves", lambda seen: active_of(seen) == "made-by-hand")
    adapter.wait_until("it is published", lambda: adapter.config_map(NAME)["projectVersionArn"] == theirs)
    assert "which others made: it serves, and is not changed" in message_of(adapter.wait_ready(), "Pinned")

    adapter.edit(tags={"team": "trust-safety"}, pin=None)
    adapter.wait("ours serves again", lambda seen: active_of(seen) == own)
    adapter.wait_ready()
    adapter.wait_until("it is published", lambda: adapter.config_map(NAME)["versionName"] == own)

    assert not [call for call in scene.aws.mutations() if theirs in call.parameters.values()]
    assert scene.aws.tags(theirs) == {}
    assert adapter.trainings() == [own]


def two_versions(scene: Scene) -> tuple[Adapter, str, str]:
    """Return an adapter whose second version is in service, and the names of both."""
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = str(adapter.active)
    adapter.train_on(confidenceThreshold=70)
    adapter.wait_ready()
    return adapter, first, str(adapter.active)


def pinned(seen: Sighting) -> bool:
    return seen.holds("Pinned")
