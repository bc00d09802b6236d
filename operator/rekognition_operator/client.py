"""Which version shall an application call?

For applications that ask the cluster instead of reading a ConfigMap. Every function asks the API server once, blocks,
and may be called where an event loop runs. The server is found as by the operator: the files that KUBECONFIG names, the
account of the pod, ``~/.kube/config``. The account needs ``get`` on the kind, and ``patch`` for :func:`mark_used`.

>>> adapter = active_adapter("trust-safety", "storefront")
>>> boto3.client("rekognition", region_name=adapter.region).detect_moderation_labels(
...     Image=image, ProjectVersion=adapter.project_version_arn
... )
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final, TypeVar

from rekognition_operator.api.customlabelsmodel import CustomLabelsModel, CustomLabelsModelStatus
from rekognition_operator.api.moderationadapter import ModerationAdapter, ModerationAdapterStatus
from rekognition_operator.core.in_service import answers, region_of, why_none
from rekognition_operator.kube import last_use
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.config import KubeConfigError
from rekognition_operator.kube.errors import KubeError
from rekognition_operator.kube.resource import Resource, ResourceKey

__all__ = [
    "ActiveAdapter",
    "ActiveModel",
    "ClientError",
    "ClusterError",
    "NoActiveAdapterError",
    "NoActiveModelError",
    "NoActiveVersionError",
    "NotFoundError",
    "active_adapter",
    "active_model",
    "mark_used",
]

T = TypeVar("T")


class ClientError(Exception):
    """What every function here raises, by one of its kinds; the message is for people."""


class ClusterError(ClientError):
    """The API server was not found, did not answer, or refused; the same call may work later."""


class NotFoundError(ClientError):
    """There is no such resource, or the cluster does not know the kind."""


class NoActiveVersionError(ClientError):
    """The resource is there, and no version is in service: nothing may be called.

    Attributes
    ----------
    reason
        Reason of the condition Ready, such as ``AdapterExpired``; empty where the operator has not seen the resource.
    message
        Its message: what happened, and what to do.
    """

    def __init__(self, key: ResourceKey, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message
        why = f"{reason}: {message}" if reason else message
        super().__init__(f"No version of {key} is in service. {why}")


class NoActiveAdapterError(NoActiveVersionError):
    """No version of the adapter is in service: calling an old ARN may be answered by the base model, without a word."""


class NoActiveModelError(NoActiveVersionError):
    """No version of the model is in service."""


@dataclass(frozen=True)
class ActiveAdapter:
    """The adapter version in service.

    Attributes
    ----------
    project_version_arn
        What to pass as ``ProjectVersion`` to DetectModerationLabels. An answer without ``ProjectVersion`` came from the
        base model.
    region
        The AWS Region in which to call.
    confidence_threshold
        The confidence, 0 to 100, that the version was evaluated at: a sensible ``MinConfidence``. None: not known.
    base_model_version
        The base model that the version was trained on.
    f1_score
        0 to 1, by Rekognition on the testing data.
    since
        When the version was put into service.
    """

    project_version_arn: str
    version_name: str
    region: str
    confidence_threshold: float | None
    base_model_version: str | None
    f1_score: float | None
    since: datetime | None


@dataclass(frozen=True)
class ActiveModel:
    """The Custom Labels version in service.

    Attributes
    ----------
    project_version_arn
        What to pass as ``ProjectVersionArn`` to DetectCustomLabels.
    region
        The AWS Region in which to call.
    running
        Whether it answers: False while it is stopped, outside its hours, or being started.
    f1_score
        0 to 1, by Rekognition on the testing data.
    since
        When the version was put into service.
    """

    project_version_arn: str
    version_name: str
    region: str
    running: bool
    f1_score: float | None
    since: datetime | None


def active_adapter(namespace: str, name: str, *, context: str | None = None) -> ActiveAdapter:
    """Return the version in service of a ModerationAdapter. ``context``: one of the kubeconfig, for people.

    Raises
    ------
    NoActiveAdapterError
        No version is in service.
    NotFoundError
        There is no such ModerationAdapter.
    ClusterError
        The API server cannot be asked.
    """
    key = ResourceKey(ModerationAdapter.kind, namespace, name)
    status = ModerationAdapterStatus.model_validate(_read(key, context).status)
    active = status.active
    if active is None:
        raise NoActiveAdapterError(key, *why_none(status))
    return ActiveAdapter(
        project_version_arn=active.arn,
        version_name=active.version_name,
        region=region_of(active.arn),
        confidence_threshold=active.evaluation.threshold if active.evaluation is not None else None,
        base_model_version=active.base_model_version,
        f1_score=active.f1_score,
        since=active.since,
    )


def active_model(namespace: str, name: str, *, context: str | None = None) -> ActiveModel:
    """Return the version in service of a CustomLabelsModel. ``context``: one of the kubeconfig, for people.

    Raises
    ------
    NoActiveModelError
        No version is in service.
    NotFoundError
        There is no such CustomLabelsModel.
    ClusterError
        The API server cannot be asked.
    """
    key = ResourceKey(CustomLabelsModel.kind, namespace, name)
    status = CustomLabelsModelStatus.model_validate(_read(key, context).status)
    active = status.active
    if active is None:
        raise NoActiveModelError(key, *why_none(status))
    return ActiveModel(
        project_version_arn=active.arn,
        version_name=active.version_name,
        region=region_of(active.arn),
        running=status.serving is not None and answers(status.serving.state),
        f1_score=active.f1_score,
        since=active.since,
    )


def mark_used(namespace: str, name: str, *, context: str | None = None) -> bool:
    """Write down that a CustomLabelsModel was asked something, so that ``idleStop`` does not stop it.

    Call it after each answer: at most one call a minute reaches the API server, all others return at once. Returns
    whether this one wrote. What could not be written is tried again by the next call.

    Raises
    ------
    NotFoundError
        There is no such CustomLabelsModel.
    ClusterError
        The API server cannot be asked.
    """
    return _MARKER.mark(ResourceKey(CustomLabelsModel.kind, namespace, name), context)


class _Marker:
    """Remembers when this process last marked a model as used."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._marked: dict[tuple[ResourceKey, str | None], float] = {}

    def mark(self, key: ResourceKey, context: str | None) -> bool:
        """Write the annotation, unless that was done within a minute, by this process or another."""
        now, last = self._clock(), self._marked.get((key, context))
        if last is not None and now - last < last_use.NOT_MORE_OFTEN_THAN.total_seconds():
            return False
        self._marked[key, context] = now

        async def write() -> bool:
            async with KubeClient(context=context) as kube:
                return await last_use.mark_used(kube, await _existing(kube, key), datetime.now(UTC))

        try:
            return _ask(write)
        except ClientError:
            self._marked.pop((key, context), None)
            raise


_MARKER: Final = _Marker()


def _read(key: ResourceKey, context: str | None) -> Resource:
    async def read() -> Resource:
        async with KubeClient(context=context) as kube:
            return await _existing(kube, key)

    return _ask(read)


async def _existing(kube: KubeClient, key: ResourceKey) -> Resource:
    resource = await kube.get(key)
    if resource is None:
        raise NotFoundError(f"There is no {key}: correct the namespace or the name, or apply the resource")
    return resource


def _ask(question: Callable[[], Coroutine[object, object, T]]) -> T:
    """Ask in a thread with a loop of its own: the caller's thread may have a loop that runs already."""
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(lambda: asyncio.run(question())).result()
        except (KubeConfigError, KubeError) as error:
            raise ClusterError(str(error)) from error
