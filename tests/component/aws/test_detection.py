"""Who answers for an image, and when nobody? Over boto3 and the emulator, and by the in-memory fake alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.core.detected import CustomLabelsAnswer, DetectedLabel, HumanLoop, ModerationAnswer, S3Image
from rekognition_operator.core.world import Feature
from rekognition_sandbox.samples.picture import draw
from rekognition_sandbox.samples.scenes import SCENES

SAMPLES = "acme-samples"
CLEAR, FAINT = S3Image(SAMPLES, "clear.png"), S3Image(SAMPLES, "faint.png")
"""The base model is 75.6 sure of what it sees on the one, and 34.4 on the other."""
FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/review"
LANE = Lane.FLIGHT


@dataclass
class World:
    """One of the two, with a trained adapter and a trained model."""

    aws: Rekognition
    adapter: str
    model: str
    set_status: Callable[[str, str], object]
    deny: Callable[[str], object]
    now: Callable[[], datetime]

    async def moderate(
        self,
        arn: str | None,
        *,
        image: S3Image | bytes = CLEAR,
        min_confidence: float | None = None,
        human_loop: HumanLoop | None = None,
    ) -> ModerationAnswer:
        return await self.aws.detection.detect_moderation_labels(
            image,
            project_version_arn=arn,
            min_confidence=min_confidence,
            human_loop=human_loop,
            lane=LANE,
        )

    async def label(self, arn: str) -> CustomLabelsAnswer:
        return await self.aws.detection.detect_custom_labels(
            CLEAR, project_version_arn=arn, min_confidence=0, lane=LANE
        )


def fake_world() -> World:
    fake = FakeRekognition(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    fake.add_project("storefront")
    fake.add_project("parts", feature=Feature.CUSTOM_LABELS)
    fake.detection.script(None, DetectedLabel("Alcohol", 75.6), image=CLEAR)
    fake.detection.script(None, DetectedLabel("Smoking", 34.4), image=FAINT)
    return World(
        fake,
        fake.add_version("storefront", "v1"),
        fake.add_version("parts", "v1"),
        fake.set_status,
        lambda operation: fake.inject(operation, ErrorKind.ACCESS_DENIED),
        lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


def emulated_world(aws: Any) -> World:
    s3, rekognition = boto3.client("s3"), boto3.client("rekognition")
    s3.create_bucket(Bucket=SAMPLES)
    for image, scene, number in ((CLEAR, "grape-juice", 2), (FAINT, "vape-pen", 0)):
        s3.put_object(Bucket=SAMPLES, Key=image.name, Body=draw(SCENES[scene], number))
    projects = (
        rekognition.create_project(ProjectName="storefront", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED")[
            "ProjectArn"
        ],
        rekognition.create_project(ProjectName="parts")["ProjectArn"],
    )
    aws.settle()
    adapter, model = (str(aws.control.add_foreign_version(project, "v1").arn) for project in projects)
    return World(
        aws.gateway,
        adapter,
        model,
        lambda arn, status: aws.control.set_version(arn, status=status),
        lambda operation: aws.control.fail(operation, "AccessDeniedException", times=1),
        lambda: aws.control.clock().now,
    )


@pytest.fixture(params=["fake", "emulator"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return fake_world()
    return emulated_world(request.getfixturevalue("aws"))


async def refusal_of(attempt: Any) -> tuple[ErrorKind, str]:
    with pytest.raises(CallError) as refused:
        await attempt
    return refused.value.kind, refused.value.code


@pytest.mark.parametrize("status", ["TRAINING_COMPLETED", "DEPRECATED"])
async def test_an_adapter_answers_and_says_so(world: World, status: str) -> None:
    world.set_status(world.adapter, status)
    assert (await world.moderate(world.adapter)).project_version == world.adapter


async def test_for_an_expired_adapter_the_base_model_answers_and_no_version_is_named(world: World) -> None:
    world.set_status(world.adapter, "EXPIRED")
    answer = await world.moderate(world.adapter)
    assert answer.project_version is None
    assert answer.model_version
    assert answer == await world.moderate(None)


async def test_the_base_model_answers_where_nobody_else_is_asked(world: World) -> None:
    answer = await world.moderate(None)
    assert answer.project_version is None
    assert answer.labels
    assert all(label.confidence >= 50 for label in answer.labels)
    assert (await world.moderate(None, min_confidence=100)).labels == ()
    assert (await world.moderate(None, image=FAINT)).labels == ()
    assert (await world.moderate(None, image=FAINT, min_confidence=0)).labels


async def test_a_version_that_cannot_answer_is_refused(world: World) -> None:
    world.set_status(world.adapter, "TRAINING_FAILED")
    not_ready = (ErrorKind.IN_USE, "ResourceNotReadyException")
    assert await refusal_of(world.moderate(world.adapter)) == not_ready
    assert await refusal_of(world.label(world.model)) == not_ready
    absent = world.adapter.replace("/v1/", "/v9/")
    assert (await refusal_of(world.moderate(absent)))[0] is ErrorKind.NOT_FOUND
    assert (await refusal_of(world.label(absent)))[0] is ErrorKind.NOT_FOUND
    assert (await refusal_of(world.moderate(world.model)))[0] is ErrorKind.INVALID
    assert (await refusal_of(world.label(world.adapter)))[0] is ErrorKind.INVALID


async def test_a_running_model_answers_and_is_counted_by_cloudwatch(world: World) -> None:
    world.set_status(world.model, "RUNNING")
    since = world.now()

    async def requests() -> float:
        return await world.aws.successful_requests(since=since, until=since + timedelta(minutes=5), lane=LANE)

    before = await requests()
    await world.label(world.model)
    await world.label(world.model)
    assert await requests() == before + 2


async def test_a_denied_question_is_refused(world: World) -> None:
    world.deny("DetectModerationLabels")
    with pytest.raises(CallError) as refused:
        await world.moderate(world.adapter)
    assert refused.value.kind is ErrorKind.ACCESS_DENIED


async def test_a_human_loop_is_told_of_in_full(aws: Any) -> None:
    world = emulated_world(aws)
    loop = HumanLoop("review-1", FLOW, ("FreeOfAdultContent", "FreeOfPersonallyIdentifiableInformation"))
    activated = await world.moderate(None, min_confidence=0, human_loop=loop)
    assert activated.human_loop_arn == "arn:aws:sagemaker:us-east-1:123456789012:human-loop/review-1"
    assert activated.human_loop_reasons == ("ConditionsEvaluation",)
    quiet = await world.moderate(None, min_confidence=100, human_loop=HumanLoop("review-2", FLOW))
    assert (quiet.human_loop_arn, quiet.human_loop_reasons) == (None, ())
    for answer, met in ((activated, True), (quiet, False)):
        assert answer.human_loop_conditions is not None
        (condition,) = json.loads(answer.human_loop_conditions)["Conditions"]
        assert condition["EvaluationResult"] is met
    (sent, _) = (call.parameters for call in aws.control.calls("DetectModerationLabels")[-2:])
    assert sent["HumanLoopConfig"] == {
        "HumanLoopName": "review-1",
        "FlowDefinitionArn": FLOW,
        "DataAttributes": {"ContentClassifiers": [*loop.content_classifiers]},
    }


async def test_an_image_is_sent_or_named(aws: Any) -> None:
    world = emulated_world(aws)
    content = boto3.client("s3").get_object(Bucket=SAMPLES, Key=CLEAR.name)["Body"].read()
    assert await world.moderate(None, image=content) == await world.moderate(None)


async def test_an_image_that_cannot_be_used_is_told_by_its_code(aws: Any) -> None:
    world = emulated_world(aws)
    absent = (ErrorKind.INVALID, "InvalidS3ObjectException")
    assert await refusal_of(world.moderate(None, image=S3Image(SAMPLES, "absent.png"))) == absent
    assert await refusal_of(world.moderate(None, image=S3Image("acme-absent", "a.png"))) == absent
    assert await refusal_of(world.moderate(None, image=S3Image(SAMPLES, CLEAR.name, "v9"))) == absent
    no_picture = (ErrorKind.INVALID, "InvalidImageFormatException")
    assert await refusal_of(world.moderate(None, image=b"no picture")) == no_picture
