"""Which IAM actions does each feature need, on which resources, and why?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Feature(StrEnum):
    """What an IAM policy is for."""

    ADAPTERS = "adapters"
    MODELS = "models"
    PROVING = "proving"
    FOLLOWED_DATA = "followed-data"
    KMS = "kms"
    IDENTITIES = "identities"
    DELETION = "deletion"
    DETECT = "detect"


class Target(StrEnum):
    """The kind of resource that an action is allowed on (Service Authorization Reference)."""

    ANY = "*"
    PROJECT = "project"
    VERSION = "project version"
    DATASET = "dataset"
    BUCKET = "bucket"
    OBJECT = "object"
    KEY = "KMS key"
    ROLE = "role"


class Use(StrEnum):
    """How AWS comes to ask for the action."""

    CALL = "the operator calls it"
    IN_CALL = "AWS asks for it within a call"
    IN_TRAINING = "AWS asks for it in training"


@dataclass(frozen=True)
class Permission:
    """One IAM action of a feature.

    Attributes
    ----------
    why
        What it is needed for, for the person who reviews the policy.
    source
        Where AWS says that it asks the caller for it; None where the SDK call itself says so.
    """

    action: str
    target: Target
    why: str
    use: Use = Use.CALL
    source: str | None = None


TRAINING_S3: Final = "Custom Labels guide, Set up Amazon Rekognition console permissions"
TRAINING_KMS: Final = "API reference, CreateProjectVersion, KmsKeyId"
_VERSIONED: Final = "S3 user guide, GetObject: versionId"

WITHOUT_RIGHT: Final = frozenset({"sts:GetCallerIdentity"})
"""Actions that AWS allows every caller (API reference, GetCallerIdentity): in no policy."""

_MANAGED: Final = (
    Permission("rekognition:CreateProject", Target.ANY, "create the project"),
    Permission("rekognition:DescribeProjects", Target.ANY, "find the project by its name"),
    Permission("rekognition:CreateProjectVersion", Target.PROJECT, "train a version"),
    Permission("rekognition:DescribeProjectVersions", Target.PROJECT, "see how versions and trainings are"),
    Permission("rekognition:ListTagsForResource", Target.PROJECT, "see whose the project is"),
    Permission("rekognition:ListTagsForResource", Target.VERSION, "see whose a version is, and of which inputs"),
    Permission("rekognition:TagResource", Target.PROJECT, "mark the project as the resource's; spec.tags"),
    Permission("rekognition:TagResource", Target.VERSION, "mark versions; spec.tags"),
    Permission("rekognition:UntagResource", Target.PROJECT, "remove tags that left spec.tags; release the project"),
    Permission("rekognition:UntagResource", Target.VERSION, "remove tags that left spec.tags; release versions"),
)

CALLER_PERMISSIONS: Final[dict[str, tuple[Permission, ...]]] = {
    "CreateProjectVersion": (
        Permission("s3:GetObject", Target.OBJECT, "read manifests and images", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:GetObjectVersion", Target.OBJECT, "read versioned manifests", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:GetObjectAcl", Target.OBJECT, "see who may read the data", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:GetObjectTagging", Target.OBJECT, "read the data's tags", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:GetBucketLocation", Target.BUCKET, "see the bucket's Region", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:GetBucketAcl", Target.BUCKET, "see who owns the bucket", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:ListBucket", Target.BUCKET, "tell missing from denied", Use.IN_TRAINING, TRAINING_S3),
        Permission("s3:PutObject", Target.OBJECT, "write to spec.output", Use.IN_TRAINING, TRAINING_S3),
    ),
    "CreateProjectVersion with KmsKeyId": (
        Permission("kms:CreateGrant", Target.KEY, "let Rekognition use the key", Use.IN_TRAINING, TRAINING_KMS),
        Permission("kms:DescribeKey", Target.KEY, "see whether the key can be used", Use.IN_TRAINING, TRAINING_KMS),
        Permission("kms:GenerateDataKey", Target.KEY, "encrypt what training writes", Use.IN_TRAINING, TRAINING_KMS),
        Permission("kms:Decrypt", Target.KEY, "read what is encrypted", Use.IN_TRAINING, TRAINING_KMS),
    ),
}
"""What AWS asks the caller for beside the call itself, by operation. These never show as calls of the operator."""

_READS: Final = (
    Permission("s3:GetObject", Target.OBJECT, "read manifests, evaluation summaries, images of probes"),
    Permission(
        "s3:GetObjectVersion", Target.OBJECT, "read them in buckets with versions, and by version", source=_VERSIONED
    ),
    Permission("s3:ListBucket", Target.BUCKET, "tell a missing object from a denied one", Use.IN_CALL, "S3 HeadObject"),
)

PERMISSIONS: Final[dict[Feature, tuple[Permission, ...]]] = {
    Feature.ADAPTERS: (*_MANAGED, *CALLER_PERMISSIONS["CreateProjectVersion"]),
    Feature.MODELS: (
        *_MANAGED,
        Permission("rekognition:StartProjectVersion", Target.VERSION, "start a model"),
        Permission("rekognition:StopProjectVersion", Target.VERSION, "stop a model"),
        Permission("cloudwatch:GetMetricData", Target.ANY, "count running hours and requests"),
        Permission("cloudwatch:ListMetrics", Target.ANY, "find the metrics of models"),
        *CALLER_PERMISSIONS["CreateProjectVersion"],
    ),
    Feature.PROVING: (
        Permission(
            "rekognition:DetectModerationLabels", Target.ANY, "ask an adapter, or the base model, about a probe"
        ),
        Permission("rekognition:DetectCustomLabels", Target.VERSION, "ask a model about a probe"),
        *_READS,
    ),
    Feature.FOLLOWED_DATA: _READS,
    Feature.KMS: CALLER_PERMISSIONS["CreateProjectVersion with KmsKeyId"],
    Feature.IDENTITIES: (
        Permission("sts:AssumeRole", Target.ROLE, "work as the role of an AWSIdentity"),
        Permission("sts:TagSession", Target.ROLE, "name the namespace in the session", Use.IN_CALL, "STS, AssumeRole"),
    ),
    Feature.DELETION: (
        Permission("rekognition:DeleteProjectVersion", Target.VERSION, "deletion.policy Delete, and spec.retention"),
        Permission("rekognition:DeleteProject", Target.PROJECT, "deletion.policy Delete"),
        Permission("rekognition:DeleteDataset", Target.DATASET, "deletion.foreignVersions Delete"),
    ),
    Feature.DETECT: (
        Permission("rekognition:DetectModerationLabels", Target.ANY, "ask the base model or an adapter"),
        Permission("rekognition:DetectCustomLabels", Target.VERSION, "ask a model"),
        *_READS[:2],
    ),
}
"""What each feature needs. The operator as a whole needs all but ``detect``, which is part of ``proving``."""

OBSERVED: Final = (
    *(p for p in _MANAGED if p.action.rpartition(":")[2].startswith(("Describe", "List"))),
    *(p for p in PERMISSIONS[Feature.MODELS] if p.action.startswith("cloudwatch:")),
    *_READS,
)
"""What an operator needs that only looks, since every resource is suspended."""


def permissions_of(features: tuple[Feature, ...]) -> tuple[Permission, ...]:
    """Return what the features need together, each action on each kind of resource once, in the table's order."""
    wanted = (permission for feature in features for permission in PERMISSIONS[feature])
    return tuple({(permission.action, permission.target): permission for permission in wanted}.values())
