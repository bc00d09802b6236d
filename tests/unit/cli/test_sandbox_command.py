"""Does `rekognition-operator sandbox` hand on what was asked, and tell how it went?"""

from importlib.util import find_spec
from pathlib import Path

import pytest

from rekognition_operator.cli import sandbox as command
from rekognition_operator.cli.main import main
from rekognition_sandbox.controlplane import sandbox as library
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.processes import ProcessRecord

EMULATOR = ProcessRecord("emulator", 4711, "boot:1", "logs/emulator.log", "http://127.0.0.1:5000")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(("sandbox", *arguments))
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


class Recorder:
    """Stands for the library's `up`."""

    def __init__(self) -> None:
        self.calls: list[tuple[Path, dict[str, object]]] = []

    def __call__(self, directory: Path, **options: object) -> None:
        self.calls.append((directory, options))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(library, "up", recorder)
    return recorder


def test_up_starts_everything_in_the_current_folder(started: Recorder) -> None:
    assert run("up") == 0
    assert started.calls == [(Path(".sandbox"), {"operator": True, "time_scale": 600.0, "detach": False})]


def test_up_hands_on_every_option(started: Recorder) -> None:
    assert run("up", "--dir", "elsewhere", "--no-operator", "--time-scale", "30", "--detach") == 0
    assert started.calls == [(Path("elsewhere"), {"operator": False, "time_scale": 30.0, "detach": True})]


def test_the_defaults_are_those_of_the_library() -> None:
    assert command.DEFAULT_DIRECTORY == library.DEFAULT_DIRECTORY
    assert command.DEFAULT_TIME_SCALE == library.DEFAULT_TIME_SCALE


def test_an_error_of_the_sandbox_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(directory: Path, **_options: object) -> None:
        raise SandboxError(f"The sandbox in {directory} is up already. Stop it first.")

    monkeypatch.setattr(library, "up", refuse)
    assert run("up", "--dir", "here") == 1
    assert capsys.readouterr().err == "Error: The sandbox in here is up already. Stop it first.\n"


def test_without_the_extra_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, started: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "moto" else find_spec(name))
    assert run("up") == 1
    assert capsys.readouterr().err == (
        "Error: The sandbox needs Python packages that are not installed (moto). "
        "Install them: pip install 'rekognition-operator[sandbox]'\n"
    )
    assert started.calls == []


def test_status_of_a_sandbox_that_was_never_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "--dir", str(tmp_path)) == 1
    assert capsys.readouterr().out == f"Nothing runs in {tmp_path}.\n"


@pytest.mark.parametrize(("running", "code"), [(True, 0), (False, 1)])
def test_status_exits_with_0_only_when_all_of_it_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], running: bool, code: int
) -> None:
    found = library.SandboxStatus(Path("here"), (library.ServiceStatus(EMULATOR, running),))
    monkeypatch.setattr(library, "status", lambda _directory: found)
    assert run("status") == code
    assert capsys.readouterr().out == f"{found}\n"


def test_down_tells_what_it_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(library, "down", lambda _directory: [EMULATOR])
    assert run("down") == 0
    assert capsys.readouterr().out == "Stopped emulator (pid 4711)\n"


def test_down_of_a_sandbox_that_is_not_up_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("down", "--dir", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"Nothing ran in {tmp_path}.\n"
