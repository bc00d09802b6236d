"""Does a request fit the service model: types, required members, lengths, patterns, ranges, enums?"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from botocore.model import ListShape, MapShape, StructureShape

from rekognition_sandbox.emulator.errors import AwsError, validation_error
from rekognition_sandbox.emulator.model import operation_model
from rekognition_sandbox.emulator.patterns import compile_pattern

if TYPE_CHECKING:
    from botocore.model import Shape


def parse_request(operation: str, body: bytes) -> dict[str, object]:
    """Read the body of a request and check it against the operation's input shape.

    botocore checks only required members, types and minima before it sends; the rest is the server's to refuse. Blobs
    come back as bytes. One thing is stricter than AWS, which ignores members that it does not know: here they are
    refused, since in a sandbox they are always a mistake.

    Raises
    ------
    AwsError
        SerializationException (not JSON, wrong type) or ValidationException, in AWS's wording, all violations at once.
    """
    try:
        document: object = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except ValueError as error:
        raise AwsError("SerializationException", f"The request body is not JSON: {error}") from error
    shape = operation_model(operation).input_shape
    if shape is None:
        return {}
    check = _Check()
    parsed = check.value(shape, document, "")
    if check.violations:
        count = len(check.violations)
        noun = "error" if count == 1 else "errors"
        raise validation_error(f"{count} validation {noun} detected: {'; '.join(check.violations)}")
    if not isinstance(parsed, dict):
        raise TypeError(f"the input of {operation} is no structure in the service model")
    return parsed


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


@dataclass
class _Check:
    """One walk over a request, collecting violations."""

    violations: list[str] = field(default_factory=list)

    def value(self, shape: Shape, value: object, path: str) -> object:
        if isinstance(shape, StructureShape):
            return self._structure(shape, value, path)
        if isinstance(shape, ListShape):
            return self._list(shape, value, path)
        if isinstance(shape, MapShape):
            return self._map(shape, value, path)
        parsed = _parse_scalar(shape, value, path)
        for constraint in _violated(shape, parsed):
            self._add(value, path, constraint)
        return parsed

    def _add(self, value: object, path: str, constraint: str) -> None:
        shown = "null" if value is None else f"'{_java(value)}'"
        self.violations.append(f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}")

    def _structure(self, shape: StructureShape, value: object, path: str) -> dict[str, object]:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a structure", path)
        parsed: dict[str, object] = {}
        for name in shape.required_members:
            if value.get(name) is None:
                self._add(None, _join(path, name), "Member must not be null")
        for name, member in value.items():
            if name not in shape.members:
                self._add(member, _join(path, name), f"Member must be one of [{', '.join(shape.members)}]")
            elif member is not None:
                parsed[name] = self.value(shape.members[name], member, _join(path, name))
        return parsed

    def _list(self, shape: ListShape, value: object, path: str) -> list[object]:
        if not isinstance(value, list):
            raise _wrong_type(value, "a list", path)
        for constraint in _size_violations(shape, len(value)):
            self._add(value, path, constraint)
        if isinstance(shape.member, StructureShape):
            return [self.value(shape.member, item, f"{path}.{n}.member") for n, item in enumerate(value, start=1)]
        parsed = [_parse_scalar(shape.member, item, f"{path}.{n}.member") for n, item in enumerate(value, start=1)]
        if any(_violated(shape.member, item) for item in parsed):
            self._add(value, path, f"Member must satisfy constraint: [{', '.join(_constraints(shape.member))}]")
        return parsed

    def _map(self, shape: MapShape, value: object, path: str) -> dict[str, object]:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a map", path)
        for constraint in _size_violations(shape, len(value)):
            self._add(value, path, constraint)
        if any(_violated(shape.key, key) for key in value):
            self._add(value, path, f"Map keys must satisfy constraint: [{', '.join(_constraints(shape.key))}]")
        parsed = {key: _parse_scalar(shape.value, item, f"{path}.{key}") for key, item in value.items()}
        if any(_violated(shape.value, item) for item in parsed.values()):
            self._add(value, path, f"Map value must satisfy constraint: [{', '.join(_constraints(shape.value))}]")
        return parsed


def _join(path: str, member: str) -> str:
    """AWS writes paths in lower camel case: outputConfig.s3Bucket."""
    name = member[0].lower() + member[1:]
    return f"{path}.{name}" if path else name


def _parse_scalar(shape: Shape, value: object, path: str) -> object:
    match shape.type_name, value:
        case "string", str():
            return value
        case "boolean", bool():
            return value
        case "integer" | "long", int() if not isinstance(value, bool):
            return value
        case "float" | "double", int() | float() if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        case "blob", str():
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error as error:
                raise AwsError("SerializationException", f"The value at '{path}' is not base64: {error}") from error
    raise _wrong_type(value, f"a {shape.type_name}", path)


def _wrong_type(value: object, wanted: str, path: str) -> AwsError:
    names = {str: "STRING_VALUE", bool: "BOOLEAN_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
    names |= {list: "LIST_VALUE", dict: "STRUCTURE_VALUE", type(None): "NULL_VALUE"}
    where = f" at '{path}'" if path else ""
    return AwsError("SerializationException", f"{names[type(value)]}{where} can not be converted to {wanted}")


def _violated(shape: Shape, value: object) -> list[str]:
    """Return the constraints of a scalar shape that a value violates."""
    limits = shape.metadata
    violated: list[str] = []
    if isinstance(value, str | bytes):
        violated += _size_violations(shape, len(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "max" in limits and value > limits["max"]:
            violated.append(f"Member must have value less than or equal to {limits['max']}")
        if "min" in limits and value < limits["min"]:
            violated.append(f"Member must have value greater than or equal to {limits['min']}")
    if isinstance(value, str):
        if "pattern" in limits and compile_pattern(limits["pattern"]).fullmatch(value) is None:
            violated.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
        if limits.get("enum") and value not in limits["enum"]:
            violated.append(f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
    return violated


def _size_violations(shape: Shape, size: int) -> list[str]:
    limits = shape.metadata
    violated: list[str] = []
    if "max" in limits and size > limits["max"]:
        violated.append(f"Member must have length less than or equal to {limits['max']}")
    if "min" in limits and size < limits["min"]:
        violated.append(f"Member must have length greater than or equal to {limits['min']}")
    return violated


def _constraints(shape: Shape) -> list[str]:
    """Return every constraint of a scalar shape: AWS lists them all where an element of a list or map violates one."""
    limits = shape.metadata
    texts: list[str] = []
    if "max" in limits:
        texts.append(f"Member must have length less than or equal to {limits['max']}")
    if "min" in limits:
        texts.append(f"Member must have length greater than or equal to {limits['min']}")
    if "pattern" in limits:
        texts.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    if limits.get("enum"):
        texts.append(f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
    return texts


def _java(value: object) -> str:
    """Show a value as Java's toString does, which is what AWS's messages carry."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_java(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}={_java(item)}" for key, item in value.items()) + "}"
        case str() if len(value) > 2048:
            return f"{value[:2048]}..."
        case _:
            return str(value)
