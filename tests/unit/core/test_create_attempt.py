"""What follows when Rekognition refused a training, says that the name is taken, or did not answer?"""

from dataclasses import replace

import pytest

from fakes.builders import (
    OUTPUT,
    A,
    ago,
    attempt,
    desired,
    name_of,
    observed,
    project,
    retry,
    version,
)
from rekognition_operator.core.actions import CreateVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.world import Desired, S3Object
from unit.core.table import Case, check, rows, stuck, working

EMPTY = observed(project=project())


def request_key(wanted: Desired) -> str:
    """Return the key of the training that this resource asks for in an empty project."""
    actions = decide(wanted, EMPTY, Policy(), ago()).actions
    (key,) = [action.request_key for action in actions if isinstance(action, CreateVersion)]
    return key


KEY = request_key(desired())
REFUSED = ("InvalidParameterException", "ValidationException", "InvalidS3ObjectException", "InvalidKmsKeyException")

CASES = (
    *(
        Case(
            f"{code}: the request is refused; a person corrects it",
            desired(),
            EMPTY,
            [],
            stuck("TrainingRefused"),
            says=(
                f"Rekognition refused to train version A: {code} says AWS.",
                "spec.training and spec.output",
                "Region us-east-1",
                "every 30 minutes",
            ),
            requeue=600,
            attempt=attempt(KEY, code, first=ago(minutes=29)),
        )
        for code in REFUSED
    ),
    Case(
        "a refused request is made again after half an hour, since a bucket may have been corrected",
        desired(),
        EMPTY,
        ["CreateVersion A [owner]"],
        working("Training"),
        attempt=attempt(KEY, "InvalidParameterException", first=ago(hours=5), last=ago(minutes=30)),
    ),
    Case(
        "a refused request is made anew at once when the output changes, under the same name",
        desired(output=S3Object("acme-ml-2", OUTPUT.name)),
        EMPTY,
        ["CreateVersion A [owner]"],
        working("Training"),
        attempt=attempt(KEY, "InvalidParameterException", first=ago(minutes=1)),
    ),
    Case(
        "a refused request is made anew at once when a retry token is set",
        desired(annotations=retry("monday")),
        EMPTY,
        ["CreateVersion A [owner retry=monday]"],
        working("Training"),
        attempt=attempt(KEY, "InvalidParameterException", first=ago(minutes=1)),
    ),
    Case(
        "a name in use that is not listed is looked for again: no other name, no second request",
        desired(),
        EMPTY,
        [],
        working("ConfirmingCreate"),
        says=("Rekognition answered ResourceInUseException",),
        requeue=30,
        attempt=attempt(KEY, "ResourceInUseException", first=ago(minutes=14)),
    ),
    Case(
        "after a quarter of an hour a person is asked about the name",
        desired(),
        EMPTY,
        [],
        stuck("VersionNameUnavailable"),
        says=("for 15 minutes",),
        requeue=600,
        attempt=attempt(KEY, "ResourceInUseException", first=ago(minutes=15)),
    ),
    Case(
        "the name is tried again every half hour, in case that it has become free",
        desired(),
        EMPTY,
        ["CreateVersion A [owner]"],
        working("Training"),
        attempt=attempt(KEY, "ResourceInUseException", first=ago(hours=2), last=ago(minutes=30)),
    ),
    Case(
        "a lost answer is followed by a look, not by another request",
        desired(),
        EMPTY,
        [],
        working("ConfirmingCreate"),
        attempt=attempt(KEY, "AnswerLost", first=ago(seconds=29)),
    ),
    Case(
        "a lost answer whose version does not appear is asked again under the very same name",
        desired(),
        EMPTY,
        ["CreateVersion A [owner]"],
        working("Training"),
        attempt=attempt(KEY, "AnswerLost", first=ago(seconds=30)),
    ),
    *(
        Case(
            f"an attempt that answered {code} in the future is dated by a wrong clock: it holds nothing up",
            desired(),
            EMPTY,
            ["CreateVersion A [owner]"],
            working("Training"),
            attempt=attempt(KEY, code, first=ago(days=-1)),
        )
        for code in ("AnswerLost", "ResourceInUseException", "InvalidParameterException")
    ),
    Case(
        "what was unclear is clear once the version is listed",
        desired(),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A))),
        [],
        working("Training"),
        attempt=attempt(KEY, "AnswerLost", first=ago(seconds=5)),
    ),
)


@rows(*CASES)
def test_an_unclear_or_refused_training_is_never_paid_twice(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "changed",
    [
        desired(replace(A, confidence_threshold=61)),
        desired(output=S3Object("acme-ml", "elsewhere/")),
        desired(description="autumn catalogue"),
        desired(tags={"team": "ads"}),
        desired(annotations=retry("monday")),
    ],
    ids=["training", "output", "description", "tags", "retry token"],
)
def test_what_changes_the_request_changes_its_key(changed: Desired) -> None:
    assert request_key(changed) != KEY


def test_what_does_not_change_the_request_keeps_its_key() -> None:
    other = desired(generation=9, keep=0, deletion_policy="Delete", handled_retry="old")
    assert request_key(other) == KEY


def test_the_request_carries_all_that_aws_wants_to_know() -> None:
    wanted = desired(description="autumn catalogue")
    foreign = version(A, name="by-hand", owner=None)
    (create,) = decide(wanted, observed(foreign, project=project()), Policy(), ago()).actions
    assert isinstance(create, CreateVersion)
    assert (create.inputs, create.output, create.description, create.listed) == (A, OUTPUT, "autumn catalogue", 1)
