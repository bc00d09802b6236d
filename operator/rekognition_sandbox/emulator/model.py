"""What does botocore's service model say about an operation, and how is an answer written by it?"""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, Shape


class ModelMismatchError(AssertionError):
    """The emulator made an answer that the service model does not have: a bug of the emulator."""


@cache
def service_model() -> ServiceModel:
    """Return the Rekognition model that the installed botocore ships."""
    description = botocore.loaders.create_loader().load_service_model("rekognition", "service-2")
    return ServiceModel(description, "rekognition")


@cache
def operation_model(operation: str) -> OperationModel:
    """Return the model of one operation.

    Raises
    ------
    botocore.model.OperationNotFoundError
        Rekognition has no such operation.
    """
    return service_model().operation_model(operation)


def serialise(operation: str, output: Mapping[str, object]) -> object:
    """Turn an answer into JSON values by the operation's output shape; members that are None are left out.

    Timestamps become epoch seconds with milliseconds, blobs base64.

    Raises
    ------
    ModelMismatchError
        A member or a type that the shape does not have.
    """
    shape = operation_model(operation).output_shape
    if shape is None:
        return {}
    return _value(shape, output, operation)


def _value(shape: Shape, value: object, path: str) -> object:
    if isinstance(shape, StructureShape):
        return _structure(shape, value, path)
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [_value(shape.member, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _value(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    return _scalar(shape, value, path)


def _structure(shape: StructureShape, value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ModelMismatchError(f"{path}: expected the members of {shape.name}, got {type(value).__name__}")
    unknown = sorted(set(value) - set(shape.members))
    if unknown:
        raise ModelMismatchError(f"{path}: {shape.name} has no member {', '.join(unknown)}")
    return {
        name: _value(shape.members[name], member, f"{path}.{name}")
        for name, member in value.items()
        if member is not None
    }


def _scalar(shape: Shape, value: object, path: str) -> object:
    match shape.type_name, value:
        case "timestamp", datetime():
            return round(value.timestamp(), 3)
        case "blob", bytes():
            return base64.b64encode(value).decode()
        case "string", str():
            allowed = shape.metadata.get("enum")
            if allowed and value not in allowed:
                raise ModelMismatchError(f"{path}: {value!r} is none of {', '.join(allowed)}")
            return value
        case "boolean", bool():
            return value
        case "integer" | "long", int() if not isinstance(value, bool):
            return value
        case "float" | "double", int() | float() if not isinstance(value, bool):
            return value
    raise ModelMismatchError(f"{path}: {type(value).__name__} does not fit {shape.name} ({shape.type_name})")
