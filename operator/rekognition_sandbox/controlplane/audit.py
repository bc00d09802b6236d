"""Who asked what of the API server, and who changed what?

The control plane records every request of its users: reads with their metadata, changes with the body that was sent.
Requests that the API server makes to itself are left out.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from rekognition_sandbox.controlplane.api import Json

MUTATING_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})

_POLICY: Json = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*", "/metrics"]},
        # Bodies with credentials stay out of the log.
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "serviceaccounts/token"]}]},
        {"level": "Metadata", "resources": [{"group": "authentication.k8s.io"}]},
        {"level": "Request", "verbs": sorted(MUTATING_VERBS)},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class AuditRecord:
    """One answered request.

    Attributes
    ----------
    user
        Who: `system:serviceaccount:<namespace>:<name>` for a ServiceAccount.
    verb
        get, list, watch, create, update, patch, delete or deletecollection; lower-case HTTP method for other paths.
    group, resource, subresource, namespace, name
        What; empty strings where a request has none. A server-side `create` has its name from the body.
    code
        HTTP status of the answer.
    stage
        `ResponseComplete`; for a watch also `ResponseStarted`.
    body
        What was sent, for a mutating verb: an object, or the list of a JSON patch; else None.
    uri, user_agent, at
        The path with its query, the client, and when it was asked (RFC 3339).
    """

    user: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    stage: str
    body: object
    uri: str
    user_agent: str
    at: str

    @property
    def mutating(self) -> bool:
        """Whether the verb is one that changes something (whatever the answer was)."""
        return self.verb in MUTATING_VERBS

    @property
    def succeeded(self) -> bool:
        """Whether the answer's status is below 400."""
        return self.code < 400

    def __str__(self) -> str:
        what = "/".join(part for part in (self.resource, self.subresource) if part) or self.uri
        where = "/".join(part for part in (self.namespace, self.name) if part)
        return f"{self.user} {self.verb} {what} {where} -> {self.code}"


def write_policy(path: Path) -> None:
    """Write the audit policy for `--audit-policy-file`."""
    path.write_text(yaml.safe_dump(_POLICY, sort_keys=False), encoding="utf-8")


def read_audit_log(path: Path) -> list[AuditRecord]:
    """Return the records of an audit log in their order; a last line that is still being written is left out.

    No file means no records: the API server makes it with the first one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    whole_lines = text[: text.rfind("\n") + 1].splitlines()
    return [_record(cast("Json", json.loads(line))) for line in whole_lines if line]


def select(
    records: Iterable[AuditRecord],
    *,
    user: str | None = None,
    verbs: Iterable[str] | None = None,
    mutating: bool | None = None,
    group: str | None = None,
    resource: str | None = None,
    subresource: str | None = None,
    namespace: str | None = None,
    name: str | None = None,
) -> list[AuditRecord]:
    """Return the records that match everything that is given; `subresource=""` means requests of the object itself."""
    wanted: Mapping[str, object] = {
        "user": user,
        "mutating": mutating,
        "group": group,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
        "name": name,
    }
    allowed_verbs = None if verbs is None else frozenset(verbs)
    return [
        record
        for record in records
        if (allowed_verbs is None or record.verb in allowed_verbs)
        and all(getattr(record, field) == value for field, value in wanted.items() if value is not None)
    ]


def _record(event: Json) -> AuditRecord:
    def part(name: str) -> Mapping[str, str]:
        return cast("Mapping[str, str]", event.get(name) or {})

    target, body = part("objectRef"), event.get("requestObject")
    status = cast("Mapping[str, int]", event.get("responseStatus") or {})
    return AuditRecord(
        user=part("user").get("username", ""),
        verb=str(event.get("verb", "")),
        group=target.get("apiGroup", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", "") or _name_in(body),
        code=status.get("code", 0),
        stage=str(event.get("stage", "")),
        body=body,
        uri=str(event.get("requestURI", "")),
        user_agent=str(event.get("userAgent", "")),
        at=str(event.get("requestReceivedTimestamp", "")),
    )


def _name_in(body: object) -> str:
    metadata = body.get("metadata") if isinstance(body, dict) else None
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
