"""Which calls shall go wrong, and how?"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass

from rekognition_sandbox.emulator.wire import ANY_OPERATION, AnswerLost, ErrorSpec, FaultSpec, FaultView


@dataclass(frozen=True)
class Injection:
    """What goes wrong with one call; nothing, by default."""

    delay_seconds: float = 0
    withhold_seconds: float = 0
    error: ErrorSpec | None = None
    answer_lost: AnswerLost | None = None


@dataclass
class _Fault:
    id: int
    spec: FaultSpec
    calls_seen: int = 0
    struck: int = 0

    def concerns(self, operation: str, region: str | None) -> bool:
        if self.spec.region not in {region, None}:
            return False
        return self.spec.operation in {ANY_OPERATION, operation}

    def strikes(self, rng: random.Random) -> bool:
        self.calls_seen += 1
        if self.calls_seen < (self.spec.nth or 1):
            return False
        if self.spec.strikes is not None and self.struck >= self.spec.strikes:
            return False
        if self.spec.probability is not None and rng.random() >= self.spec.probability:
            return False
        self.struck += 1
        return True

    def view(self) -> FaultView:
        return FaultView(id=self.id, spec=self.spec, calls_seen=self.calls_seen, struck=self.struck)


class FaultBook:
    """The faults that were asked for.

    Parameters
    ----------
    seed
        Decides the faults with a probability: the same seed and calls, the same faults.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._last_id = 0

    def add(self, spec: FaultSpec) -> FaultView:
        """Let something go wrong from now on."""
        with self._lock:
            self._last_id += 1
            fault = _Fault(self._last_id, spec)
            self._faults.append(fault)
            return fault.view()

    def views(self) -> list[FaultView]:
        """Return all faults, used up ones too."""
        with self._lock:
            return [fault.view() for fault in self._faults]

    def clear(self, region: str | None = None) -> None:
        """Let nothing go wrong any more; or end only the faults that were asked for in one Region."""
        with self._lock:
            self._faults = [fault for fault in self._faults if region is not None and fault.spec.region != region]

    def strike(self, operation: str, region: str | None = None) -> Injection:
        """Count a call and tell what goes wrong with it: delays add up, of the rest the oldest fault decides."""
        with self._lock:
            mine = [fault for fault in self._faults if fault.concerns(operation, region)]
            striking = [fault.spec for fault in mine if fault.strikes(self._rng)]
        decisive = next((spec for spec in striking if spec.error or spec.answer_lost), None)
        return Injection(
            delay_seconds=sum(spec.delay_seconds for spec in striking),
            withhold_seconds=sum(spec.withhold_seconds for spec in striking),
            error=decisive.error if decisive else None,
            answer_lost=decisive.answer_lost if decisive else None,
        )
