"""What does a person do with kubectl on the test cluster, and what does the API server remember of it?"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from e2e.harness.watching import Key, Object, Watcher
from rekognition_operator.api.kinds import BY_NAME, Kind
from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_sandbox.controlplane.api import ApiRefusedError, Json
from rekognition_sandbox.controlplane.audit import AuditRecord, select
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.operator_setup import OPERATOR_USER
from rekognition_sandbox.controlplane.plane import ControlPlane

KUBECTL_SECONDS = 60


@dataclass(frozen=True)
class Cluster:
    """One API server with the operator's definitions and rights, and a watch on all resources.

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
        """Apply a resource on the server's side; return what the server has then."""
        metadata = cast("Mapping[str, str]", manifest["metadata"])
        key = (BY_NAME[str(manifest["kind"])].plural, metadata["namespace"], metadata["name"])
        path = f"{path_of(key)}?fieldManager=kubectl&force=true"
        return self.plane.client.request("PATCH", path, manifest, content_type="application/apply-patch+yaml")

    def patch(self, key: Key, body: Json, *, subresource: str = "") -> Object:
        """Merge into a resource; return what the server has then."""
        path = path_of(key) + (f"/{subresource}" if subresource else "")
        return self.plane.client.request("PATCH", path, body, content_type="application/merge-patch+json")

    def delete(self, key: Key) -> None:
        """Delete a resource; its finalizer keeps it for a while."""
        self.plane.client.request("DELETE", path_of(key))

    def config_map(self, namespace: str, name: str) -> Object | None:
        """Return a ConfigMap; None where it does not exist."""
        path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"
        try:
            return self.plane.client.request("GET", path)
        except ApiRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def put_config_map(self, namespace: str, name: str, data: Mapping[str, str]) -> Object:
        """Create a ConfigMap, or merge into the data of the one that exists."""
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        if self.plane.client.exists(f"{path}/{name}"):
            body: Json = {"data": dict(data)}
            return self.plane.client.request(
                "PATCH", f"{path}/{name}", body, content_type="application/merge-patch+json"
            )
        return self.plane.client.request("POST", path, {"metadata": {"name": name}, "data": dict(data)})

    def events(self, namespace: str, name: str) -> list[Object]:
        """Return the Events about a resource, oldest first."""
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


def path_of(key: Key) -> str:
    """Return the path of a resource at the API server."""
    plural, namespace, name = key
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{plural}/{name}"


def manifest_of(kind: Kind, namespace: str, name: str, spec: Mapping[str, Any]) -> Json:
    """Return a resource as a person writes it."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }


def body_text(record: AuditRecord) -> str:
    """Return the body of a request as JSON, for a failure's message."""
    return json.dumps(record.body)
