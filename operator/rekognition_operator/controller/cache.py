"""What did the API server last say about each resource? The passes read from here, not from the server."""

from collections.abc import Iterator

from rekognition_operator.kube.resource import Resource, ResourceKey


class ResourceCache:
    """The newest known state of each resource, from the watch, from lists, and from the answers to our own writes.

    These come in any order: an older state never replaces a newer one.
    """

    def __init__(self) -> None:
        self._resources: dict[ResourceKey, Resource] = {}

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)

    def get(self, key: ResourceKey) -> Resource | None:
        """Return the newest known state; None where the resource is not known to exist."""
        return self._resources.get(key)

    def learn(self, resource: Resource) -> Resource | None:
        """Take over what the watch or a list says, if it is new; return the state it replaces.

        The state itself is returned where it is not new.
        """
        known = self._resources.get(resource.key)
        if known is not None and not resource.is_newer_than(known):
            return resource
        if resource.gone:
            self._resources.pop(resource.key, None)
        else:
            self._resources[resource.key] = resource
        return known

    def keep(self, resource: Resource) -> None:
        """Take over the answer to a write of ours; a resource that the watch has seen go stays gone."""
        known = self._resources.get(resource.key)
        if known is not None and known.uid == resource.uid:
            self.learn(resource)

    def forget(self, key: ResourceKey, uid: str) -> None:
        """Drop a resource that is gone; another one of the same name stays."""
        known = self._resources.get(key)
        if known is not None and known.uid == uid:
            del self._resources[key]
