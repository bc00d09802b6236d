"""How does the API server keep ConfigMaps? In memory, with its preconditions; checked against a real one as all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import KubeConflictError, KubeInvalidError, KubeNotFoundError


@dataclass
class ConfigMapStore:
    """The ConfigMaps of all namespaces. ``revise`` gives the resourceVersion of the next write.

    ``immutable``: the names of those that somebody has set immutable.
    """

    revise: Callable[[], str]
    immutable: set[str] = field(default_factory=set)
    _kept: dict[tuple[str, str], ConfigMap] = field(default_factory=dict)
    _uids: int = 0

    def read(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap."""
        return self._kept.get((namespace, name))

    def having(self, namespace: str, labels: Mapping[str, str]) -> tuple[ConfigMap, ...]:
        """Return those that a label selector finds."""
        found = [kept for (where, _), kept in sorted(self._kept.items()) if where == namespace]
        return tuple(kept for kept in found if labels.items() <= kept.labels.items())

    def put(
        self, namespace: str, name: str, data: Mapping[str, str], labels: Mapping[str, str] | None = None
    ) -> ConfigMap:
        """Create a ConfigMap, or replace its data and, if they are given, its labels, as a person does."""
        old = self.read(namespace, name)
        if old is None:
            return self.create("put", namespace, name, labels or {}, data)
        return self._store(old, old.labels if labels is None else labels, data)

    def remove(self, namespace: str, name: str) -> None:
        """Delete a ConfigMap, as a person does."""
        del self._kept[namespace, name]
        self.revise()

    def create(
        self, operation: str, namespace: str, name: str, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Create a ConfigMap."""
        if (namespace, name) in self._kept:
            raise KubeConflictError(operation, f'configmaps "{name}" already exists', 409)
        self._uids += 1
        new = ConfigMap(namespace, name, f"configmap-uid-{self._uids}", self.revise(), dict(labels), dict(data))
        self._kept[namespace, name] = new
        return new

    def patch(self, operation: str, read: ConfigMap, labels: Mapping[str, str], data: Mapping[str, str]) -> ConfigMap:
        """Set labels and replace the data of what was read."""
        old = self._as_read(operation, read)
        if read.name in self.immutable and dict(data) != dict(old.data):
            raise KubeInvalidError(operation, "data: Forbidden: field is immutable when `immutable` is set", 422)
        return self._store(old, {**old.labels, **labels}, data)

    def delete(self, operation: str, read: ConfigMap) -> None:
        """Delete what was read."""
        self._as_read(operation, read)
        self.remove(read.namespace, read.name)

    def _as_read(self, operation: str, read: ConfigMap) -> ConfigMap:
        old = self.read(read.namespace, read.name)
        if old is None:
            raise KubeNotFoundError(operation, f'configmaps "{read.name}" not found', 404)
        if (old.uid, old.resource_version) != (read.uid, read.resource_version):
            raise KubeConflictError(operation, "the object has been modified", 409)
        return old

    def _store(self, old: ConfigMap, labels: Mapping[str, str], data: Mapping[str, str]) -> ConfigMap:
        new = replace(old, labels=dict(labels), data=dict(data))
        if new == old:
            return old
        new = replace(new, resource_version=self.revise())
        self._kept[old.namespace, old.name] = new
        return new
