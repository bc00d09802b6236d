"""What does the operator do about versions that AWS adds, and about those that AWS stops serving?"""

import pytest

from e2e.harness.reading import active_of, changes, reason_of, roles, versions_of
from e2e.harness.scene import Scene
from rekognition_operator.core.tags import CAUSE, DEPRECATED_SEEN
from rekognition_sandbox.emulator.state import VersionStatus

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_version_that_aws_adds_is_shown_as_foreign_and_left_alone(scene: Scene) -> None:
    adapter = scene.adapter(retention={"keep": 0}).apply()
    adapter.wait_ready()
    own, mark = adapter.active, scene.aws.mark()

    foreign = scene.aws.add_foreign_version(adapter.project_arn, "autoupdate-2027-01")
    adapter.wait("it is shown", lambda seen: roles(seen).get("autoupdate-2027-01") == "Foreign")
    adapter.look_now("and-again")

    assert adapter.active == own
    assert scene.aws.mutations(since=mark) == []
    assert versions_of(adapter.now)["autoupdate-2027-01"]["arn"] == foreign
    assert scene.aws.tags(foreign) == {}
    assert adapter.event_reasons.count("ForeignVersion") == 1


@pytest.mark.story
def test_a_deprecated_version_serves_on_and_says_that_it_will_expire(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    name = adapter.active

    scene.aws.control.set_version(adapter.active_arn, status=VersionStatus.DEPRECATED)
    expiring = adapter.wait("Expiring", lambda seen: reason_of(seen, "Expiring") == "Deprecated")

    assert expiring.holds("Ready")
    assert active_of(expiring) == name
    adapter.wait_until("its tag says since when", lambda: DEPRECATED_SEEN in scene.aws.tags(adapter.active_arn))
    assert adapter.trainings() == [name]


@pytest.mark.story
def test_an_expired_version_is_out_of_service_and_trained_again_under_the_next_name(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    name, before = adapter.active, len(adapter.sightings)

    with scene.aws.trainings_held():
        scene.aws.control.set_version(adapter.active_arn, status=VersionStatus.EXPIRED)
        adapter.wait_training()
        assert adapter.active is None
    adapter.wait("the next version serves", lambda seen: active_of(seen) == f"{name}-2")
    adapter.wait_ready()

    expired = next(seen for seen in adapter.sightings[before:] if not seen.holds("Ready"))
    assert (expired.condition("Ready") or {})["reason"] == "AdapterExpired"
    assert changes(active_of(seen) for seen in adapter.sightings[before:]) == [None, f"{name}-2"]
    assert adapter.trainings() == [name, f"{name}-2"]
    assert scene.aws.tags(adapter.active_arn)[CAUSE] == f"expired:{name}"


@pytest.mark.story
def test_a_revert_to_an_expired_version_trains_the_next_of_its_name(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first, first_arn = adapter.active, adapter.active_arn
    adapter.train_on(confidenceThreshold=70)
    second = adapter.wait_ready()
    scene.aws.control.set_version(first_arn, status=VersionStatus.EXPIRED)

    adapter.train_on(confidenceThreshold=60)
    adapter.wait("the next of the first version's name serves", lambda seen: active_of(seen) == f"{first}-2")

    assert adapter.trainings() == [first, active_of(second), f"{first}-2"]
    assert all(seen.holds("Ready") for seen in adapter.sightings if seen.at >= second.at)
