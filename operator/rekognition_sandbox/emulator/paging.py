"""Which items are on this page, and is this token one that we gave?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Protocol, TypeVar

from rekognition_sandbox.emulator.errors import invalid_token

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Created(Protocol):
    @property
    def created_ms(self) -> int: ...


Item = TypeVar("Item", bound=_Created)


class Pager:
    """Cuts lists into pages; a token names the last item given, so that new and deleted items disturb nothing.

    Parameters
    ----------
    secret
        What tokens are signed with: an altered token, or one from another emulator, is invalid.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def page(
        self, newest_first: Sequence[Item], *, max_results: int, token: str | None, scope: Sequence[object]
    ) -> tuple[list[Item], str | None]:
        """Return one page and the token of the next; None when this is the last.

        Parameters
        ----------
        scope
            Operation, account, Region and filters: a token is good for the request that it was given for.

        Raises
        ------
        AwsError
            InvalidPaginationTokenException.
        """
        scope_digest = hashlib.sha256(json.dumps(scope, default=str).encode()).hexdigest()[:16]
        rest: Sequence[Item] = newest_first
        if token is not None:
            before_ms = self._read(token, scope_digest)
            rest = [item for item in newest_first if item.created_ms < before_ms]
        page = list(rest[:max_results])
        if len(rest) <= max_results:
            return page, None
        return page, self._write(page[-1].created_ms, scope_digest)

    def _write(self, before_ms: int, scope_digest: str) -> str:
        payload = f"{before_ms}.{scope_digest}"
        return base64.urlsafe_b64encode(f"{payload}.{self._sign(payload)}".encode()).decode()

    def _read(self, token: str, scope_digest: str) -> int:
        try:
            payload, _, signature = base64.b64decode(token, altchars=b"-_", validate=True).decode().rpartition(".")
            before_ms, _, scope = payload.partition(".")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise invalid_token() from None
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()) or scope != scope_digest:
            raise invalid_token()
        return int(before_ms)

    def _sign(self, payload: str) -> str:
        return hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()[:16]
