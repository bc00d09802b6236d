"""What is told of a version that was proved, and when does the base model take one out of service?"""

from collections.abc import Callable

import pytest

from fakes.summaries import Mistakes
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.kube.resource import JsonObject
from unit.controller.proving import (
    EXPLICIT,
    NEW,
    SIX_HOURS,
    active,
    add_foreign,
    gated,
    probes,
    rest,
    restart,
    serve,
    shown,
    sweep,
    train,
)
from unit.controller.stage import KEY, VERSION, Stage

HOUR = 3600.0
BETTER: JsonObject = {"minImprovementOverBase": {"falsePositives": 0.1}}
BAD = Mistakes(false_positives=10)


# --- the base model answers for what serves -------------------------------------------------------------------------


async def base_model_answers(stage: Stage) -> None:
    """Let the base model answer for the only version, which serves."""
    version = await serve(stage, gated(probes=probes()))
    stage.aws.detection.base_model_answers.add(version.arn)
    await sweep(stage, SIX_HOURS)
    await rest(stage)


async def test_a_version_that_the_base_model_answers_for_is_out_of_service_until_it_answers_itself(
    stage: Stage,
) -> None:
    await base_model_answers(stage)
    assert active(stage) is None
    assert (stage.finding("Ready") or ("", ""))[0] == "BaseModelAnswers"
    assert len(stage.aws.created) == 1, "nothing is trained for it"
    asked = len(stage.aws.detection.asked)
    await sweep(stage)
    assert len(stage.aws.detection.asked) == asked, "each answer is billed, and the last one is not an hour old"
    await sweep(stage, HOUR)
    assert len(stage.aws.detection.asked) == asked + 1, "what was believed needs no second answer"
    stage.aws.detection.base_model_answers.clear()
    await sweep(stage, HOUR)
    assert active(stage) == VERSION
    assert stage.condition("Ready") == "True"


async def test_it_stays_out_of_service_while_it_cannot_be_asked(stage: Stage) -> None:
    await base_model_answers(stage)
    stage.aws.inject("DetectModerationLabels", ErrorKind.THROTTLED, times=1)
    stage.aws.detection.base_model_answers.clear()
    await sweep(stage, HOUR)
    assert active(stage) is None
    assert stage.kube.writes == []
    await sweep(stage)
    assert active(stage) == VERSION


async def test_a_person_who_asks_for_a_look_has_it_asked_at_once(stage: Stage) -> None:
    await base_model_answers(stage)
    stage.aws.detection.base_model_answers.clear()
    await stage.run(Lane.CHANGE)
    await rest(stage)
    assert active(stage) == VERSION


async def test_a_version_that_has_not_served_yet_is_asked_and_serves_instead(stage: Stage) -> None:
    old = await serve(stage, gated())
    stage.kube.edit_spec(KEY, gated(NEW, strategy="Manual"))
    new = await train(stage)
    await rest(stage)
    assert active(stage) == old.name
    stage.aws.detection.base_model_answers.add(old.arn)
    stage.kube.edit_spec(KEY, gated(probes=probes()))
    await rest(stage)
    assert active(stage) == new.name
    assert (stage.finding("Stalled") or ("", ""))[0] == "BaseModelAnswers"
    promoted = old.tags["rekognition-operator.io/promoted-at"]
    await sweep(stage, HOUR)
    await rest(stage)
    assert active(stage) == new.name
    assert old.tags["rekognition-operator.io/promoted-at"] == promoted, "nor is it put into service in between"
    stage.aws.detection.base_model_answers.clear()
    await sweep(stage)
    await rest(stage)
    assert active(stage) == old.name


async def test_a_revert_to_a_version_that_the_base_model_answers_for_does_not_put_it_into_service(stage: Stage) -> None:
    old = await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, gated(NEW, probes=probes()))
    new = await train(stage)
    await rest(stage)
    assert active(stage) == new.name
    stage.aws.detection.base_model_answers.add(old.arn)
    promoted = old.tags["rekognition-operator.io/promoted-at"]
    stage.clock.seconds += SIX_HOURS  # else what it answered last is believed
    stage.kube.edit_spec(KEY, gated(probes=probes()))
    await rest(stage)
    assert active(stage) == new.name
    assert old.tags["rekognition-operator.io/promoted-at"] == promoted
    assert "rekognition-operator.io/base-model-answers" in old.tags
    assert (stage.finding("Stalled") or ("", ""))[0] == "BaseModelAnswers"


async def test_a_pin_to_a_version_that_the_base_model_answers_for_does_not_put_it_into_service(stage: Stage) -> None:
    old = await serve(stage, gated(probes=probes()))
    stage.kube.edit_spec(KEY, gated(NEW, probes=probes()))
    new = await train(stage)
    await rest(stage)
    stage.aws.detection.base_model_answers.add(old.arn)
    stage.clock.seconds += SIX_HOURS
    stage.kube.edit_spec(KEY, {**gated(NEW, probes=probes()), "pin": old.name})
    await rest(stage)
    assert active(stage) == new.name
    assert (stage.finding("Stalled") or ("", ""))[0] == "PinnedVersionUnavailable"
    stage.aws.detection.base_model_answers.clear()
    await sweep(stage)
    await rest(stage)
    assert active(stage) == old.name


# --- what is told ---------------------------------------------------------------------------------------------------


async def test_status_tells_how_a_version_compares_with_the_base_model_and_which_gates_it_passes(stage: Stage) -> None:
    await serve(stage, gated(minF1Score=0.8, **BETTER))
    version, serving = shown(stage, VERSION), stage.resource.status["active"]
    assert isinstance(serving, dict)
    assert (
        version["evaluation"]
        == serving["evaluation"]
        == {
            "threshold": 60,
            "precision": 0.9524,
            "recall": 0.9302,
            "falsePositives": 2,
            "falseNegatives": 3,
            "baseFalsePositives": 10,
            "baseFalseNegatives": 6,
            "versusBase": "80 % fewer false positives and 50 % fewer false negatives than the base model",
        }
    )
    assert version["gates"] == [
        {"gate": "minF1Score", "passed": True, "wanted": "at least 0.8", "got": "0.9"},
        {
            "gate": "minImprovementOverBase.falsePositives",
            "passed": True,
            "wanted": "10 % fewer false positives than the base model",
            "got": "2 where the base model has 10 at threshold 60",
        },
    ]
    assert "rejected" not in version
    (event,) = [event for event in stage.kube.events if event.reason == "InService"]
    assert "80 % fewer false positives" in event.message


async def test_a_rejection_is_told_with_the_gate_and_what_it_wanted_and_got(stage: Stage) -> None:
    old = await serve(stage, gated(**BETTER))
    stage.kube.edit_spec(KEY, gated(NEW, **BETTER))
    new = await train(stage, mistakes=BAD)
    await rest(stage)
    says = (
        "minImprovementOverBase.falsePositives: wanted 10 percent fewer false positives than the base model - got 10 "
        "where the base model has 10 at threshold 60"
    )
    assert active(stage) == old.name
    assert shown(stage, new.name)["rejected"] == says
    assert shown(stage, new.name)["role"] == "Rejected"
    assert new.tags["rekognition-operator.io/rejected"].endswith(says)
    (event,) = [event for event in stage.kube.events if event.reason == "VersionRejected"]
    assert event.type == "Warning"
    assert says in event.message
    assert len(stage.aws.created) == 2, "nothing is trained by itself"


async def test_a_rejection_outlives_status_summary_and_operator(stage: Stage) -> None:
    old = await serve(stage, gated(**BETTER))
    stage.kube.edit_spec(KEY, gated(NEW, **BETTER))
    new = await train(stage, mistakes=BAD)
    await rest(stage)
    before = stage.resource.status["conditions"]
    stage.kube.lose_status(KEY)
    stage.aws.inject("GetObject", ErrorKind.NOT_FOUND, times=100)
    restart(stage)
    await rest(stage)
    assert active(stage) == old.name
    assert (stage.finding("Stalled") or ("", ""))[0] == "VersionRejected"
    assert shown(stage, new.name)["role"] == "Rejected"
    assert isinstance(before, list)
    conditions = stage.resource.status["conditions"]
    assert isinstance(conditions, list)
    assert [c["message"] for c in conditions if isinstance(c, dict)] == [
        c["message"] for c in before if isinstance(c, dict)
    ]


async def test_a_word_is_kept_with_the_version_and_the_annotation_may_go(stage: Stage) -> None:
    old = await serve(stage, gated(strategy="Automatic"))
    stage.kube.edit_spec(KEY, gated(NEW, strategy="Manual"))
    new = await train(stage)
    await rest(stage)
    assert active(stage) == old.name
    assert [event.type for event in stage.kube.events if event.reason == "AwaitingApproval"] == ["Normal"]
    stage.kube.annotate(KEY, approve=new.name)
    stage.aws.inject("TagResource", ErrorKind.SERVER, nth=2)
    await stage.run()
    assert "rekognition-operator.io/approved" in new.tags
    stage.kube.annotate(KEY, approve=None)
    await rest(stage)
    assert active(stage) == new.name


# --- quiet ----------------------------------------------------------------------------------------------------------


async def passes_all_gates(stage: Stage) -> None:
    await serve(stage, gated(minF1Score=0.8, maxF1Regression=0.02, probes=probes(), **BETTER))


async def is_rejected(stage: Stage) -> None:
    await serve(stage, gated(minF1Score=0.8))
    stage.kube.edit_spec(KEY, gated(NEW, minF1Score=0.8))
    await train(stage, f1_score=0.7)
    await rest(stage)
    assert (stage.finding("Stalled") or ("", ""))[0] == "VersionRejected"


async def awaits_approval(stage: Stage) -> None:
    await serve(stage, gated(strategy="Automatic"))
    stage.kube.edit_spec(KEY, gated(NEW, strategy="Manual", probes=probes()))
    await train(stage)
    await rest(stage)
    assert stage.condition("AwaitingApproval") == "True"


async def fails_its_probes(stage: Stage) -> None:
    version = await serve(stage, gated(probes=probes()))
    stage.aws.detection.script(version.arn, EXPLICIT)
    await sweep(stage, SIX_HOURS)
    await rest(stage)
    assert stage.condition("ProbesFailing") == "True"


async def cannot_be_proved(stage: Stage) -> None:
    stage.create(gated(**BETTER))
    await train(stage)
    stage.aws.inject("GetObject", ErrorKind.NOT_FOUND, times=1000)
    await rest(stage)
    assert (stage.finding("Stalled") or ("", ""))[0] == "ProofBlocked"


async def is_pinned(stage: Stage) -> None:
    old = await serve(stage, gated(minF1Score=0.8))
    stage.kube.edit_spec(KEY, {**gated(NEW, minF1Score=0.8), "pin": old.name})
    await train(stage)
    await rest(stage)
    assert active(stage) == old.name


async def overrides_a_gate(stage: Stage) -> None:
    await is_rejected(stage)
    new = stage.aws.versions[-1]
    stage.kube.edit_spec(KEY, {**gated(NEW, minF1Score=0.8), "pin": new.name})
    await rest(stage)
    assert active(stage) == new.name
    assert stage.condition("GateOverridden") == "True"


async def serves_what_others_made(stage: Stage) -> None:
    await serve(stage, gated(probes=probes()))
    add_foreign(stage)
    stage.kube.edit_spec(KEY, {**gated(probes=probes()), "pin": "by-hand"})
    await rest(stage)
    assert active(stage) == "by-hand"
    assert stage.aws.version("by-hand").tags == {}


async def is_pinned_to_nothing(stage: Stage) -> None:
    await serve(stage, gated(minF1Score=0.8))
    stage.kube.edit_spec(KEY, {**gated(minF1Score=0.8), "pin": "gone"})
    await rest(stage)
    assert (stage.finding("Stalled") or ("", ""))[0] == "PinnedVersionUnavailable"


SETTLED = (
    passes_all_gates,
    is_rejected,
    awaits_approval,
    fails_its_probes,
    base_model_answers,
    cannot_be_proved,
    is_pinned,
    overrides_a_gate,
    serves_what_others_made,
    is_pinned_to_nothing,
)


@pytest.mark.parametrize("settled", SETTLED, ids=lambda settled: settled.__name__)
async def test_nothing_is_written_of_what_is_settled_nor_after_a_restart(
    stage: Stage, settled: Callable[[Stage], object]
) -> None:
    await settled(stage)  # type: ignore[misc]  # each is a coroutine function
    before = stage.resource
    for _ in range(3):
        await sweep(stage)
        assert stage.kube.writes == []
        assert stage.effects == []
        assert "DescribeProjectVersions" in stage.aws_calls
    restart(stage)
    for seconds in (1, 601, SIX_HOURS):
        await sweep(stage, seconds)
        assert stage.kube.writes == []
        assert stage.effects == []
    assert stage.resource == before
