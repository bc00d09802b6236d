"""As whom may AWS be called for a resource, if at all? Answered before any call, from what Kubernetes says alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from rekognition_operator.api.awsidentity import (
    AllowedNamespaces,
    AWSIdentitySpec,
    Endpoints,
    LabelRequirement,
    NamespaceSelector,
)
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import ResourceSpec
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.principal import OPERATOR, Principal

DefaultIdentity = Literal["allow", "deny"]
"""Whether resources without identityRef are worked on with the operator's own credentials."""

MAX_SESSION_NAME: Final = 64
"""RoleSessionName has 2 to 64 characters (AWS STS API reference, AssumeRole)."""
NAMESPACE_TAG: Final = "namespace"
CLUSTER_TAG: Final = "cluster"

_LEFT_ALONE: Final = "AWS is not asked: what is there stays as it is, and what runs is billed."


@dataclass(frozen=True)
class Identity:
    """An AWSIdentity as the API server has it."""

    name: str
    spec: AWSIdentitySpec
    deleting: bool = False


@dataclass(frozen=True)
class Unknown:
    """Why an identity that may be there is not known, and what to do."""

    why: str


@dataclass(frozen=True)
class Applicant:
    """The resource that AWS shall be called for.

    Attributes
    ----------
    labels
        Those of its namespace; None where the operator may not read namespaces.
    settled
        Whether it has had a project.
    """

    namespace: str
    spec: ResourceSpec
    labels: Mapping[str, str] | None = None
    settled: bool = False
    deleting: bool = False


@dataclass(frozen=True)
class Grant:
    """As whom AWS is called, and the Region of resources that name none (None: the operator's)."""

    principal: Principal
    region: str | None = None


def grant(
    applicant: Applicant, identity: Identity | Unknown | None, *, cluster_name: str, default: DefaultIdentity
) -> Grant | Finding:
    """Say as whom AWS is called for a resource, or why it is not called.

    Buckets and keys are not checked for a resource that is being deleted: nothing is read from or written to them.

    Parameters
    ----------
    identity
        The AWSIdentity that the resource names; None where there is none of that name.
    """
    reference = applicant.spec.identity_ref
    if reference is None:
        return Grant(OPERATOR) if default == "allow" else _denied(applicant)
    match identity:
        case None:
            return Finding(
                Reason.IDENTITY_NOT_FOUND,
                f"There is no AWSIdentity {reference.name}, which spec.identityRef names. {_LEFT_ALONE} Create it, or "
                "correct spec.identityRef.name",
            )
        case Unknown(why):
            return Finding(
                Reason.IDENTITY_UNKNOWN,
                f"AWSIdentity {reference.name}, which spec.identityRef names, is not known: {why}. {_LEFT_ALONE}",
            )
    refusal = _namespace_refused(applicant, identity)
    if refusal is None and not applicant.deleting:
        refusal = (
            _left(applicant, identity) or _bucket_refused(applicant, identity) or _key_refused(applicant, identity)
        )
    return refusal or Grant(principal_of(identity, applicant.namespace, cluster_name), identity.spec.region)


def principal_of(identity: Identity, namespace: str, cluster_name: str) -> Principal:
    """Return who calls AWS as an identity for a namespace: each namespace has a session of its own."""
    endpoints = _endpoints(identity.spec.endpoints)
    if identity.spec.role_arn is None:
        return Principal(identity=identity.name, endpoints=endpoints)
    tags = {**(identity.spec.session_tags or {}), NAMESPACE_TAG: namespace, CLUSTER_TAG: cluster_name}
    return Principal(
        identity=identity.name,
        role_arn=identity.spec.role_arn,
        external_id=identity.spec.external_id,
        session_name=f"{cluster_name}-{namespace}"[:MAX_SESSION_NAME],
        session_tags=tuple(sorted(tags.items())),
        endpoints=endpoints,
    )


def allows(allowed: AllowedNamespaces | None, namespace: str, labels: Mapping[str, str] | None) -> bool | None:
    """Whether a namespace may use an identity; None where that depends on labels that are not known."""
    if allowed is None:
        return False
    if allowed.all or namespace in (allowed.names or ()):
        return True
    if allowed.selector is None:
        return False
    return None if labels is None else _selected(allowed.selector, labels)


def buckets_named(spec: ResourceSpec) -> Iterator[tuple[str, str]]:
    """Give each bucket that a spec names, with the field that does."""
    training = spec.training
    for manifest in training.training_data.manifests:
        yield "spec.training.trainingData", manifest.bucket
    if training.testing_data is not None:
        for manifest in training.testing_data.manifests or ():
            yield "spec.training.testingData", manifest.bucket
    yield "spec.output.bucket", spec.output.bucket
    probes = spec.promotion.probes if spec.promotion is not None else None
    if probes is not None:
        for case in probes.cases:
            yield f"spec.promotion.probes.cases[{case.name}].image", case.image.bucket


def _denied(applicant: Applicant) -> Finding:
    return Finding(
        Reason.DEFAULT_IDENTITY_DENIED,
        "spec.identityRef is absent, and the operator works with its own credentials for nobody (--default-identity "
        f"deny). {_LEFT_ALONE} Set spec.identityRef.name to an AWSIdentity that allows namespace "
        f"{applicant.namespace}",
    )


def _namespace_refused(applicant: Applicant, identity: Identity) -> Finding | None:
    allowed = allows(identity.spec.allowed_namespaces, applicant.namespace, applicant.labels)
    if allowed:
        return None
    if allowed is None:
        return Finding(
            Reason.IDENTITY_UNKNOWN,
            f"AWSIdentity {identity.name} allows namespaces by their labels, which the operator may not read. "
            f"{_LEFT_ALONE} Grant it get, list and watch on namespaces, as the chart's ClusterRole has it; it looks "
            f"again every few minutes. Or add {applicant.namespace} to spec.allowedNamespaces.names of the AWSIdentity",
        )
    return Finding(
        Reason.IDENTITY_NOT_ALLOWED,
        f"AWSIdentity {identity.name} does not allow namespace {applicant.namespace}. {_LEFT_ALONE} Have who "
        "administers the cluster allow it in spec.allowedNamespaces of the AWSIdentity, by its name or by a label that "
        "it has; or name another AWSIdentity",
    )


def _left(applicant: Applicant, identity: Identity) -> Finding | None:
    if not identity.deleting or applicant.settled:
        return None
    return Finding(
        Reason.IDENTITY_DELETING,
        f"AWSIdentity {identity.name} is being deleted, so no new project is made with it. Name another AWSIdentity in "
        "spec.identityRef",
    )


def _bucket_refused(applicant: Applicant, identity: Identity) -> Finding | None:
    allowed = identity.spec.allowed_buckets
    if allowed is None:
        return None
    for field, bucket in buckets_named(applicant.spec):
        if not any(_fits(pattern, bucket) for pattern in allowed):
            return Finding(
                Reason.BUCKET_NOT_ALLOWED,
                f"{field} names bucket {bucket}, which AWSIdentity {identity.name} does not allow. {_LEFT_ALONE} Name "
                f"another bucket; or have who administers the cluster add {bucket} to spec.allowedBuckets of the "
                "AWSIdentity",
            )
    return None


def _key_refused(applicant: Applicant, identity: Identity) -> Finding | None:
    allowed, key = identity.spec.allowed_kms_keys, applicant.spec.training.kms_key_id
    if allowed is None or key is None or key in allowed:
        return None
    return Finding(
        Reason.KMS_KEY_NOT_ALLOWED,
        f"spec.training.kmsKeyID names key {key}, which AWSIdentity {identity.name} does not allow, so written. "
        f"{_LEFT_ALONE} Name another key; or have who administers the cluster add {key} to spec.allowedKmsKeys of the "
        "AWSIdentity",
    )


def _fits(pattern: str, bucket: str) -> bool:
    return bucket.startswith(pattern[:-1]) if pattern.endswith("*") else bucket == pattern


def _selected(selector: NamespaceSelector, labels: Mapping[str, str]) -> bool:
    """Whether all requirements hold; a selector without any, which the API server refuses, selects nothing."""
    pairs, requirements = selector.match_labels or {}, selector.match_expressions or []
    return (
        bool(pairs or requirements)
        and all(labels.get(key) == value for key, value in pairs.items())
        and all(_holds(requirement, labels) for requirement in requirements)
    )


def _holds(requirement: LabelRequirement, labels: Mapping[str, str]) -> bool:
    values = requirement.values or []
    match requirement.operator:
        case "In":
            return labels.get(requirement.key) in values
        case "NotIn":
            return labels.get(requirement.key) not in values
        case "Exists":
            return requirement.key in labels
        case "DoesNotExist":
            return requirement.key not in labels


def _endpoints(endpoints: Endpoints | None) -> tuple[tuple[str, str], ...]:
    if endpoints is None:
        return ()
    given: dict[str, str] = endpoints.model_dump(exclude_none=True)
    return tuple(sorted(given.items()))
