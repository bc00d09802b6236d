"""How does the command end: with which exit code, and with which words?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rekognition_operator import __version__
from rekognition_operator.api.crd import all_crds
from rekognition_operator.cli import crds
from rekognition_operator.cli.main import TRACEBACK_VARIABLE, main

CRD_FILES = {
    "rekognition-operator.io_moderationadapters.yaml",
    "rekognition-operator.io_customlabelsmodels.yaml",
    "rekognition-operator.io_awsidentities.yaml",
}


def run(*arguments: str) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"rekognition-operator {__version__}\n"


def test_the_module_is_the_command() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "rekognition_operator", "--version"], capture_output=True, text=True, check=False
    )
    assert answer.stdout == f"rekognition-operator {__version__}\n"
    assert answer.returncode == 0


def test_crds_prints_every_definition_as_yaml_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("crds") == 0
    printed = capsys.readouterr()
    assert list(yaml.safe_load_all(printed.out)) == all_crds()
    assert printed.err == ""


def test_crds_writes_a_file_for_each_definition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "crds"
    assert run("crds", "--output", str(folder)) == 0
    printed = capsys.readouterr()
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == crds.files()
    assert printed.out == ""
    assert set(crds.files()) == CRD_FILES
    assert all(str(folder / name) in printed.err for name in CRD_FILES)


def test_a_definition_is_written_without_anchors() -> None:
    shared = all_crds()[0]
    assert not re.search(r"[&*]id\d", crds.render({"first": shared, "second": shared}))


def test_a_failed_command_says_so_in_one_message_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ("a-long-name-" * 12)
    file.touch()
    assert run("crds", "--output", str(file)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"Error: Cannot write the definitions to {file}: File exists. "
        "Name a folder that you may write to, such as --output crds.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("crd",), "No such command"),
        (("crds", "--outptu", "x"), "No such option"),
        (("sandbox", "up", "--time-scale", "0"), "--time-scale"),
        (("sandbox",), "Usage"),
        ((), "Usage"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert told in printed.out + printed.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, str]:
        raise RuntimeError("the moon is full [bold]")

    monkeypatch.setattr(crds, "files", fail)


@pytest.mark.usefixtures("broken")
def test_a_bug_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("crds") == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: RuntimeError: the moon is full [bold]\n")
    assert f"{TRACEBACK_VARIABLE}=1" in told
    assert "Traceback" not in told


@pytest.mark.usefixtures("broken")
def test_a_bug_shows_where_it_is_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    assert run("crds") == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_command_loads_no_part_of_the_sandbox_before_it_is_asked_to() -> None:
    program = (
        "import sys; import rekognition_operator.cli.main; "
        "print([name for name in ('rekognition_sandbox', 'moto', 'cryptography', 'PIL') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
