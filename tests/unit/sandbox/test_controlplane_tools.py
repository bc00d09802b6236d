"""Are helm and promtool taken from PATH, else from the cache, else built, and is what is too old left alone?"""

import io
from pathlib import Path

import pytest
from rich.console import Console

from rekognition_sandbox.controlplane import tools
from rekognition_sandbox.controlplane.build import ProgramSet
from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.tools import ToolName, find_tool

QUIET = Display(Console(file=io.StringIO()))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave no program on this machine but what is put into the returned folder."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def build(wanted: ProgramSet, destination: Path, _cache: Path, _display: Display) -> None:
        names.append(wanted.module)
        program(destination, wanted.programs[0].name)

    monkeypatch.setattr(tools, "build", build)
    return names


def program(folder: Path, name: str, says: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("version", ["v3.14.0", "v4.3.1+gabc", "v3.20.2"])
def test_a_helm_on_path_that_is_new_enough_is_used(path: Path, built: list[str], version: str) -> None:
    own = program(path, "helm", version)
    assert find_tool("helm", QUIET) == own
    assert built == []


@pytest.mark.parametrize("version", ["v2.17.0", "v3.9.4", "nonsense"])
def test_a_helm_that_is_too_old_is_left_alone(path: Path, built: list[str], version: str) -> None:
    own = program(path, "helm", version)
    assert find_tool("helm", QUIET) != own
    assert built == ["helm"]


@pytest.mark.parametrize("name", ["helm", "promtool"])
@pytest.mark.usefixtures("path")
def test_what_is_nowhere_is_built_once(built: list[str], name: ToolName) -> None:
    first = find_tool(name, QUIET)
    assert find_tool(name, QUIET) == first
    assert built == [name]


@pytest.mark.usefixtures("path")
def test_what_cannot_be_built_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object) -> None:
        raise SandboxError("there is no Go")

    monkeypatch.setattr(tools, "build", build)
    with pytest.raises(SandboxError, match=r"^promtool .*could not be built: there is no Go\. Put it on PATH, or"):
        find_tool("promtool", QUIET)
