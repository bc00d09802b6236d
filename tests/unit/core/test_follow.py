"""When does new content of the manifests train a version, and when does it not?"""

from dataclasses import replace
from datetime import timedelta

from fakes.builders import (
    NOW,
    A,
    B,
    C,
    X,
    Y,
    Z,
    ago,
    data,
    desired,
    foreign,
    inputs,
    name_of,
    observed,
    project,
    retry,
    sha256,
    version,
    with_content,
)
from fakes.models import P, made, model, world
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.inputs import TrainingInputs, digests
from rekognition_operator.core.world import DataProblem, DataSeen, Follow, ObservedVersion, SeenManifest
from unit.core.table import RUNS, SERVING, UP_TO_DATE, Case, check, moving, rows, stuck, working

TRACK = Follow(settle=timedelta(minutes=30), max_trainings_per_day=2)
BY_A = {t.MANIFESTS: name_of(A)}
"""What a version carries that was trained on what was in the manifest a."""
A70, X70 = (replace(training, confidence_threshold=70) for training in (A, X))
DENIED = DataProblem(
    "AWS denied s3:GetObject on s3://acme-ml/a: Forbidden. Allow it in the operator's IAM policy, or set data.follow: "
    "Pinned"
)
SLOW = DataProblem("What is in s3://acme-ml/a is not known; it is looked at again", passing=True)
HELD = {"Ready": SERVING, "UpToDate": "False DataSettling", "Reconciling": "True DataSettling"}


def by_data(
    training: TrainingInputs, before: TrainingInputs, *, hours: float, promoted: bool = False
) -> ObservedVersion:
    """Return a version that was trained so many hours ago, because the data had changed."""
    tags = {**BY_A, t.DATA_CHANGED: name_of(before)}
    return version(training, tags=tags, created=ago(hours=hours), promoted=ago(hours=hours - 1) if promoted else None)


SERVES_X = version(X, tags=BY_A, promoted=ago(hours=20))

NEW_CONTENT = (
    Case(
        "the first version is trained at once, however young the data is",
        desired(A, follow=TRACK),
        observed(project=project(), data=data("x", NOW)),
        ["CreateVersion X [owner manifests=A]"],
        working("Training"),
    ),
    Case(
        "the same content uploaded once more trains nothing",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("x", NOW)),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
    Case(
        "the same content under another name, in another bucket, trains nothing",
        desired(B, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("x", ago(hours=2))),
        [],
        UP_TO_DATE,
    ),
    Case(
        "new content waits until it has not changed for a while; what serves goes on",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", ago(minutes=25))),
        [],
        HELD,
        says=(
            "The data has changed: s3://acme-ml/storefront/a.manifest at 2026-03-02 08:35 UTC",
            "A version is trained on it at 2026-03-02 09:05 UTC, unless it changes again until then",
            "rekognition-operator.io/retry",
        ),
        requeue=300,
    ),
    Case(
        "the wait is counted in AWS's time",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", ago(minutes=25))),
        [],
        HELD,
        policy=Policy(aws_time_scale=10),
        requeue=30,
    ),
    Case(
        "new content that has settled is trained",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", ago(minutes=30))),
        ["CreateVersion Y [owner data-changed=X manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "nothing to settle is waited for where the spec says so",
        desired(A, follow=replace(TRACK, settle=timedelta())),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", NOW)),
        ["CreateVersion Y [owner data-changed=X manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "an edit of the spec waits for young data, too",
        desired(A70, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", ago(minutes=25))),
        [],
        HELD,
    ),
    Case(
        "a training under way is followed to its end while other content settles",
        desired(A, follow=TRACK),
        observed(
            version(X, status="TRAINING_IN_PROGRESS", tags=BY_A),
            project=project(latest=name_of(X)),
            data=data("y", ago(minutes=25)),
        ),
        [],
        working("Training"),
    ),
    Case(
        "content that comes back finds its version at once, without training",
        desired(A, follow=TRACK),
        observed(
            version(X, tags=BY_A, promoted=ago(hours=20)),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("x", NOW),
        ),
        ["Promote X [promoted-at=now]", "SetTags project [latest=X]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "content that comes back, and whose version has expired since, must settle",
        desired(A, follow=TRACK),
        observed(
            version(X, status="EXPIRED", tags=BY_A),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("x", NOW),
        ),
        [],
        HELD,
    ),
    Case(
        "new data settles where the training of the old one failed",
        desired(A, follow=TRACK),
        observed(
            version(X, status="TRAINING_FAILED", tags=BY_A),
            project=project(latest=name_of(X)),
            data=data("y", ago(minutes=25)),
        ),
        [],
        working("DataSettling"),
    ),
    Case(
        "data on which the training failed is not trained again",
        desired(A, follow=TRACK),
        observed(
            version(X, status="TRAINING_FAILED", status_message="Too few images.", tags=BY_A),
            project=project(latest=name_of(X)),
            data=data("x", NOW),
        ),
        [],
        stuck("TrainingFailed"),
        says=("Correct the data, or, if the same inputs shall be trained once more",),
    ),
    Case(
        "nothing is waited for where no version is left",
        desired(A, follow=TRACK),
        observed(project=project(latest=name_of(X)), data=data("y", ago(minutes=25))),
        ["CreateVersion Y [owner data-changed=X manifests=A]"],
        working("Training"),
    ),
    Case(
        "a version that is lost is looked for, and trained again, as any other",
        desired(A, follow=TRACK),
        observed(
            by_data(Y, X, hours=30, promoted=True), project=project(latest=name_of(X)), data=data("x", ago(hours=60))
        ),
        ["SetTags project [lost=X now]"],
        {**working("ConfirmingLoss", ready=SERVING), "Drifted": "True Correcting"},
        drift=("versions[X]",),
    ),
    Case(
        "an expired version is trained again on the same content, at once",
        desired(A, follow=TRACK),
        observed(
            version(X, status="EXPIRED", tags=BY_A, promoted=ago(hours=20)),
            project=project(latest=name_of(X)),
            data=data("x", NOW),
        ),
        ["CreateVersion X-2 [owner cause=expired:X manifests=A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "a suspended resource trains nothing on new data",
        desired(A, follow=TRACK, suspend=True),
        observed(SERVES_X, project=project(latest=name_of(X)), data=data("y", ago(hours=2))),
        [],
        {"Ready": SERVING, "UpToDate": "False Suspended", "Suspended": "True Suspended"},
    ),
)

LIMIT = (
    Case(
        "more trainings in a day than the spec allows wait",
        desired(A, follow=TRACK),
        observed(
            by_data(X, C, hours=20),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("z", ago(hours=1)),
        ),
        [],
        {"Ready": SERVING, "UpToDate": "False TrainingLimit", "Reconciling": "True TrainingLimit"},
        says=(
            "2 versions trained because of that within 24 hours",
            "It goes on at 2026-03-02 13:00 UTC",
            "raise that field, or: kubectl annotate",
        ),
        requeue=600,
    ),
    Case(
        "what was trained more than a day ago does not count",
        desired(A, follow=TRACK),
        observed(
            by_data(X, C, hours=24),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("z", ago(hours=1)),
        ),
        ["CreateVersion Z [owner data-changed=Y manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "what was trained for an edit of the spec does not count",
        desired(A, follow=TRACK),
        observed(
            version(X, tags=BY_A, created=ago(hours=7)),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("z", ago(hours=1)),
        ),
        ["CreateVersion Z [owner data-changed=Y manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "an edit of the spec is trained beyond the limit",
        desired(B, follow=TRACK),
        observed(
            by_data(X, C, hours=20),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("z", ago(hours=1)),
        ),
        ["CreateVersion Z [owner manifests=B]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "a person's retry goes beyond the limit, and waits for nothing",
        desired(A, follow=TRACK, annotations=retry("now")),
        observed(
            by_data(X, C, hours=20),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(Y)),
            data=data("z", NOW),
        ),
        ["CreateVersion Z [owner data-changed=Y manifests=A retry=now]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "a retry that was answered goes beyond nothing",
        desired(A, follow=TRACK, annotations=retry("now")),
        observed(
            SERVES_X,
            project=project(latest=name_of(X), tags={t.RETRY: "now"}),
            data=data("y", ago(minutes=25)),
        ),
        [],
        HELD,
    ),
    Case(
        "retention leaves what still counts for the limit, and deletes the rest",
        desired(A, follow=TRACK, keep=0),
        observed(
            by_data(X, C, hours=30),
            by_data(Y, X, hours=20),
            by_data(Z, Y, hours=5, promoted=True),
            project=project(latest=name_of(Z)),
            data=data("z", ago(hours=6)),
        ),
        ["DeleteVersion X [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "also while the data cannot be read",
        desired(A, follow=TRACK, keep=0),
        observed(
            by_data(Y, X, hours=20),
            by_data(Z, Y, hours=5, promoted=True),
            project=project(latest=name_of(Z)),
            data=SLOW,
        ),
        [],
        UP_TO_DATE,
    ),
)

UNREADABLE = (
    Case(
        "data that may not be read trains nothing, and needs a person; what serves is up to date as far as is known",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=DENIED),
        [],
        {**UP_TO_DATE, "Stalled": "True DataUnreadable"},
        says=("AWS denied s3:GetObject on s3://acme-ml/a", "the version in service stays"),
        requeue=600,
    ),
    Case(
        "an edit of the spec cannot be up to date while the data cannot be read",
        desired(B, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=DENIED),
        [],
        stuck("DataUnreadable", ready=SERVING),
    ),
    Case(
        "nothing is trained for the first time on data that cannot be read",
        desired(A, follow=TRACK),
        observed(project=project(), data=DENIED),
        [],
        stuck("DataUnreadable"),
    ),
    Case(
        "a version that failed, expired or was lost is not trained again while the data cannot be read",
        desired(A, follow=TRACK, annotations=retry("now")),
        observed(
            version(X, status="TRAINING_FAILED", tags=BY_A),
            foreign(),
            project=project(latest=name_of(X, 2)),
            data=DENIED,
        ),
        [],
        stuck("DataUnreadable"),
    ),
    Case(
        "a training goes on while the data cannot be read",
        desired(A, follow=TRACK),
        observed(version(X, status="TRAINING_IN_PROGRESS", tags=BY_A), project=project(latest=name_of(X)), data=DENIED),
        [],
        working("Training"),
    ),
    Case(
        "a passing fault of S3 is not told, and looked at again soon",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=SLOW),
        [],
        UP_TO_DATE,
        requeue=30,
    ),
    Case(
        "a fault of S3 that stays is told",
        desired(A, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=replace(SLOW, persists=True)),
        [],
        {**UP_TO_DATE, "Reconciling": "True Retrying"},
        requeue=30,
    ),
    Case(
        "a passing fault is told at once where something waits for the data",
        desired(B, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X)), data=SLOW),
        [],
        working("Retrying", ready=SERVING),
    ),
    Case(
        "data that was not looked at trains nothing",
        desired(B, follow=TRACK),
        observed(SERVES_X, project=project(latest=name_of(X))),
        [],
        working("Retrying", ready=SERVING),
    ),
)

PINNED_AND_TRACKED = (
    Case(
        "following trains nothing where the data is as it was when the version was trained; its content is noted",
        desired(A, follow=TRACK),
        observed(
            version(A, promoted=ago(hours=20)), project=project(latest=name_of(A)), data=data("x", ago(days=1, hours=1))
        ),
        ["SetTags A [content=X]", "SetTags project [latest=X]"],
        {"Ready": SERVING, "UpToDate": SERVING},
    ),
    Case(
        "the content of versions of another threshold is noted, too, for when it is asked for again",
        desired(A, follow=TRACK),
        observed(
            version(A, promoted=ago(hours=20)),
            version(A70, created=ago(days=3)),
            project=project(latest=name_of(A)),
            data=data("x", ago(days=4)),
        ),
        [
            "SetTags A [content=X]",
            f"SetTags {name_of(A70)} [content={name_of(X70)}]",
            "SetTags project [latest=X]",
        ],
        {"Ready": SERVING, "UpToDate": SERVING},
    ),
    Case(
        "a version whose content is noted has it whenever it was uploaded, and under which name",
        desired(B, follow=TRACK),
        observed(
            version(A, promoted=ago(hours=20), tags={t.CONTENT: name_of(X)}),
            project=project(latest=name_of(X)),
            data=data("x", NOW),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "the noted content tells the next one from it",
        desired(A, follow=TRACK),
        observed(
            version(A, promoted=ago(hours=20), tags={t.CONTENT: name_of(X)}),
            project=project(latest=name_of(X)),
            data=data("y", ago(hours=1)),
        ),
        ["CreateVersion Y [owner data-changed=X manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "the noted content holds while the data cannot be read",
        desired(A, follow=TRACK),
        observed(
            version(A, promoted=ago(hours=20), tags={t.CONTENT: name_of(X)}),
            project=project(latest=name_of(X)),
            data=DENIED,
        ),
        [],
        {**UP_TO_DATE, "Stalled": "True DataUnreadable"},
    ),
    Case(
        "data that was uploaded after the version was trained counts as changed",
        desired(A, follow=TRACK),
        observed(version(A, promoted=ago(hours=20)), project=project(latest=name_of(A)), data=data("y", ago(hours=23))),
        ["CreateVersion Y [owner data-changed=A manifests=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "data on which the training failed before it was followed is not trained again",
        desired(A, follow=TRACK),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A)), data=data("x", ago(days=2))),
        ["SetTags A [content=X]", "SetTags project [latest=X]"],
        stuck("TrainingFailed"),
    ),
    Case(
        "a version that is known by its content is trained again under the next name of its content",
        desired(A, follow=TRACK),
        observed(
            version(A, status="EXPIRED", promoted=ago(hours=20), tags={t.CONTENT: name_of(X)}),
            project=project(latest=name_of(X)),
            data=data("x", NOW),
        ),
        ["CreateVersion X-2 [owner cause=expired:A manifests=A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "an adopted version is known by its content, too, and keeps what it is by its manifests",
        desired(A, follow=TRACK, adopt_versions=("autumn",)),
        observed(
            version(A, name="autumn", promoted=ago(hours=20), tags={t.DIGEST: name_of(A)}),
            project=project(latest=name_of(A)),
            data=data("x", ago(days=2)),
        ),
        ["SetTags autumn [content=X]", "SetTags project [latest=X]"],
        {"Ready": SERVING, "UpToDate": SERVING},
    ),
    Case(
        "no longer following trains nothing",
        desired(A),
        observed(SERVES_X, project=project(latest=name_of(X))),
        ["SetTags project [latest=A]"],
        UP_TO_DATE,
    ),
    Case(
        "of several that were followed the one in service stays, though another one is newer",
        desired(A),
        observed(
            version(X, tags=BY_A, promoted=ago(hours=1)),
            by_data(Y, X, hours=5, promoted=True),
            project=project(latest=name_of(A)),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "no longer following waits for the training that it finds",
        desired(A),
        observed(
            version(X, status="TRAINING_IN_PROGRESS", tags=BY_A),
            version(C, promoted=ago(hours=3), created=ago(days=3)),
            project=project(latest=name_of(X)),
        ),
        ["SetTags project [latest=A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "other manifests are trained, though a version of followed data serves",
        desired(B),
        observed(SERVES_X, project=project(latest=name_of(X))),
        ["CreateVersion B [owner]"],
        working("Training", ready=SERVING),
    ),
)

LOST_TAGS = (
    Case(
        "a version that has lost all its tags is proved by the content in its name",
        desired(A, follow=TRACK),
        observed(version(X, owner=None), project=project(latest=name_of(X)), data=data("x", ago(hours=30))),
        ["SetTags X [owner]", "Promote X [promoted-at=now]"],
        {**working("Promoting"), "Drifted": "True Correcting"},
        drift=tuple(f"versions[X].tags[{key}]" for key in sorted(t.OWNER_KEYS)),
    ),
    Case(
        "also while its content cannot be read",
        desired(A, follow=TRACK),
        observed(version(X, owner=None), project=project(latest=name_of(X)), data=DENIED),
        ["SetTags X [owner]", "Promote X [promoted-at=now]"],
        {**stuck("DataUnreadable"), "Drifted": "True Correcting"},
        drift=tuple(f"versions[X].tags[{key}]" for key in sorted(t.OWNER_KEYS)),
    ),
    Case(
        "a version of other manifests is not ours, whatever its name",
        desired(A, follow=TRACK),
        observed(version(X, owner=None, inputs=inputs("foreign")), project=project(), data=data("x", ago(hours=30))),
        [],
        stuck("VersionNameUnavailable"),
    ),
)

RUNS_P = made(P, "RUNNING", marker="Running 1", promoted=ago(hours=20))

MODELS = (
    Case(
        "a model runs on while other content settles",
        model(P, follow=TRACK),
        replace(world(RUNS_P, latest=P), data=data("y", ago(minutes=25))),
        [],
        {**moving("DataSettling", ready="True InService", serving="True Running"), "UpToDate": "False DataSettling"},
        requeue=300,
    ),
    Case(
        "a model runs on while a version is trained on the other content",
        model(P, follow=TRACK),
        replace(world(RUNS_P, latest=P), data=data("y", ago(hours=1))),
        [f"CreateVersion {name_of(with_content(P, 'y'))} [owner data-changed=P manifests=P]"],
        {**moving("Training", ready="True InService", serving="True Running"), "UpToDate": "False Training"},
    ),
    Case(
        "following stops no model whose data is as it was when it was trained",
        model(P, follow=TRACK),
        replace(world(RUNS_P, latest=P), data=data("x", ago(days=2))),
        [
            f"SetTags P [content={name_of(with_content(P, 'x'))}]",
            f"SetTags project [latest={name_of(with_content(P, 'x'))}]",
        ],
        RUNS,
    ),
)

CASES = NEW_CONTENT + LIMIT + UNREADABLE + PINNED_AND_TRACKED + LOST_TAGS + MODELS


@rows(*NEW_CONTENT)
def test_new_content_is_trained_once_when_it_has_settled(case: Case) -> None:
    check(case)


@rows(*LIMIT)
def test_no_more_is_trained_in_a_day_than_the_spec_allows(case: Case) -> None:
    check(case)


@rows(*UNREADABLE)
def test_nothing_is_trained_on_data_that_is_not_known(case: Case) -> None:
    check(case)


@rows(*PINNED_AND_TRACKED)
def test_beginning_and_ending_to_follow_pays_for_nothing(case: Case) -> None:
    check(case)


@rows(*MODELS)
def test_a_model_serves_on_while_its_data_is_followed(case: Case) -> None:
    check(case)


@rows(*LOST_TAGS)
def test_a_name_proves_a_version_of_followed_data(case: Case) -> None:
    check(case)


def test_rekognition_trains_the_very_version_of_the_object_that_was_looked_at() -> None:
    seen = observed(project=project(), data=data("x", NOW, object_version="3HL4kqtJ"))
    (create,) = decide(desired(A, follow=TRACK), seen, Policy(), NOW).actions
    assert isinstance(create, CreateVersion)
    assert [manifest.version for manifest in create.inputs.training] == ["3HL4kqtJ"]
    assert create.version_name == name_of(X)


def test_training_and_testing_data_are_both_followed_and_not_mistaken_for_each_other() -> None:
    both = replace(A, testing=B.training)
    looks = [
        observed(project=project(), data=DataSeen(tuple(SeenManifest(sha256(c), None, NOW) for c in contents)))
        for contents in ("xy", "yx", "xx")
    ]
    names = set()
    for look in looks:
        (create,) = decide(desired(both, follow=TRACK), look, Policy(), NOW).actions
        assert isinstance(create, CreateVersion)
        names.add(create.version_name)
    assert len(names) == 3


def test_a_content_is_the_same_with_any_object_version() -> None:
    assert digests(with_content(B, "x")) == digests(X)
    (manifest,) = X.training
    assert digests(replace(X, training=(replace(manifest, version="another"),))) == digests(X)
