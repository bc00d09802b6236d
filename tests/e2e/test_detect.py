"""What does a person learn from the command line about the adapter in service?"""

import json

import pytest

from e2e.harness.cli import command
from e2e.harness.scene import Scene
from rekognition_sandbox.emulator.state import VersionStatus

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


def picture(scene: Scene) -> str:
    return f"s3://{scene.aws.bucket}/{scene.aws.pictures}images/test/beach.png"


@pytest.mark.story
def test_the_adapter_in_service_answers_on_the_command_line_and_fills_a_report(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()

    asked = command(scene, "detect", "modad/storefront", picture(scene), "--compare-base", "--output", "json")
    assert asked.code == 0, asked.err
    answer = json.loads(asked.out)
    assert answer["answeredBy"] == "adapter"
    assert answer["projectVersionArn"] == adapter.active_arn
    assert answer["labels"] != answer["base"]["labels"]

    page = scene.cluster.home / f"{scene.namespace}.html"
    reported = command(scene, "report", "modad/storefront", "-o", str(page))
    assert (reported.code, reported.err) == (0, f"Wrote {page}\n")
    html = page.read_text(encoding="utf-8")
    assert f"Version {adapter.active} against the base model" in html
    assert html.count("<svg") == 6


@pytest.mark.story
def test_the_command_line_tells_that_the_base_model_answers_for_an_expired_adapter(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    name = adapter.active
    assert name is not None
    scene.aws.control.set_version(adapter.active_arn, status=VersionStatus.EXPIRED)

    asked = command(scene, "detect", "modad/storefront", picture(scene), "--version", name)
    assert asked.code == 3, asked.err
    assert f"the BASE MODEL answered, not version {name}" in asked.err
    assert "Answered by the base model" in asked.out
