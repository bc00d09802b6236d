"""What does an operation get, and what does it give back?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.state import Place
    from rekognition_sandbox.emulator.training import ObjectStore


@dataclass(frozen=True)
class Call:
    """One call in the state of its account and Region; the engine's lock is held and everything due has happened."""

    operation: str
    engine: Engine
    place: Place

    @property
    def store(self) -> ObjectStore:
        """S3 as the caller sees it."""
        return self.engine.store(self.place)


@dataclass(frozen=True)
class Result:
    """An answer by the names of the output shape, and what was changed (for the call log) where something was."""

    output: Mapping[str, object]
    effect: str | None = None


# The request is a TypedDict that differs from operation to operation; validation by the model makes it true.
Handler = Callable[[Call, Any], Result]
