"""What is asked about images, and what is made of AWS's answers and refusals?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.detection import Detection, RekognitionDetection
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.provider import sdk_config
from rekognition_operator.core.detected import (
    ContentType,
    CustomLabelsAnswer,
    DetectedLabel,
    HumanLoop,
    ModerationAnswer,
    S3Image,
)

ADAPTER = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/v1-0/1690556751958"
FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/review"
LOOP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:human-loop/review-1"
BEACH = S3Image("acme-ml", "beach.jpg")
BEACH_REQUEST = {"S3Object": {"Bucket": "acme-ml", "Name": "beach.jpg"}}
MODERATION = "detect_moderation_labels"
LANE = Lane.FLIGHT


class Setup:
    def __init__(self) -> None:
        config = sdk_config(max_connections=1, connect_timeout_seconds=1, read_timeout_seconds=1)
        client = boto3.client(
            "rekognition", region_name="us-east-1", config=config, aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stub = Stubber(client)
        self.stub.activate()
        self.outcomes: list[tuple[str, str, Lane]] = []
        caller = Caller(
            ThreadPoolExecutor(max_workers=1),
            UnlimitedCalls(),
            observer=lambda call: self.outcomes.append((call.operation, call.outcome, call.lane)),
            jitter=lambda: 0.0,
        )
        self.detection: Detection = RekognitionDetection(client, caller)

    async def moderate(self, arn: str | None = ADAPTER, human_loop: HumanLoop | None = None) -> ModerationAnswer:
        return await self.detection.detect_moderation_labels(
            BEACH, project_version_arn=arn, min_confidence=None, human_loop=human_loop, lane=LANE
        )


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.mark.parametrize(
    ("image", "sent"),
    [
        (BEACH, BEACH_REQUEST),
        (S3Image("acme-ml", "beach.jpg", "v7"), {"S3Object": {**BEACH_REQUEST["S3Object"], "Version": "v7"}}),
        (b"picture", {"Bytes": b"picture"}),
    ],
)
@pytest.mark.parametrize("min_confidence", [None, 0.0, 60.5])
async def test_what_is_not_given_is_not_sent(
    setup: Setup, image: S3Image | bytes, sent: dict[str, Any], min_confidence: float | None
) -> None:
    least = {} if min_confidence is None else {"MinConfidence": min_confidence}
    setup.stub.add_response(MODERATION, {}, {"Image": sent, **least})
    setup.stub.add_response("detect_custom_labels", {}, {"Image": sent, "ProjectVersionArn": ADAPTER, **least})
    moderated = await setup.detection.detect_moderation_labels(
        image, project_version_arn=None, min_confidence=min_confidence, lane=LANE
    )
    labelled = await setup.detection.detect_custom_labels(
        image, project_version_arn=ADAPTER, min_confidence=min_confidence, lane=LANE
    )
    assert (moderated, labelled) == (ModerationAnswer(), CustomLabelsAnswer())
    assert setup.outcomes == [("DetectModerationLabels", "ok", LANE), ("DetectCustomLabels", "ok", LANE)]


async def test_an_answer_of_an_adapter_is_read_in_full(setup: Setup) -> None:
    setup.stub.add_response(
        MODERATION,
        {
            "ModerationLabels": [
                {"Name": "Explicit", "Confidence": 97.5, "ParentName": "", "TaxonomyLevel": 1},
                {"Name": "Explicit Nudity", "Confidence": 96.5, "ParentName": "Explicit", "TaxonomyLevel": 2},
            ],
            "ContentTypes": [{"Name": "Animated Content", "Confidence": 80.0}],
            "ModerationModelVersion": "7.0",
            "ProjectVersion": ADAPTER,
        },
        {"Image": BEACH_REQUEST, "ProjectVersion": ADAPTER},
    )
    assert await setup.moderate() == ModerationAnswer(
        labels=(DetectedLabel("Explicit", 97.5), DetectedLabel("Explicit Nudity", 96.5, "Explicit", 2)),
        content_types=(ContentType("Animated Content", 80.0),),
        model_version="7.0",
        project_version=ADAPTER,
    )


async def test_an_answer_without_a_version_is_the_base_models(setup: Setup) -> None:
    setup.stub.add_response(MODERATION, {"ModerationModelVersion": "8.0"})
    assert await setup.moderate() == ModerationAnswer(model_version="8.0", project_version=None)


async def test_a_human_loop_is_asked_for_and_told_of_in_full(setup: Setup) -> None:
    loop = HumanLoop("review-1", FLOW, ("FreeOfAdultContent", "FreeOfPersonallyIdentifiableInformation"))
    setup.stub.add_response(
        MODERATION,
        {
            "HumanLoopActivationOutput": {
                "HumanLoopArn": LOOP_ARN,
                "HumanLoopActivationReasons": ["ConditionsEvaluation"],
                "HumanLoopActivationConditionsEvaluationResults": '{"Conditions": []}',
            }
        },
        {
            "Image": BEACH_REQUEST,
            "ProjectVersion": ADAPTER,
            "HumanLoopConfig": {
                "HumanLoopName": "review-1",
                "FlowDefinitionArn": FLOW,
                "DataAttributes": {"ContentClassifiers": [*loop.content_classifiers]},
            },
        },
    )
    answer = await setup.moderate(human_loop=loop)
    assert (answer.human_loop_arn, answer.human_loop_reasons, answer.human_loop_conditions) == (
        LOOP_ARN,
        ("ConditionsEvaluation",),
        '{"Conditions": []}',
    )


async def test_a_human_loop_without_classifiers_sends_none(setup: Setup) -> None:
    config = {"HumanLoopName": "review-1", "FlowDefinitionArn": FLOW}
    setup.stub.add_response(MODERATION, {}, {"Image": BEACH_REQUEST, "HumanLoopConfig": config})
    assert (await setup.moderate(arn=None, human_loop=HumanLoop("review-1", FLOW))).human_loop_arn is None


async def test_a_question_is_asked_again_where_the_fault_passes(setup: Setup) -> None:
    setup.stub.add_client_error(MODERATION, "ThrottlingException")
    setup.stub.add_client_error(MODERATION, "InternalServerError")
    setup.stub.add_response(MODERATION, {"ProjectVersion": ADAPTER})
    assert (await setup.moderate()).project_version == ADAPTER


async def test_a_question_that_starts_a_human_loop_is_asked_once(setup: Setup) -> None:
    setup.stub.add_client_error(MODERATION, "InternalServerError")
    with pytest.raises(CallError):
        await setup.moderate(human_loop=HumanLoop("review-1", FLOW))
    assert setup.outcomes == [("DetectModerationLabels", "Server", LANE)]


async def test_occurrences_of_a_custom_label_are_told_one_by_one(setup: Setup) -> None:
    place = {"BoundingBox": {"Width": 0.1, "Height": 0.1, "Left": 0.0, "Top": 0.0}}
    setup.stub.add_response(
        "detect_custom_labels",
        {
            "CustomLabels": [
                {"Name": "gear", "Confidence": 91.0, "Geometry": place},
                {"Name": "gear", "Confidence": 88.0},
            ]
        },
    )
    answer = await setup.detection.detect_custom_labels(
        BEACH, project_version_arn=ADAPTER, min_confidence=None, lane=LANE
    )
    assert answer.labels == (DetectedLabel("gear", 91.0), DetectedLabel("gear", 88.0))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidS3ObjectException", 400, ErrorKind.INVALID),
        ("InvalidImageFormatException", 400, ErrorKind.INVALID),
        ("ImageTooLargeException", 400, ErrorKind.INVALID),
        ("InvalidParameterException", 400, ErrorKind.INVALID),
        ("AccessDeniedException", 400, ErrorKind.ACCESS_DENIED),
        ("ResourceNotFoundException", 400, ErrorKind.NOT_FOUND),
        ("ResourceNotReadyException", 400, ErrorKind.IN_USE),
        ("HumanLoopQuotaExceededException", 402, ErrorKind.LIMIT),
    ],
)
@pytest.mark.parametrize(("arn", "resource"), [(ADAPTER, ADAPTER), (None, "*")])
async def test_a_refusal_names_its_code_and_the_version(
    setup: Setup, code: str, status: int, kind: ErrorKind, arn: str | None, resource: str
) -> None:
    setup.stub.add_client_error(MODERATION, code, http_status_code=status)
    with pytest.raises(CallError) as raised:
        await setup.moderate(arn)
    assert (raised.value.kind, raised.value.code, raised.value.resource) == (kind, code, resource)


async def test_a_refusal_of_a_model_names_it(setup: Setup) -> None:
    setup.stub.add_client_error("detect_custom_labels", "ResourceNotReadyException")
    with pytest.raises(CallError) as raised:
        await setup.detection.detect_custom_labels(BEACH, project_version_arn=ADAPTER, min_confidence=None, lane=LANE)
    assert (raised.value.kind, raised.value.resource) == (ErrorKind.IN_USE, ADAPTER)
