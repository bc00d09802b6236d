"""What does the operator keep of an API object, and what does it send as an Event?"""

from datetime import UTC, datetime

import pytest

from rekognition_operator.api.annotations import LAST_USED_AT, WAKE
from rekognition_operator.kube.api import Event
from rekognition_operator.kube.errors import KubeError, KubeForbiddenError
from rekognition_operator.kube.events import MESSAGE_LIMIT, event_body, shorten
from rekognition_operator.kube.resource import (
    FINALIZER,
    KINDS,
    LAST_APPLIED,
    JsonObject,
    MalformedResourceError,
    Resource,
    ResourceKey,
)

KEY = ResourceKey("ModerationAdapter", "shop", "storefront")


def body(**metadata: object) -> JsonObject:
    known: dict[str, object] = {
        "namespace": "shop", "name": "storefront", "uid": "u1", "resourceVersion": "10", "generation": 2
    }  # fmt: skip
    return {
        "apiVersion": "rekognition-operator.io/v1alpha1",
        "kind": "ModerationAdapter",
        "metadata": {**known, **metadata},  # type: ignore[dict-item]  # tests give JSON
        "spec": {"a": 1},
    }


def test_what_nobody_reads_is_dropped_and_the_rest_is_kept() -> None:
    resource = Resource.parse(
        body(
            managedFields=[{"manager": "kubectl"}], annotations={LAST_APPLIED: "{}", "team": "shop"}, labels={"a": "b"}
        )
    )
    assert resource.key == KEY
    metadata = resource.body["metadata"]
    assert isinstance(metadata, dict)
    assert "managedFields" not in metadata
    assert metadata["annotations"] == {"team": "shop"}
    assert metadata["labels"] == {"a": "b"}
    assert resource.body["spec"] == {"a": 1}
    assert dict(resource.status) == {}


def test_parsing_leaves_the_object_as_it_was() -> None:
    given = body(managedFields=[], annotations={LAST_APPLIED: "{}"})
    Resource.parse(given)
    assert given == body(managedFields=[], annotations={LAST_APPLIED: "{}"})


@pytest.mark.parametrize("missing", ["name", "namespace", "uid", "resourceVersion"])
def test_an_object_without_the_metadata_of_every_object_is_refused(missing: str) -> None:
    with pytest.raises(MalformedResourceError, match=missing):
        Resource.parse(body(**{missing: None}))


def test_resource_versions_compare_as_numbers() -> None:
    nine, ten = Resource.parse(body(resourceVersion="9")), Resource.parse(body(resourceVersion="10"))
    assert ten.is_newer_than(nine)
    assert not nine.is_newer_than(ten)
    assert not ten.is_newer_than(ten)
    other = Resource.parse(body(resourceVersion="abc"))
    assert other.is_newer_than(ten)
    assert not other.is_newer_than(other)


def test_a_resource_is_gone_when_it_is_deleted_and_nothing_keeps_it() -> None:
    deleted = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert Resource.parse(body(**deleted)).gone
    assert not Resource.parse(body(**deleted, finalizers=[FINALIZER])).gone
    assert not Resource.parse(body()).gone


def test_what_a_person_asks_for_does_not_change_with_what_is_only_told() -> None:
    asleep = Resource.parse(body())
    woken = Resource.parse(body(annotations={WAKE: "t1"}))
    used = Resource.parse(body(annotations={WAKE: "t1", LAST_USED_AT: "2026-05-04T08:00:00Z"}))
    used_again = Resource.parse(body(annotations={WAKE: "t1", LAST_USED_AT: "2026-05-04T08:00:01Z"}))
    assert asleep.asked != woken.asked
    assert woken.asked == used.asked == used_again.asked


def test_the_operator_works_on_every_kind_that_people_write() -> None:
    assert {(kind.kind, kind.plural, kind.api_version) for kind in KINDS.values()} == {
        ("ModerationAdapter", "moderationadapters", "rekognition-operator.io/v1alpha1"),
        ("CustomLabelsModel", "customlabelsmodels", "rekognition-operator.io/v1alpha1"),
    }


def test_a_key_reads_what_it_writes() -> None:
    assert ResourceKey.parse(str(KEY)) == KEY


def event(message: str = "Trained.", name: str = "storefront") -> Event:
    return Event(
        Resource.parse(body(name=name)),
        "Normal",
        "TrainingCompleted",
        message,
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def test_an_event_refers_to_its_resource_and_says_who_tells() -> None:
    made = event_body(event())
    assert made["involvedObject"] == {
        "apiVersion": "rekognition-operator.io/v1alpha1",
        "kind": "ModerationAdapter",
        "namespace": "shop",
        "name": "storefront",
        "uid": "u1",
        "resourceVersion": "10",
    }
    assert made["source"] == {"component": "rekognition-operator"}
    assert made["reportingComponent"] == "rekognition-operator"
    assert made["lastTimestamp"] == "2026-01-02T03:04:05Z"


def test_the_same_event_has_the_same_name_and_another_one_another() -> None:
    assert event_body(event())["metadata"] == event_body(event())["metadata"]
    assert event_body(event())["metadata"] != event_body(event("Something else."))["metadata"]


def test_the_name_of_an_event_fits_also_for_the_longest_resource_name() -> None:
    metadata = event_body(event(name="x" * 253))["metadata"]
    assert isinstance(metadata, dict)
    assert len(str(metadata["name"])) == 253


@pytest.mark.parametrize("message", ["x" * 1024, "x" * 1025, "é" * 600, "😀" * 300])
def test_a_message_is_cut_to_what_the_api_server_accepts(message: str) -> None:
    cut = shorten(message)
    assert len(cut.encode()) <= MESSAGE_LIMIT
    assert cut == message or cut.endswith("...")
    assert message.startswith(cut.removesuffix("..."))


def test_an_error_says_what_was_tried_and_what_was_answered() -> None:
    assert str(KubeError("patch the status of x", "forbidden", 403)) == "patch the status of x: HTTP 403: forbidden"
    assert str(KubeError("list", "no answer")) == "list: no answer"
    terminating = "unable to create new content in namespace a because it is being terminated"
    assert KubeForbiddenError("create an event", terminating, 403).namespace_terminating
    assert not KubeForbiddenError("create an event", "events is forbidden", 403).namespace_terminating
