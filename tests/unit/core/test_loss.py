"""What follows when others delete in AWS what the operator had trained?"""

from fakes.builders import A, B, ago, desired, foreign, name_of, observed, project, retry, version
from rekognition_operator.core import tags as t
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows, stuck, working


def lost(name: str, *, days: float = 0, seconds: float = 0) -> dict[str, str]:
    """Return the project's record of a loss."""
    return {t.LOST: t.losses_value([t.LostVersion(name, ago(days=days, seconds=seconds))])}


LOST_A = "versions[A]"
RECORD_A = "SetTags project [lost=A now]"

LOSS = (
    Case(
        "a version that is gone is written down as lost, and looked for again before anything is paid",
        desired(),
        observed(project=project(latest=name_of(A))),
        [RECORD_A],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
        requeue=1,
    ),
    Case(
        "within a minute it is only looked for",
        desired(),
        observed(project=project(latest=name_of(A), tags=lost(name_of(A), seconds=20))),
        [],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
        requeue=40,
    ),
    Case(
        "after a minute it is trained once more under the next name, with the cause",
        desired(),
        observed(project=project(latest=name_of(A), tags=lost(name_of(A), seconds=60))),
        ["CreateVersion A-2 [owner cause=lost:A]"],
        {**working("Training"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
    ),
    Case(
        "a version that is listed again was not lost: the record goes, so that a later loss is confirmed anew",
        desired(),
        observed(
            version(A, promoted=ago(hours=1)), project=project(latest=name_of(A), tags=lost(name_of(A), seconds=30))
        ),
        ["RemoveTags project [lost]"],
        UP_TO_DATE,
    ),
    Case(
        "the last good version serves meanwhile",
        desired(B),
        observed(version(A, promoted=ago(days=3)), project=project(latest=name_of(B))),
        ["SetTags project [lost=B now]"],
        {**working("ConfirmingLoss", ready=SERVING), "Drifted": "True Correcting"},
        drift=("versions[B]",),
    ),
    Case(
        "where no other version was ever in service, the newest usable one is put there at once",
        desired(B),
        observed(
            version(A, n=1, created=ago(days=9)), version(A, n=2, created=ago(days=8)),
            project=project(latest=name_of(B)),
        ),
        ["Promote A-2 [promoted-at=now]", "SetTags project [lost=B now]"],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=("versions[B]",),
    ),
    Case(
        "an older attempt of the same inputs that still works is used instead of training",
        desired(),
        observed(version(A, promoted=ago(days=3)), project=project(latest=name_of(A, 2))),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a lost attempt is a loss although an older failed one is left, and its number is not used again",
        desired(),
        observed(
            version(A, status="TRAINING_FAILED"),
            project=project(latest=name_of(A, 2), tags=lost(name_of(A, 2), seconds=60)),
        ),
        ["CreateVersion A-3 [owner cause=lost:A-2]"],
        {**working("Training"), "Drifted": "True Correcting"},
        drift=("versions[A-2]",),
    ),
    Case(
        "a lost attempt is confirmed lost although an older expired one is left",
        desired(),
        observed(version(A, status="EXPIRED", promoted=ago(days=99)), project=project(latest=name_of(A, 2))),
        ["SetTags project [lost=A-2 now]"],
        {
            "Ready": "False AdapterExpired",
            "UpToDate": "False ConfirmingLoss",
            "Reconciling": "True ConfirmingLoss",
            "Drifted": "True Correcting",
        },
        drift=("versions[A-2]",),
    ),
    Case(
        "the second loss within a week is not trained again",
        desired(),
        observed(project=project(latest=name_of(A, 2), tags=lost(name_of(A), days=3))),
        [],
        {**stuck("RepeatedlyDeleted"), "Drifted": "True Reported"},
        says=("Version A-2 was deleted in AWS by others, and so was A within a week", 'retry="$(date +%s)"'),
        drift=("versions[A-2]",),
        requeue=600,
    ),
    Case(
        "after a week a loss is corrected again, once confirmed",
        desired(),
        observed(project=project(latest=name_of(A, 2), tags=lost(name_of(A), days=7))),
        ["SetTags project [lost=A-2 now]"],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=("versions[A-2]",),
    ),
    Case(
        "a retry token unblocks repeated losses",
        desired(annotations=retry("monday")),
        observed(project=project(latest=name_of(A, 2), tags=lost(name_of(A), days=3))),
        ["CreateVersion A-3 [owner cause=retry retry=monday]"],
        {**working("Training"), "Drifted": "True Correcting"},
        drift=("versions[A-2]",),
    ),
    Case(
        "the loss of other inputs does not count against these",
        desired(B),
        observed(project=project(latest=name_of(B), tags=lost(name_of(A), days=3))),
        ["SetTags project [lost=B now / A 2026-02-27T09:00:00.000Z]"],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=("versions[B]",),
    ),
    Case(
        "a loss of other inputs in between makes no loss forgotten",
        desired(),
        observed(
            project=project(
                latest=name_of(A, 2),
                tags={
                    t.LOST: t.losses_value(
                        [t.LostVersion(name_of(B), ago(days=1)), t.LostVersion(name_of(A), ago(days=3))]
                    )
                },
            )
        ),
        [],
        {**stuck("RepeatedlyDeleted"), "Drifted": "True Reported"},
        drift=("versions[A-2]",),
        requeue=600,
    ),
    Case(
        "a record of a loss that is no record is written anew",
        desired(),
        observed(project=project(latest=name_of(A), tags={t.LOST: "something else"})),
        [RECORD_A],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
    ),
    Case(
        "driftPolicy Report only reports a lost version",
        desired(correct_drift=False),
        observed(project=project(latest=name_of(A))),
        [],
        {**stuck("VersionDeleted"), "Drifted": "True Reported"},
        says=("driftPolicy is Report", "set driftPolicy: Correct"),
        drift=(LOST_A,),
    ),
    Case(
        "a retry token trains a lost version under driftPolicy Report",
        desired(correct_drift=False, annotations=retry("monday")),
        observed(project=project(latest=name_of(A))),
        ["CreateVersion A-2 [owner cause=retry retry=monday]"],
        {**working("Training"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
    ),
    Case(
        "an adopted version that is gone is lost too: not trained without confirmation, and not under n = 1",
        desired(),
        observed(foreign(), project=project(latest=name_of(A), tags=lost(name_of(A), seconds=60))),
        ["CreateVersion A-2 [owner cause=lost:A]"],
        {**working("Training"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
    ),
    Case(
        "a version that others are deleting right now is waited for",
        desired(),
        observed(version(A, status="DELETING", promoted=ago(days=1)), project=project(latest=name_of(A))),
        [],
        working("WaitingForDeletion"),
        requeue=30,
    ),
    Case(
        "a version that was superseded by a change of the spec is not missed",
        desired(B),
        observed(version(B, promoted=ago(hours=1)), project=project(latest=name_of(B))),
        [],
        UP_TO_DATE,
    ),
)  # fmt: skip

NAMES = (
    Case(
        "a version with our name and our inputs that lost all its tags is still ours: drift, put right",
        desired(),
        observed(version(A, owner=None, promoted=ago(hours=1)), project=project(latest=name_of(A))),
        ["SetTags A [owner]"],
        {**UP_TO_DATE, "Reconciling": "True Adopting", "Drifted": "True Correcting"},
        drift=tuple(f"versions[A].tags[{key}]" for key in sorted(t.OWNER_KEYS)),
    ),
    Case(
        "one lost owner tag of a version is put back",
        desired(),
        observed(version(A, promoted=ago(hours=1), without=(t.NAME,)), project=project(latest=name_of(A))),
        ["SetTags A [name=storefront]"],
        {**UP_TO_DATE, "Reconciling": "True CorrectingDrift", "Drifted": "True Correcting"},
        drift=("versions[A].tags[rekognition-operator.io/name]",),
    ),
    Case(
        "an untagged version with our name but other inputs is foreign and holds the name",
        desired(),
        observed(version(B, name=name_of(A), owner=None), project=project()),
        [],
        stuck("VersionNameUnavailable"),
        says=("Version name A is taken", "nobody (it carries no owner tags)", "train under the next name"),
    ),
    Case(
        "a version with our name that another resource owns holds the name, whatever its inputs",
        desired(),
        observed(version(A, owner=None, tags=t.owner_tags(desired().owner) | {t.NAME: "other"}), project=project()),
        [],
        stuck("VersionNameUnavailable"),
        says=("ModerationAdapter trust-safety/other of cluster prod",),
    ),
    Case(
        "a retry token trains under the name after the one that is held",
        desired(annotations=retry("monday")),
        observed(version(B, name=name_of(A), owner=None), project=project()),
        ["CreateVersion A-2 [owner cause=retry retry=monday]"],
        working("Training"),
    ),
    Case(
        "a name whose foreign holder is being deleted is waited for",
        desired(),
        observed(version(B, name=name_of(A), owner=None, status="DELETING"), project=project()),
        [],
        working("WaitingForDeletion"),
        requeue=30,
    ),
    Case(
        "a version that AWS or a person added is shown and left alone",
        desired(keep=0, keep_failed=0),
        observed(
            version(A, promoted=ago(hours=1)), foreign("by-hand"), foreign("failed", "TRAINING_FAILED"),
            foreign("expired", "EXPIRED"), project=project(latest=name_of(A)),
        ),
        [],
        UP_TO_DATE,
    ),
)  # fmt: skip

CASES = (*LOSS, *NAMES)


@rows(*LOSS)
def test_a_lost_version_is_confirmed_and_trained_again_once_a_week_at_most(case: Case) -> None:
    check(case)


@rows(*NAMES)
def test_names_and_tags_tell_whose_a_version_is(case: Case) -> None:
    check(case)


def test_the_second_loss_of_an_adopted_version_within_a_week_is_not_trained_again() -> None:
    adopted = version(A, name="autumn", tags={t.DIGEST: name_of(A)}, promoted=ago(days=1))
    first = Case("", desired(), observed(adopted, project=project()), ["SetTags project [latest=A]"], UP_TO_DATE)
    check(first)
    second = Case(
        "",
        desired(),
        observed(project=project(latest=name_of(A, 2), tags=lost(name_of(A), days=1))),
        [],
        {**stuck("RepeatedlyDeleted"), "Drifted": "True Reported"},
        drift=("versions[A-2]",),
    )
    check(second)


def test_a_loss_that_a_wrong_clock_dated_ahead_is_dated_anew() -> None:
    case = Case(
        "",
        desired(),
        observed(project=project(latest=name_of(A), tags=lost(name_of(A), days=-30))),
        [RECORD_A],
        {**working("ConfirmingLoss"), "Drifted": "True Correcting"},
        drift=(LOST_A,),
    )
    check(case)
