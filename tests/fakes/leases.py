"""How does a Lease behave on the API server? An in-memory stand-in that can lose requests and answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from rekognition_operator.kube.errors import KubeConflictError, KubeUnavailableError
from rekognition_operator.kube.lease import Lease, LeaseSpec

Fault = Literal["request lost", "answer lost"]


async def nothing() -> None:
    """Let nothing happen meanwhile."""


@dataclass
class FakeLeases:
    """Implements ``Leases`` for one Lease.

    ``meanwhile`` runs between a read and what follows it; ``faults`` are taken by writes, first one first.
    """

    stored: Lease | None = None
    faults: list[Fault | None] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] = nothing
    writes: list[LeaseSpec] = field(default_factory=list)
    down: bool = False
    _revision: int = 0

    async def get_lease(self, namespace: str, name: str) -> Lease | None:
        self._answer(f"get Lease {namespace}/{name}")
        found = self.stored
        meanwhile, self.meanwhile = self.meanwhile, nothing
        await meanwhile()
        return found

    async def create_lease(self, namespace: str, name: str, spec: LeaseSpec) -> Lease:
        operation = f"create Lease {namespace}/{name}"
        self._answer(operation)
        if self.stored is not None:
            raise KubeConflictError(operation, "it exists", 409)
        return self._write(operation, {"namespace": namespace, "name": name}, spec)

    async def update_lease(self, lease: Lease, spec: LeaseSpec) -> Lease:
        operation = "update the Lease"
        self._answer(operation)
        if self.stored is None or self.stored.resource_version != lease.resource_version:
            raise KubeConflictError(operation, "the object has been modified", 409)
        return self._write(operation, dict(lease.metadata), spec)

    def hand_to(self, holder: str, *, seconds: int = 15) -> None:
        """Let another hold the lease, whatever was."""
        self._write("", {"namespace": "ops", "name": "lease"}, LeaseSpec(holder, seconds, None, None, 1))

    def _write(self, operation: str, metadata: dict[str, object], spec: LeaseSpec) -> Lease:
        fault = self.faults.pop(0) if self.faults and operation else None
        if fault == "request lost":
            raise KubeUnavailableError(operation, "no answer")
        self._revision += 1
        kept = {**metadata, "resourceVersion": str(self._revision)}
        self.stored = Lease.parse({"metadata": kept, "spec": spec.as_object()})  # type: ignore[dict-item]  # texts
        self.writes.append(spec)
        if fault == "answer lost":
            raise KubeUnavailableError(operation, "no answer")
        return self.stored

    def _answer(self, operation: str) -> None:
        if self.down:
            raise KubeUnavailableError(operation, "connection refused")
