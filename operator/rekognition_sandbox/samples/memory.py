"""How can training run on the sample data with no S3 at all?

For tests and for trying out training in a Python shell: an object store of dictionaries that holds the sample data, and
the requests that train on it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from rekognition_sandbox.emulator.manifests import (
    BucketMissingError,
    ObjectMissingError,
    ObjectStoreError,
    S3Location,
)
from rekognition_sandbox.emulator.training import TrainingRequest
from rekognition_sandbox.samples.dataset import DEFAULT_PREFIX, TEST, TRAIN, SampleLine, SampleSet, make_samples
from rekognition_sandbox.samples.parts import PARTS_PREFIX, PartSet, make_parts

REGION, BUCKET = "eu-west-1", "acme-ml"
PROJECT_VERSION_ARN = "arn:aws:rekognition:eu-west-1:123456789012:project/storefront/version/v1-abc/1690556751958"

cached_samples = lru_cache(maxsize=None)(make_samples)
cached_parts = lru_cache(maxsize=None)(make_parts)


@dataclass
class MemoryStore:
    """An ObjectStore of dictionaries, with versions unknown.

    ``reads`` lists the keys that were asked for, in order; with ``writable`` False every write is refused.
    """

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=lambda: {BUCKET: REGION})
    reads: list[str] = field(default_factory=list)
    writable: bool = True

    @classmethod
    def with_samples(cls, seed: int = 0) -> "MemoryStore":
        """Return a store with the sample data below ``s3://acme-ml/storefront/``."""
        store = cls()
        samples: SampleSet = cached_samples(seed)
        for key, content in samples.images.items():
            store.put(BUCKET, DEFAULT_PREFIX + key, content)
        for name in samples.manifests:
            store.put(BUCKET, DEFAULT_PREFIX + name, samples.manifest(name, bucket=BUCKET))
        return store

    @classmethod
    def with_parts(cls, seed: int = 0) -> "MemoryStore":
        """Return a store with the sample data for Custom Labels below ``s3://acme-ml/parts/``."""
        store = cls()
        parts: PartSet = cached_parts(seed)
        for key, content in parts.images.items():
            store.put(BUCKET, PARTS_PREFIX + key, content)
        for name in parts.manifests:
            store.put(BUCKET, PARTS_PREFIX + name, parts.manifest(name, bucket=BUCKET))
        return store

    def get(self, location: S3Location) -> bytes:
        """Return an object's content; a request for a version finds none."""
        self.bucket_region(location.bucket)
        self.reads.append(location.name)
        content = self.objects.get((location.bucket, location.name))
        if content is None or location.version is not None:
            message = f"{location} is not in the store: put it there first, and ask for no version"
            raise ObjectMissingError(message)
        return content

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        self.bucket_region(bucket)
        if not self.writable:
            message = f"s3://{bucket}/{key} was not written: this store is not writable"
            raise ObjectStoreError(message)
        self.objects[bucket, key] = body

    def bucket_region(self, bucket: str) -> str:
        """Return the Region given in ``regions``."""
        if bucket not in self.regions:
            message = f"there is no bucket {bucket}: add it to regions"
            raise BucketMissingError(message)
        return self.regions[bucket]

    def put_manifest(self, *lines: str, name: str = "own.manifest", prefix: str = DEFAULT_PREFIX) -> None:
        """Write a manifest of these lines beside the sample manifests."""
        self.put(BUCKET, prefix + name, "".join(line + "\n" for line in lines).encode())

    def text(self, location: S3Location | None) -> str:
        """Return an object as text, for reading what a training wrote; ObjectMissingError for None."""
        if location is None:
            message = "no file was written, so there is none to read"
            raise ObjectMissingError(message)
        return self.get(location).decode()

    def written(self) -> set[str]:
        """Return the keys outside the sample data's prefixes: what trainings have written."""
        return {key for _, key in self.objects if not key.startswith((DEFAULT_PREFIX, PARTS_PREFIX))}


def sample_lines(manifest: str = TRAIN) -> list[str]:
    """Return the lines of a sample manifest as they stand in the store."""
    return [line.render(BUCKET, DEFAULT_PREFIX) for line in cached_samples().manifests[manifest]]


def line(image_key: str, *labels: str) -> str:
    """Return a manifest line for an image below the prefix of the sample data."""
    return SampleLine(image_key, labels).render(BUCKET, DEFAULT_PREFIX)


def sample_request(manifest: str = TRAIN, *, testing: str | None = TEST) -> TrainingRequest:
    """Return a request that trains on one sample manifest and tests on another; None splits the first one.

    Names are below the prefix of the sample data; the threshold is 60 and the training takes 30 minutes.
    """
    return _request(DEFAULT_PREFIX, manifest, testing, confidence_threshold=60.0)


def parts_request(manifest: str = TRAIN, *, testing: str | None = TEST) -> TrainingRequest:
    """Return the like for the sample data for Custom Labels."""
    return _request(PARTS_PREFIX, manifest, testing, confidence_threshold=None)


def _request(prefix: str, manifest: str, testing: str | None, *, confidence_threshold: float | None) -> TrainingRequest:
    started_at = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    return TrainingRequest(
        region=REGION,
        project_name="storefront",
        version_name="v1-abc",
        project_version_arn=PROJECT_VERSION_ARN,
        training_manifests=(S3Location(BUCKET, prefix + manifest),),
        testing_manifests=() if testing is None else (S3Location(BUCKET, prefix + testing),),
        auto_create=testing is None,
        output_bucket=BUCKET,
        output_prefix="out/",
        confidence_threshold=confidence_threshold,
        base_model_version="7.0",
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=30),
    )
