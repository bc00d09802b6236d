"""What follows where the role of an AWSIdentity cannot be assumed, or its session is not accepted?"""

from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import PASSING, CallError, ErrorKind
from rekognition_operator.core.hindrance import Hindrance, Terminal, Transient
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.wording import clause

ASSUME_ROLE: Final = "AssumeRole"
ROLE_RETRY_SECONDS: Final = 600.0
"""How often a role that was refused is asked for again without anybody asking."""

_SESSION_ENDED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_REGION_DISABLED: Final = "RegionDisabledException"
_AGAIN: Final = (
    f". Tried again every {ROLE_RETRY_SECONDS / 60:.0f} minutes, and when the resource or the AWSIdentity changes"
)


def role_of(principal: Principal) -> str:
    """Name a role for a person."""
    return f"role {principal.role_arn} of AWSIdentity {principal.identity}"


def role_hindrance(error: CallError) -> Hindrance | None:
    """Say what follows, by the error's principal; None where the failure is not one of its role's.

    A session that AWS did not accept is replaced with the next call: so the resource is not Stalled for it.
    """
    principal = error.principal
    if principal.role_arn is None:
        return None
    if error.operation == ASSUME_ROLE:
        return _not_assumed(error, role_of(principal))
    if error.kind is not ErrorKind.CREDENTIALS:
        return None
    if error.code in _SESSION_ENDED:
        return Transient(
            Reason.RETRYING,
            f"AWS says that the session of {role_of(principal)} has ended ({error.operation}: {error.code}); the role "
            "is assumed again. Nothing to do, unless this stays: then check the clock of the operator's node",
        )
    return Terminal(
        Reason.CREDENTIALS_INVALID,
        f"AWS did not accept the session of {role_of(principal)} ({error.operation}: {error.code}: "
        f"{clause(error.message)}). Check that the Region is enabled for the role's account, the endpoints of the "
        "AWSIdentity, and the clock of the operator's node" + _AGAIN,
        ROLE_RETRY_SECONDS,
    )


def _not_assumed(error: CallError, role: str) -> Hindrance:
    says = f"({error.code}: {clause(error.message)})"
    if error.kind in PASSING:
        return Transient(
            Reason.RETRYING,
            f"The operator could not assume {role} {says}; it is tried again. Nothing to do, unless this stays: then "
            "check the network between the operator and STS in the Region, and the AWS health dashboard",
        )
    reason, text = _lasting(error, f"{role} {says}")
    return Terminal(reason, text + _AGAIN, ROLE_RETRY_SECONDS)


def _lasting(error: CallError, role: str) -> tuple[Reason, str]:
    if error.code == _REGION_DISABLED:
        text = (
            f"STS of the Region gives no session of {role}. Activate the Region for STS in the account settings of IAM "
            "in the role's account, or use another Region"
        )
        return Reason.CREDENTIALS_INVALID, text
    match error.cause or error.kind:
        case ErrorKind.ACCESS_DENIED:
            text = (
                f"AWS refused the operator sts:AssumeRole on {role}. Let the role's trust policy allow the operator's "
                "role sts:AssumeRole and sts:TagSession, with exactly the external id of the AWSIdentity where it asks "
                "for one, and let the operator's own policy allow both on the role (iam/trust-identity.json and "
                "iam/identities.json)"
            )
            return Reason.ACCESS_DENIED, text
        case ErrorKind.CREDENTIALS:
            text = (
                f"The operator's own credentials do not work, by which it assumes {role}. Check its service account's "
                "role or its AWS_* variables, and the clock of its node"
            )
            return Reason.CREDENTIALS_INVALID, text
        case _:
            text = (
                f"STS found the request for {role} invalid. Look at roleArn, externalId and sessionTags of the "
                "AWSIdentity"
            )
            return Reason.INVALID_REQUEST, text
