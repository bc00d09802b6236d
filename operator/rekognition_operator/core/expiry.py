"""When will AWS stop serving a deprecated version, as far as that can be known?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rekognition_operator.core import tags as t
from rekognition_operator.core.world import ObservedVersion, VersionState

_AFTER_DAYS = (60, 90)
"""AWS stops serving a version so long after its base model was superseded (developer guide, managing adapters)."""


@dataclass(frozen=True)
class ExpiryEstimate:
    """The days between which AWS will stop serving a version. Counted from when it was first seen DEPRECATED."""

    earliest: datetime
    latest: datetime

    def __str__(self) -> str:
        return (
            f"between {self.earliest:%Y-%m-%d} and {self.latest:%Y-%m-%d} (an estimate: {_AFTER_DAYS[0]} to "
            f"{_AFTER_DAYS[1]} days from when it was first seen; AWS shows no date)"
        )


def expiry_estimate(version: ObservedVersion) -> ExpiryEstimate | None:
    """Estimate the expiry of a version; None where it is not DEPRECATED, or since when is not written down yet."""
    seen = t.read_time(version.tags.get(t.DEPRECATED_SEEN))
    if seen is None or version.state is not VersionState.DEPRECATED:
        return None
    earliest, latest = (seen + timedelta(days=days) for days in _AFTER_DAYS)
    return ExpiryEstimate(earliest, latest)


def expires_when(version: ObservedVersion) -> str:
    """Say when AWS will stop serving a deprecated version."""
    estimate = expiry_estimate(version)
    return str(estimate) if estimate is not None else "60 to 90 days after the new base model was released"


def needs_dating(version: ObservedVersion, at: datetime) -> bool:
    """Tell whether it is still to be written down since when a version is DEPRECATED; a date ahead is a wrong clock's.

    An hour of tolerance, so that two clocks that differ a little do not write it again and again.
    """
    if version.state is not VersionState.DEPRECATED:
        return False
    seen = t.read_time(version.tags.get(t.DEPRECATED_SEEN))
    return seen is None or seen - at > timedelta(hours=1)
