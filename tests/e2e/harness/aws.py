"""What does a test do in the emulated AWS, and what does it ask there?

Every story works in a Region of its own: quotas, throttling, faults and the call log of Rekognition are per Region, so
stories that run at the same time in one emulator do not disturb each other.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from botocore.exceptions import ClientError

from e2e.harness.data import PARTS_PREFIX, PREFIX, TEST, TRAIN, parts_data, training_data
from e2e.harness.waiting import wait_for
from rekognition_sandbox.emulator.aws_client import aws_session, single_attempt
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import CallRecord, QuotaChange

if TYPE_CHECKING:
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_rekognition.type_defs import AssetTypeDef
    from mypy_boto3_s3.client import S3Client

Answer = TypeVar("Answer")
Feature = Literal["CONTENT_MODERATION", "CUSTOM_LABELS"]

MUTATIONS = frozenset(
    {
        "CreateProject",
        "DeleteProject",
        "CreateProjectVersion",
        "DeleteProjectVersion",
        "TagResource",
        "UntagResource",
        "DeleteDataset",
        "StartProjectVersion",
        "StopProjectVersion",
    }
)
"""The operations that change something in AWS."""

SERVING = frozenset({"StartProjectVersion", "StopProjectVersion"})

OPERATOR_AGENT = "rekognition-operator"
"""Part of the user agent by which AWS knows the operator: calls without it are the test's own."""

THROTTLED = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException"})

HOLD_SECONDS = 25.0
"""How long an answer is withheld; the operator itself gives a call up after 30 s."""

_session_lock = threading.Lock()


@dataclass(frozen=True)
class Aws:
    """The emulated AWS in one Region.

    Attributes
    ----------
    control
        What steers the emulator.
    region
        Such as eu-west-1. Its bucket holds manifests and images, and is made with the first use.
    """

    control: EmulatorControl = field(repr=False)
    region: str

    @property
    def bucket(self) -> str:
        """Name of the bucket with the training data; it takes the outputs, too."""
        return f"adapters-{self.region}"

    @cached_property
    def rekognition(self) -> "RekognitionClient":
        """Rekognition as a person with the AWS CLI uses it: nothing is tried twice."""
        with _session_lock:  # boto3 makes clients in one thread at a time
            return aws_session(self.region).client(
                "rekognition", endpoint_url=self.control.url, config=single_attempt()
            )

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        with _session_lock:
            return aws_session(self.region).client("s3", endpoint_url=self.control.url)

    def upload_training_data(self) -> None:
        """Put the images and manifests of adapters into the bucket."""
        training_data().upload(self.s3, self.bucket, PREFIX)

    def read(self, name: str) -> bytes:
        """Return what is in an object of the bucket."""
        return self.s3.get_object(Bucket=self.bucket, Key=name)["Body"].read()

    def upload(self, name: str, content: bytes) -> datetime:
        """Put an object into the bucket; return when that was, in AWS's time."""
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=content)
        return self.s3.head_object(Bucket=self.bucket, Key=name)["LastModified"]

    @cached_property
    def pictures(self) -> str:
        """The prefix, in the bucket, of what adapters are trained on; it is put there with the first use."""
        self.upload_training_data()
        return PREFIX

    @cached_property
    def parts(self) -> str:
        """The prefix, in the bucket, of what models are trained on; it is put there with the first use."""
        parts_data().upload(self.s3, self.bucket, PARTS_PREFIX)
        return PARTS_PREFIX

    # What there is

    def project_arns(self, name: str) -> list[str]:
        """Return the ARNs of the projects of a name, of either feature: none or one."""
        answer = _patiently(
            lambda: self.rekognition.describe_projects(
                ProjectNames=[name], Features=["CONTENT_MODERATION", "CUSTOM_LABELS"]
            )
        )
        return [project["ProjectArn"] for project in answer["ProjectDescriptions"]]

    def versions(self, project_arn: str) -> list[dict[str, Any]]:
        """Return a project's versions as DescribeProjectVersions shows them, newest first."""
        answer = _patiently(lambda: self.rekognition.describe_project_versions(ProjectArn=project_arn))
        return cast("list[dict[str, Any]]", answer["ProjectVersionDescriptions"])

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a project or version."""
        return _patiently(lambda: self.rekognition.list_tags_for_resource(ResourceArn=arn))["Tags"]

    def calls(self, operation: str | None = None, *, since: int = 0) -> list[CallRecord]:
        """Return the operator's calls in this Region with a sequence above `since`, in order of completion."""
        return [
            call
            for call in self.control.calls(operation, region=self.region, since=since)
            if OPERATOR_AGENT in call.user_agent
        ]

    def mutations(self, *, since: int = 0) -> list[CallRecord]:
        """Return the operator's calls that are meant to change something."""
        return [call for call in self.calls(since=since) if call.operation in MUTATIONS]

    def trainings(self, *, since: int = 0) -> list[str]:
        """Return the names of the versions that the operator created, by effect: a lost answer counts, an error not."""
        created = [call for call in self.calls("CreateProjectVersion", since=since) if call.effect is not None]
        return [str(call.parameters["VersionName"]) for call in created]

    def mark(self) -> int:
        """Return the sequence of the last call so far in this Region, for `since`."""
        calls = self.control.calls(region=self.region)
        return calls[-1].sequence if calls else 0

    @property
    def now(self) -> datetime:
        """AWS's time, which runs ahead of ours."""
        return self.control.clock().now

    def travel(self, span: timedelta) -> None:
        """Let AWS's time jump forward; for stories that are alone, since all Regions have one clock."""
        self.control.advance(span.total_seconds())

    def travel_to(self, moment: datetime) -> None:
        """Let AWS's time jump forward to a moment, unless that is past; for stories that are alone."""
        self.travel(max(timedelta(), moment - self.now))

    @contextmanager
    def at_pace(self, time_scale: float) -> Iterator[None]:
        """Let AWS's time run at another speed inside; for stories that are alone."""
        usual = self.control.clock().time_scale
        self.control.set_time_scale(time_scale)
        try:
            yield
        finally:
            self.control.set_time_scale(usual)

    @contextmanager
    def quotas(self, change: QuotaChange) -> Iterator[None]:
        """Let AWS have other quotas inside; for stories that are alone, since they are those of all Regions."""
        usual = self.control.quotas()
        self.control.set_quotas(change)
        try:
            yield
        finally:
            self.control.set_quotas(QuotaChange(**{name: getattr(usual, name) for name in change.model_fields_set}))

    # What AWS does later than it would

    @contextmanager
    def trainings_held(self) -> Iterator[None]:
        """Let no training in this Region end inside, so that a story need not hurry; all else goes on."""
        self.control.hold_trainings(self.region)
        try:
            yield
        finally:
            self.control.release_trainings(self.region)

    @contextmanager
    def serving_held(self) -> Iterator[None]:
        """Let no start and no stop of a model in this Region end inside."""
        self.control.hold_serving(self.region)
        try:
            yield
        finally:
            self.control.release_serving(self.region)

    # What goes wrong

    def withhold(self, operation: str) -> None:
        """Let the next call have its effect and not be answered as long as a test needs to kill the operator."""
        self.control.withhold(operation, HOLD_SECONDS, nth=1, region=self.region)

    def struck(self) -> int:
        """Return how many calls a fault of this Region has struck."""
        return sum(fault.struck for fault in self.control.faults() if fault.spec.region == self.region)

    # What others do

    def create_project(self, name: str, *, feature: Feature = "CONTENT_MODERATION") -> str:
        """Create a project by hand; return its ARN."""

        def create() -> str:
            if feature == "CUSTOM_LABELS":
                return self.rekognition.create_project(ProjectName=name, Feature=feature)["ProjectArn"]
            answer = self.rekognition.create_project(ProjectName=name, Feature=feature, AutoUpdate="DISABLED")
            return answer["ProjectArn"]

        return _patiently(create)

    def train(self, project_arn: str, version_name: str, *, threshold: float) -> str:
        """Train a version by hand on the training data; return its ARN when it is trained."""

        def create() -> str:
            answer = self.rekognition.create_project_version(
                ProjectArn=project_arn,
                VersionName=version_name,
                OutputConfig={"S3Bucket": self.bucket, "S3KeyPrefix": f"{PREFIX}out/"},
                TrainingData={"Assets": [self._manifest(TRAIN)]},
                TestingData={"Assets": [self._manifest(TEST)]},
                FeatureConfig={"ContentModeration": {"ConfidenceThreshold": threshold}},
            )
            return answer["ProjectVersionArn"]

        # A project is CREATING for a moment, in which nothing can be trained.
        arn = _patiently(create, also=frozenset({"ResourceInUseException"}))
        self._await_status(arn, "TRAINING_COMPLETED")
        return arn

    def start(self, arn: str, *, units: int = 1) -> None:
        """Start a model by hand; return when AWS has taken it: the operator may stop it as soon as it runs."""
        _patiently(lambda: self.rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=units))

    def stop(self, arn: str) -> None:
        """Stop a model by hand; return when AWS has taken it."""
        _patiently(lambda: self.rekognition.stop_project_version(ProjectVersionArn=arn))

    def detect(self, arn: str) -> bool:
        """Ask a model what is on a picture; return whether it answers."""
        image = {"S3Object": {"Bucket": self.bucket, "Name": f"{self.parts}{next(iter(parts_data().images))}"}}
        try:
            answer = _patiently(
                lambda: self.rekognition.detect_custom_labels(ProjectVersionArn=arn, Image=image)  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotReadyException":
                return False
            raise
        return bool(answer["CustomLabels"])

    def run_another(self, name: str = "somebody-elses") -> str:
        """Let others have a model that runs in this account and Region; return its ARN."""
        project = self.create_project(name, feature="CUSTOM_LABELS")
        version = self.control.add_foreign_version(project, "by-hand", status=VersionStatus.RUNNING)
        return version.arn

    def add_foreign_version(self, project_arn: str, name: str, *, in_training: bool = False) -> str:
        """Add a version without tags as AWS's auto update does; one `in_training` trains for ever."""
        status = VersionStatus.TRAINING_IN_PROGRESS if in_training else VersionStatus.TRAINING_COMPLETED
        return self.control.add_foreign_version(project_arn, name, status=status).arn

    def delete_version(self, arn: str) -> None:
        """Delete a version by hand; return when it is gone."""
        (project_arn,) = self.project_arns(arn.split("/")[1])
        _patiently(lambda: self.rekognition.delete_project_version(ProjectVersionArn=arn))
        _wait(f"{arn} is gone", lambda: not any(_is(version, arn) for version in self.versions(project_arn)))

    def delete_dataset(self, arn: str) -> None:
        """Delete a dataset by hand; return when it is gone."""
        project_name = arn.split("/")[1]
        _patiently(lambda: self.rekognition.delete_dataset(DatasetArn=arn))
        _wait(f"{arn} is gone", lambda: arn not in self._dataset_arns(project_name))

    def delete_project(self, arn: str) -> None:
        """Delete a project by hand, versions first; return when it is gone."""
        for version in self.versions(arn):
            self.delete_version(version["ProjectVersionArn"])
        _patiently(lambda: self.rekognition.delete_project(ProjectArn=arn))
        _wait(f"{arn} is gone", lambda: not self.project_arns(arn.split("/")[1]))

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags by hand."""
        _patiently(lambda: self.rekognition.tag_resource(ResourceArn=arn, Tags=tags))

    def untag(self, arn: str, *keys: str) -> None:
        """Remove tags by hand."""
        _patiently(lambda: self.rekognition.untag_resource(ResourceArn=arn, TagKeys=list(keys)))

    def _dataset_arns(self, project_name: str) -> list[str]:
        answer = _patiently(lambda: self.rekognition.describe_projects(ProjectNames=[project_name]))
        return [dataset["DatasetArn"] for dataset in answer["ProjectDescriptions"][0].get("Datasets", [])]

    def _await_status(self, arn: str, status: str) -> None:
        (project,) = self.project_arns(arn.split("/")[1])
        _wait(f"{arn} is {status}", lambda: any(v["Status"] == status for v in self.versions(project) if _is(v, arn)))

    def _manifest(self, name: str) -> "AssetTypeDef":
        return {"GroundTruthManifest": {"S3Object": {"Bucket": self.bucket, "Name": self.pictures + name}}}


def _is(version: Mapping[str, object], arn: str) -> bool:
    return version["ProjectVersionArn"] == arn


def _wait(what: str, look: Callable[[], bool]) -> None:
    wait_for(what, look, deadline_seconds=30, diagnose=lambda: "The emulator alone is at work here.")


def _patiently(call: Callable[[], Answer], *, also: frozenset[str] = frozenset()) -> Answer:
    """Call until AWS does not throttle: the operator's calls count against the same rates."""

    def attempt() -> tuple[Answer] | None:
        try:
            return (call(),)
        except ClientError as error:
            if error.response["Error"]["Code"] in THROTTLED | also:
                return None
            raise

    found = wait_for(
        "AWS takes a call by hand", attempt, deadline_seconds=30, diagnose=lambda: "It was throttled all the time."
    )
    return found[0]
