"""What time is it at AWS? Its answers say so."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

SKEW: Final = timedelta(seconds=5)
"""How far the clocks of AWS's own hosts may be apart, and the seconds that its answers are cut to."""


class ServerTime:
    """AWS's own time, as far as its answers have told: the Date header of each, in whole seconds.

    It does not go back because answers overtake each other, or come from hosts whose clocks differ a little. It does
    where an answer that was asked for later says so clearly: then what was heard before was wrong.
    """

    def __init__(self) -> None:
        self._latest: datetime | None = None
        self._heard_at = 0.0

    @property
    def latest(self) -> datetime | None:
        """The time of the last answer, in UTC; None before the first."""
        return self._latest

    def hear(self, answer: object, *, asked_at: float, heard_at: float) -> None:
        """Take note of an answer of boto3, also of an error's; the moments of question and answer are seconds of ours.

        What has no date, or one that cannot be read, tells nothing.
        """
        told = _date_of(answer)
        if told is None:
            return
        corrected = self._latest is not None and asked_at >= self._heard_at and self._latest - told > SKEW
        if self._latest is None or told >= self._latest or corrected:
            self._latest, self._heard_at = told, heard_at


def _date_of(answer: object) -> datetime | None:
    """Read ResponseMetadata.HTTPHeaders.date, such as ``Fri, 23 Oct 2026 09:00:00 GMT`` (RFC 1123)."""
    for name in ("ResponseMetadata", "HTTPHeaders", "date"):
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(answer, str):
        return None
    try:
        told = parsedate_to_datetime(answer)
    except ValueError:
        return None
    return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).astimezone(UTC)
