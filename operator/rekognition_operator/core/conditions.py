"""How are conditions written, so that they change only where something has?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal

from rekognition_operator.api.common import Condition
from rekognition_operator.api.conditions import ConditionType, Reason

Truth = Literal["True", "False", "Unknown"]
MAX_MESSAGE: Final = 32768


def truth(holds: bool | None) -> Truth:
    """Return what a condition's status is called; None: it is not known."""
    if holds is None:
        return "Unknown"
    return "True" if holds else "False"


def conditions_of(
    wanted: Iterable[tuple[ConditionType, Truth, Reason, str]],
    before: Iterable[Condition],
    generation: int,
    now: datetime,
) -> list[Condition]:
    """Return these conditions, each with the time since when it has had its status, in whole seconds."""
    kept = {condition.type: condition for condition in before}
    written = []
    for kind, status, reason, message in wanted:
        last = kept.get(kind.value)
        same = last is not None and last.status == status
        written.append(
            Condition(
                type=kind.value,
                status=status,
                reason=reason.value,
                message=message[:MAX_MESSAGE],
                last_transition_time=last.last_transition_time if last is not None and same else whole_second(now),
                observed_generation=generation,
            )
        )
    return written


def whole_second(moment: datetime) -> datetime:
    """Cut a time to seconds of UTC, as Kubernetes writes times."""
    return moment.astimezone(UTC).replace(microsecond=0)
