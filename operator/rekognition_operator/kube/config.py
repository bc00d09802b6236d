"""How does the operator find the API server, and as whom does it speak to it?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from kubernetes.aio.config.incluster_config import SERVICE_HOST_ENV_NAME

from rekognition_operator import __version__

KUBECONFIG_VARIABLE: Final = "KUBECONFIG"
UNUSABLE: Final = (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, LookupError, AttributeError)
"""What the library raises where a kubeconfig has not the form, or names not the files, that it takes for granted."""
USER_AGENT: Final = f"rekognition-operator/{__version__}"


class KubeConfigError(Exception):
    """No way to an API server was found; the message says where it was looked for."""


async def load_configuration(kubeconfig: Path | None = None) -> Configuration:
    """Find the API server, in client-go's order.

    An explicit file, the files that KUBECONFIG names, the account of the pod, ``~/.kube/config``. The tokens of a pod
    are read again from their file as they are renewed.

    Raises
    ------
    KubeConfigError
        Nothing was found, or what was found cannot be read.
    """
    configuration = Configuration()
    variable = os.environ.get(KUBECONFIG_VARIABLE, "")
    files = str(kubeconfig) if kubeconfig is not None else variable
    default = _home_kubeconfig()
    with usable(files or default):
        if files and not _any_exists(files):
            raise KubeConfigError(f"The kubeconfig {files} does not exist. Correct --kubeconfig or KUBECONFIG.")
        if files:
            await _from_files(files, configuration)
        elif os.environ.get(SERVICE_HOST_ENV_NAME):
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the library has no types there
        elif default is not None:
            await _from_files(str(default), configuration)
        else:
            raise KubeConfigError(
                "No Kubernetes API server was found: there is no --kubeconfig, no KUBECONFIG variable, no service "
                "account of a pod and no ~/.kube/config. Set one of them."
            )
    configuration.client_side_validation = False  # the API server validates
    return configuration


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


async def _from_files(files: str, configuration: Configuration) -> None:
    await load_kube_config(  # type: ignore[no-untyped-call]  # the library has no types there
        config_file=files, client_configuration=configuration, persist_config=False
    )


def _any_exists(files: str) -> bool:
    return any(Path(name).expanduser().is_file() for name in files.split(os.pathsep) if name)


def _home_kubeconfig() -> Path | None:
    path = Path.home() / ".kube" / "config"
    return path if path.is_file() else None
