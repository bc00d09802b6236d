"""Which transitions post an Event, and which passes are quiet?"""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from fakes.builders import NOW, OTHER_OWNER, A, B, C, ago, desired, foreign, name_of, observed, project, retry, version
from fakes.proofs import at_least, automatic, rejected
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.proving import Published
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core.events import events
from rekognition_operator.core.hindrance import Hindrance, Terminal, Waiting
from rekognition_operator.core.status import compose, first_sight
from rekognition_operator.core.world import Desired, Observed
from unit.core.table import Case, short

HERE = project(latest=name_of(A))
TRAINS = observed(version(A, status="TRAINING_IN_PROGRESS"), project=HERE)
TRAINED = observed(version(A, f1_score=0.8765), project=HERE)
SERVES = observed(version(A, promoted=ago(hours=1)), project=HERE)
FAILED = observed(version(A, status="TRAINING_FAILED", status_message="No images."), project=HERE)
TEAM = desired(tags={"team": "ads"})
FIRST_SIGHT = first_sight(None, 1, NOW)


def status(
    seen: Observed, wanted: Desired | None = None, *, hindrance: Hindrance | None = None,
    previous: ResourceStatus | None = None,
) -> ResourceStatus:  # fmt: skip
    wanted = wanted or desired()
    report = Case("", wanted, seen, [], {}).decide().report
    return compose(previous, wanted.generation, report, hindrance, NOW)


def publishing(seen: Observed, config_map: str | None = "shop", names: str | None = None) -> ResourceStatus:
    published = Published(config_map=config_map, version_name=names) if config_map is not None else None
    return status(seen).model_copy(update={"published": published})


C_TRAINS = version(C, status="TRAINING_IN_PROGRESS", created=ago(minutes=5))
GATED_C = desired(C, promotion=automatic(at_least(0.8)))
WORSE = version(B, created=ago(hours=1), f1_score=0.7)
WORSE_REJECTED = version(B, created=ago(hours=1), f1_score=0.7, tags=rejected(at_least(0.8)))
EXPIRED = observed(version(A, status="EXPIRED", promoted=ago(hours=1)), project=HERE)
QUOTA = Waiting(Reason.WAITING_FOR_QUOTA, "no slot", 60)
DENIED = Terminal(Reason.ACCESS_DENIED, "denied", 600)


@dataclass(frozen=True)
class Transition:
    """Two statuses in a row, and the events of that step: "<type> <reason>"."""

    name: str
    before: ResourceStatus | None
    after: ResourceStatus
    events: list[str]
    says: str = ""


TRANSITIONS = (
    Transition(
        "the project is being created", FIRST_SIGHT, status(observed(project=None)), ["Normal CreatingProject"]
    ),
    Transition(
        "a training has started", status(observed(project=project())), status(TRAINS), ["Normal TrainingStarted"],
        "Rekognition is training version A",
    ),
    Transition(
        "a training has ended well", status(TRAINS), status(TRAINED), ["Normal TrainingCompleted"],
        "Version A is trained, F1 0.876",
    ),
    Transition(
        "a version is in service", status(TRAINED), status(SERVES), ["Normal InService"], "Version A is in service"
    ),
    Transition(
        "another version is in service",
        status(SERVES),
        status(
            observed(version(A, promoted=ago(hours=1)), version(B, promoted=ago(minutes=1)), project=HERE), desired(B)
        ),
        ["Normal InService"],
        "Version B is in service instead of A",
    ),
    Transition(
        "a training has failed", status(TRAINS), status(FAILED), ["Warning TrainingFailed"], "No images."
    ),
    Transition("a failure is over", status(FAILED), status(TRAINS), ["Normal TrainingStarted", "Normal Unstalled"]),
    Transition(
        "the version in service is gone", status(SERVES), status(observed(project=HERE)),
        ["Warning OutOfService", "Warning Correcting", "Normal ConfirmingLoss"],
    ),
    Transition("a tag is put right", status(SERVES), status(SERVES, TEAM), ["Warning Correcting"]),
    Transition(
        "a tag was put right", status(SERVES, TEAM), status(SERVES), ["Normal DriftCorrected"], "again as the spec says"
    ),
    Transition(
        "a tag is only reported", status(SERVES), status(SERVES, desired(tags={"team": "ads"}, correct_drift=False)),
        ["Warning Reported"],
    ),
    Transition(
        "a person or AWS adds a version",
        status(SERVES),
        status(observed(*SERVES.versions, foreign(), project=HERE)),
        ["Normal ForeignVersion"],
        "by-hand was added by others; it is shown and left alone",
    ),
    Transition(
        "a version is rejected while another one trains, so that it is not Stalled for it",
        status(observed(*SERVES.versions, WORSE, C_TRAINS, project=HERE), GATED_C),
        status(observed(*SERVES.versions, WORSE_REJECTED, C_TRAINS, project=HERE), GATED_C),
        ["Warning VersionRejected"],
        "Version B does not pass minF1Score",
    ),
    Transition(
        "a superseded version is being deleted",
        status(observed(*SERVES.versions, version(B), project=HERE)),
        status(observed(*SERVES.versions, version(B, status="DELETING"), project=HERE)),
        ["Normal VersionDeleted"],
        "Version B (Superseded) is being deleted in AWS",
    ),
    Transition(
        "the base model is superseded",
        status(SERVES),
        status(observed(version(A, status="DEPRECATED", promoted=ago(hours=1)), project=HERE)),
        ["Warning Deprecated"],
    ),
    Transition(
        "the adapter has expired",
        status(observed(version(A, status="DEPRECATED", promoted=ago(hours=1)), project=HERE)),
        status(observed(version(A, status="EXPIRED", promoted=ago(hours=1)), project=HERE)),
        ["Warning OutOfService"],
    ),
    Transition("suspended", status(SERVES), status(SERVES, desired(suspend=True)), ["Normal Suspended"]),
    Transition("resumed", status(SERVES, desired(suspend=True)), status(SERVES), ["Normal Resumed"]),
    Transition(
        "a slot is waited for", FIRST_SIGHT, status(observed(project=project()), hindrance=QUOTA),
        ["Normal WaitingForQuota"],
    ),
    Transition("access is denied", status(SERVES), status(SERVES, hindrance=DENIED), ["Warning AccessDenied"]),
    Transition(
        "the reason of being stalled changes", status(FAILED), status(FAILED, hindrance=DENIED),
        ["Warning AccessDenied"],
    ),
    Transition(
        "the project is another's", FIRST_SIGHT, status(observed(project=project(owner=OTHER_OWNER))),
        ["Warning ProjectOwnedByAnother"],
    ),
    Transition(
        "deletion begins", status(SERVES), status(SERVES, desired(deleting=True, deletion_policy="Delete")),
        ["Normal Deleting"],
    ),
    Transition("a wording changes", status(TRAINS, TEAM), status(TRAINS, desired(tags={"team": "b"})), []),
    Transition("a token is answered", status(SERVES), status(SERVES, desired(annotations=retry("x"))), []),
    Transition(
        "a version is published", status(SERVES), publishing(SERVES, names=name_of(A)), ["Normal Published"],
        "ConfigMap shop now names version A",
    ),
    Transition(
        "another version is published", publishing(SERVES, names=name_of(B)), publishing(SERVES, names=name_of(A)),
        ["Normal Published"], "ConfigMap shop now names version A",
    ),
    Transition(
        "it is published under another name",
        publishing(SERVES, names=name_of(A)), publishing(SERVES, "store", names=name_of(A)),
        ["Normal Published"], "ConfigMap store now names version A",
    ),
    Transition(
        "no version may be used any more", publishing(SERVES, names=name_of(A)), publishing(EXPIRED),
        ["Warning OutOfService", "Warning Unpublished"],
        "ConfigMap shop names no version any more. Version A has expired",
    ),
    Transition("a ConfigMap that names none yet", status(TRAINS), publishing(TRAINS), []),
    Transition("one that names none under another name", publishing(TRAINS), publishing(TRAINS, "store"), []),
    Transition(
        "it is published no more", publishing(SERVES, names=name_of(A)), status(SERVES), ["Normal Unpublished"],
        "ConfigMap shop is deleted",
    ),
    Transition("a status is lost while settled", None, status(SERVES), ["Normal InService"]),
)  # fmt: skip


@pytest.mark.parametrize("step", [pytest.param(step, id=step.name) for step in TRANSITIONS])
def test_a_transition_that_people_care_about_is_told_once(step: Transition) -> None:
    notes = events(step.before, step.after)
    assert [f"{note.type} {note.reason}" for note in notes] == step.events
    assert step.says in short(" ".join(note.message for note in notes))
    assert events(step.after, step.after) == ()


@pytest.mark.parametrize("step", [pytest.param(step, id=step.name) for step in TRANSITIONS])
def test_a_status_that_has_only_become_older_posts_nothing(step: Transition) -> None:
    kept = {c.type: c for c in step.after.conditions or []}
    later = NOW + timedelta(days=1)
    older = step.after.model_copy(
        update={"conditions": [c.model_copy(update={"last_transition_time": later}) for c in kept.values()]}
    )
    assert events(step.after, older) == ()


def test_a_message_fits_into_an_event() -> None:
    denied = Terminal(Reason.ACCESS_DENIED, "x" * 5000, 600)
    (note,) = events(status(SERVES), status(SERVES, hindrance=denied))
    assert len(note.message) <= 1024
