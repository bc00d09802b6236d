"""How does the emulated Rekognition read and write the emulated S3?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

from rekognition_sandbox.emulator.arns import partition_of
from rekognition_sandbox.emulator.training import BucketMissingError, ObjectMissingError

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket, S3Backend

    from rekognition_sandbox.emulator.training import ObjectStore, S3Location


class MotoObjectStore:
    """The buckets of one account in moto's S3; buckets of other accounts do not exist here.

    Parameters
    ----------
    account, region
        The caller's; the Region only tells the partition.
    """

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._partition = partition_of(region)

    def get(self, location: S3Location) -> bytes:
        """Read an object, in the version that the location names or the latest.

        Raises
        ------
        BucketMissingError, ObjectMissingError
        """
        self._bucket(location.bucket)
        try:
            found = self._backend().get_object(location.bucket, location.name, version_id=location.version)
        except S3ClientError as error:
            raise ObjectMissingError(f"s3://{location.bucket}/{location.name} cannot be read: {error}") from error
        if found is None:
            version = f" has no version {location.version}" if location.version else " does not exist"
            raise ObjectMissingError(f"s3://{location.bucket}/{location.name}{version}")
        return bytes(found.value)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object.

        Raises
        ------
        BucketMissingError
        """
        self._bucket(bucket)
        self._backend().put_object(bucket, key, body)

    def bucket_region(self, bucket: str) -> str:
        """Return the Region that a bucket lies in.

        Raises
        ------
        BucketMissingError
        """
        return str(self._bucket(bucket).region_name)

    def _backend(self) -> S3Backend:
        return s3_backends[self._account][self._partition]

    def _bucket(self, bucket: str) -> FakeBucket:
        found = self._backend().buckets.get(bucket)
        if found is None:
            raise BucketMissingError(f"account {self._account} has no bucket {bucket}")
        return found


class StagedObjectStore:
    """Reads through to a store and keeps what is written until it is published.

    A training reads its data when it starts and its results appear when it ends; between the two lies half an hour of
    emulated time in which the data may change without changing the result.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._staged: dict[tuple[str, str], bytes] = {}

    def get(self, location: S3Location) -> bytes:
        """Read an object: what was staged, else what the store has."""
        staged = self._staged.get((location.bucket, location.name))
        return staged if staged is not None and location.version is None else self._store.get(location)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Keep an object for later; the bucket must exist now, as the store's would have to."""
        self._store.bucket_region(bucket)
        self._staged[bucket, key] = body

    def bucket_region(self, bucket: str) -> str:
        """Return the Region that a bucket lies in."""
        return self._store.bucket_region(bucket)

    def publish(self) -> None:
        """Write everything that was staged.

        Raises
        ------
        BucketMissingError
            A bucket went away in the meantime.
        """
        for (bucket, key), body in self._staged.items():
            self._store.put(bucket, key, body)
        self._staged.clear()


def forget_objects() -> None:
    """Empty S3 of every account."""
    for account in list(s3_backends.values()):
        account.reset()
