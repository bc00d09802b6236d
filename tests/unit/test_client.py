"""What does an application learn from the client library, and what does it raise?"""

import subprocess
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import pytest

from fakes.kube import FakeKube
from rekognition_operator import client
from rekognition_operator.api.annotations import LAST_USED_AT
from rekognition_operator.client import (
    ActiveAdapter,
    ActiveModel,
    ClusterError,
    NoActiveAdapterError,
    NoActiveModelError,
    NotFoundError,
    active_adapter,
    active_model,
    mark_used,
)
from rekognition_operator.kube.config import KubeConfigError
from rekognition_operator.kube.errors import KubeForbiddenError, KubeNotFoundError
from rekognition_operator.kube.resource import ResourceKey

ADAPTER = ResourceKey("ModerationAdapter", "trust-safety", "storefront")
MODEL = ResourceKey("CustomLabelsModel", "factory", "parts")
ARN = "arn:aws:rekognition:eu-west-1:123456789012:project/p/version/v1-3fa9c1d2aabbccdd/1690556751958"
SINCE = "2026-05-04T08:00:00Z"
ACTIVE = {"versionName": "v1-3fa9c1d2aabbccdd", "arn": ARN, "f1Score": 0.9, "since": SINCE}


@pytest.fixture
def kube(monkeypatch: pytest.MonkeyPatch) -> FakeKube:
    """Give the library a cluster, and nothing that it remembers."""
    fake = FakeKube()

    class Client:
        def __init__(self, context: str | None = None) -> None:
            if context == "nowhere":
                raise KubeConfigError("The kubeconfig has no context nowhere.")

        async def __aenter__(self) -> FakeKube:
            return fake

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
        ) -> None:
            pass

    monkeypatch.setattr(client, "KubeClient", Client)
    monkeypatch.setattr(client, "_MARKER", client._Marker())
    return fake


def shown(kube: FakeKube, key: ResourceKey, **status: Any) -> None:
    kube.create(key, {})
    kube.set_status(key, status)


def test_the_adapter_in_service_is_told_in_full(kube: FakeKube) -> None:
    shown(kube, ADAPTER, active={**ACTIVE, "baseModelVersion": "7.0", "evaluation": {"threshold": 60}})
    assert active_adapter("trust-safety", "storefront") == ActiveAdapter(
        project_version_arn=ARN,
        version_name="v1-3fa9c1d2aabbccdd",
        region="eu-west-1",
        confidence_threshold=60.0,
        base_model_version="7.0",
        f1_score=0.9,
        since=datetime(2026, 5, 4, 8, tzinfo=UTC),
    )


def test_what_status_does_not_say_of_the_adapter_is_none(kube: FakeKube) -> None:
    shown(kube, ADAPTER, active={"versionName": "adopted", "arn": ARN})
    assert active_adapter("trust-safety", "storefront") == ActiveAdapter(
        ARN, "adopted", "eu-west-1", None, None, None, None
    )


def test_without_an_adapter_in_service_the_reason_is_raised(kube: FakeKube) -> None:
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "AdapterExpired",
        "message": "Version v1 has expired",
        "lastTransitionTime": SINCE,
    }
    shown(kube, ADAPTER, conditions=[ready])
    with pytest.raises(NoActiveAdapterError) as raised:
        active_adapter("trust-safety", "storefront")
    assert (raised.value.reason, raised.value.message) == ("AdapterExpired", "Version v1 has expired")
    assert str(raised.value) == (
        "No version of ModerationAdapter trust-safety/storefront is in service. AdapterExpired: Version v1 has expired"
    )


def test_a_resource_that_the_operator_has_not_seen_has_no_version_and_no_reason(kube: FakeKube) -> None:
    kube.create(ADAPTER, {})
    kube.create(MODEL, {})
    with pytest.raises(NoActiveAdapterError, match="The operator has not looked at it yet") as raised:
        active_adapter("trust-safety", "storefront")
    assert raised.value.reason == ""
    with pytest.raises(NoActiveModelError):
        active_model("factory", "parts")


@pytest.mark.parametrize(
    ("state", "running"), [("RUNNING", True), ("STOPPED", False), ("STARTING", False), (None, False)]
)
def test_a_model_says_whether_it_answers(kube: FakeKube, state: str | None, running: bool) -> None:
    serving = {"serving": {"state": state, "reason": "Running"}} if state is not None else {}
    shown(kube, MODEL, active=ACTIVE, **serving)
    assert active_model("factory", "parts") == ActiveModel(
        ARN, "v1-3fa9c1d2aabbccdd", "eu-west-1", running, 0.9, datetime(2026, 5, 4, 8, tzinfo=UTC)
    )


def test_what_is_not_there_is_told_from_what_cannot_be_asked(kube: FakeKube) -> None:
    with pytest.raises(NotFoundError, match="There is no ModerationAdapter trust-safety/storefront"):
        active_adapter("trust-safety", "storefront")
    kube.fail("get", KubeForbiddenError("get it", "no", 403))
    with pytest.raises(ClusterError, match="get it: HTTP 403: no"):
        active_adapter("trust-safety", "storefront")
    with pytest.raises(ClusterError, match="no context nowhere"):
        active_adapter("trust-safety", "storefront", context="nowhere")


async def test_it_may_be_called_where_an_event_loop_runs(kube: FakeKube) -> None:
    shown(kube, ADAPTER, active=ACTIVE)
    assert active_adapter("trust-safety", "storefront").project_version_arn == ARN


def test_a_use_is_marked_once_a_minute_however_often_it_is_told(kube: FakeKube) -> None:
    shown(kube, MODEL, active=ACTIVE)
    assert [mark_used("factory", "parts") for _ in range(50)] == [True] + [False] * 49
    assert len(kube.calls) == 2
    stored = kube.read(MODEL)
    assert stored is not None
    assert LAST_USED_AT in stored.annotations


def test_after_a_minute_a_use_is_marked_again_unless_another_process_did(kube: FakeKube) -> None:
    now = 0.0
    marker = client._Marker(clock=lambda: now)
    shown(kube, MODEL, active=ACTIVE)
    assert marker.mark(MODEL, None)
    now = 61.0
    assert not marker.mark(MODEL, None)  # the annotation is not a minute old
    assert len(kube.calls) == 3


def test_a_use_of_what_is_not_there_is_an_error(kube: FakeKube) -> None:
    with pytest.raises(NotFoundError):
        mark_used("factory", "parts")
    shown(kube, MODEL, active=ACTIVE)
    kube.fail("set_annotations", KubeNotFoundError("annotate it", "gone", 404))
    with pytest.raises(ClusterError):
        client._Marker().mark(MODEL, None)


def test_a_use_that_could_not_be_marked_is_marked_by_the_next_call(kube: FakeKube) -> None:
    shown(kube, MODEL, active=ACTIVE)
    kube.fail("set_annotations", KubeForbiddenError("annotate it", "no", 403))
    with pytest.raises(ClusterError):
        mark_used("factory", "parts")
    assert mark_used("factory", "parts")
    assert not mark_used("factory", "parts")


def test_the_library_loads_neither_kopf_nor_the_sdk() -> None:
    program = (
        "import sys; import rekognition_operator.client; "
        "print([n for n in ('kopf', 'boto3', 'botocore', 'typer', 'rich', 'matplotlib') if n in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
