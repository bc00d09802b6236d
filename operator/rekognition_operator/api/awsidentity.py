"""What does an AWSIdentity look like?"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rekognition_operator.api.common import TAG_KEYS, TAG_PATTERN, Conditions
from rekognition_operator.api.resource import KmsKey, Region, immutable
from rekognition_operator.api.schema import KubeField, KubeModel, Validation

MAX_NAMES = 256
"""Items that a list of what an identity allows may have."""

NamespaceName = Annotated[
    str,
    Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9\-]*[a-z0-9])?$"),
    KubeField(
        pattern_message="names of namespaces have small letters, digits and - only; for more than one namespace "
        "write more names, or use selector"
    ),
]

BucketPattern = Annotated[
    str,
    Field(min_length=3, max_length=255, pattern=r"^[0-9A-Za-z.\-_]+\*?$"),
    KubeField(
        pattern_message="allowedBuckets has names of buckets, not URLs or ARNs, such as acme-ml; "
        "a * at the end, and only there, stands for any ending"
    ),
]

EndpointUrl = Annotated[
    str,
    Field(
        max_length=255,
        pattern=r"^(https://[A-Za-z0-9.\-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?/?$",
    ),
    KubeField(
        pattern_message="an endpoint is a URL with https and no path, such as "
        "https://vpce-0a1b.rekognition.us-east-1.vpce.amazonaws.com; http only for localhost"
    ),
]

LabelText = Annotated[str, Field(max_length=317)]
LabelValue = Annotated[str, Field(max_length=63)]


class LabelRequirement(KubeModel):
    """What one label must be, as in every selector of Kubernetes."""

    validations = (
        Validation(
            rule="self.operator in ['In', 'NotIn'] == (has(self.values) && size(self.values) > 0)",
            message="In and NotIn need values, Exists and DoesNotExist have none; add values, or remove them",
            reason="FieldValueForbidden",
        ),
    )

    key: LabelText
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How it is compared."""
    values: Annotated[list[LabelValue], Field(max_length=64), KubeField(list_type="set")] | None = None
    """What it is compared with."""


class NamespaceSelector(KubeModel):
    """Which labels a namespace must have: all of those given."""

    validations = (
        Validation(
            rule="(has(self.matchLabels) && size(self.matchLabels) > 0) || "
            "(has(self.matchExpressions) && size(self.matchExpressions) > 0)",
            message="selector must have matchLabels or matchExpressions; to allow every namespace, write "
            "allowedNamespaces.all: true",
            reason="FieldValueRequired",
        ),
    )

    match_labels: Annotated[dict[str, str], Field(max_length=32), KubeField(item_max_length=63)] | None = None
    """Labels, and the value that each must have."""
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=32), KubeField(list_type="atomic")] | None = (
        None
    )
    """What else labels must be."""


class AllowedNamespaces(KubeModel):
    """The namespaces whose resources may name the identity: those that any of the members allows."""

    all: bool = False
    """True: every namespace."""
    names: Annotated[list[NamespaceName], Field(max_length=MAX_NAMES), KubeField(list_type="set")] | None = None
    """Namespaces by name."""
    selector: NamespaceSelector | None = None
    """Namespaces by their labels. Whoever may label a namespace can then let it use the identity."""


class Endpoints(KubeModel):
    """Where AWS services are called instead of their public endpoints."""

    rekognition: EndpointUrl | None = None
    """URL for Amazon Rekognition."""
    s3: EndpointUrl | None = None
    """URL for Amazon S3."""
    sts: EndpointUrl | None = None
    """URL for AWS STS."""
    cloudwatch: EndpointUrl | None = None
    """URL for Amazon CloudWatch."""


SessionTags = Annotated[
    dict[str, str],
    Field(max_length=20),
    KubeField(
        item_max_length=256,
        item_pattern=TAG_PATTERN,
        pattern_message="tag values have letters, digits, spaces, and _ . : / = + - @ only; write another one",
        validations=(
            Validation(
                rule="self.all(k, !k.lowerAscii().startsWith('aws:') && !(k.lowerAscii() in ['namespace', 'cluster']))",
                message="session tags must not start with aws:, nor be namespace or cluster: those the operator sets",
            ),
            TAG_KEYS,
        ),
    ),
]


def _needs_a_role(field: str) -> Validation:
    return Validation(
        rule=f"!has(self.{field}) || has(self.roleArn)",
        message=f"{field} is sent when a role is assumed, and there is no roleArn; set roleArn, or remove {field}",
        field_path=f".{field}",
        reason="FieldValueForbidden",
    )


class AWSIdentitySpec(KubeModel):
    """As whom AWS is called, and who may have it done."""

    validations: ClassVar[tuple[Validation, ...]] = (
        Validation(
            rule="has(self.roleArn) == has(oldSelf.roleArn) && (!has(self.roleArn) || "
            "self.roleArn.split(':')[4] == oldSelf.roleArn.split(':')[4])",
            message="the account of roleArn is immutable, adding and removing roleArn too, since projects cannot move "
            "to another account; restore what it was, or create another AWSIdentity",
            field_path=".roleArn",
            reason="FieldValueForbidden",
        ),
        immutable("region"),
        _needs_a_role("externalId"),
        _needs_a_role("sessionTags"),
    )

    role_arn: (
        Annotated[
            str,
            Field(max_length=2048, pattern=r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/\-]{1,576}$"),
            KubeField(
                pattern_message="roleArn must be the ARN of an IAM role, such as "
                "arn:aws:iam::111122223333:role/rekognition-team-a"
            ),
        ]
        | None
    ) = None
    """ARN of the role that is assumed. Its account is immutable. Absent: the operator's own credentials are used, and
    the identity only says who may."""
    external_id: (
        Annotated[
            str,
            Field(min_length=2, max_length=1224, pattern=r"^[A-Za-z0-9_+=,.@:/\-]+$"),
            KubeField(pattern_message="externalId has letters, digits, and _ + = , . @ : / - only; write another one"),
        ]
        | None
    ) = None
    """External id that the role's trust policy asks for. No secret: whoever may read the AWSIdentity sees it."""
    region: Region | None = None
    """AWS Region of resources that name the identity and have no spec.region. Immutable. Absent: the operator's
    Region."""
    session_tags: SessionTags | None = None
    """Tags of the session, beside namespace and cluster, which the operator sets."""
    endpoints: Endpoints | None = None
    """Where AWS services are called. Absent: at their public endpoints, or where the operator's AWS_ENDPOINT_URL
    says."""
    allowed_namespaces: AllowedNamespaces | None = None
    """The namespaces whose resources may name the identity. Absent: none."""
    allowed_buckets: Annotated[list[BucketPattern], Field(max_length=MAX_NAMES), KubeField(list_type="set")] | None = (
        None
    )
    """The buckets that these resources may name; a * at the end stands for any ending. Absent: every bucket that the
    role may use. Buckets that are named only inside manifests are not seen: what the role may is the boundary."""
    allowed_kms_keys: Annotated[list[KmsKey], Field(max_length=MAX_NAMES), KubeField(list_type="set")] | None = None
    """The KMS keys that these resources may name, each written as they write it: the key's ARN or id, or an alias.
    Absent: every key that the role may use. Empty: none."""


class AWSIdentityStatus(KubeModel):
    """What the operator saw."""

    observed_generation: int | None = None
    """Generation of the spec that the operator last looked at. -1: not seen yet."""
    conditions: Conditions | None = None
    """Ready: whether AWS can be called as this identity."""
    account: Annotated[str, Field(max_length=12)] | None = None
    """AWS account that resources with this identity are in."""
    used_by: int | None = None
    """Number of resources that name the identity, also of those that are being deleted."""


class AWSIdentity:
    """As whom AWS is called for resources that name it, and which namespaces, buckets and keys that is for."""

    kind: ClassVar[str] = "AWSIdentity"
    plural: ClassVar[str] = "awsidentities"
    singular: ClassVar[str] = "awsidentity"
    short_names: ClassVar[tuple[str, ...]] = ("awsid",)
    spec: ClassVar[type[AWSIdentitySpec]] = AWSIdentitySpec
    status: ClassVar[type[AWSIdentityStatus]] = AWSIdentityStatus
