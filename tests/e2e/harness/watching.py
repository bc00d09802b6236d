"""Which states did each of our resources go through? A watch that misses none of them.

A test that only looked now and then could not tell whether Ready was True *all the time*.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import urlsplit

from rekognition_operator.api.kinds import ALL_KINDS
from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_sandbox.controlplane.api import ApiClient
from rekognition_sandbox.controlplane.errors import SandboxError

Object = dict[str, Any]
"""An API object as JSON: tests look into it as kubectl's users do."""

Key = tuple[str, str, str]
"""The plural of the kind, the namespace and the name."""


class WatchEndedError(Exception):
    """The API server ended the watch with an error; the list must be read again."""


@dataclass(frozen=True)
class Sighting:
    """One state of a resource, as the watch told it. ``at``: seconds of time.monotonic(); ``gone``: it was removed."""

    at: float
    gone: bool
    body: Object

    @property
    def status(self) -> Object:
        return cast("Object", self.body.get("status") or {})

    def condition(self, kind: str) -> Object | None:
        """Return a condition, or None where it is absent."""
        return next((c for c in self.status.get("conditions") or [] if c["type"] == kind), None)

    def holds(self, kind: str) -> bool:
        """Whether a condition is there and True."""
        condition = self.condition(kind)
        return condition is not None and condition["status"] == "True"


class Watcher:
    """Remembers every state of every resource of our kinds of a cluster, in order."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self.changed = threading.Condition()
        self._sightings: dict[Key, list[Sighting]] = {}
        self._stopping = False
        self._connections: dict[str, http.client.HTTPSConnection] = {}

    def __enter__(self) -> Self:
        for kind in ALL_KINDS:
            threading.Thread(target=self._run, args=(kind.plural,), name=f"watch-{kind.plural}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        for connection in list(self._connections.values()):
            if connection.sock is not None:  # wakes the thread that reads from it
                connection.sock.shutdown(socket.SHUT_RDWR)

    def sightings(self, key: Key) -> list[Sighting]:
        """Return all states of one resource so far, oldest first."""
        with self.changed:
            return list(self._sightings.get(key, ()))

    def latest(self, key: Key) -> Sighting | None:
        """Return the present state; None for a resource that was never seen or is gone."""
        seen = self.sightings(key)
        return seen[-1] if seen and not seen[-1].gone else None

    def _run(self, plural: str) -> None:
        version: str | None = None
        while not self._stopping:
            try:
                if version is None:
                    version = self._list(plural)
                version = self._follow(plural, version)
            except (OSError, http.client.HTTPException, SandboxError, WatchEndedError):
                version = None  # the definition is not served yet, or the API server ended the watch
                with self.changed:
                    self.changed.wait(0.2)

    def _list(self, plural: str) -> str:
        listing = self._client.request("GET", _path(plural))
        mine = [key for key in list(self._sightings) if key[0] == plural]
        known = {key: latest for key in mine if (latest := self.latest(key)) is not None}
        for item in cast("list[Object]", listing["items"]):
            latest = known.pop(_key(plural, item), None)
            if latest is None or latest.body["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                self._see(plural, "MODIFIED", item)
        for latest in known.values():
            self._see(plural, "DELETED", latest.body)
        return str(cast("Object", listing["metadata"])["resourceVersion"])

    def _follow(self, plural: str, version: str) -> str:
        address = urlsplit(self._client.url)
        tls = ssl.create_default_context(cadata=self._client.ca_certificate)
        connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=tls, timeout=3600)
        self._connections[plural] = connection
        try:
            path = f"{_path(plural)}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._client.token}"})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise WatchEndedError(f"the watch was answered with {answer.status}")
            while line := answer.readline():
                event = cast("Object", json.loads(line))
                if event["type"] == "ERROR":
                    raise WatchEndedError(str(event["object"]))
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._see(plural, event["type"], event["object"])
        finally:
            connection.close()
        return version

    def _see(self, plural: str, event: str, body: Object) -> None:
        sighting = Sighting(time.monotonic(), event == "DELETED", body)
        with self.changed:
            self._sightings.setdefault(_key(plural, body), []).append(sighting)
            self.changed.notify_all()


def _path(plural: str) -> str:
    return f"/apis/{GROUP}/{VERSION}/{plural}"


def _key(plural: str, body: Object) -> Key:
    return (plural, body["metadata"]["namespace"], body["metadata"]["name"])
