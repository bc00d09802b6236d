"""How are roles assumed in the emulated AWS? By moto's STS, where the role's trust and the faults let it."""

from __future__ import annotations

import time
from datetime import UTC
from typing import TYPE_CHECKING, Any, Never, cast

import moto.sts.urls
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.moto_rekognition import EXCHANGE_KEY, Exchange, signed_region
from rekognition_sandbox.emulator.rights import denial
from rekognition_sandbox.emulator.roles import FORBIDDEN, SESSION_ENDED, RoleRequest

if TYPE_CHECKING:
    from moto.core.common_types import TYPE_RESPONSE
    from moto.core.responses import ActionResult
    from moto.sts.models import AssumedRole

ASSUME_ROLE = "AssumeRole"


class EmulatedStsResponse(TokenResponse):
    """moto's STS; calls with the credentials that it gives are made in the account of the role."""

    def __init__(self) -> None:
        super().__init__()
        self._error_status: int | None = None

    def call_action(self) -> TYPE_RESPONSE:
        """Answer one request; the Region is that of the signature, as for Rekognition."""
        self.region = signed_region(self.headers.get("Authorization", ""), "sts") or self.region
        status, headers, body = super().call_action()
        return self._error_status or status, headers, body  # moto takes every error that is not declared for a 400

    def get_caller_identity(self) -> ActionResult:
        """Answer GetCallerIdentity."""
        self._demand_session()
        return super().get_caller_identity()

    def assume_role(self) -> ActionResult:
        """Answer AssumeRole."""
        self._demand_session()
        given: list[dict[str, str]] = self._get_param("Tags") or []
        request = RoleRequest(
            role_arn=self._get_param("RoleArn"),
            session_name=self._get_param("RoleSessionName"),
            external_id=self._get_param("ExternalId"),
            tags=tuple((tag["Key"], tag["Value"]) for tag in given),
        )
        outcome = "ok"
        try:
            return self._assume(request)
        except AwsError as error:
            outcome = error.code
            self._refuse(error)
        finally:
            self._exchange.engine.roles.record(
                request, caller_account=self.current_account, region=self.region, outcome=outcome
            )

    def _assume(self, request: RoleRequest) -> ActionResult:
        engine = self._exchange.engine
        injection = engine.faults.strike(ASSUME_ROLE, self.region)
        if injection.delay_seconds + injection.withhold_seconds:
            time.sleep(injection.delay_seconds + injection.withhold_seconds)
        self._exchange.answer_lost = injection.answer_lost is not None
        if injection.error:
            raise AwsError(injection.error.code, injection.error.message, injection.error.status)
        request.check()
        for action in ("sts:AssumeRole", "sts:TagSession") if request.tags else ("sts:AssumeRole",):
            if not engine.rights.allow(action, request.role_arn):
                raise AwsError("AccessDenied", denial(action, request.role_arn, self.current_account), FORBIDDEN)
        engine.roles.demand(request, self.current_account)
        answer = super().assume_role()
        role: AssumedRole = cast("dict[str, Any]", answer.result)["Credentials"]
        engine.roles.begin(role.access_key_id, request.role_arn, role.expiration.replace(tzinfo=UTC))
        return answer

    def _demand_session(self) -> None:
        if self._exchange.engine.roles.ended(self.get_access_key()):
            self._refuse(AwsError("ExpiredToken", SESSION_ENDED, FORBIDDEN))

    def _refuse(self, error: AwsError) -> Never:
        self._error_status = error.status
        raise STSClientError(error.code, error.message)

    @property
    def _exchange(self) -> Exchange:
        return cast("Exchange", self.normalized_request.environ[EXCHANGE_KEY])


def install() -> None:
    """Let moto route STS here, for every server in this process; doing it twice does no harm."""
    moto.sts.urls.url_paths["{0}/$"] = EmulatedStsResponse.dispatch
