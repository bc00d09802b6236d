"""Which parts of a Lease does leader election read and write?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from pydantic import JsonValue

from rekognition_operator.kube.resource import JsonObject, MalformedResourceError, text_member


@dataclass(frozen=True)
class LeaseSpec:
    """Who leads, as a Lease (coordination.k8s.io/v1) says it.

    Attributes
    ----------
    holder
        Who holds it; empty: nobody.
    seconds
        How long it holds after each renewal.
    acquired_at, renewed_at
        As the holder says it, as text of RFC 3339: clocks differ, so that only their change tells anything.
    transitions
        How often it has changed hands.
    """

    holder: str
    seconds: int
    acquired_at: str | None
    renewed_at: str | None
    transitions: int

    def as_object(self) -> JsonObject:
        """Return the spec as the API server stores it."""
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": self.seconds,
            "acquireTime": self.acquired_at,
            "renewTime": self.renewed_at,
            "leaseTransitions": self.transitions,
        }


@dataclass(frozen=True)
class Lease:
    """A Lease at one resourceVersion. ``metadata`` goes back as it came, since an update replaces the whole object."""

    resource_version: str
    metadata: Mapping[str, JsonValue]
    spec: LeaseSpec

    @classmethod
    def parse(cls, body: Mapping[str, JsonValue]) -> Self:
        """Read a Lease as the API server gives it.

        Raises
        ------
        MalformedResourceError
            It has no metadata.
        """
        metadata = body.get("metadata")
        if not isinstance(metadata, dict):
            raise MalformedResourceError("A Lease came without metadata: is this a Kubernetes API server?")
        spec = body.get("spec")
        members = spec if isinstance(spec, dict) else {}
        return cls(
            resource_version=text_member(metadata, "resourceVersion"),
            metadata=metadata,
            spec=LeaseSpec(
                holder=str(members.get("holderIdentity") or ""),
                seconds=_number(members.get("leaseDurationSeconds")),
                acquired_at=_text(members.get("acquireTime")),
                renewed_at=_text(members.get("renewTime")),
                transitions=_number(members.get("leaseTransitions")),
            ),
        )


class Leases(Protocol):
    """The Leases of the API server, as the operator's account; every method raises KubeError and nothing else."""

    async def get_lease(self, namespace: str, name: str) -> Lease | None:
        """Read a Lease now; None where it does not exist."""
        ...

    async def create_lease(self, namespace: str, name: str, spec: LeaseSpec) -> Lease:
        """Create a Lease; KubeConflictError where one of this name exists."""
        ...

    async def update_lease(self, lease: Lease, spec: LeaseSpec) -> Lease:
        """Replace the spec, provided that the Lease is still as it was read; else KubeConflictError."""
        ...


def time_text(moment: datetime) -> str:
    """Return a time in UTC as Kubernetes's MicroTime."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
