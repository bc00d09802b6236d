"""How does the operator find the API server, and as whom does it speak to it?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from kubernetes.aio.config.incluster_config import SERVICE_HOST_ENV_NAME

from rekognition_operator import __version__

KUBECONFIG_VARIABLE: Final = "KUBECONFIG"
UNUSABLE: Final = (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, LookupError, AttributeError)
"""What the library raises where a kubeconfig has not the form, or names not the files, that it takes for granted."""
POD_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT_NAMESPACE: Final = "default"
USER_AGENT: Final = f"rekognition-operator/{__version__}"


class KubeConfigError(Exception):
    """No way to an API server was found; the message says where it was looked for."""


async def load_configuration(kubeconfig: Path | None = None, context: str | None = None) -> Configuration:
    """Find the API server, in client-go's order.

    An explicit file, the files that KUBECONFIG names, the account of the pod, ``~/.kube/config``. The tokens of a pod
    are read again from their file as they are renewed. A context (None: the current one) is one of a kubeconfig, so
    where it is given the account of the pod is not looked at.

    Raises
    ------
    KubeConfigError
        Nothing was found, or what was found cannot be read.
    """
    configuration = Configuration()
    files = _files(kubeconfig, context)
    with usable(files):
        if files is None:
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the library has no types there
        else:
            await load_kube_config(  # type: ignore[no-untyped-call]  # the library has no types there
                config_file=files, context=context, client_configuration=configuration, persist_config=False
            )
    configuration.client_side_validation = False  # the API server validates
    return configuration


def default_namespace(kubeconfig: Path | None = None, context: str | None = None) -> str:
    """Return the namespace that kubectl would take: the context's, or the pod's own, or ``default``.

    Raises
    ------
    KubeConfigError
        Nothing was found, or what was found cannot be read.
    """
    files = _files(kubeconfig, context)
    with usable(files):
        if files is None:
            return POD_NAMESPACE.read_text(encoding="utf-8").strip() or DEFAULT_NAMESPACE
        contexts, current = list_kube_config_contexts(files)  # type: ignore[no-untyped-call]  # as above
        chosen = next((known for known in contexts if known["name"] == context), current)
        return str(chosen["context"].get("namespace") or DEFAULT_NAMESPACE)


@contextmanager
def usable(source: Path | str | None) -> Iterator[None]:
    """Say of what is read of a kubeconfig (None: of a pod's account) why it cannot be used.

    Raises
    ------
    KubeConfigError
        It is not as it must be.
    """
    try:
        yield
    except UNUSABLE as error:
        name = f"The kubeconfig {source}" if source else "The pod's service account"
        raise KubeConfigError(
            f"{name} cannot be used ({type(error).__name__}: {error}). Correct it, or name another one."
        ) from error


def _files(kubeconfig: Path | None, context: str | None) -> str | None:
    """Return the files of a kubeconfig, as KUBECONFIG names them; None for the account of the pod."""
    files = str(kubeconfig) if kubeconfig is not None else os.environ.get(KUBECONFIG_VARIABLE, "")
    if files:
        if not _any_exists(files):
            raise KubeConfigError(f"The kubeconfig {files} does not exist. Correct --kubeconfig or KUBECONFIG.")
        return files
    if context is None and os.environ.get(SERVICE_HOST_ENV_NAME):
        return None
    default = _home_kubeconfig()
    if default is None:
        raise KubeConfigError(
            "No Kubernetes API server was found: there is no --kubeconfig, no KUBECONFIG variable, no service "
            "account of a pod and no ~/.kube/config. Set one of them."
        )
    return str(default)


def _any_exists(files: str) -> bool:
    return any(Path(name).expanduser().is_file() for name in files.split(os.pathsep) if name)


def _home_kubeconfig() -> Path | None:
    path = Path.home() / ".kube" / "config"
    return path if path.is_file() else None
