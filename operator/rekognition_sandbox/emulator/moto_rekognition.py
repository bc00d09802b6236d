"""How does a Rekognition request get from moto's server to our operations?"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import moto.rekognition.urls
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.rekognition.responses import RekognitionResponse

from rekognition_sandbox.emulator.dispatch import HANDLERS, Answer, Arrival, answer
from rekognition_sandbox.emulator.errors import CONTENT_TYPE

if TYPE_CHECKING:
    from moto.core.common_types import TYPE_RESPONSE

    from rekognition_sandbox.emulator.engine import Engine

#: The WSGI environment key under which the server hands over an `Exchange`.
EXCHANGE_KEY = "rekognition_sandbox.exchange"

_CREDENTIAL_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass
class Exchange:
    """What the server gives to a request, and what it is told back: whether to close the connection unanswered."""

    engine: Engine
    answer_lost: bool = False


class EmulatedRekognitionResponse(RekognitionResponse):
    """moto's Rekognition with our operations in front; moto's own canned ones stay reachable behind them."""

    use_raw_body = True

    def call_action(self) -> TYPE_RESPONSE:
        """Answer one request."""
        exchange = cast("Exchange", self.normalized_request.environ[EXCHANGE_KEY])
        operation = self._get_action() or ""
        given = answer(
            exchange.engine,
            Arrival(
                operation=operation,
                account=self.current_account,
                region=signed_region(self.headers.get("Authorization", ""), "rekognition") or self.region,
                user_agent=self.headers.get("User-Agent", ""),
                body=self.body,
                access_key=self.get_access_key(),
            ),
            fallback=self._moto_answer if self._moto_has(operation) else None,
        )
        exchange.answer_lost = given.lost
        headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
        return given.status, headers, given.body

    def _moto_has(self, operation: str) -> bool:
        return operation not in HANDLERS and camelcase_to_underscores(operation) in method_names_from_class(
            RekognitionResponse
        )

    def _moto_answer(self) -> Answer:
        self.body = self.body.decode()
        status, _, body = super().call_action()
        return Answer(status, body if isinstance(body, str) else body.decode())


def signed_region(authorization: str, service: str) -> str | None:
    """Return the Region of a signature, which AWS goes by; moto would prefer one that the user agent names."""
    scope = _CREDENTIAL_SCOPE.search(authorization)
    return scope["region"] if scope and scope["service"] == service else None


def signed_service(authorization: str) -> str | None:
    """Return the service of a signature, such as rekognition, or monitoring for CloudWatch."""
    scope = _CREDENTIAL_SCOPE.search(authorization)
    return scope["service"] if scope else None


def signed_key(authorization: str) -> str:
    """Return the access key of a signature; empty where there is none."""
    scope = _CREDENTIAL_SCOPE.search(authorization)
    return scope["key"] if scope else ""


def install() -> None:
    """Let moto route Rekognition here, for every server in this process; doing it twice does no harm."""
    moto.rekognition.urls.url_paths["{0}/$"] = EmulatedRekognitionResponse.dispatch
