"""What does each kind of field of a model become in a structural schema?"""

from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import Field

from rekognition_operator.api.lowering import JsonObject, LoweringError, lower
from rekognition_operator.api.schema import KubeField, KubeModel, Validation


class Part(KubeModel):
    """What a part says of itself."""

    size_limit: int = 3
    """How large."""


def property_of(model: type[KubeModel], name: str) -> JsonObject:
    properties = lower(model)["properties"]
    assert isinstance(properties, dict)
    found = properties[name]
    assert isinstance(found, dict)
    return found


def test_a_reference_is_inlined_and_the_fields_own_description_wins() -> None:
    class Whole(KubeModel):
        """Whole."""

        part: Part
        """What the field says of it."""

    assert property_of(Whole, "part") == {
        "type": "object",
        "description": "What the field says of it.",
        "properties": {
            "sizeLimit": {"type": "integer", "description": "How large.", "default": 3, "format": "int64"},
        },
    }


def test_an_optional_field_is_its_type_without_null_and_without_default() -> None:
    class Whole(KubeModel):
        """Whole."""

        part: Part | None = None
        """A part."""
        text: Annotated[str, Field(max_length=5)] | None = None
        """A text."""

    assert property_of(Whole, "part")["type"] == "object"
    assert "default" not in property_of(Whole, "part")
    assert property_of(Whole, "text") == {"type": "string", "description": "A text.", "maxLength": 5}
    assert "required" not in lower(Whole)


def test_the_default_of_an_object_leaves_out_what_is_absent() -> None:
    class Policy(KubeModel):
        """Policy."""

        mode: Literal["A", "B"] = "A"
        """Mode."""
        names: Annotated[list[str], Field(max_length=2), KubeField(list_type="set")] | None = None
        """Names."""

    class Whole(KubeModel):
        """Whole."""

        policy: Policy = Policy()
        """Policy."""

    assert property_of(Whole, "policy")["default"] == {"mode": "A"}


def test_nothing_below_a_digest_input_has_a_default() -> None:
    class Inputs(KubeModel):
        """Inputs."""

        digest_input = True

        part: Part = Part()
        """A part."""
        threshold: float = 50
        """Percent."""

    class Whole(KubeModel):
        """Whole."""

        inputs: Inputs = Inputs()
        """Inputs."""
        beside: float = 50
        """Percent."""

    assert "default" not in str(property_of(Whole, "inputs"))
    assert "x-no-defaults" not in str(lower(Whole))
    assert property_of(Whole, "beside")["default"] == 50


def test_an_integer_is_32_bits_wide_when_its_maximum_fits() -> None:
    class Whole(KubeModel):
        """Whole."""

        bounded: Annotated[int, Field(ge=0, le=90)]
        """Bounded."""
        open_ended: int
        """Open-ended."""

    assert property_of(Whole, "bounded")["format"] == "int32"
    assert property_of(Whole, "openEnded")["format"] == "int64"


def test_a_time_a_list_and_a_map() -> None:
    class Whole(KubeModel):
        """Whole."""

        at: datetime
        """When."""
        names: Annotated[
            list[str], Field(max_length=4), KubeField(list_type="set", item_max_length=8, item_min_length=1)
        ]
        """Names."""
        labels: Annotated[dict[str, str], Field(max_length=3), KubeField(item_max_length=9)]
        """Labels."""

    assert property_of(Whole, "at") == {"type": "string", "format": "date-time", "description": "When."}
    assert property_of(Whole, "names") == {
        "type": "array",
        "description": "Names.",
        "maxItems": 4,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "minLength": 1, "maxLength": 8},
    }
    assert property_of(Whole, "labels") == {
        "type": "object",
        "description": "Labels.",
        "maxProperties": 3,
        "additionalProperties": {"type": "string", "maxLength": 9},
    }
    assert lower(Whole)["required"] == ["at", "names", "labels"]


def test_a_pattern_with_a_message_becomes_a_rule_that_says_it() -> None:
    class Whole(KubeModel):
        """Whole."""

        name: Annotated[str, Field(max_length=9, pattern=r"^[a-z\-']+$"), KubeField(pattern_message="letters only")]
        """Name."""
        labels: Annotated[dict[str, str], KubeField(item_pattern="^x$", pattern_message="x only")]
        """Labels."""

    assert property_of(Whole, "name") == {
        "type": "string",
        "description": "Name.",
        "maxLength": 9,
        "x-kubernetes-validations": [{"rule": 'self.matches(r"^[a-z\\-\']+$")', "message": "letters only"}],
    }
    assert property_of(Whole, "labels")["additionalProperties"] == {
        "type": "string",
        "x-kubernetes-validations": [{"rule": "self.matches(r'^x$')", "message": "x only"}],
    }


def test_the_pattern_is_still_checked_by_the_model() -> None:
    class Whole(KubeModel):
        """Whole."""

        name: Annotated[str, Field(pattern="^[a-z]+$"), KubeField(pattern_message="letters only")]
        """Name."""

    with pytest.raises(ValueError, match="name"):
        Whole(name="UPPER")


def test_the_rules_of_a_model_stand_at_its_object() -> None:
    class Whole(KubeModel):
        """Whole."""

        validations = (
            Validation(rule="self.a == self.b", message="a must be b", field_path=".a", reason="FieldValueForbidden"),
        )

        a: bool
        """A."""
        b: bool
        """B."""

    assert lower(Whole)["x-kubernetes-validations"] == [
        {"rule": "self.a == self.b", "message": "a must be b", "reason": "FieldValueForbidden", "fieldPath": ".a"}
    ]


def test_a_description_over_several_lines_becomes_one() -> None:
    class Whole(KubeModel):
        """Whole."""

        name: str
        """One line
        and another."""

    assert property_of(Whole, "name")["description"] == "One line and another."


def test_a_union_is_refused_with_the_name_of_the_field() -> None:
    class Whole(KubeModel):
        """Whole."""

        either: int | str
        """Either."""

    with pytest.raises(LoweringError, match=r"^Whole\.either: a union of 2 types"):
        lower(Whole)


def test_a_keyword_without_a_counterpart_is_refused_with_the_name_of_the_field() -> None:
    class Whole(KubeModel):
        """Whole."""

        above: Annotated[float, Field(gt=0)]
        """Above."""

    with pytest.raises(LoweringError, match=r"^Whole\.above: exclusiveMinimum has no counterpart"):
        lower(Whole)


def test_members_of_any_shape_are_refused() -> None:
    class Whole(KubeModel):
        """Whole."""

        anything: dict[str, object]
        """Anything."""

    with pytest.raises(LoweringError, match=r"^Whole\.anything"):
        lower(Whole)


def test_a_pattern_with_both_quotes_is_refused() -> None:
    class Whole(KubeModel):
        """Whole."""

        name: Annotated[str, Field(pattern="^['\"]+$"), KubeField(pattern_message="quotes")]
        """Name."""

    with pytest.raises(ValueError, match="both kinds of quotes"):
        lower(Whole)


def test_bounds_of_items_need_items() -> None:
    class Whole(KubeModel):
        """Whole."""

        name: Annotated[str, KubeField(item_max_length=3)]
        """Name."""

    with pytest.raises(TypeError, match="neither a list nor a map"):
        lower(Whole)
