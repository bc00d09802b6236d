"""What happens to a Rekognition request between its arrival and its answer?"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.calls import LOST, OK
from rekognition_sandbox.emulator.errors import AwsError, throttled
from rekognition_sandbox.emulator.model import serialise, service_model
from rekognition_sandbox.emulator.operations import (
    copies,
    custom_labels,
    datasets,
    moderation,
    projects,
    serving,
    tags,
    versions,
)
from rekognition_sandbox.emulator.operations.call import Call, Handler, Result
from rekognition_sandbox.emulator.roles import SESSION_ENDED
from rekognition_sandbox.emulator.validation import parse_request
from rekognition_sandbox.emulator.wire import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.faults import Injection

logger = logging.getLogger(__name__)

#: Every operation that the emulator has; a new one is a handler in `operations/` and nothing else.
HANDLERS: Mapping[str, Handler] = {
    **projects.HANDLERS,
    **versions.HANDLERS,
    **serving.HANDLERS,
    **custom_labels.HANDLERS,
    **copies.HANDLERS,
    **datasets.HANDLERS,
    **tags.HANDLERS,
    **moderation.HANDLERS,
}


@dataclass(frozen=True)
class Arrival:
    """A request as it came."""

    operation: str
    account: str
    region: str
    user_agent: str
    body: bytes
    access_key: str


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire; `lost` when the connection is closed instead."""

    status: int
    body: str
    lost: bool = False


Fallback = Callable[[], Answer]


def answer(engine: Engine, arrival: Arrival, fallback: Fallback | None = None) -> Answer:
    """Deal with a request: throttle it, let a fault strike, validate it, do it, count it for CloudWatch, log it.

    Parameters
    ----------
    fallback
        Answers an operation that the emulator does not have (moto's own ones); it is throttled, hit by faults and
        logged like the others.
    """
    arrived_at = datetime.now(UTC)
    outcome, effect, lost, came, withhold_seconds = OK, None, False, True, 0.0
    try:
        injection = _admit(engine, arrival)
        withhold_seconds = injection.withhold_seconds
        lost = injection.answer_lost is not None
        if injection.answer_lost is AnswerLost.BEFORE_EFFECT:
            came = False
            given = Answer(500, "")
        elif arrival.operation not in HANDLERS and fallback is not None:
            given = fallback()
        else:
            result = _perform(engine, arrival)
            effect = result.effect
            given = Answer(200, json.dumps(serialise(arrival.operation, result.output)))
    except AwsError as error:
        outcome = error.code
        given = Answer(error.status, error.body())
    except Exception:
        # A bug here must look to the client as a bug at AWS does, and to us as what it is.
        logger.exception("the emulator could not answer %s", arrival.operation)
        failure = AwsError("InternalServerError", "The emulator failed; its log has the traceback.")
        outcome = failure.code
        given = Answer(failure.status, failure.body())
    if came and arrival.operation in service_model().operation_names:
        engine.metrics.request(
            arrival.account,
            arrival.region,
            arrival.operation,
            status=given.status,
            code=outcome,
            milliseconds=(datetime.now(UTC) - arrived_at).total_seconds() * 1000,
            at_ms=engine.clock.now_ms(),
        )
    engine.calls.add(
        arrived_at=arrived_at,
        emulated_at=engine.clock.now(),
        operation=arrival.operation,
        account=arrival.account,
        region=arrival.region,
        user_agent=arrival.user_agent,
        body=arrival.body,
        outcome=LOST if lost else outcome,
        effect=effect,
    )
    if withhold_seconds:
        time.sleep(withhold_seconds)
    return Answer(given.status, given.body, lost=lost)


def _admit(engine: Engine, arrival: Arrival) -> Injection:
    """Throttle the call or let it in, together with what is to go wrong; delays and injected errors happen here."""
    if engine.roles.ended(arrival.access_key):
        raise AwsError("ExpiredTokenException", SESSION_ENDED)
    quotas = engine.quotas
    rate = quotas.calls_per_second(arrival.operation, arrival.region)
    if quotas.throttling and not engine.limiter.admits(arrival.account, arrival.region, arrival.operation, rate):
        raise throttled()
    injection = engine.faults.strike(arrival.operation, arrival.region)
    if injection.delay_seconds:
        time.sleep(injection.delay_seconds)
    if injection.error:
        raise AwsError(injection.error.code, injection.error.message, injection.error.status)
    return injection


def _perform(engine: Engine, arrival: Arrival) -> Result:
    handler = HANDLERS.get(arrival.operation)
    if handler is None:
        raise _unknown(arrival.operation)
    request = parse_request(arrival.operation, arrival.body)
    engine.rights.demand_call(arrival.operation, arrival.account, arrival.region, request)
    with engine.lock:
        engine.advance()
        return handler(Call(arrival.operation, engine, engine.place(arrival.account, arrival.region)), request)


def _unknown(operation: str) -> AwsError:
    if operation in service_model().operation_names:
        have = ", ".join(sorted(HANDLERS))
        return AwsError("NotImplementedException", f"The emulator does not have {operation} yet. It has {have}.")
    return AwsError("UnknownOperationException", f"Rekognition has no operation {operation!r}.")
