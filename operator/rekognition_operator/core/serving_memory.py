"""What does the operator remember, in tags, of how a version of a model served?

Two tags on the version. ``serving`` says how it was when it last was as the spec asked, or that the operator has asked
AWS to start it: what differs from that since, while the spec asks for the same, was changed by others. ``stopped-by``
says why and when the operator last stopped it; it is written before AWS is asked.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from rekognition_operator.core import tags as t
from rekognition_operator.core.world import Desired, Observed, ObservedVersion, Serving

_CLOCKS_DIFFER_SECONDS: Final = 60.0
"""By how much one clock may be ahead of another, without being wrong."""


class Mark(StrEnum):
    """The first word of the tag serving."""

    STARTING = "Starting"
    RUNNING = "Running"
    STOPPED = "Stopped"


@dataclass(frozen=True)
class Marker:
    """The tag serving: how a version was last known to be, with which units, and since when."""

    mark: Mark
    units: str
    since: datetime


class Why(StrEnum):
    """Why the operator stops a version: the first word of the tag stopped-by."""

    SPEC = "spec"
    SCHEDULE = "schedule"
    IDLE = "idle"
    BUDGET = "budget"
    UNITS = "units"
    ROLLOUT = "rollout"
    DELETION = "deletion"


@dataclass(frozen=True)
class Stop:
    """The tag stopped-by. ``key``: what an idle stop holds for, see :func:`idle_key`."""

    why: Why
    at: datetime
    key: str = ""


def without_future(observed: Observed, at: datetime) -> Observed:
    """Forget of versions what these tags say of a time to come: by a wrong clock, or by others."""
    latest = at + timedelta(seconds=_CLOCKS_DIFFER_SECONDS)
    versions = []
    for version in observed.versions:
        marker, stop = read_marker(version), read_stop(version)
        ahead = {t.SERVING} if marker is not None and marker.since > latest else set()
        ahead |= {t.STOPPED_BY} if stop is not None and stop.at > latest else set()
        tags = {key: value for key, value in version.tags.items() if key not in ahead}
        versions.append(replace(version, tags=tags) if ahead else version)
    return replace(observed, versions=tuple(versions))


def marker_tags(mark: Mark, units: str, since: datetime) -> dict[str, str]:
    """Return the tag serving with this value."""
    return {t.SERVING: " ".join(filter(None, (mark.value, units, t.time_value(since))))}


def read_marker(version: ObservedVersion) -> Marker | None:
    """Read the tag serving; None where there is none that is ours."""
    match version.tags.get(t.SERVING, "").split():
        case [(Mark.STARTING | Mark.RUNNING) as mark, units, text]:
            since = t.read_time(text)
        case [Mark.STOPPED as mark, text]:
            units, since = "", t.read_time(text)
        case _:
            return None
    return Marker(Mark(mark), units, since) if since is not None else None


def stop_tags(why: Why, at: datetime, key: str = "") -> dict[str, str]:
    """Return the tag stopped-by with this value."""
    return {t.STOPPED_BY: " ".join(filter(None, (why.value, t.time_value(at), key)))}


def read_stop(version: ObservedVersion) -> Stop | None:
    """Read the tag stopped-by; None where there is none that is ours."""
    why, _, rest = version.tags.get(t.STOPPED_BY, "").partition(" ")
    time, _, key = rest.partition(" ")
    at = t.read_time(time)
    return Stop(Why(why), at, key) if at is not None and why in set(Why) else None


def stopped_since(version: ObservedVersion, marker: Marker) -> Stop | None:
    """Return the operator's last stop of a version, if it is younger than the marker."""
    stop = read_stop(version)
    return stop if stop is not None and stop.at >= marker.since else None


def idle_key(desired: Desired, serving: Serving) -> str:
    """Return what an idle stop holds for: another spec.serving, or a new word of the wake annotation, ends it."""
    schedule = serving.schedule
    windows = sorted((w.name, sorted(w.days), w.from_minute, w.to_minute) for w in schedule.windows) if schedule else []
    told = (
        serving.min_units,
        serving.max_units,
        serving.blue_green,
        schedule.zone.key if schedule else None,
        windows,
        serving.idle_after,
        serving.max_usd_per_hour,
        desired.annotations.wake,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
