"""How do our models say what a structural schema needs beyond JSON Schema?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, JsonValue
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

GROUP = "rekognition-operator.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

NO_DEFAULTS = "x-no-defaults"
"""Marks, between a model and its lowering, a part whose members get no CRD default (see ``KubeModel.digest_input``)."""

Reason = Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"]


@dataclass(frozen=True)
class Validation:
    """One CEL rule (``x-kubernetes-validations``) of an object, list, map or string.

    ``message`` is what ``kubectl apply`` shows: it names the field and the remedy. ``field_path`` moves the error to a
    member (CEL's ``fieldPath``, such as ``.projectName``). ``reason`` chooses the error's kind: the API server prints
    the value for FieldValueInvalid only, so a rule about an object says FieldValueForbidden or FieldValueRequired.
    """

    rule: str
    message: str
    field_path: str | None = None
    reason: Reason | None = None

    def as_schema(self) -> dict[str, JsonValue]:
        """Return the rule as an item of ``x-kubernetes-validations``."""
        members = {"rule": self.rule, "message": self.message, "fieldPath": self.field_path, "reason": self.reason}
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True)
class KubeField:
    """What a field's schema has in Kubernetes only; stands in ``Annotated`` after pydantic's own ``Field``.

    ``item_*`` bound the strings of a list or the values of a map. ``pattern_message`` turns the pattern (of the field,
    or of its items) into a CEL rule with this sentence, because OpenAPI would answer with the bare regular expression.
    """

    list_type: Literal["atomic", "set", "map"] | None = None
    list_map_keys: tuple[str, ...] = ()
    validations: tuple[Validation, ...] = ()
    item_pattern: str | None = None
    item_min_length: int | None = None
    item_max_length: int | None = None
    pattern_message: str | None = None

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        if self.list_type is not None:
            schema["x-kubernetes-list-type"] = self.list_type
        if self.list_map_keys:
            schema["x-kubernetes-list-map-keys"] = list(self.list_map_keys)
        item = schema.get("items") or schema.get("additionalProperties")
        bounds = {"pattern": self.item_pattern, "minLength": self.item_min_length, "maxLength": self.item_max_length}
        for keyword, value in bounds.items():
            if value is not None:
                if not isinstance(item, dict):
                    raise TypeError(f"KubeField bounds items by {keyword}, but the field is neither a list nor a map")
                item[keyword] = value
        rules = [validation.as_schema() for validation in self.validations]
        if self.pattern_message is not None:
            target = item if isinstance(item, dict) else schema
            told = Validation(rule=f"self.matches({_cel_literal(target.pop('pattern'))})", message=self.pattern_message)
            if target is schema:
                rules.append(told.as_schema())
            else:
                target["x-kubernetes-validations"] = [told.as_schema()]
        if rules:
            schema["x-kubernetes-validations"] = rules
        return schema


class KubeModel(BaseModel):
    """Base of every part of a resource: camelCase on the wire, immutable in the program.

    Unknown members are dropped, as the API server's pruning does, so that an older operator reads a newer object.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    validations: ClassVar[tuple[Validation, ...]] = ()
    """CEL rules about the whole part."""
    digest_input: ClassVar[bool] = False
    """True: the part names a version by its content, so nothing in it has a CRD default: a default that changes with a
    release, or that only some clients see, would train anew."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        definition = handler.resolve_ref_schema(schema)
        if cls.validations:
            definition["x-kubernetes-validations"] = [validation.as_schema() for validation in cls.validations]
        if cls.digest_input:
            definition[NO_DEFAULTS] = True
        return schema


def _cel_literal(pattern: str) -> str:
    """Return ``pattern`` as a raw CEL string, in which a backslash is a backslash."""
    quote = "'" if "'" not in pattern else '"'
    if quote in pattern:
        raise ValueError(f"A pattern with both kinds of quotes cannot stand in a raw CEL string: {pattern}")
    return f"r{quote}{pattern}{quote}"
