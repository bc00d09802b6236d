"""Does the API server serve our kinds, and does it still?

kopf with a fixed scope never notices a kind that comes later, nor one that goes. So the operator waits for its kinds
before kopf starts, and ends when one is taken away: the next start waits again. Discovery tells, which every
authenticated account may read: it lists a kind once its CustomResourceDefinition is Established.
"""

import asyncio
import logging
from typing import Final, NoReturn

from rekognition_operator.api.schema import API_VERSION
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.server import Readiness
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeError
from rekognition_operator.kube.resource import SERVED

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 2.0
CHECK_SECONDS: Final = 30.0


class KindsGoneError(Exception):
    """A kind that was served is no longer; the text says which, and what to do."""


async def wait_until_served(kube: Kube, readiness: Readiness, clock: Clock) -> None:
    """Return once every kind is served; meanwhile ``readiness`` says what is missing."""
    said = None
    never = asyncio.Event()
    while True:
        try:
            missing = await _missing(kube)
            waits_for = _install_hint(missing) if missing else None
        except KubeError as error:
            waits_for = f"the API server cannot be asked which kinds it serves: {error}"
        if waits_for is None:
            return
        readiness.waits_for = waits_for
        if waits_for != said:
            logger.warning("Waiting: %s", waits_for)
            said = waits_for
        await clock.wait(never, POLL_SECONDS)


async def watch_kinds(kube: Kube, clock: Clock) -> NoReturn:
    """Look from time to time whether every kind is still served.

    Raises
    ------
    KindsGoneError
        One is not.
    """
    never = asyncio.Event()
    while True:
        await clock.wait(never, CHECK_SECONDS)
        await check_served(kube)


async def check_served(kube: Kube) -> None:
    """Look once; an API server that cannot be asked is no reason to give up.

    Raises
    ------
    KindsGoneError
        A kind is not served.
    """
    try:
        missing = await _missing(kube)
    except KubeError as error:
        logger.warning("%s; asked again in %g s", error, CHECK_SECONDS)
        return
    if missing:
        raise KindsGoneError(
            f"{_install_hint(missing)}. It was served when the operator started, so somebody has deleted or replaced "
            "its CustomResourceDefinition; the operator ends, and its next start waits for it"
        )


async def _missing(kube: Kube) -> list[str]:
    return sorted(set(SERVED) - await kube.served_kinds())


def _install_hint(missing: list[str]) -> str:
    names = ", ".join(missing)
    return (
        f"the API server does not serve {names} of {API_VERSION}; install the CustomResourceDefinitions: "
        "rekognition-operator crds | kubectl apply --server-side -f -"
    )
