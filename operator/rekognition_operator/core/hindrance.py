"""What kept an action or a look from succeeding, and what follows from it?"""

from dataclasses import dataclass

from rekognition_operator.api.conditions import Reason

ANSWER_LOST = "AnswerLost"
"""Stands for AWS's code where a call may have had its effect, and no answer tells."""


_NAME_IN_USE = frozenset(
    {"ResourceInUseException", "ResourceAlreadyExistsException", "ResourceNotReadyException", ANSWER_LOST}
)
"""Codes of a CreateProjectVersion whose version may be there, and not be listed yet."""


@dataclass(frozen=True)
class Waiting:
    """Not now: a quota or something in progress. Not a failure; tried again after ``after_seconds``."""

    reason: Reason
    message: str
    after_seconds: float
    waiting_for: str | None = None
    """The scarce thing, for status.queue, with ``position`` (from 1) in its queue."""
    position: int | None = None
    no_room: bool = False
    """Whether nobody who has the scarce thing will give it back by itself, so that a hand-over may wait for ever."""


@dataclass(frozen=True)
class Transient:
    """A passing fault (network, AWS 5xx, throttling): tried again with a growing, jittered delay."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class Terminal:
    """It will not get better without a person: Stalled. Looked at again only every ``after_seconds``."""

    reason: Reason
    message: str
    after_seconds: float


@dataclass(frozen=True)
class Conflict:
    """The world is not what the decision was made on: observe again, soon."""

    message: str


Hindrance = Waiting | Transient | Terminal | Conflict


@dataclass(frozen=True)
class CreateAttempt:
    """A CreateProjectVersion that was answered by an error or not at all, and whose version is not listed (yet).

    Times are seconds of the caller's clock as ``datetime.timestamp()``. Kept in memory only: losing it asks once more,
    under the same name, which can create nothing twice.
    """

    request_key: str
    """That of the :class:`..actions.CreateVersion`."""
    version_name: str
    code: str
    """AWS's error code, or :data:`ANSWER_LOST`."""
    message: str
    first_at: float
    last_at: float

    @property
    def refused(self) -> bool:
        """Whether AWS has refused the request, so that no version of it can come."""
        return self.code not in _NAME_IN_USE
