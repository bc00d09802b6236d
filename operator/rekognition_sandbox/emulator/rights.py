"""May the caller do that, by the IAM policy that a test gave it?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.iam.access_control import IAMPolicy, PermissionResult

from rekognition_sandbox.emulator.arns import partition_of
from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.manifests import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_sandbox.emulator.manifests import ObjectStore, S3Location

_KMS_IN_TRAINING = ("kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt")
_RESOURCE_MEMBERS = ("ProjectVersionArn", "ProjectVersion", "DatasetArn", "ProjectArn", "ResourceArn")


class Rights:
    """The one policy of every caller; without one, everything is allowed."""

    def __init__(self) -> None:
        self._policy: IAMPolicy | None = None

    def give(self, document: Mapping[str, object] | None) -> None:
        """Let this identity-based policy, and nothing else, allow; None allows everything."""
        self._policy = None if document is None else IAMPolicy(json.dumps(document))

    def allow(self, action: str, resource: str) -> bool:
        """Say whether the action is allowed on the resource (an ARN, or ``*``)."""
        if self._policy is None:
            return True
        return bool(self._policy.is_action_permitted(action, resource) is PermissionResult.PERMITTED)

    def demand(self, action: str, resource: str, account: str) -> None:
        """Raise AccessDeniedException, in AWS's words, unless the action is allowed."""
        if not self.allow(action, resource):
            raise AwsError("AccessDeniedException", denial(action, resource, account))

    def demand_call(self, operation: str, account: str, region: str, request: Mapping[str, object]) -> None:
        """Raise AccessDeniedException unless a call of Rekognition is allowed, with what it asks of the caller.

        INFERRED: that the key of a training is looked at by the call, and not by the training.
        """
        named = next((str(request[member]) for member in _RESOURCE_MEMBERS if request.get(member)), "*")
        self.demand(f"rekognition:{operation}", named, account)
        key = request.get("KmsKeyId")
        if operation == "CreateProjectVersion" and key:
            arn = str(key)
            if not arn.startswith("arn:"):
                arn = f"arn:{partition_of(region)}:kms:{region}:{account}:key/{arn}"
            for action in _KMS_IN_TRAINING:
                self.demand(action, arn, account)


def denial(action: str, resource: str, account: str) -> str:
    """Return AWS's text for a call that no policy allows."""
    return (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: {action} on resource: {resource} because no "
        f"identity-based policy allows the {action} action"
    )


class CheckedObjectStore:
    """S3 with the rights of the caller, as Rekognition uses it.

    Parameters
    ----------
    training
        Whether the rights are asked for that training needs (Custom Labels guide, Set up Amazon Rekognition console
        permissions), or those to read an image.
    """

    def __init__(self, store: ObjectStore, rights: Rights, partition: str, *, training: bool) -> None:
        self._store = store
        self._rights = rights
        self._s3 = f"arn:{partition}:s3:::"
        self._training = training

    def get(self, location: S3Location) -> bytes:
        """Read an object; AccessDeniedError where the caller may not."""
        actions = ["s3:GetObjectVersion" if location.version else "s3:GetObject"]
        if self._training:
            actions += ["s3:GetObjectAcl", "s3:GetObjectTagging"]
        self._demand(actions, f"{location.bucket}/{location.name}")
        return self._store.get(location)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object; AccessDeniedError where the caller may not."""
        self._demand(["s3:PutObject"], f"{bucket}/{key}")
        self._store.put(bucket, key, body)

    def bucket_region(self, bucket: str) -> str:
        """Return the Region of a bucket; AccessDeniedError where training may not see it."""
        if self._training:
            self._demand(["s3:GetBucketLocation", "s3:GetBucketAcl", "s3:ListBucket"], bucket)
        return self._store.bucket_region(bucket)

    def _demand(self, actions: list[str], name: str) -> None:
        for action in actions:
            if not self._rights.allow(action, f"{self._s3}{name}"):
                raise AccessDeniedError(f"{action} is not allowed on {self._s3}{name}")
