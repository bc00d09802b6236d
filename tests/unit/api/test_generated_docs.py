"""Do the generated pages say what the code says, and are they committed as they would be written?"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from rekognition_operator.api.annotations import ANNOTATIONS
from rekognition_operator.api.conditions import CONDITIONS, REASONS
from rekognition_operator.api.crd import COLUMNS
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import ALL_DEFINITIONS, ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """Load docs/generate.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page_of(generate: ModuleType, kind: Kind) -> list[str]:
    page: str = generate.reference_page(kind)
    return page.splitlines()


@pytest.fixture(scope="module")
def reference(generate: ModuleType) -> list[str]:
    return page_of(generate, ModerationAdapter)


@pytest.fixture(scope="module")
def model_reference(generate: ModuleType) -> list[str]:
    return page_of(generate, CustomLabelsModel)


def row(lines: list[str], name: str) -> list[str]:
    """Return the cells of the first table row that begins with ``name``: the field's own, before those of its rules."""
    line = next(line for line in lines if line.startswith(f"| `{name}` | "))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_every_kind_has_a_page(generate: ModuleType) -> None:
    written = {path.name for path in generate.pages() if path.parent.name == "reference"}
    assert written == {path.name for path in (ROOT / "docs" / "reference").iterdir()}
    assert written == {f"{kind.singular}.md" for kind in ALL_DEFINITIONS} | {"metrics.md", "values.md"}


def test_the_committed_pages_are_what_the_code_says(generate: ModuleType) -> None:
    for path, content in generate.pages().items():
        committed = path.read_text(encoding="utf-8")
        assert committed == content, f"{path.relative_to(ROOT)} differs from the code: run make crds, and commit it"


def test_a_field_is_shown_with_type_default_limits_and_description(reference: list[str]) -> None:
    assert row(reference, "spec.retention.keep") == [
        "`spec.retention.keep`",
        "integer",
        "`3`",
        "0 to 90",
        "",
        "Superseded versions kept for rollback: a revert to one of them needs no training.",
    ]


def test_what_a_change_does_is_told_for_immutable_fields_and_training_inputs(reference: list[str]) -> None:
    change = {name: row(reference, name)[4] for name in ("spec.region", "spec.training.kmsKeyID", "spec.suspend")}
    assert change == {"spec.region": "immutable", "spec.training.kmsKeyID": "trains", "spec.suspend": ""}


def test_required_fields_choices_and_items_are_told(reference: list[str]) -> None:
    assert row(reference, "spec.output.bucket")[2] == "**required**"
    assert row(reference, "spec.driftPolicy")[2:4] == ["`Correct`", "`Correct`, `Report`"]
    assert row(reference, "spec.suspend")[2] == "`false`"
    assert row(reference, "spec.tags")[1:4] == ["map of strings", "", "at most 40 items; each at most 256 characters"]


def test_placeholders_do_not_vanish_as_html(reference: list[str]) -> None:
    assert row(reference, "spec.projectName")[5].endswith("&lt;cluster-name>.&lt;namespace>.&lt;name>.")


def test_a_page_has_what_is_its_kinds_own_and_nothing_of_the_others(
    reference: list[str], model_reference: list[str]
) -> None:
    assert row(model_reference, "spec.serving.state")[2:4] == ["`Stopped`", "`Running`, `Stopped`"]
    assert row(model_reference, "spec.serving.schedule.windows[].days")[1:3] == ["list of strings", "**required**"]
    assert row(model_reference, "spec.training.kmsKeyID")[4] == "trains"
    assert row(model_reference, "spec.serving.minInferenceUnits")[4] == ""
    assert row(model_reference, "status.serving.estimatedUSDThisMonth")[1] == "number"
    assert not any("confidenceThreshold" in line or "autoUpdate" in line for line in model_reference)
    assert not any("spec.serving" in line or "USD/H" in line for line in reference)
    assert [line for line in model_reference if line.startswith("| USD/H | always |")]


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_a_page_shows_an_example_of_its_kind_and_every_column(generate: ModuleType, kind: Kind) -> None:
    lines = page_of(generate, kind)
    assert f"kind: {kind.kind}" in lines
    assert all(any(line.startswith(f"| {column.name.upper()} | ") for line in lines) for column in COLUMNS[kind])


def test_every_condition_and_reason_stands_on_the_troubleshooting_page(generate: ModuleType) -> None:
    page = generate.troubleshooting_page(f"Mine.\n{generate.BEGIN}\nold\n{generate.END}\nAlso mine.\n")
    lines = page.splitlines()
    assert lines[0] == "Mine."
    assert lines[-1] == "Also mine."
    assert "old" not in lines
    assert all(row(lines, condition.type) for condition in CONDITIONS)
    for reason in REASONS:
        assert any(line.startswith(f"| `{reason.name}` | ") and f" | {reason.status} | " in line for line in lines), (
            reason.name
        )


def test_the_troubleshooting_page_says_of_which_kind_a_condition_and_a_reason_are(generate: ModuleType) -> None:
    lines = generate.troubleshooting_page(f"{generate.BEGIN}\n{generate.END}\n").splitlines()
    assert row(lines, "Ready")[1:3] == ["every kind", "always"]
    assert row(lines, "Serving")[1:3] == ["`CustomLabelsModel`", "always"]
    assert row(lines, "Expiring")[1:3] == ["`ModerationAdapter`", "when it applies"]
    assert row(lines, "OutsideWindow")[1:3] == ["`CustomLabelsModel`", "True"]
    assert row(lines, "AdapterExpired")[1:3] == ["`ModerationAdapter`", "False"]


def test_a_page_without_the_marks_is_refused(generate: ModuleType) -> None:
    with pytest.raises(ValueError, match="the tables go between them"):
        generate.troubleshooting_page("# Troubleshooting\n")


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_every_annotation_stands_on_the_pages_of_its_kinds(generate: ModuleType, kind: Kind) -> None:
    lines = page_of(generate, kind)
    for annotation in ANNOTATIONS:
        if kind in annotation.kinds:
            assert row(lines, annotation.name)[2] == generate._text(annotation.meaning)
        else:
            assert not any(line.startswith(f"| `{annotation.name}` | ") for line in lines)
