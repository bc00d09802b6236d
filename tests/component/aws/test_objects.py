"""Is S3 seen as it is? Over boto3 and the emulator's S3, and by the in-memory fake: both must do the same."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Protocol

import boto3
import pytest

from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.objects import Objects

BUCKET, VERSIONED = "acme-manifests", "acme-versioned"
FIRST, SECOND = b'{"source-ref": "s3://acme/a.png"}\n', b'{"source-ref": "s3://acme/b.png"}\n'
NAME = "storefront/train images.manifest"
LANE = Lane.FLIGHT


class Put(Protocol):
    def __call__(self, bucket: str, content: bytes, *, checksum: bool = False) -> str | None: ...


@dataclass
class World:
    """One of the two S3s, with a bucket of each kind."""

    objects: Objects
    put: Put
    delete: Callable[[str], object]


def fake_world() -> World:
    fake = FakeRekognition()
    fake.objects.add_bucket(BUCKET)
    fake.objects.add_bucket(VERSIONED, versioned=True)

    def put(bucket: str, content: bytes, *, checksum: bool = False) -> str | None:
        return fake.objects.put(bucket, NAME, content, checksum=checksum)

    return World(fake.objects, put, lambda bucket: fake.objects.delete(bucket, NAME))


@pytest.fixture(params=["fake", "emulator"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return fake_world()
    aws: Any = request.getfixturevalue("aws")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=VERSIONED)
    s3.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})

    def put(bucket: str, content: bytes, *, checksum: bool = False) -> str | None:
        extra: Any = {"ChecksumAlgorithm": "SHA256"} if checksum else {}
        return s3.put_object(Bucket=bucket, Key=NAME, Body=content, **extra).get("VersionId")

    return World(aws.gateway.objects, put, lambda bucket: s3.delete_object(Bucket=bucket, Key=NAME))


async def kind_of(attempt: Any) -> ErrorKind:
    with pytest.raises(CallError) as refused:
        await attempt
    return refused.value.kind


async def test_an_object_of_a_bucket_without_versions(world: World) -> None:
    world.put(BUCKET, FIRST)
    head = await world.objects.head(BUCKET, NAME, lane=LANE)
    assert (head.size_bytes, head.version_id, head.sha256) == (len(FIRST), None, None)
    assert head.etag == hashlib.md5(FIRST, usedforsecurity=False).hexdigest()
    assert head.last_modified.tzinfo is UTC
    assert await world.objects.read(BUCKET, NAME, max_bytes=len(FIRST), lane=LANE) == FIRST
    assert await world.objects.sha256(BUCKET, NAME, lane=LANE) == hashlib.sha256(FIRST).hexdigest()


async def test_each_version_is_read_where_one_is_named_and_else_the_latest(world: World) -> None:
    first, second = world.put(VERSIONED, FIRST), world.put(VERSIONED, SECOND)
    for named, seen, content in ((first, first, FIRST), (second, second, SECOND), (None, second, SECOND)):
        head = await world.objects.head(VERSIONED, NAME, version=named, lane=LANE)
        assert head.version_id == seen
        assert await world.objects.read(VERSIONED, NAME, version=named, max_bytes=99, lane=LANE) == content
        digest = await world.objects.sha256(VERSIONED, NAME, version=named, lane=LANE)
        assert digest == hashlib.sha256(content).hexdigest()
    world.delete(VERSIONED)
    assert await kind_of(world.objects.head(VERSIONED, NAME, lane=LANE)) is ErrorKind.NOT_FOUND
    assert (await world.objects.head(VERSIONED, NAME, version=first, lane=LANE)).size_bytes == len(FIRST)


async def test_a_checksum_that_s3_was_given_is_shown(world: World) -> None:
    world.put(BUCKET, FIRST, checksum=True)
    assert (await world.objects.head(BUCKET, NAME, lane=LANE)).sha256 == hashlib.sha256(FIRST).hexdigest()


async def test_what_was_replaced_since_its_head_is_not_digested(world: World) -> None:
    world.put(BUCKET, FIRST)
    etag = (await world.objects.head(BUCKET, NAME, lane=LANE)).etag
    assert await world.objects.sha256(BUCKET, NAME, etag=etag, lane=LANE) == hashlib.sha256(FIRST).hexdigest()
    world.put(BUCKET, SECOND)
    assert await kind_of(world.objects.sha256(BUCKET, NAME, etag=etag, lane=LANE)) is ErrorKind.IN_USE


async def test_what_is_absent_is_not_found(world: World) -> None:
    for bucket in (BUCKET, "acme-absent"):
        for attempt in (
            world.objects.head(bucket, NAME, lane=LANE),
            world.objects.read(bucket, NAME, max_bytes=99, lane=LANE),
            world.objects.sha256(bucket, NAME, lane=LANE),
        ):
            assert await kind_of(attempt) is ErrorKind.NOT_FOUND


async def test_what_is_too_large_is_not_read(world: World) -> None:
    world.put(BUCKET, FIRST)
    with pytest.raises(CallError) as refused:
        await world.objects.read(BUCKET, NAME, max_bytes=len(FIRST) - 1, lane=LANE)
    assert (refused.value.kind, refused.value.code) == (ErrorKind.INVALID, "ObjectTooLarge")
