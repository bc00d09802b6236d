"""What does a person do with kubectl on the test cluster, and what does the API server remember of it?"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from e2e.harness.watching import Object, Watcher
from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_sandbox.controlplane.api import Json
from rekognition_sandbox.controlplane.audit import AuditRecord, select
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.operator_setup import OPERATOR_USER
from rekognition_sandbox.controlplane.plane import ControlPlane

KUBECTL_SECONDS = 60


@dataclass(frozen=True)
class Cluster:
    """One API server with the operator's definitions and rights, and a watch on all adapters.

    Attributes
    ----------
    home
        kubectl keeps what it discovered below its HOME by the server's address, which another test may have had.
    """

    plane: ControlPlane
    watcher: Watcher
    home: Path

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Run kubectl as the administrator and return its standard output."""
        answer = subprocess.run(
            [str(kubectl_path()), *arguments],
            env={**os.environ, "HOME": str(self.home), "KUBECONFIG": str(self.plane.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
            timeout=KUBECTL_SECONDS,
        )
        assert not check or answer.returncode == 0, f"kubectl {' '.join(arguments)}: {answer.stderr}"
        return answer.stdout

    # The same as kubectl, without starting a process for each step of a story.

    def apply(self, manifest: Mapping[str, object]) -> Object:
        """Apply an adapter on the server's side; return what the server has then."""
        metadata = cast("Mapping[str, str]", manifest["metadata"])
        path = f"{adapter_path(metadata['namespace'], metadata['name'])}?fieldManager=kubectl&force=true"
        return self.plane.client.request("PATCH", path, manifest, content_type="application/apply-patch+yaml")

    def patch(self, namespace: str, name: str, body: Json, *, subresource: str = "") -> Object:
        """Merge into an adapter; return what the server has then."""
        path = adapter_path(namespace, name) + (f"/{subresource}" if subresource else "")
        return self.plane.client.request("PATCH", path, body, content_type="application/merge-patch+json")

    def delete(self, namespace: str, name: str) -> None:
        """Delete an adapter; its finalizer keeps it for a while."""
        self.plane.client.request("DELETE", adapter_path(namespace, name))

    def events(self, namespace: str, name: str) -> list[Object]:
        """Return the Events about an adapter, oldest first."""
        answer = self.plane.client.request("GET", f"/api/v1/namespaces/{namespace}/events")
        about = [e for e in cast("list[Object]", answer["items"]) if e["involvedObject"]["name"] == name]
        return sorted(about, key=lambda event: (event["firstTimestamp"], event["metadata"]["resourceVersion"]))

    def operator_requests(self, *, namespace: str | None = None, name: str | None = None) -> list[AuditRecord]:
        """Return what the operator's user asked of the API server, by the audit log."""
        return select(self.plane.audit_records(), user=OPERATOR_USER, namespace=namespace, name=name)

    def operator_writes(self, *, namespace: str | None = None) -> list[AuditRecord]:
        """Return what the operator's user changed, or tried to, Leases excepted."""
        requests = self.operator_requests(namespace=namespace)
        return [request for request in requests if request.mutating and request.resource != "leases"]


def adapter_path(namespace: str, name: str) -> str:
    """Return the path of a ModerationAdapter at the API server."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/moderationadapters/{name}"


def adapter_manifest(namespace: str, name: str, spec: Mapping[str, Any]) -> Json:
    """Return a ModerationAdapter as a person writes it."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ModerationAdapter",
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }


def body_text(record: AuditRecord) -> str:
    """Return the body of a request as JSON, for a failure's message."""
    return json.dumps(record.body)
