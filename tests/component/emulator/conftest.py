"""Which emulator do these tests run against, and what do they do with it again and again?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import boto3
import pytest
from botocore.exceptions import ClientError

from rekognition_sandbox.emulator.aws_client import aws_session, single_attempt
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess
from rekognition_sandbox.samples import make_parts, make_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_rekognition.type_defs import (
        CreateProjectVersionRequestTypeDef,
        ProjectVersionDescriptionTypeDef,
        S3ObjectTypeDef,
        TestingDataTypeDef,
    )
    from mypy_boto3_s3.client import S3Client

SAMPLES = "acme-samples"
OUTPUT = "acme-output"
TRAINING_SECONDS = 30 * 60
SETTLING_SECONDS = 60
STARTING_SECONDS = 15 * 60
STOPPING_SECONDS = 5 * 60


@dataclass(frozen=True)
class Aws:
    """An emulated AWS in which time stands still until a test advances it."""

    rekognition: RekognitionClient
    s3: S3Client
    control: EmulatorControl

    def client(self, region: str) -> RekognitionClient:
        return aws_session(region).client("rekognition", endpoint_url=self.control.url, config=single_attempt())

    def role_client(self, account: str) -> RekognitionClient:
        """Return a client with the credentials of a role in another account."""
        sts = aws_session().client("sts", endpoint_url=self.control.url)
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/trainer", RoleSessionName="test")
        session = boto3.Session(
            aws_access_key_id=role["Credentials"]["AccessKeyId"],
            aws_secret_access_key=role["Credentials"]["SecretAccessKey"],
            aws_session_token=role["Credentials"]["SessionToken"],
            region_name="us-east-1",
        )
        return session.client("rekognition", endpoint_url=self.control.url, config=single_attempt())

    def settle(self) -> None:
        """Let CREATING and DELETING end."""
        self.control.advance(SETTLING_SECONDS)

    def finish_training(self) -> None:
        self.control.advance(TRAINING_SECONDS)

    def adapter_project(
        self,
        name: str = "storefront",
        tags: Mapping[str, str] | None = None,
        *,
        auto_update: Literal["ENABLED", "DISABLED"] = "DISABLED",
    ) -> str:
        """Return the ARN of a project that is CREATED."""
        answer = self.rekognition.create_project(
            ProjectName=name, Feature="CONTENT_MODERATION", AutoUpdate=auto_update, Tags=tags or {}
        )
        self.settle()
        return answer["ProjectArn"]

    def custom_labels_project(self, name: str = "parts") -> str:
        arn = self.rekognition.create_project(ProjectName=name)["ProjectArn"]
        self.settle()
        return arn

    def start_training(
        self, project_arn: str, version_name: str = "v1", manifest: str = "train.manifest", threshold: float = 60
    ) -> str:
        """Return the ARN of a version that is TRAINING_IN_PROGRESS."""
        testing: TestingDataTypeDef = {"Assets": [{"GroundTruthManifest": {"S3Object": sample("test.manifest")}}]}
        return self.rekognition.create_project_version(
            ProjectArn=project_arn,
            VersionName=version_name,
            OutputConfig={"S3Bucket": OUTPUT, "S3KeyPrefix": "out"},
            TrainingData={"Assets": [{"GroundTruthManifest": {"S3Object": sample(manifest)}}]},
            TestingData=testing,
            FeatureConfig={"ContentModeration": {"ConfidenceThreshold": threshold}},
            VersionDescription="nudity rules, autumn catalogue",
            Tags={"team": "trust-safety"},
        )["ProjectVersionArn"]

    def train(self, project_arn: str, version_name: str = "v1", manifest: str = "train.manifest") -> str:
        """Return the ARN of a version whose training has ended."""
        arn = self.start_training(project_arn, version_name, manifest)
        self.finish_training()
        return arn

    def start_custom_labels_training(
        self, project_arn: str, version_name: str = "v1", manifest: str = "train.manifest"
    ) -> str:
        """Return the ARN of a Custom Labels version that is TRAINING_IN_PROGRESS."""
        return self.rekognition.create_project_version(**custom_labels_request(project_arn, version_name, manifest))[
            "ProjectVersionArn"
        ]

    def train_custom_labels(self, project_arn: str, version_name: str = "v1", manifest: str = "train.manifest") -> str:
        """Return the ARN of a Custom Labels version whose training has ended."""
        arn = self.start_custom_labels_training(project_arn, version_name, manifest)
        self.finish_training()
        return arn

    def start(self, version_arn: str, units: int = 1) -> None:
        """Let a Custom Labels version be RUNNING."""
        self.rekognition.start_project_version(ProjectVersionArn=version_arn, MinInferenceUnits=units)
        self.control.advance(STARTING_SECONDS)

    def stop(self, version_arn: str) -> None:
        """Let a Custom Labels version be STOPPED."""
        self.rekognition.stop_project_version(ProjectVersionArn=version_arn)
        self.control.advance(STOPPING_SECONDS)

    def version(self, project_arn: str, version_name: str = "v1") -> ProjectVersionDescriptionTypeDef:
        answer = self.rekognition.describe_project_versions(ProjectArn=project_arn, VersionNames=[version_name])
        (found,) = answer["ProjectVersionDescriptions"]
        return found

    def project_statuses(self, feature: Literal["CONTENT_MODERATION", "CUSTOM_LABELS"]) -> dict[str, str]:
        """Return the status of each project by its name."""
        found = self.rekognition.describe_projects(Features=[feature])["ProjectDescriptions"]
        return {project["ProjectArn"].split("/")[1]: project["Status"] for project in found}


def sample(name: str) -> S3ObjectTypeDef:
    return {"Bucket": SAMPLES, "Name": f"storefront/{name}"}


def part(name: str) -> S3ObjectTypeDef:
    return {"Bucket": SAMPLES, "Name": f"parts/{name}"}


def custom_labels_request(
    project_arn: str, version_name: str = "v1", manifest: str = "train.manifest"
) -> CreateProjectVersionRequestTypeDef:
    testing = "boxes-test.manifest" if manifest.startswith("boxes") else "test.manifest"
    return {
        "ProjectArn": project_arn,
        "VersionName": version_name,
        "OutputConfig": {"S3Bucket": OUTPUT, "S3KeyPrefix": "labels"},
        "TrainingData": {"Assets": [{"GroundTruthManifest": {"S3Object": part(manifest)}}]},
        "TestingData": {"Assets": [{"GroundTruthManifest": {"S3Object": part(testing)}}]},
        "Tags": {"team": "factory"},
    }


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorProcess]:
    with EmulatorProcess(EmulatorSettings(time_scale=0, throttle=False)) as running:
        yield running


@pytest.fixture(scope="session")
def s3_with_samples(server: EmulatorProcess) -> S3Client:
    s3 = aws_session().client("s3", endpoint_url=server.url)
    make_samples().upload(s3, SAMPLES)
    make_parts().upload(s3, SAMPLES)
    s3.create_bucket(Bucket=OUTPUT)
    return s3


@pytest.fixture(scope="session")
def rekognition_client(server: EmulatorProcess) -> RekognitionClient:
    return aws_session().client("rekognition", endpoint_url=server.url, config=single_attempt())


@pytest.fixture
def aws(server: EmulatorProcess, s3_with_samples: S3Client, rekognition_client: RekognitionClient) -> Aws:
    control = EmulatorControl(server.url)
    control.reset()
    return Aws(rekognition_client, s3_with_samples, control)


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], tuple[str, str]]:
    """Return a function that makes a call which must be refused, and gives code and message."""

    def make(call: Callable[[], object]) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return make
