"""Do the fakes of S3 and of detection let a test fail calls, change the world before them, and script answers?"""

from datetime import UTC, datetime

import pytest

from fakes.detection import BASE_MODEL_VERSION, Asked
from fakes.rekognition import Call, FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import (
    ContentType,
    CustomLabelsAnswer,
    DetectedLabel,
    HumanLoop,
    ModerationAnswer,
    S3Image,
)
from rekognition_operator.core.world import Feature

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEACH, STATUE = S3Image("acme-ml", "beach.jpg"), S3Image("acme-ml", "statue.jpg")
EXPLICIT, SWIMWEAR = DetectedLabel("Explicit", 97.0), DetectedLabel("Swimwear or Underwear", 70.0)
LOOP = HumanLoop("review-1", "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/review")


@pytest.fixture
def fake() -> FakeRekognition:
    made = FakeRekognition(now=lambda: NOW)
    made.add_project("storefront")
    return made


async def moderate(
    fake: FakeRekognition,
    arn: str | None,
    image: S3Image = BEACH,
    *,
    min_confidence: float | None = None,
    human_loop: HumanLoop | None = None,
) -> ModerationAnswer:
    return await fake.detection.detect_moderation_labels(
        image, project_version_arn=arn, min_confidence=min_confidence, human_loop=human_loop, lane=Lane.FLIGHT
    )


async def test_calls_of_both_are_those_of_the_fake_and_tell_rekognitions_time_or_not(fake: FakeRekognition) -> None:
    adapter = fake.add_version("storefront", "v1")
    fake.objects.put("acme-ml", "train.manifest", b"x")
    await fake.objects.head("acme-ml", "train.manifest", lane=Lane.SWEEP)
    await fake.objects.read("acme-ml", "train.manifest", max_bytes=1, lane=Lane.SWEEP)
    assert fake.time is None
    await moderate(fake, adapter)
    await moderate(fake, None)
    assert fake.time == NOW
    assert fake.calls == [
        Call("HeadObject", "s3://acme-ml/train.manifest", Lane.SWEEP),
        Call("GetObject", "s3://acme-ml/train.manifest", Lane.SWEEP),
        Call("DetectModerationLabels", adapter, Lane.FLIGHT),
        Call("DetectModerationLabels", "base model", Lane.FLIGHT),
    ]


async def test_an_injected_error_strikes_a_look_at_an_object(fake: FakeRekognition) -> None:
    fake.objects.put("acme-ml", "train.manifest", b"x")
    fake.inject("HeadObject", ErrorKind.ACCESS_DENIED, code="403")
    with pytest.raises(CallError) as refused:
        await fake.objects.head("acme-ml", "train.manifest", lane=Lane.SWEEP)
    assert (refused.value.kind, refused.value.code) == (ErrorKind.ACCESS_DENIED, "403")
    assert (await fake.objects.head("acme-ml", "train.manifest", lane=Lane.SWEEP)).size_bytes == 1


async def test_the_world_may_change_right_before_a_call(fake: FakeRekognition) -> None:
    adapter = fake.add_version("storefront", "v1")
    fake.objects.put("acme-ml", "train.manifest", b"old")

    def change(operation: str) -> None:
        if operation == "GetObject":
            fake.objects.put("acme-ml", "train.manifest", b"new")
        if operation == "DetectModerationLabels":
            fake.expire(adapter)

    fake.on_call = change
    assert await fake.objects.read("acme-ml", "train.manifest", max_bytes=3, lane=Lane.SWEEP) == b"new"
    assert (await moderate(fake, adapter)).project_version is None


async def test_an_object_may_have_any_etag(fake: FakeRekognition) -> None:
    fake.objects.put("acme-ml", "train.manifest", b"x", etag="parts-3")
    assert (await fake.objects.head("acme-ml", "train.manifest", lane=Lane.SWEEP)).etag == "parts-3"


async def test_an_adapter_that_nobody_scripted_answers_without_labels(fake: FakeRekognition) -> None:
    adapter = fake.add_version("storefront", "v1", base_model_version="6.1")
    assert await moderate(fake, adapter) == ModerationAnswer(model_version="6.1", project_version=adapter)
    assert await moderate(fake, None) == ModerationAnswer(model_version=BASE_MODEL_VERSION)


async def test_answers_are_scripted_by_version_and_image(fake: FakeRekognition) -> None:
    adapter = fake.add_version("storefront", "v1")
    rest = ModerationAnswer(content_types=(ContentType("Illustrated", 80.0),), human_loop_arn="loop")
    fake.detection.script(adapter, EXPLICIT, SWIMWEAR, image=BEACH, rest=rest)
    fake.detection.script(adapter, SWIMWEAR)
    fake.detection.script(None, EXPLICIT)
    answer = await moderate(fake, adapter, min_confidence=80, human_loop=LOOP)
    assert (answer.labels, answer.content_types, answer.human_loop_arn) == ((EXPLICIT,), rest.content_types, "loop")
    assert (await moderate(fake, adapter, STATUE)).labels == (SWIMWEAR,)
    assert (await moderate(fake, None)).labels == (EXPLICIT,)
    assert fake.detection.asked[0] == Asked("DetectModerationLabels", adapter, BEACH, 80, LOOP)


async def test_the_base_model_may_answer_for_an_adapter_in_any_state(fake: FakeRekognition) -> None:
    adapter = fake.add_version("storefront", "v1")
    fake.detection.script(adapter, SWIMWEAR)
    fake.detection.script(None, EXPLICIT)
    fake.detection.base_model_answers.add(adapter)
    answer = await moderate(fake, adapter)
    assert (answer.project_version, answer.labels) == (None, (EXPLICIT,))


async def test_a_running_model_answers_as_scripted(fake: FakeRekognition) -> None:
    fake.add_project("parts", feature=Feature.CUSTOM_LABELS)
    model = fake.add_version("parts", "v1")
    fake.run(model)
    gear, bolt = DetectedLabel("gear", 91.0), DetectedLabel("bolt", 20.0)
    fake.detection.script(model, gear, bolt)
    ask = fake.detection.detect_custom_labels
    answers = [
        await ask(BEACH, project_version_arn=model, min_confidence=least, lane=Lane.FLIGHT) for least in (None, 50)
    ]
    assert answers == [CustomLabelsAnswer((gear, bolt)), CustomLabelsAnswer((gear,))]
