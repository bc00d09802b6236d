"""What do Rekognition's operations do to the fake's world? They refuse what AWS refuses."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from fakes._rekognition_serving import RUNNING, ServingWorld
from fakes._rekognition_state import (
    DATASET_DELETING,
    Call,
    Effect,
    Fault,
    ProjectRecord,
    VersionRecord,
    check_description,
    check_name,
    check_tags,
    refusal,
    shown,
)
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)

T = TypeVar("T")

_S3_OPERATIONS: Final = frozenset({"HeadObject", "GetObject"})
"""Their answers do not tell Rekognition's time."""
_BUSY: Final = frozenset(
    {
        VersionState.TRAINING_IN_PROGRESS,
        VersionState.STARTING,
        VersionState.RUNNING,
        VersionState.STOPPING,
        VersionState.COPYING_IN_PROGRESS,
        VersionState.DELETING,
    }
)
"""States in which DeleteProjectVersion answers ResourceInUseException."""
_STARTABLE: Final = frozenset(
    {
        VersionState.TRAINING_COMPLETED,
        VersionState.STOPPED,
        VersionState.COPYING_COMPLETED,
        VersionState.FAILED,
    }
)
"""States in which StartProjectVersion is accepted: the first two by AWS's samples, the others INFERRED."""


class RekognitionOperations(ServingWorld):
    """The effects of the operations, without the caller's memory."""

    _answered_at: datetime | None = None

    def _run(self, operation: str, subject: str, lane: Lane, effect: Callable[[], T]) -> T:
        """Make one call to AWS: the hook, an injected error before it, its effect, an injected error after it."""
        self.calls.append(Call(operation, subject, lane))
        if self.on_call is not None:
            self.on_call(operation)
        self._read_meter()
        fault = self._due(operation)
        if operation not in _S3_OPERATIONS and (fault is None or fault.error.kind is not ErrorKind.LOST):
            self._answered_at = self._now()
        if fault is None:
            return effect()
        if fault.after_effect:
            with contextlib.suppress(CallError):  # a refusal whose answer is lost too
                effect()
        raise replace(fault.error)

    def _due(self, operation: str) -> Fault | None:
        due: Fault | None = None
        for fault in self._faults:
            if fault.operation != operation:
                continue
            if fault.skip:
                fault.skip -= 1
            elif due is None:
                due = fault
        if due is not None:
            due.times -= 1
            if not due.times:
                self._faults.remove(due)
        return due

    def _create_project(self, name: str, feature: Feature, *, auto_update: bool, tags: Mapping[str, str]) -> str:
        check_name(name, "CreateProject", "projectName")
        check_tags(tags, "CreateProject")
        if any(p.name == name for p in self._projects.values()):
            raise refusal("CreateProject", ErrorKind.IN_USE, f"Project {name} already exists.")
        if sum(p.feature is feature for p in self._projects.values()) >= self.max_projects:
            message = f"{self.max_projects} projects. Maximum limit: {self.max_projects}"
            raise refusal("CreateProject", ErrorKind.LIMIT, message)
        status = ProjectStatus.CREATED if self.instant else ProjectStatus.CREATING
        arn = self.add_project(name, feature=feature, auto_update=auto_update, tags=tags, status=status)
        self.effects.append(Effect("CreateProject", arn))
        return arn

    def _create_version(
        self,
        project_arn: str,
        version_name: str,
        *,
        feature: Feature,
        inputs: TrainingInputs,
        output: S3Object,
        description: str | None,
        tags: Mapping[str, str],
    ) -> str:
        project = self._accepting_project(project_arn, version_name, feature, inputs)
        check_description(description, "CreateProjectVersion")
        check_tags(tags, "CreateProjectVersion")
        arn = self.add_version(
            project.name,
            version_name,
            status=VersionState.TRAINING_IN_PROGRESS,
            inputs=shown(inputs),
            output=output,
            description=description,
            tags=tags,
        )
        self.created.append((project.name, version_name))
        self.effects.append(Effect("CreateProjectVersion", arn))
        return arn

    def _delete_version(self, arn: str) -> None:
        found = self._find_version(arn)
        if found is None:
            return
        project, version = found
        if version.state in _BUSY:
            message = f"{version.name} is {version.status}; it cannot be deleted."
            raise refusal("DeleteProjectVersion", ErrorKind.IN_USE, message)
        version.status = VersionState.DELETING
        self.effects.append(Effect("DeleteProjectVersion", arn))
        if self.instant:
            project.versions.remove(version)

    def _start_version(self, arn: str, min_units: int, max_units: int | None) -> None:
        operation = "StartProjectVersion"
        version = self._model(arn, operation)
        most = max_units or min_units
        if min_units < 1 or most < min_units:
            raise refusal(operation, ErrorKind.INVALID, f"{min_units} to {max_units} are no inference units.")
        if version.state not in _STARTABLE:
            raise refusal(operation, ErrorKind.IN_USE, f"The version {version.name} is {version.status}.")
        if most > self.max_inference_units:
            message = f"{most} Inference Units for User {self.account} Maximum limit: {self.max_inference_units}"
            raise refusal(operation, ErrorKind.LIMIT, message)
        running = sum(v.state in RUNNING for v in self.versions)
        if running >= self.max_running_models:
            message = f"{running} running Models for User {self.account} Maximum limit: {self.max_running_models}"
            raise refusal(operation, ErrorKind.LIMIT, message)
        self._begin_start(version, min_units, max_units)
        self.effects.append(Effect(operation, arn))

    def _stop_version(self, arn: str) -> None:
        operation = "StopProjectVersion"
        version = self._model(arn, operation)
        if version.state is not VersionState.RUNNING:
            raise refusal(operation, ErrorKind.IN_USE, f"The version {version.name} is {version.status}.")
        self.set_status(arn, VersionState.STOPPING, "The model is stopping.")
        self.effects.append(Effect(operation, arn))

    def _model(self, arn: str, operation: str) -> VersionRecord:
        """Return a Custom Labels version; refuse an absent one, and an adapter, as AWS does."""
        found = self._find_version(arn)
        if found is None:
            raise refusal(operation, ErrorKind.NOT_FOUND, f"{arn} does not exist.")
        project, version = found
        if project.feature is not Feature.CUSTOM_LABELS:
            raise refusal(operation, ErrorKind.INVALID, f"{operation} applies only to Custom Labels models.")
        return version

    def _delete_project(self, arn: str) -> None:
        project = self._projects.get(arn)
        if project is None:
            return
        if project.versions or project.datasets or project.status is not ProjectStatus.CREATED:
            message = f"{project.name} is {project.status}, or has versions or datasets."
            raise refusal("DeleteProject", ErrorKind.IN_USE, message)
        project.status = ProjectStatus.DELETING
        self.effects.append(Effect("DeleteProject", arn))
        if self.instant:
            del self._projects[arn]

    def _delete_dataset(self, arn: str) -> None:
        for project in self._projects.values():
            for dataset in project.datasets:
                if dataset.arn == arn:
                    if dataset.status == DATASET_DELETING:
                        raise refusal("DeleteDataset", ErrorKind.IN_USE, f"The dataset {arn} is {dataset.status}.")
                    rest = [d for d in project.datasets if d.arn != arn]
                    project.datasets = rest if self.instant else [*rest, replace(dataset, status=DATASET_DELETING)]
                    self.effects.append(Effect("DeleteDataset", arn))
                    return

    def _set_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        check_tags(tags, "TagResource")
        current = self._tags_of(arn, "TagResource")
        if len({*current, *tags}) > self.max_tags:
            raise refusal("TagResource", ErrorKind.LIMIT, "Too many tags.", code="ServiceQuotaExceededException")
        current.update(tags)
        self.effects.append(Effect("TagResource", arn, tuple(sorted(tags))))

    def _remove_tags(self, arn: str, keys: tuple[str, ...]) -> None:
        current = self._tags_of(arn, "UntagResource")
        for key in keys:
            current.pop(key, None)
        self.effects.append(Effect("UntagResource", arn, keys))

    def _list_projects(self) -> tuple[ObservedProject, ...]:
        return tuple(p.observed() for p in reversed(self._projects.values()))

    def _list_versions(self, project_arn: str) -> tuple[ObservedVersion, ...]:
        project = self._projects.get(project_arn)
        if project is None:
            raise refusal("DescribeProjectVersions", ErrorKind.NOT_FOUND, "The project does not exist.")
        return tuple(v.observed() for v in reversed(project.versions) if not v.hidden)

    def _accepting_project(
        self, project_arn: str, version_name: str, feature: Feature, inputs: TrainingInputs
    ) -> ProjectRecord:
        """Return the project, where AWS would start this training; else refuse as AWS would."""
        operation = "CreateProjectVersion"
        check_name(version_name, operation, "versionName")
        project = self._projects.get(project_arn)
        if project is None:
            raise refusal(operation, ErrorKind.NOT_FOUND, "The project does not exist.")
        if project.status is not ProjectStatus.CREATED:
            raise refusal(operation, ErrorKind.IN_USE, f"{project.name} is {project.status}.")
        if any(v.name == version_name for v in project.versions):
            raise refusal(operation, ErrorKind.IN_USE, f"Version {version_name} already exists.")
        if project.datasets:
            raise refusal(operation, ErrorKind.INVALID, "TrainingData cannot be given: the project has datasets.")
        if feature is not project.feature:
            raise refusal(operation, ErrorKind.INVALID, "FeatureConfig does not fit the project's feature.")
        if not inputs.training:
            raise refusal(operation, ErrorKind.INVALID, "TrainingData has no assets.")
        if len(project.versions) >= self.max_versions:
            message = f"{self.max_versions} models. Maximum limit: {self.max_versions}"
            raise refusal(operation, ErrorKind.LIMIT, message)
        training = sum(v.status == VersionState.TRAINING_IN_PROGRESS for v in self.versions)
        if training >= self.max_trainings:
            message = f"{training} open Jobs for User {self.account} Maximum limit: {self.max_trainings}"
            raise refusal(operation, ErrorKind.LIMIT, message)
        return project
