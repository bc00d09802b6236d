"""What makes a version what it is, and by which digest and name is it known?"""

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal

DIGEST_FUNCTIONS = ("v1",)
"""All released digest functions, newest first. None is ever removed: see :func:`digests`."""

_VERSION_NAME = re.compile(r"(?P<digest>v[0-9]+-[0-9a-f]{16})(?:-(?P<attempt>[1-9][0-9]*))?")


@dataclass(frozen=True)
class ManifestRef:
    """A manifest in Amazon S3; ``version`` is the S3 object version, where one is given.

    ``content`` is there where the data is followed: the SHA-256 of the object, in lower hex. The manifest is its
    content then; the version is only where it was read, and shall be read.
    """

    bucket: str
    name: str
    version: str | None = None
    content: str | None = None


@dataclass(frozen=True)
class TrainingInputs:
    """The resolved inputs of a training.

    ``testing`` is empty where Rekognition splits the training data. ``confidence_threshold`` is in percent.
    """

    training: tuple[ManifestRef, ...]
    testing: tuple[ManifestRef, ...] = ()
    confidence_threshold: float | None = None
    kms_key_id: str | None = None

    @property
    def places(self) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Bucket and name of each manifest, of training and testing: where the data is, whatever is in it."""
        training, testing = (tuple((m.bucket, m.name) for m in ms) for ms in (self.training, self.testing))
        return training, testing


@dataclass(frozen=True)
class VersionName:
    """A version name of ours: the digest of the inputs, and the number of the attempt (1 has no suffix)."""

    digest: str
    attempt: int

    def __str__(self) -> str:
        return self.digest if self.attempt == 1 else f"{self.digest}-{self.attempt}"


def parse_version_name(name: str) -> VersionName | None:
    """Read a version name; None where it is not one of ours."""
    match = _VERSION_NAME.fullmatch(name)
    if match is None:
        return None
    attempt = int(match["attempt"] or 1)
    if match["attempt"] == "1":  # we never write the suffix -1
        return None
    return VersionName(match["digest"], attempt)


def digests(inputs: TrainingInputs) -> tuple[str, ...]:
    """Return the digest of the inputs by every released function, the current one first.

    A version named by an older function is still the wanted one, so an upgrade of the operator retrains nothing.
    """
    return (_digest_v1(inputs),)


def _digest_v1(inputs: TrainingInputs) -> str:
    """Sha256 over canonical JSON: sorted keys, no spaces, numbers as decimals, defaults omitted, manifests in order."""
    document: dict[str, object] = {"trainingData": [_manifest_v1(m) for m in inputs.training]}
    if inputs.testing:
        document["testingData"] = [_manifest_v1(m) for m in inputs.testing]
    if inputs.confidence_threshold is not None:
        document["confidenceThreshold"] = decimal(inputs.confidence_threshold)
    if inputs.kms_key_id is not None:
        document["kmsKeyID"] = inputs.kms_key_id
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "v1-" + hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _manifest_v1(manifest: ManifestRef) -> dict[str, str]:
    if manifest.content is not None:
        return {"content": manifest.content}
    document = {"bucket": manifest.bucket, "name": manifest.name}
    if manifest.version is not None:
        document["version"] = manifest.version
    return document


def decimal(number: float) -> str:
    """Write a number so that 60, 60.0 and 6e1 are one."""
    text = format(Decimal(repr(float(number))).normalize(), "f")
    return "0" if text == "-0" else text
