"""How long is waited before the next pass?"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.memory import Memory
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 300.0
SHORTEST_SECONDS: Final = 0.2
JITTER: Final = 0.1
PATIENT_AFTER: Final = 3
"""From which failure or conflict in a row it is worth telling, and a conflict worth waiting: one alone passes."""


@dataclass(frozen=True)
class Backoff:
    """Delays that spread: what failed together must not come back together. ``draw`` gives numbers from 0 to 1."""

    draw: Callable[[], float] = random.random

    def after_failures(self, failures: int) -> float:
        """Return exponential backoff with full jitter: at most 1 s after the first failure, 5 min after the 10th."""
        longest: float = min(FIRST_SECONDS * 2.0 ** min(failures - 1, 30), LONGEST_SECONDS)
        return max(longest * self.draw(), SHORTEST_SECONDS)

    def around(self, seconds: float) -> float:
        """Return about so many seconds: 10 % more or less."""
        return seconds * (1 - JITTER + 2 * JITTER * self.draw())


def persists(hindrance: Hindrance | None, memory: Memory) -> bool:
    """Whether a passing fault, or a conflict, has come up so often in a row (this pass counted) that it is told."""
    match hindrance:
        case Transient():
            return memory.failures >= PATIENT_AFTER
        case Conflict():
            return memory.conflicts >= PATIENT_AFTER
        case _:
            return False


def requeue_of(
    hindrance: Hindrance | None,
    decided_seconds: float | None,
    no_later_than_seconds: float | None,
    memory: Memory,
    lane: Lane,
    policy: Policy,
    backoff: Backoff,
) -> Requeue:
    """Say when and in which lane the next pass is due.

    Parameters
    ----------
    hindrance, decided_seconds, no_later_than_seconds
        What ended the pass early, the delay that the decision asks for, and the longest; None where there is none.
    memory
        With this pass's failure or conflict counted.
    lane
        That of this pass: a person's change that failed stays one.
    """
    match hindrance:
        case None:
            seconds = policy.sweep_seconds if decided_seconds is None else decided_seconds
            settled = seconds >= policy.sweep_seconds
            return Requeue(backoff.around(seconds), Lane.SWEEP if settled else Lane.FLIGHT)
        case Waiting() | Terminal():
            # Who waits, or is stalled, is still looked at in each sweep: others may have changed what it has.
            seconds = min(hindrance.after_seconds, policy.sweep_seconds, no_later_than_seconds or math.inf)
            return Requeue(backoff.around(seconds), Lane.FLIGHT if isinstance(hindrance, Waiting) else Lane.SWEEP)
        case Transient():
            return Requeue(backoff.after_failures(memory.failures), lane)
        case Conflict():
            patient = persists(hindrance, memory)
            seconds = backoff.after_failures(memory.conflicts) if patient else backoff.around(policy.soon_seconds)
            return Requeue(seconds, min(lane, Lane.FLIGHT))
