"""How is the emulator served, and which part of it answers a request?"""

from __future__ import annotations

import socket
import threading
import uuid
from typing import TYPE_CHECKING, Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.http import http_date
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from rekognition_sandbox.emulator import moto_cloudwatch, moto_rekognition, moto_s3, moto_sts, s3_rights
from rekognition_sandbox.emulator.controls import Controls
from rekognition_sandbox.emulator.engine import EmulatorSettings, Engine
from rekognition_sandbox.emulator.errors import CONTENT_TYPE, AwsError
from rekognition_sandbox.emulator.moto_rekognition import EXCHANGE_KEY, Exchange, signed_key, signed_service
from rekognition_sandbox.emulator.wire import CONTROL_PREFIX

if TYPE_CHECKING:
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIEnvironment

LOOPBACK = "127.0.0.1"
_MOTO_RESET = "/moto-api/reset"
_TARGET_PREFIX = "RekognitionService."
#: Services, by their names in signatures, whose answers tell the emulated time. S3 and STS stay on ours, though
#: objects are dated by the emulated time.
_ON_EMULATED_TIME = frozenset({"rekognition", "monitoring"})


class EmulatorApplication:
    """Our controls, Rekognition by our engine, and every other service by moto."""

    def __init__(self, engine: Engine) -> None:
        moto_rekognition.install()
        moto_cloudwatch.install()
        moto_sts.install()
        moto_s3.install(engine.clock)
        self._engine = engine
        self._controls = Controls(engine)
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer a request, or close its connection when a fault says so."""
        path = environ.get("PATH_INFO", "")
        if path == CONTROL_PREFIX or path.startswith(f"{CONTROL_PREFIX}/"):
            return list(self._controls(environ, start_response))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith(_TARGET_PREFIX) and "HTTP_AUTHORIZATION" not in environ:
            refusal = _unsigned()
            self._date(refusal)
            return list(refusal(environ, start_response))
        if path == _MOTO_RESET:
            self._engine.reset()
        environ[EXCHANGE_KEY] = exchange = Exchange(self._engine)
        response = self._answer(environ)
        if exchange.answer_lost:
            _close_connection(environ)
        if signed_service(environ.get("HTTP_AUTHORIZATION", "")) in _ON_EMULATED_TIME:
            self._date(response)
        response.headers.setdefault("Date", http_date())
        return list(response(environ, start_response))

    def _answer(self, environ: WSGIEnvironment) -> Response:
        if signed_service(environ.get("HTTP_AUTHORIZATION", "")) != "s3":
            return Response.from_app(self._moto, environ, buffered=True)
        request, rights = Request(environ), self._engine.rights
        if self._engine.roles.ended(signed_key(environ.get("HTTP_AUTHORIZATION", ""))):
            return s3_rights.session_ended(request.method)
        refusal = s3_rights.refuse(request, rights)
        if refusal is not None:
            return refusal
        return s3_rights.hide_missing(request, rights, Response.from_app(self._moto, environ, buffered=True))

    def _date(self, response: Response) -> None:
        """Say what time it is at AWS, which its clients may go by: signing goes by their own."""
        response.headers["Date"] = http_date(self._engine.clock.now())


def _unsigned() -> Response:
    """Refuse a request without a signature, which moto would take for one to S3."""
    error = AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(error.body(), status=error.status, content_type=CONTENT_TYPE, headers=headers)


def _close_connection(environ: WSGIEnvironment) -> None:
    """End the connection without an answer; werkzeug takes the exception for a client that went away."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault of the emulator loses this answer")


class _Handler(MotoRequestHandler):
    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer without the Date that Python's server would give it beside the application's own."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep quiet: the call log has it."""


class PortTakenError(OSError):
    """Somebody else listens on the port already."""


class EmulatorServer:
    """The emulator in a thread of this process; use `EmulatorProcess` where a process of its own is wanted.

    Parameters
    ----------
    port
        On 127.0.0.1; 0 takes a free one.
    settings
        How the engine starts.

    Raises
    ------
    PortTakenError
    """

    def __init__(self, port: int = 0, settings: EmulatorSettings | None = None) -> None:
        self.engine = Engine(settings)
        application = EmulatorApplication(self.engine)
        try:
            self._server = make_server(LOOPBACK, port, application, threaded=True, request_handler=_Handler)
        except SystemExit as error:
            # werkzeug prints the reason and asks the whole process to end
            raise PortTakenError(
                f"Port {port} on {LOOPBACK} is in use. Use another one, or 0 for a free one."
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator-server", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.port

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL is to be set to."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Serve from now on."""
        self.engine.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.engine.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
