"""How does a story speak of an AWSIdentity, and of the labels of its namespace?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from e2e.harness.data import PREFIX, TEST, TRAIN, training_data
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from e2e.harness.waiting import wait_for
from e2e.harness.watching import Object
from rekognition_operator.api.schema import API_VERSION
from rekognition_sandbox.emulator.aws_client import aws_session

Found = TypeVar("Found")

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Identity:
    """An AWSIdentity of the story's own, named after its namespace and an account."""

    scene: Scene
    account: str

    @property
    def name(self) -> str:
        """Name of the AWSIdentity."""
        return f"{self.scene.namespace}-{self.account}"

    @property
    def role(self) -> str:
        """ARN of its role, which no other story assumes."""
        return f"arn:aws:iam::{self.account}:role/{self.name}"

    @property
    def reference(self) -> dict[str, str]:
        """What ``spec.identityRef`` says."""
        return {"name": self.name}

    @property
    def bucket(self) -> str:
        """Name of the bucket, of the account's own, that holds the training data and takes the outputs."""
        return f"adapters-{self.account}-{self.scene.aws.region}"

    def adapter(self, *, deletion_policy: str = "Retain") -> Adapter:
        """Speak of an adapter that names it, with training data in its account; it is not applied."""
        session, endpoint = aws_session(self.scene.aws.region), self.scene.aws.control.url
        sts = session.client("sts", endpoint_url=endpoint)
        arn = f"arn:aws:iam::{self.account}:role/who-keeps-the-data"
        given = sts.assume_role(RoleArn=arn, RoleSessionName="story")["Credentials"]
        s3 = session.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        training_data().upload(s3, self.bucket, PREFIX)
        data = {
            member: {"manifests": [{"bucket": self.bucket, "name": PREFIX + manifest}]}
            for member, manifest in (("trainingData", TRAIN), ("testingData", TEST))
        }
        return self.scene.adapter(
            training=data,
            output={"bucket": self.bucket},
            identityRef=self.reference,
            deletion={"policy": deletion_policy},
        )

    def apply(self, **spec: object) -> None:
        """Apply it, with members of the spec added or replaced."""
        plain = {"roleArn": self.role, "allowedNamespaces": {"names": [self.scene.namespace]}}
        manifest = {
            "apiVersion": API_VERSION,
            "kind": "AWSIdentity",
            "metadata": {"name": self.name},
            "spec": {**plain, **spec},
        }
        query = "?fieldManager=kubectl&force=true"
        client = self.scene.cluster.plane.client
        client.request("PATCH", self._path + query, manifest, content_type="application/apply-patch+yaml")

    def delete(self) -> None:
        """Delete it; it stays while a resource names it."""
        self.scene.cluster.plane.client.request("DELETE", self._path)

    @property
    def exists(self) -> bool:
        """Whether the API server has it."""
        return self.scene.cluster.plane.client.exists(self._path)

    @property
    def status(self) -> Object:
        """What it shows."""
        found: Object = self.scene.cluster.plane.client.request("GET", self._path)
        return dict(found.get("status") or {})

    def wait_ready(self, reason: str) -> Object:
        """Wait until Ready has this reason; return the status."""

        def look() -> Object | None:
            status = self.status
            reasons = [c["reason"] for c in status.get("conditions") or () if c["type"] == "Ready"]
            return status if reasons == [reason] else None

        return self._wait(f"Ready for {reason}", look)

    def wait_used_by(self, resources: int) -> None:
        """Wait until it says that so many resources name it."""
        self._wait(f"used by {resources}", lambda: self.status.get("usedBy") == resources or None)

    def wait_gone(self) -> None:
        """Wait until the API server has it no more."""
        self._wait("gone", lambda: not self.exists or None)

    def _wait(self, what: str, look: Callable[[], Found | None]) -> Found:
        said = f"AWSIdentity {self.name}: {what}"
        return wait_for(said, look, deadline_seconds=WAIT_SECONDS, diagnose=lambda: str(self.status))

    @property
    def _path(self) -> str:
        return f"/apis/{API_VERSION}/awsidentities/{self.name}"


def label_namespace(scene: Scene, labels: Mapping[str, str | None]) -> None:
    """Set labels of the story's namespace; None removes one."""
    body: dict[str, Any] = {"metadata": {"labels": dict(labels)}}
    path = f"/api/v1/namespaces/{scene.namespace}"
    scene.cluster.plane.client.request("PATCH", path, body, content_type="application/merge-patch+json")
