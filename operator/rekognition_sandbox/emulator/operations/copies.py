"""What does CopyProjectVersion do?

Project policies are not emulated: a model is copied within its account, for which AWS asks for no policy, and a copy
from another account is denied, as it is at AWS without one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import parse_arn, version_arn
from rekognition_sandbox.emulator.copying import COPYING_MESSAGE, begin_copying
from rekognition_sandbox.emulator.errors import AwsError, in_use, invalid_parameter, limit_exceeded
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.projects import find_project
from rekognition_sandbox.emulator.operations.versions import check_room, find_version
from rekognition_sandbox.emulator.state import Feature, ProjectStatus, Version, VersionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import CopyProjectVersionRequestTypeDef

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.training_steps import TrainingOutcome


def copy_project_version(call: Call, request: CopyProjectVersionRequestTypeDef) -> Result:
    """Start copying a trained Custom Labels model to another project, or to its own under another name.

    INFERRED: the order of the checks; that a model in whatever state is copied as long as its training succeeded.
    """
    engine, place = call.engine, call.place
    source, trained = _source(call, request)
    destination = find_project(place, request["DestinationProjectArn"])
    if destination.feature is not Feature.CUSTOM_LABELS:
        raise invalid_parameter(f"The project {destination.name} has Feature {destination.feature}.")
    if "S3Bucket" not in request["OutputConfig"]:
        raise invalid_parameter("OutputConfig.S3Bucket is missing.")
    if destination.status is not ProjectStatus.CREATED:
        raise in_use(f"The project {destination.name} is {destination.status}.")
    name = request["VersionName"]
    check_room(call, destination, name)
    copies = place.copies()
    if copies >= engine.quotas.concurrent_copies:
        raise limit_exceeded(copies, "open copy Jobs", place.account, place.partition, engine.quotas.concurrent_copies)
    created_ms = engine.next_creation_ms()
    version = replace(
        source,
        arn=version_arn(destination.arn, name, created_ms),
        project_arn=destination.arn,
        name=name,
        created_ms=created_ms,
        status=VersionStatus.COPYING_IN_PROGRESS,
        status_message=COPYING_MESSAGE,
        order=replace(
            source.order,
            output_bucket=request["OutputConfig"]["S3Bucket"],
            output_prefix=request["OutputConfig"].get("S3KeyPrefix"),
            kms_key_id=request.get("KmsKeyId"),
            description=None,
        ),
        tags=dict(request.get("Tags", {})),
        outcome=None,
        units=None,
        transitions=0,
        source_arn=source.arn,
    )
    begin_copying(engine, place, destination, version, trained)
    return Result({"ProjectVersionArn": version.arn}, effect=f"copying {source.arn} to {version.arn}")


def _source(call: Call, request: CopyProjectVersionRequestTypeDef) -> tuple[Version, TrainingOutcome]:
    """Return the version to copy, and what its training brought."""
    arn = request["SourceProjectVersionArn"]
    for given in (request["SourceProjectArn"], arn):
        parts = parse_arn(given)
        if parts is not None and parts.region != call.place.region:
            raise invalid_parameter(f"{given} is in another Region.")
        if parts is not None and parts.account != call.place.account:
            raise AwsError(
                "AccessDeniedException",
                f"{given} belongs to another account and no project policy allows to copy it (the emulator has none).",
            )
    project = find_project(call.place, request["SourceProjectArn"])
    version = find_version(call.place, arn)
    if version.project_arn != project.arn:
        raise invalid_parameter(f"{arn} is no version of {project.arn}.")
    if version.feature is not Feature.CUSTOM_LABELS:
        raise invalid_parameter(f"{arn} is an adapter. CopyProjectVersion applies only to Custom Labels models.")
    if version.status is VersionStatus.DELETING or version.outcome is None or not version.outcome.succeeded:
        raise invalid_parameter(f"The version {version.name} is {version.status} and cannot be copied.")
    return version, version.outcome


HANDLERS: Mapping[str, Handler] = {"CopyProjectVersion": copy_project_version}
