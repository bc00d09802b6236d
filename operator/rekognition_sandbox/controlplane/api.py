"""How does the sandbox itself talk to its API server?

Only what bringing up a control plane needs: JSON requests over verified TLS, and server-side apply of a few kinds. The
operator and the tests use the kubernetes client or kubectl.
"""

import http.client
import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast
from urllib.parse import quote, urlsplit

from rekognition_sandbox.controlplane.errors import SandboxError

Json = dict[str, object]

FIELD_MANAGER = "rekognition-sandbox"
SERVED_DEADLINE_SECONDS = 30.0
REQUEST_TIMEOUT_SECONDS = 30.0
PROBE_TIMEOUT_SECONDS = 2.0
"""A probe is repeated anyway, and may meet a stranger on the port who never answers."""

_CLUSTER_SCOPED = {
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "CustomResourceDefinition": "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "Namespace": "api/v1/namespaces",
}
_NAMESPACED = {
    "ConfigMap": ("api/v1", "configmaps"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
}


class ApiRefusedError(SandboxError):
    """The API server answered with an error status.

    Attributes
    ----------
    status
        The HTTP status code.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ApiClient:
    """Requests to one API server as one user.

    Attributes
    ----------
    url
        `https://127.0.0.1:port`.
    ca_certificate
        PEM text of the authority that must have signed the server's certificate.
    token
        The bearer token that says who asks.
    """

    url: str
    ca_certificate: str
    token: str

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.ca_certificate)

    def raw(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        content_type: str = "application/json",
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> tuple[int, bytes]:
        """Send one request and return the status code and the answer's bytes; `path` starts with a slash.

        Raises
        ------
        OSError
            The server cannot be reached, or is not the one that `ca_certificate` vouches for.
        """
        address = urlsplit(self.url)
        # http.client rather than urllib: a proxy from the environment must never come between us and loopback.
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, context=self._tls, timeout=timeout_seconds
        )
        try:
            headers = {
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/json",
                "Content-Type": content_type,
                "User-Agent": FIELD_MANAGER,
            }
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"{method} {self.url}{path}: {error!r}") from error
        finally:
            connection.close()

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        content_type: str = "application/json",
    ) -> Json:
        """Send one request and return the JSON object that the server answers.

        Raises
        ------
        ApiRefusedError
            The server answered with a status of 400 or above.
        """
        status, answer = self.raw(method, path, body, content_type=content_type)
        if status >= http.client.BAD_REQUEST:
            raise ApiRefusedError(f"{method} {path} was answered with {status}: {_message(answer)}", status)
        return cast("Json", json.loads(answer))

    def answers(self, path: str) -> bool:
        """Whether a GET of `path` is soon answered with 200."""
        try:
            return self.raw("GET", path, timeout_seconds=PROBE_TIMEOUT_SECONDS)[0] == http.client.OK
        except OSError:
            return False

    def exists(self, path: str) -> bool:
        """Whether a GET of `path` finds something."""
        try:
            self.request("GET", path)
        except ApiRefusedError as error:
            if error.status == http.client.NOT_FOUND:
                return False
            raise
        return True

    def apply(self, manifest: Mapping[str, object]) -> Json:
        """Apply one object on the server's side, taking over fields that others set."""
        path = f"/{object_path(manifest)}?fieldManager={FIELD_MANAGER}&force=true"
        # JSON is YAML, and this content type is the one that every release of the API server knows.
        return self.request("PATCH", path, manifest, content_type="application/apply-patch+yaml")

    def apply_crds(self, crds: Iterable[Mapping[str, object]]) -> None:
        """Apply CustomResourceDefinitions and return when the server serves and explains every version of them.

        Raises
        ------
        SandboxError
            That took longer than `SERVED_DEADLINE_SECONDS`; the message has the server's conditions.
        """
        waiting = [object_path(self.apply(crd)) for crd in crds]
        deadline = time.monotonic() + SERVED_DEADLINE_SECONDS
        while waiting:
            crd = self.request("GET", f"/{waiting[0]}")
            if self._serves(crd):
                waiting.pop(0)
            elif time.monotonic() > deadline:
                raise SandboxError(f"{waiting[0]} is not served; its conditions are {_conditions(crd)}")
            else:
                time.sleep(0.02)

    def _serves(self, crd: Json) -> bool:
        """Whether requests, discovery and `kubectl explain` know the kind: each follows `Established` by itself."""
        if not any(c.get("type") == "Established" and c.get("status") == "True" for c in _conditions(crd)):
            return False
        spec = cast("dict[str, object]", crd["spec"])
        plural = cast("dict[str, str]", spec["names"])["plural"]
        versions = cast("list[dict[str, object]]", spec["versions"])
        served = [f"apis/{spec['group']}/{version['name']}" for version in versions if version["served"]]
        groups = cast("list[dict[str, str]]", self.request("GET", "/apis")["groups"])
        return any(group["name"] == spec["group"] for group in groups) and all(
            self.answers(f"/{path}/{plural}?limit=1") and self.answers(f"/openapi/v3/{path}") for path in served
        )


def object_path(manifest: Mapping[str, object]) -> str:
    """Return the path of the object that `manifest` describes, without a leading slash.

    Raises
    ------
    SandboxError
        The kind is not one that the sandbox applies, or the name or namespace is missing.
    """
    kind = str(manifest.get("kind"))
    metadata = cast("Mapping[str, str]", manifest.get("metadata") or {})
    try:
        name = quote(metadata["name"])
        if kind in _CLUSTER_SCOPED:
            return f"{_CLUSTER_SCOPED[kind]}/{name}"
        group, plural = _NAMESPACED[kind]
        return f"{group}/namespaces/{quote(metadata['namespace'])}/{plural}/{name}"
    except KeyError as error:
        known = ", ".join(sorted({*_CLUSTER_SCOPED, *_NAMESPACED}))
        raise SandboxError(
            f"{kind} {metadata}: {error} is missing or unknown; the sandbox applies {known}; "
            "use kubectl for other kinds"
        ) from error


def _conditions(crd: Json) -> list[Mapping[str, str]]:
    # On a definition that was created a moment ago `conditions` is there, and null.
    status = cast("Mapping[str, list[Mapping[str, str]] | None]", crd.get("status") or {})
    return status.get("conditions") or []


def _message(answer: bytes) -> str:
    text = answer.decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, TypeError, KeyError):
        return text[:500]
