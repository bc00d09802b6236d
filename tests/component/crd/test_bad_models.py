"""Which CustomLabelsModels does ``kubectl apply`` refuse, and does the message name the field and the remedy?

What both kinds share is refused as it is for a ModerationAdapter (test_bad_manifests.py); a few of it stand here, too.
"""

import subprocess
from collections.abc import Callable

import pytest

from component.crd.manifests import MANIFEST, REMOVED, TESTING_RULE, Bad, below, edited, good
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel

pytestmark = pytest.mark.controlplane

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

SERVING = "spec.serving"
MIN, MAX = f"{SERVING}.minInferenceUnits", f"{SERVING}.maxInferenceUnits"
SCHEDULE = f"{SERVING}.schedule"
WINDOWS = f"{SCHEDULE}.windows"
IDLE = f"{SERVING}.idleStop.after"
BUDGET = f"{SERVING}.budget.maxUSDPerHour"
WINDOW: dict[str, object] = {"name": "office", "days": ["Mon", "Fri"], "from": "08:00", "to": "19:00"}

TIME_RULE = "times of day are written HH:MM, from 00:00 to 23:59, such as 08:00"
ZONE_RULE = "timeZone must be a name of the IANA time zone database, such as Europe/Berlin or UTC"
DURATION_RULE = "durations are written in hours and minutes, such as 1h, 90m or 1h30m"
IDLE_RULE = "idleStop.after must be from 15m to 168h"


def windows(what: str, field: str, remedy: str, *given: dict[str, object]) -> Bad:
    """Return a case of a schedule whose windows are bad; ``field`` is below windows."""
    return Bad(what, SCHEDULE, {"timeZone": "Europe/Berlin", "windows": list(given)}, f"{WINDOWS}{field}: ", remedy)


def zone(what: str, value: str, remedy: str = ZONE_RULE) -> Bad:
    """Return a case of a schedule whose zone is bad."""
    return Bad(what, SCHEDULE, {"timeZone": value, "windows": [WINDOW]}, f"{SCHEDULE}.timeZone: ", remedy)


CASES = (
    below(f"{SERVING}.state", "a typing mistake", "Runing", 'supported values: "Running", "Stopped"'),
    below(f"{SERVING}.state", "AWS's own spelling", "RUNNING", 'supported values: "Running", "Stopped"'),
    below(f"{SERVING}.state", "a boolean for an enum", True, "must be of type string"),
    below(f"{SERVING}.rollout", "a typing mistake", "Bluegreen", 'supported values: "BlueGreen", "Recreate"'),
    below(MIN, "no unit", 0, "greater than or equal to 1"),
    below(MIN, "more units than any account has", 101, "less than or equal to 100"),
    below(MIN, "half a unit", 1.5, "must be of type int32"),
    below(MIN, "a quoted number", "1", "must be of type integer"),
    below(MAX, "no unit at most", 0, "greater than or equal to 1"),
    Bad(
        "a maximum below the minimum",
        SERVING,
        {"minInferenceUnits": 2, "maxInferenceUnits": 1},
        f"{MAX}: ",
        "must not be less than minInferenceUnits (1 where it is left out); raise it, or leave it out",
    ),
    Bad("a schedule without a zone", SCHEDULE, {"windows": [WINDOW]}, f"{SCHEDULE}.timeZone: ", "Required value"),
    Bad("a schedule without windows", SCHEDULE, {"timeZone": "UTC"}, f"{WINDOWS}: ", "Required value"),
    zone("an offset for a zone", "+02:00"),
    zone("a zone with a space", "Europe/New York"),
    zone("an empty zone", ""),
    zone("a zone that is too long", "x" * 65, "may not be more than 64"),
    windows("no windows", "", "should have at least 1 items"),
    windows("too many windows", "", "must have at most 20 items", *(WINDOW | {"name": f"w{n}"} for n in range(21))),
    windows("two windows with one name", "[1]", 'Duplicate value: {"name":"office"}', WINDOW, WINDOW | {"to": "20:00"}),
    windows("a window without a name", "[0].name", "Required value", {k: v for k, v in WINDOW.items() if k != "name"}),
    windows("a window without an end", "[0].to", "Required value", {k: v for k, v in WINDOW.items() if k != "to"}),
    windows("a window without days", "[0].days", "should have at least 1 items", WINDOW | {"days": []}),
    windows("a day in full", "[0].days[0]", 'supported values: "Mon", "Tue"', WINDOW | {"days": ["Monday"]}),
    windows("a day twice", "[0].days[1]", 'Duplicate value: "Mon"', WINDOW | {"days": ["Mon", "Mon"]}),
    windows("one day for the list", "[0].days", "must be of type array", WINDOW | {"days": "Mon"}),
    windows("an hour of one digit", "[0].from", TIME_RULE, WINDOW | {"from": "8:00"}),
    windows("an hour that no clock shows", "[0].to", TIME_RULE, WINDOW | {"to": "24:00"}),
    windows("a time with seconds", "[0].from", TIME_RULE, WINDOW | {"from": "08:00:00"}),
    windows("an American time", "[0].to", TIME_RULE, WINDOW | {"to": "7 p.m."}),
    windows("what YAML makes of a time without quotes", "[0].from", "must be of type string", WINDOW | {"from": 480}),
    Bad("a cron", f"{SCHEDULE}", {"cron": "0 8 * * 1-5"}, f"{SCHEDULE}.cron", "unknown field"),
    below(IDLE, "less than a start takes", "5m", IDLE_RULE),
    below(IDLE, "no time at all", "0m", IDLE_RULE),
    below(IDLE, "more than a week", "168h1m", IDLE_RULE),
    below(IDLE, "a duration in words", "1 day", DURATION_RULE),
    below(IDLE, "a duration in days", "1d", f"{DURATION_RULE}; write 24h for a day"),
    below(IDLE, "a duration in seconds", "3600s", DURATION_RULE),
    below(IDLE, "a number without a unit", "60", DURATION_RULE),
    below(IDLE, "an empty duration", "", DURATION_RULE),
    below(IDLE, "a number", 60, "must be of type string"),
    Bad("an idle stop without its time", f"{SERVING}.idleStop", {}, f"{IDLE}: ", "Required value"),
    below(BUDGET, "a budget of nothing", 0, "must be more than 0; for a model that costs nothing write serving.state"),
    below(BUDGET, "a negative budget", -4, "greater than or equal to 0"),
    below(BUDGET, "a budget with its currency", "16 USD", "must be of type number"),
    below(BUDGET, "a budget beyond all bounds", 100_001, "less than or equal to 100000"),
    Bad("a budget without its number", f"{SERVING}.budget", {}, f"{BUDGET}: ", "Required value"),
    below("spec.training", "no training", REMOVED, "Required value"),
    below("spec.training.testingData", "both testing data", {"autoSplit": True, "manifests": [MANIFEST]}, TESTING_RULE),
    Bad(
        "a manifest without an extension",
        "spec.training.trainingData.manifests",
        [{"bucket": "acme-ml", "name": "parts/train"}],
        "spec.training.trainingData.manifests[0].name: ",
        "name must end in a file extension, such as train.manifest",
    ),
    below("spec.tags", "a tag that AWS reserves", {"aws:team": "x"}, "must not start with aws:"),
    below("spec.tags", "a tag of the operator", {"rekognition-operator.io/kind": "x"}, "those are reserved"),
    below("spec.deletion.policy", "an unknown policy", "Stop", 'supported values: "Delete", "Retain", "Orphan"'),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path}: {case.what}")
def test_apply_refuses_and_names_field_and_remedy(kubectl: Kubectl, case: Bad) -> None:
    answer = kubectl("apply", "-n", "default", "-f", "-", stdin=edited(CustomLabelsModel, case.path, case.value))
    assert answer.returncode == 1, answer.stdout
    assert case.field in answer.stderr
    assert case.remedy in answer.stderr


def test_a_duration_that_cannot_be_read_gets_one_message_and_not_an_error_of_the_rule(kubectl: Kubectl) -> None:
    answer = kubectl("apply", "-n", "default", "-f", "-", stdin=edited(CustomLabelsModel, IDLE, "1d"))
    assert answer.stderr.count(IDLE) == 1
    assert "rule" not in answer.stderr


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{SERVING}.state", "Running"),
        (SERVING, {"state": "Running", "minInferenceUnits": 2, "maxInferenceUnits": 2, "rollout": "Recreate"}),
        (SCHEDULE, {"timeZone": "America/Argentina/Buenos_Aires", "windows": [WINDOW]}),
        (SCHEDULE, {"timeZone": "Etc/GMT+5", "windows": [WINDOW | {"from": "22:00", "to": "06:00"}]}),
        (
            SCHEDULE,
            {"timeZone": "UTC", "windows": [WINDOW, WINDOW | {"name": "all day", "from": "00:00", "to": "00:00"}]},
        ),
        (IDLE, "15m"),
        (IDLE, "1h30m"),
        (IDLE, "168h"),
        (BUDGET, 16),
        (BUDGET, 0.5),
    ],
)
def test_every_way_to_serve_may_be_chosen_later(kubectl: Kubectl, namespace: str, path: str, value: object) -> None:
    created = kubectl("apply", "-n", namespace, "-f", "-", stdin=good(CustomLabelsModel))
    assert created.returncode == 0, created.stderr
    answer = kubectl("apply", "-n", namespace, "-f", "-", stdin=edited(CustomLabelsModel, path, value))
    assert answer.returncode == 0, answer.stderr
    assert "configured" in answer.stdout
