"""How is each call to AWS told to those who operate: which counters, and which log line?"""

import logging
from dataclasses import dataclass
from typing import Final

from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.controller.metrics import Metrics

logger = logging.getLogger(__name__)

_A_PERSON_MUST: Final = frozenset({ErrorKind.ACCESS_DENIED.value, ErrorKind.CREDENTIALS.value})


@dataclass(frozen=True)
class CallTeller:
    """Counts every call, and writes one line of each; implements ``CallObserver``.

    What changes something in AWS is told always, what only reads to those who debug, unless the operator lacks a right.
    """

    metrics: Metrics

    def __call__(self, call: Call) -> None:
        """Tell of a call that has ended."""
        self.metrics.aws_called(call)
        logger.log(
            _level(call),
            "Called AWS",
            extra={
                "operation": call.operation,
                "outcome": call.outcome,
                "code": call.code,
                "aws_request_id": call.request_id,
                "seconds": round(call.seconds, 3),
            },
        )


def _level(call: Call) -> int:
    failed = call.outcome != "ok"
    if failed and (call.changes or call.outcome in _A_PERSON_MUST):
        return logging.WARNING
    return logging.INFO if call.changes else logging.DEBUG
