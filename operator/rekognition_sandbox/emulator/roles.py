"""Which roles may be assumed, by which requests were they, and whose sessions have ended?"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.wire import AssumeRoleRecord, RoleTrust

if TYPE_CHECKING:
    from collections.abc import Callable

FORBIDDEN = 403
SESSION_ENDED = "The security token included in the request is expired"  # AWS's own text

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_TAG = re.compile(r"[\w\s.:/=+\-@]*")
_MAX_TAGS, _MAX_KEY, _MAX_VALUE = 50, 128, 256


@dataclass(frozen=True)
class RoleRequest:
    """What AssumeRole was asked for."""

    role_arn: str
    session_name: str
    external_id: str | None
    tags: tuple[tuple[str, str], ...]

    def check(self) -> None:
        """Raise ValidationError where the API reference does not allow it."""
        wrong = [
            name
            for name, pattern, value in (
                ("roleArn", _ROLE_ARN, self.role_arn),
                ("roleSessionName", _SESSION_NAME, self.session_name),
                ("externalId", _EXTERNAL_ID, self.external_id),
            )
            if value is not None and pattern.fullmatch(value) is None
        ]
        keys = [key.lower() for key, _ in self.tags]
        if len(keys) > _MAX_TAGS or len(set(keys)) < len(keys) or not all(_fits(*tag) for tag in self.tags):
            wrong.append("tags")
        if wrong:
            text = f"{len(wrong)} validation error detected: Value at '{wrong[0]}' failed to satisfy constraint"
            raise AwsError("ValidationError", text)


class RoleBook:
    """What is known of roles, sessions and requests; a role of which nothing was said may be assumed by anybody.

    Parameters
    ----------
    now
        The time by which sessions expire: that of clients, which hold the expiration against their own clock.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._trusts: dict[str, RoleTrust] = {}
        self._sessions: dict[str, tuple[str, datetime]] = {}
        self._records: list[AssumeRoleRecord] = []

    def trust(self, trust: RoleTrust) -> None:
        """Let a role be assumed by such requests only, from now on."""
        with self._lock:
            self._trusts[trust.role_arn] = trust

    def demand(self, request: RoleRequest, caller_account: str) -> None:
        """Raise AccessDenied, in AWS's words, unless the role trusts the request."""
        trust = self._trusts.get(request.role_arn)
        if trust is None:
            return
        trusted = trust.assumable and trust.external_id in {None, request.external_id}
        if not trusted or (request.tags and not trust.tags_allowed):
            action = "sts:AssumeRole" if not trusted else "sts:TagSession"
            text = (
                f"User: arn:aws:iam::{caller_account}:root is not authorized to perform: {action} on resource: "
                f"{request.role_arn}"
            )
            raise AwsError("AccessDenied", text, FORBIDDEN)

    def begin(self, access_key: str, role_arn: str, expires_at: datetime) -> None:
        """Note the credentials that were given for a role."""
        with self._lock:
            self._sessions[access_key] = (role_arn, expires_at)

    def expire(self, role_arn: str | None) -> None:
        """End all sessions that there are of a role, or of every role."""
        with self._lock:
            for access_key, (of, _) in self._sessions.items():
                if role_arn in {None, of}:
                    self._sessions[access_key] = (of, self._now())

    def ended(self, access_key: str) -> bool:
        """Say whether the credentials are those of a session that has ended."""
        _, expires_at = self._sessions.get(access_key, ("", None))
        return expires_at is not None and expires_at <= self._now()

    def record(self, request: RoleRequest, *, caller_account: str, region: str, outcome: str) -> None:
        """Note a request and what became of it."""
        with self._lock:
            self._records.append(
                AssumeRoleRecord(
                    role_arn=request.role_arn,
                    session_name=request.session_name,
                    external_id=request.external_id,
                    tags=dict(request.tags),
                    caller_account=caller_account,
                    region=region,
                    outcome=outcome,
                )
            )

    def records(self, role_arn: str | None = None) -> list[AssumeRoleRecord]:
        """Return the requests for a role, or all, in order."""
        with self._lock:
            return [record for record in self._records if role_arn in {None, record.role_arn}]


def _fits(key: str, value: str) -> bool:
    lengths = 1 <= len(key) <= _MAX_KEY and len(value) <= _MAX_VALUE
    return lengths and _TAG.fullmatch(key) is not None and _TAG.fullmatch(value) is not None
