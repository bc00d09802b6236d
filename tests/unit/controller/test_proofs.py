"""When are summaries read, and when are versions asked?"""

import pytest

from fakes.summaries import Mistakes
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.kube.resource import JsonObject
from unit.controller.proving import (
    SIX_HOURS,
    active,
    gated,
    probes,
    rest,
    restart,
    serve,
    shown,
    sweep,
    train,
)
from unit.controller.stage import KEY, PROJECT, VERSION, Stage

BETTER: JsonObject = {"minImprovementOverBase": {"falsePositives": 0.1}}
BAD = Mistakes(false_positives=10)


def images(stage: Stage) -> list[str]:
    """Return the images that versions were asked about, in order."""
    named = [call.image for call in stage.aws.detection.asked if not isinstance(call.image, bytes)]
    return [image.name.removeprefix("probes/").removesuffix(".jpg") for image in named]


def reads(stage: Stage) -> int:
    """Return how many summaries the last pass has read."""
    return stage.aws_calls.count("GetObject")


# --- summaries ------------------------------------------------------------------------------------------------------


async def test_a_summary_is_read_once_and_once_more_after_a_restart(stage: Stage) -> None:
    stage.create(gated(**BETTER))
    await train(stage)
    await stage.run()
    assert reads(stage) == 1
    assert "TagResource" in stage.effects
    for lane in (Lane.CHANGE, Lane.FLIGHT, Lane.SWEEP, Lane.SWEEP):
        await sweep(stage, lane=lane)
        assert reads(stage) == 0
    restart(stage)
    await stage.run()
    assert reads(stage) == 1
    await stage.run()
    assert reads(stage) == 0


async def test_a_version_in_service_whose_summary_cannot_be_read_serves_on(stage: Stage) -> None:
    stage.aws.inject("GetObject", ErrorKind.ACCESS_DENIED, times=100)
    await serve(stage, gated(minF1Score=0.5))
    assert stage.finding("Stalled") is None
    assert "evaluation" not in shown(stage, VERSION)


@pytest.mark.parametrize("fault", [ErrorKind.SERVER, ErrorKind.ACCESS_DENIED])
async def test_what_status_tells_of_an_evaluation_is_not_taken_back_where_it_cannot_be_read(
    stage: Stage, fault: ErrorKind
) -> None:
    await serve(stage, gated(minF1Score=0.5))
    before = stage.resource.status
    assert "evaluation" in shown(stage, VERSION)
    stage.aws.inject("GetObject", fault, times=100)
    restart(stage)
    await sweep(stage)
    assert stage.resource.status == before
    assert stage.kube.writes == []


async def test_a_summary_that_a_person_must_make_readable_is_looked_for_once_a_sweep(stage: Stage) -> None:
    stage.create(gated(**BETTER))
    version = await train(stage)
    stage.aws.inject("GetObject", ErrorKind.ACCESS_DENIED, message="Access Denied", times=100)
    await rest(stage)
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "ProofBlocked"
    assert "EvaluationResultSummary" in finding[1]
    assert "Access Denied" in finding[1]
    for _ in range(3):
        await sweep(stage)
        assert reads(stage) == 1
        await sweep(stage, 31, Lane.FLIGHT)
        assert reads(stage) == 0
    stage.aws.clear_faults()
    await rest(stage)
    assert active(stage) == version.name
    assert stage.finding("Stalled") is None


async def test_a_summary_that_cannot_be_read_for_now_is_tried_in_each_pass(stage: Stage) -> None:
    stage.create(gated(**BETTER))
    version = await train(stage)
    stage.aws.inject("GetObject", ErrorKind.SERVER, message="Slow down", times=3)
    for _ in range(3):
        await sweep(stage, 31, Lane.FLIGHT)
        assert reads(stage) == 1
        assert stage.finding("Reconciling") is not None
        assert active(stage) is None
    await rest(stage)
    assert active(stage) == version.name


async def test_a_summary_that_is_none_needs_a_person(stage: Stage) -> None:
    stage.create(gated(**BETTER))
    version = await train(stage)
    place = version.evaluation_summary
    assert place is not None
    stage.aws.objects.put(place.bucket, place.name, b"{}")
    await rest(stage)
    assert (stage.finding("Stalled") or ("", ""))[0] == "ProofBlocked"


# --- probes ---------------------------------------------------------------------------------------------------------


async def test_each_probe_is_asked_once_before_a_version_serves_and_again_after_the_interval(stage: Stage) -> None:
    version = await serve(stage, gated(probes=probes("beach", "street")))
    assert [(call.operation, call.arn, call.min_confidence) for call in stage.aws.detection.asked] == [
        ("DetectModerationLabels", version.arn, 60.0)
    ] * 2
    for _ in range(int(SIX_HOURS / 601) - 1):
        await sweep(stage)
    assert len(stage.aws.detection.asked) == 2
    await sweep(stage, 1300)
    assert len(stage.aws.detection.asked) == 4
    await sweep(stage)
    assert len(stage.aws.detection.asked) == 4


async def test_a_version_is_asked_again_after_a_restart(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    restart(stage)
    await stage.run(Lane.SWEEP)
    assert len(stage.aws.detection.asked) == 2
    assert stage.effects == []
    assert stage.kube.writes == []


async def test_a_changed_probe_is_asked_at_once(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, gated(probes=probes("street")))
    await stage.run()
    assert images(stage) == ["beach", "street"]


async def test_a_probe_that_was_not_changed_is_not_asked_again(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, gated(probes=probes("beach", "street"), minF1Score=0.5))
    await rest(stage)
    assert images(stage) == ["beach", "street"]
    assert stage.condition("Ready") == "True"


async def test_another_interval_asks_nothing_anew(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, gated(probes=probes(interval="15m")))
    await stage.run()
    assert len(stage.aws.detection.asked) == 1
    await sweep(stage, 15 * 60)
    assert len(stage.aws.detection.asked) == 2


async def test_nothing_is_asked_while_suspended(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, {**gated(probes=probes("street")), "suspend": True})
    await sweep(stage, SIX_HOURS)
    assert len(stage.aws.detection.asked) == 1


async def test_nothing_is_asked_or_read_of_what_is_being_deleted(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.kube.delete(KEY)
    restart(stage)
    await stage.run()
    assert len(stage.aws.detection.asked) == 1
    assert reads(stage) == 0


async def test_nothing_is_asked_or_read_in_a_project_of_another(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    stage.aws.tag(stage.aws.project(PROJECT).arn, {"rekognition-operator.io/name": "another"})
    restart(stage)
    await sweep(stage, SIX_HOURS)
    assert len(stage.aws.detection.asked) == 1
    assert reads(stage) == 0


async def test_a_version_that_another_gate_rejects_is_not_asked(stage: Stage) -> None:
    stage.create(gated(minF1Score=0.8, probes=probes()))
    await train(stage, f1_score=0.7)
    await rest(stage)
    assert stage.aws.detection.asked == []
    assert active(stage) is None


async def test_after_a_passing_fault_only_what_was_not_answered_is_asked_again(stage: Stage) -> None:
    stage.create(gated(probes=probes("beach", "street")))
    version = await train(stage)
    stage.aws.inject("DetectModerationLabels", ErrorKind.THROTTLED, message="Rate exceeded", nth=2)
    await stage.run()
    assert images(stage) == ["beach", "street"]
    assert (stage.finding("Reconciling") or ("", ""))[0] == "Proving"
    await rest(stage)
    assert images(stage) == ["beach", "street", "street"]
    assert active(stage) == version.name


async def test_a_fault_is_not_met_twice_in_a_look_and_what_failed_is_asked_last(stage: Stage) -> None:
    stage.create(gated(probes=probes("beach", "street")))
    await train(stage)
    stage.aws.inject("DetectModerationLabels", ErrorKind.THROTTLED, message="Rate exceeded")
    await stage.run()
    assert images(stage) == ["beach"]
    await rest(stage)
    assert images(stage) == ["beach", "street", "beach"]


async def test_an_image_that_cannot_be_read_is_looked_for_once_a_sweep(stage: Stage) -> None:
    stage.create(gated(probes=probes()))
    await train(stage)
    stage.aws.inject("DetectModerationLabels", ErrorKind.INVALID, message="Unable to get object metadata", times=100)
    await rest(stage)
    assert (stage.finding("Stalled") or ("", ""))[0] == "ProofBlocked"
    before = len(stage.aws.detection.asked)
    await sweep(stage)
    await sweep(stage, 31, Lane.FLIGHT)
    assert len(stage.aws.detection.asked) == before + 1
    stage.aws.clear_faults()
    await sweep(stage)
    await rest(stage)
    assert active(stage) == VERSION


async def test_that_the_base_model_answers_is_believed_only_when_it_does_so_twice(stage: Stage) -> None:
    stage.create(gated(probes=probes()))
    version = await train(stage)
    stage.aws.detection.base_model_answers.add(version.arn)
    calls = 0

    def answer_once(operation: str) -> None:
        nonlocal calls
        calls += operation == "DetectModerationLabels"
        if calls == 2:
            stage.aws.detection.base_model_answers.clear()

    stage.aws.on_call = answer_once
    await rest(stage)
    assert calls == 2
    assert active(stage) == version.name
