"""How is a Custom Labels model copied to another project?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.manifests import OUTPUT_UNWRITABLE, BucketMissingError, ObjectStoreError, S3Location
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.store import StagedObjectStore
from rekognition_sandbox.emulator.training_steps import output_key

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.manifests import ObjectStore
    from rekognition_sandbox.emulator.state import Place, Project, Version
    from rekognition_sandbox.emulator.training_steps import TrainingOutcome

#: How long a copy takes, in emulated time; AWS documents no figure.
COPYING_MS = 10 * 60 * 1000
COPYING_MESSAGE = "The model is being copied."
COPIED_MESSAGE = "The model is ready to run."


def begin_copying(engine: Engine, place: Place, project: Project, version: Version, source: TrainingOutcome) -> None:
    """Let a version exist, COPYING_IN_PROGRESS, and then be what its source was when the copy began.

    The source's results are written to the copy's own output place when the copy ends; INFERRED: under the names that
    a training of the copy would give them. A place that cannot be written fails the copy.
    """
    staged = StagedObjectStore(engine.store(place))
    outcome = _relocated(source, project, version, staged, place.region)
    place.versions[version.arn] = version

    def ended() -> None:
        present = place.versions.get(version.arn)
        if present is None or present.status is not VersionStatus.COPYING_IN_PROGRESS:
            return  # the controls decided otherwise
        result = outcome
        try:
            staged.publish()
        except ObjectStoreError:
            result = None
        place.versions[version.arn] = replace(
            present,
            status=VersionStatus.COPYING_COMPLETED if result else VersionStatus.COPYING_FAILED,
            status_message=COPIED_MESSAGE if result else OUTPUT_UNWRITABLE,
            outcome=result,
        )

    engine.plan(version.created_ms + COPYING_MS, ended)


def _relocated(
    source: TrainingOutcome, project: Project, version: Version, store: ObjectStore, region: str
) -> TrainingOutcome | None:
    """Return the outcome with the results at the copy's place; None when nothing can be written there.

    A result that is in S3 no more is left out, and nothing was billed for the copy's training.
    """
    bucket, prefix = version.order.output_bucket, version.order.output_prefix
    try:
        if store.bucket_region(bucket) != region:
            return None
    except BucketMissingError:
        return None

    def moved(kind: str, location: S3Location | None) -> S3Location | None:
        if location is None:
            return None
        try:
            content = store.get(location)
        except ObjectStoreError:
            return None
        key = output_key(kind, prefix, project.name, version.name)
        store.put(bucket, key, content)
        return S3Location(bucket, key)

    def all_moved(kind: str, locations: tuple[S3Location, ...]) -> tuple[S3Location, ...]:
        return tuple(location for location in (moved(kind, old) for old in locations) if location is not None)

    return replace(
        source,
        billable_seconds=None,
        evaluation_summary=moved("EvaluationResultSummary", source.evaluation_summary),
        manifest_summary=moved("ManifestSummary", source.manifest_summary),
        training_output=all_moved("TrainingGroundTruth", source.training_output),
        training_validation=all_moved("TrainingManifestWithValidation", source.training_validation),
        testing_output=all_moved("TestingGroundTruth", source.testing_output),
        testing_validation=all_moved("TestingManifestWithValidation", source.testing_validation),
    )
