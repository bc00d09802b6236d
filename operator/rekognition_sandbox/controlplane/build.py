"""How are the programs that the sandbox needs compiled from Go modules?

Each set of programs has a folder in `gobuild/` whose `go.mod` and `go.sum` pin every module by content, so the result
does not depend on the day. Go's own build cache keeps what is compiled: an interrupted build goes on where it was when
it is run again.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rekognition_sandbox.controlplane.display import Display, Step
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.gotool import GoTool, find_go
from rekognition_sandbox.controlplane.versions import ETCD, GO, HELM, KUBERNETES, PROMETHEUS

_VERSION_PACKAGE = "k8s.io/component-base/version"
_DOWNLOADING = "go: downloading "
_COMPILER_FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")


@dataclass(frozen=True)
class Program:
    """A program to compile: its file name, its Go package, linker flags for its version, and build tags."""

    name: str
    version: str
    package: str
    linker_flags: str
    tags: str = ""


@dataclass(frozen=True)
class ProgramSet:
    """Programs that are compiled from one Go module.

    Attributes
    ----------
    module
        Name of its folder in `gobuild/`.
    programs
        The quick ones first.
    go
        The oldest Go that compiles them: the `go` line of the module.
    """

    module: str
    programs: tuple[Program, ...]
    go: str = GO


def _stamped(package: str, variables: Mapping[str, str]) -> str:
    return " ".join(("-s -w", *(f"-X {package}.{name}={value}" for name, value in variables.items())))


def _kubernetes_variables() -> dict[str, str]:
    """Return what kube-apiserver says of its version; without it kubectl is told v0.0.0, and warns."""
    major, minor, _ = KUBERNETES.split(".")
    return {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}


CONTROL_PLANE: Final = ProgramSet(
    "controlplane",
    (
        Program("etcd", ETCD, "go.etcd.io/etcd/server/v3", "-s -w"),
        Program(
            "kube-apiserver",
            KUBERNETES,
            "k8s.io/kubernetes/cmd/kube-apiserver",
            _stamped(_VERSION_PACKAGE, _kubernetes_variables()),
        ),
    ),
)
_HELM_VERSION: Final = {"version": f"v{HELM}", "gitTreeState": "clean"}
HELM_TOOL: Final = ProgramSet(
    "helm",
    (Program("helm", HELM, "helm.sh/helm/v4/cmd/helm", _stamped("helm.sh/helm/v4/internal/version", _HELM_VERSION)),),
)
PROMTOOL: Final = ProgramSet(
    "promtool",
    (
        Program(
            "promtool",
            PROMETHEUS,
            "github.com/prometheus/prometheus/cmd/promtool",
            _stamped("github.com/prometheus/common/version", {"Version": PROMETHEUS}),
            tags="remove_all_sd",  # the clients of two dozen clouds, for nothing
        ),
    ),
    go="1.26.7",
)


def build(wanted: ProgramSet, destination: Path, cache: Path, display: Display) -> None:
    """Compile what is missing in `destination`; a program appears there only whole.

    The control plane takes about 4 minutes on 2 cores the first time, and 1.6 GiB of memory; helm and promtool three to
    four minutes each. The caller holds the cache's lock.

    Parameters
    ----------
    destination
        Folder for the programs.
    cache
        Our cache folder, for a Go of our own and for working files.

    Raises
    ------
    SandboxError
        There is no Go and none can be had, the modules cannot be fetched, or the compiler failed.
    """
    go = find_go(cache, display, wanted.go)
    for leftover in cache.glob(".build-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    missing = [program for program in wanted.programs if not (destination / program.name).exists()]
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".build-") as work:
        module = Path(work)
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(Path(__file__).parent / "gobuild" / wanted.module / name, module / name)
        builder = _Builder(go, module, display)
        try:
            for program in missing:
                output = module / program.name
                builder.compile(program, output)
                output.replace(destination / program.name)
        except KeyboardInterrupt:
            display.say("Interrupted. What is compiled so far is kept; the same command goes on from there.")
            raise


class _Builder:
    def __init__(self, go: GoTool, module: Path, display: Display) -> None:
        self._go, self._module, self._display = go, module, display
        self._environment = _environment(go)

    def compile(self, program: Program, output: Path) -> None:
        packages, stale = self._packages(program)
        title = f"Compiling {program.name} {program.version}"
        if stale < packages:
            self._display.say(f"{title}: {packages - stale} of {packages} packages are compiled already.")
        command = [
            "build",
            "-v",
            *_COMPILER_FLAGS,
            f"-tags={program.tags}",
            f"-ldflags={program.linker_flags}",
            "-o",
            str(output),
        ]
        with self._display.step(title, stale) as step:
            done = 0

            def on_line(line: str) -> None:
                nonlocal done
                done += 1
                step.advance(line if done < stale else "linking")

            self._run([*command, program.package], on_line)

    def _packages(self, program: Program) -> tuple[int, int]:
        """Fetch the sources and count the packages: all of them, and those that are yet to be compiled."""
        sums = (self._module / "go.sum").read_text(encoding="utf-8").splitlines()
        modules = sum("/go.mod " not in line for line in sums)
        with ExitStack() as stack:
            step: Step | None = None

            def on_line(line: str) -> None:
                nonlocal step
                if line.startswith(_DOWNLOADING):
                    step = step or stack.enter_context(self._display.step("Getting the sources", modules))
                    step.advance(line.removeprefix(_DOWNLOADING))

            listed = self._run(
                [
                    "list",
                    "-deps",
                    *_COMPILER_FLAGS,
                    f"-tags={program.tags}",
                    "-f",
                    '{{if ne .ImportPath "unsafe"}}{{.Stale}}{{end}}',
                    program.package,
                ],
                on_line,
            )
        return len(listed), listed.count("true")

    def _run(self, arguments: Sequence[str], on_line: Callable[[str], None]) -> list[str]:
        """Run go, hand on each line of its standard error, and return the lines of its standard output."""
        last_lines: list[str] = []
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            child = subprocess.Popen(
                [str(self._go.path), *arguments],
                cwd=self._module,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
            try:
                for line in child.stderr or ():
                    last_lines = [*last_lines[-9:], line.rstrip()]
                    on_line(line.rstrip())
                code = child.wait()
            except BaseException:
                child.terminate()
                child.wait()
                raise
            if code != 0:
                said = "\n".join(last_lines) or "(nothing)"
                raise SandboxError(f"`go {arguments[0]} {arguments[-1]}` ended with {code}. It said:\n{said}")
            output.seek(0)
            return output.read().split()


def _environment(go: GoTool) -> dict[str, str]:
    """Return the user's own Go environment (proxy, caches, private modules) but for what would change the result."""
    environment = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOEXPERIMENT"}}
    environment.setdefault("GOGC", "400")  # a quarter less time for a few hundred MiB more
    return environment | {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": go.toolchain,
        "GOWORK": "off",
    }
