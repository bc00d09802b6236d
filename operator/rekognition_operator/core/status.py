"""How does status look after a pass?"""

from dataclasses import dataclass, replace
from datetime import datetime

from rekognition_operator.api.common import Condition, Drift, Project, Queue, S3Place
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus, ServingStatus
from rekognition_operator.api.proving import EvaluationStatus, GateStatus, Published
from rekognition_operator.api.resource import (
    ActiveVersion,
    DesiredVersion,
    ResourceStatus,
    VersionRole,
    VersionStatus,
)
from rekognition_operator.core import tags as t
from rekognition_operator.core.conditions import Truth, conditions_of, truth, whole_second
from rekognition_operator.core.decision import Finding, ReadyState, Report, ServingReport, VersionReport
from rekognition_operator.core.evaluation import Evaluation, versus_base
from rekognition_operator.core.expiry import expiry_estimate
from rekognition_operator.core.gates import GateResult
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting
from rekognition_operator.core.in_service import region_of
from rekognition_operator.core.units import units_of
from rekognition_operator.core.versions import IN_TRAINING, OCCUPYING
from rekognition_operator.core.world import ObservedVersion, Publication, S3Object

MAX_VERSIONS = 20
"""How many versions status shows; the active, the wanted, the pinned and those in training are always among them."""
_MAX_DRIFT = 64
_MAX_TAG_KEYS = 40
_MAX_STATUS = 64
_MAX_TEXT = 255

_SEEN_IN_AWS = (
    ConditionType.DRIFTED,
    ConditionType.EXPIRING,
    ConditionType.PENDING_NEXT_VERSION,
    ConditionType.NO_ROOM_FOR_BLUE_GREEN,
    ConditionType.IDLE_UNKNOWN,
    ConditionType.PINNED,
    ConditionType.GATE_OVERRIDDEN,
    ConditionType.AWAITING_APPROVAL,
    ConditionType.PROBES_FAILING,
)
"""Conditions that only a look at AWS can change."""


@dataclass(frozen=True)
class _Draft:
    """The conditions as this pass wants them, before times are known."""

    ready: ReadyState
    up_to_date: ReadyState
    present: dict[ConditionType, Finding]
    serving: ReadyState | None = None
    """None: an adapter, which has no such condition."""


def first_sight(previous: ResourceStatus | None, generation: int, now: datetime) -> ResourceStatus:
    """Return the status that is written before the first call to AWS: an object without status reads as healthy."""
    previous = previous or ResourceStatus()
    state = ReadyState(
        holds=None, reason=Reason.PROGRESSING, message="The operator has seen the resource; looking at AWS"
    )
    kept = {c.type: c for c in previous.conditions or []}
    if ConditionType.READY in kept:
        return previous
    serving = state if isinstance(previous, CustomLabelsModelStatus) else None
    draft = _Draft(state, state, {ConditionType.RECONCILING: Finding(state.reason, state.message)}, serving)
    return previous.model_copy(
        update={"observed_generation": generation, "conditions": _conditions(draft, kept, generation, now)}
    )


def compose(
    previous: ResourceStatus | None,
    generation: int,
    report: Report | None,
    hindrance: Hindrance | None,
    now: datetime,
    *,
    reconcile_requested_at: str | None = None,
) -> ResourceStatus:
    """Compute the status from what a pass saw and what hindered it.

    Parameters
    ----------
    previous
        The status as it stands: for times of transitions, and for what could not be seen in this pass.
    report
        What the pass has to say; None where AWS could not be observed.
    hindrance
        What ended the pass early, if anything did.
    reconcile_requested_at
        The value of the annotation that this pass answers.
    """
    previous = previous or ResourceStatus()
    kept = {c.type: c for c in previous.conditions or []}
    draft = _hindered(_draft(report, kept, generation), hindrance)
    if isinstance(previous, CustomLabelsModelStatus):
        draft = replace(draft, serving=_serves(report, kept))
    update: dict[str, object] = {
        "observed_generation": generation,
        "conditions": _conditions(draft, kept, generation, now),
        "queue": _queue(hindrance),
    }
    if reconcile_requested_at is not None:
        update["last_handled_reconcile_at"] = t.answer_value(reconcile_requested_at)
    if report is not None and report.handled_retry is not None:
        update["last_handled_retry"] = t.answer_value(report.handled_retry)
    if report is not None:
        update["published"] = _published(report.published)
    if report is not None and not report.keep_known:
        update |= _seen(report, previous, now)
    if report is not None and report.serving is not None and isinstance(previous, CustomLabelsModelStatus):
        update["serving"] = _serving(report.serving, previous.serving)
    return previous.model_copy(update=update)


def _published(publication: Publication | None) -> Published | None:
    if publication is None:
        return None
    return Published(config_map=publication.config_map, version_name=publication.version_name)


def _draft(report: Report | None, kept: dict[str, Condition], generation: int) -> _Draft:
    if report is None:
        unknown = ReadyState(holds=None, reason=Reason.PROGRESSING, message="AWS could not be observed yet")
        present = _still(kept, (*_SEEN_IN_AWS, ConditionType.SUSPENDED))
        stalled = kept.get(ConditionType.STALLED)
        if stalled is not None and stalled.observed_generation == generation:  # of this spec, not of an older one
            present |= _still(kept, (ConditionType.STALLED,))
        return _Draft(
            _known(kept, ConditionType.READY, unknown), _known(kept, ConditionType.UP_TO_DATE, unknown), present
        )
    findings = {
        ConditionType.RECONCILING: report.reconciling,
        ConditionType.STALLED: report.stalled,
        ConditionType.DRIFTED: _drifted(report),
        ConditionType.SUSPENDED: report.suspended,
        ConditionType.EXPIRING: report.expiring,
        ConditionType.PENDING_NEXT_VERSION: report.pending_next_version,
        ConditionType.NO_ROOM_FOR_BLUE_GREEN: report.no_room,
        ConditionType.IDLE_UNKNOWN: report.idle_unknown,
        ConditionType.PINNED: report.pinned,
        ConditionType.GATE_OVERRIDDEN: report.gate_overridden,
        ConditionType.AWAITING_APPROVAL: report.awaiting_approval,
        ConditionType.PROBES_FAILING: report.probes_failing,
    }
    ready, up_to_date = report.ready, report.up_to_date
    if report.keep_known and ready.holds is None:
        ready = _known(kept, ConditionType.READY, ready)
    present = _still(kept, _SEEN_IN_AWS) if report.keep_known else {}
    present |= {key: finding for key, finding in findings.items() if finding is not None}
    return _Draft(ready, up_to_date, present)


def _serves(report: Report | None, kept: dict[str, Condition]) -> ReadyState:
    """Say whether the model runs: what could not be seen is not taken back."""
    if report is not None and report.serving is not None:
        return report.serving.runs
    if report is None or report.keep_known:
        unknown = ReadyState(holds=None, reason=Reason.PROGRESSING, message="AWS could not be observed yet")
        return _known(kept, ConditionType.SERVING, unknown)
    return ReadyState(holds=False, reason=Reason.NOT_RUNNING, message="There is no version that could run")


def _serving(report: ServingReport, previous: ServingStatus | None) -> ServingStatus | None:
    """Say how the model serves. What CloudWatch was not asked in this pass stays as it was."""
    version, usage = report.version, report.usage
    if version is None:
        return None
    known = previous or ServingStatus(state="", reason="")
    if usage is not None and (usage.unit_hours is not None or usage.refused):
        hours = usage.unit_hours
        known = known.model_copy(
            update={
                "month": usage.month if hours is not None else None,
                "hours_this_month": round(hours, 2) if hours is not None else None,
                "estimated_usd_this_month": round(hours * report.price, 2) if hours is not None else None,
            }
        )
    return known.model_copy(
        update={
            "state": version.status[:_MAX_STATUS],
            "units": units_of(version) if version.state in OCCUPYING else None,
            "since": whole_second(report.since) if report.since is not None else None,
            "reason": report.reason.value,
            "next_transition": whole_second(report.next_at) if report.next_at is not None else None,
            "next_state": None if report.next_runs is None else "Running" if report.next_runs else "Stopped",
            "usd_per_hour": round(report.usd_per_hour, 2),
        }
    )


def month_shown(status: ResourceStatus) -> str | None:
    """Return the month whose hours a status shows; None where it shows none."""
    serving = status.serving if isinstance(status, CustomLabelsModelStatus) else None
    return serving.month if serving is not None else None


def _still(kept: dict[str, Condition], kinds: tuple[ConditionType, ...]) -> dict[ConditionType, Finding]:
    """Return what these conditions said before: what could not be seen is not taken back."""
    before = {kind: kept[kind] for kind in kinds if kind in kept}
    return {
        kind: Finding(Reason(condition.reason), condition.message)
        for kind, condition in before.items()
        if condition.status == "True" and condition.reason in set(Reason)
    }


def _known(kept: dict[str, Condition], kind: ConditionType, otherwise: ReadyState) -> ReadyState:
    """Return what the condition said before: what could not be seen is not taken back."""
    condition = kept.get(kind)
    if condition is None or condition.status == "Unknown" or condition.reason not in set(Reason):
        return otherwise
    return ReadyState(condition.status == "True", Reason(condition.reason), condition.message)


def _hindered(draft: _Draft, hindrance: Hindrance | None) -> _Draft:
    match hindrance:
        case None | Conflict():
            return draft
        case Waiting() | Transient() if ConditionType.STALLED in draft.present:
            return draft  # it goes on being tried, but what counts is that a person is needed
        case Waiting(reason, message) | Transient(reason, message):
            finding = Finding(reason, message)
            present = {**draft.present, ConditionType.RECONCILING: finding}
        case Terminal(reason, message):
            finding = Finding(reason, message)
            present = {**draft.present, ConditionType.STALLED: finding}
            present.pop(ConditionType.RECONCILING, None)
    if isinstance(hindrance, Waiting) and hindrance.no_room:
        present[ConditionType.NO_ROOM_FOR_BLUE_GREEN] = Finding(
            Reason.RUNNING_MODEL_QUOTA,
            "All models that the account may run at a time are held by resources that will not give one back by "
            "themselves, so the next version may wait for ever to run beside this one. Set spec.serving.rollout: "
            "Recreate, or have the quota raised and tell the operator by --running-model-slots",
        )
    return _Draft(_because(draft.ready, finding), _because(draft.up_to_date, finding), present)


def _because(state: ReadyState, finding: Finding) -> ReadyState:
    """Name what hinders as the reason of what does not hold; an expired adapter stays the more urgent news."""
    if state.holds or state.reason is Reason.ADAPTER_EXPIRED:
        return state
    return ReadyState(state.holds, finding.reason, finding.message)


def _drifted(report: Report) -> Finding | None:
    if not report.drift:
        return None
    corrected = all(item.corrected for item in report.drift)
    paths = ", ".join(item.path for item in report.drift[:5]) + (" ..." if len(report.drift) > 5 else "")
    if corrected:
        return Finding(Reason.DRIFT_CORRECTED, f"AWS differs from the spec in {paths}; being corrected")
    return Finding(
        Reason.DRIFT_REPORTED,
        f"AWS differs from the spec in {paths}; see status.drift. It is not corrected now: driftPolicy is Report, the "
        "resource is suspended, or a person is needed",
    )


def _conditions(draft: _Draft, kept: dict[str, Condition], generation: int, now: datetime) -> list[Condition]:
    wanted: list[tuple[ConditionType, Truth, Reason, str]] = [
        (ConditionType.READY, truth(draft.ready.holds), draft.ready.reason, draft.ready.message),
        (ConditionType.UP_TO_DATE, truth(draft.up_to_date.holds), draft.up_to_date.reason, draft.up_to_date.message),
    ]
    if draft.serving is not None:
        state = draft.serving
        wanted.append((ConditionType.SERVING, truth(state.holds), state.reason, state.message))
    wanted += [
        (kind, "True", draft.present[kind].reason, draft.present[kind].message)
        for kind in ConditionType
        if kind in draft.present
    ]
    return conditions_of(wanted, kept.values(), generation, now)


def _queue(hindrance: Hindrance | None) -> Queue | None:
    if not isinstance(hindrance, Waiting) or hindrance.waiting_for is None or hindrance.position is None:
        return None
    return Queue(waiting_for=hindrance.waiting_for, position=hindrance.position)


def _seen(report: Report, previous: ResourceStatus, now: datetime) -> dict[str, object]:
    project = report.project
    since = {item.path: item.since for item in previous.drift or []}
    drift = [
        Drift(
            path=item.path[:512],
            desired=item.desired[:512],
            observed=item.observed[:512],
            since=since.get(item.path[:512], whole_second(now)),
        )
        for item in report.drift[:_MAX_DRIFT]
    ]
    known = _known_evaluations(previous, report)
    desired = None
    if report.desired_version is not None and report.desired_digest is not None:
        desired = DesiredVersion(version_name=report.desired_version, inputs=report.desired_digest)
    return {
        # A project that is gone stays known: what was lost with it is a person's decision.
        "project": previous.project
        if project is None
        else Project(
            arn=project.arn,
            name=project.name,
            region=region_of(project.arn),
            created_at=whole_second(project.created_at),
            tag_keys=list(report.project_tag_keys[:_MAX_TAG_KEYS]) or None,
        ),
        "active": _active(report.active, report.active_evaluation, known),
        "desired": desired,
        "versions": [_version(v, known) for v in _shown(report)] or None,
        "drift": drift or None,
    }


def _known_evaluations(previous: ResourceStatus, report: Report) -> dict[str, EvaluationStatus]:
    """Return, by ARN, the evaluations that status shows of the versions whose evaluation is read in each pass.

    They never change, so what cannot be read now is kept.
    """
    active = report.active.arn if report.active is not None else None
    read = {active, *(v.version.arn for v in report.versions if v.version.name == report.desired_version)}
    shown: list[ActiveVersion | VersionStatus] = [*(previous.versions or [])]
    if previous.active is not None:
        shown.append(previous.active)
    return {v.arn: v.evaluation for v in shown if v.evaluation is not None and v.arn in read}


def _active(
    version: ObservedVersion | None, evaluation: Evaluation | None, known: dict[str, EvaluationStatus]
) -> ActiveVersion | None:
    if version is None:
        return None
    promoted_at = t.read_time(version.tags.get(t.PROMOTED_AT))
    expiry = expiry_estimate(version)
    return ActiveVersion(
        version_name=version.name,
        arn=version.arn,
        f1_score=version.f1_score,
        base_model_version=_cut(version.base_model_version),
        evaluation=_evaluation(evaluation) or known.get(version.arn),
        since=whole_second(promoted_at) if promoted_at is not None else None,
        expiry_estimate=whole_second(expiry.earliest) if expiry is not None else None,
    )


def _shown(report: Report) -> list[VersionReport]:
    def always(entry: VersionReport) -> bool:
        version = entry.version
        named = version.name in {report.desired_version, report.pin}
        return entry.role is VersionRole.ACTIVE or named or version.state in IN_TRAINING

    room = MAX_VERSIONS - sum(always(entry) for entry in report.versions)
    shown: list[VersionReport] = []
    for entry in report.versions:
        if always(entry):
            shown.append(entry)
        elif room > 0:
            shown.append(entry)
            room -= 1
    return shown[:MAX_VERSIONS]


def _version(entry: VersionReport, known: dict[str, EvaluationStatus]) -> VersionStatus:
    version = entry.version
    ended = version.training_ended_at
    return VersionStatus(
        name=version.name,
        arn=version.arn,
        status=version.status[:_MAX_STATUS],
        status_message=version.status_message[:2048] if version.status_message else None,
        role=entry.role,
        created_at=whole_second(version.created_at),
        training_ended_at=whole_second(ended) if ended is not None else None,
        billable_training_seconds=version.billable_training_seconds,
        f1_score=version.f1_score,
        evaluation_summary=_place(version.evaluation_summary),
        manifest_summary=_place(version.manifest_summary),
        base_model_version=_cut(version.base_model_version),
        min_inference_units=version.min_inference_units,
        max_inference_units=version.max_inference_units,
        description=_cut(version.description),
        rejected=_cut(entry.rejected),
        gates=_gates(entry.gates),
        evaluation=_evaluation(entry.evaluation) or known.get(version.arn),
    )


def _gates(results: tuple[GateResult, ...]) -> list[GateStatus] | None:
    known = [
        GateStatus(gate=result.gate, passed=result.passed, wanted=result.wanted[:_MAX_TEXT], got=result.got[:_MAX_TEXT])
        for result in results
        if result.passed is not None
    ]
    return known or None


def _evaluation(evaluation: Evaluation | None) -> EvaluationStatus | None:
    if evaluation is None:
        return None
    comparison = evaluation.at_threshold
    status = EvaluationStatus(precision=_rounded(evaluation.precision), recall=_rounded(evaluation.recall))
    if comparison is None:
        return status
    return status.model_copy(
        update={
            "threshold": comparison.threshold,
            "false_positives": comparison.adapter.false_positives,
            "false_negatives": comparison.adapter.false_negatives,
            "base_false_positives": comparison.base.false_positives,
            "base_false_negatives": comparison.base.false_negatives,
            "versus_base": _cut(versus_base(comparison)),
        }
    )


def _rounded(share: float | None) -> float | None:
    return round(share, 4) if share is not None else None


def _place(thing: S3Object | None) -> S3Place | None:
    return S3Place(bucket=thing.bucket, name=thing.name) if thing is not None else None


def _cut(text: str | None) -> str | None:
    return text[:_MAX_TEXT] if text is not None else None
