"""Which calls to the API server does the operator make? One narrow interface, so that tests can stand in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.resource import JsonObject, Resource, ResourceKey


@dataclass(frozen=True)
class Listing:
    """All resources of a kind, as of one resourceVersion of the collection."""

    resources: tuple[Resource, ...]
    resource_version: str


@dataclass(frozen=True)
class Event:
    """One core/v1 Event about a resource, as ``kubectl describe`` shows it."""

    about: Resource
    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    at: datetime


class ConfigMaps(Protocol):
    """The ConfigMaps of the API server, as the operator's account. Errors are as those of :class:`Kube`."""

    async def get_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap now; None where it does not exist."""
        ...

    async def list_config_maps(self, namespace: str, labels: Mapping[str, str]) -> tuple[ConfigMap, ...]:
        """Read those ConfigMaps of a namespace that have all these labels."""
        ...

    async def create_config_map(
        self, namespace: str, name: str, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Create a ConfigMap; KubeConflictError where one of this name exists."""
        ...

    async def patch_config_map(
        self, config_map: ConfigMap, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Set these labels, and replace the data whole, provided that it is still as it was read.

        Else KubeConflictError. Labels of others, annotations and binaryData stay.
        """
        ...

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete a ConfigMap, provided that it is still as it was read; else KubeConflictError. Gone is well."""
        ...


class Kube(ConfigMaps, Protocol):
    """The API server, as the operator's account.

    Every method raises :class:`rekognition_operator.kube.errors.KubeError` (one of its kinds) and nothing else. None
    retries: that is the pass's business.
    """

    async def get(self, key: ResourceKey) -> Resource | None:
        """Read one resource now, past every cache; None where it does not exist."""
        ...

    async def list_all(self, kind: str, namespace: str | None) -> Listing:
        """Read all resources of a kind, in one namespace or (None) in all."""
        ...

    async def patch_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Set the finalizers, provided that the resource is still as it was read; else KubeConflictError.

        Goes to the main resource: through ``/status`` the API server silently drops it. The answer is the new state,
        with ``gone`` where this removed the last thing that kept a deleted resource.
        """
        ...

    async def patch_status(self, resource: Resource, patch: JsonObject) -> Resource:
        """Merge ``patch`` into the status, provided that the resource is still as it was read; else KubeConflictError.

        A member that is None is removed; a list is replaced whole.
        """
        ...

    async def create_event(self, event: Event) -> None:
        """Tell something about a resource."""
        ...

    async def served_kinds(self) -> frozenset[str]:
        """Name the kinds of our group and version that the API server serves now (a CRD that is Established)."""
        ...
