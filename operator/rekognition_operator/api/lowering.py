"""How does a pydantic model become a structural schema, the dialect of OpenAPI that Kubernetes reads?

A structural schema (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/)
has no references, no ``anyOf`` with null, and says for each list how it merges. pydantic makes the JSON Schema; this
file only rewrites it, and refuses what it does not know rather than guess.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from rekognition_operator.api.schema import NO_DEFAULTS, KubeModel

JsonObject = dict[str, JsonValue]

_INT32_MAX: Final = 2**31 - 1
_REWRITTEN: Final = ("properties", "items", "additionalProperties")
_ORDER: Final = (
    "type",
    "format",
    "description",
    "default",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    *_REWRITTEN,
    "required",
    "x-kubernetes-validations",
)
"""Every keyword that we write, in the order of writing: what is said of all members together comes after them."""
_RULE_ORDER: Final = ("rule", "message", "reason", "fieldPath")
_LEFT_OUT: Final = ("$defs", "title", NO_DEFAULTS)


class LoweringError(Exception):
    """A model has what a structural schema cannot say; the message names the field."""


def lower(model: type[KubeModel]) -> JsonObject:
    """Return the structural schema of ``model``.

    Raises
    ------
    LoweringError
        The model uses something without a counterpart: a union, an open object, an unknown keyword.
    """
    schema = model.model_json_schema(mode="validation", by_alias=True)
    definitions = schema.get("$defs", {})
    return _lower(schema, definitions, path=model.__name__, defaults=True)


def _lower(schema: JsonObject, definitions: Mapping[str, JsonObject], *, path: str, defaults: bool) -> JsonObject:
    schema = _resolve(schema, definitions, path)
    unknown = schema.keys() - {*_ORDER, *_LEFT_OUT}
    if unknown:
        raise LoweringError(
            f"{path}: {', '.join(sorted(unknown))} has no counterpart in a structural schema; "
            "say it with another type, or teach lowering.py"
        )
    defaults = defaults and NO_DEFAULTS not in schema
    result = {name: value for name, value in schema.items() if name not in {*_REWRITTEN, *_LEFT_OUT}}
    if isinstance(description := result.get("description"), str):
        result["description"] = " ".join(description.split())
    default = _without_nulls(result.pop("default", None))
    if defaults and default is not None:
        result["default"] = default
    rules = schema.get("x-kubernetes-validations")
    if isinstance(rules, list):
        result["x-kubernetes-validations"] = [_in_order(_object(rule, path), _RULE_ORDER) for rule in rules]
    if schema.get("type") == "integer":
        maximum = schema.get("maximum")
        result["format"] = "int32" if isinstance(maximum, int) and maximum <= _INT32_MAX else "int64"
    properties = schema.get("properties")
    if isinstance(properties, dict):
        result["properties"] = {
            name: _lower(_object(member, path), definitions, path=f"{path}.{name}", defaults=defaults)
            for name, member in properties.items()
        }
    for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if keyword in schema:
            result[keyword] = _lower(_object(schema[keyword], path), definitions, path=path + suffix, defaults=defaults)
    return _in_order(result, _ORDER)


def _resolve(schema: JsonObject, definitions: Mapping[str, JsonObject], path: str) -> JsonObject:
    """Put a reference's target, or an optional's only branch, in the place of the reference or the union.

    What stands beside it (the description of the field) wins over what the target says of itself.
    """
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = definitions[reference.removeprefix("#/$defs/")]
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return _resolve({**target, **beside}, definitions, path)
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        present = [branch for branch in branches if branch != {"type": "null"}]
        if len(present) != 1:
            raise LoweringError(
                f"{path}: a union of {len(present)} types is not structural; use one type, or an object"
            )
        beside = {name: value for name, value in schema.items() if name != "anyOf"}
        return _resolve({**_object(present[0], path), **beside}, definitions, path)
    return schema


def _object(schema: JsonValue, path: str) -> JsonObject:
    if not isinstance(schema, dict):
        raise LoweringError(f"{path}: members of any shape are not structural; give them a type")
    return schema


def _without_nulls(value: JsonValue) -> JsonValue:
    """Drop absent members of a default: null is not a value of any of our fields."""
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return value


def _in_order(members: JsonObject, order: Sequence[str]) -> JsonObject:
    return {name: members[name] for name in order if name in members}
