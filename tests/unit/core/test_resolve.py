"""What does a resource ask for, once every default is resolved, and how does a wrong one explain itself?"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from rekognition_operator.api.common import Project
from rekognition_operator.api.moderationadapter import ModerationAdapterStatus
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.resolve import (
    InvalidSpecError,
    annotations_of,
    default_project_name,
    parse_status,
    region_of,
    resolve,
)
from rekognition_operator.core.world import (
    Annotations,
    Desired,
    Feature,
    KnownProject,
    Owner,
    Place,
    S3Object,
)

Json = dict[str, JsonValue]

MINIMAL: Json = {
    "training": {"trainingData": {"manifests": [{"bucket": "acme-ml", "name": "train.manifest"}]}},
    "output": {"bucket": "acme-ml"},
}
FULL: Json = {
    "projectName": "storefront",
    "region": "eu-west-1",
    "autoUpdate": "Enabled",
    "training": {
        "trainingData": {"manifests": [{"bucket": "acme-ml", "name": "a.manifest", "version": "3"}]},
        "testingData": {"manifests": [{"bucket": "acme-ml", "name": "t.manifest"}]},
        "confidenceThreshold": 60,
        "kmsKeyID": "alias/rekognition",
    },
    "output": {"bucket": "acme-out", "prefix": "out/"},
    "description": "autumn",
    "retention": {"keep": 5, "keepFailed": 2},
    "adoption": {"policy": "IfUnowned", "versions": ["autumn"]},
    "deletion": {"policy": "Delete", "foreignVersions": "Release"},
    "driftPolicy": "Report",
    "readyWhen": "Accepted",
    "suspend": True,
    "tags": {"team": "ads"},
}
META: Json = {"namespace": "trust-safety", "name": "storefront", "generation": 4}


def resolved(
    spec: Json | None = None, status: Json | None = None, **metadata: JsonValue
) -> Desired:  # fmt: skip
    resource: Json = {
        "kind": "ModerationAdapter",
        "metadata": {**META, **metadata},
        "spec": spec if spec is not None else MINIMAL,
    }
    if status is not None:
        resource["status"] = status
    return resolve(resource, cluster_name="prod", default_region="us-east-1", account="123456789012")


def test_a_minimal_resource_resolves_to_its_defaults() -> None:
    assert resolved() == Desired(
        owner=Owner("prod", "ModerationAdapter", "trust-safety", "storefront"),
        generation=4,
        place=Place("123456789012", "us-east-1", "prod.trust-safety.storefront"),
        feature=Feature.CONTENT_MODERATION,
        auto_update=False,
        inputs=TrainingInputs((ManifestRef("acme-ml", "train.manifest"),)),
        output=S3Object("acme-ml", ""),
        keep=3,
        keep_failed=1,
        adoption_policy="Never",
        deletion_policy="Retain",
        foreign_versions="Block",
        correct_drift=True,
    )


def test_a_full_resource_resolves_to_what_it_says() -> None:
    assert resolved(FULL) == Desired(
        owner=Owner("prod", "ModerationAdapter", "trust-safety", "storefront"),
        generation=4,
        place=Place("123456789012", "eu-west-1", "storefront"),
        feature=Feature.CONTENT_MODERATION,
        auto_update=True,
        inputs=TrainingInputs(
            training=(ManifestRef("acme-ml", "a.manifest", "3"),),
            testing=(ManifestRef("acme-ml", "t.manifest"),),
            confidence_threshold=60,
            kms_key_id="alias/rekognition",
        ),
        output=S3Object("acme-out", "out/"),
        description="autumn",
        tags={"team": "ads"},
        keep=5,
        keep_failed=2,
        adoption_policy="IfUnowned",
        adopt_versions=("autumn",),
        deletion_policy="Delete",
        foreign_versions="Release",
        correct_drift=False,
        ready_when_accepted=True,
        suspend=True,
    )


def test_a_deletion_timestamp_means_deleting() -> None:
    assert resolved(deletionTimestamp="2026-03-02T09:00:00Z") == replace(resolved(), deleting=True)


def test_annotations_are_read_by_their_full_names() -> None:
    annotations: JsonValue = {
        "rekognition-operator.io/reconcile-requested-at": "9:00",
        "rekognition-operator.io/retry": "monday",
        "rekognition-operator.io/approve": "v1-0123456789abcdef",
        "rekognition-operator.io/accept-move": "1/us-east-1",
        "rekognition-operator.io/force-release": "true",
        "retry": "not this one",
    }
    assert resolved(annotations=annotations).annotations == Annotations(
        reconcile_requested_at="9:00",
        retry="monday",
        approve="v1-0123456789abcdef",
        accept_move="1/us-east-1",
        force_release=True,
    )


@pytest.mark.parametrize("value", ["True", "yes", "1", "false", ""])
def test_only_the_word_true_forces_the_release(value: str) -> None:
    assert not resolved(annotations={"rekognition-operator.io/force-release": value}).annotations.force_release


@pytest.mark.parametrize(
    "metadata", [{}, {"annotations": None}, {"annotations": {"rekognition-operator.io/retry": ""}}]
)
def test_absent_and_empty_annotations_ask_for_nothing(metadata: Json) -> None:
    assert annotations_of({"metadata": metadata}) == Annotations()
    assert annotations_of({}) == Annotations()


def test_status_tells_which_project_is_known_and_which_token_was_answered() -> None:
    arn = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/1"
    status = ModerationAdapterStatus(
        project=Project(arn=arn, name="storefront", tag_keys=["team"], created_at=datetime(2026, 1, 1, tzinfo=UTC)),
        last_handled_retry="monday",
    ).model_dump(mode="json", by_alias=True)
    asked = resolved(status=status)
    assert (asked.known_project, asked.handled_retry) == (KnownProject(arn, ("team",)), "monday")


@pytest.mark.parametrize("status", [{}, {"observedGeneration": -1}, {"conditions": "of another release"}])
def test_a_status_that_says_nothing_or_cannot_be_read_is_no_obstacle(status: Json) -> None:
    assert resolved(status=status).known_project is None


def test_a_status_of_another_release_is_written_anew() -> None:
    assert parse_status({"kind": "ModerationAdapter", "status": {"versions": "none"}}) == ModerationAdapterStatus()
    assert parse_status({"kind": "ModerationAdapter"}) == ModerationAdapterStatus()


def test_a_region_is_needed_from_somewhere() -> None:
    assert region_of({"kind": "ModerationAdapter", "spec": FULL}, None) == "eu-west-1"
    assert region_of({"kind": "ModerationAdapter", "spec": MINIMAL}, "us-west-2") == "us-west-2"
    with pytest.raises(InvalidSpecError, match=r"set spec.region, or start the operator with --region"):
        region_of({"kind": "ModerationAdapter", "spec": MINIMAL}, None)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"training": {}}, "spec.training.trainingData"),
        ({"region": "Paris"}, "spec.region"),
        ({"deletion": {"policy": "Sometimes"}}, "spec.deletion.policy"),
        ({"retention": {"keep": -1}}, "spec.retention.keep"),
        ({"output": None}, "spec.output"),
    ],
)
def test_a_wrong_spec_names_the_field_and_the_remedy(change: Json, path: str) -> None:
    with pytest.raises(InvalidSpecError) as refused:
        resolved({**MINIMAL, **change})
    assert f"{path}: " in str(refused.value)
    assert "Correct the fields, or install the CRD of this operator's release" in str(refused.value)


def test_no_spec_at_all_is_refused_as_one() -> None:
    with pytest.raises(InvalidSpecError, match=r"spec\.training"):
        resolve(
            {"kind": "ModerationAdapter", "metadata": META},
            cluster_name="prod",
            default_region="us-east-1",
            account="1",
        )


def test_a_default_project_name_tells_cluster_namespace_and_name() -> None:
    assert default_project_name(Owner("prod", "ModerationAdapter", "ns", "a.b")) == "prod.ns.a.b"


def test_a_long_default_project_name_is_cut_with_a_hash_and_stays_its_own() -> None:
    one, other = (
        default_project_name(Owner("c" * 60, "ModerationAdapter", "n" * 63, "x" * 252 + end)) for end in ("1", "2")
    )
    assert len(one) == len(other) == 255
    assert one != other
    assert one == default_project_name(Owner("c" * 60, "ModerationAdapter", "n" * 63, "x" * 252 + "1"))


def test_a_default_project_name_of_exactly_the_limit_is_not_cut() -> None:
    owner = Owner("c" * 60, "ModerationAdapter", "n" * 63, "x" * (255 - 60 - 63 - 2))
    assert default_project_name(owner) == f"{owner.cluster}.{owner.namespace}.{owner.name}"
