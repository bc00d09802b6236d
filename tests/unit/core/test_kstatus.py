"""What do Flux, Argo CD and kubectl wait make of each phase? They go by kstatus."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from fakes.builders import (
    NOW,
    OTHER_OWNER,
    PLACE,
    A,
    B,
    ago,
    desired,
    foreign,
    known,
    name_of,
    observed,
    project,
    version,
)
from fakes.models import P, Q, made, model, running, stopped, windows, world
from fakes.proofs import answers, at_least, automatic, manual, probed, proofs
from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core import tags as t
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting
from rekognition_operator.core.proof import Outcome
from rekognition_operator.core.status import compose, first_sight
from rekognition_operator.core.world import Desired, Observed, ProjectStatus
from unit.core.table import Case, empty_status


def kstatus(status: ResourceStatus | AWSIdentityStatus | None, generation: int, *, deleting: bool = False) -> str:
    """Compute the status of a generic custom resource as sigs.k8s.io/cli-utils/pkg/kstatus does.

    Source: ``checkGenericProperties`` and ``checkReadyCondition`` of its status/generic.go and status/core.go.
    """
    if deleting:
        return "Terminating"
    if status is not None and status.observed_generation is not None and status.observed_generation != generation:
        return "InProgress"
    conditions = (status.conditions if status is not None else None) or []
    for condition in conditions:
        if condition.type == "Reconciling" and condition.status == "True":
            return "InProgress"
        if condition.type == "Stalled" and condition.status == "True":
            return "Failed"
    for condition in conditions:
        if condition.type == "Ready":
            return "Current" if condition.status == "True" else "InProgress"
    return "Current"


@dataclass(frozen=True)
class Phase:
    """A phase in a resource's life, and how kstatus shall see it."""

    name: str
    desired: Desired
    observed: Observed
    kstatus: str
    hindrance: Hindrance | None = None

    def status(self) -> ResourceStatus:
        """Return the status of this phase."""
        report = Case("", self.desired, self.observed, [], {}).decide().report
        return compose(empty_status(self.desired), self.desired.generation, report, self.hindrance, NOW)


SERVING_A = version(A, promoted=ago(hours=1))
TRAINS_A = version(A, status="TRAINING_IN_PROGRESS")
FAILED_A = version(A, status="TRAINING_FAILED")
REFRESHES_A = {t.CAUSE: f"refresh:{name_of(A)}", t.REFRESH_OF: f"{name_of(A)} 7.0"}
DEPRECATED_A = version(A, status="DEPRECATED", promoted=ago(days=9))
EXPIRED_A = version(A, status="EXPIRED", promoted=ago(days=9))
SERVING_B = version(B, promoted=ago(minutes=1))
TRAINS_B = version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5))
FAILED_B = version(B, status="TRAINING_FAILED", created=ago(minutes=5))
DELETED = desired(deleting=True, deletion_policy="Delete")
QUOTA = Waiting(Reason.WAITING_FOR_QUOTA, "no slot", 60, "TrainingSlot", 2)
DENIED = Terminal(Reason.ACCESS_DENIED, "denied", 600)
FAULT = Transient(Reason.RETRYING, "network")
HERE = project(latest=name_of(A))
THERE = project(latest=name_of(B))
TRAINED_B = version(B, created=ago(minutes=5), f1_score=0.7)
PROBED, GATED = automatic(probed()), automatic(at_least(0.8))
UNPROVABLE = observed(version(A), project=HERE, proofs=proofs((version(A), answers(Outcome.UNUSABLE))))
BASE_MODEL_ANSWERS = observed(SERVING_A, project=HERE, proofs=proofs((SERVING_A, answers(Outcome.BASE_MODEL))))
PROBES_FAIL = observed(SERVING_A, project=HERE, proofs=proofs((SERVING_A, answers(Outcome.FAILED))))

PHASES = (
    Phase("creating the project", desired(), observed(project=None), "InProgress"),
    Phase("the project comes", desired(), observed(project=project(status=ProjectStatus.CREATING)), "InProgress"),
    Phase("asking for the training", desired(), observed(project=project()), "InProgress"),
    Phase("waiting for a slot", desired(), observed(project=project()), "InProgress", QUOTA),
    Phase("a passing fault before anything serves", desired(), observed(project=project()), "InProgress", FAULT),
    Phase("access denied", desired(), observed(project=project()), "Failed", DENIED),
    Phase("a conflict", desired(), observed(SERVING_A, project=HERE), "Current", Conflict("changed")),
    Phase("the first training", desired(), observed(TRAINS_A, project=HERE), "InProgress"),
    Phase("the first training failed", desired(), observed(FAILED_A, project=HERE), "Failed"),
    Phase("putting into service", desired(), observed(version(A), project=HERE), "InProgress"),
    Phase("in service", desired(), observed(SERVING_A, project=HERE), "Current"),
    Phase("in service, a passing fault", desired(), observed(SERVING_A, project=HERE), "InProgress", FAULT),
    Phase("in service, access denied", desired(), observed(SERVING_A, project=HERE), "Failed", DENIED),
    Phase("retraining", desired(B), observed(SERVING_A, TRAINS_B, project=THERE), "InProgress"),
    Phase("the retraining failed", desired(B), observed(SERVING_A, FAILED_B, project=THERE), "Failed"),
    Phase(
        "a failed retraining with a passing fault is still failed",
        desired(B), observed(SERVING_A, FAILED_B, project=THERE), "Failed", FAULT,
    ),
    Phase("the revert", desired(A), observed(SERVING_A, SERVING_B, project=HERE), "InProgress"),
    Phase(
        "readyWhen Accepted, the first training",
        desired(ready_when_accepted=True), observed(TRAINS_A, project=HERE), "Current",
    ),
    Phase(
        "readyWhen Accepted, not accepted yet",
        desired(ready_when_accepted=True), observed(project=project()), "InProgress",
    ),
    Phase(
        "readyWhen Accepted, waiting for a slot",
        desired(ready_when_accepted=True), observed(project=project()), "InProgress", QUOTA,
    ),
    Phase(
        "readyWhen Accepted, retraining",
        desired(B, ready_when_accepted=True), observed(SERVING_A, TRAINS_B, project=THERE), "Current",
    ),
    Phase(
        "readyWhen Accepted, the training failed",
        desired(ready_when_accepted=True), observed(FAILED_A, project=HERE), "Failed",
    ),
    Phase(
        "drift being corrected",
        desired(tags={"team": "ads"}), observed(SERVING_A, project=HERE), "InProgress",
    ),
    Phase(
        "drift only reported",
        desired(tags={"team": "ads"}, correct_drift=False), observed(SERVING_A, project=HERE), "Current",
    ),
    Phase("confirming a loss", desired(), observed(project=HERE), "InProgress"),
    Phase("a loss only reported", desired(correct_drift=False), observed(project=HERE), "Failed"),
    Phase("deprecated", desired(), observed(DEPRECATED_A, project=HERE), "Current"),
    Phase(
        "refreshing",
        desired(refresh_after=timedelta()),
        observed(DEPRECATED_A, version(A, 2, "TRAINING_IN_PROGRESS", tags=REFRESHES_A), project=HERE), "InProgress",
    ),
    Phase(
        "a refresh failed",
        desired(refresh_after=timedelta()),
        observed(DEPRECATED_A, version(A, 2, "TRAINING_FAILED", tags=REFRESHES_A), project=HERE), "Failed",
    ),
    Phase("expired", desired(), observed(EXPIRED_A, project=HERE), "InProgress"),
    Phase("owned by another", desired(), observed(project=project(owner=OTHER_OWNER)), "Failed"),
    Phase("adopting", desired(adoption_policy="IfUnowned"), observed(project=project(owner=None)), "InProgress"),
    Phase("mismatch", desired(auto_update=True), observed(SERVING_A, project=HERE), "Failed"),
    Phase("the project is lost", desired(known_project=known()), observed(project=None), "Failed"),
    Phase(
        "the project would move",
        desired(place=replace(PLACE, region="eu-west-1"), known_project=known()), observed(project=None), "Failed",
    ),
    Phase("being proved", desired(promotion=PROBED), observed(version(A), project=HERE), "InProgress"),
    Phase("a retraining is being proved", desired(B, promotion=PROBED), observed(SERVING_A, TRAINED_B, project=THERE),
          "InProgress"),
    Phase("cannot be proved", desired(promotion=PROBED), UNPROVABLE, "Failed"),
    Phase("rejected", desired(promotion=GATED), observed(version(A, f1_score=0.7), project=HERE), "Failed"),
    Phase(
        "a retraining is rejected",
        desired(B, promotion=GATED), observed(SERVING_A, TRAINED_B, project=THERE), "Failed",
    ),
    Phase(
        "a first version waits for a person's word",
        desired(promotion=manual()), observed(version(A), project=HERE), "InProgress",
    ),
    Phase(
        "a retraining waits for a person's word",
        desired(B, promotion=manual()), observed(SERVING_A, TRAINED_B, project=THERE), "Current",
    ),
    Phase("pinned", desired(B, pin=name_of(A)), observed(SERVING_A, TRAINED_B, project=THERE), "Current"),
    Phase("pinned to nothing", desired(pin="gone"), observed(SERVING_A, project=HERE), "Failed"),
    Phase("the base model answers", desired(promotion=PROBED), BASE_MODEL_ANSWERS, "Failed"),
    Phase("probes fail in service", desired(promotion=PROBED), PROBES_FAIL, "Current"),
    Phase("suspended in service", desired(suspend=True), observed(SERVING_A, project=HERE), "Current"),
    Phase("suspended before anything serves", desired(suspend=True), observed(project=None), "InProgress"),
    Phase("an unknown status", desired(), observed(version(A, status="NEW"), project=HERE), "InProgress"),
    Phase("deleting", DELETED, observed(SERVING_A, project=HERE), "Terminating"),
    Phase(
        "deletion blocked",
        DELETED, observed(SERVING_A, foreign(), project=HERE), "Terminating",
    ),
)  # fmt: skip

RUNS_P = made(status="RUNNING", marker="Running 1", promoted=ago(days=1))
STOPPED_P = made(status="STOPPED", marker="Stopped", stop="spec", promoted=ago(days=1))
STARTS_P = made(status="STARTING", marker="Starting 1", promoted=ago(days=1))
STOPS_P = made(status="STOPPING", marker="Running 1", stop="spec", promoted=ago(days=1))
FAILED_P = made(status="FAILED", marker="Starting 1", promoted=ago(days=1), failed_seen=ago(minutes=5))
TRAINED_Q = made(Q, created=ago(hours=1))
STARTS_Q = made(Q, "STARTING", marker="Starting 1", created=ago(hours=1))
FAILED_Q = made(Q, "FAILED", marker="Starting 1", created=ago(hours=1), failed_seen=ago(minutes=5))
OFF = model(serving=stopped())
HOURS = model(serving=running(schedule=windows("Tue 08:00-19:00")))
NO_ROOM = Waiting(Reason.WAITING_FOR_QUOTA, "no slot", 60, "RunningModelSlot", 1, no_room=True)

MODEL_PHASES = (
    Phase("a model that is about to be started", model(), world(STOPPED_P), "InProgress"),
    Phase("a model that waits to be started", model(), world(STOPPED_P), "InProgress", NO_ROOM),
    Phase("a model that starts", model(), world(STARTS_P), "InProgress"),
    Phase("a model that runs", model(), world(RUNS_P), "Current"),
    Phase("a model that is stopped, as it shall be", OFF, world(STOPPED_P), "Current"),
    Phase("a model that is stopped outside of its windows", HOURS, world(STOPPED_P), "Current"),
    Phase("a model that is about to be stopped", OFF, world(RUNS_P), "InProgress"),
    Phase("a model that stops", OFF, world(STOPS_P), "InProgress"),
    Phase("a model that starts and shall stop", OFF, world(STARTS_P), "InProgress"),
    Phase("a model that failed to start", model(), world(FAILED_P), "Failed"),
    Phase("a model whose units change", model(serving=running(min_units=2)), world(RUNS_P), "InProgress"),
    Phase("a model beyond its budget", model(serving=running(max_usd_per_hour=1)), world(STOPPED_P), "Failed"),
    Phase(
        "a model that others stopped, reported only",
        model(correct_drift=False), world(replace(STOPPED_P, tags=RUNS_P.tags)), "Failed",
    ),
    Phase("a model that others stopped, corrected", model(), world(replace(STOPPED_P, tags=RUNS_P.tags)), "InProgress"),
    Phase("the next version takes over", model(Q), world(RUNS_P, STARTS_Q, latest=Q), "InProgress"),
    Phase("the next version has no room", model(Q), world(RUNS_P, TRAINED_Q, latest=Q), "InProgress", NO_ROOM),
    Phase(
        "the next version has no budget",
        model(Q, running(max_usd_per_hour=4)), world(RUNS_P, TRAINED_Q, latest=Q), "InProgress",
    ),
    Phase("the next version failed to start", model(Q), world(RUNS_P, FAILED_Q, latest=Q), "Failed"),
    Phase("a model that was not asked for long", model(serving=running()), world(RUNS_P, latest=P), "Current"),
    Phase("a running model that is suspended", model(suspend=True), world(RUNS_P), "Current"),
    Phase(
        "a model that shall stop and is suspended",
        model(serving=stopped(), suspend=True), world(RUNS_P), "InProgress",
    ),
    Phase(
        "a model under readyWhen Accepted that trains",
        model(ready_when_accepted=True), world(made(status="TRAINING_IN_PROGRESS")), "Current",
    ),
    Phase(
        "a model under readyWhen Accepted that retrains and is stopped, as it shall be",
        model(Q, stopped(), ready_when_accepted=True),
        world(STOPPED_P, made(Q, "TRAINING_IN_PROGRESS", created=ago(hours=1)), latest=Q),
        "Current",
    ),
    Phase("a model that is deleted", model(deleting=True), world(RUNS_P), "Terminating"),
)  # fmt: skip
ALL_PHASES = (*PHASES, *MODEL_PHASES)


@pytest.mark.parametrize("phase", [pytest.param(phase, id=phase.name) for phase in ALL_PHASES])
def test_each_phase_reads_as_it_is_meant(phase: Phase) -> None:
    assert kstatus(phase.status(), phase.desired.generation, deleting=phase.desired.deleting) == phase.kstatus


@pytest.mark.parametrize(
    "phase", [pytest.param(phase, id=phase.name) for phase in ALL_PHASES if not phase.desired.deleting]
)
def test_an_edit_is_in_progress_until_it_was_looked_at(phase: Phase) -> None:
    assert kstatus(phase.status(), phase.desired.generation + 1) == "InProgress"


def test_an_object_that_was_only_created_is_in_progress_by_the_default_of_the_crd() -> None:
    assert kstatus(ResourceStatus(observed_generation=-1), 1) == "InProgress"
    assert kstatus(None, 1) == "Current"  # which is why the CRD has that default


def test_the_first_conditions_are_in_progress() -> None:
    assert kstatus(first_sight(ResourceStatus(observed_generation=-1), 1, NOW), 1) == "InProgress"


@pytest.mark.parametrize(
    ("wanted", "seen", "serving"),
    [
        (model(), world(RUNS_P), ("True", "Running")),
        (model(), world(STARTS_P), ("False", "NotRunning")),
        (model(), world(FAILED_P), ("False", "NotRunning")),
        (model(), observed(project=None), ("False", "NotRunning")),
        (OFF, world(STOPPED_P), ("False", "Stopped")),
        (OFF, world(RUNS_P), ("True", "Running")),
        (OFF, world(STOPS_P), ("False", "Stopped")),
        (HOURS, world(STOPPED_P), ("False", "OutsideWindow")),
        (model(Q), world(RUNS_P, STARTS_Q, latest=Q), ("True", "Running")),
        (model(Q), world(RUNS_P, FAILED_Q, latest=Q), ("True", "Running")),
        (model(suspend=True), world(RUNS_P), ("True", "Running")),
    ],
)
def test_serving_says_whether_it_answers_whatever_the_spec_wants(
    wanted: Desired, seen: Observed, serving: tuple[str, str]
) -> None:
    conditions = Phase("", wanted, seen, "").status().conditions or []
    assert [(c.status, c.reason) for c in conditions if c.type == "Serving"] == [serving]
