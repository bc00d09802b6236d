"""How can a call to the API server fail, as far as the operator cares?"""


class KubeError(Exception):
    """A call to the API server that did not succeed.

    ``operation`` says what was tried, to what; ``detail`` is the server's own message or the fault of the connection.
    """

    def __init__(self, operation: str, detail: str, status: int | None = None) -> None:
        self.operation = operation
        self.detail = detail
        self.status = status
        super().__init__(operation, detail, status)

    def __str__(self) -> str:
        code = f"HTTP {self.status}: " if self.status is not None else ""
        return f"{self.operation}: {code}{self.detail}"


class KubeNotFoundError(KubeError):
    """404: the object, or the whole kind, does not exist."""


class KubeConflictError(KubeError):
    """409: the object is not the one that was read. Read again."""


class KubeGoneError(KubeError):
    """410: the resourceVersion is too old to list or watch from."""


class KubeInvalidError(KubeError):
    """400 or 422: the server refuses the content."""


class KubeForbiddenError(KubeError):
    """401 or 403: the operator's account lacks a rule, or the namespace is being deleted."""

    @property
    def namespace_terminating(self) -> bool:
        """Whether the server refused only because the namespace is being deleted."""
        return "because it is being terminated" in self.detail


class KubeUnavailableError(KubeError):
    """No answer, a full server (429) or a fault of it (5xx): may work later."""
