"""How does a failed call to AWS look, whatever the SDK made of it?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rekognition_operator.core.principal import OPERATOR, Principal


class ErrorKind(StrEnum):
    """What a failed call means, whatever its code."""

    THROTTLED = "Throttled"
    ACCESS_DENIED = "AccessDenied"
    CREDENTIALS = "Credentials"
    NOT_FOUND = "NotFound"
    IN_USE = "InUse"
    LIMIT = "Limit"
    INVALID = "Invalid"
    SERVER = "Server"
    LOST = "Lost"


PASSING: Final = frozenset({ErrorKind.THROTTLED, ErrorKind.SERVER, ErrorKind.LOST})
"""What ends by itself."""


@dataclass(eq=False)  # not frozen: Python itself writes __traceback__
class CallError(Exception):
    """A call to AWS that did not succeed.

    ``operation`` is AWS's name, such as CreateProject. ``code`` is AWS's error code, or ``AnswerLost`` where the
    connection ended before an answer: the effect may have happened. ``request_id`` is AWS's, where there was an answer.
    ``resource`` is what the call was about, where only the gateway knows it. ``principal`` is who called. ``cause`` is
    the kind of AssumeRole's own failure, where that is why a call has no credentials.
    """

    kind: ErrorKind
    operation: str
    code: str
    message: str
    request_id: str | None = None
    resource: str | None = None
    principal: Principal = OPERATOR
    cause: ErrorKind | None = None

    def __str__(self) -> str:
        return f"{self.operation}: {self.code}: {self.message}"
