"""How do probes and Prometheus reach the operator? A small HTTP server of its own, up before anything else."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from rekognition_operator.controller.metrics import CONTENT_TYPE
from rekognition_operator.controller.settings import flag_of

logger = logging.getLogger(__name__)

REQUEST_SECONDS: Final = 5.0
_TEXT: Final = "text/plain; charset=utf-8"
_LINE_LIMIT: Final = 8192


class CannotListenError(Exception):
    """The address cannot be had; the text says which, why, and what to do."""


class Readiness:
    """What the operator still waits for before it does its work, or stands by for it."""

    def __init__(self, waits_for: str = "the operator is starting") -> None:
        self.waits_for: str | None = waits_for
        self.ready_as = "ok"

    def ready(self, ready_as: str = "ok") -> None:
        """Say that nothing is waited for, and as what it is ready."""
        self.waits_for = None
        self.ready_as = ready_as


class HealthServer:
    """Answers GET /healthz, /readyz and /metrics over HTTP/1.1, one request a connection.

    ``/healthz`` is 200 as long as the event loop turns and ``ails`` names nothing that a new start would mend;
    ``/readyz`` is 503 with what is waited for, then 200.
    """

    def __init__(
        self,
        host: str,
        port: int,
        readiness: Readiness,
        metrics: Callable[[], bytes],
        ails: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._host = host
        self._port = port
        self._readiness = readiness
        self._metrics = metrics
        self._ails = ails
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_LINE_LIMIT)
        except OSError as error:
            raise CannotListenError(
                f"The operator cannot listen on {self._host}:{self._port} ({error.strerror or error}). Give another "
                f"{flag_of('health_port')} or {flag_of('health_host')}"
            ) from error
        logger.info("Serving /healthz, /readyz and /metrics", extra={"host": self._host, "port": self.port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        sockets = self._server.sockets if self._server is not None else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = await reader.readline()
                while (await reader.readline()).strip():
                    pass  # headers: none is of interest
                writer.write(self._answer(request))
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            return  # whoever asked went away, or does not speak HTTP
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.decode("latin-1").partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method not in ("GET", "HEAD"):
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD.\n", head=False)
        head = method == "HEAD"
        match path:
            case "/healthz":
                ailment = self._ails()
                if ailment is not None:
                    return _response(HTTPStatus.SERVICE_UNAVAILABLE, f"not alive: {ailment}\n", head=head)
                return _response(HTTPStatus.OK, "ok\n", head=head)
            case "/readyz" if self._readiness.waits_for is None:
                return _response(HTTPStatus.OK, f"{self._readiness.ready_as}\n", head=head)
            case "/readyz":
                return _response(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {self._readiness.waits_for}\n", head=head)
            case "/metrics":
                return _response(HTTPStatus.OK, self._metrics(), content_type=CONTENT_TYPE, head=head)
            case _:
                return _response(HTTPStatus.NOT_FOUND, "There is /healthz, /readyz and /metrics.\n", head=head)


def _response(status: HTTPStatus, body: str | bytes, *, content_type: str = _TEXT, head: bool) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(content)}",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("latin-1") + (b"" if head else content)
