"""As whom is AWS called for a resource, and when is it not called at all?"""

from collections.abc import Mapping
from typing import Any

import pytest

from rekognition_operator.api.awsidentity import AWSIdentitySpec
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.crd import crd_of
from rekognition_operator.api.kinds import ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapterSpec
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.identity import (
    Applicant,
    DefaultIdentity,
    Grant,
    Identity,
    Unknown,
    buckets_named,
    grant,
)
from rekognition_operator.core.principal import OPERATOR, Principal

ROLE = "arn:aws:iam::111122223333:role/team-a"
PLAIN: dict[str, Any] = {
    "identityRef": {"name": "team-a"},
    "training": {"trainingData": {"manifests": [{"bucket": "acme-a", "name": "train.manifest"}]}},
    "output": {"bucket": "acme-a-out"},
}
FULL: dict[str, Any] = {
    **PLAIN,
    "training": {
        "trainingData": {"manifests": [{"bucket": "acme-train", "name": "train.manifest"}]},
        "testingData": {"manifests": [{"bucket": "acme-test", "name": "test.manifest"}]},
        "kmsKeyID": "alias/team-a",
    },
    "output": {"bucket": "acme-out"},
    "promotion": {
        "probes": {"cases": [{"name": "beach", "image": {"bucket": "acme-probes", "name": "beach.png"}}]},
    },
}


def applicant(
    spec: Mapping[str, object] = PLAIN,
    *,
    labels: Mapping[str, str] | None = None,
    settled: bool = False,
    deleting: bool = False,
) -> Applicant:
    return Applicant("team-a", ModerationAdapterSpec.model_validate(spec), labels, settled, deleting)


def identity(*, deleting: bool = False, **spec: object) -> Identity:
    given = {"roleArn": ROLE, "allowedNamespaces": {"names": ["team-a"]}, **spec}
    return Identity("team-a", AWSIdentitySpec.model_validate(given), deleting)


def answer(
    asks: Applicant, known: Identity | Unknown | None, default: DefaultIdentity = "allow", cluster: str = "prod"
) -> Grant | Finding:
    return grant(asks, known, cluster_name=cluster, default=default)


def reason(asks: Applicant, known: Identity | Unknown | None, default: DefaultIdentity = "allow") -> Reason | None:
    found = answer(asks, known, default)
    return found.reason if isinstance(found, Finding) else None


WITHOUT = {name: value for name, value in PLAIN.items() if name != "identityRef"}


def test_without_an_identity_the_operator_calls_as_itself_where_that_is_allowed() -> None:
    assert answer(applicant(WITHOUT), None) == Grant(OPERATOR)
    assert reason(applicant(WITHOUT), None, "deny") is Reason.DEFAULT_IDENTITY_DENIED


def test_a_named_identity_is_used_also_where_the_operators_own_is_denied() -> None:
    assert reason(applicant(), identity(), "deny") is None


def test_a_namespace_calls_by_a_session_of_its_own_that_says_who_asks() -> None:
    found = answer(applicant(), identity(externalId="x-1", sessionTags={"team": "a"}, region="eu-west-1"))

    assert found == Grant(
        Principal(
            identity="team-a",
            role_arn=ROLE,
            external_id="x-1",
            session_name="prod-team-a",
            session_tags=(("cluster", "prod"), ("namespace", "team-a"), ("team", "a")),
        ),
        "eu-west-1",
    )


def test_a_session_tag_of_the_identity_cannot_stand_in_for_the_namespace() -> None:
    found = answer(applicant(), identity(sessionTags={"namespace": "other"}))
    assert isinstance(found, Grant)
    assert dict(found.principal.session_tags)["namespace"] == "team-a"


def test_a_session_name_is_cut_at_what_sts_takes() -> None:
    found = answer(applicant(), identity(), cluster="c" * 63)
    assert isinstance(found, Grant)
    assert found.principal.session_name == "c" * 63 + "-"


def test_an_identity_without_a_role_fences_the_operators_own_credentials() -> None:
    own = Identity("own", AWSIdentitySpec.model_validate({"allowedNamespaces": {"names": ["team-a"]}}))
    assert answer(applicant(), own, "deny") == Grant(Principal(identity="own"))
    stranger = Applicant("team-b", applicant().spec)
    assert reason(stranger, own, "deny") is Reason.IDENTITY_NOT_ALLOWED


def test_endpoints_are_those_of_the_identity() -> None:
    found = answer(applicant(), identity(endpoints={"s3": "https://s3.example.com", "sts": "https://sts.example.com"}))
    assert isinstance(found, Grant)
    assert found.principal.endpoints == (("s3", "https://s3.example.com"), ("sts", "https://sts.example.com"))


A = {"team": "a", "stage": "prod"}


@pytest.mark.parametrize(
    ("allowed", "labels", "expected"),
    [
        (None, A, Reason.IDENTITY_NOT_ALLOWED),
        ({}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"names": []}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"names": ["team-b", "team"]}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"names": ["team-a"]}, None, None),
        ({"all": True}, None, None),
        ({"all": False}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {}}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {"matchLabels": {"team": "a"}}}, A, None),
        ({"selector": {"matchLabels": {"team": "b"}}}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {"matchLabels": {"team": "a", "stage": "dev"}}}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {"matchLabels": {"team": "a"}}}, {}, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {"matchLabels": {"team": "a"}}}, None, Reason.IDENTITY_UNKNOWN),
        ({"names": ["team-a"], "selector": {"matchLabels": {"team": "b"}}}, A, None),
        ({"selector": {"matchExpressions": [{"key": "stage", "operator": "In", "values": ["prod"]}]}}, A, None),
        (
            {"selector": {"matchExpressions": [{"key": "stage", "operator": "In", "values": ["dev"]}]}},
            A,
            Reason.IDENTITY_NOT_ALLOWED,
        ),
        (
            {"selector": {"matchExpressions": [{"key": "stage", "operator": "NotIn", "values": ["prod"]}]}},
            A,
            Reason.IDENTITY_NOT_ALLOWED,
        ),
        ({"selector": {"matchExpressions": [{"key": "region", "operator": "NotIn", "values": ["eu"]}]}}, A, None),
        ({"selector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, A, None),
        ({"selector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}, A, Reason.IDENTITY_NOT_ALLOWED),
        ({"selector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}}, A, None),
        (
            {"selector": {"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}},
            A,
            Reason.IDENTITY_NOT_ALLOWED,
        ),
    ],
)
def test_only_namespaces_that_are_named_or_selected_may_use_an_identity(
    allowed: object, labels: Mapping[str, str] | None, expected: Reason | None
) -> None:
    assert reason(applicant(labels=labels), identity(allowedNamespaces=allowed)) is expected
    leaving = applicant(labels=labels, deleting=True, settled=True)
    assert reason(leaving, identity(allowedNamespaces=allowed)) is expected


def test_an_identity_that_is_not_there_or_not_known_is_none() -> None:
    assert reason(applicant(), None) is Reason.IDENTITY_NOT_FOUND
    assert reason(applicant(), Unknown("why")) is Reason.IDENTITY_UNKNOWN


@pytest.mark.parametrize(
    ("settled", "deleting", "expected"),
    [(False, False, Reason.IDENTITY_DELETING), (True, False, None), (False, True, None), (True, True, None)],
)
def test_who_has_a_project_goes_on_while_its_identity_waits_to_be_deleted(
    settled: bool, deleting: bool, expected: Reason | None
) -> None:
    asks = applicant(settled=settled, deleting=deleting)
    assert reason(asks, identity(deleting=True)) is expected


@pytest.mark.parametrize("missing", ["acme-train", "acme-test", "acme-out", "acme-probes"])
def test_every_bucket_that_a_resource_names_must_be_allowed(missing: str) -> None:
    every = ["acme-train", "acme-test", "acme-out", "acme-probes"]
    allowed = [bucket for bucket in every if bucket != missing]

    assert reason(applicant(FULL), identity(allowedBuckets=every)) is None
    found = answer(applicant(FULL), identity(allowedBuckets=allowed))

    assert isinstance(found, Finding)
    assert found.reason is Reason.BUCKET_NOT_ALLOWED
    assert missing in found.message


@pytest.mark.parametrize(
    ("allowed", "fits"),
    [
        (None, True),
        ([], False),
        (["acme-a", "acme-a-out"], True),
        (["acme-a*"], True),
        (["acme-a-*"], False),
        (["acme-a", "acme-a-ou"], False),
        (["acme-a", "ACME-A-OUT"], False),
    ],
)
def test_a_star_at_the_end_stands_for_any_ending(allowed: list[str] | None, fits: bool) -> None:
    assert reason(applicant(), identity(allowedBuckets=allowed)) is (None if fits else Reason.BUCKET_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("allowed", "fits"), [(None, True), ([], False), (["alias/team-a"], True), (["alias/team-b"], False)]
)
def test_a_key_must_be_allowed_as_it_is_written(allowed: list[str] | None, fits: bool) -> None:
    assert reason(applicant(FULL), identity(allowedKmsKeys=allowed)) is (None if fits else Reason.KMS_KEY_NOT_ALLOWED)
    assert reason(applicant(), identity(allowedKmsKeys=allowed)) is None


def test_a_bucket_or_key_that_is_no_longer_allowed_keeps_no_resource_from_being_deleted() -> None:
    nothing = identity(allowedBuckets=[], allowedKmsKeys=[])
    assert reason(applicant(FULL, deleting=True), nothing) is None


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_no_field_of_a_kind_names_a_bucket_or_key_that_is_not_checked(kind: Kind) -> None:
    version: Any = crd_of(kind)["spec"]
    spec = version["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    checked = {field.split("[")[0].removesuffix(".bucket") for field, _ in buckets_named(applicant(FULL).spec)}

    assert {path for path in _paths(spec, "spec") if path.lower().endswith(("bucket", "kmskeyid"))} == {
        "spec.training.trainingData.manifests.bucket",
        "spec.training.testingData.manifests.bucket",
        "spec.training.kmsKeyID",
        "spec.output.bucket",
        "spec.promotion.probes.cases.image.bucket",
    }
    assert checked == {
        "spec.training.trainingData",
        "spec.training.testingData",
        "spec.output",
        "spec.promotion.probes.cases",
    }


def _paths(schema: Any, path: str) -> list[str]:
    members = schema.get("items", schema).get("properties", {})
    return [path, *(below for name, member in members.items() for below in _paths(member, f"{path}.{name}"))]
