"""How does a test take the network away between the operator and a server: cut, black-holed, refused?"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65536


@dataclass
class Proxy:
    """Hands TCP connections on to a server; the test steers what becomes of them.

    Attributes
    ----------
    target
        URL of the server; TLS goes through untouched.
    """

    target: str
    _listener: socket.socket = field(init=False)
    _passing: threading.Event = field(default_factory=threading.Event)
    _refusing: bool = False
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._passing.set()
        self.cut()

    @property
    def url(self) -> str:
        """Where it listens: the target's URL with another port."""
        port = self._listener.getsockname()[1]
        return urlunsplit(urlsplit(self.target)._replace(netloc=f"127.0.0.1:{port}"))

    def cut(self) -> None:
        """End every connection; new ones are handed on."""
        sockets, self._sockets = self._sockets, []
        for connection in sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def swallow(self) -> None:
        """Let nothing through any more, and tell nobody: a black hole."""
        self._passing.clear()

    def refuse(self) -> None:
        """End every connection, and each new one at once."""
        self._refusing = True
        self.cut()

    def let_through(self) -> None:
        """Hand everything on again, also what was held back."""
        self._refusing = False
        self._passing.set()

    def _accept(self) -> None:
        address = urlsplit(self.target)
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self._refusing:
                near.close()
                continue
            try:
                far = socket.create_connection((address.hostname, address.port))
            except OSError:
                near.close()
                continue
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), name="proxy", daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._passing.wait()
                sink.sendall(data)
        for connection in (source, sink):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
