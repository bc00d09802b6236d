"""What is removed in AWS when the resource is deleted, what is kept, and when does the resource go?"""

from dataclasses import replace

from fakes.builders import (
    OTHER_OWNER,
    OWNER,
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
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import Annotations, Observed, ObservedDataset, ProjectStatus
from unit.core.table import SERVING, Case, check, rows

GOING = {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting"}
TRAINING = {
    "Ready": "False WaitingForTraining",
    "UpToDate": "False WaitingForTraining",
    "Reconciling": "True WaitingForTraining",
}
BLOCKED = {"Ready": "False ForeignVersions", "UpToDate": "False ForeignVersions", "Stalled": "True ForeignVersions"}
FORCED = Annotations(force_release=True)
RELEASED = {t.RELEASED: t.released_value(OWNER)}
RELEASE_TAG = "released=prod/ModerationAdapter/trust-safety/storefront"
A1 = version(A, promoted=ago(hours=1), created=ago(days=2))
B1 = version(B, created=ago(days=3))
IN_TRAINING = version(B, status="TRAINING_IN_PROGRESS", created=ago(hours=1))
FORCE_LINE = "kubectl annotate moderationadapter -n trust-safety storefront rekognition-operator.io/force-release=true"
DATASET = ObservedDataset("arn:aws:rekognition:us-east-1:123456789012:project/x/dataset/train/1", "TRAIN", "CREATED")


NEVER_OWNED: tuple[tuple[str, Observed], ...] = (
    ("there is no project", observed(project=None)),
    ("the project is another's", observed(version(A, owner=OTHER_OWNER), project=project(owner=OTHER_OWNER))),
    ("the project is nobody's", observed(foreign(), project=project(owner=None))),
    ("all was released already", observed(version(A, owner=None), project=project(owner=None, tags=RELEASED))),
)

WITHOUT_US = tuple(
    Case(
        f"policy {policy}, {where}: it goes, and AWS stays as it is",
        desired(deleting=True, deletion_policy=policy),
        world,
        ["ReleaseFinalizer"],
        GOING,
    )
    for policy in ("Delete", "Retain", "Orphan")
    for where, world in NEVER_OWNED
)

DELETE = (
    Case(
        "Delete removes the versions first, oldest first",
        desired(deleting=True, deletion_policy="Delete"),
        observed(A1, B1, project=project()),
        ["DeleteVersion B [owner]", "DeleteVersion A [owner]"],
        GOING,
        requeue=1,
    ),
    Case(
        "it waits while they are being deleted",
        desired(deleting=True, deletion_policy="Delete"),
        observed(version(A, status="DELETING"), project=project()),
        [],
        GOING,
        requeue=30,
    ),
    Case(
        "then the project goes",
        desired(deleting=True, deletion_policy="Delete"),
        observed(project=project()),
        ["DeleteProject project"],
        GOING,
    ),
    Case(
        "it waits while the project is being deleted",
        desired(deleting=True, deletion_policy="Delete"),
        observed(project=project(status=ProjectStatus.DELETING)),
        [],
        GOING,
        requeue=30,
    ),
    Case(
        "the finalizer goes last, when nothing is left",
        desired(deleting=True, deletion_policy="Delete", known_project=known()),
        observed(project=None),
        ["ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "a version in training is waited for, and the message says how not to wait",
        desired(deleting=True, deletion_policy="Delete"),
        observed(A1, IN_TRAINING, project=project()),
        ["DeleteVersion A [owner]"],
        TRAINING,
        says=("Version B is in training", "set spec.deletion.policy to Retain or Orphan"),
    ),
    Case(
        "failed, expired, deprecated and unknown versions are deleted",
        desired(deleting=True, deletion_policy="Delete"),
        observed(
            *(
                version(A, n, status, created=ago(days=9 - n))
                for n, status in enumerate(("TRAINING_FAILED", "EXPIRED", "DEPRECATED", "RECALIBRATING"), start=1)
            ),
            project=project(),
        ),
        [f"DeleteVersion A{suffix} [owner]" for suffix in ("", "-2", "-3", "-4")],
        GOING,
    ),
    Case(
        "an adopted version counts as ours",
        desired(deleting=True, deletion_policy="Delete"),
        observed(version(A, name="autumn", tags={t.DIGEST: name_of(A)}), project=project()),
        ["DeleteVersion autumn [owner]"],
        GOING,
    ),
    Case(
        "a version of ours that lost its tags gets them back before it is deleted",
        desired(deleting=True, deletion_policy="Delete"),
        observed(version(A, owner=None), project=project()),
        ["SetTags A [owner]", "DeleteVersion A [owner]"],
        GOING,
    ),
    Case(
        "a project whose claim has not settled is ours by its tags and is deleted with what is ours",
        desired(deleting=True, deletion_policy="Delete"),
        observed(project=project(tags={t.CLAIMED_AT: t.time_value(ago(seconds=5))})),
        ["DeleteProject project"],
        GOING,
    ),
)

FOREIGN = (
    Case(
        "foreign versions block Delete, and nothing is deleted; the message has every way out",
        desired(deleting=True, deletion_policy="Delete"),
        observed(A1, foreign("by-hand"), project=project()),
        [],
        BLOCKED,
        says=(
            "1 version that this resource did not create (by-hand)",
            "spec.deletion.foreignVersions to Delete (them too) or Release",
            'kubectl patch moderationadapter -n trust-safety storefront --type merge -p \'{"spec"',
            FORCE_LINE,
        ),
        requeue=600,
    ),
    Case(
        "a version that another resource owns is foreign",
        desired(deleting=True, deletion_policy="Delete"),
        observed(version(A, owner=OTHER_OWNER), project=project()),
        [],
        BLOCKED,
    ),
    Case(
        "a foreign version that is being deleted does not block",
        desired(deleting=True, deletion_policy="Delete"),
        observed(A1, foreign("by-hand", "DELETING"), project=project()),
        ["DeleteVersion A [owner]"],
        GOING,
    ),
    Case(
        "foreignVersions Delete deletes them too",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Delete"),
        observed(A1, foreign("by-hand", created=ago(days=9)), project=project()),
        ["DeleteVersion by-hand foreign []", "DeleteVersion A [owner]"],
        GOING,
    ),
    Case(
        "a foreign version in training is waited for",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Delete"),
        observed(foreign("by-hand", "TRAINING_IN_PROGRESS"), project=project()),
        [],
        TRAINING,
        requeue=30,
    ),
    Case(
        "foreignVersions Release deletes ours first",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(A1, foreign("by-hand"), project=project()),
        ["DeleteVersion A [owner]"],
        GOING,
    ),
    Case(
        "foreignVersions Release waits for ours to be gone",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(version(A, status="DELETING"), foreign("by-hand"), project=project()),
        [],
        GOING,
        requeue=30,
    ),
    Case(
        "foreignVersions Release waits for a training of ours",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(IN_TRAINING, foreign("by-hand"), project=project()),
        [],
        TRAINING,
    ),
    Case(
        "foreignVersions Release then keeps the project, marked as released",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(foreign("by-hand"), project=project()),
        [f"SetTags project [{RELEASE_TAG}]", "RemoveTags project [owner]", "ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "without foreign versions Release deletes the project too",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(project=project()),
        ["DeleteProject project"],
        GOING,
    ),
    Case(
        "datasets block like foreign versions",
        desired(deleting=True, deletion_policy="Delete"),
        observed(project=project(datasets=(DATASET,))),
        [],
        BLOCKED,
        says=("1 dataset;",),
    ),
    Case(
        "datasets are deleted before the project, after the versions",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Delete"),
        observed(project=project(datasets=(DATASET,))),
        [f"DeleteDataset {DATASET.arn}"],
        GOING,
    ),
    Case(
        "a dataset that is being deleted is waited for",
        desired(deleting=True, deletion_policy="Delete", foreign_versions="Delete"),
        observed(project=project(datasets=(replace(DATASET, status="DELETE_IN_PROGRESS"),))),
        [],
        GOING,
        requeue=30,
    ),
)

KEEP = (
    Case(
        "Retain marks versions and project as released, the project last, and lets go in the same pass",
        desired(deleting=True),
        observed(A1, foreign("by-hand"), project=project(latest=name_of(A))),
        [
            f"SetTags A [{RELEASE_TAG}]",
            "RemoveTags A [owner]",
            f"SetTags project [{RELEASE_TAG}]",
            "RemoveTags project [owner]",
            "ReleaseFinalizer",
        ],
        {**GOING},
    ),
    Case(
        "Retain goes on where it was interrupted",
        desired(deleting=True),
        observed(version(A, owner=None, tags=RELEASED), project=project(tags=RELEASED)),
        ["RemoveTags project [owner]", "ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "Retain does not wait for a training",
        desired(deleting=True),
        observed(IN_TRAINING, project=project()),
        [
            f"SetTags B [{RELEASE_TAG}]",
            "RemoveTags B [owner]",
            f"SetTags project [{RELEASE_TAG}]",
            "RemoveTags project [owner]",
            "ReleaseFinalizer",
        ],
        GOING,
    ),
    Case(
        "Retain takes the mark of an unsettled claim away",
        desired(deleting=True),
        observed(project=project(tags={t.CLAIMED_AT: t.time_value(ago(seconds=5))})),
        [f"SetTags project [{RELEASE_TAG}]", "RemoveTags project [owner claimed-at]", "ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "Retain leaves a version alone that is being deleted",
        desired(deleting=True),
        observed(version(A, status="DELETING"), project=project(tags=RELEASED)),
        ["RemoveTags project [owner]", "ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "Orphan touches nothing, whatever is under way",
        desired(deleting=True, deletion_policy="Orphan"),
        observed(A1, IN_TRAINING, foreign("by-hand"), project=project()),
        ["ReleaseFinalizer"],
        GOING,
    ),
)

FORCE = (
    Case(
        "force-release under Delete deletes ours, whatever is foreign",
        desired(deleting=True, deletion_policy="Delete", annotations=FORCED),
        observed(A1, foreign("by-hand"), project=project()),
        ["DeleteVersion A [owner]"],
        GOING,
    ),
    Case(
        "force-release under Delete waits for nothing: what is in training or being deleted is let go",
        desired(deleting=True, deletion_policy="Delete", annotations=FORCED),
        observed(version(A, status="DELETING"), IN_TRAINING, foreign("by-hand"), project=project()),
        [
            f"SetTags B [{RELEASE_TAG}]",
            "RemoveTags B [owner]",
            f"SetTags project [{RELEASE_TAG}]",
            "RemoveTags project [owner]",
            "ReleaseFinalizer",
        ],
        GOING,
    ),
    Case(
        "force-release under Retain deletes nothing",
        desired(deleting=True, annotations=FORCED),
        observed(version(A, owner=None, tags=RELEASED), project=project(tags=RELEASED)),
        ["RemoveTags project [owner]", "ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "force-release under Orphan touches nothing",
        desired(deleting=True, deletion_policy="Orphan", annotations=FORCED),
        observed(A1, project=project()),
        ["ReleaseFinalizer"],
        GOING,
    ),
    Case(
        "force-release of a resource that is not being deleted does nothing",
        desired(annotations=FORCED, deletion_policy="Delete"),
        observed(A1, foreign("by-hand"), project=project(latest=name_of(A))),
        [],
        {"Ready": SERVING, "UpToDate": SERVING},
    ),
)

MOVED = tuple(
    Case(
        f"policy {policy}, the project would move: nothing is touched, and the message has the way out",
        desired(
            deleting=True,
            deletion_policy=policy,
            place=replace(PLACE, account="999999999999"),
            known_project=known(),
        ),
        observed(A1, project=project()),
        [],
        {"Ready": "False ProjectMoved", "UpToDate": "False ProjectMoved", "Stalled": "True ProjectMoved"},
        says=(FORCE_LINE,),
        requeue=600,
        rests_on_status=True,
    )
    for policy in ("Delete", "Retain")
) + tuple(
    Case(
        f"policy {elsewhere.deletion_policy}, the project would move, and the person lets go: nothing is touched",
        replace(elsewhere, place=replace(PLACE, account="999999999999"), known_project=known()),
        observed(A1, project=project()),
        ["ReleaseFinalizer"],
        GOING,
        rests_on_status=elsewhere.deletion_policy != "Orphan",
    )
    for elsewhere in (
        desired(deleting=True, deletion_policy="Orphan"),
        desired(deleting=True, annotations=FORCED),
        desired(deleting=True, deletion_policy="Delete", annotations=FORCED),
    )
)

CASES = (*WITHOUT_US, *DELETE, *FOREIGN, *KEEP, *FORCE, *MOVED)


@rows(*WITHOUT_US)
def test_what_was_never_ours_is_left_and_the_resource_goes(case: Case) -> None:
    check(case)


@rows(*DELETE)
def test_delete_removes_versions_then_the_project_then_the_finalizer(case: Case) -> None:
    check(case)


@rows(*FOREIGN)
def test_foreign_things_block_go_or_are_released_as_the_spec_says(case: Case) -> None:
    check(case)


@rows(*KEEP)
def test_retain_and_orphan_keep_everything(case: Case) -> None:
    check(case)


@rows(*FORCE)
def test_force_release_lets_go_and_destroys_only_where_the_policy_is_delete(case: Case) -> None:
    check(case)


@rows(*MOVED)
def test_a_resource_that_would_move_is_deleted_only_when_a_person_says_so(case: Case) -> None:
    check(case)
