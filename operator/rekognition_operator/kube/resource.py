"""Which parts of an API object does the operator keep, and by what is it known?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, cast

from pydantic import JsonValue

from rekognition_operator.api.annotations import ANNOTATIONS
from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.kinds import ALL_KINDS
from rekognition_operator.api.schema import GROUP, VERSION

JsonObject = dict[str, JsonValue]

FINALIZER: Final = f"{GROUP}/cleanup"
"""Holds a deleted resource until AWS is as ``spec.deletion`` wants it."""

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class ResourceKind:
    """A kind as the API server addresses it."""

    kind: str
    plural: str
    group: str = GROUP
    version: str = VERSION

    @property
    def api_version(self) -> str:
        """Group and version, as ``apiVersion`` says it."""
        return f"{self.group}/{self.version}" if self.group else self.version


KINDS: Final[Mapping[str, ResourceKind]] = {kind.kind: ResourceKind(kind.kind, kind.plural) for kind in ALL_KINDS}
"""The namespaced kinds that the operator works on, by name."""
IDENTITIES: Final = ResourceKind(AWSIdentity.kind, AWSIdentity.plural)
"""The cluster-scoped kind that says as whom AWS is called."""
NAMESPACES: Final = ResourceKind("Namespace", "namespaces", group="", version="v1")
"""Read for their labels only."""
SERVED: Final[Mapping[str, ResourceKind]] = {**KINDS, IDENTITIES.kind: IDENTITIES}
"""The kinds of our group."""
CLUSTER_SCOPED: Final[Mapping[str, ResourceKind]] = {kind.kind: kind for kind in (IDENTITIES, NAMESPACES)}
ADDRESSES: Final[Mapping[str, ResourceKind]] = {**KINDS, **CLUSTER_SCOPED}
"""Every kind that is read, by name."""


@dataclass(frozen=True, order=True)
class ResourceKey:
    """By what a resource is known: its kind, namespace (empty where the kind is cluster-scoped) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str()`` wrote."""
        kind, _, rest = text.partition(" ")
        namespace, _, name = rest.rpartition("/")
        return cls(kind, namespace, name)


class MalformedResourceError(ValueError):
    """An API object without the metadata that every API server gives."""


@dataclass(frozen=True)
class Resource:
    """One resource at one resourceVersion. ``body`` is the whole object but for what nobody reads (managedFields)."""

    key: ResourceKey
    uid: str
    resource_version: str
    generation: int
    deletion_timestamp: str | None
    finalizers: tuple[str, ...]
    annotations: Mapping[str, str]
    body: Mapping[str, JsonValue]

    @classmethod
    def parse(cls, body: Mapping[str, JsonValue]) -> Self:
        """Read an object as the API server gives it, and drop what would only take memory.

        Raises
        ------
        MalformedResourceError
            A member that every stored object has is missing or of another type.
        """
        metadata = body.get("metadata")
        if not isinstance(metadata, dict):
            raise MalformedResourceError("An API object came without metadata: is this a Kubernetes API server?")
        kept = {name: value for name, value in metadata.items() if name != "managedFields"}
        annotations = text_map(kept.get("annotations"))
        if LAST_APPLIED in annotations:  # a second copy of the whole spec
            del annotations[LAST_APPLIED]
            kept["annotations"] = cast("JsonValue", annotations)
        generation = kept.get("generation")
        deletion_timestamp = kept.get("deletionTimestamp")
        kind = text_member(body, "kind")
        namespace = "" if kind in CLUSTER_SCOPED else text_member(kept, "namespace")
        return cls(
            key=ResourceKey(kind, namespace, text_member(kept, "name")),
            uid=text_member(kept, "uid"),
            resource_version=text_member(kept, "resourceVersion"),
            generation=generation if isinstance(generation, int) else 0,
            deletion_timestamp=deletion_timestamp if isinstance(deletion_timestamp, str) else None,
            finalizers=_items(kept.get("finalizers")),
            annotations=annotations,
            body={**body, "metadata": kept},
        )

    @property
    def status(self) -> Mapping[str, JsonValue]:
        """The status as it is stored; empty where there is none."""
        status = self.body.get("status")
        return status if isinstance(status, dict) else {}

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels."""
        metadata = self.body.get("metadata")
        return text_map(metadata.get("labels")) if isinstance(metadata, dict) else {}

    @property
    def identity(self) -> str | None:
        """The name of the AWSIdentity that ``spec.identityRef`` says; None where it says none."""
        spec = self.body.get("spec")
        reference = spec.get("identityRef") if isinstance(spec, dict) else None
        name = reference.get("name") if isinstance(reference, dict) else None
        return name if isinstance(name, str) else None

    @property
    def deleting(self) -> bool:
        """Whether somebody has deleted the resource: only finalizers keep it."""
        return self.deletion_timestamp is not None

    @property
    def claimed(self) -> bool:
        """Whether our finalizer is set."""
        return FINALIZER in self.finalizers

    @property
    def gone(self) -> bool:
        """Whether this is the last state of a resource that the API server has removed."""
        return self.deleting and not self.finalizers

    @property
    def asked(self) -> tuple[object, ...]:
        """What a person asks for by this object: two states that ask the same need no second pass.

        Our own status patches change none of it, nor do annotations that only tell something, however often.
        """
        words = tuple(self.annotations.get(annotation.name) for annotation in ANNOTATIONS if annotation.asks_for_a_pass)
        return (self.uid, self.generation, self.deletion_timestamp, words)

    def is_newer_than(self, other: "Resource") -> bool:
        """Whether this state was stored after ``other``.

        Resource versions of the API server compare as integers (guaranteed for every resource that it serves); any
        other form is taken as newer, since it came later.
        """
        if self.resource_version.isdecimal() and other.resource_version.isdecimal():
            return int(self.resource_version) > int(other.resource_version)
        return self.resource_version != other.resource_version


def text_member(container: Mapping[str, JsonValue], name: str) -> str:
    """Return a text member that every stored object has; raises MalformedResourceError."""
    value = container.get(name)
    if not isinstance(value, str):
        raise MalformedResourceError(f"An API object came without {name}: is this a Kubernetes API server?")
    return value


def text_map(value: JsonValue) -> dict[str, str]:
    """Return a map of texts, such as labels or annotations; empty where there is none."""
    if not isinstance(value, dict):
        return {}
    return {name: item for name, item in value.items() if isinstance(item, str)}


def _items(value: JsonValue) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
