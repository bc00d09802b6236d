"""Do the client on a real API server and the in-memory stand-in behave the same, in all that a pass relies on?"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from pydantic import JsonValue

from fakes.kube import FakeKube
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.errors import KubeConflictError, KubeInvalidError, KubeNotFoundError
from rekognition_operator.kube.resource import FINALIZER, KINDS, SERVED, JsonObject, Resource, ResourceKey
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

SPEC: JsonObject = {
    "region": "us-east-1",
    "training": {"trainingData": {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]}},
    "output": {"bucket": "acme-ml"},
}
STOREFRONT = ResourceKey("ModerationAdapter", "shop", "storefront")
MERGE = "application/merge-patch+json"


class World(Protocol):
    """The API server, and the people who use it besides the operator."""

    @property
    def kube(self) -> Kube: ...
    @property
    def key(self) -> ResourceKey: ...
    def create(self) -> None: ...
    def set_description(self, description: str) -> None: ...
    def ask(self, value: str) -> None: ...
    def delete(self) -> None: ...


@dataclass
class FakeWorld:
    kube: FakeKube = field(default_factory=FakeKube)
    key: ResourceKey = STOREFRONT

    def create(self) -> None:
        self.kube.create(self.key, SPEC)

    def set_description(self, description: str) -> None:
        self.kube.edit_spec(self.key, {**SPEC, "description": description})

    def ask(self, value: str) -> None:
        self.kube.annotate(self.key, reconcile_requested_at=value)

    def delete(self) -> None:
        self.kube.delete(self.key)


@dataclass
class RealWorld:
    kube: Kube
    plane: ControlPlane
    key: ResourceKey

    @property
    def _path(self) -> str:
        kind = KINDS[self.key.kind]
        return f"/apis/{kind.api_version}/namespaces/{self.key.namespace}/{kind.plural}/{self.key.name}"

    def _merge(self, patch: Mapping[str, object]) -> None:
        self.plane.client.request("PATCH", self._path, patch, content_type=MERGE)

    def create(self) -> None:
        kind = KINDS[self.key.kind]
        manifest = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": self.key.name},
            "spec": SPEC,
        }
        self.plane.client.request("POST", self._path.rpartition("/")[0], manifest)

    def set_description(self, description: str) -> None:
        self._merge({"spec": {"description": description}})

    def ask(self, value: str) -> None:
        self._merge({"metadata": {"annotations": {"rekognition-operator.io/reconcile-requested-at": value}}})

    def delete(self) -> None:
        self.plane.client.request("DELETE", self._path)


@pytest_asyncio.fixture(params=["real", "fake"])
async def world(request: pytest.FixtureRequest, served_plane: ControlPlane, namespace: str) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    async with KubeClient(Path(served_plane.kubeconfig)) as client:
        yield RealWorld(client, served_plane, ResourceKey("ModerationAdapter", namespace, "storefront"))


async def read(world: World) -> Resource:
    resource = await world.kube.get(world.key)
    assert resource is not None
    return resource


async def test_a_new_resource_has_the_default_status_and_is_the_same_by_get_and_list(world: World) -> None:
    world.create()
    resource = await read(world)
    listing = await world.kube.list_all(world.key.kind, world.key.namespace)
    assert [item.key for item in listing.resources] == [world.key]
    assert listing.resources[0].resource_version == resource.resource_version
    assert dict(resource.status) == {"observedGeneration": -1}
    assert resource.generation == 1
    assert not resource.claimed
    assert not resource.deleting
    assert world.key in [item.key for item in (await world.kube.list_all(world.key.kind, None)).resources]
    assert int(listing.resource_version) >= int(resource.resource_version)


async def test_what_does_not_exist_is_none_to_read_and_not_found_to_patch(world: World) -> None:
    world.create()
    resource = await read(world)
    world.delete()
    assert await world.kube.get(world.key) is None
    with pytest.raises(KubeNotFoundError):
        await world.kube.patch_status(resource, {"observedGeneration": 1})


async def test_the_finalizer_is_set_on_the_main_resource_and_bumps_no_generation(world: World) -> None:
    world.create()
    claimed = await world.kube.patch_finalizers(await read(world), (FINALIZER,))
    assert claimed.claimed
    assert (await read(world)).claimed
    assert claimed.generation == 1


async def test_a_finalizer_patch_of_an_old_state_is_a_conflict(world: World) -> None:
    world.create()
    old = await read(world)
    world.set_description("newer")
    with pytest.raises(KubeConflictError):
        await world.kube.patch_finalizers(old, (FINALIZER,))
    assert not (await read(world)).claimed


async def test_a_status_patch_of_an_old_state_is_a_conflict(world: World) -> None:
    world.create()
    old = await read(world)
    world.ask("now")
    with pytest.raises(KubeConflictError):
        await world.kube.patch_status(old, {"observedGeneration": 1})


async def test_a_status_patch_removes_what_is_none_and_replaces_lists_whole(world: World) -> None:
    world.create()
    first = await world.kube.patch_status(
        await read(world),
        {
            "observedGeneration": 1,
            "desired": {"versionName": "v1-0123456789abcdef", "inputs": "v1-0123456789abcdef"},
            "conditions": [condition("Ready", "Unknown"), condition("Reconciling", "True")],
        },
    )
    assert len(conditions(first)) == 2
    second = await world.kube.patch_status(first, {"desired": None, "conditions": [condition("Ready", "True")]})
    assert dict(second.status) == {"observedGeneration": 1, "conditions": [condition("Ready", "True")]}
    assert (await read(world)).status == second.status


async def test_a_status_patch_that_changes_nothing_is_no_write(world: World) -> None:
    world.create()
    first = await world.kube.patch_status(await read(world), {"observedGeneration": 1})
    assert (await world.kube.patch_status(first, {"observedGeneration": 1})).resource_version == first.resource_version


async def test_a_spec_change_bumps_the_generation_and_asks_for_something_new(world: World) -> None:
    world.create()
    before = await read(world)
    world.set_description("nudity rules")
    after = await read(world)
    assert after.generation == before.generation + 1
    assert after.asked != before.asked
    assert after.is_newer_than(before)


async def test_our_own_writes_do_not_look_like_a_request(world: World) -> None:
    world.create()
    before = await read(world)
    claimed = await world.kube.patch_finalizers(before, (FINALIZER,))
    reported = await world.kube.patch_status(claimed, {"observedGeneration": 1})
    assert reported.asked == before.asked
    world.ask("2025-03-01T10:00:00Z")
    assert (await read(world)).asked != before.asked


async def test_a_deleted_resource_stays_until_the_last_finalizer_goes(world: World) -> None:
    world.create()
    claimed = await world.kube.patch_finalizers(await read(world), (FINALIZER,))
    world.delete()
    marked = await read(world)
    assert marked.deleting
    assert marked.generation == claimed.generation + 1
    with pytest.raises(KubeInvalidError):
        await world.kube.patch_finalizers(marked, (FINALIZER, "example.org/late"))
    last = await world.kube.patch_finalizers(marked, ())
    assert last.gone
    assert await world.kube.get(world.key) is None


async def test_the_kinds_that_are_served_are_discovered(world: World) -> None:
    assert await world.kube.served_kinds() == frozenset(SERVED)


def condition(type_: str, status: str) -> JsonValue:
    return {
        "type": type_,
        "status": status,
        "reason": "Test",
        "message": "",
        "lastTransitionTime": "2025-03-01T10:00:00Z",
    }


def conditions(resource: Resource) -> list[JsonValue]:
    value = resource.status["conditions"]
    assert isinstance(value, list)
    return value
