"""Which versions that AWS adds count as ours, and what is done with them and what never is?"""

from dataclasses import replace
from datetime import timedelta
from typing import Unpack

from fakes.builders import (
    OTHER_OWNER,
    OWNER,
    A,
    B,
    DesiredFields,
    VersionFields,
    ago,
    desired,
    name_of,
    observed,
    project,
    version,
)
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.versions import sort_out
from rekognition_operator.core.world import Desired, ObservedProject, ObservedVersion
from unit.core.table import UP_TO_DATE, Case, check, rows, working

EXPIRING = {**UP_TO_DATE, "Expiring": "True Deprecated"}
MARKED = {t.ADDED_BY: t.AWS, t.DIGEST: name_of(A)}


def adopting(training: TrainingInputs = A, **fields: Unpack[DesiredFields]) -> Desired:
    base = desired(training, auto_update=True, adopt_updates=True, refresh_after=timedelta(days=14))
    return replace(base, **fields)


def of_project(latest: str = name_of(A), **tags: str) -> ObservedProject:
    return project(latest=latest, auto_update=True, tags=tags)


def by_aws(
    status: str = "TRAINING_COMPLETED", *, name: str = "auto-update-8.0", **fields: Unpack[VersionFields]
) -> ObservedVersion:
    """Return a version as AWS adds it: no tags, and a name of its own."""
    base = version(A, status=status, name=name, owner=None, created=ago(hours=6), base_model_version="8.0")
    return replace(base, **fields)


def adopted(status: str = "TRAINING_COMPLETED", **tags: str) -> ObservedVersion:
    """Return such a version that was taken over."""
    return replace(by_aws(status), tags={**t.owner_tags(OWNER), **MARKED, **tags})


OLD = version(
    A,
    status="DEPRECATED",
    promoted=ago(days=80),
    tags={t.DEPRECATED_SEEN: t.time_value(ago(days=20))},
    base_model_version="7.0",
)
ADOPT = "SetTags auto-update-8.0 [owner added-by=aws digest=A]"
PROMOTE = "Promote auto-update-8.0 [promoted-at=now]"
PROMOTES = {**working("Promoting", ready="True InService"), "Expiring": "True Deprecated"}

ADOPTED = (
    Case(
        "a version that AWS has trained on the wanted inputs is taken over and put into service, with no training",
        adopting(),
        observed(OLD, by_aws(), project=of_project()),
        [ADOPT, PROMOTE],
        PROMOTES,
    ),
    Case(
        "so is one of which AWS shows no inputs, where what served then is of the wanted ones",
        adopting(),
        observed(OLD, by_aws(inputs=None), project=of_project()),
        [ADOPT, PROMOTE],
        PROMOTES,
    ),
    Case(
        "it serves as one of ours does",
        adopting(),
        observed(OLD, adopted(**{t.PROMOTED_AT: t.time_value(ago(hours=1))}), project=of_project()),
        [],
        UP_TO_DATE,
    ),
    Case(
        "it stays ours when adoptUpdates is switched off",
        desired(auto_update=True),
        observed(OLD, adopted(**{t.PROMOTED_AT: t.time_value(ago(hours=1))}), project=of_project()),
        [],
        UP_TO_DATE,
    ),
    Case(
        "of AWS's version and ours the one that was created last serves",
        adopting(),
        observed(
            OLD, adopted(**{t.PROMOTED_AT: t.time_value(ago(hours=5))}), version(A, 2, created=ago(hours=2)),
            project=of_project(name_of(A, 2)),
        ),
        ["Promote A-2 [promoted-at=now]"],
        working("Promoting", ready="True InService"),
    ),
    Case(
        "when it expires, the same inputs are trained under the next name of ours",
        adopting(),
        observed(
            replace(OLD, status="EXPIRED"), adopted("EXPIRED", **{t.PROMOTED_AT: t.time_value(ago(hours=1))}),
            project=of_project(),
        ),
        ["CreateVersion A-2 [owner cause=expired:auto-update-8.0]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "when it is deprecated in its turn, it is refreshed as one of ours is",
        adopting(),
        observed(
            adopted("DEPRECATED", **{
                t.PROMOTED_AT: t.time_value(ago(hours=1)), t.DEPRECATED_SEEN: t.time_value(ago(days=15)),
            }),
            project=of_project(),
        ),
        ["SetTags auto-update-8.0 [refreshed-by=A-2]",
         "CreateVersion A-2 [owner cause=refresh:auto-update-8.0 refresh-of=auto-update-8.0 8.0]"],
        {**EXPIRING, "Reconciling": "True Training"},
    ),
)  # fmt: skip

LEFT = (
    Case(
        "without adoptUpdates it is foreign, and the refresh trains though AWS has added one",
        adopting(adopt_updates=False),
        observed(OLD, by_aws(), project=of_project()),
        ["SetTags A [refreshed-by=A-2]", "CreateVersion A-2 [owner cause=refresh:A refresh-of=A 7.0]"],
        {**EXPIRING, "Reconciling": "True Training"},
    ),
    Case(
        "a version of other inputs is foreign",
        adopting(refresh_after=None),
        observed(OLD, by_aws(inputs=B), project=of_project()),
        [],
        EXPIRING,
    ),
    Case(
        "a version of which AWS shows no inputs is foreign where what served then is not wanted any more",
        adopting(B),
        observed(
            version(A, promoted=ago(days=3)), version(B, promoted=ago(hours=1), created=ago(hours=2)),
            by_aws(inputs=None), project=of_project(name_of(B)),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a version of others is theirs",
        adopting(refresh_after=None),
        observed(OLD, replace(by_aws(), tags=t.owner_tags(OTHER_OWNER)), project=of_project()),
        [],
        EXPIRING,
    ),
    Case(
        "a version that AWS could not train is left alone, and the refresh trains",
        adopting(),
        observed(OLD, by_aws("TRAINING_FAILED"), project=of_project()),
        ["SetTags A [refreshed-by=A-2]", "CreateVersion A-2 [owner cause=refresh:A refresh-of=A 7.0]"],
        {**EXPIRING, "Reconciling": "True Training"},
    ),
    Case(
        "while AWS trains, nothing is paid beside it, though the refresh is due",
        adopting(),
        observed(OLD, by_aws("TRAINING_IN_PROGRESS"), project=of_project()),
        [],
        {**EXPIRING, "Reconciling": "True Training"},
        says=("once the training of auto-update-8.0 has ended",),
    ),
    Case(
        "before the refresh is due AWS's version is waited for",
        adopting(refresh_after=timedelta(days=30)),
        observed(OLD, project=of_project()),
        [],
        EXPIRING,
        says=("unless AWS has added a version by itself by then",),
    ),
)  # fmt: skip

KEPT = (
    Case(
        "retention never deletes it, counts it for nothing, and keeps our newest, which tells the names that were used",
        adopting(keep=0),
        observed(
            version(A, 2, "EXPIRED", created=ago(days=2)),
            replace(by_aws(name="auto-update-7.5"), tags={**t.owner_tags(OWNER), **MARKED}, created_at=ago(days=1)),
            adopted(**{t.PROMOTED_AT: t.time_value(ago(hours=1))}),
            version(B, created=ago(days=4)),
            project=of_project(name_of(A, 2)),
        ),
        ["DeleteVersion B [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "upon deletion it counts as foreign and blocks",
        adopting(deleting=True, deletion_policy="Delete"),
        observed(OLD, adopted(), project=of_project()),
        [],
        {"Ready": "False ForeignVersions", "UpToDate": "False ForeignVersions", "Stalled": "True ForeignVersions",
         "Expiring": "True Deprecated"},
        says=("1 version that this resource did not create (auto-update-8.0)",),
    ),
    Case(
        "upon deletion with foreignVersions Release ours go and AWS's stays",
        adopting(deleting=True, deletion_policy="Delete", foreign_versions="Release"),
        observed(OLD, adopted(), project=of_project()),
        ["DeleteVersion A [owner]"],
        {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting",
         "Expiring": "True Deprecated"},
    ),
    Case(
        "upon deletion with foreignVersions Delete it goes, too",
        adopting(deleting=True, deletion_policy="Delete", foreign_versions="Delete"),
        observed(adopted(), project=of_project()),
        ["DeleteVersion auto-update-8.0 foreign []"],
        {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting"},
    ),
    Case(
        "what is let go carries our owner tags no longer, and may be taken back",
        adopting(deleting=True, deletion_policy="Retain"),
        observed(adopted(), by_aws(name="auto-update-9.0"), project=of_project()),
        ["SetTags auto-update-8.0 [released=prod/ModerationAdapter/trust-safety/storefront]",
         "RemoveTags auto-update-8.0 [owner]",
         "SetTags project [released=prod/ModerationAdapter/trust-safety/storefront]",
         "RemoveTags project [owner]",
         "ReleaseFinalizer"],
        {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting"},
    ),
)  # fmt: skip

CASES = (*ADOPTED, *LEFT, *KEPT)


@rows(*ADOPTED)
def test_what_aws_adds_serves_as_if_it_was_trained_here(case: Case) -> None:
    check(case)


@rows(*LEFT)
def test_what_is_not_an_update_of_the_wanted_inputs_is_left_alone(case: Case) -> None:
    check(case)


@rows(*KEPT)
def test_what_aws_has_added_is_deleted_only_as_foreign_versions_are(case: Case) -> None:
    check(case)


def test_a_version_by_aws_has_the_attempt_of_ours_before_it_so_that_no_name_is_skipped_or_used_twice() -> None:
    fleet = sort_out(
        adopting(),
        (by_aws(), version(A, 3, created=ago(hours=1)), version(A, 2, created=ago(hours=12)), OLD),
    )
    assert [(own.version.name, own.attempt, own.by_aws) for own in fleet.of(adopting().digests)] == [
        (name_of(A, 3), 3, False),
        ("auto-update-8.0", 2, True),
        (name_of(A, 2), 2, False),
        (name_of(A), 1, False),
    ]
    assert fleet.highest_attempt(name_of(A)) == 3
