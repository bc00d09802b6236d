"""How do our types and AWS's members map to each other?"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedDataset,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
)

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        AssetTypeDef,
        CreateProjectRequestTypeDef,
        CreateProjectVersionRequestTypeDef,
        DatasetMetadataTypeDef,
        GroundTruthManifestTypeDef,
        ProjectDescriptionTypeDef,
        ProjectVersionDescriptionTypeDef,
        S3ObjectTypeDef,
        TestingDataUnionTypeDef,
    )

_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def project_name_of(arn: str) -> str:
    """Return the project's name from its ARN, or from that of a version or dataset of it."""
    return _part(arn, 1)


def version_name_of(arn: str) -> str:
    """Return the version's name, which DescribeProjectVersions does not show otherwise."""
    return _part(arn, 3)


def project_of(arn: str) -> str:
    """Return ``arn:...:project/<name>/``: what the ARNs of a project and of all it has begin with."""
    return "/".join(arn.split("/")[:2]) + "/"


def is_project(arn: str) -> bool:
    """Tell a project's ARN, ``arn:...:project/<name>/<epoch ms>``, from that of a version or dataset of it."""
    return arn.count("/") == 2


def read_project(description: "ProjectDescriptionTypeDef") -> ObservedProject:
    """Read a project, without tags.

    AWS leaves out or empties Feature for Custom Labels, and AutoUpdate where it is disabled (Terraform provider,
    ``internal/service/rekognition/project.go``).
    """
    arn = description.get("ProjectArn", "")
    return ObservedProject(
        arn=arn,
        name=project_name_of(arn),
        created_at=_time(description.get("CreationTimestamp")) or _UNKNOWN_TIME,
        status=_project_status(description.get("Status", "")),
        feature=_feature(description.get("Feature", "")),
        auto_update=description.get("AutoUpdate") == "ENABLED",
        tags={},
        datasets=tuple(_dataset(d) for d in description.get("Datasets", ())),
    )


def read_version(description: "ProjectVersionDescriptionTypeDef") -> ObservedVersion:
    """Read a version, without tags."""
    arn = description.get("ProjectVersionArn", "")
    evaluation = description.get("EvaluationResult", {})
    output = description.get("OutputConfig", {})
    bucket = output.get("S3Bucket")
    return ObservedVersion(
        arn=arn,
        name=version_name_of(arn),
        status=description.get("Status", ""),
        created_at=_time(description.get("CreationTimestamp")) or _UNKNOWN_TIME,
        tags={},
        status_message=description.get("StatusMessage") or None,
        inputs=_inputs(description),
        training_ended_at=_time(description.get("TrainingEndTimestamp")),
        billable_training_seconds=description.get("BillableTrainingTimeInSeconds"),
        f1_score=evaluation.get("F1Score"),
        evaluation_summary=_object(evaluation.get("Summary", {}).get("S3Object")),
        manifest_summary=_object(description.get("ManifestSummary", {}).get("S3Object")),
        base_model_version=description.get("BaseModelVersion") or None,
        description=description.get("VersionDescription") or None,
        output=S3Object(bucket, output.get("S3KeyPrefix", "")) if bucket else None,
        min_inference_units=description.get("MinInferenceUnits"),
        max_inference_units=description.get("MaxInferenceUnits"),
    )


def write_project(
    name: str, feature: Feature, *, auto_update: bool, tags: Mapping[str, str]
) -> "CreateProjectRequestTypeDef":
    """Write CreateProject's request. AutoUpdate is required for adapters, and refused for Custom Labels."""
    request: CreateProjectRequestTypeDef = {"ProjectName": name, "Feature": feature.value}
    if feature is Feature.CONTENT_MODERATION:
        request["AutoUpdate"] = "ENABLED" if auto_update else "DISABLED"
    if tags:
        request["Tags"] = dict(tags)
    return request


def write_version(
    project_arn: str,
    version_name: str,
    *,
    feature: Feature,
    inputs: TrainingInputs,
    output: S3Object,
    description: str | None,
    tags: Mapping[str, str],
) -> "CreateProjectVersionRequestTypeDef":
    """Write CreateProjectVersion's request. FeatureConfig may only be given for the project's own feature."""
    request: CreateProjectVersionRequestTypeDef = {
        "ProjectArn": project_arn,
        "VersionName": version_name,
        "OutputConfig": {"S3Bucket": output.bucket},
        "TrainingData": {"Assets": _assets(inputs.training)},
        "TestingData": _testing(inputs.testing),
    }
    if output.name:
        request["OutputConfig"]["S3KeyPrefix"] = output.name
    if feature is Feature.CONTENT_MODERATION and inputs.confidence_threshold is not None:
        request["FeatureConfig"] = {"ContentModeration": {"ConfidenceThreshold": inputs.confidence_threshold}}
    if inputs.kms_key_id is not None:
        request["KmsKeyId"] = inputs.kms_key_id
    if description is not None:
        request["VersionDescription"] = description
    if tags:
        request["Tags"] = dict(tags)
    return request


def _project_status(status: str) -> ProjectStatus:
    """Read a status; one that this release does not know is waited for, and spoils no listing."""
    return ProjectStatus(status) if status in ProjectStatus.__members__ else ProjectStatus.CREATING


def _feature(feature: str) -> Feature:
    """Read a feature; one that this release does not know is not an adapter, so its project is left alone."""
    return Feature(feature) if feature in Feature.__members__ else Feature.CUSTOM_LABELS


def _inputs(description: "ProjectVersionDescriptionTypeDef") -> TrainingInputs | None:
    training = _manifests(description.get("TrainingDataResult", {}).get("Input", {}).get("Assets", ()))
    if not training:
        return None
    testing = description.get("TestingDataResult", {}).get("Input", {})
    test_manifests = () if testing.get("AutoCreate") else _manifests(testing.get("Assets", ()))
    if test_manifests is None:
        return None
    threshold = description.get("FeatureConfig", {}).get("ContentModeration", {}).get("ConfidenceThreshold")
    return TrainingInputs(
        training=training,
        testing=test_manifests,
        # A float of 32 bits in AWS: 59.9 may come back as 59.900001525878906, and is the same input.
        confidence_threshold=None if threshold is None else float(f"{threshold:.6g}"),
        kms_key_id=description.get("KmsKeyId") or None,
    )


def _manifests(assets: Iterable["AssetTypeDef"]) -> tuple[ManifestRef, ...] | None:
    """Read manifests; None where one of them is not an object in Amazon S3."""
    manifests = []
    for asset in assets:
        place = asset.get("GroundTruthManifest", {}).get("S3Object", {})
        bucket, name = place.get("Bucket"), place.get("Name")
        if not bucket or not name:
            return None
        manifests.append(ManifestRef(bucket, name, place.get("Version") or None))
    return tuple(manifests)


def _assets(manifests: Iterable[ManifestRef]) -> "list[AssetTypeDef]":
    assets: list[AssetTypeDef] = []
    for manifest in manifests:
        place: S3ObjectTypeDef = {"Bucket": manifest.bucket, "Name": manifest.name}
        if manifest.version is not None:
            place["Version"] = manifest.version
        truth: GroundTruthManifestTypeDef = {"S3Object": place}
        assets.append({"GroundTruthManifest": truth})
    return assets


def _testing(manifests: tuple[ManifestRef, ...]) -> "TestingDataUnionTypeDef":
    return {"Assets": _assets(manifests)} if manifests else {"AutoCreate": True}


def _object(place: "S3ObjectTypeDef | None") -> S3Object | None:
    bucket, name = (place or {}).get("Bucket"), (place or {}).get("Name")
    return S3Object(bucket, name) if bucket and name else None


def _dataset(metadata: "DatasetMetadataTypeDef") -> ObservedDataset:
    kind: Literal["TRAIN", "TEST"] = "TEST" if metadata.get("DatasetType") == "TEST" else "TRAIN"
    return ObservedDataset(metadata.get("DatasetArn", ""), kind, metadata.get("Status", ""))


def _time(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None


def _part(arn: str, index: int) -> str:
    parts = arn.split("/")
    return parts[index] if index < len(parts) else ""
