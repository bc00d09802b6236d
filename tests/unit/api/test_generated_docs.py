"""Do the generated pages say what the code says, and are they committed as they would be written?"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from rekognition_operator.api.annotations import ANNOTATIONS
from rekognition_operator.api.conditions import CONDITIONS, REASONS

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


@pytest.fixture(scope="module")
def reference(generate: ModuleType) -> list[str]:
    page: str = generate.reference_page()
    return page.splitlines()


def row(lines: list[str], name: str) -> list[str]:
    """Return the cells of the first table row that begins with ``name``: the field's own, before those of its rules."""
    line = next(line for line in lines if line.startswith(f"| `{name}` | "))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


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


def test_every_condition_and_reason_stands_on_the_troubleshooting_page(generate: ModuleType) -> None:
    page = generate.troubleshooting_page(f"Mine.\n{generate.BEGIN}\nold\n{generate.END}\nAlso mine.\n")
    lines = page.splitlines()
    assert lines[0] == "Mine."
    assert lines[-1] == "Also mine."
    assert "old" not in lines
    assert all(row(lines, condition.type) for condition in CONDITIONS)
    for reason in REASONS:
        assert any(line.startswith(f"| `{reason.name}` | {reason.status} | ") for line in lines), reason.name


def test_a_page_without_the_marks_is_refused(generate: ModuleType) -> None:
    with pytest.raises(ValueError, match="the tables go between them"):
        generate.troubleshooting_page("# Troubleshooting\n")


def test_every_annotation_is_documented(reference: list[str]) -> None:
    assert all(row(reference, annotation.name)[2] == annotation.meaning for annotation in ANNOTATIONS)
