"""How are the credentials of a role got, and renewed before they expire?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.loaders import Loader

from rekognition_operator.aws.calls import Call, CallObserver, request_id_of
from rekognition_operator.aws.classify import SDK_FAILURES, classify
from rekognition_operator.aws.errors import PASSING, CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.role_hindrance import ASSUME_ROLE
from rekognition_operator.core.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef

MOMENT_SECONDS: Final = 5.0
"""How long a failure to renew is answered to all who need the credentials, and new credentials are above suspicion."""
DEFAULT_SESSION_NAME: Final = "rekognition-operator"


def utc_now() -> datetime:
    """Return the time of this machine, by which requests are signed, too."""
    return datetime.now(UTC)


class RoleCredentials(DeferredRefreshableCredentials):
    """Credentials of one principal's role, for all of its calls; thread-safe.

    AssumeRole is called at the first use, and again 15 minutes before they expire. Where that fails they are used on;
    from 10 minutes before they expire, no call is made without new ones (botocore's RefreshableCredentials). They live
    for an hour, AWS's default: the most that a role may ask for that is itself a session of a role.

    Every use may raise :class:`.errors.CallError` with the operation AssumeRole. It passes (THROTTLED, SERVER) or is of
    kind CREDENTIALS, whatever the code: a denied AssumeRole says nothing of the call that it was needed for.

    Parameters
    ----------
    principal
        Whose role it is.
    role_arn
        Its role.
    sts
        STS in the principal's Region, called as the operator itself.
    observer
        Is told of every AssumeRole, from the thread of the call that needed it.
    clock
        Monotonic seconds.
    now
        The time, against which the expiration is held.
    """

    def __init__(
        self,
        principal: Principal,
        role_arn: str,
        sts: "STSClient",
        observer: CallObserver,
        *,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._principal = principal
        self._request = _request(principal, role_arn)
        self._client = sts
        self._observer = observer
        self._clock = clock
        self._assumed_at = 0.0
        self._failure: CallError | None = None
        self._failed_at = 0.0
        self._distrusted = False
        super().__init__(self._assume, method="assume-role", time_fetcher=now)

    def refresh_needed(self, refresh_in: int | None = None) -> bool:
        """Say whether new ones are needed: also those that AWS did not accept."""
        return self._distrusted or super().refresh_needed(refresh_in)

    def distrust(self) -> None:
        """Let the next call assume the role anew: AWS did not accept these credentials.

        Calls that were under way with the last ones may tell it of new ones, too: so not those that are a moment old.
        """
        if self._clock() - self._assumed_at >= MOMENT_SECONDS:
            self._distrusted = True

    def _assume(self) -> dict[str, str]:
        """Call AssumeRole, but once for all who wait for it where it fails."""
        if self._failure is not None and self._clock() - self._failed_at < MOMENT_SECONDS:
            raise replace(self._failure)
        started_at = self._clock()
        try:
            answer = self._client.assume_role(**self._request)
        except SDK_FAILURES as failure:
            error = classify(ASSUME_ROLE, failure)
            self._failed_at = self._clock()
            self._observe(error.kind.value, started_at, error.request_id, error.code)
            self._failure = _needed_for_a_call(error, self._principal)
            raise replace(self._failure) from failure
        self._assumed_at = self._clock()
        self._failure, self._distrusted = None, False
        self._observe("ok", started_at, request_id_of(answer), None)
        given = answer["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    def _observe(self, outcome: str, started_at: float, request_id: str | None, code: str | None) -> None:
        seconds = self._clock() - started_at
        self._observer(Call(ASSUME_ROLE, outcome, seconds, Lane.CHANGE, request_id=request_id, code=code))


def role_session(loader: Loader, credentials: RoleCredentials) -> boto3.Session:
    """Return a session that calls AWS with these credentials and no others."""
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    session.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
    return boto3.Session(botocore_session=session)


class _Given(CredentialProvider):
    METHOD = "assume-role"

    def __init__(self, credentials: RoleCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> RoleCredentials:
        return self._credentials


def _request(principal: Principal, role_arn: str) -> "AssumeRoleRequestTypeDef":
    request: AssumeRoleRequestTypeDef = {
        "RoleArn": role_arn,
        "RoleSessionName": principal.session_name or DEFAULT_SESSION_NAME,
    }
    if principal.external_id is not None:
        request["ExternalId"] = principal.external_id
    if principal.session_tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in principal.session_tags]
    return request


def _needed_for_a_call(error: CallError, principal: Principal) -> CallError:
    """Return the failure as it concerns the call that needed the role, which was not made.

    So nothing of it was lost, and the request id, by which a call counts as made, is the observer's only.
    """
    if error.kind in PASSING:
        kind, code = (ErrorKind.SERVER, "NoAnswer") if error.kind is ErrorKind.LOST else (error.kind, error.code)
        return replace(error, kind=kind, code=code, request_id=None, principal=principal)
    return replace(error, kind=ErrorKind.CREDENTIALS, cause=error.kind, request_id=None, principal=principal)
