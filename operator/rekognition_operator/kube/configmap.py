"""Which parts of a ConfigMap does the operator keep?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import JsonValue

from rekognition_operator.kube.resource import MalformedResourceError, text_map, text_member


@dataclass(frozen=True)
class ConfigMap:
    """One ConfigMap at one resourceVersion. Its binaryData is neither read nor written."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    labels: Mapping[str, str]
    data: Mapping[str, str]

    @classmethod
    def parse(cls, body: Mapping[str, JsonValue]) -> Self:
        """Read a ConfigMap as the API server gives it, alone or as an item of a list.

        Raises
        ------
        MalformedResourceError
            A member that every stored object has is missing or of another type.
        """
        metadata = body.get("metadata")
        if not isinstance(metadata, dict):
            raise MalformedResourceError("A ConfigMap came without metadata: is this a Kubernetes API server?")
        return cls(
            namespace=text_member(metadata, "namespace"),
            name=text_member(metadata, "name"),
            uid=text_member(metadata, "uid"),
            resource_version=text_member(metadata, "resourceVersion"),
            labels=text_map(metadata.get("labels")),
            data=text_map(body.get("data")),
        )

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}"
