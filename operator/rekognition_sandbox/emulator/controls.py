"""What do the control endpoints under /moto-api/rekognition/ do?"""

from __future__ import annotations

from dataclasses import asdict, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from rekognition_sandbox.emulator import world
from rekognition_sandbox.emulator.clock import Move
from rekognition_sandbox.emulator.metrics import CLOUDWATCH_READS
from rekognition_sandbox.emulator.model import service_model
from rekognition_sandbox.emulator.moto_sts import ASSUME_ROLE
from rekognition_sandbox.emulator.store import forget_objects
from rekognition_sandbox.emulator.wire import (
    ANY_OPERATION,
    CONTROL_PREFIX,
    BaseModelChange,
    BaseModelView,
    ClockChange,
    ClockView,
    ControlProblem,
    DatasetSpec,
    DatasetView,
    FaultSpec,
    ForeignVersion,
    Health,
    Hold,
    Holds,
    QuotaChange,
    QuotaView,
    ResetSpec,
    RightsChange,
    RoleTrust,
    SessionEnd,
    StartFailure,
    VersionChange,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from rekognition_sandbox.emulator.engine import Engine

Spec = TypeVar("Spec", bound=BaseModel)
Given = BaseModel | list[BaseModel] | None


class Controls:
    """The control endpoints of one engine, as a WSGI application."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._routes: Mapping[tuple[str, str], Callable[[Request], Given]] = {
            ("GET", "/health"): lambda _: Health(),
            ("POST", "/faults"): self._add_fault,
            ("GET", "/faults"): lambda _: [*engine.faults.views()],
            ("DELETE", "/faults"): lambda request: engine.faults.clear(request.args.get("region")),
            ("POST", "/start-failures"): lambda request: engine.start_failures.add(_read(request, StartFailure)),
            ("GET", "/start-failures"): lambda _: [*engine.start_failures.views()],
            ("DELETE", "/start-failures"): lambda _: engine.start_failures.clear(),
            ("GET", "/calls"): self._calls,
            ("DELETE", "/calls"): lambda _: engine.calls.clear(),
            ("GET", "/clock"): lambda _: self._clock(),
            ("PUT", "/clock"): self._change_clock,
            ("GET", "/held-trainings"): lambda _: self._held(Move.TRAINING),
            ("PUT", "/held-trainings"): lambda request: self._hold(Move.TRAINING, request),
            ("GET", "/held-serving"): lambda _: self._held(Move.SERVING),
            ("PUT", "/held-serving"): lambda request: self._hold(Move.SERVING, request),
            ("GET", "/quotas"): lambda _: self._quotas(),
            ("PUT", "/quotas"): self._change_quotas,
            ("PUT", "/rights"): lambda request: engine.rights.give(_read(request, RightsChange).policy),
            ("PUT", "/roles"): lambda request: engine.roles.trust(_read(request, RoleTrust)),
            ("GET", "/assumed-roles"): lambda request: [*engine.roles.records(request.args.get("role_arn"))],
            ("POST", "/ended-sessions"): lambda request: engine.roles.expire(_read(request, SessionEnd).role_arn),
            ("POST", "/versions"): lambda request: world.add_foreign_version(engine, _read(request, ForeignVersion)),
            ("GET", "/base-model"): lambda _: self._base_model(),
            ("PUT", "/base-model"): self._release_base_model,
            ("POST", "/datasets"): lambda request: DatasetView(
                arn=world.add_dataset(engine, _read(request, DatasetSpec))
            ),
            ("POST", "/reset"): self._reset,
        }
        rules = [Rule(path, methods=[method], endpoint=(method, path)) for method, path in self._routes]
        self._map = Map([*rules, Rule("/versions/<path:arn>", methods=["PUT"], endpoint="version")])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request whose path starts with the control prefix."""
        request = Request(environ)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        path = request.path.removeprefix(CONTROL_PREFIX)
        try:
            endpoint, arguments = self._map.bind("").match(path, method=request.method)
            if endpoint == "version":
                change = _read(request, VersionChange)
                return _json(200, world.change_version(self._engine, unquote(arguments["arn"]), change))
            return _json(200, self._routes[endpoint](request))
        except HTTPException as error:
            have = ", ".join(f"{method} {CONTROL_PREFIX}{path}" for method, path in self._routes)
            text = f"There is no {request.method} {request.path}. There is {have}, PUT {CONTROL_PREFIX}/versions/<arn>."
            return _json(error.code or 404, ControlProblem(error=text))
        except ValidationError as error:
            return _json(400, ControlProblem(error=_explain(error)))
        except world.NoSuchThingError as error:
            return _json(404, ControlProblem(error=str(error)))
        except ValueError as error:
            return _json(400, ControlProblem(error=str(error)))

    def _add_fault(self, request: Request) -> Given:
        spec = _read(request, FaultSpec)
        operations = [*service_model().operation_names, *CLOUDWATCH_READS, ASSUME_ROLE]
        if spec.operation != ANY_OPERATION and spec.operation not in operations:
            near = get_close_matches(spec.operation, operations, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Use an operation's name or {ANY_OPERATION} for all."
            raise ValueError(
                f"operation: neither Rekognition nor the emulated CloudWatch and STS have {spec.operation!r}. {hint}"
            )
        return self._engine.faults.add(spec)

    def _calls(self, request: Request) -> Given:
        asked = request.args
        since = asked.get("since", "0")
        if not since.isdecimal():
            raise ValueError(
                f"since: {since!r} is no sequence number. Use the sequence of the last record that you have."
            )
        operation, region = request.args.get("operation"), request.args.get("region")
        return [*self._engine.calls.records(operation=operation, region=region, since=int(since))]

    def _clock(self) -> ClockView:
        return ClockView(now=self._engine.clock.now(), time_scale=self._engine.clock.time_scale)

    def _change_clock(self, request: Request) -> Given:
        change = _read(request, ClockChange)
        self._engine.set_clock(time_scale=change.time_scale, advance_seconds=change.advance_seconds)
        return self._clock()

    def _held(self, move: Move) -> Holds:
        with self._engine.lock:
            return Holds(regions=sorted(region for held, region in self._engine.timeline.held if held is move))

    def _hold(self, move: Move, request: Request) -> Given:
        change = _read(request, Hold)
        if change.held:
            self._engine.hold(move, change.region)
        else:
            self._engine.release(move, change.region)
        return self._held(move)

    def _quotas(self) -> QuotaView:
        return QuotaView(**asdict(self._engine.quotas))

    def _change_quotas(self, request: Request) -> Given:
        change = _read(request, QuotaChange)
        with self._engine.lock:
            self._engine.quotas = replace(self._engine.quotas, **change.model_dump(exclude_none=True))
        return self._quotas()

    def _base_model(self) -> BaseModelView:
        return BaseModelView(version=self._engine.base_model_version)

    def _release_base_model(self, request: Request) -> Given:
        world.release_base_model(self._engine, _read(request, BaseModelChange))
        return self._base_model()

    def _reset(self, request: Request) -> Given:
        spec = _read(request, ResetSpec)
        self._engine.reset()
        if spec.s3:
            forget_objects()
        return None


def _read(request: Request, kind: type[Spec]) -> Spec:
    return kind.model_validate_json(request.get_data() or b"{}")


def _json(status: int, body: Given) -> Response:
    match body:
        case None:
            text = "{}"
        case list():
            text = f"[{','.join(item.model_dump_json() for item in body)}]"
        case _:
            text = body.model_dump_json()
    return Response(text, status=status, content_type="application/json")


def _explain(error: ValidationError) -> str:
    """Return one sentence for each mistake, beginning with the field."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}" for problem in error.errors()
    )
