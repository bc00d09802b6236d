"""Did a credential, a token or a presigned URL get into what the operator writes?"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import yaml

from e2e.harness.cluster import Cluster, body_text

AWS_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAMARKEDBYTHETESTS",
    "AWS_SECRET_ACCESS_KEY": "marked-secret-key-of-the-tests",
    "AWS_SESSION_TOKEN": "marked-session-token-of-the-tests",
}
"""What every operator of the tests calls AWS with: found wherever it leaks."""

_NEVER: Final = (*AWS_CREDENTIALS.values(), "X-Amz-Signature", "X-Amz-Credential", "AWS4-HMAC-SHA256", "Bearer ")


def assert_nothing_secret(cluster: Cluster, directory: Path) -> None:
    """Search logs and metrics of every operator of the session, and the body of each of their writes.

    The bodies hold every status, annotation, Event and ConfigMap, also of what is gone by now.
    """
    written = [body_text(record) for record in cluster.operator_writes()]
    files = [*directory.rglob("operator-*.log"), *directory.rglob("metrics-*.txt")]
    secrets = (*_NEVER, *_tokens(directory))
    texts = [
        *(("the API server", text) for text in written),
        *((str(f), f.read_text("utf-8", "replace")) for f in files),
    ]
    leaks = [f"{where}: ...{_around(text, secret)}" for where, text in texts for secret in secrets if secret in text]
    assert not leaks, f"the operator wrote what is secret: {leaks[:5]}"


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 80) : at + 20]


def _tokens(directory: Path) -> Iterator[str]:
    """Yield the ServiceAccount's tokens that the operators were given."""
    for kubeconfig in directory.rglob("kubeconfig"):
        users: Iterable[dict[str, dict[str, str]]] = yaml.safe_load(kubeconfig.read_text("utf-8"))["users"]
        yield from (user["user"]["token"] for user in users if "token" in user["user"])
