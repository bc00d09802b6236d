"""Do ConfigMaps behave the same on a real API server and on the in-memory stand-in, for publishing?"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from fakes.kube import FakeKube
from rekognition_operator.kube.api import ConfigMaps
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import KubeConflictError, KubeForbiddenError, KubeInvalidError, KubeNotFoundError
from rekognition_sandbox.controlplane.audit import select
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

NAME = "storefront-adapter"
OURS = {"rekognition-operator.io/owner-kind": "ModerationAdapter", "rekognition-operator.io/owner-name": "storefront"}
DATA = {"projectVersionArn": "arn:1", "reason": "InService", "promotedAt": ""}
MERGE = "application/merge-patch+json"


class World(Protocol):
    """The API server, and the people who use it besides the operator."""

    @property
    def kube(self) -> ConfigMaps: ...
    @property
    def namespace(self) -> str: ...
    def edit(self, data: Mapping[str, str]) -> None: ...
    def set_immutable(self) -> None: ...
    def remove(self) -> None: ...
    def end_namespace(self) -> None: ...


@dataclass
class FakeWorld:
    kube: FakeKube = field(default_factory=FakeKube)
    namespace: str = "shop"

    def edit(self, data: Mapping[str, str]) -> None:
        self.kube.config_maps.put(self.namespace, NAME, data)

    def set_immutable(self) -> None:
        self.kube.config_maps.immutable.add(NAME)

    def remove(self) -> None:
        self.kube.config_maps.remove(self.namespace, NAME)

    def end_namespace(self) -> None:
        self.kube.terminating.add(self.namespace)


@dataclass
class RealWorld:
    kube: ConfigMaps
    plane: ControlPlane
    namespace: str

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{NAME}"

    def edit(self, data: Mapping[str, str]) -> None:
        self.plane.client.request("PATCH", self._path, {"data": dict(data)}, content_type=MERGE)

    def set_immutable(self) -> None:
        self.plane.client.request("PATCH", self._path, {"immutable": True}, content_type=MERGE)

    def remove(self) -> None:
        self.plane.client.request("DELETE", self._path)

    def end_namespace(self) -> None:
        self.plane.client.request("DELETE", f"/api/v1/namespaces/{self.namespace}")


@pytest_asyncio.fixture(params=["real", "fake"])
async def world(request: pytest.FixtureRequest, served_plane: ControlPlane, namespace: str) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    async with KubeClient(Path(served_plane.kubeconfig)) as client:
        yield RealWorld(client, served_plane, namespace)


async def create(world: World, name: str = NAME, labels: Mapping[str, str] | None = None) -> ConfigMap:
    return await world.kube.create_config_map(world.namespace, name, OURS if labels is None else labels, DATA)


async def test_what_is_created_is_read_as_it_was_written(world: World) -> None:
    assert await world.kube.get_config_map(world.namespace, NAME) is None
    created = await create(world)
    assert await world.kube.get_config_map(world.namespace, NAME) == created
    assert (created.namespace, created.name) == (world.namespace, NAME)
    assert (dict(created.labels), dict(created.data)) == (OURS, DATA)


async def test_what_exists_is_not_created_again(world: World) -> None:
    created = await create(world)
    with pytest.raises(KubeConflictError):
        await create(world)
    assert await world.kube.get_config_map(world.namespace, NAME) == created


async def test_a_patch_replaces_the_data_whole_and_keeps_the_labels_of_others(world: World) -> None:
    created = await create(world, labels={"team": "shop"})
    patched = await world.kube.patch_config_map(created, OURS, {"projectVersionArn": "", "message": "gone"})
    assert dict(patched.data) == {"projectVersionArn": "", "message": "gone"}
    assert dict(patched.labels) == {**OURS, "team": "shop"}
    assert patched.uid == created.uid
    assert await world.kube.get_config_map(world.namespace, NAME) == patched


async def test_a_patch_that_changes_nothing_is_no_write(world: World) -> None:
    created = await create(world)
    assert await world.kube.patch_config_map(created, OURS, DATA) == created


async def test_what_was_changed_since_it_was_read_is_neither_patched_nor_deleted(world: World) -> None:
    created = await create(world)
    world.edit({"projectVersionArn": "arn:mine"})
    with pytest.raises(KubeConflictError):
        await world.kube.patch_config_map(created, OURS, {})
    with pytest.raises(KubeConflictError):
        await world.kube.delete_config_map(created)
    left = await world.kube.get_config_map(world.namespace, NAME)
    assert left is not None
    assert left.data["projectVersionArn"] == "arn:mine"


async def test_what_was_made_anew_under_the_name_is_not_deleted(world: World) -> None:
    created = await create(world)
    world.remove()
    await create(world, labels={})
    with pytest.raises(KubeConflictError):
        await world.kube.delete_config_map(created)


async def test_what_is_gone_already_is_deleted_and_cannot_be_patched(world: World) -> None:
    created = await create(world)
    await world.kube.delete_config_map(created)
    assert await world.kube.get_config_map(world.namespace, NAME) is None
    await world.kube.delete_config_map(created)
    with pytest.raises(KubeNotFoundError):
        await world.kube.patch_config_map(created, OURS, {})


async def test_those_with_all_labels_are_listed(world: World) -> None:
    first, second = await create(world, "a"), await create(world, "b")
    await create(world, "c", labels=dict(list(OURS.items())[:1]))
    await create(world, "d", labels={})
    assert await world.kube.list_config_maps(world.namespace, OURS) == (first, second)
    assert await world.kube.list_config_maps("elsewhere", OURS) == ()


async def test_an_immutable_one_is_invalid_to_change(world: World) -> None:
    await create(world)
    world.set_immutable()
    found = await world.kube.get_config_map(world.namespace, NAME)
    assert found is not None
    with pytest.raises(KubeInvalidError) as refused:
        await world.kube.patch_config_map(found, OURS, {"reason": "AdapterExpired"})
    assert "immutable" in str(refused.value)
    await world.kube.delete_config_map(found)


async def test_in_a_namespace_that_is_being_deleted_none_is_created_and_one_can_go(world: World) -> None:
    created = await create(world)
    world.end_namespace()
    with pytest.raises(KubeForbiddenError) as refused:
        await create(world, "another")
    assert refused.value.namespace_terminating
    await world.kube.delete_config_map(created)


async def test_a_long_list_comes_in_pages(
    served_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rekognition_operator.kube.client.PAGE", 2)
    async with KubeClient(Path(served_plane.kubeconfig)) as client:
        world = RealWorld(client, served_plane, namespace)
        for name in "abcde":
            await create(world, name)
        assert [found.name for found in await client.list_config_maps(namespace, OURS)] == list("abcde")


async def test_whoever_changed_it_is_known_to_the_api_server(served_plane: ControlPlane, namespace: str) -> None:
    async with KubeClient(Path(served_plane.kubeconfig)) as client:
        created = await create(RealWorld(client, served_plane, namespace))
        await client.delete_config_map(await client.patch_config_map(created, OURS, {}))
    records = select(served_plane.audit_records(), namespace=namespace, resource="configmaps", mutating=True)
    mine = [record for record in records if "rekognition-operator/" in record.user_agent]
    assert [(record.verb, record.code) for record in mine] == [("create", 201), ("patch", 200), ("delete", 200)]


async def test_an_account_without_rules_is_forbidden(
    served_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    served_plane.client.request("POST", path, {"metadata": {"name": "nobody"}})
    kubeconfig = served_plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "kubeconfig")
    async with KubeClient(kubeconfig) as nobody:
        for call in (
            nobody.get_config_map(namespace, NAME),
            nobody.list_config_maps(namespace, OURS),
            nobody.create_config_map(namespace, NAME, OURS, DATA),
        ):
            with pytest.raises(KubeForbiddenError) as refused:
                await call
            assert "configmaps" in str(refused.value)
            assert not refused.value.namespace_terminating
