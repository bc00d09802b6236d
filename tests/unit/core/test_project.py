"""What does the operator do about the project itself: create, go on, take over, leave alone, refuse?"""

from dataclasses import replace

from fakes.builders import (
    NOW,
    OTHER_OWNER,
    OWNER,
    PLACE,
    A,
    ago,
    desired,
    foreign,
    known,
    observed,
    project,
    retry,
    version,
)
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.world import Annotations, Feature, ProjectStatus
from unit.core.table import UP_TO_DATE, Case, check, rows, stuck, working

RELEASED_BY_US = {t.RELEASED: t.released_value(OWNER)}
RELEASED_BY_OTHERS = {t.RELEASED: t.released_value(OTHER_OWNER)}
OTHER_ACCOUNT = replace(PLACE, account="999999999999")
OTHER_REGION = replace(PLACE, region="eu-west-1")
OTHER_NAME = replace(PLACE, project_name="prod2.trust-safety.storefront")

NEW = (
    Case(
        "a new resource creates the project with feature, autoUpdate, tags and owner, and nothing else",
        desired(tags={"team": "trust-safety"}),
        observed(project=None),
        ["CreateProject storefront CONTENT_MODERATION [owner team=trust-safety]"],
        working("CreatingProject"),
        requeue=1,
    ),
    Case(
        "autoUpdate is asked for where the spec says so",
        desired(auto_update=True),
        observed(project=None),
        ["CreateProject storefront CONTENT_MODERATION autoUpdate [owner]"],
        working("CreatingProject"),
    ),
    Case(
        "while AWS creates the project nothing is asked",
        desired(),
        observed(project=project(status=ProjectStatus.CREATING)),
        [],
        working("CreatingProject"),
        requeue=30,
    ),
    Case(
        "once the project is there the training is asked for, with owner and tags of the spec",
        desired(tags={"team": "trust-safety"}),
        observed(project=project(tags={"team": "trust-safety"})),
        ["CreateVersion A [owner team=trust-safety]"],
        working("Training"),
        requeue=1,
    ),
    Case(
        "a project that is being deleted is waited for, though it was ours",
        desired(known_project=known()),
        observed(project=project(status=ProjectStatus.DELETING)),
        [],
        working("WaitingForDeletion"),
        requeue=30,
    ),
)

OWNERSHIP = (
    Case(
        "a project of another resource is left alone under Never",
        desired(),
        observed(project=project(owner=OTHER_OWNER)),
        [],
        stuck("ProjectOwnedByAnother"),
        says=("ModerationAdapter ads/banners of cluster prod", "left alone"),
        requeue=600,
    ),
    Case(
        "a project of another resource is left alone under IfUnowned too",
        desired(adoption_policy="IfUnowned"),
        observed(project=project(owner=OTHER_OWNER)),
        [],
        stuck("ProjectOwnedByAnother"),
    ),
    Case(
        "the same name in another cluster is another owner",
        desired(adoption_policy="IfUnowned"),
        observed(project=project(owner=replace(OWNER, cluster="staging"))),
        [],
        stuck("ProjectOwnedByAnother"),
        says=("cluster staging",),
    ),
    Case(
        "an untagged project is left alone under Never, and the remedy is named",
        desired(),
        observed(foreign(), project=project(owner=None)),
        [],
        stuck("ProjectOwnedByAnother"),
        says=("belongs to nobody", "spec.adoption.policy: IfUnowned"),
    ),
    Case(
        "a project released by another resource is left alone under Never",
        desired(),
        observed(project=project(owner=None, tags=RELEASED_BY_OTHERS)),
        [],
        stuck("ProjectOwnedByAnother"),
        says=("released by prod/ModerationAdapter/ads/banners",),
    ),
    Case(
        "a project that lost one owner tag is still ours: the tag is drift and is put back",
        desired(),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=version(A).name, without=(t.NAMESPACE,))),
        ["SetTags project [namespace=trust-safety]"],
        {**UP_TO_DATE, "Reconciling": "True CorrectingDrift", "Drifted": "True Correcting"},
        drift=("spec.tags[rekognition-operator.io/namespace]",),
    ),
    Case(
        "a project of the other feature is refused even though its tags are ours",
        desired(),
        observed(project=project(feature=Feature.CUSTOM_LABELS)),
        [],
        stuck("ProjectMismatch"),
        says=("is a CUSTOM_LABELS project", "another spec.projectName"),
    ),
    Case(
        "a project whose autoUpdate differs is refused; what serves goes on serving",
        desired(auto_update=True),
        observed(version(A, promoted=ago(hours=1)), project=project()),
        [],
        {**UP_TO_DATE, "Stalled": "True ProjectMismatch"},
        says=("has autoUpdate Disabled, and the spec says Enabled",),
    ),
    Case(
        "a mismatching project is not adopted",
        desired(adoption_policy="IfUnowned"),
        observed(project=project(owner=None, feature=Feature.CUSTOM_LABELS)),
        [],
        stuck("ProjectMismatch"),
    ),
)

LOST_AND_MOVED = (
    Case(
        "a project that status knows and AWS does not is lost: nothing is created until a person says so",
        desired(known_project=known()),
        observed(project=None),
        [],
        stuck("ProjectDeleted"),
        says=("was deleted in AWS by others", 'rekognition-operator.io/retry="$(date +%s)"'),
        requeue=600,
        rests_on_status=True,
    ),
    Case(
        "a retry token that was answered before does not create a lost project again",
        desired(known_project=known(), annotations=retry("monday"), handled_retry="monday"),
        observed(project=None),
        [],
        stuck("ProjectDeleted"),
        rests_on_status=True,
    ),
    Case(
        "a retry token too long for status is recognised all the same",
        desired(known_project=known(), annotations=retry("m" * 300), handled_retry=t.answer_value("m" * 300)),
        observed(project=None),
        [],
        stuck("ProjectDeleted"),
        rests_on_status=True,
    ),
    Case(
        "a new retry token creates the lost project again, and the project remembers the token",
        desired(known_project=known(), annotations=retry("tuesday"), handled_retry="monday"),
        observed(project=None),
        ["CreateProject storefront CONTENT_MODERATION [owner retry=tuesday]"],
        working("CreatingProject"),
    ),
    Case(
        "after that the training runs as in a new resource, without spending the token twice",
        desired(annotations=retry("tuesday")),
        observed(project=project(tags={t.RETRY: "tuesday"})),
        ["CreateVersion A [owner retry=tuesday]"],
        working("Training"),
    ),
    *(
        Case(
            f"the project would move to another {what}: nothing is changed in AWS",
            desired(place=place, known_project=known()),
            observed(project=None),
            [],
            {
                "Ready": "Unknown ProjectMoved",
                "UpToDate": "Unknown ProjectMoved",
                "Stalled": "True ProjectMoved",
            },
            says=(f"accept-move={place.account}/{place.region}", "Nothing is changed in AWS"),
            requeue=600,
            rests_on_status=True,
        )
        for what, place in (("account", OTHER_ACCOUNT), ("Region", OTHER_REGION), ("project name", OTHER_NAME))
    ),
    Case(
        "a project that is where status says it is goes on as ever",
        desired(known_project=known()),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=version(A).name)),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
    Case(
        "a move is refused even where a project of ours stands in the new place",
        desired(place=OTHER_REGION, known_project=known()),
        observed(project=project()),
        [],
        {"Ready": "Unknown ProjectMoved", "UpToDate": "Unknown ProjectMoved", "Stalled": "True ProjectMoved"},
        rests_on_status=True,
    ),
    Case(
        "an accepted move starts anew in the new place",
        desired(
            place=OTHER_REGION, known_project=known(), annotations=Annotations(accept_move="123456789012/eu-west-1")
        ),
        observed(project=None),
        ["CreateProject storefront CONTENT_MODERATION [owner]"],
        working("CreatingProject"),
    ),
    Case(
        "a move that was accepted for another place is not accepted for this one",
        desired(
            place=OTHER_ACCOUNT, known_project=known(), annotations=Annotations(accept_move="123456789012/eu-west-1")
        ),
        observed(project=None),
        [],
        {"Ready": "Unknown ProjectMoved", "UpToDate": "Unknown ProjectMoved", "Stalled": "True ProjectMoved"},
        rests_on_status=True,
    ),
)

ADOPTION = (
    Case(
        "what this resource released itself is taken back under any adoption policy",
        desired(),
        observed(version(A, owner=None, tags=RELEASED_BY_US), project=project(owner=None, tags=RELEASED_BY_US)),
        ["SetTags project [owner claimed-at=now]", "RemoveTags project [released]"],
        working("Adopting"),
        requeue=30,
    ),
    Case(
        "an unowned project is claimed under IfUnowned, and trained in only after the claim has settled",
        desired(adoption_policy="IfUnowned", tags={"team": "trust-safety"}),
        observed(project=project(owner=None)),
        ["SetTags project [owner claimed-at=now team=trust-safety]"],
        working("Adopting"),
        requeue=30,
    ),
    Case(
        "a project that another resource released counts as unowned under IfUnowned",
        desired(adoption_policy="IfUnowned"),
        observed(project=project(owner=None, tags=RELEASED_BY_OTHERS)),
        ["SetTags project [owner claimed-at=now]", "RemoveTags project [released]"],
        working("Adopting"),
    ),
    Case(
        "a fresh claim waits for its half minute",
        desired(),
        observed(project=project(tags={t.CLAIMED_AT: t.time_value(ago(seconds=10))})),
        [],
        working("Adopting"),
        requeue=20,
    ),
    Case(
        "a claim of half a minute ago is confirmed by reading the tags again",
        desired(),
        observed(project=project(tags={t.CLAIMED_AT: t.time_value(ago(seconds=30))})),
        ["ConfirmClaim project [owner]"],
        working("Adopting"),
        requeue=1,
    ),
    Case(
        "taking back that was cut short before the released tag was removed is finished",
        desired(),
        observed(
            version(A, tags=RELEASED_BY_US, promoted=ago(days=3)),
            project=project(tags={**RELEASED_BY_US, t.CLAIMED_AT: t.time_value(ago(seconds=30))}),
        ),
        ["RemoveTags project [released]", "ConfirmClaim project [owner]"],
        {"Ready": "True InService", "UpToDate": "True InService", "Reconciling": "True Adopting"},
    ),
    Case(
        "so is that of a version",
        desired(),
        observed(version(A, tags=RELEASED_BY_US, promoted=ago(days=3)), project=project(latest=version(A).name)),
        ["RemoveTags A [released]"],
        {**UP_TO_DATE, "Reconciling": "True Adopting"},
    ),
    Case(
        "a claim dated far ahead by a wrong clock does not hold the resource up",
        desired(),
        observed(project=project(tags={t.CLAIMED_AT: t.time_value(ago(days=-30))})),
        ["ConfirmClaim project [owner]"],
        working("Adopting"),
    ),
    Case(
        "a claim time that is no time is ignored",
        desired(),
        observed(project=project(tags={t.CLAIMED_AT: "yesterday"})),
        ["CreateVersion A [owner]"],
        working("Training"),
    ),
    Case(
        "a claim that another resource has overwritten is lost",
        desired(adoption_policy="IfUnowned"),
        observed(project=project(owner=OTHER_OWNER, tags={t.CLAIMED_AT: t.time_value(ago(seconds=10))})),
        [],
        stuck("ProjectOwnedByAnother"),
    ),
    Case(
        "a version taken back serves at once, with its promotion remembered: no training",
        desired(),
        observed(
            version(A, owner=None, tags=RELEASED_BY_US, promoted=ago(days=3)),
            project=project(latest=version(A).name),
        ),
        ["SetTags A [owner]", "RemoveTags A [released]"],
        {**UP_TO_DATE, "Reconciling": "True Adopting"},
        requeue=1,
    ),
    Case(
        "a named version with the wanted inputs is tagged, put into service, and nothing is trained",
        desired(adoption_policy="IfUnowned", adopt_versions=("autumn",)),
        observed(version(A, name="autumn", owner=None), foreign(), project=project()),
        ["SetTags autumn [owner digest=A]", "Promote autumn [promoted-at=now]", "SetTags project [latest=A]"],
        {"Ready": "False Promoting", "UpToDate": "False Promoting", "Reconciling": "True Promoting"},
    ),
    Case(
        "a version that is not named stays foreign though its inputs are the wanted ones",
        desired(adoption_policy="IfUnowned"),
        observed(version(A, name="autumn", owner=None), project=project()),
        ["CreateVersion A [owner]"],
        working("Training"),
    ),
    Case(
        "a named version that another resource owns stays foreign",
        desired(adoption_policy="IfUnowned", adopt_versions=("autumn",)),
        observed(version(A, name="autumn", owner=OTHER_OWNER), project=project()),
        ["CreateVersion A [owner]"],
        working("Training"),
    ),
    Case(
        "a named version whose inputs AWS does not show cannot be taken for the wanted one",
        desired(adoption_policy="IfUnowned", adopt_versions=("copy",)),
        observed(version(A, name="copy", owner=None, inputs=None), project=project()),
        ["CreateVersion A [owner]"],
        working("Training"),
    ),
    Case(
        "an adopted version keeps serving after it was taken out of spec.adoption",
        desired(),
        observed(
            version(A, name="autumn", tags={t.DIGEST: version(A).name}, promoted=ago(hours=1)),
            project=project(latest=version(A).name),
        ),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
)

CASES = (*NEW, *OWNERSHIP, *LOST_AND_MOVED, *ADOPTION)


@rows(*NEW)
def test_a_new_resource_gets_its_project(case: Case) -> None:
    check(case)


@rows(*OWNERSHIP)
def test_what_is_not_ours_or_not_fitting_is_left_alone(case: Case) -> None:
    check(case)


@rows(*LOST_AND_MOVED)
def test_a_lost_or_moving_project_waits_for_a_person(case: Case) -> None:
    check(case)


@rows(*ADOPTION)
def test_adoption_takes_over_without_training(case: Case) -> None:
    check(case)


def test_an_adopted_version_whose_name_looks_like_another_digest_keeps_the_digest_of_its_inputs() -> None:
    misnamed = version(A, name=version(replace(A, confidence_threshold=1)).name, tags={t.DIGEST: version(A).name})
    case = Case("", desired(A), observed(misnamed, project=project(latest=version(A).name)), [], {})
    assert case.decide().report.desired_version == misnamed.name


def test_the_claim_settles_as_long_as_the_policy_says() -> None:
    settling = project(tags={t.CLAIMED_AT: t.time_value(ago(seconds=59))})
    case = Case(
        "", desired(), observed(project=settling), [], working("Adopting"), requeue=1.0,
        policy=Policy(adoption_settle_seconds=60), now=NOW,
    )  # fmt: skip
    check(case)
