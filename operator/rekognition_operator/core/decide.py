"""What shall be done now? The one decision, from what is wanted and what was seen."""

from dataclasses import replace
from datetime import datetime

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Action, Promote, ReleaseFinalizer, StopVersion
from rekognition_operator.core.decision import (
    Decision,
    DriftItem,
    Finding,
    Policy,
    ReadyState,
    Report,
)
from rekognition_operator.core.deletion import is_suspended_deletion, plan_deletion
from rekognition_operator.core.follow import Followed, follow
from rekognition_operator.core.hindrance import CreateAttempt
from rekognition_operator.core.ownership import moved, plan_project
from rekognition_operator.core.promotion import promote
from rekognition_operator.core.proving import Proving, prove
from rekognition_operator.core.report import report_on
from rekognition_operator.core.retention import surplus
from rekognition_operator.core.serving import ServingPlan, plan_serving, serving_seen
from rekognition_operator.core.serving_memory import without_future
from rekognition_operator.core.tagging import Tagging, plan_tags
from rekognition_operator.core.training import TrainingPlan, plan_training, unanswered_retry
from rekognition_operator.core.versions import IN_TRAINING, Fleet, of_our_tags
from rekognition_operator.core.wording import force_release_line, usd
from rekognition_operator.core.world import Desired, Observed, ObservedProject, VersionState


def decide(
    desired: Desired, observed: Observed, policy: Policy, now: datetime, attempt: CreateAttempt | None = None
) -> Decision:
    """Decide on one pass. Total: every state of the world has an answer.

    Parameters
    ----------
    desired
        The resource, with every default resolved.
    observed
        One look at AWS.
    policy
        The operator's settings.
    now
        The time of the pass, with a time zone.
    attempt
        The last unsuccessful CreateProjectVersion of this resource, if the operator remembers one.
    """
    if desired.serving is not None:
        observed = without_future(observed, observed.at or now)
    decision = (
        _decide_deletion(desired, observed, policy, now)
        if desired.deleting
        else _decide_live(desired, observed, policy, now, attempt)
    )
    held = is_suspended_deletion(desired) if desired.deleting else desired.suspend
    return _suspend(desired, decision, policy) if held else decision


def _decide_live(
    desired: Desired, observed: Observed, policy: Policy, now: datetime, attempt: CreateAttempt | None
) -> Decision:
    elsewhere = moved(desired)
    if elsewhere is not None:
        state = ReadyState(holds=None, reason=elsewhere.reason, message=elsewhere.message)
        return Decision((), Report(state, state, stalled=elsewhere, keep_known=True), policy.sweep_seconds)
    project = observed.project
    plan = plan_project(desired, project, policy, now)
    # A project whose owner tags are lost is not touched, but what serves there goes on serving.
    known = plan.ours or (project is not None and _was_ours(desired, project))
    followed = follow(desired, project if known else None, observed, policy, observed.at or now)
    desired, fleet = followed.desired, followed.fleet
    if project is None or not plan.settled:
        report = report_on(desired, project if known else None, fleet, plan.reconciling, plan.stalled, Proving())
        requeue = plan.requeue_seconds or _requeue(plan.actions, plan.reconciling, policy)
        decision = Decision(plan.actions, report, requeue)
        another = project is not None and t.ownership(project.tags, desired.owner) is t.Ownership.ANOTHER
        if project is None or another or desired.serving is None:
            return decision
        return _end_bills(desired, project, observed, decision, policy, now, known=known)
    return _decide_versions(followed, project, observed, policy, now, attempt)


def _end_bills(
    desired: Desired,
    project: ObservedProject,
    observed: Observed,
    decision: Decision,
    policy: Policy,
    now: datetime,
    *,
    known: bool,
) -> Decision:
    """Stop a model that shall not run, and say how it serves, though its project is not settled: it bills all the same.

    Only a version whose own tags say that it is ours is touched. ``known``: the project is known to be ours.
    """
    fleet = of_our_tags(desired, observed.versions)
    proving = prove(desired, fleet, observed.proofs, observed.at or now)
    serving = _plan_serving(desired, project, fleet, observed, TrainingPlan(), proving, policy, now)
    first, _ = _bills_first(desired, fleet, serving)
    report = replace(
        decision.report,
        ready=decision.report.ready if serving.ready is None else serving.ready,
        serving=serving.report,
    )
    return replace(
        decision,
        actions=(*first, *decision.actions),
        report=report if known or fleet.own else decision.report,
        requeue_seconds=policy.soon_seconds if first else decision.requeue_seconds,
        no_later_than_seconds=_appointment(serving, policy),
        running_models=fleet.running_models,
        frees_models=serving.frees_models,
    )


def _bills_first(
    desired: Desired, fleet: Fleet, serving: ServingPlan
) -> tuple[tuple[StopVersion, ...], tuple[StopVersion, ...]]:
    """Part the stops into those that end a bill before anything else, whatever else is refused, and the others.

    First is what shall not run, and is ours by its own tags. A stop in a hand-over has its place after the promotion.
    """
    ours = {o.version.arn for o in fleet.own if t.ownership(o.version.tags, desired.owner) is t.Ownership.OURS}
    at_once = serving.report is not None and serving.report.reason is not Reason.RUNNING
    first = tuple(stop for stop in serving.stops if at_once and stop.arn in ours)
    return first, tuple(stop for stop in serving.stops if stop not in first)


def _appointment(serving: ServingPlan, policy: Policy) -> float | None:
    """Return how late the next look may be at most, in seconds, whatever hinders this pass: a bill may have to end."""
    due = [serving.requeue_seconds] if serving.requeue_seconds is not None else []
    due += [policy.moving_seconds] if serving.reconciling is not None else []
    return max(min(due), policy.soon_seconds) if due else None


def _was_ours(desired: Desired, project: ObservedProject) -> bool:
    """Whether status knows this very project as ours."""
    return desired.known_project is not None and desired.known_project.arn == project.arn


def _decide_versions(
    followed: Followed,
    project: ObservedProject,
    observed: Observed,
    policy: Policy,
    now: datetime,
    attempt: CreateAttempt | None,
) -> Decision:
    desired, fleet = followed.desired, followed.fleet
    training = followed.training(plan_training(desired, project, fleet, policy, now, attempt, observed.at))
    tagging = plan_tags(desired, project, fleet, observed.at or now)
    proving = prove(desired, fleet, observed.proofs, observed.at or now)
    serving = _plan_serving(desired, project, fleet, observed, training, proving, policy, now)
    promotion = promote(project, fleet, serving.in_service, observed.at or now, by_pin=proving.by_pin)

    # What ends a bill first, then what is in service; what costs money last, when all that it rests upon is written.
    bills_first, other_stops = _bills_first(desired, fleet, serving)
    costly = (*serving.starts, training.record, training.create)
    actions: list[Action] = [
        *bills_first,
        *tagging.adopt,
        *proving.records,
        *([promotion] if promotion is not None else []),
        *other_stops,
        *serving.records,
        *followed.records,
        *tagging.records,
        *tagging.corrections,
        *surplus(desired, fleet, serving.in_service, followed.remembered | proving.may_serve_next),
        *(action for action in costly if action is not None),
    ]
    drift = [*tagging.drift, *serving.drift]
    if training.lost is not None:
        drift.append(DriftItem(f"versions[{training.lost}]", "trained", "deleted", corrected=training.stalled is None))
    stalled = training.stalled or serving.stalled or (proving.stalled if training.reconciling is None else None)
    reconciling = _under_way(serving, training, proving, promotion, tagging) if stalled is None else None
    report = report_on(desired, project, fleet, reconciling, stalled, proving, observed.proofs)
    report = replace(
        report,
        # That a version of a model is in service does not say that it runs.
        ready=report.ready if serving.ready is None or report.ready.reason is Reason.ACCEPTED else serving.ready,
        up_to_date=followed.up_to_date(report.up_to_date),
        serving=serving.report,
        no_room=serving.no_room,
        idle_unknown=serving.idle_unknown,
        drift=tuple(drift),
        project_tag_keys=tagging.tag_keys,
        desired_version=training.create.version_name if training.create is not None else report.desired_version,
        handled_retry=(
            desired.annotations.retry if unanswered_retry(desired, project, fleet) is None else report.handled_retry
        ),
    )
    return Decision(
        tuple(actions),
        report,
        _look_again(actions, reconciling, serving, training, fleet, policy),
        announce=serving.announce,
        running_models=fleet.running_models,
        no_later_than_seconds=_appointment(serving, policy),
        frees_models=serving.frees_models,
        keeps_model=serving.keeps_model,
    )


def _plan_serving(
    desired: Desired,
    project: ObservedProject,
    fleet: Fleet,
    observed: Observed,
    training: TrainingPlan,
    proving: Proving,
    policy: Policy,
    now: datetime,
) -> ServingPlan:
    """Decide on serving. An adapter is neither started nor stopped: one that is trained serves."""
    if desired.serving is None:
        return ServingPlan(in_service=proving.chosen or fleet.active or proving.fallback, report=None)
    return plan_serving(
        desired,
        desired.serving,
        project,
        fleet,
        observed.usage,
        policy,
        observed.at or now,
        retry=unanswered_retry(desired, project, fleet) is not None,
        training=_on_its_way(desired, fleet, training),
        proving=proving,
    )


def _on_its_way(desired: Desired, fleet: Fleet, training: TrainingPlan) -> bool:
    """Whether a version of the wanted inputs trains, or is asked to right now."""
    trains = any(own.version.state in IN_TRAINING for own in fleet.of(desired.digests))
    return trains or training.create is not None


def _under_way(
    serving: ServingPlan, training: TrainingPlan, proving: Proving, promotion: Promote | None, tagging: Tagging
) -> Finding | None:
    """Say what is under way. How a model serves now is more urgent news than a training, which takes hours."""
    known = serving.reconciling or training.reconciling or proving.reconciling
    if known is not None:
        return known
    if promotion is not None:
        return Finding(Reason.PROMOTING, f"Putting version {promotion.version_name} into service")
    if tagging.adopt:
        return Finding(Reason.ADOPTING, "Taking over versions of the project")
    return Finding(Reason.CORRECTING_DRIFT, "Correcting tags in AWS") if tagging.corrections else None


def _look_again(
    actions: list[Action],
    reconciling: Finding | None,
    serving: ServingPlan,
    training: TrainingPlan,
    fleet: Fleet,
    policy: Policy,
) -> float:
    """Return how soon to look again, in seconds."""
    seconds = _requeue(actions, reconciling, policy)
    if not actions and training.requeue_seconds is not None:
        seconds = min(max(training.requeue_seconds, policy.soon_seconds), policy.sweep_seconds)
    if serving.requeue_seconds is not None:
        seconds = min(seconds, max(serving.requeue_seconds, policy.soon_seconds))
    moving = serving.reconciling is not None or any(o.version.state is VersionState.DELETING for o in fleet.own)
    return min(seconds, policy.moving_seconds) if moving else seconds


def _requeue(actions: tuple[Action, ...] | list[Action], reconciling: Finding | None, policy: Policy) -> float:
    if actions:
        return policy.soon_seconds
    return policy.moving_seconds if reconciling is not None else policy.sweep_seconds


def _suspend(desired: Desired, decision: Decision, policy: Policy) -> Decision:
    """Take every action away; say what would have been done."""
    pending = ", ".join(sorted({type(action).__name__ for action in decision.actions}))
    message = "spec.suspend is true: nothing is changed in AWS"
    if desired.deleting:
        message += (
            ", and the deletion waits. Set suspend: false, or deletion.policy: Orphan to leave AWS as it is, or: "
            + force_release_line(desired.owner)
        )
    elif pending:
        message += f". Waiting to be done: {pending}"
    serving = decision.report.serving
    if serving is not None and serving.usd_per_hour:
        message += f". The model runs, and costs {usd(serving.usd_per_hour)} an hour"
    suspended = Finding(Reason.SUSPENDED, message)
    report = decision.report
    carried = report.project.tags if report.project is not None else {}
    report = replace(
        report,
        ready=_not_at_it(report.ready, decision, suspended),
        up_to_date=_not_at_it(report.up_to_date, decision, suspended),
        suspended=suspended,
        reconciling=None,
        drift=tuple(replace(item, corrected=False) for item in report.drift),
        project_tag_keys=tuple(key for key in report.project_tag_keys if key in carried),
    )
    return replace(
        decision,
        actions=(),
        report=report,
        requeue_seconds=policy.sweep_seconds,
        announce=False,
        frees_models=False,
        keeps_model=False,
    )


def _not_at_it(state: ReadyState, decision: Decision, suspended: Finding) -> ReadyState:
    """Say that what would have been done is suspended; what AWS does by itself, such as a training, goes on."""
    doing = decision.report.reconciling
    if state.holds or not decision.actions or doing is None:
        return state
    if state.reason is Reason.ADAPTER_EXPIRED:  # stays the more urgent news
        return replace(state, message=state.message.replace(doing.message, suspended.message))
    if state.reason is not doing.reason:
        return state
    return ReadyState(holds=state.holds, reason=suspended.reason, message=suspended.message)


def _decide_deletion(desired: Desired, observed: Observed, policy: Policy, now: datetime) -> Decision:
    plan = plan_deletion(desired, observed, observed.at or now)
    seen = observed.project if plan.ours else None
    report = report_on(desired, seen, plan.fleet, plan.reconciling, plan.stalled, Proving())
    why = plan.stalled or plan.reconciling or Finding(Reason.DELETING, "The resource is being deleted")
    gone = ReadyState(holds=False, reason=why.reason, message=why.message)
    report = replace(
        report,
        ready=gone,
        up_to_date=gone,
        reconciling=plan.reconciling,
        pending_next_version=None,
        keep_known=not plan.ours,
        serving=serving_seen(desired, plan.fleet, policy) if plan.ours and desired.serving is not None else None,
    )
    if any(isinstance(action, ReleaseFinalizer) for action in plan.actions):
        return Decision(plan.actions, report, policy.moving_seconds)
    requeue = _requeue(plan.actions, plan.reconciling, policy)
    return Decision(plan.actions, report, requeue, running_models=plan.fleet.running_models, frees_models=True)
