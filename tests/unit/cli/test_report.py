"""What does `rekognition-operator report` read, write, and say?"""

from pathlib import Path
from typing import Any

import pytest

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.cli import report
from rekognition_sandbox.emulator.training import train
from rekognition_sandbox.samples.memory import MemoryStore, sample_request
from unit.cli.conftest import OLD, VERSION, Run, World, version_status

Capture = pytest.CaptureFixture[str]
SUMMARY = {"bucket": "acme-ml", "name": "out/summary.json"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


def summary_of_an_adapter() -> bytes:
    world = MemoryStore.with_samples()
    return world.text(train(sample_request(), world).evaluation_summary).encode()


def with_summary(world: World, content: bytes | None, kind: str = "adapter", **status: Any) -> None:
    """Make a resource whose version has this evaluation summary; None: it names one that is not there."""
    world.aws.objects.add_bucket(SUMMARY["bucket"])
    make = world.adapter if kind == "adapter" else world.model
    shown = version_status(VERSION, "arn:aws:rekognition:eu-west-1:1:project/p/version/v/1", "Active")
    active = {"versionName": VERSION, "arn": shown["arn"]}
    make(active=active, versions=[{**shown, "evaluationSummary": SUMMARY}], **status)
    if content is not None:
        world.aws.objects.put(SUMMARY["bucket"], SUMMARY["name"], content)


def test_the_page_compares_the_adapter_in_service_with_the_base_model(
    world: World, run: Run, capsys: Capture, page: Path
) -> None:
    with_summary(world, summary_of_an_adapter())
    assert run("report", "modad/storefront", "-o", str(page)) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"Wrote {page}\n")
    html = page.read_text(encoding="utf-8")
    assert f"Version {VERSION} against the base model" in html
    assert "confidenceThreshold: 55" in html


def test_the_page_of_a_model_shows_its_labels(world: World, run: Run, page: Path) -> None:
    summary = b"""{"AggregatedEvaluationResults": {"F1Score": 0.9}, "LabelEvaluationResults":
        [{"Label": "steel-gear", "Metrics": {"F1Score": 0.9}, "NumberOfTestingImages": 3}]}"""
    with_summary(world, summary, "model")
    assert run("report", "clm/parts", "-o", str(page)) == 0
    html = page.read_text(encoding="utf-8")
    assert "F1 by label" in html
    assert "steel-gear" in html


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "GetObject failed with"),
        (b"{}", "has not the form that AWS documents: AggregatedEvaluationResults: Field required"),
    ],
)
def test_a_summary_that_cannot_be_read_is_said_on_the_page(
    world: World, run: Run, capsys: Capture, page: Path, content: bytes | None, told: str
) -> None:
    with_summary(world, content)
    assert run("report", "storefront", "-o", str(page)) == 0
    said = capsys.readouterr().err
    assert said.startswith("Warning: the page is without the evaluation.")
    assert told in said
    html = page.read_text(encoding="utf-8")
    assert told in html
    assert "F1 of the versions over time" in html


def test_aws_that_cannot_be_asked_at_all_is_said_on_the_page(
    world: World, run: Run, capsys: Capture, page: Path
) -> None:
    with_summary(world, None)
    world.credentials = CallError(ErrorKind.CREDENTIALS, "GetCallerIdentity", "NoCredentials", "None were found")
    assert run("report", "storefront", "-o", str(page)) == 0
    assert "AWS_PROFILE" in capsys.readouterr().err
    assert "AWS_PROFILE" in page.read_text(encoding="utf-8")


def test_a_version_without_summary_is_said(world: World, run: Run, capsys: Capture, page: Path) -> None:
    world.adapter()
    assert run("report", "storefront", "-o", str(page)) == 0
    assert f"Version {VERSION}: AWS names no evaluation summary" in capsys.readouterr().err


def test_without_a_version_in_service_the_page_tells_why(world: World, run: Run, capsys: Capture, page: Path) -> None:
    world.adapter(active=None)
    assert run("report", "storefront", "-o", str(page)) == 0
    assert capsys.readouterr().err == f"Wrote {page}\n"
    assert "No version is in service" in page.read_text(encoding="utf-8")


def test_another_version_is_looked_at_by_its_name(world: World, run: Run, capsys: Capture, page: Path) -> None:
    with_summary(world, summary_of_an_adapter(), conditions=[])
    assert run("report", "storefront", "--version", VERSION, "-o", str(page)) == 0
    assert f"Version {VERSION} against the base model" in page.read_text(encoding="utf-8")
    assert run("report", "storefront", "--version", OLD, "-o", str(page)) == 1
    assert f"has no version {OLD}" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(world: World, run: Run, capsys: Capture, tmp_path: Path) -> None:
    world.adapter()
    assert run("report", "storefront", "-o", str(tmp_path)) == 1
    assert f"Cannot write {tmp_path}: Is a directory." in capsys.readouterr().err


def test_without_the_extra_the_command_says_what_to_install(
    world: World, run: Run, capsys: Capture, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.adapter()
    monkeypatch.setattr(report, "NEEDED", ("jinja2", "a_module_that_is_not_there"))
    assert run("report", "storefront", "-o", str(page)) == 1
    assert "(a_module_that_is_not_there)" in (told := capsys.readouterr().err)
    assert "pip install 'rekognition-operator[report]'" in told
    assert not page.exists()
