"""How is each call of the interface made to a real API server?"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, cast
from urllib.parse import quote

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.rest import RESTResponse

from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_operator.kube.api import Event, Listing
from rekognition_operator.kube.config import (
    KUBECONFIG_VARIABLE,
    USER_AGENT,
    KubeConfigError,
    load_configuration,
    usable,
)
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeInvalidError,
    KubeNotFoundError,
    KubeUnavailableError,
)
from rekognition_operator.kube.events import event_body
from rekognition_operator.kube.lease import Lease, LeaseSpec
from rekognition_operator.kube.resource import ADDRESSES, JsonObject, Resource, ResourceKey, ResourceKind

if TYPE_CHECKING:
    from pydantic import JsonValue

MERGE_PATCH: Final = "application/merge-patch+json"
JSON: Final = "application/json"
FIELD_MANAGER: Final = "rekognition-operator"
REQUEST_SECONDS: Final = 30.0
"""How long one request may take. A pass that loses an answer starts again from what is."""
PAGE: Final = 500
"""Objects in one answer of a list: 500 is what kubectl asks for."""

_UNAUTHORIZED: Final = 401
_NO_SUCCESS: Final = 300
_ERRORS: Final[dict[int, type[KubeError]]] = {
    400: KubeInvalidError,
    401: KubeForbiddenError,
    403: KubeForbiddenError,
    404: KubeNotFoundError,
    409: KubeConflictError,
    410: KubeGoneError,
    422: KubeInvalidError,
}

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_TOLD_BY_WHOM: Final = ("POST", "PUT", "PATCH")
"""The verbs whose requests name the manager of the fields that they write."""


class KubeClient:
    """The API server by the ``kubernetes.aio`` client: implements :class:`rekognition_operator.kube.api.Kube`.

    Requests are made by hand rather than by the client's ``CustomObjectsApi``: its ``patch_*`` methods choose a content
    type that custom resources refuse, and its models of core objects cost more than they give for one Event.
    """

    def __init__(self, kubeconfig: Path | None = None, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._client: ApiClient | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Read the configuration.

        Raises
        ------
        KubeConfigError
            There is no usable configuration.
        """
        if self._client is None:
            configuration = await load_configuration(self._kubeconfig, self._context)
            with usable(self._kubeconfig or os.environ.get(KUBECONFIG_VARIABLE)):  # it reads the certificates
                self._client = ApiClient(configuration)
            self._client.user_agent = USER_AGENT

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]  # the library has no types there

    async def get(self, key: ResourceKey) -> Resource | None:
        """Read one resource now; None where it does not exist."""
        try:
            return Resource.parse(await self._request("GET", _path(ADDRESSES[key.kind], key), f"get {key}"))
        except KubeNotFoundError:
            return None

    async def list_all(self, kind: str, namespace: str | None) -> Listing:
        """Read all resources of a kind, page by page."""
        where = "all namespaces" if namespace is None else f"namespace {namespace}"
        operation = f"list {kind} in {where}"
        path = _collection(ADDRESSES[kind], namespace)
        common: JsonObject = {"apiVersion": ADDRESSES[kind].api_version, "kind": kind}  # items may lack them
        resources: list[Resource] = []
        resource_version = ""
        async for page in self._pages(path, operation):
            resource_version = str(cast("JsonObject", page["metadata"])["resourceVersion"])
            resources.extend(Resource.parse({**common, **item}) for item in cast("list[JsonObject]", page["items"]))
        return Listing(tuple(resources), resource_version)

    async def patch_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Set the finalizers through the main resource."""
        body: JsonObject = {
            "metadata": {"resourceVersion": resource.resource_version, "finalizers": list(finalizers) or None}
        }
        path = _path(ADDRESSES[resource.key.kind], resource.key)
        return Resource.parse(
            await self._request("PATCH", path, f"patch the finalizers of {resource.key}", body=body, type_=MERGE_PATCH)
        )

    async def patch_status(self, resource: Resource, patch: JsonObject) -> Resource:
        """Merge into the status through the status subresource."""
        body: JsonObject = {"metadata": {"resourceVersion": resource.resource_version}, "status": patch}
        path = _path(ADDRESSES[resource.key.kind], resource.key) + "/status"
        return Resource.parse(
            await self._request("PATCH", path, f"patch the status of {resource.key}", body=body, type_=MERGE_PATCH)
        )

    async def set_annotations(self, key: ResourceKey, annotations: Mapping[str, str]) -> Resource:
        """Set annotations, whatever else has changed since the resource was read: for people, not for the operator."""
        body: JsonObject = {"metadata": {"annotations": dict(annotations)}}
        path = _path(ADDRESSES[key.kind], key)
        return Resource.parse(await self._request("PATCH", path, f"annotate {key}", body=body, type_=MERGE_PATCH))

    async def create_event(self, event: Event) -> None:
        """Create a core/v1 Event. One that exists already has been told."""
        path = f"/api/v1/namespaces/{quote(event.about.key.namespace)}/events"
        try:
            await self._request(
                "POST", path, f"create the event {event.reason} about {event.about.key}", body=event_body(event)
            )
        except KubeConflictError:
            return

    async def served_kinds(self) -> frozenset[str]:
        """Ask discovery, which every authenticated account may read; it lists a kind once its CRD is Established."""
        try:
            answer = await self._request("GET", f"/apis/{GROUP}/{VERSION}", "discover the kinds that are served")
        except KubeNotFoundError:
            return frozenset()
        resources = cast("list[JsonObject]", answer.get("resources") or [])
        return frozenset(str(item.get("kind")) for item in resources if "/" not in str(item.get("name")))

    async def get_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap now; None where it does not exist."""
        path = _config_map_path(namespace, name)
        try:
            return ConfigMap.parse(await self._request("GET", path, f"get ConfigMap {namespace}/{name}"))
        except KubeNotFoundError:
            return None

    async def list_config_maps(self, namespace: str, labels: Mapping[str, str]) -> tuple[ConfigMap, ...]:
        """Read by a label selector, page by page."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        operation = f"list the ConfigMaps with {selector} in namespace {namespace}"
        found: list[ConfigMap] = []
        async for page in self._pages(_config_map_path(namespace), operation, labelSelector=selector):
            found.extend(ConfigMap.parse(item) for item in cast("list[JsonObject]", page["items"]))
        return tuple(found)

    async def create_config_map(
        self, namespace: str, name: str, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Create a ConfigMap."""
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"namespace": namespace, "name": name, "labels": dict(labels)},
            "data": dict(data),
        }
        operation = f"create ConfigMap {namespace}/{name}"
        return ConfigMap.parse(await self._request("POST", _config_map_path(namespace), operation, body=body))

    async def patch_config_map(
        self, config_map: ConfigMap, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> ConfigMap:
        """Merge labels and data into a ConfigMap; keys that are not wanted become None, which removes them."""
        body: JsonObject = {
            "metadata": {"resourceVersion": config_map.resource_version, "labels": dict(labels)},
            "data": {**dict.fromkeys(config_map.data), **data},
        }
        path = _config_map_path(config_map.namespace, config_map.name)
        return ConfigMap.parse(await self._request("PATCH", path, f"patch {config_map}", body=body, type_=MERGE_PATCH))

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete what was read, and nothing else of that name."""
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": config_map.uid, "resourceVersion": config_map.resource_version},
        }
        path = _config_map_path(config_map.namespace, config_map.name)
        try:
            await self._request("DELETE", path, f"delete {config_map}", body=body)
        except KubeNotFoundError:
            return

    async def get_lease(self, namespace: str, name: str) -> Lease | None:
        """Read a Lease now; None where it does not exist."""
        try:
            return Lease.parse(
                await self._request("GET", _lease_path(namespace, name), f"get Lease {namespace}/{name}")
            )
        except KubeNotFoundError:
            return None

    async def create_lease(self, namespace: str, name: str, spec: LeaseSpec) -> Lease:
        """Create a Lease."""
        body = _lease_body({"namespace": namespace, "name": name}, spec)
        operation = f"create Lease {namespace}/{name}"
        return Lease.parse(await self._request("POST", _lease_path(namespace), operation, body=body))

    async def update_lease(self, lease: Lease, spec: LeaseSpec) -> Lease:
        """Replace a Lease; with its resourceVersion, so that the API server replaces no other state."""
        namespace, name = str(lease.metadata["namespace"]), str(lease.metadata["name"])
        body = _lease_body(lease.metadata, spec)
        operation = f"update Lease {namespace}/{name}"
        return Lease.parse(await self._request("PUT", _lease_path(namespace, name), operation, body=body))

    async def _pages(self, path: str, operation: str, **query: str) -> AsyncIterator[JsonObject]:
        """Read a collection page by page, so that what nobody reads of many objects is never held at once."""
        query["limit"] = str(PAGE)
        while True:
            page = await self._request("GET", path, operation, query=query)
            yield page
            token = cast("JsonObject", page["metadata"]).get("continue")
            if not token:
                return
            query["continue"] = str(token)

    async def _request(
        self,
        verb: Verb,
        path: str,
        operation: str,
        *,
        query: dict[str, str] | None = None,
        body: JsonObject | None = None,
        type_: str = JSON,
    ) -> JsonObject:
        await self.connect()
        client = self._client
        assert client is not None  # noqa: S101  # for the type checker: connect() made it
        parameters = {**(query or {}), **({"fieldManager": FIELD_MANAGER} if verb in _TOLD_BY_WHOM else {})}
        try:
            method, url, headers, data, form = await client.param_serialize(
                verb,
                path,
                query_params=list(parameters.items()),
                header_params={"Accept": JSON, "Content-Type": type_},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await client.call_api(method, url, headers, data, form, _request_timeout=REQUEST_SECONDS)
            content = await response.read()  # type: ignore[no-untyped-call]  # the library has no types there
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            detail = str(error) or type(error).__name__
            raise KubeUnavailableError(operation, f"the API server did not answer: {detail}") from error
        return await self._answer(client, operation, response, content)

    async def _answer(self, client: ApiClient, operation: str, response: RESTResponse, content: bytes) -> JsonObject:
        status = int(response.status)
        if status == _UNAUTHORIZED:
            await self._read_credentials_again(client)
        if status >= _NO_SUCCESS:
            raise _ERRORS.get(status, KubeUnavailableError)(operation, _message(content), status)
        try:
            answer: JsonValue = json.loads(content)
        except ValueError as error:
            raise KubeUnavailableError(operation, "the answer is no JSON", status) from error
        if not isinstance(answer, dict):
            raise KubeUnavailableError(operation, "the answer is no JSON object", status)
        return answer

    async def _read_credentials_again(self, client: ApiClient) -> None:
        """Take over renewed credentials for the next request. Connections of others stay as they are."""
        try:
            renewed = await load_configuration(self._kubeconfig, self._context)
        except KubeConfigError:
            return  # the refusal that brought us here tells more
        client.configuration.api_key = renewed.api_key
        client.configuration.refresh_api_key_hook = renewed.refresh_api_key_hook


def _collection(kind: ResourceKind, namespace: str | None) -> str:
    scope = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"/{'apis' if kind.group else 'api'}/{kind.api_version}{scope}/{kind.plural}"


def _path(kind: ResourceKind, key: ResourceKey) -> str:
    return f"{_collection(kind, key.namespace)}/{quote(key.name)}"


def _config_map_path(namespace: str, name: str | None = None) -> str:
    collection = f"/api/v1/namespaces/{quote(namespace)}/configmaps"
    return collection if name is None else f"{collection}/{quote(name)}"


def _lease_path(namespace: str, name: str | None = None) -> str:
    collection = f"/apis/coordination.k8s.io/v1/namespaces/{quote(namespace)}/leases"
    return collection if name is None else f"{collection}/{quote(name)}"


def _lease_body(metadata: Mapping[str, "JsonValue"], spec: LeaseSpec) -> JsonObject:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": dict(metadata),
        "spec": spec.as_object(),
    }


def _message(content: bytes) -> str:
    """Return the message of a Status object, or the beginning of any other answer."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    message = answer.get("message") if isinstance(answer, dict) else None
    return str(message) if message else content[:500].decode(errors="replace")
