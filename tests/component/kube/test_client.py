"""What does the client do on a real API server, beyond what the stand-in can show?"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rekognition_operator.kube.api import Event
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.errors import (
    KubeForbiddenError,
    KubeInvalidError,
    KubeNotFoundError,
    KubeUnavailableError,
)
from rekognition_operator.kube.resource import FINALIZER, KINDS, Resource, ResourceKey
from rekognition_sandbox.controlplane.audit import select
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

MANIFEST = {
    "apiVersion": "rekognition-operator.io/v1alpha1",
    "kind": "ModerationAdapter",
    "metadata": {"name": "storefront"},
    "spec": {
        "training": {"trainingData": {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]}},
        "output": {"bucket": "acme-ml"},
    },
}

Kubectl = Callable[..., str]


async def stored(kube: KubeClient, namespace: str) -> Resource:
    resource = await kube.get(ResourceKey("ModerationAdapter", namespace, "storefront"))
    assert resource is not None
    return resource


async def test_an_event_shows_in_kubectl_describe(kube: KubeClient, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    event = Event(
        await stored(kube, namespace), "Warning", "TrainingFailed", "The manifest file is empty.", datetime.now(UTC)
    )
    await kube.create_event(event)
    await kube.create_event(event)
    shown = kubectl("describe", "moderationadapter", "storefront").split("Events:")[1]
    assert shown.count("TrainingFailed") == 1, "a repeated request must not make a second event"
    assert "Warning" in shown
    assert "rekognition-operator" in shown
    assert "The manifest file is empty." in shown


async def test_a_message_too_long_for_an_event_is_cut(kube: KubeClient, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    about = await stored(kube, namespace)
    await kube.create_event(Event(about, "Normal", "Promoted", "é" * 2000, datetime.now(UTC)))
    items = json.loads(kubectl("get", "events", "-o", "json"))["items"]
    assert [item["message"] for item in items] == ["é" * 510 + "..."]


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_listed_read_and_written_and_none_for_another(
    kube: KubeClient, kubectl: Kubectl, namespace: str, kind: str
) -> None:
    for name, manifest in (("wanted", MANIFEST | {"kind": kind}), *((k, MANIFEST | {"kind": k}) for k in KINDS)):
        kubectl("apply", "-f", "-", stdin={**manifest, "metadata": {"name": name.lower()}})
    key = ResourceKey(kind, namespace, "wanted")
    listing = await kube.list_all(kind, namespace)
    assert {resource.key for resource in listing.resources} == {key, ResourceKey(kind, namespace, kind.lower())}
    resource = await kube.get(key)
    assert resource is not None
    claimed = await kube.patch_finalizers(resource, (FINALIZER,))
    reported = await kube.patch_status(claimed, {"observedGeneration": 1})
    assert (reported.key, reported.claimed, dict(reported.status)) == (key, True, {"observedGeneration": 1})
    await kube.patch_finalizers(reported, ())


async def test_what_nobody_reads_is_not_kept(kube: KubeClient, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    text = json.dumps(dict((await stored(kube, namespace)).body))
    assert "managedFields" not in text
    assert "last-applied-configuration" not in text


async def test_a_status_that_the_schema_refuses_is_invalid(kube: KubeClient, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    with pytest.raises(KubeInvalidError) as refused:
        await kube.patch_status(await stored(kube, namespace), {"conditions": [{"type": "Ready"}]})
    assert "patch the status of ModerationAdapter" in str(refused.value)
    assert "HTTP 422" in str(refused.value)


async def test_a_long_list_comes_in_pages(
    kube: KubeClient, kubectl: Kubectl, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rekognition_operator.kube.client.PAGE", 2)
    for name in ("a", "b", "c", "d", "e"):
        kubectl("apply", "-f", "-", stdin={**MANIFEST, "metadata": {"name": name}})
    listing = await kube.list_all("ModerationAdapter", namespace)
    assert [resource.key.name for resource in listing.resources] == ["a", "b", "c", "d", "e"]


async def test_an_account_without_rules_is_forbidden(
    served_plane: ControlPlane, namespace: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    kubectl("create", "serviceaccount", "nobody")
    kubeconfig = served_plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "kubeconfig")
    async with KubeClient(kubeconfig) as nobody:
        with pytest.raises(KubeForbiddenError) as refused:
            await nobody.list_all("ModerationAdapter", None)
        assert "moderationadapters" in str(refused.value)
        assert not refused.value.namespace_terminating
        assert "ModerationAdapter" in await nobody.served_kinds(), "discovery needs no rule"


async def test_renewed_credentials_are_read_after_a_refusal(
    served_plane: ControlPlane, namespace: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    kubectl("create", "serviceaccount", "somebody")
    kubeconfig = served_plane.service_account_kubeconfig(namespace, "somebody", tmp_path / "kubeconfig")
    good = kubeconfig.read_text()
    token = next(line for line in good.splitlines() if "token:" in line).split("token:")[1].strip()
    kubeconfig.write_text(good.replace(token, "expired"))
    async with KubeClient(kubeconfig) as client:
        with pytest.raises(KubeForbiddenError):
            await client.served_kinds()
        kubeconfig.write_text(good)
        with pytest.raises(KubeForbiddenError):
            await client.served_kinds()
        assert await client.served_kinds()


async def test_an_event_in_a_terminating_namespace_is_told_apart(
    kube: KubeClient, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    about = await kube.patch_finalizers(await stored(kube, namespace), (FINALIZER,))
    kubectl("delete", "namespace", namespace, "--wait=false")
    with pytest.raises(KubeForbiddenError) as refused:
        await kube.create_event(Event(about, "Normal", "Deleting", "Goes.", datetime.now(UTC)))
    assert refused.value.namespace_terminating
    assert (await kube.patch_status(about, {"observedGeneration": 1})).status["observedGeneration"] == 1


async def test_a_kind_that_is_not_served_is_not_found(served_plane: ControlPlane, namespace: str) -> None:
    async with KubeClient(served_plane.kubeconfig) as client:
        client._client.configuration.host += "/nowhere"  # type: ignore[union-attr]  # connected by entering
        with pytest.raises(KubeNotFoundError):
            await client.list_all("ModerationAdapter", namespace)
        assert await client.served_kinds() == frozenset()


async def test_a_dead_api_server_is_unavailable(tmp_path: Path, served_plane: ControlPlane) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(served_plane.kubeconfig.read_text().replace(served_plane.url, "https://127.0.0.1:1"))
    async with KubeClient(kubeconfig) as client:
        with pytest.raises(KubeUnavailableError) as failed:
            await client.served_kinds()
    assert "did not answer" in str(failed.value)


async def test_no_request_of_the_client_carries_a_spec(
    kube: KubeClient, kubectl: Kubectl, namespace: str, served_plane: ControlPlane
) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    claimed = await kube.patch_finalizers(await stored(kube, namespace), (FINALIZER,))
    await kube.patch_status(claimed, {"observedGeneration": 1})
    patches = [
        record
        for record in select(served_plane.audit_records(), namespace=namespace, verbs=["patch"])
        if "rekognition-operator/" in record.user_agent
    ]
    assert [record.subresource for record in patches] == ["", "status"]
    for record in patches:
        assert isinstance(record.body, dict)
        assert "spec" not in record.body


async def test_annotations_are_set_whatever_else_has_changed(
    kube: KubeClient, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    before = await stored(kube, namespace)
    kubectl("annotate", "moderationadapter", "storefront", "team=safety")
    after = await kube.set_annotations(before.key, {"rekognition-operator.io/last-used-at": "2026-05-04T08:00:00Z"})
    assert after.annotations == {"team": "safety", "rekognition-operator.io/last-used-at": "2026-05-04T08:00:00Z"}
    assert after.generation == before.generation
