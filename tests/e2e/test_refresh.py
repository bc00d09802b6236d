"""What becomes of adapters when AWS releases a base model: refreshed in time, expired, or replaced by AWS itself?

These stories are alone: a base model is released in all Regions, and AWS's time jumps weeks ahead.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from e2e.harness.reading import active_of, changes, message_of, reason_of, roles, versions_of
from e2e.harness.stage import Alone, Stage
from rekognition_operator.core import tags as t

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

TWO_WEEKS = timedelta(days=14)
GRACE = timedelta(days=60)
REFRESH = {"onDeprecated": "Retrain", "after": "336h"}


@pytest.fixture(autouse=True)
def usual_base_model(stage: Stage) -> Iterator[None]:
    """Let the next story find the base model that it expects."""
    yield
    stage.emulator.control.release_base_model("7.0")


def test_a_superseded_adapter_is_refreshed_once_and_in_time_and_without_a_refresh_it_expires(
    alone: Alone, stage: Stage
) -> None:
    with alone() as scene:
        scene.operator.start()
        refreshed = stage.another(scene).adapter("refreshed", refresh=REFRESH).apply()
        reported = stage.another(scene).adapter("reported").apply()
        for adapter in (refreshed, reported):
            adapter.wait_ready()
        first, first_arn = refreshed.active, refreshed.active_arn
        late, before = reported.active, len(reported.sightings)

        scene.aws.control.release_base_model("8.0", deprecate=True, expire_after_seconds=GRACE.total_seconds())
        for adapter in (refreshed, reported):
            expiring = adapter.wait("Expiring", lambda seen: reason_of(seen, "Expiring") == "Deprecated")
            assert expiring.holds("Ready")
            adapter.wait("until when", lambda seen: "expiryEstimate" in seen.status["active"])
        refreshed.wait("when", lambda seen: "trains the same inputs" in message_of(seen, "Expiring"))
        reported.wait("what to do", lambda seen: "onDeprecated: Retrain" in message_of(seen, "Expiring"))
        assert refreshed.trainings() == [first]

        with refreshed.scene.aws.trainings_held():
            scene.aws.travel(TWO_WEEKS)
            refreshed.wait_training()
            training = refreshed.wait("told", lambda seen: reason_of(seen, "Reconciling") == "Training")
            assert training.holds("Ready")
            assert active_of(training) == first
        refreshed.wait("the refreshed one serves", lambda seen: active_of(seen) == f"{first}-2")
        seen = refreshed.wait_ready()

        assert seen.condition("Expiring") is None
        assert seen.status["active"]["baseModelVersion"] == "8.0"
        assert "expiryEstimate" not in seen.status["active"]
        tags = refreshed.scene.aws.tags(refreshed.active_arn)
        assert (tags[t.CAUSE], tags[t.REFRESH_OF]) == (f"refresh:{first}", f"{first} 7.0")
        assert refreshed.scene.aws.tags(first_arn)[t.REFRESHED_BY] == f"{first}-2 seen"

        scene.aws.travel(GRACE - TWO_WEEKS)
        reported.wait("trained anew", lambda seen: active_of(seen) == f"{late}-2")
        reported.wait_ready()
        refreshed.look_now("after-the-expiry")

        expired = next(seen for seen in reported.sightings[before:] if not seen.holds("Ready"))
        assert (expired.condition("Ready") or {})["reason"] == "AdapterExpired"
        assert changes(active_of(seen) for seen in reported.sightings[before:]) == [late, None, f"{late}-2"]
        assert reported.trainings() == [late, f"{late}-2"]
        assert refreshed.trainings() == [first, f"{first}-2"]
        assert changes(active_of(seen) for seen in refreshed.sightings if seen.holds("Ready")) == [first, f"{first}-2"]
        assert versions_of(refreshed.now)[str(first)]["status"] == "EXPIRED"


def test_what_aws_adds_by_auto_update_is_adopted_without_paying_where_the_spec_asks_for_it(
    alone: Alone, stage: Stage
) -> None:
    auto = {"autoUpdate": "Enabled", "refresh": {"onDeprecated": "Retrain", "after": "0m"}}
    with alone() as scene:
        scene.operator.start()
        adopting = stage.another(scene).adapter("adopting", adoptUpdates=True, **auto).apply()
        leaving = stage.another(scene).adapter("leaving", autoUpdate="Enabled").apply()
        own = {adapter.name: (adapter.wait_ready(), adapter.active)[1] for adapter in (adopting, leaving)}

        # While AWS trains, nothing is paid beside it, although the refresh is due at once.
        with adopting.scene.aws.trainings_held(), leaving.scene.aws.trainings_held():
            scene.aws.control.release_base_model("8.1", deprecate=True, expire_after_seconds=GRACE.total_seconds())
            adopting.wait(
                "it waits", lambda seen: "once the training of auto-update-8.1" in message_of(seen, "Reconciling")
            )
            adopting.look_now("while-aws-trains")
            assert active_of(adopting.now) == own["adopting"]
        adopting.wait("AWS's serves", lambda seen: active_of(seen) == "auto-update-8.1")
        adopting.wait_ready()
        leaving.wait(
            "it is shown",
            lambda seen: versions_of(seen).get("auto-update-8.1", {}).get("status") == "TRAINING_COMPLETED",
        )

        tags = adopting.scene.aws.tags(adopting.active_arn)
        assert (tags[t.ADDED_BY], tags[t.DIGEST]) == ("aws", own["adopting"])
        assert adopting.trainings() == [own["adopting"]]
        assert adopting.now.condition("Expiring") is None

        assert roles(leaving.now)["auto-update-8.1"] == "Foreign"
        foreign = versions_of(leaving.now)["auto-update-8.1"]["arn"]
        assert active_of(leaving.now) == own["leaving"]

        scene.aws.travel(GRACE)
        leaving.wait("trained anew", lambda seen: active_of(seen) == f"{own['leaving']}-2")
        adopting.look_now("after-the-expiry")

        assert leaving.trainings() == [own["leaving"], f"{own['leaving']}-2"]
        assert leaving.scene.aws.tags(foreign) == {}
        assert adopting.trainings() == [own["adopting"]]
        assert active_of(adopting.wait_ready()) == "auto-update-8.1"
