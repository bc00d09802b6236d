"""What do CreateProject, DescribeProjects and DeleteProject do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import project_arn
from rekognition_sandbox.emulator.datasets import status_message_code
from rekognition_sandbox.emulator.errors import in_use, invalid_parameter, limit_exceeded, not_found
from rekognition_sandbox.emulator.lifecycle import begin_deleting_project, begin_project
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.state import Feature, Project, ProjectStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import (
        CreateProjectRequestTypeDef,
        DeleteProjectRequestTypeDef,
        DescribeProjectsRequestTypeDef,
    )

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.state import Dataset, Place

_PAGE_SIZE = 100


def find_project(place: Place, arn: str) -> Project:
    """Return the project of an ARN; raise ResourceNotFoundException when it is not here."""
    project = place.projects.get(arn)
    if project is None:
        raise not_found(arn)
    return project


def create_project(call: Call, request: CreateProjectRequestTypeDef) -> Result:
    """Start a project.

    INFERRED: a name is taken whatever the feature of its project; AutoUpdate on Custom Labels is refused (Terraform
    blanks it before it calls).
    """
    engine, place = call.engine, call.place
    name = request["ProjectName"]
    feature = Feature(request.get("Feature", Feature.CUSTOM_LABELS))
    auto_update = request.get("AutoUpdate")
    if feature is Feature.CONTENT_MODERATION and auto_update is None:
        raise invalid_parameter("AutoUpdate is required for a project with Feature CONTENT_MODERATION.")
    if feature is Feature.CUSTOM_LABELS and auto_update is not None:
        raise invalid_parameter("AutoUpdate does not apply to a project with Feature CUSTOM_LABELS.")
    if place.project_named(name) is not None:
        raise in_use(f"A project with the name {name} already exists.")
    limit = engine.quotas.projects
    if len(place.projects) >= limit:
        raise limit_exceeded(len(place.projects), "Projects", place.account, place.partition, limit)
    created_ms = engine.next_creation_ms()
    arn = project_arn(place.account, place.region, name, created_ms)
    tags = dict(request.get("Tags", {}))
    begin_project(engine, place, Project(arn, name, feature, auto_update, created_ms, ProjectStatus.CREATING, tags))
    return Result({"ProjectArn": arn}, effect=f"created {arn}")


def describe_projects(call: Call, request: DescribeProjectsRequestTypeDef) -> Result:
    """List projects, newest first; adapters only where `Features` asks for them; unknown names are left out."""
    place = call.place
    features = sorted(set(request.get("Features", [Feature.CUSTOM_LABELS.value])))
    names = request.get("ProjectNames")
    wanted = [
        project
        for project in place.projects_newest_first()
        if project.feature in features and (names is None or project.name in names)
    ]
    page, token = call.engine.pager.page(
        wanted,
        max_results=request.get("MaxResults", _PAGE_SIZE),
        token=request.get("NextToken"),
        scope=(call.operation, place.account, place.region, features, sorted(names or [])),
    )
    return Result({"ProjectDescriptions": [_description(place, project) for project in page], "NextToken": token})


def delete_project(call: Call, request: DeleteProjectRequestTypeDef) -> Result:
    """Start deleting a project that has no versions and no datasets left."""
    project = find_project(call.place, request["ProjectArn"])
    if project.status is not ProjectStatus.CREATED:
        raise in_use(f"The project {project.name} is {project.status}.")
    versions = call.place.versions_newest_first(project.arn)
    if versions:
        raise in_use(f"The project {project.name} still has {len(versions)} versions. Delete them first.")
    datasets = call.place.datasets_of(project.arn)
    if datasets:
        raise in_use(f"The project {project.name} still has {len(datasets)} datasets. Delete them first.")
    begin_deleting_project(call.engine, call.place, project)
    return Result({"Status": ProjectStatus.DELETING.value}, effect=f"deleting {project.arn}")


def _description(place: Place, project: Project) -> Mapping[str, object]:
    """Describe a project; for Custom Labels AWS shows neither Feature nor AutoUpdate (seen by Terraform's provider)."""
    is_adapter = project.feature is Feature.CONTENT_MODERATION
    return {
        "ProjectArn": project.arn,
        "CreationTimestamp": project.created_at,
        "Status": project.status.value,
        "Datasets": [_dataset(dataset) for dataset in place.datasets_of(project.arn)],
        "Feature": project.feature.value if is_adapter else None,
        "AutoUpdate": project.auto_update if is_adapter else None,
    }


def _dataset(dataset: Dataset) -> Mapping[str, object]:
    return {
        "CreationTimestamp": dataset.created_at,
        "DatasetType": dataset.dataset_type.value,
        "DatasetArn": dataset.arn,
        "Status": dataset.status.value,
        "StatusMessage": dataset.status_message,
        "StatusMessageCode": status_message_code(dataset),
    }


HANDLERS: Mapping[str, Handler] = {
    "CreateProject": create_project,
    "DescribeProjects": describe_projects,
    "DeleteProject": delete_project,
}
