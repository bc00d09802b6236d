"""When are the credentials of a role got anew, what is asked of STS, and what becomes of its refusals?"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore import exceptions as sdk

from fakes.boto3_client import refusal
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.roles import MOMENT_SECONDS, RoleCredentials
from rekognition_operator.core.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

    from rekognition_operator.aws.calls import Call

ARN = "arn:aws:iam::210987654321:role/trainer"
TEAM = Principal(
    identity="team",
    role_arn=ARN,
    external_id="storefront-7",
    session_name="acme-storefront",
    session_tags=(("namespace", "storefront"),),
)


class Sts:
    """Gives credentials for an hour, and tells the time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.before: Callable[[], object] = lambda: None
        self.told: list[Call] = []

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)

    def assume_role(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        self.before()
        if self.failure is not None:
            raise self.failure
        given = {
            "AccessKeyId": f"key-{len(self.asked)}",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": self.now + timedelta(hours=1),
        }
        return {"Credentials": given, "ResponseMetadata": {"RequestId": "request-1"}}


@pytest.fixture
def sts() -> Sts:
    return Sts()


def credentials(sts: Sts, principal: Principal = TEAM) -> RoleCredentials:
    return RoleCredentials(
        principal,
        ARN,
        cast("STSClient", sts),
        sts.told.append,
        clock=lambda: sts.now.timestamp(),  # noqa: PLW0108  # of the time as it is then
        now=lambda: sts.now,
    )


def key(of: RoleCredentials) -> str | None:
    return of.get_frozen_credentials().access_key


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_the_session_is_named_tagged_and_has_the_external_id(sts: Sts) -> None:
    key(credentials(sts))
    assert sts.asked == [
        {
            "RoleArn": ARN,
            "RoleSessionName": "acme-storefront",
            "ExternalId": "storefront-7",
            "Tags": [{"Key": "namespace", "Value": "storefront"}],
        }
    ]


def test_what_a_principal_does_not_have_is_not_sent(sts: Sts) -> None:
    key(credentials(sts, Principal(identity="team", role_arn=ARN)))
    assert sts.asked == [{"RoleArn": ARN, "RoleSessionName": "rekognition-operator"}]


@pytest.mark.parametrize(("minutes", "asked"), [(0, 1), (44, 1), (46, 2), (51, 2), (600, 2)])
def test_credentials_are_renewed_a_quarter_of_an_hour_before_they_expire(sts: Sts, minutes: int, asked: int) -> None:
    held = credentials(sts)
    assert key(held) == "key-1"
    sts.advance(minutes=minutes)
    assert [key(held) for _ in range(3)] == [f"key-{asked}"] * 3
    assert len(sts.asked) == asked


def test_all_threads_share_one_assume_role(sts: Sts, pool: ThreadPoolExecutor) -> None:
    held, all_here = credentials(sts), threading.Event()
    sts.before = all_here.wait
    asked = [pool.submit(key, held) for _ in range(8)]
    all_here.set()
    assert {future.result() for future in asked} == {"key-1"}
    assert len(sts.asked) == 1


def test_all_threads_share_one_refusal(sts: Sts, pool: ThreadPoolExecutor) -> None:
    held, all_here = credentials(sts), threading.Event()
    sts.before, sts.failure = all_here.wait, refusal("AccessDenied")
    asked = [pool.submit(key, held) for _ in range(8)]
    all_here.set()
    errors = [future.exception() for future in asked]
    assert {str(error) for error in errors} == {"AssumeRole: AccessDenied: no"}
    assert len({id(error) for error in errors}) == 8  # each has its own traceback
    assert len(sts.asked) == 1


def test_a_refusal_is_asked_about_again_after_a_moment(sts: Sts) -> None:
    held = credentials(sts)
    sts.failure = refusal("AccessDenied")
    for _ in range(3):
        with pytest.raises(CallError):
            key(held)
    assert len(sts.asked) == 1
    sts.failure = None
    sts.advance(seconds=MOMENT_SECONDS)
    assert key(held) == "key-2"


def test_what_cannot_be_renewed_is_used_until_ten_minutes_before_it_expires(sts: Sts) -> None:
    held = credentials(sts)
    key(held)
    sts.failure = refusal("AccessDenied")
    sts.advance(minutes=49)
    assert [key(held) for _ in range(3)] == ["key-1"] * 3
    assert len(sts.asked) == 2  # not for each call
    sts.advance(minutes=2)
    with pytest.raises(CallError, match="AssumeRole"):
        key(held)


def test_what_aws_did_not_accept_is_replaced_once(sts: Sts) -> None:
    held = credentials(sts)
    key(held)
    sts.advance(minutes=1)
    held.distrust()
    assert key(held) == "key-2"
    held.distrust()  # by a call that was under way with the first
    assert key(held) == "key-2"
    sts.advance(seconds=MOMENT_SECONDS)
    held.distrust()
    assert key(held) == "key-3"


@pytest.mark.parametrize(
    ("failure", "kind", "code", "cause"),
    [
        (refusal("AccessDenied"), ErrorKind.CREDENTIALS, "AccessDenied", ErrorKind.ACCESS_DENIED),
        (refusal("ValidationError"), ErrorKind.CREDENTIALS, "ValidationError", ErrorKind.INVALID),
        (refusal("PackedPolicyTooLarge"), ErrorKind.CREDENTIALS, "PackedPolicyTooLarge", ErrorKind.INVALID),
        (refusal("MalformedPolicyDocument"), ErrorKind.CREDENTIALS, "MalformedPolicyDocument", ErrorKind.INVALID),
        (refusal("ExpiredToken"), ErrorKind.CREDENTIALS, "ExpiredToken", ErrorKind.CREDENTIALS),
        (sdk.NoCredentialsError(), ErrorKind.CREDENTIALS, "NoCredentialsError", ErrorKind.CREDENTIALS),
        (refusal("Throttling"), ErrorKind.THROTTLED, "Throttling", None),
        (refusal("ServiceUnavailable"), ErrorKind.SERVER, "ServiceUnavailable", None),
        (sdk.ReadTimeoutError(endpoint_url="sts"), ErrorKind.SERVER, "NoAnswer", None),
    ],
)
def test_a_failure_says_nothing_of_the_call_that_needed_the_role(
    sts: Sts, failure: Exception, kind: ErrorKind, code: str, cause: ErrorKind | None
) -> None:
    """It is no denial of that call, nor was that call made or its answer lost."""
    sts.failure = failure
    with pytest.raises(CallError) as caught:
        key(credentials(sts))
    error = caught.value
    assert (error.operation, error.kind, error.code, error.cause) == ("AssumeRole", kind, code, cause)
    assert (error.principal, error.request_id) == (TEAM, None)


def test_each_assume_role_is_told_to_the_observer(sts: Sts) -> None:
    held = credentials(sts)
    key(held)
    sts.failure = refusal("AccessDenied")
    sts.advance(minutes=55)
    with pytest.raises(CallError):
        key(held)
    assert [(call.operation, call.outcome, call.code, call.request_id) for call in sts.told] == [
        ("AssumeRole", "ok", None, "request-1"),
        ("AssumeRole", "AccessDenied", "AccessDenied", None),
    ]
