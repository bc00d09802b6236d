"""How does kopf watch for us? The only module that knows kopf, and it uses ``on.event`` only.

kopf gives the watch: reconnection, bookmarks, authentication. Its handlers of creation and change are edge-triggered
and write annotations; its finalizers, events, peering and diffs are not used. What is switched off, and why, stands at
each setting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final, cast

import kopf

from rekognition_operator.controller.intake import Intake
from rekognition_operator.kube.config import load_configuration
from rekognition_operator.kube.resource import KINDS, JsonObject, ResourceKind

UNUSED_FINALIZER: Final = "rekognition-operator.io/unused-by-kopf"
"""kopf removes its finalizer from whatever needs none, so it must never have the name of ours."""
REQUEST_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 10.0


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps no copy of the last handled state: kopf builds and compares it even where only events are handled."""

    def build(self, *, body: kopf.Body, extra_fields: object = None) -> kopf.BodyEssence:  # noqa: ARG002  # kopf's signature
        """Return nothing to compare."""
        return cast("kopf.BodyEssence", {})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002  # kopf's signature
        """Return nothing: nothing was stored."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Store nothing."""


def operator_settings() -> kopf.OperatorSettings:
    """Return kopf's settings: a watch, and nothing else."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False  # our events tell of transitions, not of log lines
    settings.posting.loggers = False
    settings.persistence.finalizer = UNUSED_FINALIZER
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.scanning.disabled = True  # the scope is fixed: no rule on CRDs and namespaces is needed
    settings.peering.standalone = True  # peering is no lock
    settings.queueing.worker_limit = None  # a limit would let a slow object hold back the others' events
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.networking.connect_timeout = CONNECT_SECONDS
    settings.watching.connect_timeout = CONNECT_SECONDS
    settings.process.ultimate_exiting_timeout = None  # the process's own grace time, and the kubelet, see to the end
    return settings


def operator_registry(
    intake: Intake,
    *,
    kubeconfig: Path | None,
    on_cleanup: Callable[[], Awaitable[None]],
    cluster_scoped: Collection[ResourceKind] = (),
) -> kopf.OperatorRegistry:
    """Return kopf's registry with our handlers: it starts empty, so it needs a login of its own.

    ``cluster_scoped`` are watched beside the kinds of ours, also by an operator of some namespaces only: kopf watches
    what has no namespace in the cluster as a whole.
    """
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.ConnectionInfo:
        return await connection_info(kubeconfig)

    @kopf.on.cleanup(registry=registry)
    async def cleanup(**_: object) -> None:
        await on_cleanup()  # here, and not after kopf: it cancels what runs 5 s after its own end

    for kind in (*KINDS.values(), *cluster_scoped):

        @kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)
        async def seen(event: kopf.RawEvent, **_: object) -> None:  # async: not in a thread; no result, no patch
            intake.seen(event["type"], cast("JsonObject", dict(event["object"])))

    return registry


async def connection_info(kubeconfig: Path | None) -> kopf.ConnectionInfo:
    """Return the same API server and account that our own client uses; kopf asks again when it is refused."""
    configuration = await load_configuration(kubeconfig)
    header = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    scheme, _, token = (header or "").rpartition(" ")
    # Files of the client are temporary and removed at exit, so kopf may read them.
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert or None,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file or None,
        private_key_path=configuration.key_file or None,
        proxy_url=configuration.proxy or None,
    )


async def run_kopf(
    registry: kopf.OperatorRegistry,
    *,
    namespaces: Collection[str],
    stop: asyncio.Event,
    on_started: Callable[[], None],
) -> None:
    """Watch until ``stop`` is set: ``kopf.operator()``, and a call of ``on_started`` when kopf has set itself up."""
    existing = asyncio.all_tasks()  # not kopf's to cancel
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=operator_settings(),
        standalone=True,
        clusterwide=not namespaces,
        namespaces=list(namespaces),
        stop_flag=stop,
    )
    on_started()
    await kopf.run_tasks(tasks, ignored=existing)
