"""Is kopf a watch and nothing else?"""

import asyncio
from dataclasses import replace
from pathlib import Path

import kopf
import pytest
import yaml

from fakes.identities import identities_of
from fakes.kube import FakeKube
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import SystemClock
from rekognition_operator.controller.intake import Intake
from rekognition_operator.controller.kopf_app import connection_info, operator_registry, operator_settings
from rekognition_operator.controller.queue import Requeue, WorkQueue
from rekognition_operator.kube.config import KubeConfigError
from rekognition_operator.kube.resource import ADDRESSES, CLUSTER_SCOPED, FINALIZER, KINDS
from unit.controller.stage import KEY, SPEC


def kubeconfig(path: Path, **user: str) -> Path:
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": "https://127.0.0.1:6443"}}],
                "users": [{"name": "test", "user": user}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            }
        )
    )
    return path


def test_kopf_neither_posts_nor_stores_nor_sets_a_finalizer_of_ours() -> None:
    settings = operator_settings()
    assert settings.posting.enabled is False
    assert settings.persistence.finalizer != FINALIZER
    assert settings.scanning.disabled is True
    assert settings.peering.standalone is True
    assert settings.queueing.worker_limit is None
    storage = settings.persistence.diffbase_storage
    body = kopf.Body({"spec": {"a": 1}})
    assert storage.build(body=body) == {}
    assert storage.fetch(body=body) is None
    patch = kopf.Patch()
    storage.store(body=body, patch=patch, essence=storage.build(body=body))
    assert dict(patch) == {}


async def test_events_of_the_watch_go_to_the_intake_and_return_nothing() -> None:
    cache = ResourceCache()

    async def work(*_: object) -> Requeue:
        raise AssertionError("nothing is worked on in this test")

    intake = Intake(
        cache, WorkQueue(work, concurrency=1, clock=SystemClock()), SystemClock(), identities_of(FakeKube(), cache)
    )

    async def cleanup() -> None:
        raise AssertionError("nothing is cleaned up in this test")

    registry = operator_registry(intake, kubeconfig=None, on_cleanup=cleanup, cluster_scoped=CLUSTER_SCOPED.values())
    handlers = list(registry._watching.get_all_handlers())
    assert {str(handler.selector.any_name) for handler in handlers if handler.selector} == {
        kind.plural for kind in ADDRESSES.values()
    }
    for handler, kind in zip(handlers, KINDS, strict=False):
        assert asyncio.iscoroutinefunction(handler.fn), "a plain function would run in a thread"
        body = {
            "apiVersion": "rekognition-operator.io/v1alpha1",
            "kind": kind,
            "metadata": {"namespace": KEY.namespace, "name": KEY.name, "uid": "u", "resourceVersion": "7"},
            "spec": SPEC,
        }
        assert await handler.fn(event={"type": None, "object": body}) is None  # type: ignore[call-arg, typeddict-item]  # kopf passes more
        assert cache.get(replace(KEY, kind=kind)) is not None
    assert not registry._changing.get_all_handlers()
    assert not registry._spawning.get_all_handlers()


async def test_kopf_logs_in_to_the_same_server_with_the_same_token(tmp_path: Path) -> None:
    info = await connection_info(kubeconfig(tmp_path / "config", token="abc"))
    assert info.server == "https://127.0.0.1:6443"
    assert info.as_http_headers() == {"Authorization": "Bearer abc"}
    assert info.insecure is False


async def test_a_missing_kubeconfig_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KubeConfigError, match="does not exist"):
        await connection_info(tmp_path / "none")
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KubeConfigError, match=r"no --kubeconfig, no KUBECONFIG variable"):
        await connection_info(None)


async def test_a_broken_kubeconfig_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text("apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: []\nclusters: []\nusers: []\n")
    with pytest.raises(KubeConfigError, match=str(broken)):
        await connection_info(broken)
