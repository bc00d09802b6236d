"""How is a real Kubernetes control plane (etcd and kube-apiserver) started, used and stopped on one machine?"""

import secrets
import shutil
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

from rekognition_sandbox.controlplane import audit, processes
from rekognition_sandbox.controlplane.api import ApiClient, Json
from rekognition_sandbox.controlplane.binaries import Binaries, find_binaries
from rekognition_sandbox.controlplane.certificates import SERVICE_CLUSTER_IP_RANGE, KeyMaterial, make_key_material
from rekognition_sandbox.controlplane.errors import PortTakenError, SandboxError
from rekognition_sandbox.controlplane.kubeconfig import read_kubeconfig, write_kubeconfig

ADMIN = "sandbox-admin"
READY_DEADLINE_SECONDS = 90.0
START_ATTEMPTS = 5
TOKEN_LIFETIME_SECONDS = 30 * 24 * 3600
AUDIT_DEADLINE_SECONDS = 10.0


class ControlPlane:
    """etcd and kube-apiserver on free loopback ports, with RBAC, ServiceAccount tokens and an audit log.

    There is no controller-manager and no scheduler: nothing is garbage-collected, namespaces are never finally deleted,
    and there are no pods. Data does not outlive a stop: every start begins with an empty cluster.

    Parameters
    ----------
    directory
        Where everything of this control plane lies: `kubeconfig`, `audit.log`, `processes.json`, `logs/`, `pki/`, data.
    audit
        Whether the audit log is written.
    detach
        Let the processes outlive this one; otherwise the kernel ends them with it (on Linux).
    binaries
        The two programs; found or built when not given.
    """

    def __init__(
        self, directory: Path, *, audit: bool = True, detach: bool = False, binaries: Binaries | None = None
    ) -> None:
        self.directory = directory.absolute()
        self._audit, self._detach, self._binaries = audit, detach, binaries
        self._client: ApiClient | None = None
        self._api_server: list[str] = []

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """Return the control plane that another process started in `directory`.

        Raises
        ------
        SandboxError
            None was started there, or it does not run any more.
        """
        plane = cls(directory)
        plane._client = read_kubeconfig(plane.kubeconfig)
        if not plane.running:
            raise SandboxError(f"The control plane in {plane.directory} does not run any more. Start it again.")
        return plane

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, with the one context `rekognition-sandbox`."""
        return self.directory / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        """The audit log, one JSON object a line; `audit_records` reads it."""
        return self.directory / "audit.log"

    @property
    def logs(self) -> Path:
        """The folder with the logs of both programs; they stay after a stop."""
        return self.directory / "logs"

    @property
    def records(self) -> list[processes.ProcessRecord]:
        """The processes that were started here, whether they still run or not."""
        return processes.load(self._processes_file)

    @property
    def running(self) -> bool:
        """Whether both programs run."""
        records = self.records
        return bool(records) and all(processes.is_running(record) for record in records)

    @property
    def client(self) -> ApiClient:
        """Requests as the administrator.

        Raises
        ------
        SandboxError
            The control plane has not been started.
        """
        if self._client is None:
            raise SandboxError(f"The control plane in {self.directory} has not been started: call start() first.")
        return self._client

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return self.client.url

    def start(self) -> Self:
        """Start both programs and return when the API server is ready and the namespace `default` exists.

        Raises
        ------
        SandboxError
            One runs in this directory already, the programs cannot be had, or one did not become ready.
        """
        if any(processes.is_running(record) for record in self.records):
            raise SandboxError(
                f"A control plane runs in {self.directory} already. Stop it first, or use another folder."
            )
        binaries = self._binaries or find_binaries()
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self._start(binaries)
            except PortTakenError:
                self.stop()
                if attempt == START_ATTEMPTS:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                break
        return self

    def stop(self) -> None:
        """Stop exactly the processes that were started here; logs, kubeconfig and audit log stay."""
        processes.stop(self.records)
        self._processes_file.unlink(missing_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        self._client = None

    def restart_api_server(self) -> None:
        """Kill the API server that this object has started, and start it again with the same data.

        It remembers no earlier states then: who watches from one of before is answered 410 Gone.

        Raises
        ------
        SandboxError
            It did not become ready again.
        """
        etcd, api_server = self.records
        processes.stop([api_server], first=signal.SIGKILL)
        again = self._spawn("kube-apiserver", self._api_server, self.url, [etcd])
        processes.wait_ready(again, lambda: self.client.answers("/readyz"), deadline_seconds=READY_DEADLINE_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def audit_records(self) -> list[audit.AuditRecord]:
        """Return what the audit log holds, with every request that was answered before this call.

        A request is recorded just after its answer is sent; so a marker is sent and waited for.
        """
        marker = f"/version?audit-marker={secrets.token_hex(8)}"
        self.client.request("GET", marker)
        deadline = time.monotonic() + AUDIT_DEADLINE_SECONDS
        while True:
            records = audit.read_audit_log(self.audit_log)
            if any(record.uri == marker for record in records):
                return [record for record in records if "audit-marker=" not in record.uri]
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"{self.audit_log} does not show a request {AUDIT_DEADLINE_SECONDS:.0f} s after it was answered. "
                    "Was the control plane started with audit=True?"
                )
            time.sleep(processes.POLL_SECONDS)

    def create_namespace(self, name: str) -> None:
        """Create a namespace if there is none of this name."""
        self.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def service_account_token(self, namespace: str, name: str) -> str:
        """Return a new token for a ServiceAccount that exists, by TokenRequest, good for 30 days.

        Raises
        ------
        ApiRefusedError
            There is no such ServiceAccount.
        """
        path = f"/api/v1/namespaces/{quote(namespace)}/serviceaccounts/{quote(name)}/token"
        request: Json = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": TOKEN_LIFETIME_SECONDS},
        }
        return cast("dict[str, str]", self.client.request("POST", path, request)["status"])["token"]

    def service_account_kubeconfig(self, namespace: str, name: str, path: Path) -> Path:
        """Write to `path` a kubeconfig that acts as this ServiceAccount, in its namespace; return `path`.

        Raises
        ------
        ApiRefusedError
            There is no such ServiceAccount.
        """
        token = self.service_account_token(namespace, name)
        client = ApiClient(self.client.url, self.client.ca_certificate, token)
        write_kubeconfig(path, client, user=f"{namespace}-{name}", namespace=namespace)
        return path

    @property
    def _processes_file(self) -> Path:
        return self.directory / "processes.json"

    @property
    def _data(self) -> Path:
        return self.directory / "etcd"

    def _start(self, binaries: Binaries) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        self.audit_log.unlink(missing_ok=True)
        keys = make_key_material(self.directory / "pki")
        client_port, peer_port, secure_port = (processes.free_port() for _ in range(3))
        etcd_url, url = f"http://127.0.0.1:{client_port}", f"https://127.0.0.1:{secure_port}"
        client = ApiClient(url, keys.ca_certificate.read_text(encoding="ascii"), secrets.token_urlsafe(32))
        # The API server waits for etcd by itself: starting both at once saves a second.
        etcd = self._spawn("etcd", self._etcd_command(binaries, etcd_url, peer_port), etcd_url, [])
        self._api_server = self._api_server_command(binaries, etcd_url, secure_port, keys, client)
        api_server = self._spawn("kube-apiserver", self._api_server, url, [etcd])

        def ready() -> bool:
            if not processes.is_running(etcd):
                processes.wait_ready(etcd, lambda: True, deadline_seconds=0)  # raises, with the end of etcd's log
            return client.answers("/readyz") and client.answers("/api/v1/namespaces/default")

        processes.wait_ready(api_server, ready, deadline_seconds=READY_DEADLINE_SECONDS)
        self._client = client
        write_kubeconfig(self.kubeconfig, client, user=ADMIN)

    def _spawn(
        self, name: str, command: list[str], address: str, before: list[processes.ProcessRecord]
    ) -> processes.ProcessRecord:
        record = processes.spawn(
            name,
            command,
            log=self.logs / f"{name}.log",
            address=address,
            die_with_parent=not self._detach,
        )
        processes.save(self._processes_file, [*before, record])
        return record

    def _etcd_command(self, binaries: Binaries, url: str, peer_port: int) -> list[str]:
        peer_url = f"http://127.0.0.1:{peer_port}"
        return [
            str(binaries.etcd),
            "--name=sandbox",
            f"--data-dir={self._data}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer_url}",
            f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=sandbox={peer_url}",
            "--unsafe-no-fsync",  # a crash of the machine may lose the data, which a stop throws away anyway
        ]

    def _api_server_command(
        self, binaries: Binaries, etcd_url: str, port: int, keys: KeyMaterial, client: ApiClient
    ) -> list[str]:
        tokens = self.directory / "pki" / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f'{client.token},{ADMIN},{ADMIN},"system:masters"\n', encoding="ascii")
        command = [
            str(binaries.kube_apiserver),
            f"--etcd-servers={etcd_url}",
            # Should another sandbox's etcd get the port before ours does, their data must not mix.
            f"--etcd-prefix=/registry-{secrets.token_hex(4)}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--advertise-address=127.0.0.1",  # else it looks for a default route, which an offline machine lacks
            "--endpoint-reconciler-type=none",  # a loopback address is not allowed in Endpoints
            f"--service-cluster-ip-range={SERVICE_CLUSTER_IP_RANGE}",
            f"--cert-dir={self.directory / 'pki'}",
            f"--tls-cert-file={keys.server_certificate}",
            f"--tls-private-key-file={keys.server_key}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            # This plugin refuses pods without a ServiceAccount, and no controller makes the default ones.
            "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys.service_account_public_key}",
            f"--service-account-signing-key-file={keys.service_account_key}",
        ]
        if self._audit:
            policy = self.directory / "audit-policy.yaml"
            audit.write_policy(policy)
            command += [
                f"--audit-policy-file={policy}",
                f"--audit-log-path={self.audit_log}",
                "--audit-log-mode=blocking",
                "--audit-log-maxsize=4096",  # MiB: never rotated
            ]
        return command
