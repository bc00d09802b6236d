"""When is a model asked, which answers only while it runs and is billed for that?"""

import pytest
from pydantic import JsonValue

from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.kube.resource import JsonObject
from unit.controller.models import MODEL_KEY, ModelStage, spec, version_name
from unit.controller.proving import EXPLICIT, probes
from unit.controller.stage import Stage

OLD, NEW = version_name(), version_name("second")


@pytest.fixture
def stage() -> ModelStage:
    """Set up a model's world, in which the images of probes exist."""
    made = ModelStage()
    made.aws.objects.put("acme-ml", "probes/beach.jpg", b"a beach")
    return made


def asked(stage: Stage) -> list[str]:
    """Return the names of the versions that were asked, in order."""
    return [str(call.arn).split("/")[3] for call in stage.aws.detection.asked]


def proved(manifest: str, *, serving: JsonObject | None = None, **promotion: JsonValue) -> JsonObject:
    """Return the spec of a model that must answer the probe beach."""
    return {**spec(manifest, **(serving or {})), "promotion": {"probes": probes(), **promotion}}


async def serve_then_edit(stage: ModelStage, edit: JsonObject) -> None:
    """Put the first version into service without any gate, then ask for the second one, and train it."""
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, edit)
    await stage.turn()
    assert stage.state("second") == "TRAINING_COMPLETED"


async def test_the_next_model_is_asked_once_it_runs_and_takes_over_then(stage: ModelStage) -> None:
    await serve_then_edit(stage, proved("second"))
    await stage.turn()
    assert stage.aws_calls.count("HeadObject") == 1, "that the image is there is seen before anything is billed"
    assert asked(stage) == [OLD]
    await stage.turn()
    assert stage.effects == ["TagResource", "TagResource", "StopProjectVersion"]
    assert asked(stage) == [OLD, NEW]
    await stage.until_settled()
    assert stage.active() == NEW
    assert asked(stage) == [OLD, NEW], "what it has answered is good for the interval"
    assert stage.occupying() == [NEW]


async def test_a_model_that_fails_is_rejected_and_stopped_in_the_same_pass(stage: ModelStage) -> None:
    await serve_then_edit(stage, proved("second"))
    version = stage.aws.version(NEW)
    stage.aws.detection.script(version.arn, EXPLICIT)
    await stage.turn()
    await stage.turn()
    assert stage.effects == ["TagResource", "TagResource", "StopProjectVersion"]
    assert "probe beach: wanted no Explicit" in version.tags["rekognition-operator.io/rejected"]
    await stage.until_settled()
    assert stage.active() == OLD
    assert stage.occupying() == [OLD]
    assert (stage.finding("Stalled") or ("", ""))[0] == "VersionRejected"
    asked_by_now = len(stage.aws.detection.asked)
    await stage.sweep()
    assert len(stage.aws.detection.asked) == asked_by_now
    assert (stage.effects, stage.kube.writes) == ([], [])


async def test_under_recreate_the_old_model_comes_back_when_the_next_one_fails(stage: ModelStage) -> None:
    await serve_then_edit(stage, proved("second", serving={"rollout": "Recreate"}))
    stage.aws.detection.script(stage.aws.version(NEW).arn, EXPLICIT)
    await stage.until_settled()
    assert stage.active() == OLD
    assert stage.occupying() == [OLD]
    assert stage.condition("Ready") == "True"
    assert stage.kube.events[-1].reason == "Running"
    assert f"Version {OLD} runs" in stage.kube.events[-1].message
    assert "for the first time in" in stage.kube.events[-1].message


async def test_a_model_whose_image_is_missing_is_not_started_until_it_is_there(stage: ModelStage) -> None:
    stage.aws.objects.delete("acme-ml", "probes/beach.jpg")
    await serve_then_edit(stage, proved("second"))
    await stage.until_settled()
    assert stage.state("second") == "TRAINING_COMPLETED"
    assert (stage.finding("Stalled") or ("", ""))[0] == "ProofBlocked"
    stage.aws.objects.put("acme-ml", "probes/beach.jpg", b"a beach")
    await stage.until_settled()
    assert stage.active() == NEW


async def test_a_model_is_let_run_while_it_cannot_be_asked_for_now(stage: ModelStage) -> None:
    await serve_then_edit(stage, proved("second"))
    await stage.turn()
    stage.aws.inject("DetectCustomLabels", ErrorKind.SERVER, times=100)
    await stage.turn()
    await stage.turn()
    assert sorted(stage.occupying()) == sorted([OLD, NEW])
    assert stage.active() == OLD
    stage.aws.clear_faults()
    await stage.until_settled()
    assert stage.active() == NEW


async def test_a_model_that_waits_for_a_word_is_proved_and_stopped_and_started_again_upon_it(stage: ModelStage) -> None:
    await serve_then_edit(stage, proved("second", strategy="Manual"))
    await stage.until_settled()
    assert stage.condition("AwaitingApproval") == "True"
    assert stage.occupying() == [OLD]
    assert asked(stage).count(NEW) == 1
    stage.kube.annotate(MODEL_KEY, approve=NEW)
    await stage.until_settled()
    assert stage.active() == NEW
    assert stage.occupying() == [NEW]
    assert [e.type for e in stage.kube.events if e.reason == "AwaitingApproval"] == ["Normal"]


async def test_a_model_in_service_that_may_be_stopped_when_idle_is_asked_only_before_it_serves(
    stage: ModelStage,
) -> None:
    stage.create(proved("first", serving={"idleStop": {"after": "2h"}}))
    await stage.until_settled()
    assert asked(stage) == [OLD]
    for _ in range(8):
        stage.clock.seconds += 900
        await stage.turn()
    assert asked(stage) == [OLD]
    await stage.until_settled()
    assert stage.state() == "STOPPED"


async def test_a_model_that_shall_not_run_is_not_started_to_be_asked(stage: ModelStage) -> None:
    stage.create(proved("first", serving={"state": "Stopped"}))
    await stage.until_settled()
    assert stage.occupying() == []
    assert asked(stage) == []
    assert stage.active() is None
    assert stage.condition("Ready") == "True"
    assert stage.condition("UpToDate") == "False"
    stage.kube.edit_spec(MODEL_KEY, proved("first"))
    await stage.until_settled()
    assert stage.active() == OLD
    assert stage.condition("UpToDate") == "True"
