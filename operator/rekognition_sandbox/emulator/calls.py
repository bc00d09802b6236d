"""Which Rekognition requests came, and what became of them?"""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.wire import CallRecord

if TYPE_CHECKING:
    from datetime import datetime

OK = "ok"
LOST = "lost"
#: So many records are kept; older ones go first.
CAPACITY = 200_000
_LONGEST_STRING = 4096


class CallLog:
    """Every request of the project, version, tag and detection operations, in order of completion."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: deque[CallRecord] = deque(maxlen=CAPACITY)
        self._last_sequence = 0

    def add(
        self,
        *,
        arrived_at: datetime,
        emulated_at: datetime,
        operation: str,
        account: str,
        region: str,
        user_agent: str,
        body: bytes,
        outcome: str,
        effect: str | None,
    ) -> None:
        """Record a request that has been dealt with."""
        parameters = _readable(body)
        with self._lock:
            self._last_sequence += 1
            self._records.append(
                CallRecord(
                    sequence=self._last_sequence,
                    arrived_at=arrived_at,
                    emulated_at=emulated_at,
                    operation=operation,
                    account=account,
                    region=region,
                    user_agent=user_agent,
                    parameters=parameters,
                    outcome=outcome,
                    effect=effect,
                )
            )

    def records(self, *, operation: str | None = None, region: str | None = None, since: int = 0) -> list[CallRecord]:
        """Return records with a sequence above `since`, of one operation and Region or of all."""
        with self._lock:
            return [
                record
                for record in self._records
                if record.sequence > since and operation in {None, record.operation} and region in {None, record.region}
            ]

    def clear(self) -> None:
        """Forget all records; the sequence goes on."""
        with self._lock:
            self._records.clear()


def _readable(body: bytes) -> dict[str, object]:
    try:
        document: object = json.loads(body or b"{}")
    except ValueError:
        return {}
    shortened = _shorten(document)
    return shortened if isinstance(shortened, dict) else {}


def _shorten(value: object) -> object:
    match value:
        case dict():
            return {name: _shorten(member) for name, member in value.items()}
        case list():
            return [_shorten(item) for item in value]
        case str() if len(value) > _LONGEST_STRING:
            return f"<{len(value)} characters>"
        case _:
            return value
