"""What do CreateProjectVersion, DescribeProjectVersions and DeleteProjectVersion do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import version_arn
from rekognition_sandbox.emulator.errors import in_use, limit_exceeded, not_found
from rekognition_sandbox.emulator.lifecycle import TRAINING_MESSAGE, begin_deleting_version, begin_training
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.describe_version import describe
from rekognition_sandbox.emulator.operations.projects import find_project
from rekognition_sandbox.emulator.operations.training_order import order_of
from rekognition_sandbox.emulator.state import ProjectStatus, Version, VersionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import (
        CreateProjectVersionRequestTypeDef,
        DeleteProjectVersionRequestTypeDef,
        DescribeProjectVersionsRequestTypeDef,
    )

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.state import Place, Project

_PAGE_SIZE = 100
#: "You can't delete a model if it is running or if it is training", and INFERRED while it passes between states.
_UNDELETABLE = frozenset(
    {
        VersionStatus.TRAINING_IN_PROGRESS,
        VersionStatus.STARTING,
        VersionStatus.RUNNING,
        VersionStatus.STOPPING,
        VersionStatus.COPYING_IN_PROGRESS,
        VersionStatus.DELETING,
    }
)


def find_version(place: Place, arn: str) -> Version:
    """Return the version of an ARN; raise ResourceNotFoundException when it is not here."""
    version = place.versions.get(arn)
    if version is None:
        raise not_found(arn)
    return version


def create_project_version(call: Call, request: CreateProjectVersionRequestTypeDef) -> Result:
    """Start training an adapter or a Custom Labels model.

    Manifests and buckets are looked at by the training and fail it, not the call. INFERRED: the order of the checks; a
    name that is taken is told before a quota that is used up.
    """
    engine, place = call.engine, call.place
    project = find_project(place, request["ProjectArn"])
    order = order_of(place, project, request)
    if project.status is not ProjectStatus.CREATED:
        raise in_use(f"The project {project.name} is {project.status}.")
    name = request["VersionName"]
    check_room(call, project, name)
    trainings, most = place.trainings(), engine.quotas.concurrent_trainings
    if trainings >= most:
        raise limit_exceeded(trainings, "open Jobs", place.account, place.partition, most)
    created_ms = engine.next_creation_ms()
    version = Version(
        arn=version_arn(project.arn, name, created_ms),
        project_arn=project.arn,
        name=name,
        feature=project.feature,
        created_ms=created_ms,
        status=VersionStatus.TRAINING_IN_PROGRESS,
        status_message=TRAINING_MESSAGE,
        order=order,
        base_model_version=engine.base_model_version,
        tags=dict(request.get("Tags", {})),
    )
    begin_training(engine, place, project, version)
    return Result({"ProjectVersionArn": version.arn}, effect=f"created {version.arn}")


def check_room(call: Call, project: Project, version_name: str) -> None:
    """Raise the error of a name that is taken, or of a project that is full."""
    place, quotas = call.place, call.engine.quotas
    versions = place.versions_newest_first(project.arn)
    if any(version.name == version_name for version in versions):
        raise in_use(f"A version with the name {version_name} already exists in project {project.name}.")
    if len(versions) >= quotas.versions_per_project:
        raise limit_exceeded(
            len(versions), "Project Versions", place.account, place.partition, quotas.versions_per_project
        )


def describe_project_versions(call: Call, request: DescribeProjectVersionsRequestTypeDef) -> Result:
    """List a project's versions, newest first; unknown names are left out."""
    place = call.place
    project = find_project(place, request["ProjectArn"])
    names = request.get("VersionNames")
    wanted = [version for version in place.versions_newest_first(project.arn) if names is None or version.name in names]
    page, token = call.engine.pager.page(
        wanted,
        max_results=request.get("MaxResults", _PAGE_SIZE),
        token=request.get("NextToken"),
        scope=(call.operation, project.arn, sorted(names or [])),
    )
    return Result({"ProjectVersionDescriptions": [describe(version) for version in page], "NextToken": token})


def delete_project_version(call: Call, request: DeleteProjectVersionRequestTypeDef) -> Result:
    """Start deleting a version; its name is free again when it is gone."""
    version = find_version(call.place, request["ProjectVersionArn"])
    if version.status in _UNDELETABLE:
        raise in_use(f"The version {version.name} is {version.status}.")
    begin_deleting_version(call.engine, call.place, version)
    return Result({"Status": VersionStatus.DELETING.value}, effect=f"deleting {version.arn}")


HANDLERS: Mapping[str, Handler] = {
    "CreateProjectVersion": create_project_version,
    "DescribeProjectVersions": describe_project_versions,
    "DeleteProjectVersion": delete_project_version,
}
