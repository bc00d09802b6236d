"""How do tests and the demo steer a running emulator?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

import requests
from pydantic import BaseModel, JsonValue, TypeAdapter

from rekognition_sandbox.emulator.state import DatasetStatus
from rekognition_sandbox.emulator.wire import (
    CONTROL_PREFIX,
    AnswerLost,
    AssumeRoleRecord,
    BaseModelChange,
    BaseModelView,
    CallRecord,
    ClockChange,
    ClockView,
    ControlProblem,
    DatasetSpec,
    DatasetView,
    ErrorSpec,
    FaultSpec,
    FaultView,
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
    StartFailureView,
    VersionChange,
    VersionView,
)

if TYPE_CHECKING:
    from typing import Literal

    from rekognition_sandbox.emulator.state import VersionStatus

Document = TypeVar("Document", bound=BaseModel)

_TIMEOUT_SECONDS = 30
_ASSUMED = TypeAdapter(list[AssumeRoleRecord])
_CALLS = TypeAdapter(list[CallRecord])
_FAULTS = TypeAdapter(list[FaultView])
_START_FAILURES = TypeAdapter(list[StartFailureView])


class EmulatorControlError(RuntimeError):
    """The emulator refused a control request; the text says why and what to do."""


class EmulatorControl:
    """The control endpoints of a running emulator.

    Every method raises EmulatorControlError when the emulator refuses, and `requests.ConnectionError` when it is not
    there.

    Parameters
    ----------
    url
        What AWS_ENDPOINT_URL is set to.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def health(self) -> Health:
        """Return `ok` when the emulator is up."""
        return self._get("/health", Health)

    def fail(
        self,
        operation: str,
        code: str,
        message: str = "Injected by the emulator.",
        *,
        status: int | None = None,
        nth: int | None = None,
        times: int | None = None,
        probability: float | None = None,
        region: str | None = None,
    ) -> FaultView:
        """Let calls of an operation be answered by an error, with no effect; see `FaultSpec` for which calls."""
        error = ErrorSpec(code=code, message=message, status=status)
        return self.add_fault(
            FaultSpec(operation=operation, region=region, error=error, nth=nth, times=times, probability=probability)
        )

    def lose_answer(
        self,
        operation: str,
        *,
        before_effect: bool = False,
        nth: int | None = None,
        times: int | None = None,
        probability: float | None = None,
        region: str | None = None,
    ) -> FaultView:
        """Let calls of an operation have their effect (or none, with `before_effect`) and close their connections.

        botocore tries again by itself after a lost answer: give `times` where its second call shall be lost too.
        """
        when = AnswerLost.BEFORE_EFFECT if before_effect else AnswerLost.AFTER_EFFECT
        return self.add_fault(
            FaultSpec(
                operation=operation, region=region, answer_lost=when, nth=nth, times=times, probability=probability
            )
        )

    def delay(
        self,
        operation: str,
        seconds: float,
        *,
        nth: int | None = None,
        times: int | None = None,
        region: str | None = None,
    ) -> FaultView:
        """Let calls of an operation wait for real seconds before anything is done."""
        return self.add_fault(
            FaultSpec(operation=operation, region=region, delay_seconds=seconds, nth=nth, times=times)
        )

    def withhold(
        self,
        operation: str,
        seconds: float,
        *,
        nth: int | None = None,
        times: int | None = None,
        region: str | None = None,
    ) -> FaultView:
        """Let calls of an operation have their effect and be in the call log, and be answered real seconds later."""
        return self.add_fault(
            FaultSpec(operation=operation, region=region, withhold_seconds=seconds, nth=nth, times=times)
        )

    def add_fault(self, spec: FaultSpec) -> FaultView:
        """Let something go wrong from now on."""
        return self._send("POST", "/faults", spec, FaultView)

    def faults(self) -> list[FaultView]:
        """Return all faults and how often they struck."""
        return _FAULTS.validate_json(self._request("GET", "/faults"))

    def clear_faults(self, region: str | None = None) -> None:
        """Let nothing go wrong any more; or end only the faults that were asked for in one Region."""
        self._request("DELETE", f"/faults?region={region}" if region else "/faults")

    def fail_start(
        self,
        message: str = "The model failed to start.",
        *,
        project_name: str | None = None,
        version_name: str | None = None,
        times: int = 1,
    ) -> StartFailureView:
        """Let the next starts of a Custom Labels model end in FAILED with a message, instead of RUNNING."""
        spec = StartFailure(project_name=project_name, version_name=version_name, message=message, times=times)
        return self._send("POST", "/start-failures", spec, StartFailureView)

    def start_failures(self) -> list[StartFailureView]:
        """Return all starts that shall fail and how often they did."""
        return _START_FAILURES.validate_json(self._request("GET", "/start-failures"))

    def clear_start_failures(self) -> None:
        """Let every start succeed again."""
        self._request("DELETE", "/start-failures")

    def calls(self, operation: str | None = None, *, region: str | None = None, since: int = 0) -> list[CallRecord]:
        """Return the requests with a sequence above `since`, of one operation or of all, to one Region or to any."""
        given = {"operation": operation, "region": region, "since": since}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return _CALLS.validate_json(self._request("GET", f"/calls?{query}"))

    def clear_calls(self) -> None:
        """Forget the requests so far; their sequence goes on."""
        self._request("DELETE", "/calls")

    def clock(self) -> ClockView:
        """Return emulated time and its speed."""
        return self._get("/clock", ClockView)

    def set_time_scale(self, time_scale: float) -> ClockView:
        """Let emulated time run at another speed; 0 stands still."""
        return self._send("PUT", "/clock", ClockChange(time_scale=time_scale), ClockView)

    def advance(self, seconds: float) -> ClockView:
        """Jump forward in emulated time; what falls due by that has happened on return."""
        return self._send("PUT", "/clock", ClockChange(advance_seconds=seconds), ClockView)

    def hold_trainings(self, region: str) -> None:
        """Let no training of a Region end until they are released, whatever the clock does; all else goes on there."""
        self._send("PUT", "/held-trainings", Hold(region=region, held=True), Holds)

    def release_trainings(self, region: str) -> None:
        """Let the trainings of a Region end again; those that are overdue have ended on return."""
        self._send("PUT", "/held-trainings", Hold(region=region, held=False), Holds)

    def held_trainings(self) -> list[str]:
        """Return the Regions whose trainings are held."""
        return self._get("/held-trainings", Holds).regions

    def hold_serving(self, region: str) -> None:
        """Let no start and no stop of a model in a Region end until they are released; all else goes on there."""
        self._send("PUT", "/held-serving", Hold(region=region, held=True), Holds)

    def release_serving(self, region: str) -> None:
        """Let starts and stops of models in a Region end again; those that are overdue have ended on return."""
        self._send("PUT", "/held-serving", Hold(region=region, held=False), Holds)

    def held_serving(self) -> list[str]:
        """Return the Regions whose starts and stops are held."""
        return self._get("/held-serving", Holds).regions

    def quotas(self) -> QuotaView:
        """Return the limits in force."""
        return self._get("/quotas", QuotaView)

    def set_quotas(self, change: QuotaChange) -> QuotaView:
        """Change limits; what is left out stays."""
        return self._send("PUT", "/quotas", change, QuotaView)

    def set_version(
        self,
        arn: str,
        *,
        status: VersionStatus | None = None,
        status_message: str | None = None,
        base_model_version: str | None = None,
        base_model_answers: bool | None = None,
    ) -> VersionView:
        """Do to a version what AWS does by itself: DEPRECATED, EXPIRED, a failure ..."""
        change = VersionChange(
            status=status,
            status_message=status_message,
            base_model_version=base_model_version,
            base_model_answers=base_model_answers,
        )
        return self._send("PUT", f"/versions/{quote(arn)}", change, VersionView)

    def add_foreign_version(
        self,
        project_arn: str,
        version_name: str,
        *,
        status: VersionStatus | None = None,
        base_model_version: str | None = None,
    ) -> VersionView:
        """Add a version without tags, as AutoUpdate or a person does."""
        spec = ForeignVersion(
            project_arn=project_arn, version_name=version_name, status=status, base_model_version=base_model_version
        )
        return self._send("POST", "/versions", spec, VersionView)

    def release_base_model(
        self,
        version: str,
        *,
        deprecate: bool = False,
        expire_after_seconds: float | None = None,
        auto_update: bool = True,
    ) -> BaseModelView:
        """Let AWS release a base model: new trainings use it; see `BaseModelChange` for the old ones."""
        change = BaseModelChange(
            version=version,
            deprecate=deprecate,
            expire_after_seconds=expire_after_seconds,
            auto_update=auto_update,
        )
        return self._send("PUT", "/base-model", change, BaseModelView)

    def add_dataset(
        self,
        project_arn: str,
        dataset_type: Literal["TRAIN", "TEST"],
        *,
        status: DatasetStatus = DatasetStatus.CREATE_COMPLETE,
    ) -> str:
        """Add a dataset to a Custom Labels project, as opening its page in the console does; return its ARN.

        It stays in `status` until it is deleted, or until the emulator is reset.
        """
        spec = DatasetSpec(project_arn=project_arn, dataset_type=dataset_type, status=status)
        return self._send("POST", "/datasets", spec, DatasetView).arn

    def set_rights(self, policy: dict[str, JsonValue] | None) -> None:
        """Let an IAM policy say what callers may do; None allows everything, as does a reset."""
        self._request("PUT", "/rights", RightsChange(policy=policy))

    def set_role(self, trust: RoleTrust) -> None:
        """Say by which AssumeRole a role may be assumed; others may be by every one, as after a reset."""
        self._request("PUT", "/roles", trust)

    def assumed_roles(self, role_arn: str | None = None) -> list[AssumeRoleRecord]:
        """Return every AssumeRole since the reset, also refused ones; of one role or of all."""
        query = f"?{urlencode({'role_arn': role_arn})}" if role_arn else ""
        return _ASSUMED.validate_json(self._request("GET", f"/assumed-roles{query}"))

    def end_sessions(self, role_arn: str | None = None) -> None:
        """Let the credentials that were given so far, for a role or for all, have expired."""
        self._request("POST", "/ended-sessions", SessionEnd(role_arn=role_arn))

    def reset(self, *, s3: bool = False) -> None:
        """Forget everything of Rekognition, and all buckets with `s3`."""
        self._request("POST", "/reset", ResetSpec(s3=s3))

    def _get(self, path: str, kind: type[Document]) -> Document:
        return kind.model_validate_json(self._request("GET", path))

    def _send(self, method: str, path: str, body: BaseModel, kind: type[Document]) -> Document:
        return kind.model_validate_json(self._request(method, path, body))

    def _request(self, method: str, path: str, body: BaseModel | None = None) -> bytes:
        data = body.model_dump_json(exclude_none=True) if body is not None else None
        answer = requests.request(method, f"{self.url}{CONTROL_PREFIX}{path}", data=data, timeout=_TIMEOUT_SECONDS)
        if answer.status_code != requests.codes.ok:
            raise EmulatorControlError(ControlProblem.model_validate_json(answer.content).error)
        return answer.content
