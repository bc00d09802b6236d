"""How do projects and versions pass from one state to the next by themselves?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.clock import Move, to_datetime
from rekognition_sandbox.emulator.custom_labels.training import train_custom_labels
from rekognition_sandbox.emulator.manifests import OUTPUT_UNWRITABLE
from rekognition_sandbox.emulator.state import Feature, ProjectStatus, VersionStatus
from rekognition_sandbox.emulator.store import StagedObjectStore
from rekognition_sandbox.emulator.training import ObjectStoreError, TrainingRequest, train

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.state import Place, Project, Version
    from rekognition_sandbox.emulator.training import TrainingOutcome

#: The shortest training that AWS documents ("30 minutes to 24 hours"), in emulated time.
TRAINING_MS = 30 * 60 * 1000
#: How long CREATING and DELETING last, in emulated time; AWS documents no figure.
SETTLING_MS = 60 * 1000
TRAINING_MESSAGE = "The model is being trained."


def begin_project(engine: Engine, place: Place, project: Project) -> None:
    """Let a project exist, CREATING, and become CREATED."""
    place.projects[project.arn] = project

    def created() -> None:
        present = place.projects.get(project.arn)
        if present and present.status is ProjectStatus.CREATING:
            place.projects[project.arn] = replace(present, status=ProjectStatus.CREATED)

    engine.plan(project.created_ms + SETTLING_MS, created)


def begin_deleting_project(engine: Engine, place: Place, project: Project) -> None:
    """Let a project be DELETING, and then be gone."""
    place.projects[project.arn] = replace(project, status=ProjectStatus.DELETING)

    def gone() -> None:
        place.projects.pop(project.arn, None)

    engine.plan(engine.clock.now_ms() + SETTLING_MS, gone)


def begin_deleting_version(engine: Engine, place: Place, version: Version) -> None:
    """Let a version be DELETING, and then be gone, its name free again."""
    place.versions[version.arn] = replace(version, status=VersionStatus.DELETING, status_message="")

    def gone() -> None:
        place.versions.pop(version.arn, None)

    engine.plan(engine.clock.now_ms() + SETTLING_MS, gone)


def begin_training(engine: Engine, place: Place, project: Project, version: Version) -> None:
    """Let a version exist, TRAINING_IN_PROGRESS, and end as its data deserves.

    The data is read now, the outputs are written and the outcome shows when the training ends. One that was held ends
    late, and says the moment at which it would have ended.
    """
    ended_ms = version.created_ms + TRAINING_MS
    staged = StagedObjectStore(engine.store(place, training=True))
    order = version.order
    teach = train if version.feature is Feature.CONTENT_MODERATION else train_custom_labels
    outcome = teach(
        TrainingRequest(
            region=place.region,
            project_name=project.name,
            version_name=version.name,
            project_version_arn=version.arn,
            training_manifests=order.training_manifests,
            testing_manifests=order.testing_manifests,
            auto_create=bool(order.auto_create),
            output_bucket=order.output_bucket,
            output_prefix=order.output_prefix or "",
            confidence_threshold=order.confidence_threshold,
            base_model_version=version.base_model_version,
            started_at=version.created_at,
            ended_at=to_datetime(ended_ms),
            training_entries=order.training_entries,
            testing_entries=order.testing_entries,
        ),
        staged,
    )
    place.versions[version.arn] = version

    def ended() -> None:
        present = place.versions.get(version.arn)
        if present is None or present.status is not VersionStatus.TRAINING_IN_PROGRESS:
            return  # the controls decided otherwise
        result = outcome
        try:
            staged.publish()
        except ObjectStoreError:
            result = _unwritten(outcome)
        place.versions[version.arn] = replace(
            present,
            status=VersionStatus.TRAINING_COMPLETED if result.succeeded else VersionStatus.TRAINING_FAILED,
            status_message=result.status_message,
            ended_ms=ended_ms,
            outcome=result,
        )

    engine.plan(ended_ms, ended, ends=(Move.TRAINING, place.region))


def _unwritten(outcome: TrainingOutcome) -> TrainingOutcome:
    """Return the failure of a training whose output bucket went away while it ran."""
    return replace(
        outcome,
        succeeded=False,
        status_message=OUTPUT_UNWRITABLE,
        f1_score=None,
        billable_seconds=None,
        evaluation_summary=None,
        manifest_summary=None,
        training_output=(),
        training_validation=(),
        testing_output=(),
        testing_validation=(),
        knowledge=None,
        custom_labels=None,
    )
