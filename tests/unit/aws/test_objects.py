"""What is made of S3's answers, and is a bucket in another Region seen as such? A real client, over answers made up."""

import base64
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.objects import ObjectHead, Objects, S3Objects
from rekognition_operator.aws.provider import sdk_config

REGION = "eu-west-1"
CONTENT = b'{"source-ref": "s3://acme-ml/a.png"}\n'
DIGEST = hashlib.sha256(CONTENT)
CHECKSUM = base64.b64encode(DIGEST.digest()).decode()
LANE = Lane.FLIGHT


class Body(io.BytesIO):
    """The body of an answer, as urllib3 gives it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


@dataclass
class S3:
    """Answers every request with the next answer, the last one for ever."""

    answers: list[tuple[int, dict[str, str], bytes]]
    asked: list[AWSPreparedRequest] = field(default_factory=list)
    outcomes: list[tuple[str, str, Lane]] = field(default_factory=list)

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.asked.append(request)
        status, headers, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return AWSResponse(str(request.url), status, headers, Body(body))  # type: ignore[arg-type]

    def objects(self) -> S3Objects:
        config = sdk_config(max_connections=1, connect_timeout_seconds=1, read_timeout_seconds=1)
        client = boto3.client("s3", region_name=REGION, config=config, aws_access_key_id="a", aws_secret_access_key="b")
        client.meta.events.register("before-send.s3", cast("Any", self.answer))
        caller = Caller(
            ThreadPoolExecutor(max_workers=1),
            UnlimitedCalls(),
            observer=lambda call: self.outcomes.append((call.operation, call.outcome, call.lane)),
            jitter=lambda: 0.0,
        )
        return S3Objects(client, region=REGION, caller=caller)


@pytest.fixture(autouse=True)
def _no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def shown(**headers: str) -> tuple[int, dict[str, str], bytes]:
    """Make the answer to HeadObject."""
    usual = {"ETag": '"abc"', "Content-Length": "37", "Last-Modified": "Fri, 23 Oct 2026 09:00:00 GMT"}
    return 200, {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}, b""


def content(body: bytes = CONTENT) -> tuple[int, dict[str, str], bytes]:
    return 200, {"ETag": '"abc"', "Content-Length": str(len(body))}, body


def refused(status: int, code: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Make an error; one of HeadObject has no code."""
    body = f"<Error><Code>{code}</Code><Message>S3 says so.</Message></Error>".encode() if code else b""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body


async def test_a_head_has_all_that_s3_shows() -> None:
    s3 = S3([shown(x_amz_version_id="v7", x_amz_checksum_sha256=CHECKSUM, x_amz_checksum_type="FULL_OBJECT")])
    objects: Objects = s3.objects()
    assert await objects.head("acme-ml", "train.manifest", version="v7", lane=LANE) == ObjectHead(
        etag="abc",
        size_bytes=37,
        last_modified=datetime(2026, 10, 23, 9, tzinfo=UTC),
        version_id="v7",
        sha256=DIGEST.hexdigest(),
    )
    (asked,) = s3.asked
    assert (asked.method, asked.url) == (
        "HEAD",
        "https://acme-ml.s3.eu-west-1.amazonaws.com/train.manifest?versionId=v7",
    )
    assert asked.headers["x-amz-checksum-mode"] == b"ENABLED"
    assert s3.outcomes == [("HeadObject", "ok", LANE)]


@pytest.mark.parametrize(
    ("headers", "sha256"),
    [
        ({}, None),
        ({"x_amz_checksum_sha256": CHECKSUM}, DIGEST.hexdigest()),
        ({"x_amz_checksum_sha256": f"{CHECKSUM}-3"}, None),
        ({"x_amz_checksum_sha256": f"{CHECKSUM}-3", "x_amz_checksum_type": "COMPOSITE"}, None),
        ({"x_amz_checksum_sha256": CHECKSUM, "x_amz_checksum_type": "COMPOSITE"}, None),
        ({"x_amz_checksum_sha256": "AAAA"}, None),
        ({"x_amz_checksum_crc64nvme": "AAAAAAAAAAA=", "x_amz_checksum_type": "FULL_OBJECT"}, None),
    ],
)
async def test_only_a_checksum_of_the_whole_content_counts(headers: dict[str, str], sha256: str | None) -> None:
    head = await S3([shown(**headers)]).objects().head("acme-ml", "train.manifest", lane=LANE)
    assert head.sha256 == sha256


@pytest.mark.parametrize(("shown_version", "version"), [("null", None), (None, None), ("v1", "v1")])
async def test_a_version_that_is_none_is_none(shown_version: str | None, version: str | None) -> None:
    headers = {"x_amz_version_id": shown_version} if shown_version is not None else {}
    head = await S3([shown(**headers)]).objects().head("acme-ml", "train.manifest", lane=LANE)
    assert head.version_id == version


async def test_an_object_is_read_up_to_a_size() -> None:
    objects = S3([content()]).objects()
    assert await objects.read("acme-ml", "train.manifest", max_bytes=len(CONTENT), lane=LANE) == CONTENT
    with pytest.raises(CallError) as raised:
        await objects.read("acme-ml", "train.manifest", max_bytes=len(CONTENT) - 1, lane=LANE)
    assert (raised.value.kind, raised.value.code) == (ErrorKind.INVALID, "ObjectTooLarge")
    assert str(len(CONTENT)) in raised.value.message


async def test_content_of_many_chunks_is_digested() -> None:
    large = bytes(3 * 1024 * 1024 + 7)
    s3 = S3([content(large)])
    digest = await s3.objects().sha256("acme-ml", "train.manifest", version="v1", etag="abc", lane=LANE)
    assert digest == hashlib.sha256(large).hexdigest()
    (asked,) = s3.asked
    assert asked.headers["If-Match"] == b'"abc"'
    assert str(asked.url).endswith("?versionId=v1")


async def test_content_that_is_cut_off_is_asked_for_again() -> None:
    cut = (200, {"Content-Length": "99"}, CONTENT)
    s3 = S3([cut, cut, content()])
    assert await s3.objects().sha256("acme-ml", "train.manifest", lane=LANE) == DIGEST.hexdigest()
    assert [outcome for _, outcome, _ in s3.outcomes] == ["Lost", "Lost", "ok"]


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (refused(404), ErrorKind.NOT_FOUND, "There is no object s3://acme-ml/a.json, or no such bucket"),
        (refused(403), ErrorKind.ACCESS_DENIED, "s3:ListBucket"),
        (refused(400), ErrorKind.INVALID, "another Region than eu-west-1"),
        (refused(301), ErrorKind.INVALID, "is in another Region. Rekognition in eu-west-1"),
        (refused(301, x_amz_bucket_region="us-east-1"), ErrorKind.INVALID, "The bucket acme-ml is in us-east-1."),
        (refused(400, x_amz_bucket_region="us-east-1"), ErrorKind.INVALID, "The bucket acme-ml is in us-east-1."),
        (refused(403, x_amz_bucket_region="eu-west-1"), ErrorKind.ACCESS_DENIED, "s3:ListBucket"),
        (refused(412), ErrorKind.INVALID, "s3://acme-ml/a.json"),
        (refused(503), ErrorKind.SERVER, "s3://acme-ml/a.json"),
    ],
)
async def test_an_error_of_a_head_says_what_it_means(
    answer: tuple[int, dict[str, str], bytes], kind: ErrorKind, says: str
) -> None:
    with pytest.raises(CallError) as raised:
        await S3([answer]).objects().head("acme-ml", "a.json", lane=LANE)
    assert (raised.value.kind, raised.value.operation) == (kind, "HeadObject")
    assert raised.value.resource == "s3://acme-ml/a.json"
    assert says in raised.value.message


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (refused(404, "NoSuchKey"), ErrorKind.NOT_FOUND, "There is no object s3://acme-ml/a.json (version v1)"),
        (refused(404, "NoSuchVersion"), ErrorKind.NOT_FOUND, "There is no object s3://acme-ml/a.json (version v1)"),
        (refused(404, "NoSuchBucket"), ErrorKind.NOT_FOUND, "There is no bucket acme-ml"),
        (refused(403, "AccessDenied"), ErrorKind.ACCESS_DENIED, "s3:GetObjectVersion"),
        (refused(403, "InvalidObjectState"), ErrorKind.INVALID, "S3 says so."),
        (refused(403, "ExpiredToken"), ErrorKind.CREDENTIALS, "S3 says so."),
        (refused(412, "PreconditionFailed"), ErrorKind.IN_USE, "S3 says so."),
        (refused(503, "SlowDown"), ErrorKind.THROTTLED, "S3 says so."),
        (refused(301, "PermanentRedirect"), ErrorKind.INVALID, "is in another Region"),
        (refused(400, "AuthorizationHeaderMalformed"), ErrorKind.INVALID, "is in another Region"),
    ],
)
async def test_an_error_of_reading_says_what_it_means(
    answer: tuple[int, dict[str, str], bytes], kind: ErrorKind, says: str
) -> None:
    with pytest.raises(CallError) as raised:
        await S3([answer]).objects().sha256("acme-ml", "a.json", version="v1", lane=LANE)
    assert (raised.value.kind, raised.value.operation) == (kind, "GetObject")
    assert says in raised.value.message


async def test_a_bucket_is_not_followed_into_another_region() -> None:
    s3 = S3([refused(301, "PermanentRedirect", x_amz_bucket_region="us-east-1"), content()])
    objects = s3.objects()
    with pytest.raises(CallError):
        await objects.read("acme-ml", "train.manifest", max_bytes=100, lane=LANE)
    assert len(s3.asked) == 1


async def test_a_name_that_no_bucket_can_have_is_invalid_before_anything_is_asked() -> None:
    s3 = S3([content()])
    with pytest.raises(CallError) as raised:
        await s3.objects().head("no bucket", "train.manifest", lane=LANE)
    assert raised.value.kind is ErrorKind.INVALID
    assert s3.asked == []
