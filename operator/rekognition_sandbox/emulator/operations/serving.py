"""What do StartProjectVersion and StopProjectVersion do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.errors import in_use, invalid_parameter, limit_exceeded
from rekognition_sandbox.emulator.operations.call import Handler, Result
from rekognition_sandbox.emulator.operations.versions import find_version
from rekognition_sandbox.emulator.serving import begin_starting, begin_stopping
from rekognition_sandbox.emulator.state import Feature, InferenceUnits, VersionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import StartProjectVersionRequestTypeDef, StopProjectVersionRequestTypeDef

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.state import Version

#: The first two by AWS's sample applications; the others INFERRED.
_STARTABLE = frozenset(
    {
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.STOPPED,
        VersionStatus.COPYING_COMPLETED,
        VersionStatus.FAILED,
    }
)


def start_project_version(call: Call, request: StartProjectVersionRequestTypeDef) -> Result:
    """Start a Custom Labels model; it answers when it is RUNNING.

    INFERRED: the order of the checks; a model takes its place among the running ones from STARTING until it is STOPPED.
    """
    engine, place = call.engine, call.place
    version = _model(call, request["ProjectVersionArn"])
    units = InferenceUnits(request["MinInferenceUnits"], request.get("MaxInferenceUnits"))
    if units.maximum is not None and units.maximum < units.minimum:
        raise invalid_parameter(f"MaxInferenceUnits {units.maximum} is less than MinInferenceUnits {units.minimum}.")
    if version.status not in _STARTABLE:
        raise in_use(f"The version {version.name} is {version.status}.")
    quotas = engine.quotas
    if units.most > quotas.inference_units_per_model:
        raise limit_exceeded(
            units.most, "Inference Units", place.account, place.partition, quotas.inference_units_per_model
        )
    running = place.running_models()
    if running >= quotas.running_models:
        raise limit_exceeded(running, "running Models", place.account, place.partition, quotas.running_models)
    failure = engine.start_failures.strike(place.projects[version.project_arn].name, version.name)
    begin_starting(engine, place, version, units, failure)
    return Result({"Status": VersionStatus.STARTING.value}, effect=f"starting {version.arn}")


def stop_project_version(call: Call, request: StopProjectVersionRequestTypeDef) -> Result:
    """Stop a running model. INFERRED: one that is still STARTING is not stopped."""
    version = _model(call, request["ProjectVersionArn"])
    if version.status is not VersionStatus.RUNNING:
        raise in_use(f"The version {version.name} is {version.status}.")
    begin_stopping(call.engine, call.place, version)
    return Result({"Status": VersionStatus.STOPPING.value}, effect=f"stopping {version.arn}")


def _model(call: Call, arn: str) -> Version:
    version = find_version(call.place, arn)
    if version.feature is not Feature.CUSTOM_LABELS:
        raise invalid_parameter(f"{arn} is an adapter. {call.operation} applies only to Custom Labels models.")
    return version


HANDLERS: Mapping[str, Handler] = {
    "StartProjectVersion": start_project_version,
    "StopProjectVersion": stop_project_version,
}
