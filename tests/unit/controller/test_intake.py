"""Which events and lists start a pass, how urgent is it, and what does the cache believe?"""

import copy

import pytest

from fakes.clock import FakeClock
from fakes.identities import identities_of
from fakes.kube import Change, FakeKube
from rekognition_operator.api.annotations import LAST_USED_AT
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.intake import Intake
from rekognition_operator.controller.queue import Requeue, WorkQueue
from rekognition_operator.core.tags import answer_value
from rekognition_operator.kube.api import Listing
from rekognition_operator.kube.resource import FINALIZER, Resource, ResourceKey
from unit.controller.stage import KEY, SPEC


class Watched:
    """The API server, a watch that tells when the test wants, and what the operator makes of it."""

    def __init__(self) -> None:
        self.kube = FakeKube()
        self.history: list[tuple[Change, Resource]] = []
        self.kube.watchers = [lambda change, resource: self.history.append((change, resource))]
        self.cache = ResourceCache()
        self.clock = FakeClock()
        self.queue = WorkQueue[ResourceKey](self._work, concurrency=1, clock=self.clock)
        self.identities = identities_of(self.kube, self.cache, requeue=self.queue.add)
        self.intake = Intake(self.cache, self.queue, self.clock, self.identities)

    async def _work(self, key: ResourceKey, lane: Lane) -> Requeue:
        raise AssertionError(f"nothing is worked on in these tests, yet {key} is, in lane {lane}")

    def tell(self, *indices: int) -> None:
        """Let the watch tell of changes by their number; all that are left when none is given."""
        told = [self.history[index] for index in indices] if indices else self.history
        for change, resource in list(told):
            self.intake.seen(change, copy.deepcopy(dict(resource.body)))
        if not indices:
            self.history.clear()

    def asked(self) -> list[Lane]:
        """Lanes in which a pass is due; forgets them."""
        depth = self.queue.depth().ready
        self.queue.forget(KEY)
        return [lane for lane, count in depth.items() for _ in range(count)]

    async def list_all(self) -> None:
        before = list(self.cache)
        self.intake.listed(KEY.kind, await self.kube.list_all(KEY.kind, None), before)


@pytest.fixture
def watched() -> Watched:
    return Watched()


async def seen(watched: Watched) -> Resource:
    """Bring the resource to where it was claimed and reported on."""
    resource = watched.kube.create(KEY, SPEC)
    resource = await watched.kube.patch_finalizers(resource, (FINALIZER,))
    resource = await watched.kube.patch_status(resource, {"observedGeneration": 1})
    watched.tell()
    watched.asked()
    return resource


def test_a_new_resource_is_a_change(watched: Watched) -> None:
    watched.kube.create(KEY, SPEC)
    watched.tell()
    assert watched.asked() == [Lane.CHANGE]


async def test_our_own_writes_start_no_pass(watched: Watched) -> None:
    resource = await seen(watched)
    await watched.kube.patch_status(resource, {"active": None, "observedGeneration": 1, "lastHandledRetry": "x"})
    watched.tell()
    assert watched.asked() == []
    known = watched.cache.get(KEY)
    assert known is not None
    assert known.status["lastHandledRetry"] == "x"


@pytest.mark.parametrize(
    ("annotation", "lanes"),
    [
        ("reconcile_requested_at", [Lane.CHANGE]),
        ("retry", [Lane.CHANGE]),
        ("accept_move", [Lane.CHANGE]),
        ("force_release", [Lane.CHANGE]),
        ("wake", [Lane.CHANGE]),
        ("last_used_at", []),
        ("something_else", []),
    ],
)
async def test_the_annotations_by_which_a_person_asks_start_a_pass_and_no_others(
    watched: Watched, annotation: str, lanes: list[Lane]
) -> None:
    await seen(watched)
    watched.kube.annotate(KEY, **{annotation: "now"})
    watched.tell()
    assert watched.asked() == lanes


async def test_an_annotation_that_starts_no_pass_is_known_to_the_next(watched: Watched) -> None:
    await seen(watched)
    watched.kube.annotate(KEY, last_used_at="2026-05-04T08:00:00Z")
    watched.tell()
    known = watched.cache.get(KEY)
    assert known is not None
    assert known.annotations[LAST_USED_AT] == "2026-05-04T08:00:00Z"


@pytest.mark.parametrize("change", ["spec", "delete", "unclaim", "replace"])
async def test_what_a_person_changes_starts_a_pass_at_once(watched: Watched, change: str) -> None:
    await seen(watched)
    match change:
        case "spec":
            watched.kube.edit_spec(KEY, {**SPEC, "suspend": True})
        case "delete":
            watched.kube.delete(KEY)
        case "unclaim":
            watched.kube.set_finalizers(KEY)
        case _:
            watched.kube.set_finalizers(KEY)
            watched.kube.delete(KEY)
            watched.kube.create(KEY, SPEC)
    watched.tell()
    assert watched.asked() == [Lane.CHANGE]


async def test_an_older_state_never_replaces_a_newer_one(watched: Watched) -> None:
    resource = watched.kube.create(KEY, SPEC)
    watched.tell(0)
    claimed = await watched.kube.patch_finalizers(resource, (FINALIZER,))
    reported = await watched.kube.patch_status(claimed, {"observedGeneration": 1})
    watched.cache.keep(reported)
    watched.asked()
    watched.tell()
    assert watched.cache.get(KEY) == reported
    assert watched.asked() == []


async def test_the_answer_to_a_write_does_not_bring_back_what_the_watch_saw_go(watched: Watched) -> None:
    resource = await seen(watched)
    reported = await watched.kube.patch_status(resource, {"observedGeneration": 2})
    watched.kube.set_finalizers(KEY)
    watched.kube.delete(KEY)
    watched.tell()
    watched.cache.keep(reported)
    assert watched.cache.get(KEY) is None


async def test_a_deleted_resource_gets_one_more_pass_that_forgets_it(watched: Watched) -> None:
    await seen(watched)
    watched.kube.set_finalizers(KEY)
    watched.tell()
    watched.asked()
    watched.kube.delete(KEY)
    watched.tell()
    assert watched.cache.get(KEY) is None
    assert watched.asked() == [Lane.SWEEP]


async def test_a_list_finds_what_the_watch_missed(watched: Watched) -> None:
    await seen(watched)
    watched.kube.edit_spec(KEY, {**SPEC, "suspend": True})
    other = ResourceKey(KEY.kind, KEY.namespace, "marketplace")
    watched.kube.create(other, SPEC)
    await watched.list_all()
    assert watched.asked() == [Lane.CHANGE, Lane.CHANGE]
    assert {resource.key for resource in watched.cache} == {KEY, other}


async def test_a_list_finds_a_deletion_that_the_watch_missed(watched: Watched) -> None:
    await seen(watched)
    watched.kube.set_finalizers(KEY)
    watched.kube.delete(KEY)
    await watched.list_all()
    assert watched.cache.get(KEY) is None
    assert watched.asked() == [Lane.SWEEP]


async def test_a_list_that_tells_nothing_new_starts_nothing(watched: Watched) -> None:
    await seen(watched)
    await watched.list_all()
    assert watched.asked() == []


async def test_a_resource_created_while_the_list_was_on_its_way_is_not_taken_for_gone(watched: Watched) -> None:
    before = list(watched.cache)
    listing = await watched.kube.list_all(KEY.kind, None)
    watched.kube.create(KEY, SPEC)
    watched.tell()
    watched.intake.listed(KEY.kind, listing, before)
    assert watched.cache.get(KEY) is not None


def test_a_list_of_one_namespace_says_nothing_of_another(watched: Watched) -> None:
    watched.kube.create(KEY, SPEC)
    watched.tell()
    watched.intake.listed(KEY.kind, Listing((), "1"), [])
    assert watched.cache.get(KEY) is not None


async def test_after_a_start_settled_resources_wait_behind_those_that_move_and_those_that_changed(
    watched: Watched,
) -> None:
    resource = await seen(watched)
    assert lane_after_start(resource) == [Lane.SWEEP]
    moving = await watched.kube.patch_status(
        resource,
        {
            "conditions": [
                {
                    "type": "Reconciling",
                    "status": "True",
                    "reason": "Training",
                    "message": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                }
            ]
        },
    )
    assert lane_after_start(moving) == [Lane.FLIGHT]
    assert lane_after_start(watched.kube.edit_spec(KEY, {**SPEC, "suspend": True})) == [Lane.CHANGE]


async def test_after_a_start_an_unanswered_request_and_a_deletion_are_changes(watched: Watched) -> None:
    await seen(watched)
    assert lane_after_start(watched.kube.annotate(KEY, reconcile_requested_at="now")) == [Lane.CHANGE]
    answered = await watched.kube.patch_status(
        watched.kube.read(KEY) or resource_missing(), {"lastHandledReconcileAt": "now"}
    )
    assert lane_after_start(answered) == [Lane.SWEEP]
    long = "x" * 300  # more than status has room for: its hash is the answer
    assert lane_after_start(watched.kube.annotate(KEY, reconcile_requested_at=long)) == [Lane.CHANGE]
    answered = await watched.kube.patch_status(
        watched.kube.read(KEY) or resource_missing(), {"lastHandledReconcileAt": answer_value(long)}
    )
    assert lane_after_start(answered) == [Lane.SWEEP]
    watched.kube.delete(KEY)
    assert lane_after_start(watched.kube.read(KEY) or resource_missing()) == [Lane.CHANGE]


def test_an_event_without_metadata_is_left_out(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.intake.seen("ERROR", {"kind": "Status", "message": "too old"})
    assert len(watched.cache) == 0
    assert "left out" in caplog.text


def lane_after_start(resource: Resource) -> list[Lane]:
    fresh = Watched()
    fresh.intake.seen(None, dict(resource.body))
    return fresh.asked()


def resource_missing() -> Resource:
    raise AssertionError("the resource is gone")


async def test_a_watch_that_tells_nothing_of_what_a_list_has_shown_is_behind(watched: Watched) -> None:
    watched.kube.create(KEY, SPEC)
    await watched.list_all()
    watched.clock.seconds += 200
    await watched.list_all()
    watched.clock.seconds += 200

    assert watched.intake.watch_behind_seconds == 400
    watched.tell()
    assert watched.intake.watch_behind_seconds == 0


async def test_a_watch_is_not_behind_where_it_was_quicker_or_the_resource_is_gone(watched: Watched) -> None:
    watched.kube.create(KEY, SPEC)
    watched.tell()
    await watched.list_all()
    watched.clock.seconds += 200
    assert watched.intake.watch_behind_seconds == 0

    watched.kube.edit_spec(KEY, {**SPEC, "suspend": True})
    await watched.list_all()
    watched.kube.delete(KEY)
    await watched.list_all()
    await watched.list_all()
    watched.clock.seconds += 200
    assert watched.intake.watch_behind_seconds == 0
