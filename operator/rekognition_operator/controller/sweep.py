"""What did the watch miss? Every resource is listed from time to time, and at the start."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NoReturn

from rekognition_operator.controller.backoff import Backoff
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.clock import Clock
from rekognition_operator.controller.intake import Intake
from rekognition_operator.controller.server import Readiness
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.errors import KubeError, KubeForbiddenError
from rekognition_operator.kube.resource import KINDS

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5.0


class Sweeper:
    """Lists all resources every ``list_seconds``: after a lost watch, deletions are told by nothing else."""

    def __init__(
        self,
        kube: Kube,
        cache: ResourceCache,
        intake: Intake,
        readiness: Readiness,
        clock: Clock,
        *,
        namespaces: tuple[str, ...],
        list_seconds: float,
        listed: Callable[[], None] = lambda: None,
    ) -> None:
        self._kube = kube
        self._cache = cache
        self._intake = intake
        self._readiness = readiness
        self._clock = clock
        self._namespaces: tuple[str | None, ...] = namespaces or (None,)
        self._list_seconds = list_seconds
        self._listed = listed
        self._backoff = Backoff()

    async def run(self) -> NoReturn:
        """List now and then, for ever; the operator is ready once the first list has come."""
        never = asyncio.Event()
        while True:
            try:
                await self.list_once()
                self._readiness.ready()
                self._listed()
                seconds = self._list_seconds
            except KubeError as error:
                hint = ". Apply the operator's ClusterRole" if isinstance(error, KubeForbiddenError) else ""
                logger.warning("%s%s; tried again", error, hint)
                if self._readiness.waits_for is not None:
                    self._readiness.waits_for = f"the resources cannot be listed: {error}{hint}"
                seconds = RETRY_SECONDS
            await self._clock.wait(never, self._backoff.around(seconds))

    async def list_once(self) -> None:
        """List every kind in every namespace, and take in what is new and what is gone."""
        for kind in KINDS:
            for namespace in self._namespaces:
                before = [known for known in self._cache if namespace in (None, known.key.namespace)]
                self._intake.listed(kind, await self._kube.list_all(kind, namespace), before)
