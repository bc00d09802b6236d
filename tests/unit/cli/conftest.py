"""What do the commands find: which cluster, and which AWS?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import pytest

from fakes.kube import FakeKube
from fakes.rekognition import FakeRekognition
from rekognition_operator.aws import provider
from rekognition_operator.aws.errors import CallError
from rekognition_operator.cli import resources
from rekognition_operator.cli.main import main
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.world import Feature
from rekognition_operator.kube.resource import ResourceKey

NAMESPACE = "trust-safety"
REGION = "eu-west-1"
VERSION, OLD = "v1-3fa9c1d2aabbccdd", "v1-0000000000000000"

Run = Callable[..., int]


@dataclass
class World:
    """A cluster and an AWS, as the commands see them."""

    kube: FakeKube = field(default_factory=FakeKube)
    aws: FakeRekognition = field(default_factory=lambda: FakeRekognition(region=REGION))
    credentials: CallError | None = None
    asked_contexts: list[str | None] = field(default_factory=list)
    asked_regions: list[str] = field(default_factory=list)

    def adapter(self, name: str = "storefront", **status: Any) -> str:
        """Make an adapter with one version in service; return the version's ARN."""
        return self._resource("ModerationAdapter", Feature.CONTENT_MODERATION, name, status)

    def model(self, name: str = "parts", *, state: str = "RUNNING", **status: Any) -> str:
        """Make a model with one version in service; return the version's ARN."""
        serving = {"state": state, "reason": "Running", **status.pop("serving", {})}
        arn = self._resource("CustomLabelsModel", Feature.CUSTOM_LABELS, name, {"serving": serving, **status})
        self.aws.set_status(arn, state)
        return arn

    def _resource(self, kind: str, feature: Feature, name: str, status: dict[str, Any]) -> str:
        self.aws.add_project(name, feature=feature)
        arn = self.aws.add_version(name, VERSION)
        shown = {
            "active": {"versionName": VERSION, "arn": arn, "f1Score": 0.9},
            "versions": [version_status(VERSION, arn, "Active")],
            "conditions": [condition("Ready", "True", "InService", "Version is in service")],
            **status,
        }
        key = ResourceKey(kind, NAMESPACE, name)
        self.kube.create(key, {})
        self.kube.set_status(key, shown)
        return arn


def condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-05-04T08:00:00Z",
    }


def version_status(name: str, arn: str, role: str, **members: Any) -> dict[str, Any]:
    plain = {"status": "TRAINING_COMPLETED", "createdAt": "2026-05-02T10:00:00Z", "f1Score": 0.9}
    return {"name": name, "arn": arn, "role": role, **plain, **members}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Give the commands a cluster and an AWS."""
    world = World()

    class Client:
        def __init__(self, context: str | None = None) -> None:
            world.asked_contexts.append(context)

        async def __aenter__(self) -> FakeKube:
            return world.kube

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
        ) -> None:
            pass

    class Provider:
        async def connect(self, principal: Principal, region: str) -> FakeRekognition:  # noqa: ARG002  # one account
            world.asked_regions.append(region)
            if world.credentials is not None:
                raise world.credentials
            return world.aws

        def close(self) -> None:
            pass

    monkeypatch.setattr(resources, "KubeClient", Client)
    monkeypatch.setattr(resources, "default_namespace", lambda context: NAMESPACE)  # noqa: ARG005  # its signature
    monkeypatch.setattr(provider, "Boto3Provider", Provider)
    return world


@pytest.fixture
def run() -> Run:
    """Run the command in this process and return its exit code."""

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return code or 0

    return run
