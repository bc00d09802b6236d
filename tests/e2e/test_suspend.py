"""What does spec.suspend hold up, and what goes on afterwards?"""

import pytest

from e2e.harness.reading import message_of
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_suspended_resource_changes_nothing_in_aws_until_it_goes_on(scene: Scene) -> None:
    adapter = scene.adapter(suspend=True).apply()
    suspended = adapter.wait("Suspended", lambda seen: seen.holds("Suspended"))
    adapter.look_now("still-suspended")

    assert "Waiting to be done: CreateProject" in message_of(suspended, "Suspended")
    assert scene.aws.mutations() == []

    adapter.edit(suspend=False)
    adapter.wait_ready()

    assert adapter.now.condition("Suspended") is None
    adapter.wait_events("Suspended", "Resumed")


@pytest.mark.story
def test_an_adapter_serves_on_while_it_is_suspended_and_an_edit_waits(scene: Scene) -> None:
    adapter = scene.adapter(tags={"team": "trust-safety"}).apply()
    adapter.wait_ready()
    first, mark = adapter.active, scene.aws.mark()

    adapter.edit(suspend=True, training={"confidenceThreshold": 70}, tags={"team": "integrity"})
    waiting = adapter.wait("Suspended", lambda seen: "CreateVersion" in message_of(seen, "Suspended"))

    assert waiting.holds("Ready")
    assert not waiting.holds("UpToDate")
    assert waiting.holds("Drifted")
    assert scene.aws.mutations(since=mark) == []

    adapter.edit(suspend=False)
    adapter.wait_ready()

    assert adapter.trainings()[0] == first
    assert adapter.active == adapter.trainings()[1]
    assert scene.aws.tags(adapter.project_arn)["team"] == "integrity"
