"""What do CreateDataset, DescribeDataset and DeleteDataset do?

UpdateDatasetEntries, ListDatasetEntries, ListDatasetLabels and DistributeDatasetEntries are not emulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.datasets import (
    Entries,
    begin_dataset,
    begin_deleting_dataset,
    new_dataset,
    read_entries,
    stats,
    status_message_code,
)
from rekognition_sandbox.emulator.errors import AwsError, in_use, invalid_parameter, not_found
from rekognition_sandbox.emulator.manifests import S3Location
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.projects import find_project
from rekognition_sandbox.emulator.state import DatasetStatus, DatasetType, Feature, ProjectStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import (
        CreateDatasetRequestTypeDef,
        DatasetSourceTypeDef,
        DeleteDatasetRequestTypeDef,
        DescribeDatasetRequestTypeDef,
    )

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.state import Dataset, Place

_UNDELETABLE = frozenset(
    {DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.DELETE_IN_PROGRESS}
)


def find_dataset(place: Place, arn: str) -> Dataset:
    """Return the dataset of an ARN; raise ResourceNotFoundException when it is not here."""
    dataset = place.datasets.get(arn)
    if dataset is None:
        raise not_found(arn)
    return dataset


def create_dataset(call: Call, request: CreateDatasetRequestTypeDef) -> Result:
    """Start a dataset from a manifest, from another dataset, or with nothing in it.

    A manifest that cannot be read fails the dataset, not the call. INFERRED: a project has room for one of each type
    again when the old one is gone.
    """
    place = call.place
    project = find_project(place, request["ProjectArn"])
    if project.feature is not Feature.CUSTOM_LABELS:
        raise invalid_parameter(f"The project {project.name} has Feature {project.feature}; it takes no datasets.")
    if project.status is not ProjectStatus.CREATED:
        raise in_use(f"The project {project.name} is {project.status}.")
    kind = DatasetType(request["DatasetType"])
    source = _entries(call, request["DatasetSource"]) if "DatasetSource" in request else Entries()
    if any(dataset.dataset_type is kind for dataset in place.datasets_of(project.arn)):
        raise AwsError(
            "ResourceAlreadyExistsException",
            f"The project {project.name} has a {kind} dataset already. Delete it first.",
        )
    dataset = new_dataset(call.engine, project, kind, tags=dict(request.get("Tags", {})))
    begin_dataset(call.engine, place, dataset, source)
    return Result({"DatasetArn": dataset.arn}, effect=f"created {dataset.arn}")


def _entries(call: Call, source: DatasetSourceTypeDef) -> Entries:
    manifest, arn = source.get("GroundTruthManifest"), source.get("DatasetArn")
    if (manifest is None) == (arn is None):
        raise invalid_parameter("DatasetSource must have one of GroundTruthManifest and DatasetArn.")
    if arn is not None:
        original = find_dataset(call.place, arn)
        if original.status in _UNDELETABLE:
            raise invalid_parameter(f"The dataset {arn} is {original.status} and cannot be copied.")
        return Entries(original.entries)
    place = (manifest or {}).get("S3Object", {})
    if "Bucket" not in place or "Name" not in place:
        raise invalid_parameter("DatasetSource.GroundTruthManifest lacks S3Object.Bucket or .Name.")
    location = S3Location(place["Bucket"], place["Name"], place.get("Version"))
    return read_entries(location, call.store, call.place.region)


def describe_dataset(call: Call, request: DescribeDatasetRequestTypeDef) -> Result:
    """Tell the state of a dataset, as its last operation left it, and count what it holds."""
    dataset = find_dataset(call.place, request["DatasetArn"])
    counts = stats(dataset)
    return Result(
        {
            "DatasetDescription": {
                "CreationTimestamp": dataset.created_at,
                "LastUpdatedTimestamp": dataset.updated_at,
                "Status": dataset.status.value,
                "StatusMessage": dataset.status_message,
                "StatusMessageCode": status_message_code(dataset),
                "DatasetStats": {
                    "LabeledEntries": counts.labeled_entries,
                    "TotalEntries": counts.total_entries,
                    "TotalLabels": counts.total_labels,
                    "ErrorEntries": counts.error_entries,
                },
            }
        }
    )


def delete_dataset(call: Call, request: DeleteDatasetRequestTypeDef) -> Result:
    """Start deleting a dataset that is not being made or changed."""
    dataset = find_dataset(call.place, request["DatasetArn"])
    if dataset.status in _UNDELETABLE:
        raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
    begin_deleting_dataset(call.engine, call.place, dataset)
    return Result({}, effect=f"deleting {dataset.arn}")


HANDLERS: Mapping[str, Handler] = {
    "CreateDataset": create_dataset,
    "DescribeDataset": describe_dataset,
    "DeleteDataset": delete_dataset,
}
