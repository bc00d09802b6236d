"""What does AWS, or somebody else, do to projects and versions without being asked by their owner?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import version_arn
from rekognition_sandbox.emulator.datasets import new_dataset, read_entries
from rekognition_sandbox.emulator.lifecycle import TRAINING_MESSAGE, TRAINING_MS, begin_training
from rekognition_sandbox.emulator.state import (
    DatasetType,
    Feature,
    InferenceUnits,
    TrainingOrder,
    Version,
    VersionStatus,
)
from rekognition_sandbox.emulator.wire import VersionView

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.state import Place, Project
    from rekognition_sandbox.emulator.wire import BaseModelChange, DatasetSpec, ForeignVersion, VersionChange

_READY = "The model is ready to run."


class NoSuchThingError(LookupError):
    """A control request names a project or version that is not there."""


def change_version(engine: Engine, arn: str, change: VersionChange) -> VersionView:
    """Give a version another status, message or base model, from whatever state it is in."""
    with engine.lock:
        engine.advance()
        place = engine.place_of(arn)
        version = place.versions.get(arn) if place else None
        if place is None or version is None:
            raise NoSuchThingError(f"There is no version {arn}. Take the ARN from DescribeProjectVersions.")
        given = change.model_dump(exclude_none=True)
        ends = version.status is VersionStatus.TRAINING_IN_PROGRESS and change.status is not None
        changed = _with_units(replace(version, **given, transitions=version.transitions + 1))
        if ends:
            changed = replace(changed, ended_ms=engine.clock.now_ms())
        place.versions[arn] = changed
        engine.observe(place, changed, engine.clock.now_ms())
        return _view(changed)


def add_foreign_version(engine: Engine, foreign: ForeignVersion) -> VersionView:
    """Add a version that nobody here asked for, trained from the same data as the newest one of its project."""
    with engine.lock:
        engine.advance()
        place, project = _project(engine, foreign.project_arn)
        versions = place.versions_newest_first(project.arn)
        if any(version.name == foreign.version_name for version in versions):
            raise ValueError(
                f"version_name: {project.name} has a version {foreign.version_name} already. Choose another name."
            )
        model = next((version for version in versions if version.outcome), versions[0] if versions else None)
        created_ms = engine.next_creation_ms()
        status = foreign.status or VersionStatus.TRAINING_COMPLETED
        trained = status is not VersionStatus.TRAINING_IN_PROGRESS
        version = Version(
            arn=version_arn(project.arn, foreign.version_name, created_ms),
            project_arn=project.arn,
            name=foreign.version_name,
            feature=project.feature,
            created_ms=created_ms,
            status=status,
            status_message=_READY if status is VersionStatus.TRAINING_COMPLETED else "",
            order=model.order if model else _unknown_order(),
            base_model_version=foreign.base_model_version or engine.base_model_version,
            tags={},
            ended_ms=created_ms + TRAINING_MS if trained else None,
            outcome=model.outcome if model and trained else None,
        )
        version = _with_units(version)
        place.versions[version.arn] = version
        engine.observe(place, version, created_ms)
        return _view(version)


def release_base_model(engine: Engine, change: BaseModelChange) -> None:
    """Let new trainings use another base model and, if so wished, begin the end of the adapters of the others."""
    with engine.lock:
        engine.advance()
        engine.base_model_version = change.version
        if not change.deprecate:
            return
        for place in engine.places.values():
            for version in list(place.versions.values()):
                if _superseded(version, change.version):
                    _deprecate(engine, place, version, change.expire_after_seconds)
            for project in place.projects.values():
                if change.auto_update and project.auto_update == "ENABLED":
                    _update(engine, place, project)


def add_dataset(engine: Engine, spec: DatasetSpec) -> str:
    """Add a dataset to a Custom Labels project, as opening its page in the console does; return its ARN.

    As there, it holds what the most recent manifests say; nothing where the project was never trained with any.
    """
    with engine.lock:
        engine.advance()
        place, project = _project(engine, spec.project_arn)
        if project.feature is not Feature.CUSTOM_LABELS:
            raise ValueError(f"project_arn: {project.name} is for {project.feature}; only Custom Labels has datasets.")
        kind = DatasetType(spec.dataset_type)
        if any(dataset.dataset_type is kind for dataset in place.datasets_of(project.arn)):
            raise ValueError(f"dataset_type: {project.name} has a {kind} dataset already.")
        dataset = replace(
            new_dataset(engine, project, kind, tags={}),
            status=spec.status,
            status_message="",
            entries=_most_recent_entries(engine, place, project, kind),
        )
        place.datasets[dataset.arn] = dataset
        return dataset.arn


def _most_recent_entries(engine: Engine, place: Place, project: Project, kind: DatasetType) -> tuple[str, ...]:
    orders = [version.order for version in place.versions_newest_first(project.arn)]
    both = [(order.training_manifests, order.testing_manifests) for order in orders if order.training_manifests]
    if not both:
        return ()
    training, testing = both[0]
    manifests = training if kind is DatasetType.TRAIN else testing
    store = engine.store(place)
    return tuple(entry for manifest in manifests for entry in read_entries(manifest, store, place.region).entries)


def _with_units(version: Version) -> Version:
    """Return a version that, where it runs without ever having been started, does so with one inference unit."""
    if version.units is None and version.status in {VersionStatus.STARTING, VersionStatus.RUNNING}:
        return replace(version, units=InferenceUnits(1, None))
    return version


def _superseded(version: Version, base_model_version: str) -> bool:
    return (
        version.feature is Feature.CONTENT_MODERATION
        and version.status is VersionStatus.TRAINING_COMPLETED
        and version.base_model_version != base_model_version
    )


def _deprecate(engine: Engine, place: Place, version: Version, expire_after_seconds: float | None) -> None:
    place.versions[version.arn] = replace(version, status=VersionStatus.DEPRECATED)
    if expire_after_seconds is None:
        return

    def expire() -> None:
        present = place.versions.get(version.arn)
        if present and present.status is VersionStatus.DEPRECATED:
            place.versions[version.arn] = replace(present, status=VersionStatus.EXPIRED)

    engine.plan(engine.clock.now_ms() + round(expire_after_seconds * 1000), expire)


def _update(engine: Engine, place: Place, project: Project) -> None:
    """Let AWS train the newest trained version of a project anew, as AutoUpdate does.

    INFERRED, since AWS documents nothing of it: that it adds a version of its own (and does not change one), its name,
    that it has the same data and output and no tags, and that it begins at once and beside the quotas.
    """
    versions = place.versions_newest_first(project.arn)
    name = f"auto-update-{re.sub(r'[^a-zA-Z0-9_.-]', '-', engine.base_model_version)}"
    trained = next((version for version in versions if version.outcome and version.outcome.succeeded), None)
    if trained is None or any(version.name == name for version in versions):
        return
    created_ms = engine.next_creation_ms()
    version = Version(
        arn=version_arn(project.arn, name, created_ms),
        project_arn=project.arn,
        name=name,
        feature=project.feature,
        created_ms=created_ms,
        status=VersionStatus.TRAINING_IN_PROGRESS,
        status_message=TRAINING_MESSAGE,
        order=trained.order,
        base_model_version=engine.base_model_version,
        tags={},
    )
    begin_training(engine, place, project, version)


def _project(engine: Engine, arn: str) -> tuple[Place, Project]:
    place = engine.place_of(arn)
    project = place.projects.get(arn) if place else None
    if place is None or project is None:
        raise NoSuchThingError(f"There is no project {arn}. Take the ARN from DescribeProjects.")
    return place, project


def _unknown_order() -> TrainingOrder:
    """Return what is told of the training of a version in a project that had none."""
    return TrainingOrder(
        output_bucket="unknown",
        output_prefix=None,
        training_manifests=(),
        testing_manifests=(),
        auto_create=True,
        kms_key_id=None,
        description=None,
        confidence_threshold=None,
    )


def _view(version: Version) -> VersionView:
    return VersionView(
        arn=version.arn,
        name=version.name,
        status=version.status,
        status_message=version.status_message,
        base_model_version=version.base_model_version,
    )
