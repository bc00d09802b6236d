"""How does the operator wait for its kinds, notice that they go, and list what the watch may have missed?"""

import asyncio

import pytest

from fakes.clock import FakeClock, settle, until
from fakes.identities import identities_of
from fakes.kube import FakeKube
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.crds import (
    CHECK_SECONDS,
    POLL_SECONDS,
    KindsGoneError,
    wait_until_served,
    watch_kinds,
)
from rekognition_operator.controller.intake import Intake
from rekognition_operator.controller.queue import Requeue, WorkQueue
from rekognition_operator.controller.server import Readiness
from rekognition_operator.controller.sweep import RETRY_SECONDS, Sweeper
from rekognition_operator.kube.errors import KubeForbiddenError, KubeUnavailableError
from rekognition_operator.kube.resource import ResourceKey
from unit.controller.stage import KEY, SPEC


async def test_a_missing_kind_is_waited_for_and_named_in_readiness(caplog: pytest.LogCaptureFixture) -> None:
    kube, clock, readiness = FakeKube(kinds=set()), FakeClock(), Readiness()
    waiting = asyncio.create_task(wait_until_served(kube, readiness, clock))
    await settle()
    assert readiness.waits_for is not None
    assert "does not serve AWSIdentity, CustomLabelsModel, ModerationAdapter of" in readiness.waits_for
    for _ in range(3):
        await clock.advance(POLL_SECONDS)
    assert not waiting.done()
    assert len(caplog.records) == 1, "said once, not at every look"
    kube.kinds |= {"ModerationAdapter", "AWSIdentity"}
    await clock.advance(POLL_SECONDS)
    assert "does not serve CustomLabelsModel of" in readiness.waits_for
    kube.kinds.add("CustomLabelsModel")
    await clock.advance(POLL_SECONDS)
    await until(waiting.done)


async def test_an_api_server_that_does_not_answer_is_waited_for_too() -> None:
    kube, clock, readiness = FakeKube(), FakeClock(), Readiness()
    kube.fail("served_kinds", KubeUnavailableError("discover the kinds", "the API server did not answer"))
    waiting = asyncio.create_task(wait_until_served(kube, readiness, clock))
    await settle()
    assert readiness.waits_for is not None
    assert "the API server did not answer" in readiness.waits_for
    await clock.advance(POLL_SECONDS)
    await until(waiting.done)


async def test_a_kind_that_goes_ends_the_operator_and_a_silent_api_server_does_not() -> None:
    kube, clock = FakeKube(), FakeClock()
    watching = asyncio.create_task(watch_kinds(kube, clock))
    await settle()
    await clock.advance(CHECK_SECONDS)
    kube.fail("served_kinds", KubeUnavailableError("discover the kinds", "the API server did not answer"))
    await clock.advance(CHECK_SECONDS)
    assert not watching.done()
    kube.kinds.clear()
    await clock.advance(CHECK_SECONDS)
    await until(watching.done)
    error = watching.exception()
    assert isinstance(error, KindsGoneError)
    assert "ModerationAdapter" in str(error)


class Listed:
    """A sweeper over a fake API server."""

    def __init__(self, *namespaces: str) -> None:
        self.kube, self.clock, self.cache, self.readiness = FakeKube(), FakeClock(), ResourceCache(), Readiness()
        self.queue = WorkQueue[ResourceKey](self._work, concurrency=1, clock=self.clock)
        self.sweeper = Sweeper(
            self.kube,
            self.cache,
            Intake(self.cache, self.queue, self.clock, identities_of(self.kube, self.cache)),
            self.readiness,
            self.clock,
            namespaces=namespaces,
            list_seconds=600,
        )

    async def _work(self, key: ResourceKey, lane: Lane) -> Requeue:
        raise AssertionError(f"nothing is worked on in these tests, yet {key} is, in lane {lane}")


async def test_the_operator_is_ready_once_all_resources_were_listed() -> None:
    listed = Listed()
    listed.kube.create(KEY, SPEC)
    listed.kube.fail("list_all", KubeForbiddenError("list ModerationAdapter", "forbidden", 403))
    running = asyncio.create_task(listed.sweeper.run())
    await settle()
    assert listed.readiness.waits_for is not None
    assert "forbidden" in listed.readiness.waits_for
    assert "ClusterRole" in listed.readiness.waits_for
    await listed.clock.advance(RETRY_SECONDS * 1.2)
    await until(lambda: listed.readiness.waits_for is None)
    assert listed.cache.get(KEY) is not None
    assert listed.queue.depth().ready[Lane.CHANGE] == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_list_that_fails_later_leaves_the_operator_ready() -> None:
    listed = Listed()
    running = asyncio.create_task(listed.sweeper.run())
    await until(lambda: listed.readiness.waits_for is None)
    listed.kube.fail("list_all", KubeUnavailableError("list", "no answer"))
    await listed.clock.advance(700)
    assert listed.readiness.waits_for is None
    listed.kube.create(KEY, SPEC)
    await listed.clock.advance(RETRY_SECONDS * 1.2)
    assert listed.cache.get(KEY) is not None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_list_of_one_kind_says_nothing_of_another() -> None:
    listed = Listed()
    model = ResourceKey("CustomLabelsModel", KEY.namespace, KEY.name)
    for key in (KEY, model):
        listed.kube.create(key, SPEC)
    for _ in range(2):
        await listed.sweeper.list_once()
        assert {resource.key for resource in listed.cache} == {KEY, model}
    listed.kube.delete(model)
    await listed.sweeper.list_once()
    assert [resource.key for resource in listed.cache] == [KEY]


async def test_only_the_given_namespaces_are_listed() -> None:
    listed = Listed("inside")
    inside = ResourceKey(KEY.kind, "inside", "storefront")
    for key in (KEY, inside):
        listed.kube.create(key, SPEC)
    await listed.sweeper.list_once()
    assert [resource.key for resource in listed.cache] == [inside]
    listed.kube.delete(inside)
    await listed.sweeper.list_once()
    assert len(listed.cache) == 0
