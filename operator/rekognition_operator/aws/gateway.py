"""Which calls to AWS does the operator make? One narrow interface, so that tests and other schedulers can stand in."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.world import Feature, ObservedProject, ObservedVersion, S3Object

if TYPE_CHECKING:
    from rekognition_operator.aws.detection import Detection
    from rekognition_operator.aws.objects import Objects


class Lane(IntEnum):
    """Who goes first when calls must wait: smaller is sooner."""

    CHANGE = 0  # a person's change
    FLIGHT = 1  # work in flight
    SWEEP = 2  # looking again at what was settled
    LOW = 3  # version tags, which nobody waits for


def tags_lane(lane: Lane) -> Lane:
    """Return the lane in which the tags of listed versions are read: those of a sweep wait behind everything else."""
    return lane if lane < Lane.SWEEP else Lane.LOW


class Rekognition(Protocol):
    """Rekognition in one (account, Region), as one identity.

    Every method raises :class:`rekognition_operator.aws.errors.CallError` and nothing else.
    Reads return complete answers (all pages). Tags of versions are cached for ever by ARN (an ARN is never reused)
    until ``fresh_tags`` or a write of ours; project tags likewise, for at most the tag sweep time (6 h).
    """

    @property
    def account(self) -> str:
        """The 12 digits of the account."""
        ...

    @property
    def region(self) -> str:
        """The Region, such as us-east-1."""
        ...

    @property
    def projects_listed(self) -> int | None:
        """How many projects the last complete listing showed; None before the first."""
        ...

    @property
    def time(self) -> datetime | None:
        """AWS's own time of its last answer (the Date header of the reply), in UTC; None before the first.

        Windows, idle times and hours of models go by it: it is the clock of who bills.
        """
        ...

    @property
    def objects(self) -> "Objects":
        """S3 of the same Region, as the same identity: manifests and summaries."""
        ...

    @property
    def detection(self) -> "Detection":
        """What versions answer for an image."""
        ...

    async def describe_project(
        self, name: str, feature: Feature, *, lane: Lane, max_age_seconds: float
    ) -> ObservedProject | None:
        """Look a project up by its name, in both features. Served from a shared listing that is at most so old.

        Where the name exists in both features (INFERRED to be possible), the one with ``feature`` is returned.
        """
        ...

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        """All versions of a project, newest first, with their tags. An absent project is a CallError NOT_FOUND."""
        ...

    async def describe_version(self, project_arn: str, version_name: str, *, lane: Lane) -> ObservedVersion | None:
        """One version by its name (VersionNames=[name]), with cached tags; None where AWS lists none."""
        ...

    async def fresh_tags(self, arn: str, *, lane: Lane) -> Mapping[str, str]:
        """ListTagsForResource now, past every cache."""
        ...

    async def create_project(
        self, name: str, feature: Feature, *, auto_update: bool, tags: Mapping[str, str], lane: Lane
    ) -> str:
        """CreateProject; returns the ARN. AutoUpdate is sent for adapters only."""
        ...

    async def create_version(
        self,
        project_arn: str,
        version_name: str,
        *,
        feature: Feature,
        inputs: TrainingInputs,
        output: S3Object,
        description: str | None,
        tags: Mapping[str, str],
        lane: Lane,
    ) -> str:
        """CreateProjectVersion; returns the ARN. Never repeated by the SDK's own retries."""
        ...

    async def start_version(self, arn: str, *, min_units: int, max_units: int | None, lane: Lane) -> None:
        """StartProjectVersion. Never repeated by the SDK's own retries."""
        ...

    async def stop_version(self, arn: str, *, lane: Lane) -> None:
        """StopProjectVersion."""
        ...

    async def inference_unit_hours(
        self, project_name: str, version_names: tuple[str, ...], *, since: datetime, until: datetime, lane: Lane
    ) -> float:
        """Inference-unit hours of a project's versions in a span of at most 63 days, by CloudWatch. An estimate.

        ``InServiceInferenceUnits`` (dimensions ProjectName, VersionName): each five minutes with data count with their
        average, so that a run counts for up to ten minutes more than it lasted. Besides the versions named, those that
        CloudWatch lists of the project count: deleted ones, for two weeks after their last data.
        """
        ...

    async def successful_requests(self, *, since: datetime, until: datetime, lane: Lane) -> float:
        """Successful DetectCustomLabels calls of the account and Region in a span, by CloudWatch.

        ``SuccessfulRequestCount``, whose one dimension is Operation: CloudWatch does not tell models apart. Absent data
        is 0. The span is widened to whole five minutes, so that no request of it is missed; the last few minutes may
        not have reached CloudWatch yet.
        """
        ...

    async def ran_throughout(
        self, project_name: str, version_name: str, *, since: datetime, until: datetime, lane: Lane
    ) -> bool:
        """Whether a version had inference units in service in all of a span, by CloudWatch: without a restart."""
        ...

    async def other_models_ran(self, project_name: str, *, since: datetime, until: datetime, lane: Lane) -> bool:
        """Whether a model of another project of the account and Region had inference units in service in a span.

        By CloudWatch, which lists a model that never ran before only some minutes after its start (up to 15: API
        reference, ListMetrics).
        """
        ...

    async def delete_version(self, arn: str, *, lane: Lane) -> None:
        """DeleteProjectVersion. A version that is gone already is success."""
        ...

    async def delete_project(self, arn: str, *, lane: Lane) -> None:
        """DeleteProject. A project that is gone already is success."""
        ...

    async def delete_dataset(self, arn: str, *, lane: Lane) -> None:
        """DeleteDataset. A dataset that is gone already is success."""
        ...

    async def set_tags(self, arn: str, tags: Mapping[str, str], *, lane: Lane) -> None:
        """TagResource."""
        ...

    async def remove_tags(self, arn: str, keys: tuple[str, ...], *, lane: Lane) -> None:
        """UntagResource."""
        ...


class RekognitionProvider(Protocol):
    """Gives the Rekognition of a Region for a principal; one per (principal, account, Region), cached."""

    async def connect(self, principal: Principal, region: str) -> Rekognition:
        """Raise CallError when the credentials do not work, or the role cannot be assumed."""
        ...

    def forget(self, identity: str) -> None:
        """Drop what is kept for principals of an AWSIdentity that changed or is gone; a later connect starts anew."""
        ...
