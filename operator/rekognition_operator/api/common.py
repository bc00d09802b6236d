"""Which parts do all kinds share?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from rekognition_operator.api.schema import KubeField, KubeModel, Validation

BUCKET_PATTERN = r"^[0-9A-Za-z.\-_]*$"
NAME_PATTERN = r"^[a-zA-Z0-9_.\-]+$"
TAG_PATTERN = r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"

Bucket = Annotated[
    str,
    Field(min_length=3, max_length=255, pattern=BUCKET_PATTERN),
    KubeField(
        pattern_message="bucket must be a bucket's name, not a URL or an ARN: letters, digits, and . - _ only; "
        "write acme-ml for s3://acme-ml/storefront/"
    ),
]

DURATION_PATTERN = r"^([0-9]{1,4}h([0-9]{1,5}m)?|[0-9]{1,5}m)$"

Duration = Annotated[
    str,
    Field(max_length=16, pattern=DURATION_PATTERN),
    KubeField(
        pattern_message="durations are written in hours and minutes, such as 1h, 90m or 1h30m; write 24h for a day"
    ),
]


def duration_between(field: str, least: str, most: str, message: str) -> Validation:
    """Return the rule that a duration is within bounds; what is no duration has a message of its own."""
    return Validation(
        rule=f"!has(self.{field}) || !self.{field}.matches('{DURATION_PATTERN}') || "
        f"(duration(self.{field}) >= duration('{least}') && duration(self.{field}) <= duration('{most}'))",
        message=message,
        field_path=f".{field}",
    )


AwsName = Annotated[
    str,
    Field(min_length=1, max_length=255, pattern=NAME_PATTERN),
    KubeField(pattern_message="names in Rekognition have letters, digits, and _ . - only; write another one"),
]
"""Name of a project or of a version: ProjectName and VersionName of the AWS API."""


class IdentityRef(KubeModel):
    """Which AWSIdentity is meant."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([a-z0-9.\-]*[a-z0-9])?$"),
        KubeField(pattern_message="identityRef.name must be the name of an AWSIdentity, such as team-a"),
    ]
    """Name of the AWSIdentity; it must allow this namespace."""


class Manifest(KubeModel):
    """A manifest file in Amazon S3: JSON Lines, one image with its labels a line."""

    validations = (
        Validation(
            rule=r"self.name.matches('[.][A-Za-z0-9]+$')",
            message="name must end in a file extension, such as train.manifest: Rekognition refuses one without",
            field_path=".name",
        ),
    )

    bucket: Bucket
    """Name of the bucket. It must be in the Region of the project."""
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    """Key of the manifest in the bucket."""
    version: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """Version of the object, for a bucket with versioning. Absent: the newest when training starts."""


Manifests = Annotated[list[Manifest], Field(min_length=1, max_length=16), KubeField(list_type="atomic")]


class TrainingData(KubeModel):
    """The images that a version learns from."""

    manifests: Manifests
    """Manifests of labelled images. All images of a version must be in one bucket."""


class TestingData(KubeModel):
    """The images that a version is evaluated on: manifests of their own, or a part split off the training data."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    validations = (
        Validation(
            rule="has(self.manifests) != (has(self.autoSplit) && self.autoSplit)",
            message="testingData must have exactly one of manifests and autoSplit: true; "
            "set one of them, or leave testingData out for autoSplit: true",
        ),
    )

    auto_split: bool | None = None
    """True: Rekognition keeps a fifth of the training data for testing."""
    manifests: Manifests | None = None
    """Manifests of labelled images that the version never saw in training."""


class Output(KubeModel):
    """Where Rekognition writes the evaluation summary and the validated manifests. Applies to the next version."""

    bucket: Bucket
    """Name of the bucket. It must be in the Region of the project."""
    prefix: Annotated[str, Field(max_length=1024)] | None = None
    """Prefix of the keys that Rekognition writes."""


class Retention(KubeModel):
    """How many versions out of service are kept. The version in service and the wanted one are always kept."""

    keep: Annotated[int, Field(ge=0, le=90)] = 3
    """Superseded versions kept for rollback: a revert to one of them needs no training."""
    keep_failed: Annotated[int, Field(ge=0, le=20)] = 1
    """Failed versions kept besides the newest failed one of the wanted training."""


class Adoption(KubeModel):
    """Whether a project that exists already, and which of its versions, become this resource's."""

    validations = (
        Validation(
            rule="!has(self.versions) || size(self.versions) == 0 || self.policy == 'IfUnowned'",
            message="adoption.versions needs adoption.policy: IfUnowned; set it, or remove versions",
            field_path=".versions",
            reason="FieldValueForbidden",
        ),
    )

    policy: Literal["Never", "IfUnowned"] = "Never"
    """Never: a project that this resource did not create is left alone. IfUnowned: it is taken over, unless another
    resource owns it."""
    versions: (
        Annotated[
            list[AwsName],
            Field(max_length=20),
            KubeField(list_type="set"),
        ]
        | None
    ) = None
    """Names of existing versions to take over. One whose inputs equal spec.training is put into service without
    training."""


class Deletion(KubeModel):
    """What happens in AWS when the resource is deleted. May be edited while the resource is being deleted."""

    policy: Literal["Delete", "Retain", "Orphan"] = "Retain"
    """Delete: versions, then the project. Retain: keep them, marked as released, so that the same resource can come
    back. Orphan: touch nothing."""
    foreign_versions: Literal["Block", "Delete", "Release"] = "Block"
    """Versions that this resource did not create, under policy Delete. Block: wait for a person. Delete: delete them
    too. Release: delete ours and keep the project."""


TAG_KEYS = Validation(
    rule=r"self.all(k, size(k) >= 1 && size(k) <= 128 && k.matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+$'))",
    message="tag keys must have 1 to 128 characters: letters, digits, spaces and _ . : / = + - @",
)
"""What AWS takes for keys of tags, of resources and of sessions."""

Tags = Annotated[
    dict[str, str],
    Field(max_length=40),
    KubeField(
        item_max_length=256,
        item_pattern=TAG_PATTERN,
        pattern_message="tag values have letters, digits, spaces, and _ . : / = + - @ only; write another one",
        validations=(
            Validation(
                rule="self.all(k, !k.startsWith('aws:') && !k.startsWith('rekognition-operator.io/'))",
                message="tags must not start with aws: or rekognition-operator.io/: those are reserved",
            ),
            TAG_KEYS,
        ),
    ),
]


class Condition(KubeModel):
    """One aspect of the resource's state: metav1.Condition."""

    type: Annotated[str, Field(max_length=316, pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
    """Aspect that the condition tells of, such as Ready."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    """Why, in one word for programs: see the troubleshooting page."""
    message: Annotated[str, Field(max_length=32768)]
    """What happened, to what, and what to do now."""
    last_transition_time: datetime
    """When the status last changed."""
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """Generation of the spec that this was computed from."""


Conditions = Annotated[list[Condition], Field(max_length=16), KubeField(list_type="map", list_map_keys=("type",))]


class S3Place(KubeModel):
    """An object in Amazon S3."""

    bucket: Annotated[str, Field(max_length=255)]
    """Name of the bucket."""
    name: Annotated[str, Field(max_length=1024)]
    """Key of the object."""


class Project(KubeModel):
    """The project in AWS."""

    arn: Annotated[str, Field(max_length=2048)]
    """ARN of the project."""
    name: Annotated[str, Field(max_length=255)]
    """Name of the project."""
    region: Annotated[str, Field(max_length=32)] | None = None
    """AWS Region of the project."""
    created_at: datetime | None = None
    """When AWS created it."""
    tag_keys: (
        Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=40), KubeField(list_type="set")] | None
    ) = None
    """Keys of spec.tags that the operator has set, so that it removes only its own."""


class Drift(KubeModel):
    """One difference between what the spec says and what AWS shows."""

    path: Annotated[str, Field(max_length=512)]
    """What differs, such as spec.tags[team], versions[<name>] or versions[<name>].tags[team]."""
    desired: Annotated[str, Field(max_length=512)]
    """What the spec says."""
    observed: Annotated[str, Field(max_length=512)]
    """What AWS shows."""
    since: datetime
    """When the operator first saw it."""


class Queue(KubeModel):
    """What the resource waits for."""

    waiting_for: Annotated[str, Field(max_length=63)]
    """The scarce thing, such as TrainingSlot."""
    position: Annotated[int, Field(ge=1)]
    """Place in the queue, rounded up in steps (1, 2, 3, 5, 10, 20 ...)."""
