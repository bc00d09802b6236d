"""Are etcd and kube-apiserver compiled as pinned, installed only whole, and resumed where an interruption left them?"""

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from rekognition_sandbox.controlplane import build as build_module
from rekognition_sandbox.controlplane import gotool, processes, versions
from rekognition_sandbox.controlplane.build import CONTROL_PLANE, HELM_TOOL, PROMTOOL, ProgramSet, build
from rekognition_sandbox.controlplane.display import Display, Step
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.gotool import GoTool, find_go

FAKE_GO = f"""#!{sys.executable}
import json, os, pathlib, signal, sys
here = pathlib.Path(__file__).parent
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ), "pid": os.getpid()}}) + "\\n")
if sys.argv[1] == "version":
    print("go version go@VERSION@ linux/amd64")
elif sys.argv[1] == "list":
    print("go: downloading example.com/module v1.0.0", file=sys.stderr)
    print("\\nfalse\\ntrue\\ntrue")
elif (here / "broken").exists() and sys.argv[-1].endswith("kube-apiserver"):
    sys.exit("compile: out of memory")
else:
    print("example.com/package", file=sys.stderr, flush=True)
    if (here / "endless").exists():
        signal.pause()
    output = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    output.write_text("program")
    output.chmod(0o755)
"""


class Call:
    """One call of the fake `go`."""

    def __init__(self, line: str) -> None:
        values = json.loads(line)
        self.arguments = cast("list[str]", values["arguments"])
        self.environment = cast("dict[str, str]", values["environment"])
        self.pid = cast("int", values["pid"])


class FakeGo:
    """A `go` that records its calls and compiles nothing."""

    def __init__(self, folder: Path, version: str = versions.GO) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / "go"
        self.path.write_text(FAKE_GO.replace("@VERSION@", version))
        self.path.chmod(0o755)

    def calls(self, command: str) -> list[Call]:
        calls = [Call(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]
        return [call for call in calls if call.arguments[0] == command]


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    go = FakeGo(tmp_path / "go")
    monkeypatch.setattr(build_module, "find_go", lambda *_: GoTool(go.path, "local"))
    return go


def run_build(root: Path, display: Display | None = None) -> Path:
    cache = root / "cache"
    cache.mkdir(exist_ok=True)
    build(CONTROL_PLANE, cache / "programs", cache, display or Display(Console(file=io.StringIO())))
    return cache / "programs"


def test_both_programs_are_compiled_and_nothing_else_is_left(tmp_path: Path, go: FakeGo) -> None:
    output = io.StringIO()
    programs = run_build(tmp_path, Display(Console(file=output, width=200)))

    assert sorted(path.name for path in programs.iterdir()) == ["etcd", "kube-apiserver"]
    assert [path.name for path in programs.parent.iterdir()] == ["programs"]
    assert f"Compiling kube-apiserver {versions.KUBERNETES}: 1 of 3 packages are compiled already." in output.getvalue()
    assert len(go.calls("build")) == 2


def test_the_build_does_not_depend_on_the_users_build_settings_but_keeps_the_users_proxy(
    tmp_path: Path, go: FakeGo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOPROXY": "off", "GOGC": "50"}.items():
        monkeypatch.setenv(name, value)

    run_build(tmp_path)

    environment = go.calls("build")[0].environment
    assert environment["GOFLAGS"] == "-mod=readonly"
    assert environment["CGO_ENABLED"] == "0"
    assert environment["GOTOOLCHAIN"] == "local"
    assert environment["GOWORK"] == "off"
    assert environment["GOPROXY"] == "off"
    assert environment["GOGC"] == "50"
    assert "GOOS" not in environment


def test_kubectl_is_told_the_version_that_was_compiled(tmp_path: Path, go: FakeGo) -> None:
    run_build(tmp_path)

    flags = " ".join(go.calls("build")[1].arguments)
    assert f"-X k8s.io/component-base/version.gitVersion=v{versions.KUBERNETES}" in flags


def test_a_failed_compilation_keeps_what_is_whole_and_the_next_run_does_only_the_rest(
    tmp_path: Path, go: FakeGo
) -> None:
    (go.folder / "broken").touch()
    with pytest.raises(
        SandboxError, match=r"go build k8s\.io/.*kube-apiserver` ended with 1\. It said:\n.*out of memory"
    ):
        run_build(tmp_path)
    assert [path.name for path in (tmp_path / "cache" / "programs").iterdir()] == ["etcd"]

    (go.folder / "broken").unlink()
    programs = run_build(tmp_path)

    assert sorted(path.name for path in programs.iterdir()) == ["etcd", "kube-apiserver"]
    assert [call.arguments[-1].rsplit("/", 1)[-1] for call in go.calls("build")] == [
        "v3",
        "kube-apiserver",
        "kube-apiserver",
    ]


class InterruptedDisplay(Display):
    """Somebody presses Ctrl-C at the first compiled package."""

    def __init__(self, output: io.StringIO) -> None:
        super().__init__(Console(file=output, width=200))

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Step]:
        class Interrupting:
            def advance(self, detail: str) -> None:
                if detail == "example.com/package":
                    raise KeyboardInterrupt

        assert total > 0, title
        yield Interrupting()


def test_an_interrupted_build_ends_the_compiler_and_says_that_it_goes_on_next_time(tmp_path: Path, go: FakeGo) -> None:
    (go.folder / "endless").touch()
    output = io.StringIO()

    with pytest.raises(KeyboardInterrupt):
        run_build(tmp_path, InterruptedDisplay(output))

    assert processes.identity_of(go.calls("build")[0].pid) is None
    assert "the same command goes on from there" in output.getvalue()


def test_working_files_of_a_killed_build_are_cleared_away(tmp_path: Path, go: FakeGo) -> None:
    leftover = tmp_path / "cache" / ".build-killed"
    leftover.mkdir(parents=True)
    (leftover / "kube-apiserver").write_text("half")

    run_build(tmp_path)

    assert not leftover.exists()
    assert go.calls("build")


def module_text(name: str) -> str:
    return (Path(build_module.__file__).parent / "gobuild" / name / "go.mod").read_text()


@pytest.mark.parametrize(
    ("tool", "pin"),
    [
        (HELM_TOOL, f"helm.sh/helm/v4 v{versions.HELM}"),
        (PROMTOOL, f"github.com/prometheus/prometheus v{versions.PROMETHEUS}"),
    ],
)
def test_the_pins_of_the_tools_are_ours(tool: ProgramSet, pin: str) -> None:
    text = module_text(tool.module)

    assert re.search(rf"^\s+{re.escape(pin)}( // indirect)?$", text, re.MULTILINE)
    assert re.findall(r"^go (\S+)$", text, re.MULTILINE) == [tool.go]
    assert f"tool {tool.programs[0].package}\n" in text


def test_the_pins_of_the_go_module_are_ours() -> None:
    text = module_text("controlplane")

    assert re.findall(r"^\s+k8s\.io/kubernetes v(\S+)$", text, re.MULTILINE) == [versions.KUBERNETES]
    assert re.findall(r"^\s+go\.etcd\.io/etcd/server/v3 v(\S+)$", text, re.MULTILINE) == [versions.ETCD]
    assert re.findall(r"^go (\S+)$", text, re.MULTILINE) == [versions.GO]
    staging = re.findall(r"=> k8s\.io/\S+ v0\.(\S+)$", text, re.MULTILINE)
    assert len(staging) > 30
    assert set(staging) == {versions.KUBERNETES.split(".", 1)[1]}


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave no Go on this machine but what is put into the returned folder."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setattr(gotool, "_USUAL_PLACES", ())
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize(("version", "toolchain"), [(versions.GO, "local"), ("1.99.1", "local"), ("1.22.3", "auto")])
def test_the_machines_own_go_is_used_or_fetches_a_newer_one(
    tmp_path: Path, only: Path, version: str, toolchain: str
) -> None:
    own = FakeGo(only, version)

    assert find_go(tmp_path / "cache", Display(Console(file=io.StringIO()))) == GoTool(own.path, toolchain)


def test_a_go_that_cannot_fetch_a_newer_one_is_replaced_by_the_packaged_one(tmp_path: Path, only: Path) -> None:
    FakeGo(only, "1.18.1")
    packaged = FakeGo(tmp_path / "cache" / versions.GO_PACKAGE.replace("==", "-") / "go" / "bin")

    assert find_go(tmp_path / "cache", Display(Console(file=io.StringIO()))) == GoTool(packaged.path, "local")
