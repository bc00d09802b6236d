"""How are etcd and kube-apiserver fetched from the published envtest archives?

The Kubernetes project publishes both, with kubectl, for use in tests
(https://book.kubebuilder.io/reference/artifacts.html). An index names every archive and its SHA-512.
"""

import hashlib
import os
import platform
import sys
import tarfile
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import yaml

from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.versions import KUBERNETES

INDEX_VARIABLE = "REKOGNITION_SANDBOX_ENVTEST_INDEX"
"""Environment variable with another address of the index, for a mirror; empty means: do not look."""

DEFAULT_INDEX = "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"
INDEX_DEADLINE_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 20.0
_CHUNK = 1 << 20

Index = dict[str, dict[str, dict[str, str]]]


def platform_name() -> str:
    """Return this machine's platform as Go names it, such as `linux-amd64`."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{sys.platform}-{architecture}"


def fetch(cache: Path, names: tuple[str, ...], display: Display) -> Path | None:
    """Fetch the newest archive of the pinned Kubernetes minor release into `cache`.

    Returns the folder with the programs `names`; None, after one line of explanation, where the network, the index or
    the archive does not allow it. The caller holds the cache's lock.
    """
    address = os.environ.get(INDEX_VARIABLE, DEFAULT_INDEX)
    if not address:
        return None
    try:
        release, link, sha512 = choose(_read_index(address), KUBERNETES, platform_name())
        folder = cache / f"envtest-{release.removeprefix('v')}-{platform_name()}"
        _unpack(link, sha512, folder, names, display)
    except (OSError, ValueError, SandboxError, tarfile.TarError, yaml.YAMLError) as error:
        reason = getattr(error, "reason", None) or error
        display.say(f"The published control plane archive cannot be had ({reason}); going on without it.")
        return None
    return folder


def choose(index: Index, version: str, platform_wanted: str) -> tuple[str, str, str]:
    """Return release, address and SHA-512 of the newest archive for the minor release of `version` and this platform.

    Raises
    ------
    SandboxError
        The index has none.
    """
    minor = version.rsplit(".", 1)[0]
    fitting: list[tuple[int, str, str, str]] = []
    for release, archives in index.items():
        patch = release.removeprefix(f"v{minor}.")
        entry = archives.get(f"envtest-{release}-{platform_wanted}.tar.gz")
        if entry and patch.isdigit():
            fitting.append((int(patch), release, entry["selfLink"], entry["hash"]))
    if not fitting:
        raise SandboxError(f"the index has no archive of {minor} for {platform_wanted}")
    _, release, link, sha512 = max(fitting)
    return release, link, sha512


def _read_index(address: str) -> Index:
    document = yaml.safe_load(_with_deadline(lambda: _open(address).read(), INDEX_DEADLINE_SECONDS))
    if not isinstance(document, dict) or not isinstance(document.get("releases"), dict):
        raise SandboxError(f"{address} is not an index of releases")
    return cast("Index", document["releases"])


def _with_deadline(work: Callable[[], bytes], seconds: float) -> bytes:
    """Run `work` for at most `seconds`: a socket's timeout does not bound the look-up of the name before it."""
    answers: list[bytes | Exception] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            answers.append(error)

    worker = threading.Thread(target=run, daemon=True, name="envtest-index")
    worker.start()
    worker.join(seconds)
    if not answers:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


def _open(address: str) -> BinaryIO:
    if not address.startswith(("https://", "http://")):
        raise SandboxError(f"{address} is not an http(s) address")
    request = urllib.request.Request(address, headers={"User-Agent": "rekognition-operator-sandbox"})  # noqa: S310 - checked
    return cast("BinaryIO", urllib.request.urlopen(request, timeout=READ_TIMEOUT_SECONDS))  # noqa: S310 - checked above


def _unpack(link: str, sha512: str, folder: Path, names: tuple[str, ...], display: Display) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".envtest-") as work:
        archive = Path(work) / "archive.tar.gz"
        digest = hashlib.sha512()
        with _open(link) as answer, archive.open("wb") as output:
            size = int(getattr(answer, "headers", {}).get("Content-Length") or 0)
            with display.step(f"Getting {link.rsplit('/', 1)[-1]}, MiB", max(1, size // _CHUNK)) as step:
                while chunk := answer.read(_CHUNK):
                    digest.update(chunk)
                    output.write(chunk)
                    step.advance("")
        if digest.hexdigest() != sha512:
            raise SandboxError(f"{link} does not have the SHA-512 that the index says")
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as content:
            members = {Path(member.name).name: member for member in content.getmembers() if member.isfile()}
            for name in names:
                source = content.extractfile(members[name]) if name in members else None
                if source is None:
                    raise SandboxError(f"{link} holds no {name}")
                program = Path(work) / name
                program.write_bytes(source.read())
                program.chmod(0o755)
                program.replace(folder / name)
