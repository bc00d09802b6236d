"""How do models start, run and stop in the fake, and how does a test decide it?"""

from datetime import datetime
from typing import Final

from fakes._rekognition_state import VersionRecord
from fakes._rekognition_world import RekognitionWorld
from rekognition_operator.core.world import VersionState

RUNNING: Final = frozenset({VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING})
"""States in which a version takes one of the account's running models (INFERRED)."""


class ServingWorld(RekognitionWorld):
    """What a test does to models, beside what it does to projects and versions."""

    _doom: str | None = None

    def run(self, version: str, *, min_units: int = 1, max_units: int | None = None) -> None:
        """Let a model run, as after a start by a person, past all checks."""
        record = self.version(version)
        record.min_inference_units, record.max_inference_units = min_units, max_units
        self.set_status(record.arn, VersionState.RUNNING, "The model is running.")

    def finish_start(self, version: str) -> None:
        """Let a start end: RUNNING, or FAILED where that was asked for."""
        record = self._in(version, VersionState.STARTING)
        doom, record.doom = record.doom, None
        if doom is not None:
            self.set_status(record.arn, VersionState.FAILED, doom)
        else:
            self.set_status(record.arn, VersionState.RUNNING, "The model is running.")

    def fail_start(self, version: str, message: str = "Insufficient capacity.") -> None:
        """Let a start that is under way fail now with AWS's ``message``."""
        record = self._in(version, VersionState.STARTING)
        record.doom = None
        self.set_status(record.arn, VersionState.FAILED, message)

    def fail_next_start(self, message: str = "Insufficient capacity.") -> None:
        """Let the next start that the operator asks for be accepted, and end FAILED."""
        self._doom = message

    def finish_stop(self, version: str) -> None:
        """Let a stop end: STOPPED."""
        record = self._in(version, VersionState.STOPPING)
        self.set_status(record.arn, VersionState.STOPPED, "The model has stopped.")

    def add_requests(self, count: float = 1, at: datetime | None = None) -> None:
        """Let models answer DetectCustomLabels, now or at another time."""
        self.meter.count(count, at or self._now())

    def advance(self) -> None:
        """Let AWS finish what it does by itself but training: also starts and stops of models."""
        super().advance()
        for version in self.versions:
            if version.state is VersionState.STARTING:
                self.finish_start(version.arn)
            elif version.state is VersionState.STOPPING:
                self.finish_stop(version.arn)

    def _begin_start(self, version: VersionRecord, min_units: int, max_units: int | None) -> None:
        version.min_inference_units, version.max_inference_units = min_units, max_units
        version.doom, self._doom = self._doom, None
        self.set_status(version.arn, VersionState.STARTING, "The model is starting.")

    def _in(self, version: str, state: VersionState) -> VersionRecord:
        record = self.version(version)
        assert record.state is state, f"{record.name} is {record.status}, not {state}"
        return record
