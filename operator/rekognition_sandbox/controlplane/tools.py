"""Where are helm and promtool on this machine, and how do they come here? Only tests of the charts need them.

Looked for on PATH, then in our cache; else built from pinned Go modules, once.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, Literal

from rekognition_sandbox.controlplane.archive import platform_name
from rekognition_sandbox.controlplane.binaries import cache_directory
from rekognition_sandbox.controlplane.build import HELM_TOOL, PROMTOOL, ProgramSet, build
from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.locks import exclusive
from rekognition_sandbox.controlplane.versions import GO, OLDEST_HELM

ToolName = Literal["helm", "promtool"]

_TOOLS: Final[dict[ToolName, ProgramSet]] = {"helm": HELM_TOOL, "promtool": PROMTOOL}


def find_tool(name: ToolName, display: Display | None = None) -> Path:
    """Return a program; build it (minutes, once per machine and version) where there is none.

    Raises
    ------
    SandboxError
        It is nowhere and cannot be built.
    """
    display = display or Display()
    return _from_path(name) or _from_cache(name) or _obtain(name, display)


def _from_path(name: ToolName) -> Path | None:
    found = shutil.which(name)
    if found is None or (name == "helm" and not _new_enough(found)):
        return None
    return Path(found)


def _new_enough(helm: str) -> bool:
    try:
        answer = subprocess.run([helm, "version", "--short"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = re.search(r"v(\d+)\.(\d+)", answer.stdout)
    oldest = tuple(int(part) for part in OLDEST_HELM.split(".")[:2])
    return match is not None and (int(match[1]), int(match[2])) >= oldest


def _folder(name: ToolName) -> Path:
    return cache_directory() / f"{name}-{_TOOLS[name].programs[0].version}-{platform_name()}"


def _from_cache(name: ToolName) -> Path | None:
    path = _folder(name) / name
    return path if path.is_file() and os.access(path, os.X_OK) else None


def _obtain(name: ToolName, display: Display) -> Path:
    cache = cache_directory()

    def waiting() -> None:
        display.say(f"Another process is building programs; waiting for it, then {name} is looked for again.")

    with exclusive(cache / ".lock", on_wait=waiting):
        found = _from_cache(name)  # by the process that we waited for
        if found is not None:
            return found
        display.say(f"There is no {name} on this machine yet. It is built from its sources, once, and kept in {cache}.")
        try:
            build(_TOOLS[name], _folder(name), cache, display)
        except SandboxError as error:
            raise SandboxError(
                f"{name} is not on this machine and could not be built: {error}. Put it on PATH, or install Go {GO} "
                "or newer and give it a module proxy that it can reach (GOPROXY), and run the command again."
            ) from error
        return _folder(name) / name
