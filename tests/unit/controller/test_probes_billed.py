"""How many answers of a version are billed in a day?"""

from collections import Counter
from functools import partial

import pytest

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import DetectedLabel, ModerationAnswer, S3Image
from unit.controller.proving import EXPLICIT, active, gated, probes, rest, serve, sweep, train
from unit.controller.stage import Stage

CASES = ("beach", "street", "park")
PER_DAY = 4 * len(CASES)
"""What an interval of 6 h asks for."""


class Bill:
    """Counts the answers that are billed, by image: a call that fails is not. ``faults``: images that fail for ever."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.billed: Counter[str] = Counter()
        self.faults: set[str] = set()
        self.faults_after: set[str] = set()
        """Images of which the next call is answered, and none after it."""
        self._detect = stage.aws.detection.detect_moderation_labels
        monkeypatch.setattr(stage.aws.detection, "detect_moderation_labels", partial(Bill._answer, self))

    async def _answer(
        self, image: S3Image, *, project_version_arn: str, min_confidence: float, lane: Lane
    ) -> ModerationAnswer:
        name = image.name.removeprefix("probes/").removesuffix(".jpg")
        if name in self.faults:
            raise CallError(ErrorKind.SERVER, "DetectModerationLabels", "InternalServerError", "Internal error")
        answer = await self._detect(
            image, project_version_arn=project_version_arn, min_confidence=min_confidence, lane=lane
        )
        self.faults |= self.faults_after & {name}
        self.billed[name] += 1
        return answer


@pytest.fixture
def bill(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Bill:
    return Bill(stage, monkeypatch)


async def a_day(stage: Stage, lane: Lane = Lane.SWEEP, seconds: float = 600) -> None:
    """Run the passes of a day, and keep the account of that day alone."""
    for _ in range(int(24 * 3600 / seconds)):
        await sweep(stage, seconds, lane)


async def serving(stage: Stage, bill: Bill) -> str:
    version = await serve(stage, gated(probes=probes(*CASES)))
    assert bill.billed == dict.fromkeys(CASES, 1)
    bill.billed.clear()
    return version.arn


@pytest.mark.parametrize("labels", [(), (EXPLICIT,)], ids=["passing", "failing"])
async def test_a_version_that_answers_is_billed_once_an_interval(
    stage: Stage, bill: Bill, labels: tuple[DetectedLabel, ...]
) -> None:
    arn = await serving(stage, bill)
    stage.aws.detection.script(arn, *labels)
    await a_day(stage)
    assert bill.billed == dict.fromkeys(CASES, 4)
    assert stage.condition("ProbesFailing") == ("True" if labels else None)


@pytest.mark.parametrize("labels", [(), (EXPLICIT,)], ids=["passing", "failing"])
@pytest.mark.parametrize("fault", CASES)
async def test_a_case_that_can_never_be_asked_makes_no_other_dearer(
    stage: Stage, bill: Bill, labels: tuple[DetectedLabel, ...], fault: str
) -> None:
    arn = await serving(stage, bill)
    stage.aws.detection.script(arn, *labels)
    bill.faults.add(fault)
    await a_day(stage, Lane.FLIGHT)
    others = {case for case in CASES if case != fault}
    assert bill.billed.keys() == others
    assert all(3 <= bill.billed[case] <= 4 for case in others), "it keeps others waiting for a look at most"


async def test_a_candidate_one_of_whose_cases_can_never_be_asked_is_not_billed_over_and_over(
    stage: Stage, bill: Bill
) -> None:
    stage.create(gated(probes=probes(*CASES)))
    await train(stage)
    bill.faults.add("beach")
    await a_day(stage, Lane.FLIGHT, seconds=300)
    assert active(stage) is None
    assert 0 < bill.billed.total() <= PER_DAY


async def test_the_base_model_is_billed_once_an_hour_whatever_the_number_of_cases(stage: Stage, bill: Bill) -> None:
    arn = await serving(stage, bill)
    stage.aws.detection.base_model_answers.add(arn)
    await a_day(stage)
    assert active(stage) is None
    assert 12 < bill.billed.total() <= PER_DAY + 24
    stage.aws.detection.base_model_answers.clear()
    await sweep(stage, 3600)
    await rest(stage)
    assert active(stage) is not None


async def test_a_first_answer_of_the_base_model_is_remembered_while_the_second_cannot_be_had(
    stage: Stage, bill: Bill
) -> None:
    arn = await serving(stage, bill)
    stage.aws.detection.base_model_answers.add(arn)
    bill.faults_after.update(CASES)
    await a_day(stage, Lane.FLIGHT)
    assert bill.billed == dict.fromkeys(CASES, 1)
    assert active(stage) is not None, "one answer is not believed"
    bill.faults.clear()
    bill.faults_after.clear()
    await sweep(stage)
    assert bill.billed.total() == len(CASES) + 1
    assert active(stage) is None
