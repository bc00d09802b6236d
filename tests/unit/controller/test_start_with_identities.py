"""Does the start of an operator leave an identity alone that a resource needs?"""

import asyncio
from typing import Any

import pytest

from fakes.clock import FakeClock, settle
from fakes.kube import FakeKube
from fakes.rekognition import FakeProvider, FakeRekognition
from rekognition_operator.controller import app
from rekognition_operator.controller.settings import OperatorSettings
from rekognition_operator.kube.resource import FINALIZER, JsonObject, Resource
from unit.controller.stage import KEY
from unit.controller.test_identities import IDENTITY, NAMED, NAMESPACE, spec_of


class Kube(FakeKube):
    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __init__(self) -> None:
        super().__init__()
        self.wrote_identity = asyncio.Event()

    async def patch_status(self, resource: Resource, patch: JsonObject) -> Resource:
        patched = await super().patch_status(resource, patch)
        if resource.key == IDENTITY:
            self.wrote_identity.set()
        return patched

    async def list_all(self, kind: str, namespace: str | None) -> Any:
        if kind == KEY.kind:
            await asyncio.sleep(0.05)  # a request takes its time
        return await super().list_all(kind, namespace)


@pytest.mark.parametrize("deleting", [False, True])
async def test_an_identity_in_use_keeps_its_finalizer_while_the_resources_are_not_listed_yet(
    monkeypatch: pytest.MonkeyPatch, deleting: bool
) -> None:
    kube = Kube()
    kube.create(NAMESPACE, {})
    kube.create(IDENTITY, spec_of(), finalizers=(FINALIZER,))
    kube.create(KEY, NAMED, finalizers=(FINALIZER,))
    if deleting:
        kube.delete(IDENTITY)
    clock = FakeClock()
    provider = FakeProvider(FakeRekognition(now=clock.now))
    monkeypatch.setattr(provider, "close", lambda: None, raising=False)
    monkeypatch.setattr(app, "KubeClient", lambda _: kube)
    monkeypatch.setattr(app, "Boto3Provider", lambda **_: provider)

    async def run_kopf(_registry: object, *, stop: asyncio.Event, **_: object) -> None:
        await stop.wait()

    monkeypatch.setattr(app, "run_kopf", run_kopf)
    monkeypatch.setattr(app.Operator, "_handle_signals", lambda _: None)
    settings = OperatorSettings(cluster_name="test", region="us-east-1", health_port=0, health_host="127.0.0.1")
    operator = app.Operator(settings, clock)
    running = asyncio.create_task(operator.run())
    async with asyncio.timeout(30):
        await kube.wrote_identity.wait()
    await settle()
    operator.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    written = [call.method for call in kube.writes if call.key == IDENTITY]
    assert "patch_finalizers" not in written
    left = kube.read(IDENTITY)
    assert left is not None
    assert left.status["usedBy"] == 1
