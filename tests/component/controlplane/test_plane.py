"""Is what is started a real, separate, well-guarded Kubernetes API server, and is exactly that stopped again?"""

import dataclasses
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rekognition_sandbox.controlplane import audit, processes
from rekognition_sandbox.controlplane.api import ApiClient, ApiRefusedError
from rekognition_sandbox.controlplane.binaries import Binaries, find_binaries
from rekognition_sandbox.controlplane.certificates import make_key_material
from rekognition_sandbox.controlplane.errors import ProcessFailedError, SandboxError
from rekognition_sandbox.controlplane.kubeconfig import read_kubeconfig
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.controlplane

WaitUntil = Callable[[Callable[[], bool]], None]


def config_map(namespace: str, name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def service_account(plane: ControlPlane, namespace: str, name: str, directory: Path) -> ApiClient:
    """Make a ServiceAccount and return requests as it."""
    metadata = {"name": name, "namespace": namespace}
    plane.client.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    return read_kubeconfig(plane.service_account_kubeconfig(namespace, name, directory / "kubeconfig"))


def test_a_started_plane_is_ready_and_has_the_default_namespace(control_plane: ControlPlane) -> None:
    assert control_plane.running
    assert control_plane.client.answers("/readyz")
    assert control_plane.client.exists("/api/v1/namespaces/default")
    assert not control_plane.client.exists("/api/v1/namespaces/nothing")


def test_kubectl_reaches_it_by_the_kubeconfig_and_sees_a_real_version(control_plane: ControlPlane) -> None:
    kubeconfig = f"--kubeconfig={control_plane.kubeconfig}"
    command = [str(kubectl_path()), kubeconfig, "--context=rekognition-sandbox", "version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "Server Version: v1." in answer.stdout


def test_a_server_with_another_authority_is_not_believed(control_plane: ControlPlane, tmp_path: Path) -> None:
    other = make_key_material(tmp_path / "pki").ca_certificate.read_text()

    with pytest.raises(ssl.SSLCertVerificationError):
        dataclasses.replace(control_plane.client, ca_certificate=other).request("GET", "/version")


def test_a_wrong_token_is_refused(control_plane: ControlPlane) -> None:
    with pytest.raises(ApiRefusedError, match=r"GET /api/v1/namespaces was answered with 401: Unauthorized"):
        dataclasses.replace(control_plane.client, token="guess").request("GET", "/api/v1/namespaces")


def test_a_service_account_may_do_what_its_role_says_and_nothing_else(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, wait_until: WaitUntil
) -> None:
    reader = service_account(control_plane, namespace, "reader", tmp_path)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with pytest.raises(ApiRefusedError, match=r"403: .*system:serviceaccount:.*:reader.* cannot list"):
        reader.request("GET", path)

    metadata = {"name": "reader", "namespace": namespace}
    api_version = "rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]
    control_plane.client.apply({"apiVersion": api_version, "kind": "Role", "metadata": metadata, "rules": rules})
    control_plane.client.apply(
        {
            "apiVersion": api_version,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        }
    )

    def allowed() -> bool:
        try:
            return reader.request("GET", path)["kind"] == "ConfigMapList"
        except ApiRefusedError:
            return False

    wait_until(allowed)  # RBAC takes effect with the API server's own watch
    with pytest.raises(ApiRefusedError, match="403"):
        reader.apply(config_map(namespace, "forbidden"))


def test_a_token_for_a_service_account_that_does_not_exist_is_refused(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    with pytest.raises(ApiRefusedError, match=r'404: serviceaccounts "nobody" not found'):
        control_plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "kubeconfig")


def test_the_audit_log_tells_who_wrote_what_and_who_only_tried(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    intruder = service_account(control_plane, namespace, "intruder", tmp_path)
    control_plane.client.apply({**config_map(namespace, "settings"), "data": {"colour": "blue"}})
    with pytest.raises(ApiRefusedError):
        intruder.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/settings")

    records = audit.select(control_plane.audit_records(), namespace=namespace, resource="configmaps", mutating=True)

    assert [(record.user, record.verb, record.name, record.code, record.succeeded) for record in records] == [
        ("sandbox-admin", "patch", "settings", 201, True),
        (f"system:serviceaccount:{namespace}:intruder", "delete", "settings", 403, False),
    ]
    body = records[0].body
    assert isinstance(body, dict)
    assert body["data"] == {"colour": "blue"}


def test_the_audit_log_has_reads_without_bodies_and_no_credentials(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    client = service_account(control_plane, namespace, "someone", tmp_path)
    control_plane.client.request("GET", f"/api/v1/namespaces/{namespace}")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    control_plane.client.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)

    records = control_plane.audit_records()

    assert audit.select(records, resource="namespaces", name=namespace, verbs=["get"])
    assert audit.select(records, resource="secrets", namespace=namespace, verbs=["create"])
    log = control_plane.audit_log.read_text()
    assert "hunter2" not in log
    assert client.token not in log
    assert control_plane.client.token not in log


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    return find_binaries()


@pytest.fixture
def other(tmp_path: Path, binaries: Binaries) -> Iterator[ControlPlane]:
    with ControlPlane(tmp_path / "other", binaries=binaries) as plane:
        yield plane


def test_two_at_once_have_nothing_to_do_with_each_other_and_stop_stops_its_own(
    control_plane: ControlPlane, namespace: str, other: ControlPlane
) -> None:
    assert not other.client.exists(f"/api/v1/namespaces/{namespace}")
    with pytest.raises(OSError, match="certificate verify failed"):
        dataclasses.replace(other.client, url=control_plane.url).request("GET", "/version")
    records = other.records
    assert all(processes.is_running(record) for record in records)

    other.stop()

    assert not any(processes.is_running(record) for record in records)
    assert control_plane.running
    assert control_plane.client.answers("/readyz")


def test_another_process_attaches_to_a_plane_and_stops_it(other: ControlPlane) -> None:
    other.create_namespace("kept")
    code = f"""
from pathlib import Path
from rekognition_sandbox.controlplane.plane import ControlPlane
plane = ControlPlane.attach(Path({str(other.directory)!r}))
print(plane.client.exists("/api/v1/namespaces/kept"))
plane.stop()
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (answer.stdout, answer.stderr, answer.returncode) == ("True\n", "", 0)
    assert not other.running
    with pytest.raises(SandboxError, match="does not run any more"):
        ControlPlane.attach(other.directory)


def test_a_directory_in_use_is_refused_and_a_stopped_one_starts_empty(other: ControlPlane) -> None:
    with pytest.raises(SandboxError, match=r"runs in .*other already"):
        ControlPlane(other.directory).start()
    assert other.running
    other.create_namespace("forgotten")

    other.stop()
    other.start()

    assert not other.client.exists("/api/v1/namespaces/forgotten")
    assert other.client.exists("/api/v1/namespaces/default")


def test_attaching_where_none_was_started_says_so(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="There is no control plane in"):
        ControlPlane.attach(tmp_path)


def test_a_failed_start_shows_the_end_of_the_log_and_leaves_nothing_running(
    tmp_path: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho 'unknown flag: --frobnicate'\nexit 1\n")
    broken.chmod(0o755)
    started: list[processes.ProcessRecord] = []
    save = processes.save

    def remember(path: Path, records: list[processes.ProcessRecord]) -> None:
        started[:] = records
        save(path, records)

    monkeypatch.setattr(processes, "save", remember)
    plane = ControlPlane(tmp_path / "plane", binaries=dataclasses.replace(binaries, kube_apiserver=broken))

    with pytest.raises(ProcessFailedError) as failure:
        plane.start()

    assert "unknown flag: --frobnicate" in str(failure.value)
    assert str(plane.logs / "kube-apiserver.log") in str(failure.value)
    assert (plane.logs / "kube-apiserver.log").exists()
    assert [record.name for record in started] == ["etcd", "kube-apiserver"]
    assert not any(processes.is_running(record) for record in started)


def test_an_etcd_that_fails_is_the_one_that_is_reported(tmp_path: Path, binaries: Binaries) -> None:
    broken = tmp_path / "etcd"
    broken.write_text("#!/bin/sh\necho 'the disk is on fire'\nexit 1\n")
    broken.chmod(0o755)

    with pytest.raises(ProcessFailedError, match=r"(?s)^etcd .*the disk is on fire"):
        ControlPlane(tmp_path / "plane", binaries=dataclasses.replace(binaries, etcd=broken)).start()


@pytest.mark.parametrize("taken", [0, 2], ids=["etcd", "kube-apiserver"])
def test_a_port_that_somebody_takes_meanwhile_means_another_try(
    tmp_path: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as thief:
        ports = [processes.free_port() for _ in range(3)]
        ports[taken] = thief.getsockname()[1]
        free_port = processes.free_port
        monkeypatch.setattr(processes, "free_port", lambda: ports.pop(0) if ports else free_port())

        with ControlPlane(tmp_path / "plane", binaries=binaries) as plane:
            assert plane.client.answers("/readyz")
            assert not ports, "the taken port was tried"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_plane_ends_with_a_test_process_that_is_killed(tmp_path: Path, wait_until: WaitUntil) -> None:
    directory = tmp_path / "plane"
    code = f"""
import sys
from pathlib import Path
from rekognition_sandbox.controlplane.plane import ControlPlane
ControlPlane(Path({str(directory)!r})).start()
print("started", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        plane = ControlPlane.attach(directory)
        records = plane.records
        parent.send_signal(signal.SIGKILL)

    wait_until(lambda: not any(processes.is_running(record) for record in records))
