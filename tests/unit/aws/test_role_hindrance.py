"""Does a role that cannot be assumed, or whose session is not accepted, say which it is, whose, and what to do?"""

from dataclasses import replace

import pytest

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.hindrance import hindrance_of, iam_action
from rekognition_operator.core.actions import Action, CreateProject, CreateVersion
from rekognition_operator.core.hindrance import Terminal, Transient
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.principal import OPERATOR, Principal
from rekognition_operator.core.world import Feature, S3Object

ARN = "arn:aws:iam::210987654321:role/trainer"
TEAM = Principal(identity="team", role_arn=ARN, external_id="storefront-7", session_name="acme-storefront")
CREATE_PROJECT = CreateProject("storefront", Feature.CONTENT_MODERATION, auto_update=False, tags={})
CREATE_VERSION = CreateVersion(
    "arn:aws:rekognition:us-east-1:210987654321:project/storefront/1700000000000",
    "v1-0",
    TrainingInputs((ManifestRef("images", "train.manifest"),), confidence_threshold=60),
    S3Object("results", "out/"),
    None,
    {},
    listed=3,
    request_key="k",
)


def not_assumed(cause: ErrorKind, code: str) -> CallError:
    return CallError(ErrorKind.CREDENTIALS, "AssumeRole", code, "AWS says so.", principal=TEAM, cause=cause)


@pytest.mark.parametrize("action", [None, CREATE_PROJECT, CREATE_VERSION])
@pytest.mark.parametrize(
    ("error", "reason", "todo"),
    [
        (not_assumed(ErrorKind.ACCESS_DENIED, "AccessDenied"), Reason.ACCESS_DENIED, "sts:TagSession"),
        (not_assumed(ErrorKind.ACCESS_DENIED, "AccessDenied"), Reason.ACCESS_DENIED, "external id"),
        (not_assumed(ErrorKind.ACCESS_DENIED, "AccessDenied"), Reason.ACCESS_DENIED, "trust policy"),
        (not_assumed(ErrorKind.INVALID, "ValidationError"), Reason.INVALID_REQUEST, "roleArn, externalId"),
        (not_assumed(ErrorKind.INVALID, "PackedPolicyTooLarge"), Reason.INVALID_REQUEST, "sessionTags"),
        (not_assumed(ErrorKind.CREDENTIALS, "RegionDisabledException"), Reason.CREDENTIALS_INVALID, "Activate"),
        (not_assumed(ErrorKind.CREDENTIALS, "ExpiredToken"), Reason.CREDENTIALS_INVALID, "operator's own credentials"),
        (not_assumed(ErrorKind.CREDENTIALS, "NoCredentialsError"), Reason.CREDENTIALS_INVALID, "AWS_* variables"),
        (
            CallError(ErrorKind.ACCESS_DENIED, "AssumeRole", "AccessDenied", "no", principal=TEAM),
            Reason.ACCESS_DENIED,
            "trust policy",
        ),
    ],
)
def test_a_role_that_is_refused_is_a_person_s_task(
    error: CallError, reason: Reason, todo: str, action: Action | None
) -> None:
    """It is never taken for an answer to what was being done."""
    hindrance = hindrance_of(error, action, versions_listed=100, projects_listed=100)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, hindrance.after_seconds) == (reason, 600)
    for said in (ARN, "AWSIdentity team", error.code, todo):
        assert said in hindrance.message
    assert "storefront-7" not in hindrance.message  # it is no secret, and nobody's business
    assert ".." not in hindrance.message


@pytest.mark.parametrize("kind", [ErrorKind.THROTTLED, ErrorKind.SERVER])
@pytest.mark.parametrize("action", [None, CREATE_VERSION])
def test_a_fault_of_sts_passes(kind: ErrorKind, action: Action | None) -> None:
    error = CallError(kind, "AssumeRole", "Code", "AWS says so.", principal=TEAM)
    hindrance = hindrance_of(error, action)
    assert isinstance(hindrance, Transient)
    assert "Nothing to do, unless this stays" in hindrance.message
    assert f"role {ARN} of AWSIdentity team" in hindrance.message


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
def test_a_session_that_ended_is_replaced_and_stalls_nothing(code: str) -> None:
    error = CallError(ErrorKind.CREDENTIALS, "DescribeProjects", code, "It is expired.", principal=TEAM)
    assert isinstance(hindrance_of(error, None), Transient)
    own = hindrance_of(replace(error, principal=OPERATOR), None)
    assert isinstance(own, Terminal)  # the operator has no way to get others
    assert "operator's credentials" in own.message


def test_a_session_that_is_not_accepted_points_to_the_role_s_account() -> None:
    error = CallError(ErrorKind.CREDENTIALS, "DescribeProjects", "UnrecognizedClientException", "No.", principal=TEAM)
    hindrance = hindrance_of(error, None)
    assert isinstance(hindrance, Terminal)
    assert hindrance.reason is Reason.CREDENTIALS_INVALID
    assert f"role {ARN} of AWSIdentity team" in hindrance.message
    assert "Region is enabled for the role's account" in hindrance.message


def test_a_call_that_is_denied_to_a_role_points_to_the_role_s_policy() -> None:
    error = CallError(ErrorKind.ACCESS_DENIED, "CreateProjectVersion", "AccessDeniedException", "No.", principal=TEAM)
    message = hindrance_of(error, CREATE_VERSION).message
    assert f"Allow it in the IAM policy of role {ARN} of AWSIdentity team" in message
    assert "Training also uses the role's rights" in message
    assert "operator's" not in message


def test_the_iam_action_is_sts_s() -> None:
    assert iam_action("AssumeRole") == "sts:AssumeRole"
