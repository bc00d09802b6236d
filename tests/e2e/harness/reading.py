"""How is what a resource shows read in a test's words?"""

from collections.abc import Iterable
from itertools import pairwise
from typing import TypeVar

from e2e.harness.watching import Object, Sighting

Value = TypeVar("Value")


def settled(seen: Sighting) -> bool:
    """Whether the spec that is there is acted upon: the wanted version serves, and nothing is under way or wrong."""
    return (
        seen.holds("Ready")
        and seen.holds("UpToDate")
        and seen.condition("Reconciling") is None
        and seen.status.get("observedGeneration") == seen.body["metadata"]["generation"]
    )


def reason_of(seen: Sighting, kind: str) -> str | None:
    """Return the reason of a condition that is True, None where it is absent or not True."""
    condition = seen.condition(kind)
    return str(condition["reason"]) if condition is not None and condition["status"] == "True" else None


def message_of(seen: Sighting, kind: str) -> str:
    """Return the message of a condition, empty where it is absent."""
    condition = seen.condition(kind)
    return str(condition["message"]) if condition is not None else ""


def runs(seen: Sighting) -> bool:
    """Whether the version in service of a model runs."""
    return seen.holds("Serving")


def serving_of(seen: Sighting) -> Object:
    """Return status.serving, empty where it is absent."""
    return dict(seen.status.get("serving") or {})


def active_of(seen: Sighting) -> str | None:
    """Return the name of the version in service."""
    active = seen.status.get("active")
    return str(active["versionName"]) if active else None


def versions_of(seen: Sighting) -> dict[str, Object]:
    """Return what status says of each version, by its name."""
    return {version["name"]: version for version in seen.status.get("versions") or []}


def roles(seen: Sighting) -> dict[str, str]:
    """Return what each version is to the resource, by its name."""
    return {name: version["role"] for name, version in versions_of(seen).items()}


def changes(values: Iterable[Value]) -> list[Value]:
    """Return values without those that repeat the one before."""
    every = list(values)
    return [*every[:1], *(new for old, new in pairwise(every) if new != old)]


def table(printed: str) -> dict[str, str]:
    """Read kubectl's table of one line; columns stand where their headings do."""
    heading, line = printed.splitlines()
    names = [name for name in heading.split("   ") if name.strip()]
    starts = [heading.index(name.strip()) for name in names]
    ends = [*starts[1:], None]
    return {name.strip(): line[start:end].strip() for name, start, end in zip(names, starts, ends, strict=True)}
