"""How does S3 behave, seen by the operator? In memory, for the buckets of one Region."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from fakes._rekognition_state import Runner, refusal
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.objects import OBJECT_TOO_LARGE, ObjectHead


@dataclass(frozen=True)
class _Stored:
    """An object, or a version of one."""

    head: ObjectHead
    content: bytes


@dataclass
class _Bucket:
    """A bucket: what is there, by name; and every version, by name and id."""

    versioned: bool = False
    latest: dict[str, _Stored] = field(default_factory=dict)
    versions: dict[tuple[str, str], _Stored] = field(default_factory=dict)


class FakeObjects:
    """Implements the Protocol ``Objects``. Calls, injected errors and ``on_call`` are those of the fake it belongs to.

    The subject of a call is ``s3://bucket/name``.
    """

    def __init__(self, run: Runner, now: Callable[[], datetime]) -> None:
        self._run = run
        self._now = now
        self._buckets: dict[str, _Bucket] = {}

    def add_bucket(self, bucket: str, *, versioned: bool = False) -> None:
        """Make a bucket, or change whether it has versions."""
        self._buckets.setdefault(bucket, _Bucket()).versioned = versioned

    def put(
        self, bucket: str, name: str, content: bytes, *, etag: str | None = None, checksum: bool = False
    ) -> str | None:
        """Upload an object now; return its version's id where the bucket has versions.

        ``etag``: another than the usual one, such as that of an upload in parts. ``checksum``: S3 shows its SHA-256.
        """
        place = self._buckets.setdefault(bucket, _Bucket())
        head = ObjectHead(
            etag=etag or hashlib.md5(content, usedforsecurity=False).hexdigest(),
            size_bytes=len(content),
            last_modified=self._now(),
            version_id=f"version-{len(place.versions) + 1}" if place.versioned else None,
            sha256=hashlib.sha256(content).hexdigest() if checksum else None,
        )
        place.latest[name] = _Stored(head, content)
        if head.version_id is not None:
            place.versions[name, head.version_id] = place.latest[name]
        return head.version_id

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object; its versions stay where the bucket has them."""
        del self._buckets[bucket].latest[name]

    async def head(self, bucket: str, name: str, *, version: str | None = None, lane: Lane) -> ObjectHead:
        return self._run(
            "HeadObject", _url(bucket, name), lane, lambda: self._find("HeadObject", bucket, name, version).head
        )

    async def read(self, bucket: str, name: str, *, version: str | None = None, max_bytes: int, lane: Lane) -> bytes:
        content = self._get(bucket, name, version, None, lane)
        if len(content) > max_bytes:
            message = f"{_url(bucket, name)} has {len(content)} bytes, and at most {max_bytes} are read"
            raise refusal("GetObject", ErrorKind.INVALID, message, code=OBJECT_TOO_LARGE)
        return content

    async def sha256(
        self, bucket: str, name: str, *, version: str | None = None, etag: str | None = None, lane: Lane
    ) -> str:
        return hashlib.sha256(self._get(bucket, name, version, etag, lane)).hexdigest()

    def _get(self, bucket: str, name: str, version: str | None, etag: str | None, lane: Lane) -> bytes:
        def effect() -> bytes:
            found = self._find("GetObject", bucket, name, version)
            if etag not in (None, found.head.etag):
                raise refusal("GetObject", ErrorKind.IN_USE, _url(bucket, name), code="PreconditionFailed")
            return found.content

        return self._run("GetObject", _url(bucket, name), lane, effect)

    def _find(self, operation: str, bucket: str, name: str, version: str | None) -> _Stored:
        def absent(code: str) -> NoReturn:
            message = f"There is no object {_url(bucket, name)}"
            raise refusal(operation, ErrorKind.NOT_FOUND, message, code="404" if operation == "HeadObject" else code)

        place = self._buckets.get(bucket)
        if place is None:
            absent("NoSuchBucket")
        found = place.latest.get(name) if version is None else place.versions.get((name, version))
        if found is None:
            absent("NoSuchKey" if version is None else "NoSuchVersion")
        return found


def _url(bucket: str, name: str) -> str:
    return f"s3://{bucket}/{name}"
