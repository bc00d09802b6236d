"""Which AWSIdentities does the API server take, and which edits of them?"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_operator.api.schema import API_VERSION

pytestmark = pytest.mark.controlplane

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

EXAMPLES = Path(__file__).parents[3] / "examples"
ROLE = "arn:aws:iam::111122223333:role/rekognition-team-a"


def identity(**spec: object) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "AWSIdentity", "metadata": {"name": "team-a"}, "spec": spec}


def with_role(**spec: object) -> dict[str, Any]:
    return identity(roleArn=ROLE, **spec)


def selecting(**selector: object) -> dict[str, Any]:
    return with_role(allowedNamespaces={"selector": selector})


@pytest.mark.parametrize("name", ["awsidentity.yaml", "awsidentity-full.yaml"])
def test_an_example_is_taken(kubectl: Kubectl, name: str) -> None:
    manifest = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))
    answer = kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)
    assert answer.returncode == 0, answer.stderr


def test_an_identity_without_a_role_is_taken(kubectl: Kubectl) -> None:
    answer = kubectl("apply", "--dry-run=server", "-f", "-", stdin=identity(allowedNamespaces={"all": True}))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        pytest.param(identity(roleArn="team-a"), "roleArn must be the ARN of an IAM role", id="a name for a role"),
        pytest.param(
            identity(roleArn="arn:aws:iam::111122223333:user/me"), "must be the ARN of an IAM role", id="a user"
        ),
        pytest.param(identity(externalId="x-1"), "externalId is sent when a role is assumed", id="no role to assume"),
        pytest.param(identity(sessionTags={"a": "b"}), "sessionTags is sent when a role", id="tags without a role"),
        pytest.param(with_role(externalId="a b"), "externalId has letters, digits", id="a space in the external id"),
        pytest.param(with_role(sessionTags={"aws:x": "team"}), "must not start with aws:", id="a tag of AWS"),
        pytest.param(
            with_role(sessionTags={"Namespace": "team"}), "nor be namespace or cluster", id="a forged namespace"
        ),
        pytest.param(with_role(region="us-east-1a"), "must be the code of an AWS Region", id="a zone for a Region"),
        pytest.param(with_role(endpoints={"s3": "http://s3.example.com"}), "http only for localhost", id="plain http"),
        pytest.param(
            with_role(endpoints={"s3": "http://127.0.0.1.example.com"}), "http only for localhost", id="no loopback"
        ),
        pytest.param(with_role(endpoints={"ec2": "https://x.y"}), "unknown field", id="a service that is not called"),
        pytest.param(with_role(allowedNamespaces={"names": ["team-*"]}), "or use selector", id="a star"),
        pytest.param(selecting(), "write allowedNamespaces.all: true", id="an empty selector"),
        pytest.param(selecting(matchLabels={}), "write allowedNamespaces.all: true", id="no labels"),
        pytest.param(
            selecting(matchExpressions=[{"key": "a", "operator": "In"}]), "In and NotIn need values", id="In nothing"
        ),
        pytest.param(
            selecting(matchExpressions=[{"key": "a", "operator": "Exists", "values": ["b"]}]),
            "Exists and DoesNotExist have none",
            id="Exists with values",
        ),
        pytest.param(with_role(allowedBuckets=["s3://acme"]), "not URLs or ARNs", id="a URL for a bucket"),
        pytest.param(with_role(allowedBuckets=["acme-*-out"]), "a * at the end, and only there", id="a star within"),
        pytest.param(with_role(allowedKmsKeys=["my key"]), "must be a key's ARN or id", id="a key with a space"),
    ],
)
def test_a_bad_identity_is_refused_with_the_remedy(kubectl: Kubectl, manifest: dict[str, Any], says: str) -> None:
    answer = kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)
    assert answer.returncode != 0
    assert says in answer.stderr


def test_account_and_region_of_an_identity_cannot_change_but_the_role_can(kubectl: Kubectl) -> None:
    made = kubectl("apply", "-f", "-", stdin=with_role(region="us-east-1"))
    assert made.returncode == 0, made.stderr
    try:
        for spec, says in (
            ({"roleArn": ROLE.replace("1111", "2222"), "region": "us-east-1"}, "the account of roleArn is immutable"),
            ({"region": "us-east-1"}, "adding and removing roleArn too"),
            ({"roleArn": ROLE, "region": "eu-west-1"}, "region is immutable"),
            ({"roleArn": ROLE}, "region is immutable"),
        ):
            refused = kubectl("apply", "-f", "-", stdin=identity(**spec))
            assert refused.returncode != 0
            assert says in refused.stderr
        other = kubectl("apply", "-f", "-", stdin=identity(roleArn=ROLE + "-2", region="us-east-1", externalId="x-2"))
        assert other.returncode == 0, other.stderr
    finally:
        kubectl("delete", "awsidentity", "team-a")


def test_a_namespace_cannot_name_what_is_no_name_of_an_identity(kubectl: Kubectl, namespace: str) -> None:
    manifest = yaml.safe_load((EXAMPLES / "moderationadapter.yaml").read_text("utf-8"))
    manifest["metadata"]["namespace"] = namespace
    manifest["spec"]["identityRef"] = {"name": "Team A"}
    answer = kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)
    assert "identityRef.name must be the name of an AWSIdentity" in answer.stderr
