"""What does a CreateProjectVersion request ask to be trained with, and may it ask for that?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.errors import in_use, invalid_parameter
from rekognition_sandbox.emulator.manifests import S3Location
from rekognition_sandbox.emulator.state import DatasetStatus, DatasetType, Feature, TrainingOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_rekognition.type_defs import AssetTypeDef, CreateProjectVersionRequestTypeDef

    from rekognition_sandbox.emulator.state import Dataset, Place, Project

_CHANGING = frozenset(
    {DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.DELETE_IN_PROGRESS}
)


@dataclass(frozen=True)
class _Data:
    training_manifests: tuple[S3Location, ...] = ()
    testing_manifests: tuple[S3Location, ...] = ()
    auto_create: bool | None = None
    training_entries: tuple[str, ...] | None = None
    testing_entries: tuple[str, ...] | None = None


def order_of(place: Place, project: Project, request: CreateProjectVersionRequestTypeDef) -> TrainingOrder:
    """Check what the model leaves open, members that a training cannot do without, and return the order.

    Raises
    ------
    AwsError
        InvalidParameterException; ResourceInUseException while a dataset is being made or changed.
    """
    output = request["OutputConfig"]
    if project.feature is Feature.CUSTOM_LABELS and "FeatureConfig" in request:
        raise invalid_parameter("FeatureConfig.ContentModeration does not match the project's Feature CUSTOM_LABELS.")
    if "S3Bucket" not in output:
        raise invalid_parameter("OutputConfig.S3Bucket is missing.")
    if project.feature is Feature.CONTENT_MODERATION:
        if "TrainingData" not in request:
            raise invalid_parameter("TrainingData is required to train an adapter.")
        data = _from_manifests(request)
    else:
        data = _for_custom_labels(place.datasets_of(project.arn), project, request)
    moderation = request.get("FeatureConfig", {}).get("ContentModeration", {})
    return TrainingOrder(
        output_bucket=output["S3Bucket"],
        output_prefix=output.get("S3KeyPrefix"),
        training_manifests=data.training_manifests,
        testing_manifests=data.testing_manifests,
        auto_create=data.auto_create,
        kms_key_id=request.get("KmsKeyId"),
        description=request.get("VersionDescription"),
        confidence_threshold=moderation.get("ConfidenceThreshold"),
        training_entries=data.training_entries,
        testing_entries=data.testing_entries,
    )


def _from_manifests(request: CreateProjectVersionRequestTypeDef) -> _Data:
    if "TestingData" not in request:
        raise invalid_parameter("TestingData is required where TrainingData is given: manifests or AutoCreate.")
    testing = request["TestingData"]
    training_manifests = _manifests(request["TrainingData"].get("Assets", ()), "TrainingData")
    testing_manifests = _manifests(testing.get("Assets", ()), "TestingData")
    auto_create = testing.get("AutoCreate")
    if not training_manifests:
        raise invalid_parameter("TrainingData.Assets names no manifest.")
    if auto_create and testing_manifests:
        raise invalid_parameter("TestingData has both Assets and AutoCreate. Give one of them.")
    if not auto_create and not testing_manifests:
        raise invalid_parameter("TestingData has neither Assets nor AutoCreate. Give one of them.")
    return _Data(training_manifests, testing_manifests, auto_create)


def _manifests(assets: Sequence[AssetTypeDef], member: str) -> tuple[S3Location, ...]:
    locations: list[S3Location] = []
    for number, asset in enumerate(assets, start=1):
        location = asset.get("GroundTruthManifest", {}).get("S3Object", {})
        if "Bucket" not in location or "Name" not in location:
            raise invalid_parameter(f"{member}.Assets[{number}] lacks GroundTruthManifest.S3Object.Bucket or .Name.")
        locations.append(S3Location(location["Bucket"], location["Name"], location.get("Version")))
    return tuple(locations)


def _for_custom_labels(datasets: list[Dataset], project: Project, request: CreateProjectVersionRequestTypeDef) -> _Data:
    """Take the manifests of the request, or the project's datasets; never both (API page of CreateProjectVersion).

    INFERRED: the error codes; that a dataset counts in whatever state it is.
    """
    if "TrainingData" in request:
        if datasets:
            raise invalid_parameter(
                f"The project {project.name} has datasets: TrainingData and TestingData are not allowed. "
                "Leave them out to train with the datasets, or delete the datasets."
            )
        return _from_manifests(request)
    if "TestingData" in request:
        raise invalid_parameter("TrainingData is required where TestingData is given.")
    by_type = {dataset.dataset_type: dataset for dataset in datasets}
    training, testing = by_type.get(DatasetType.TRAIN), by_type.get(DatasetType.TEST)
    if training is None:
        raise invalid_parameter(
            f"The project {project.name} has no training dataset. Give TrainingData and TestingData, or create one."
        )
    for dataset in datasets:
        if dataset.status in _CHANGING:
            raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
        if dataset.status is DatasetStatus.CREATE_FAILED:
            raise invalid_parameter(f"The dataset {dataset.arn} is {dataset.status}. Delete it and create it again.")
    return _Data(
        auto_create=None if testing else True,
        training_entries=training.entries,
        testing_entries=testing.entries if testing else None,
    )
