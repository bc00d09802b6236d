"""What does a person learn from the command line about the model in service?"""

import json

import pytest

from e2e.harness.cli import command
from e2e.harness.scene import Scene
from rekognition_operator.api.annotations import LAST_USED_AT

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_running_model_answers_on_the_command_line_and_a_stopped_one_says_how_to_run_it(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    picture = f"s3://{scene.aws.bucket}/{scene.aws.parts}images/test/steel-gear.png"

    asked = command(scene, "detect", "clm/parts", picture, "--output", "json")
    assert asked.code == 0, asked.err
    answer = json.loads(asked.out)
    assert (answer["answeredBy"], answer["versionName"]) == ("model", model.active)
    assert answer["labels"][0]["name"] == "gear"
    model.wait("its use was noted", lambda seen: LAST_USED_AT in (seen.body["metadata"].get("annotations") or {}))

    model.serve(state="Stopped")
    model.wait_at_rest("Stopped")
    refused = command(scene, "detect", "clm/parts", picture)
    assert refused.code == 1
    assert "Set spec.serving.state: Running" in refused.err
