"""When was an object of the emulated S3 last modified? At the emulated time, by which versions are created, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3 import models

if TYPE_CHECKING:
    from datetime import datetime

    from rekognition_sandbox.emulator.clock import EmulatedClock


def install(clock: EmulatedClock) -> None:
    """Let moto date objects by a clock; the buckets are those of the whole process, so the last one holds."""

    def now() -> datetime:
        return clock.now().replace(tzinfo=None)  # as moto's own does

    models.utcnow = now  # type: ignore[attr-defined]  # where moto imports it to
