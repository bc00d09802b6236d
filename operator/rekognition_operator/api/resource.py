"""What do both kinds have in common, in spec and in status: a project, its versions, and which one is in service?"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rekognition_operator.api.common import (
    Adoption,
    AwsName,
    Conditions,
    Deletion,
    Drift,
    IdentityRef,
    Output,
    Project,
    Queue,
    Retention,
    S3Place,
    Tags,
    TestingData,
    TrainingData,
)
from rekognition_operator.api.proving import (
    Data,
    EvaluationStatus,
    GateStatus,
    Promotion,
    Publish,
    Published,
)
from rekognition_operator.api.schema import KubeField, KubeModel, Validation

KmsKey = Annotated[
    str,
    Field(min_length=1, max_length=2048, pattern=r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.\-]*$"),
    KubeField(
        pattern_message="kmsKeyID must be a key's ARN or id, an alias, or an alias ARN, such as alias/rekognition"
    ),
]

Region = Annotated[
    str,
    Field(min_length=5, max_length=32, pattern=r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$"),
    KubeField(pattern_message="region must be the code of an AWS Region, such as us-east-1"),
]

VersionDescription = Annotated[
    str,
    Field(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9\-_. ()':,;?]+$"),
    KubeField(
        pattern_message="description may have letters, digits, spaces, and - _ . ( ) ' : , ; ? only; "
        "remove the other characters"
    ),
]


class TrainingInputsSpec(KubeModel):
    """What makes a version what it is. A change here trains a new version; a revert brings the old one back at once."""

    digest_input = True

    training_data: TrainingData
    """The images that the version learns from."""
    testing_data: TestingData | None = None
    """The images that the version is evaluated on. Absent: autoSplit: true."""
    kms_key_id: Annotated[KmsKey | None, Field(alias="kmsKeyID")] = None
    """AWS KMS key (ARN, id, alias or alias ARN) that encrypts the images which Rekognition copies for training."""


def immutable(field: str) -> Validation:
    """Return the rule that an optional field of the spec never changes, is added or removed."""
    return Validation(
        rule=f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        message=f"{field} is immutable, adding and removing it too, since AWS cannot change it; "
        "restore what it was, or create another resource",
        field_path=f".{field}",
        reason="FieldValueForbidden",
    )


class ResourceSpec(KubeModel):
    """What the project and its versions shall be."""

    validations: ClassVar[tuple[Validation, ...]] = (immutable("projectName"), immutable("region"))

    project_name: AwsName | None = None
    """Name of the project in AWS. Immutable. Absent: <cluster-name>.<namespace>.<name>."""
    region: Region | None = None
    """AWS Region. Immutable. Absent: that of the AWSIdentity, else the operator's Region."""
    identity_ref: IdentityRef | None = None
    """As whom AWS is called. Another identity may be named as long as it is of the same account and Region. Absent: as
    the operator itself, where its settings allow that."""
    training: TrainingInputsSpec
    """What makes a version what it is. A change here trains a new version; a revert brings the old one back at once."""
    output: Output
    """Where Rekognition writes the evaluation summary and the validated manifests. Applies to the next version."""
    description: VersionDescription | None = None
    """Description of versions. Applies to the next version."""
    data: Data | None = None
    """Whether new content of the manifests trains a new version. Absent: follow: Pinned."""
    promotion: Promotion | None = None
    """What a version must show before it is put into service. Absent: that it is trained."""
    pin: AwsName | None = None
    """Name of the version to serve, whatever spec.training asks for and the gates say: a rollback in git. Absent: the
    version that spec.training asks for."""
    publish: Publish | None = None
    """Where applications find the version in service. Absent: only in status.active."""
    retention: Retention = Retention()
    """How many versions out of service are kept."""
    adoption: Adoption = Adoption()
    """Whether a project that exists already becomes this resource's."""
    deletion: Deletion = Deletion()
    """What happens in AWS when the resource is deleted."""
    drift_policy: Literal["Correct", "Report"] = "Correct"
    """Correct: put right what others changed in AWS. Report: only say it."""
    ready_when: Literal["Accepted", "InService"] = "InService"
    """When Ready becomes True. Accepted: once AWS accepted the training. InService: once a version is in service."""
    suspend: bool = False
    """True: no change is made in AWS, not even upon deletion."""
    tags: Tags | None = None
    """Tags of the project and its versions in AWS."""


class VersionRole(StrEnum):
    """What a version is to the resource."""

    ACTIVE = "Active"
    CANDIDATE = "Candidate"
    SUPERSEDED = "Superseded"
    REJECTED = "Rejected"
    FAILED = "Failed"
    FOREIGN = "Foreign"


class ActiveVersion(KubeModel):
    """The version in service: its ARN is what applications pass as ProjectVersion."""

    version_name: Annotated[str, Field(max_length=255)]
    """Name of the version."""
    arn: Annotated[str, Field(max_length=2048)]
    """ARN of the version."""
    f1_score: float | None = None
    """F1 score that Rekognition computed on the testing data, 0 to 1."""
    base_model_version: Annotated[str, Field(max_length=255)] | None = None
    """Base moderation model that the version was trained on; of adapters only."""
    evaluation: EvaluationStatus | None = None
    """What the evaluation summary says of the version. Absent: it could not be read."""
    since: datetime | None = None
    """When it was put into service."""
    expiry_estimate: datetime | None = None
    """The earliest day on which AWS may stop serving it, an estimate; of adapters whose base model is superseded."""


class DesiredVersion(KubeModel):
    """The version that the spec asks for."""

    version_name: Annotated[str, Field(max_length=255)]
    """Name of the version: named by the content of spec.training."""
    inputs: Annotated[str, Field(max_length=64)]
    """Digest of the training inputs."""


class VersionStatus(KubeModel):
    """A version of the project, as AWS shows it."""

    name: Annotated[str, Field(max_length=255)]
    """Name of the version."""
    arn: Annotated[str, Field(max_length=2048)]
    """ARN of the version."""
    status: Annotated[str, Field(max_length=64)]
    """Status as AWS says it."""
    status_message: Annotated[str, Field(max_length=2048)] | None = None
    """AWS's message about the status."""
    role: VersionRole
    """What the version is to this resource."""
    created_at: datetime
    """When training started."""
    training_ended_at: datetime | None = None
    """When training ended."""
    billable_training_seconds: int | None = None
    """Training time that AWS bills, in seconds."""
    f1_score: float | None = None
    """F1 score that Rekognition computed on the testing data, 0 to 1."""
    evaluation_summary: S3Place | None = None
    """The evaluation summary that Rekognition wrote."""
    manifest_summary: S3Place | None = None
    """The manifest summary that Rekognition wrote: what was wrong with which line."""
    base_model_version: Annotated[str, Field(max_length=255)] | None = None
    """Base moderation model that the version was trained on; of adapters only."""
    min_inference_units: int | None = None
    """Inference units that the model was last started with; of Custom Labels only."""
    max_inference_units: int | None = None
    """Inference units that AWS may scale the model to; of Custom Labels only."""
    description: Annotated[str, Field(max_length=255)] | None = None
    """Description of the version."""
    rejected: Annotated[str, Field(max_length=255)] | None = None
    """Why the version is not put into service: the gate, what it asks for, and what the version shows."""
    gates: (
        Annotated[list[GateStatus], Field(max_length=8), KubeField(list_type="map", list_map_keys=("gate",))] | None
    ) = None
    """The gates of spec.promotion, for the version in service and the one that waits to be."""
    evaluation: EvaluationStatus | None = None
    """What the evaluation summary says of the version, for the version in service and the one that waits to be."""


class ResourceStatus(KubeModel):
    """What the operator saw and did."""

    observed_generation: int | None = None
    """Generation of the spec that the operator last acted on. -1: not seen yet."""
    conditions: Conditions | None = None
    """Ready, UpToDate, and what else there is to say."""
    project: Project | None = None
    """The project in AWS."""
    active: ActiveVersion | None = None
    """The version in service."""
    desired: DesiredVersion | None = None
    """The version that the spec asks for."""
    versions: (
        Annotated[list[VersionStatus], Field(max_length=20), KubeField(list_type="map", list_map_keys=("arn",))] | None
    ) = None
    """Versions of the project, newest first; at most 20, always with the active, the wanted and those in training."""
    drift: Annotated[list[Drift], Field(max_length=64), KubeField(list_type="map", list_map_keys=("path",))] | None = (
        None
    )
    """Differences between the spec and AWS."""
    queue: Queue | None = None
    """What the resource waits for."""
    published: Published | None = None
    """Where the version in service is published."""
    last_handled_reconcile_at: Annotated[str, Field(max_length=253)] | None = None
    """The last value of the annotation rekognition-operator.io/reconcile-requested-at that was answered."""
    last_handled_retry: Annotated[str, Field(max_length=253)] | None = None
    """The last value of the annotation rekognition-operator.io/retry that was answered."""
