"""What is in the manifests now?

The answer is the SHA-256 of each: equal content is the same however it was uploaded, which neither an ETag nor another
checksum tells. Where S3 does not know it, the content is read, once for each upload.
"""

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.aws.hindrance import iam_action, policy_of
from rekognition_operator.aws.objects import ObjectHead, Objects
from rekognition_operator.controller.backoff import PATIENT_AFTER
from rekognition_operator.controller.memory import DataMemory
from rekognition_operator.core.inputs import ManifestRef
from rekognition_operator.core.wording import clause
from rekognition_operator.core.world import DataProblem, DataSeen, Desired, SeenManifest


async def observe_data(aws: Rekognition, desired: Desired, memory: DataMemory, *, lane: Lane) -> DataSeen | None:
    """Look at each manifest; None where the data is not followed.

    What may not be read, or not now, is no failure of a pass. What was read is remembered as long as it is the newest.
    """
    if desired.follow is None or desired.deleting:
        return None
    seen: list[SeenManifest] = []
    read: dict[tuple[object, ...], str] = {}
    for manifest in (*desired.inputs.training, *desired.inputs.testing):
        head: ObjectHead | None = None
        try:
            head = await aws.objects.head(manifest.bucket, manifest.name, version=manifest.version, lane=lane)
            key = _upload(manifest, head)
            content = head.sha256 or memory.read.get(key) or await _read(aws.objects, manifest, head, lane)
        except CallError as error:
            return DataSeen(problem=_problem(error, manifest, head, memory))
        if head.sha256 is None:
            read[key] = memory.read[key] = content
        seen.append(SeenManifest(content, head.version_id, head.last_modified))
    memory.read, memory.failures = read, 0
    return DataSeen(tuple(seen))


def _upload(manifest: ManifestRef, head: ObjectHead) -> tuple[object, ...]:
    """Return what tells an upload from every other one."""
    return (manifest.bucket, manifest.name, head.version_id, head.etag, head.size_bytes, head.last_modified)


async def _read(objects: Objects, manifest: ManifestRef, head: ObjectHead, lane: Lane) -> str:
    """Read the very content that the head was of: another upload meanwhile is an error."""
    version = _version_asked_for(manifest, head)
    return await objects.sha256(manifest.bucket, manifest.name, version=version, etag=head.etag, lane=lane)


def _version_asked_for(manifest: ManifestRef, head: ObjectHead | None) -> str | None:
    """Return the object version that a call names: once the head is known, that of the head."""
    return (head.version_id if head is not None else None) or manifest.version


def _problem(error: CallError, manifest: ManifestRef, head: ObjectHead | None, memory: DataMemory) -> DataProblem:
    version = f" (version {manifest.version})" if manifest.version is not None else ""
    url, says = f"s3://{manifest.bucket}/{manifest.name}{version}", clause(error.message)
    match error.kind:
        case ErrorKind.THROTTLED | ErrorKind.SERVER | ErrorKind.LOST | ErrorKind.IN_USE | ErrorKind.LIMIT:
            memory.failures += 1
            return DataProblem(
                f"What is in {url} is not known ({error.operation}: {says}); it is looked at again. If this stays, "
                "check the operator's network, and the AWS health dashboard",
                passing=True,
                persists=memory.failures >= PATIENT_AFTER,
            )
        case ErrorKind.NOT_FOUND:
            return DataProblem(f"{url} is not there: {says}. Upload it, or correct its place in spec.training")
        case ErrorKind.ACCESS_DENIED:
            of_a_version = _version_asked_for(manifest, head) is not None
            right = "s3:GetObjectVersion" if of_a_version else iam_action(error.operation)
            return DataProblem(
                f"AWS denied {right} on {url}: {says}. Allow it in {policy_of(error.principal)}, or set "
                "data.follow: Pinned"
            )
        case ErrorKind.CREDENTIALS | ErrorKind.INVALID:
            return DataProblem(
                f"{url} cannot be read ({error.code}: {says}). Correct its place in spec.training, or set "
                "data.follow: Pinned"
            )
