"""What may be served from memory instead of asking AWS: tags by ARN, and the shared listing of projects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rekognition_operator.aws.shapes import is_project, project_of
from rekognition_operator.core.world import ObservedProject

PROJECT_TAGS_SECONDS: Final = 6 * 3600.0
"""How long a project's tags are believed. Those of a version are believed for ever: its ARN is never used again."""


class TagMemory:
    """Tags by ARN, until a write of ours or a fresh read. Times are seconds of the caller's clock.

    A read that began before a write ended is not remembered: it may show what was there before.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Mapping[str, str]]] = {}
        self._writes: dict[str, int] = {}

    def get(self, arn: str, *, not_before: float = float("-inf")) -> Mapping[str, str] | None:
        """Return what is known of the ARN and was read no earlier than ``not_before``."""
        known = self._known.get(arn)
        return known[1] if known is not None and known[0] >= not_before else None

    def writes(self, arn: str) -> int:
        """Return a number to take before a read and to hand to :meth:`put`."""
        return self._writes.get(arn, 0)

    def put(self, arn: str, tags: Mapping[str, str], *, read_at: float, writes: int) -> None:
        """Remember what was read, unless a write of ours came in between."""
        if self.writes(arn) == writes:
            self._known[arn] = (read_at, tags)

    def written(self, arn: str) -> None:
        """Forget the ARN's tags: a write of ours was sent, whatever came of it."""
        self._known.pop(arn, None)
        self._writes[arn] = self.writes(arn) + 1

    def keep_only(self, prefix: str, arns: Iterable[str]) -> None:
        """Forget all ARNs that begin with ``prefix`` but these: the others are gone."""
        kept = set(arns)
        self._forget([a for a in (*self._known, *self._writes) if a.startswith(prefix) and a not in kept])

    def keep_projects(self, arns: Iterable[str]) -> None:
        """Forget the tags of all projects but these, and of their versions: the others are gone."""
        projects = set(arns)
        names = {project_of(arn) for arn in projects}
        self._forget(
            [
                a
                for a in (*self._known, *self._writes)
                if a not in projects and (is_project(a) or project_of(a) not in names)
            ]
        )

    def _forget(self, arns: Iterable[str]) -> None:
        for arn in arns:
            self._known.pop(arn, None)
            self._writes.pop(arn, None)


@dataclass
class ProjectMemory:
    """Projects by name: from the last complete listing, and from single looks since. Times as in :class:`TagMemory`."""

    listed_at: float = float("-inf")
    """When the last complete listing was begun."""
    listed: int | None = None
    """How many projects it showed."""
    _listing: dict[str, tuple[ObservedProject, ...]] = field(default_factory=dict)
    _looks: dict[str, tuple[float, tuple[ObservedProject, ...]]] = field(default_factory=dict)
    _written: dict[str, float] = field(default_factory=dict)

    def get(self, name: str, *, not_before: float) -> tuple[ObservedProject, ...] | None:
        """All projects of the name, as seen no earlier than ``not_before`` and after our last write; else None."""
        read_at, found = self._looks.get(name, (float("-inf"), ()))
        if self.listed_at > read_at:
            read_at, found = self.listed_at, self._listing.get(name, ())
        return found if read_at >= not_before and read_at > self._written.get(name, float("-inf")) else None

    def is_written(self, name: str) -> bool:
        """Whether a write of ours is younger than the last listing: only a look by name tells."""
        return name in self._written and self._written[name] >= self.listed_at

    def put_listing(self, projects: Iterable[ObservedProject], *, begun_at: float) -> None:
        """Remember a complete listing."""
        if begun_at < self.listed_at:
            return
        listing: dict[str, tuple[ObservedProject, ...]] = {}
        for project in projects:
            listing[project.name] = (*listing.get(project.name, ()), project)
        self._listing = listing
        self.listed_at = begun_at
        self.listed = sum(len(found) for found in listing.values())
        self._looks = {name: look for name, look in self._looks.items() if look[0] >= begun_at}
        self._written = {name: at for name, at in self._written.items() if at >= begun_at}

    def put_look(self, name: str, found: tuple[ObservedProject, ...], *, begun_at: float) -> None:
        """Remember a look by name."""
        if begun_at >= self._looks.get(name, (float("-inf"), ()))[0]:
            self._looks[name] = (begun_at, found)

    def written(self, name: str, at: float) -> None:
        """Distrust what was seen before: a write of ours was sent."""
        self._written[name] = at


@dataclass
class RegionMemory:
    """What is remembered of one account and Region, by all who call AWS there: a write by one is known to all."""

    tags: TagMemory = field(default_factory=TagMemory)
    projects: ProjectMemory = field(default_factory=ProjectMemory)
