"""Which models ran in the fake, for how long, and how often were they asked? What CloudWatch would know of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LISTED: Final = timedelta(days=14)
"""ListMetrics shows what had data in the past two weeks."""
Ran = tuple[str, str]
"""Whose units: the names of project and version, which are CloudWatch's dimensions."""


@dataclass
class Run:
    """A stretch of time in which a version was RUNNING with so many inference units."""

    ran: Ran
    units: int
    began_at: datetime
    ended_at: datetime | None = None


class Meter:
    """Runs and requests; both outlive the versions that they are of."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        """Every run, in the order of their beginnings."""
        self._open: dict[str, Run] = {}
        self._requests: list[tuple[datetime, float]] = []

    def read(self, now: datetime, running: Mapping[str, tuple[str, str, int]]) -> None:
        """Note which versions run at a moment: (project name, version name, units) by ARN."""
        for arn, run in list(self._open.items()):
            if arn not in running or running[arn][2] != run.units:
                self._open.pop(arn).ended_at = now
        for arn, (project_name, version_name, units) in running.items():
            if arn not in self._open:
                self._open[arn] = Run((project_name, version_name), units, now)
                self.runs.append(self._open[arn])

    def count(self, requests: float, at: datetime) -> None:
        """Count successful requests at a moment."""
        self._requests.append((at, requests))

    def unit_hours(self, whose: Collection[Ran], since: datetime, until: datetime, now: datetime) -> float:
        """Add up units times hours in [since, until), none of them in the future."""
        hours = 0.0
        for run in self.runs:
            if run.ran in whose:
                end = min(until, now, run.ended_at or now)
                hours += run.units * max(0.0, (end - max(since, run.began_at)) / timedelta(hours=1))
        return hours

    def throughout(self, whose: Ran, since: datetime, until: datetime) -> bool:
        """Whether a version ran in all of [since, until), be it with other units in between."""
        reached = since
        for run in self.runs:
            if run.ran == whose and run.began_at <= reached:
                reached = max(reached, run.ended_at or until)
        return reached >= until

    def requests(self, since: datetime, until: datetime) -> float:
        """Add up the requests in [since, until)."""
        return sum(count for at, count in self._requests if since <= at < until)

    def listed(self, now: datetime) -> frozenset[Ran]:
        """Whose units ListMetrics shows."""
        return frozenset(run.ran for run in self.runs if run.ended_at is None or run.ended_at > now - LISTED)
