"""Does the emulated STS assume roles as AWS does, and do ended sessions end for every service?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rekognition_sandbox.emulator.aws_client import aws_session, single_attempt
from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.roles import RoleBook, RoleRequest
from rekognition_sandbox.emulator.wire import RoleTrust

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

ARN = "arn:aws:iam::210987654321:role/trainer"
REQUEST = RoleRequest(ARN, "acme-team", "team-7", (("namespace", "team"),))


def assume(aws: Aws, role_arn: str = ARN) -> boto3.Session:
    sts = aws_session().client("sts", endpoint_url=aws.control.url)
    given = sts.assume_role(RoleArn=role_arn, RoleSessionName="acme-team")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name="us-east-1")


def calls_of(aws: Aws, session: boto3.Session) -> dict[str, Callable[[], Any]]:
    """Return a call to each service that the operator uses."""

    def client(service: Any) -> Any:
        return session.client(service, endpoint_url=aws.control.url, config=single_attempt())

    return {
        "rekognition": client("rekognition").describe_projects,
        "s3": client("s3").list_buckets,
        "cloudwatch": lambda: client("cloudwatch").list_metrics(Namespace="AWS/Rekognition"),
        "sts": client("sts").get_caller_identity,
    }


def test_a_session_acts_in_the_account_of_its_role(aws: Aws) -> None:
    session = assume(aws)
    identity = session.client("sts", endpoint_url=aws.control.url).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (
        "210987654321",
        "arn:aws:sts::210987654321:assumed-role/trainer/acme-team",
    )
    session.client("s3", endpoint_url=aws.control.url).create_bucket(Bucket="of-the-team")
    assert "of-the-team" not in {bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]}


def test_ended_sessions_are_refused_by_every_service_as_aws_refuses_them(aws: Aws) -> None:
    ended, others = assume(aws), assume(aws, "arn:aws:iam::333344445555:role/trainer")
    aws.control.end_sessions(ARN)
    for call in [*calls_of(aws, others).values(), *calls_of(aws, assume(aws)).values()]:
        call()
    answers: dict[str, tuple[str, int]] = {}
    for service, call in calls_of(aws, ended).items():
        with pytest.raises(ClientError) as caught:
            call()
        answer = caught.value.response
        answers[service] = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"])
    assert answers == {
        "rekognition": ("ExpiredTokenException", 400),
        "s3": ("ExpiredToken", 400),
        "cloudwatch": ("ExpiredToken", 403),
        "sts": ("ExpiredToken", 403),
    }


def test_a_session_ends_by_itself_when_it_expires() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    book = RoleBook(lambda: now)
    book.begin("key", ARN, now + timedelta(hours=1))
    assert not book.ended("key")
    assert not book.ended("another")
    now += timedelta(hours=1)
    assert book.ended("key")


@pytest.mark.parametrize(
    ("trust", "refused"),
    [
        (RoleTrust(role_arn="arn:aws:iam::210987654321:role/another", assumable=False), None),
        (RoleTrust(role_arn=ARN, external_id="team-7"), None),
        (RoleTrust(role_arn=ARN, external_id="team-8"), "sts:AssumeRole"),
        (RoleTrust(role_arn=ARN, assumable=False), "sts:AssumeRole"),
        (RoleTrust(role_arn=ARN, tags_allowed=False), "sts:TagSession"),
    ],
)
def test_a_role_trusts_whom_it_was_told_to(trust: RoleTrust, refused: str | None) -> None:
    book = RoleBook()
    book.trust(trust)
    if refused is None:
        book.demand(REQUEST, "123456789012")
        return
    with pytest.raises(AwsError, match=f"not authorized to perform: {refused} on resource: {ARN}"):
        book.demand(REQUEST, "123456789012")


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (RoleRequest("trainer", "acme-team", None, ()), "roleArn"),
        (RoleRequest(ARN, "a", None, ()), "roleSessionName"),
        (RoleRequest(ARN, "acme/team", None, ()), "roleSessionName"),
        (RoleRequest(ARN, "x" * 65, None, ()), "roleSessionName"),
        (RoleRequest(ARN, "acme-team", "no spaces", ()), "externalId"),
        (RoleRequest(ARN, "acme-team", None, (("", "team"),)), "tags"),
        (RoleRequest(ARN, "acme-team", None, (("namespace", "v" * 257),)), "tags"),
        (RoleRequest(ARN, "acme-team", None, (("namespace", "a"), ("Namespace", "b"))), "tags"),
        (RoleRequest(ARN, "acme-team", None, tuple((str(n), "") for n in range(51))), "tags"),
    ],
)
def test_a_request_must_be_as_the_api_reference_has_it(request_: RoleRequest, wrong: str) -> None:
    with pytest.raises(AwsError, match=f"Value at '{wrong}'"):
        request_.check()


def test_faults_strike_assume_role_as_well(aws: Aws) -> None:
    aws.control.fail("AssumeRole", "RegionDisabledException", status=403, nth=1)
    with pytest.raises(ClientError, match="RegionDisabledException"):
        assume(aws)
    assert [record.outcome for record in aws.control.assumed_roles()] == ["RegionDisabledException"]
    aws.control.reset()
    assert aws.control.assumed_roles() == []
