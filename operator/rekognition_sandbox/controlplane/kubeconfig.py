"""How is a kubeconfig written, and what does the sandbox read back from one?"""

import base64
from pathlib import Path
from typing import cast

import yaml

from rekognition_sandbox.controlplane.api import ApiClient
from rekognition_sandbox.controlplane.errors import SandboxError

CONTEXT_NAME = "rekognition-sandbox"


def write_kubeconfig(path: Path, client: ApiClient, *, user: str, namespace: str = "default") -> None:
    """Write a kubeconfig with one context, `rekognition-sandbox`, readable by its owner only.

    Parameters
    ----------
    client
        Server, authority and token.
    user
        The name of the user entry, for people who read the file.
    namespace
        What the context uses where none is given.
    """
    authority = base64.b64encode(client.ca_certificate.encode()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": CONTEXT_NAME, "cluster": {"server": client.url, "certificate-authority-data": authority}}
        ],
        "users": [{"name": user, "user": {"token": client.token}}],
        "contexts": [
            {"name": CONTEXT_NAME, "context": {"cluster": CONTEXT_NAME, "user": user, "namespace": namespace}}
        ],
        "current-context": CONTEXT_NAME,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def read_kubeconfig(path: Path) -> ApiClient:
    """Read server, authority and token from a kubeconfig that `write_kubeconfig` wrote.

    Raises
    ------
    SandboxError
        There is no such file, or it is not one of ours.
    """
    try:
        document = cast("dict[str, list[dict[str, dict[str, str]]]]", yaml.safe_load(path.read_text(encoding="utf-8")))
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return ApiClient(cluster["server"], authority, user["token"])
    except FileNotFoundError as error:
        raise SandboxError(
            f"There is no control plane in {path.parent}: {path} does not exist. Start one there."
        ) from error
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SandboxError(f"{path} is not a kubeconfig of the sandbox ({error!r}). Start the sandbox anew.") from error
