"""When is a deprecated adapter trained anew on the new base model, how often, and what is said of it?"""

from dataclasses import replace
from datetime import timedelta
from typing import Unpack

from fakes.builders import (
    NOW,
    OTHER_OWNER,
    A,
    B,
    DesiredFields,
    ago,
    attempt,
    desired,
    foreign,
    name_of,
    observed,
    project,
    retry,
    version,
)
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import Desired, ObservedVersion
from unit.core.table import UP_TO_DATE, Case, check, rows, working

WEEKS = timedelta(days=14)
EXPIRING = {**UP_TO_DATE, "Expiring": "True Deprecated"}
TRAINS = {**EXPIRING, "Reconciling": "True Training"}
FAILS = {**EXPIRING, "Stalled": "True TrainingFailed"}
ASK = "CreateVersion A-2 [owner cause=refresh:A refresh-of=A 7.0]"
PROJECT = project(latest=name_of(A))
PROJECT_2 = project(latest=name_of(A, 2))


def refreshed(training: TrainingInputs = A, **fields: Unpack[DesiredFields]) -> Desired:
    return replace(desired(training, refresh_after=WEEKS), **fields)


def deprecated(
    n: int = 1, *, days: float = 20, refreshed_by: str | None = None, base: str = "7.0", **tags: str
) -> ObservedVersion:
    """Return a version in service that was first seen DEPRECATED so long ago."""
    carried = {t.DEPRECATED_SEEN: t.time_value(ago(days=days)), **tags}
    if refreshed_by is not None:
        carried[t.REFRESHED_BY] = refreshed_by
    return version(A, n, "DEPRECATED", promoted=ago(days=80), tags=carried, base_model_version=base)


def second(status: str = "TRAINING_COMPLETED", *, cause: str = "refresh:A", **fields: str) -> ObservedVersion:
    """Return the version that was trained instead of the deprecated one."""
    message = fields.get("message")
    tags = {t.CAUSE: cause, t.REFRESH_OF: f"{name_of(A)} 7.0"}
    if "seen_failed" in fields:
        tags[t.FAILED_SEEN] = fields["seen_failed"]
    return version(A, 2, status, tags=tags, base_model_version=fields.get("base", "8.0"), status_message=message)


ASKED, SEEN = name_of(A, 2), f"{name_of(A, 2)} seen"

PLAN = (
    Case(
        "a refresh waits for as long as the spec says, from when the version was first seen deprecated",
        refreshed(),
        observed(deprecated(days=13), project=PROJECT),
        [],
        EXPIRING,
        says=("from 2026-03-03 09:00 UTC on", "between 2026-04-18 and 2026-05-18"),
        requeue=600,
    ),
    Case(
        "nothing is refreshed before it is written down since when the version is deprecated",
        replace(refreshed(), refresh_after=timedelta()),
        observed(version(A, status="DEPRECATED", promoted=ago(days=80)), project=PROJECT),
        ["SetTags A [deprecated-seen=now]"],
        EXPIRING,
    ),
    Case(
        "a date of deprecation that is far ahead is a wrong clock's, and is written anew",
        refreshed(),
        observed(deprecated(days=-400), project=PROJECT),
        ["SetTags A [deprecated-seen=now]"],
        EXPIRING,
    ),
    Case(
        "once it is due, the attempt is written down, and then the same inputs are trained under the next name",
        refreshed(),
        observed(deprecated(), project=PROJECT),
        ["SetTags A [refreshed-by=A-2]", ASK],
        TRAINS,
        says=("train version A-2, since AWS has a newer base model than A's",),
    ),
    Case(
        "the clock of AWS tells whether it is due",
        refreshed(),
        replace(observed(deprecated(days=13), project=PROJECT), at=NOW + timedelta(days=2)),
        ["SetTags A [refreshed-by=A-2]", ASK],
        TRAINS,
    ),
    Case(
        "driftPolicy has no say",
        refreshed(correct_drift=False),
        observed(deprecated(), project=PROJECT),
        ["SetTags A [refreshed-by=A-2]", ASK],
        TRAINS,
    ),
    Case(
        "under onDeprecated Report it is only said, and what to set",
        desired(),
        observed(deprecated(), project=PROJECT),
        [],
        EXPIRING,
        says=("set spec.refresh.onDeprecated: Retrain", "nothing serves meanwhile"),
    ),
    Case(
        "a suspended resource refreshes nothing",
        refreshed(suspend=True),
        observed(deprecated(), project=PROJECT),
        [],
        {**EXPIRING, "Suspended": "True Suspended"},
        says=("Waiting to be done: CreateVersion, SetTags",),
    ),
    Case(
        "a refresh waits while another version trains, whosever inputs they are",
        refreshed(),
        observed(deprecated(), version(B, status="TRAINING_IN_PROGRESS", created=ago(hours=1)), project=PROJECT),
        [],
        TRAINS,
        says=("once the training of B has ended",),
    ),
    Case(
        "a name that was used once is not used again for it",
        refreshed(),
        observed(deprecated(), project=project(latest=name_of(A, 3))),
        ["SetTags A [refreshed-by=A-4]", "CreateVersion A-4 [owner cause=refresh:A refresh-of=A 7.0]"],
        TRAINS,
    ),
    Case(
        "what is wanted by now is refreshed, not what serves while it cannot",
        refreshed(B),
        observed(deprecated(), version(B, status="TRAINING_IN_PROGRESS", created=ago(hours=1)),
                 project=project(latest=name_of(B))),
        [],
        {**working("Training", ready="True InService"), "Expiring": "True Deprecated"},
        says=("A version of the inputs that spec.training has by now is to take its place",),
    ),
    Case(
        "an expired version is not refreshed but trained as ever, under the name that its refresh was asked for by",
        refreshed(),
        observed(
            version(A, status="EXPIRED", promoted=ago(days=80), tags={t.REFRESHED_BY: ASKED}), project=PROJECT
        ),
        ["CreateVersion A-2 [owner cause=expired:A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
        says=("since version A has expired",),
    ),
)  # fmt: skip

ONCE = (
    Case(
        "an attempt that was asked for and never listed is asked for again under the same name",
        refreshed(),
        observed(deprecated(refreshed_by=ASKED), project=PROJECT),
        [ASK],
        TRAINS,
    ),
    Case(
        "so it is though the spec says a longer time by now",
        replace(refreshed(), refresh_after=timedelta(days=60)),
        observed(deprecated(refreshed_by=ASKED), project=PROJECT),
        [ASK],
        TRAINS,
    ),
    Case(
        "it is not asked for again where the spec asks for no refresh by now",
        desired(),
        observed(deprecated(refreshed_by=ASKED), project=PROJECT),
        [],
        EXPIRING,
    ),
    Case(
        "an attempt that is listed is written down as seen, and followed",
        refreshed(),
        observed(deprecated(refreshed_by=ASKED), second("TRAINING_IN_PROGRESS"), project=PROJECT_2),
        ["SetTags A [refreshed-by=A-2 seen]"],
        TRAINS,
        says=("Rekognition is training version A-2, since 2026-03-01 10:00 UTC: A anew, on the new base model",
              "The same inputs are in training on the new base model, as version A-2"),
    ),
    Case(
        "an attempt in training is told though the spec asks for no refresh by now",
        desired(),
        observed(deprecated(refreshed_by=SEEN), second("TRAINING_IN_PROGRESS"), project=PROJECT_2),
        [],
        TRAINS,
    ),
    Case(
        "an attempt is known by its own tag where the deprecated version has lost its own",
        refreshed(),
        observed(deprecated(), second("TRAINING_IN_PROGRESS"), project=PROJECT_2),
        ["SetTags A [refreshed-by=A-2 seen]"],
        TRAINS,
    ),
    Case(
        "an attempt is known by what the deprecated version remembers where it has lost its own tags",
        refreshed(),
        observed(
            deprecated(refreshed_by=SEEN),
            replace(second("TRAINING_IN_PROGRESS"), tags=t.owner_tags(desired().owner)),
            project=PROJECT_2,
        ),
        [],
        TRAINS,
    ),
    Case(
        "an attempt that was listed and has vanished is not repeated",
        refreshed(),
        observed(deprecated(refreshed_by=SEEN), project=PROJECT_2),
        [],
        EXPIRING,
        says=("as version A-2, which is not there any more", "change spec.training"),
    ),
    Case(
        "an attempt that has vanished is not repeated after other inputs were wanted meanwhile",
        refreshed(),
        observed(deprecated(refreshed_by=SEEN), version(B, created=ago(days=3)), project=PROJECT),
        [],
        EXPIRING,
    ),
    Case(
        "an attempt that has vanished is not repeated though it had the digest of content that is followed no more",
        refreshed(),
        observed(deprecated(refreshed_by=f"{name_of(B, 2)} seen"), project=PROJECT),
        [],
        EXPIRING,
    ),
    Case(
        "an attempt that was asked for under such a digest, and never listed, is asked for under the one of now",
        refreshed(),
        observed(deprecated(refreshed_by=name_of(B, 2)), project=PROJECT),
        ["SetTags A [refreshed-by=A-2]", ASK],
        TRAINS,
    ),
    Case(
        "an attempt under such a digest that trains is followed, and nothing is paid beside it",
        refreshed(),
        observed(
            deprecated(refreshed_by=f"{name_of(B, 2)} seen"),
            version(B, 2, "TRAINING_IN_PROGRESS", created=ago(hours=1), tags=second().tags, base_model_version="8.0"),
            project=PROJECT,
        ),
        [],
        TRAINS,
    ),
    Case(
        "an attempt that is being deleted is not repeated",
        refreshed(),
        observed(deprecated(refreshed_by=SEEN), second("DELETING"), project=PROJECT_2),
        [],
        EXPIRING,
    ),
    Case(
        "where a version of others has the name by now, nothing more is asked for",
        refreshed(),
        observed(
            deprecated(refreshed_by=ASKED), replace(foreign(name_of(A, 2)), tags=t.owner_tags(OTHER_OWNER)),
            project=PROJECT,
        ),
        [],
        EXPIRING,
    ),
    Case(
        "a refresh that the data lets fail is not repeated: the old version serves on, and a person is told until when",
        refreshed(),
        observed(
            deprecated(refreshed_by=SEEN), second("TRAINING_FAILED", message="The manifest file is empty."),
            project=PROJECT_2,
        ),
        [],
        FAILS,
        says=(
            "AWS will stop serving version A between 2026-04-11 and 2026-05-11",
            "could not be trained anew", "The manifest file is empty", "kubectl annotate moderationadapter",
        ),
    ),
    Case(
        "under onDeprecated Report a refresh that failed is nobody's trouble any more",
        desired(),
        observed(deprecated(refreshed_by=SEEN), second("TRAINING_FAILED", message="x"), project=PROJECT_2),
        [],
        EXPIRING,
    ),
    Case(
        "a refresh that failed is repeated for a person who asks for it, and for nobody else",
        refreshed(annotations=retry("again")),
        observed(
            deprecated(refreshed_by=SEEN), second("TRAINING_FAILED", message="The manifest file is empty."),
            project=PROJECT_2,
        ),
        ["CreateVersion A-3 [owner cause=retry refresh-of=A 7.0 retry=again]"],
        TRAINS,
    ),
    Case(
        "a token that was answered before the refresh repeats nothing",
        refreshed(annotations=retry("again")),
        observed(
            deprecated(refreshed_by=SEEN), second("TRAINING_FAILED", message="The manifest file is empty."),
            project=project(latest=name_of(A, 2), tags={t.RETRY: "again"}),
        ),
        [],
        FAILS,
    ),
    Case(
        "a refresh that the service let fail is retried as any training is",
        refreshed(),
        observed(
            deprecated(refreshed_by=SEEN),
            second("TRAINING_FAILED", message="Internal server error.", seen_failed=t.time_value(ago(hours=1))),
            project=PROJECT_2,
        ),
        ["CreateVersion A-3 [owner cause=service-fault:1 refresh-of=A 7.0]"],
        TRAINS,
    ),
    Case(
        "such a retry that was listed and has vanished is not repeated either",
        refreshed(),
        observed(
            deprecated(refreshed_by=f"{name_of(A, 3)} seen"),
            second("TRAINING_FAILED", message="Internal server error.", seen_failed=t.time_value(ago(hours=1))),
            project=project(latest=name_of(A, 3)),
        ),
        [],
        EXPIRING,
    ),
    Case(
        "a refresh that failed is memory: once the old version has expired it is not trained again by itself",
        refreshed(),
        observed(
            version(A, status="EXPIRED", promoted=ago(days=80), tags={t.REFRESHED_BY: SEEN}),
            second("TRAINING_FAILED", message="The manifest file is empty."),
            project=PROJECT_2,
        ),
        [],
        {"Ready": "False AdapterExpired", "UpToDate": "False TrainingFailed", "Stalled": "True TrainingFailed"},
    ),
)  # fmt: skip

TRAINED = (
    Case(
        "a version on the new base model goes into service as any trained one does",
        refreshed(),
        observed(deprecated(refreshed_by=SEEN), second(), project=PROJECT_2),
        ["Promote A-2 [promoted-at=now]"],
        {**working("Promoting", ready="True InService"), "Expiring": "True Deprecated"},
        says=("Version A-2, on base model 8.0, takes its place",),
    ),
    Case(
        "with the next base model the refreshed version is refreshed in its turn",
        refreshed(),
        observed(
            deprecated(refreshed_by=SEEN),
            replace(
                second("DEPRECATED"),
                tags={**second().tags, t.DEPRECATED_SEEN: t.time_value(ago(days=15)),
                      t.PROMOTED_AT: t.time_value(ago(days=70))},
            ),
            project=PROJECT_2,
        ),
        ["SetTags A-2 [refreshed-by=A-3]", "CreateVersion A-3 [owner cause=refresh:A-2 refresh-of=A-2 8.0]"],
        TRAINS,
    ),
    Case(
        "a refresh that came out on the same old base model is not repeated",
        refreshed(),
        observed(
            deprecated(refreshed_by=SEEN),
            replace(
                second("DEPRECATED", base="7.0"),
                tags={**second().tags, t.DEPRECATED_SEEN: t.time_value(ago(days=15)),
                      t.PROMOTED_AT: t.time_value(ago(days=1))},
            ),
            project=PROJECT_2,
        ),
        [],
        EXPIRING,
        says=("the same, superseded base model 7.0",),
    ),
)  # fmt: skip

EXPIRED = (
    Case(
        "when the version in service expires, the newest older one that can serve takes over at once",
        desired(),
        observed(version(A, status="EXPIRED", promoted=ago(days=80)), version(B, created=ago(days=3)), project=PROJECT),
        ["Promote B [promoted-at=now]", "CreateVersion A-2 [owner cause=expired:A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
        says=("Version A has expired", "train version A-2, since version A has expired"),
    ),
    Case(
        "a suspended resource whose version has expired says that nothing is done about it",
        desired(suspend=True),
        observed(version(A, status="EXPIRED", promoted=ago(days=80)), project=PROJECT),
        [],
        {"Ready": "False AdapterExpired", "UpToDate": "False Suspended", "Suspended": "True Suspended"},
        says=("without an error. spec.suspend is true",),
    ),
)

CASES = (*PLAN, *ONCE, *TRAINED, *EXPIRED)


@rows(*PLAN)
def test_a_deprecated_version_is_trained_anew_when_the_spec_says_so_and_it_is_due(case: Case) -> None:
    check(case)


@rows(*ONCE)
def test_there_is_one_attempt_for_a_deprecated_version_whatever_comes_of_it(case: Case) -> None:
    check(case)


@rows(*TRAINED)
def test_there_is_one_refresh_for_a_base_model(case: Case) -> None:
    check(case)


@rows(*EXPIRED)
def test_an_expired_version_is_replaced_at_once_where_anything_can_serve(case: Case) -> None:
    check(case)


def test_a_refresh_that_rekognition_has_refused_says_so_and_is_asked_for_again_later() -> None:
    asked = Case("", refreshed(), observed(deprecated(refreshed_by=ASKED), project=PROJECT), [ASK], TRAINS)
    (create,) = check(asked).actions
    assert isinstance(create, CreateVersion)
    refused = attempt(create.request_key, "InvalidParameterException", first=ago(minutes=5), name=ASKED)
    check(
        replace(
            asked,
            attempt=replace(refused, code="InvalidS3ObjectException"),
            actions=[],
            conditions={**EXPIRING, "Stalled": "True TrainingRefused"},
        )
    )
