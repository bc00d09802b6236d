"""Does Argo CD show what a person would say of each phase, and do its files still say so?"""

import pytest
import yaml

from fakes.builders import NOW
from gitops.argocd import CUSTOMIZATIONS, EMPTY, PAGE, SITUATIONS, Situation, files, health, page, resource_of
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core.status import first_sight
from unit.core.test_kstatus import kstatus

OF_KSTATUS = {
    "Failed": {"Degraded"},
    "Current": {"Healthy", "Suspended"},
    "InProgress": {"Progressing", "Suspended"},
}
LIVE = [
    pytest.param(kind, situation, id=situation.name)
    for kind, situations in SITUATIONS.items()
    for situation in situations
]


@pytest.mark.parametrize(("kind", "situation"), LIVE)
def test_kstatus_and_argo_cd_agree_and_argo_cd_pauses_where_a_person_paused_it(kind: str, situation: Situation) -> None:
    status = situation.status
    shown = health(kind, resource_of(kind, "x", situation.generation, status)).status
    assert kstatus(status, situation.generation) == situation.kstatus
    assert shown in OF_KSTATUS[situation.kstatus]
    holding = {condition.type for condition in status.conditions or [] if condition.status == "True"}
    waits_for_approval = "AwaitingApproval" in holding and "Ready" not in holding
    paused = "Stalled" not in holding and ("Suspended" in holding or waits_for_approval)
    assert (shown == "Suspended") is paused


@pytest.mark.parametrize(("kind", "situation"), LIVE)
def test_an_edit_is_progressing_until_it_was_looked_at(kind: str, situation: Situation) -> None:
    edited = resource_of(kind, "x", situation.generation + 1, situation.status)
    assert health(kind, edited).status == "Progressing"


@pytest.mark.parametrize("kind", SITUATIONS)
def test_what_no_operator_has_judged_is_progressing(kind: str) -> None:
    of_kind = EMPTY[kind]
    for status in (None, of_kind(observed_generation=-1), of_kind(), of_kind(observed_generation=1)):
        assert health(kind, resource_of(kind, "x", 1, status)).status == "Progressing"


@pytest.mark.parametrize("kind", ["ModerationAdapter", "CustomLabelsModel"])
def test_what_was_seen_and_not_judged_yet_is_progressing(kind: str) -> None:
    seen = first_sight(ResourceStatus(observed_generation=-1), 1, NOW)
    assert health(kind, resource_of(kind, "x", 1, seen)).status == "Progressing"


def test_the_recorded_statuses_and_the_config_map_are_those_of_the_operator_and_the_lua() -> None:
    made = files()
    assert {path: path.read_text(encoding="utf-8") for path in made} == made, "run `python -m gitops.argocd` in tests/"
    there = {*CUSTOMIZATIONS.rglob("*.yaml")}
    assert there <= made.keys(), "a file that nothing makes"


@pytest.mark.parametrize("kind", SITUATIONS)
def test_the_cases_in_argo_cds_layout_hold(kind: str) -> None:
    folder = CUSTOMIZATIONS / kind
    tests = yaml.safe_load((folder / "health_test.yaml").read_text(encoding="utf-8"))["tests"]
    assert tests
    for case in tests:
        got = health(kind, yaml.safe_load((folder / case["inputPath"]).read_text(encoding="utf-8")))
        assert {"status": got.status, "message": got.message} == case["healthStatus"]


def test_the_table_of_what_each_tool_shows_is_computed() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m gitops.argocd` in tests/"
