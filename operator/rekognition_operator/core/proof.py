"""What was seen of a version beyond what AWS describes: its evaluation summary, and what it answers when asked?"""

from dataclasses import dataclass
from enum import StrEnum

from rekognition_operator.core.evaluation import Evaluation


class Outcome(StrEnum):
    """How a probe ended."""

    PASSED = "Passed"
    FAILED = "Failed"
    """The version answers otherwise than expected."""
    BASE_MODEL = "BaseModel"
    """The base model answered in its place."""
    UNUSABLE = "Unusable"
    """It cannot be asked until a person mends something, such as a missing image."""
    UNKNOWN = "Unknown"
    """It could not be asked for now: a passing fault."""


@dataclass(frozen=True)
class ProbeResult:
    """How one case of spec.promotion.probes ended. ``says``: what was answered, or what hindered."""

    name: str
    outcome: Outcome
    says: str = ""


@dataclass(frozen=True)
class Proof:
    """What was seen of one version.

    Attributes
    ----------
    evaluation
        The evaluation summary; None where it was not asked for, or cannot be read.
    unreadable
        Why it cannot be read, as a sentence for a person; None where it could, or was not asked for.
    passing
        Whether that may be over by itself.
    probes
        None: the version was not asked.
    """

    evaluation: Evaluation | None = None
    unreadable: str | None = None
    passing: bool = False
    probes: tuple[ProbeResult, ...] | None = None

    @property
    def base_model_answers(self) -> bool:
        """Whether the base model answers in the version's place: AWS does so, without an error, once it has expired."""
        return any(probe.outcome is Outcome.BASE_MODEL for probe in self.probes or ())

    @property
    def answers_itself(self) -> bool | None:
        """Whether the version answers, and not the base model; None: no probe has told."""
        if self.base_model_answers:
            return False
        return True if self.ended(Outcome.PASSED) or self.ended(Outcome.FAILED) else None

    def ended(self, outcome: Outcome) -> tuple[ProbeResult, ...]:
        """Return the probes that ended so."""
        return tuple(probe for probe in self.probes or () if probe.outcome is outcome)


UNSEEN = Proof()
"""Nothing was seen of the version."""
