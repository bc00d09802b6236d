"""Which IAM policy documents allow what the features need, in one account, Region and set of buckets?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rekognition_operator.api.lowering import JsonObject
from rekognition_operator.aws.permissions import OBSERVED, Feature, Permission, Target, permissions_of

MANAGED_POLICY_CHARACTERS: Final = 6144
"""Largest managed policy without white space (IAM quotas)."""
SESSION_NAMESPACE_TAG: Final = "namespace"
"""Key of the session tag that names the namespace a role is assumed for."""

_VERSION: Final = "2012-10-17"
_OPERATOR: Final = tuple(feature for feature in Feature if feature is not Feature.DETECT)


@dataclass(frozen=True)
class Scope:
    """Where a policy allows; what is left out is a placeholder in capitals.

    Attributes
    ----------
    project_prefix
        How the names of projects begin; by default they are ``<cluster-name>.<namespace>.<name>``.
    kms_keys, roles
        ARNs.
    service_account
        ``<namespace>:<name>`` of the operator's ServiceAccount.
    """

    account: str = "ACCOUNT"
    region: str = "REGION"
    project_prefix: str = "PREFIX"
    buckets: tuple[str, ...] = ("BUCKET",)
    kms_keys: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    operator_role: str = "OPERATOR-ROLE-ARN"
    external_id: str = "EXTERNAL-ID"
    namespace: str = "NAMESPACE"
    oidc_provider: str = "OIDC-PROVIDER"
    service_account: str = "rekognition-operator:rekognition-operator"

    @property
    def partition(self) -> str:
        """The part of AWS that the Region lies in: aws, aws-cn or aws-us-gov."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def resources(self, target: Target) -> list[str]:
        """Return what a policy writes for a kind of resource. A ``*`` of IAM goes past ``/``."""
        rekognition = f"arn:{self.partition}:rekognition:{self.region}:{self.account}:project/{self.project_prefix}*"
        match target:
            case Target.ANY:
                return ["*"]
            case Target.PROJECT:
                return [f"{rekognition}/*"]
            case Target.VERSION:
                return [f"{rekognition}/version/*/*"]
            case Target.DATASET:
                return [f"{rekognition}/dataset/*/*"]
            case Target.BUCKET:
                return [f"arn:{self.partition}:s3:::{bucket}" for bucket in self.buckets]
            case Target.OBJECT:
                return [f"arn:{self.partition}:s3:::{bucket}/*" for bucket in self.buckets]
            case Target.KEY:
                key = f"arn:{self.partition}:kms:{self.region}:{self.account}:key/KEY-ID"
                return [*(self.kms_keys or (key,))]
            case Target.ROLE:
                role = f"arn:{self.partition}:iam::{self.account}:role/IDENTITY-ROLE"
                return [*(self.roles or (role,))]


def document(name: str, scope: Scope) -> JsonObject:
    """Return a policy by its name, one of ``NAMES``.

    Raises
    ------
    KeyError
        There is no such policy.
    """
    if name in _PERMISSION_POLICIES:
        return permission_policy(_PERMISSION_POLICIES[name], scope)
    statements = {
        "trust-irsa": _trust_irsa,
        "trust-pod-identity": _trust_pod_identity,
        "trust-identity": _trust_identity,
    }[name](scope)
    return {"Version": _VERSION, "Statement": [*statements]}


def permission_policy(permissions: Iterable[Permission], scope: Scope) -> JsonObject:
    """Return a policy with one statement for each kind of resource."""
    actions: dict[Target, set[str]] = {}
    for permission in permissions:
        actions.setdefault(permission.target, set()).add(permission.action)
    return {
        "Version": _VERSION,
        "Statement": [
            {
                "Sid": "Any" if target is Target.ANY else "".join(word.capitalize() for word in target.split()),
                "Effect": "Allow",
                "Action": [*sorted(allowed)],
                "Resource": [*scope.resources(target)],
            }
            for target, allowed in sorted(actions.items())
        ],
    }


_PERMISSION_POLICIES: Final[dict[str, tuple[Permission, ...]]] = {
    "operator": permissions_of(tuple(feature for feature in _OPERATOR if feature is not Feature.IDENTITIES)),
    "read-only": OBSERVED,
    "application": permissions_of((Feature.DETECT,)),
    **{feature.value: permissions_of((feature,)) for feature in _OPERATOR},
}
NAMES: Final = (*_PERMISSION_POLICIES, "trust-irsa", "trust-pod-identity", "trust-identity")
"""Names of the policies, which are those of the files in ``iam/``."""


def _trust_irsa(scope: Scope) -> list[JsonObject]:
    return [
        {
            "Effect": "Allow",
            "Principal": {
                "Federated": f"arn:{scope.partition}:iam::{scope.account}:oidc-provider/{scope.oidc_provider}"
            },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{scope.oidc_provider}:aud": "sts.amazonaws.com",
                    f"{scope.oidc_provider}:sub": f"system:serviceaccount:{scope.service_account}",
                }
            },
        }
    ]


def _trust_pod_identity(_scope: Scope) -> list[JsonObject]:
    return [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]


def _trust_identity(scope: Scope) -> list[JsonObject]:
    """Trust the operator, with the external id, for one namespace only (IAM guide, Pass session tags in STS)."""
    principal: JsonObject = {"AWS": scope.operator_role}
    tags: JsonObject = {f"aws:RequestTag/{SESSION_NAMESPACE_TAG}": scope.namespace}
    return [
        {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": scope.external_id, **tags}},
        },
        {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:TagSession",
            "Condition": {"StringEquals": tags},
        },
    ]
