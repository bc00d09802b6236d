"""What does S3 tell of manifests and summaries?"""

from base64 import b64decode
from binascii import Error as Base64Error
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from botocore.exceptions import ClientError

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, HeadObjectOutputTypeDef, HeadObjectRequestTypeDef

T = TypeVar("T")

LASTING: Final = frozenset({ErrorKind.NOT_FOUND, ErrorKind.ACCESS_DENIED, ErrorKind.INVALID})
"""Kinds of failures of a call to S3 that do not end by themselves: a person must mend something."""
OBJECT_TOO_LARGE: Final = "ObjectTooLarge"
"""Our own code for an object that is larger than the reader allows."""
_CHUNK_BYTES: Final = 1024 * 1024
_ELSEWHERE: Final = frozenset(
    {"301", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
"""What S3 answers where the bucket is in another Region (S3 API reference, error responses)."""


@dataclass(frozen=True)
class ObjectHead:
    """What HeadObject shows of an object.

    Attributes
    ----------
    etag
        Without its quotes. It tells that an object was replaced, and not what is in it: the size of the parts of an
        upload changes it, and SSE-KMS makes it random.
    version_id
        None where the bucket has no versions.
    sha256
        Lower hex, of the whole content. None where S3 was given none, or one of each part only.
    """

    etag: str
    size_bytes: int
    last_modified: datetime
    version_id: str | None = None
    sha256: str | None = None


class Objects(Protocol):
    """Objects of buckets in one Region, as one identity. Rekognition reads only from buckets of its own Region.

    Every method raises :class:`rekognition_operator.aws.errors.CallError` and nothing else: NOT_FOUND where object,
    version or bucket is absent; ACCESS_DENIED, also where an absent object may not be told from a forbidden one;
    INVALID where the bucket is in another Region.
    """

    async def head(self, bucket: str, name: str, *, version: str | None = None, lane: Lane) -> ObjectHead:
        """HeadObject, with its checksum (which for an object under a KMS key needs kms:Decrypt on the key)."""
        ...

    async def read(self, bucket: str, name: str, *, version: str | None = None, max_bytes: int, lane: Lane) -> bytes:
        """GetObject, as a whole; one that is larger than ``max_bytes`` is INVALID, with the code ``ObjectTooLarge``."""
        ...

    async def sha256(
        self, bucket: str, name: str, *, version: str | None = None, etag: str | None = None, lane: Lane
    ) -> str:
        """GetObject, streamed; returns the SHA-256 of the content in lower hex.

        With ``etag``, an object that has another one by now is IN_USE (PreconditionFailed): take its head again.
        """
        ...


@dataclass(frozen=True)
class _Place:
    """Which object a call is about."""

    bucket: str
    name: str
    version: str | None

    def __str__(self) -> str:
        version = f" (version {self.version})" if self.version is not None else ""
        return f"s3://{self.bucket}/{self.name}{version}"


class S3Objects:
    """Objects through boto3; implements the Protocol ``Objects``.

    Parameters
    ----------
    client
        S3 in the Region whose buckets are read. It is kept from following a bucket into another Region.
    caller
        One of its own: AWS's time is told by Rekognition, and S3 has no rate that we could reach.
    """

    def __init__(self, client: "S3Client", *, region: str, caller: Caller) -> None:
        self._client = client
        self._region = region
        self._caller = caller
        client.meta.events.register("before-call.s3", _stay_in_the_region)

    async def head(self, bucket: str, name: str, *, version: str | None = None, lane: Lane) -> ObjectHead:
        """HeadObject; see the Protocol."""
        place = _Place(bucket, name, version)
        request: HeadObjectRequestTypeDef = {"Bucket": bucket, "Key": name, "ChecksumMode": "ENABLED"}
        if version is not None:
            request["VersionId"] = version
        return _read_head(await self._run("HeadObject", place, lane, partial(self._client.head_object, **request)))

    async def read(self, bucket: str, name: str, *, version: str | None = None, max_bytes: int, lane: Lane) -> bytes:
        """GetObject, as a whole; see the Protocol."""
        place = _Place(bucket, name, version)

        def fetch() -> tuple[int, bytes]:
            answer = self._client.get_object(**_request(place))
            with closing(answer["Body"]) as body:
                size = answer["ContentLength"]
                return size, body.read() if size <= max_bytes else b""

        size, content = await self._run("GetObject", place, lane, fetch)
        if size > max_bytes:
            message = f"{place} has {size} bytes, and at most {max_bytes} are read"
            raise CallError(ErrorKind.INVALID, "GetObject", OBJECT_TOO_LARGE, message, resource=str(place))
        return content

    async def sha256(
        self, bucket: str, name: str, *, version: str | None = None, etag: str | None = None, lane: Lane
    ) -> str:
        """GetObject, streamed; see the Protocol."""
        place = _Place(bucket, name, version)
        request = _request(place)
        if etag is not None:
            request["IfMatch"] = f'"{etag}"'

        def digest() -> str:
            digested = sha256()
            with closing(self._client.get_object(**request)["Body"]) as body:
                for chunk in body.iter_chunks(_CHUNK_BYTES):
                    digested.update(chunk)
            return digested.hexdigest()

        return await self._run("GetObject", place, lane, digest)

    async def _run(self, operation: str, place: _Place, lane: Lane, call: "Callable[[], T]") -> T:
        try:
            return await self._caller.read(operation, lane, call)
        except CallError as error:
            raise replace(error, message=self._explained(error, place), resource=str(place)) from error.__cause__

    def _explained(self, error: CallError, place: _Place) -> str:
        """Say what an error means: HeadObject's have no text, and S3 names neither object nor Region."""
        bucket_region = _bucket_region(error)
        if error.code in _ELSEWHERE or (bucket_region or self._region) != self._region:
            return (
                f"The bucket {place.bucket} is in {bucket_region or 'another Region'}. Rekognition in {self._region} "
                "reads only from buckets of its own Region: use one there"
            )
        if error.code == "NoSuchBucket":
            return f"There is no bucket {place.bucket}"
        if error.kind is ErrorKind.NOT_FOUND:
            no_bucket = ", or no such bucket" if error.operation == "HeadObject" else ""
            return f"There is no object {place}{no_bucket}"
        if error.kind is ErrorKind.ACCESS_DENIED:
            version_right = "; a version needs s3:GetObjectVersion" if place.version is not None else ""
            return (
                f"{error.message}. Without s3:ListBucket on the bucket, S3 answers so also where there is no such "
                f"object{version_right}; an object under a KMS key needs kms:Decrypt on the key"
            )
        if error.code == "400":  # of HeadObject, whose answers have no text
            return (
                f"{place}: {error.message}. S3 gives no reason; most often the bucket is in another Region than "
                f"{self._region}, or the credentials have expired"
            )
        return f"{place}: {error.message}"


def _stay_in_the_region(context: "dict[str, dict[str, object]]", **_: object) -> None:
    """Keep botocore from asking again in the bucket's own Region: what it finds there, Rekognition cannot read.

    botocore has no setting for that; it leaves alone what it was redirected for already (S3RegionRedirectorv2).
    """
    context.setdefault("s3_redirect", {})["redirected"] = True


def _request(place: _Place) -> "GetObjectRequestTypeDef":
    request: GetObjectRequestTypeDef = {"Bucket": place.bucket, "Key": place.name}
    if place.version is not None:
        request["VersionId"] = place.version
    return request


def _read_head(answer: "HeadObjectOutputTypeDef") -> ObjectHead:
    version = answer.get("VersionId")
    return ObjectHead(
        etag=answer["ETag"].strip('"'),
        size_bytes=answer["ContentLength"],
        last_modified=answer["LastModified"].astimezone(UTC),
        version_id=version if version != "null" else None,
        sha256=_full_sha256(answer.get("ChecksumSHA256"), answer.get("ChecksumType")),
    )


def _full_sha256(checksum: str | None, checksum_type: str | None) -> str | None:
    """Return the checksum in hex, where it is that of the content: one of the parts' checksums ends in ``-<parts>``."""
    if not checksum or checksum_type not in (None, "FULL_OBJECT"):
        return None
    try:
        content = b64decode(checksum, validate=True)
    except Base64Error:
        return None
    return content.hex() if len(content) == sha256().digest_size else None


def _bucket_region(error: CallError) -> str | None:
    """Return the Region that S3 says the bucket is in, where it does."""
    if not isinstance(error.__cause__, ClientError):
        return None
    headers = error.__cause__.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region")
