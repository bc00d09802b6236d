"""How does the API server behave towards the operator? An in-memory stand-in with its semantics.

What it keeps of the real one: one resourceVersion for all writes, a write that changes nothing is no write, status and
the rest are isolated from each other, merge patches, conflicts, generations, finalizers and deletion, the default
status. Its methods never suspend, so a test may drive a pass without an event loop. Checked against a real API server
by tests/component/kube.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast

from pydantic import JsonValue

from fakes.config_maps import ConfigMapStore
from rekognition_operator.kube.api import Event, Listing
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeInvalidError,
    KubeNotFoundError,
)
from rekognition_operator.kube.resource import (
    ADDRESSES,
    CLUSTER_SCOPED,
    NAMESPACES,
    SERVED,
    JsonObject,
    Resource,
    ResourceKey,
)

T = TypeVar("T")

Method = Literal[
    "get",
    "list_all",
    "patch_finalizers",
    "patch_status",
    "create_event",
    "served_kinds",
    "set_annotations",
    "get_config_map",
    "list_config_maps",
    "create_config_map",
    "patch_config_map",
    "delete_config_map",
]
Change = Literal["ADDED", "MODIFIED", "DELETED"]

WRITES: tuple[Method, ...] = (
    "patch_finalizers",
    "patch_status",
    "create_event",
    "create_config_map",
    "patch_config_map",
    "delete_config_map",
)
DELETED_AT = "2025-01-01T00:00:00Z"


@dataclass(frozen=True)
class Call:
    """One call that the operator made; ``patch`` is the body of a patch, or a ConfigMap's data."""

    method: Method
    key: ResourceKey | None = None
    patch: JsonValue = None


@dataclass
class _Fault:
    method: Method
    error: KubeError
    after_effect: bool


@dataclass
class FakeKube:
    """The API server as the operator's account (``Kube``), and as the people who use it.

    ``on_call`` runs before each call of the operator: a test may change the world there. ``watchers`` hear of each
    stored change at once, as a watch without delay.
    """

    kinds: set[str] = field(default_factory=lambda: set(SERVED))
    calls: list[Call] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    terminating: set[str] = field(default_factory=set)
    on_call: Callable[[Call], None] | None = None
    watchers: list[Callable[[Change, Resource], None]] = field(default_factory=list)
    _objects: dict[ResourceKey, JsonObject] = field(default_factory=dict)
    _revision: int = 100
    _uids: int = 0
    _faults: list[_Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config_maps = ConfigMapStore(self._revise)

    # What the operator does.

    async def get(self, key: ResourceKey) -> Resource | None:
        """Read one resource; None where there is none."""
        self._begin(Call("get", key))
        resource = self.read(key)
        self._end("get")
        return resource

    async def list_all(self, kind: str, namespace: str | None) -> Listing:
        """Read all of a kind."""
        self._begin(Call("list_all"))
        if kind not in self.kinds and kind != NAMESPACES.kind:
            raise KubeNotFoundError(f"list {kind}", "the server could not find the requested resource", 404)
        found = tuple(
            Resource.parse(copied(body))
            for key, body in sorted(self._objects.items())
            if key.kind == kind and namespace in (None, key.namespace)
        )
        self._end("list_all")
        return Listing(found, str(self._revision))

    async def patch_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Set the finalizers on the main resource."""
        operation = f"patch the finalizers of {resource.key}"
        self._begin(Call("patch_finalizers", resource.key, list(finalizers)))
        metadata = _metadata(self._current(operation, resource))
        added = set(finalizers) - set(_finalizers(metadata))
        if "deletionTimestamp" in metadata and added:
            raise KubeInvalidError(
                operation,
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
                f"found new finalizers {sorted(added)}",
                422,
            )
        metadata["finalizers"] = list(finalizers)
        if not finalizers:
            del metadata["finalizers"]
        stored = self._store(resource.key, metadata=metadata)
        self._end("patch_finalizers")
        return stored

    async def patch_status(self, resource: Resource, patch: JsonObject) -> Resource:
        """Merge into the status; all else is silently kept, as the status subresource does."""
        self._begin(Call("patch_status", resource.key, copied(patch)))
        body = self._current(f"patch the status of {resource.key}", resource)
        stored = self._store(resource.key, status=merge(body.get("status"), patch))
        self._end("patch_status")
        return stored

    async def set_annotations(self, key: ResourceKey, annotations: Mapping[str, str]) -> Resource:
        """Set annotations, as the command line and the client library do."""
        self._begin(Call("set_annotations", key, dict(annotations)))
        metadata = _metadata(self._objects[key])
        present = metadata.get("annotations")
        merged = {**(present if isinstance(present, dict) else {}), **annotations}
        stored = self._store(key, metadata={**metadata, "annotations": cast("JsonValue", merged)})
        self._end("set_annotations")
        return stored

    async def create_event(self, event: Event) -> None:
        """Keep an event, unless its namespace is being deleted."""
        self._begin(Call("create_event", event.about.key))
        self._refuse_new(f"create an event about {event.about.key}", event.about.key.namespace)
        self.events.append(event)
        self._end("create_event")

    async def served_kinds(self) -> frozenset[str]:
        """Name the kinds whose CRD is there."""
        self._begin(Call("served_kinds"))
        self._end("served_kinds")
        return frozenset(self.kinds)

    async def get_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap; None where there is none."""
        self._begin(Call("get_config_map", _config_map(namespace, name)))
        found = self.config_maps.read(namespace, name)
        self._end("get_config_map")
        return found

    async def list_config_maps(self, namespace: str, labels: Mapping[str, str]) -> tuple[ConfigMap, ...]:
        """Read those with all these labels."""
        self._begin(Call("list_config_maps"))
        found = self.config_maps.having(namespace, labels)
        self._end("list_config_maps")
        return found

    async def create_config_map(
        self, namespace: str, name: str, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Create a ConfigMap, unless its namespace is being deleted."""
        operation = f"create ConfigMap {namespace}/{name}"
        self._begin(Call("create_config_map", _config_map(namespace, name), dict(data)))
        self._refuse_new(operation, namespace)
        created = self.config_maps.create(operation, namespace, name, labels, data)
        self._end("create_config_map")
        return created

    async def patch_config_map(
        self, config_map: ConfigMap, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Set labels and replace the data of what was read."""
        self._begin(Call("patch_config_map", _config_map(config_map.namespace, config_map.name), dict(data)))
        patched = self.config_maps.patch(f"patch {config_map}", config_map, labels, data)
        self._end("patch_config_map")
        return patched

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete what was read; gone already is well."""
        self._begin(Call("delete_config_map", _config_map(config_map.namespace, config_map.name)))
        if self.config_maps.read(config_map.namespace, config_map.name) is not None:
            self.config_maps.delete(f"delete {config_map}", config_map)
        self._end("delete_config_map")

    # What people do.

    def create(
        self,
        key: ResourceKey,
        spec: Mapping[str, JsonValue],
        *,
        annotations: Mapping[str, str] | None = None,
        finalizers: tuple[str, ...] = (),
    ) -> Resource:
        """Create a resource, as ``kubectl create`` does."""
        if key in self._objects:
            raise AssertionError(f"{key} exists already")
        self._uids += 1
        metadata: JsonObject = {
            **({} if key.kind in CLUSTER_SCOPED else {"namespace": key.namespace}),
            "name": key.name,
            "uid": f"uid-{self._uids}",
            "generation": 1,
            "creationTimestamp": "2025-01-01T00:00:00Z",
        }
        if annotations:
            metadata["annotations"] = dict(annotations)
        if finalizers:
            metadata["finalizers"] = list(finalizers)
        self._objects[key] = {
            "apiVersion": ADDRESSES[key.kind].api_version,
            "kind": key.kind,
            "metadata": metadata,
            "spec": copied(dict(spec)),
            "status": {"observedGeneration": -1},
        }
        return self._stored("ADDED", key)

    def label(self, key: ResourceKey, **labels: str) -> Resource:
        """Let a resource, such as a namespace, have these labels and no others."""
        return self._store(key, metadata={**_metadata(self._objects[key]), "labels": dict(labels)})

    def edit_spec(self, key: ResourceKey, spec: Mapping[str, JsonValue]) -> Resource:
        """Replace the spec; the generation grows where that changes anything."""
        return self._store(key, spec=copied(dict(spec)))

    def annotate(self, key: ResourceKey, **annotations: str | None) -> Resource:
        """Set annotations of ours by their short name (underscores for dashes); None removes one."""
        metadata = _metadata(self._objects[key])
        present = metadata.get("annotations")
        values: JsonObject = dict(present) if isinstance(present, dict) else {}
        for name, value in annotations.items():
            values[f"rekognition-operator.io/{name.replace('_', '-')}"] = value
        metadata["annotations"] = {name: value for name, value in values.items() if value is not None}
        return self._store(key, metadata=metadata)

    def set_finalizers(self, key: ResourceKey, *finalizers: str) -> Resource:
        """Set the finalizers by hand."""
        return self._store(key, metadata={**_metadata(self._objects[key]), "finalizers": list(finalizers)})

    def set_status(self, key: ResourceKey, status: Mapping[str, JsonValue]) -> Resource:
        """Let the operator have written this status."""
        return self._store(key, status=copied(dict(status)))

    def lose_status(self, key: ResourceKey) -> Resource:
        """Empty the status, as a restore from a backup does."""
        return self._store(key, status={"observedGeneration": -1})

    def delete(self, key: ResourceKey) -> None:
        """Delete a resource: at once where no finalizer keeps it, else it is marked."""
        metadata = _metadata(self._objects[key])
        if not _finalizers(metadata):
            self._remove(key)
        elif "deletionTimestamp" not in metadata:
            generation = metadata["generation"]
            assert isinstance(generation, int)
            self._store(key, metadata={**metadata, "deletionTimestamp": DELETED_AT, "generation": generation + 1})

    def read(self, key: ResourceKey) -> Resource | None:
        """Look at a resource without the operator's knowing."""
        body = self._objects.get(key)
        return None if body is None else Resource.parse(copied(body))

    def fail(self, method: Method, error: KubeError, *, times: int = 1, after_effect: bool = False) -> None:
        """Let the next calls of a method fail, before they do anything or with their effect done (a lost answer)."""
        self._faults.extend(_Fault(method, error, after_effect) for _ in range(times))

    @property
    def writes(self) -> list[Call]:
        """The calls of the operator that write."""
        return [call for call in self.calls if call.method in WRITES]

    # How it keeps things.

    def _begin(self, call: Call) -> None:
        self.calls.append(call)
        if self.on_call is not None:
            self.on_call(call)
        self._raise_fault(call.method, after_effect=False)

    def _end(self, method: Method) -> None:
        self._raise_fault(method, after_effect=True)

    def _raise_fault(self, method: Method, *, after_effect: bool) -> None:
        for fault in self._faults:
            if fault.method == method and fault.after_effect == after_effect:
                self._faults.remove(fault)
                raise fault.error

    def _refuse_new(self, operation: str, namespace: str) -> None:
        if namespace in self.terminating:
            detail = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise KubeForbiddenError(operation, detail, 403)

    def _revise(self) -> str:
        self._revision += 1
        return str(self._revision)

    def _current(self, operation: str, read: Resource) -> JsonObject:
        """Return the stored object, provided that it is the one that was read."""
        body = self._objects.get(read.key)
        if body is None:
            raise KubeNotFoundError(operation, f"{read.key} not found", 404)
        if _metadata(body)["resourceVersion"] != read.resource_version:
            raise KubeConflictError(operation, "the object has been modified; apply your changes to the latest", 409)
        return body

    def _store(
        self,
        key: ResourceKey,
        *,
        metadata: JsonObject | None = None,
        spec: JsonObject | None = None,
        status: JsonObject | None = None,
    ) -> Resource:
        old = self._objects[key]
        new = copied(old)
        if metadata is not None:
            new["metadata"] = metadata
        if status is not None:
            new["status"] = status
        if spec is not None and spec != old["spec"]:
            generation = _metadata(new)["generation"]
            assert isinstance(generation, int)
            new["metadata"] = {**_metadata(new), "generation": generation + 1}
            new["spec"] = spec
        if new == old:
            return Resource.parse(copied(old))
        self._objects[key] = new
        if "deletionTimestamp" in _metadata(new) and not _finalizers(_metadata(new)):
            return self._remove(key)
        return self._stored("MODIFIED", key)

    def _stored(self, change: Change, key: ResourceKey) -> Resource:
        body = self._objects[key]
        body["metadata"] = {**_metadata(body), "resourceVersion": self._revise()}
        resource = Resource.parse(copied(body))
        for watcher in self.watchers:
            watcher(change, resource)
        return resource

    def _remove(self, key: ResourceKey) -> Resource:
        body = self._objects.pop(key)
        body["metadata"] = {**_metadata(body), "resourceVersion": self._revise()}
        resource = Resource.parse(body)
        for watcher in self.watchers:
            watcher("DELETED", resource)
        return resource


def copied(value: T) -> T:
    """Copy a JSON value; several times faster than :func:`copy.deepcopy`, and most of what a simulated pass takes."""
    if isinstance(value, dict):
        return cast("T", {name: copied(item) for name, item in value.items()})
    return cast("T", [copied(item) for item in value]) if isinstance(value, list) else value


def merge(target: JsonValue, patch: JsonObject) -> JsonObject:
    """Apply a JSON merge patch (RFC 7396): None removes, objects merge, all else replaces."""
    result: JsonObject = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merge(result.get(name), value)
        else:
            result[name] = copied(value)
    return result


def _config_map(namespace: str, name: str) -> ResourceKey:
    return ResourceKey("ConfigMap", namespace, name)


def _metadata(body: JsonObject) -> JsonObject:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    return dict(metadata)


def _finalizers(metadata: JsonObject) -> list[JsonValue]:
    finalizers = metadata.get("finalizers", [])
    assert isinstance(finalizers, list)
    return finalizers
