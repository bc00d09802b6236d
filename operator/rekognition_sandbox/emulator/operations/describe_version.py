"""How does a version look in the answer of DescribeProjectVersions?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.clock import to_datetime
from rekognition_sandbox.emulator.state import Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rekognition_sandbox.emulator.manifests import S3Location
    from rekognition_sandbox.emulator.state import Version
    from rekognition_sandbox.emulator.training_steps import TrainingOutcome


def describe(version: Version) -> Mapping[str, object]:
    """Return a ProjectVersionDescription; members that do not apply (yet) are None and are left out of the answer.

    INFERRED: of a Custom Labels model Feature is not shown, as of its project; what was trained from datasets shows no
    Input; the inference units of the last start are shown after a stop as well.
    """
    order, outcome = version.order, version.outcome
    is_adapter = version.feature is Feature.CONTENT_MODERATION
    threshold = order.confidence_threshold
    return {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": version.created_at,
        "MinInferenceUnits": version.units.minimum if version.units else None,
        "MaxInferenceUnits": version.units.maximum if version.units else None,
        "Status": version.status.value,
        "StatusMessage": version.status_message or None,
        "BillableTrainingTimeInSeconds": outcome.billable_seconds if outcome else None,
        "TrainingEndTimestamp": to_datetime(version.ended_ms) if version.ended_ms is not None else None,
        "OutputConfig": {"S3Bucket": order.output_bucket, "S3KeyPrefix": order.output_prefix},
        "TrainingDataResult": {
            "Input": _assets(order.training_manifests) if order.training_entries is None else None,
            "Output": _assets(outcome.training_output) if outcome and outcome.training_output else None,
            "Validation": _assets(outcome.training_validation) if outcome and outcome.training_validation else None,
        },
        "TestingDataResult": {
            "Input": _testing(order.testing_manifests, order.auto_create) if order.training_entries is None else None,
            "Output": _testing(outcome.testing_output, order.auto_create)
            if outcome and outcome.testing_output
            else None,
            "Validation": _assets(outcome.testing_validation) if outcome and outcome.testing_validation else None,
        },
        "EvaluationResult": _evaluation(outcome),
        "ManifestSummary": _s3_object(outcome.manifest_summary) if outcome and outcome.manifest_summary else None,
        "KmsKeyId": order.kms_key_id,
        "SourceProjectVersionArn": version.source_arn,
        "VersionDescription": order.description,
        "Feature": version.feature.value if is_adapter else None,
        "BaseModelVersion": version.base_model_version if is_adapter else None,
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": threshold}} if threshold is not None else None,
    }


def _evaluation(outcome: TrainingOutcome | None) -> Mapping[str, object] | None:
    if outcome is None or outcome.evaluation_summary is None:
        return None
    return {"F1Score": outcome.f1_score, "Summary": _s3_object(outcome.evaluation_summary)}


def _assets(locations: Iterable[S3Location]) -> dict[str, object]:
    return {"Assets": [{"GroundTruthManifest": _s3_object(location)} for location in locations]}


def _testing(locations: Iterable[S3Location], auto_create: bool | None) -> dict[str, object]:
    assets = _assets(locations)
    return {"Assets": assets["Assets"] or None, "AutoCreate": auto_create}


def _s3_object(location: S3Location) -> Mapping[str, object]:
    return {"S3Object": {"Bucket": location.bucket, "Name": location.name, "Version": location.version}}
