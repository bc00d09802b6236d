"""How do our models say what a structural schema needs beyond JSON Schema?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

GROUP = "rekognition-operator.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


@dataclass(frozen=True)
class Validation:
    """One CEL rule (``x-kubernetes-validations``) of an object, list, map or string.

    ``message`` is what ``kubectl apply`` shows: it names the field and the remedy. ``field_path`` moves the error to a
    member (CEL's ``fieldPath``, such as ``.projectName``).
    """

    rule: str
    message: str
    field_path: str | None = None


@dataclass(frozen=True)
class KubeField:
    """What a field's schema has in Kubernetes only; stands in ``Annotated`` beside pydantic's own ``Field``.

    ``item_pattern`` and ``item_max_length`` bound the strings of a list or the values of a map.
    """

    list_type: Literal["atomic", "set", "map"] | None = None
    list_map_keys: tuple[str, ...] = ()
    validations: tuple[Validation, ...] = ()
    item_pattern: str | None = None
    item_min_length: int | None = None
    item_max_length: int | None = None


class KubeModel(BaseModel):
    """Base of every part of a resource: camelCase on the wire, immutable in the program.

    Unknown members are dropped, as the API server's pruning does, so that an older operator reads a newer object.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    validations: ClassVar[tuple[Validation, ...]] = ()
