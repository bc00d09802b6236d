"""Which states did each ModerationAdapter go through? A watch that misses none of them.

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

from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_sandbox.controlplane.api import ApiClient
from rekognition_sandbox.controlplane.errors import SandboxError

Object = dict[str, Any]
"""An API object as JSON: tests look into it as kubectl's users do."""

_PATH = f"/apis/{GROUP}/{VERSION}/moderationadapters"


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
    """Remembers every state of every ModerationAdapter of a cluster, in order."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self.changed = threading.Condition()
        self._sightings: dict[tuple[str, str], list[Sighting]] = {}
        self._stopping = False
        self._connection: http.client.HTTPSConnection | None = None
        self._thread = threading.Thread(target=self._run, name="watch-adapters", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        connection = self._connection
        if connection is not None and connection.sock is not None:  # wakes the thread that reads from it
            connection.sock.shutdown(socket.SHUT_RDWR)

    def sightings(self, namespace: str, name: str) -> list[Sighting]:
        """Return all states of one resource so far, oldest first."""
        with self.changed:
            return list(self._sightings.get((namespace, name), ()))

    def latest(self, namespace: str, name: str) -> Sighting | None:
        """Return the present state; None for a resource that was never seen or is gone."""
        seen = self.sightings(namespace, name)
        return seen[-1] if seen and not seen[-1].gone else None

    def _run(self) -> None:
        version: str | None = None
        while not self._stopping:
            try:
                if version is None:
                    version = self._list()
                version = self._follow(version)
            except (OSError, http.client.HTTPException, SandboxError, WatchEndedError):
                version = None  # the definition is not served yet, or the API server ended the watch
                with self.changed:
                    self.changed.wait(0.2)

    def _list(self) -> str:
        listing = self._client.request("GET", _PATH)
        known = {key: latest for key in list(self._sightings) if (latest := self.latest(*key)) is not None}
        for item in cast("list[Object]", listing["items"]):
            latest = known.pop((item["metadata"]["namespace"], item["metadata"]["name"]), None)
            if latest is None or latest.body["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                self._see("MODIFIED", item)
        for latest in known.values():
            self._see("DELETED", latest.body)
        return str(cast("Object", listing["metadata"])["resourceVersion"])

    def _follow(self, version: str) -> str:
        address = urlsplit(self._client.url)
        tls = ssl.create_default_context(cadata=self._client.ca_certificate)
        connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=tls, timeout=3600)
        self._connection = connection
        try:
            path = f"{_PATH}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
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
                    self._see(event["type"], event["object"])
        finally:
            connection.close()
        return version

    def _see(self, kind: str, body: Object) -> None:
        metadata = body["metadata"]
        sighting = Sighting(time.monotonic(), kind == "DELETED", body)
        with self.changed:
            self._sightings.setdefault((metadata["namespace"], metadata["name"]), []).append(sighting)
            self.changed.notify_all()
