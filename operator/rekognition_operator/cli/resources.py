"""Which resource, and which of its versions, does a person mean?"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import typer
from pydantic import ValidationError

from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_operator.api.kinds import ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter, ModerationAdapterStatus
from rekognition_operator.cli.errors import CommandError
from rekognition_operator.core.in_service import region_of, why_none
from rekognition_operator.kube.api import Kube
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.config import KubeConfigError, default_namespace
from rekognition_operator.kube.errors import KubeError
from rekognition_operator.kube.resource import Resource, ResourceKey

T = TypeVar("T")

_KINDS: Final = {
    name: kind for kind in ALL_KINDS for name in (*kind.short_names, kind.singular, kind.plural)
}  # as kubectl knows them
Status = ModerationAdapterStatus | CustomLabelsModelStatus


@dataclass(frozen=True)
class Reference:
    """A resource as it is named on the command line, in a namespace that is still to be found."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Version:
    """A version of the resource's project."""

    name: str
    arn: str
    in_service: bool

    @property
    def region(self) -> str:
        """The AWS Region in which it answers."""
        return region_of(self.arn)


@dataclass(frozen=True)
class Shown:
    """A resource, and what its status says."""

    resource: Resource
    kind: Kind
    status: Status

    @property
    def key(self) -> ResourceKey:
        """By what it is known."""
        return self.resource.key


def parse_reference(text: str) -> Reference:
    """Read ``[KIND/]NAME``: the kind in any form that kubectl takes, ModerationAdapter where there is none."""
    kind_name, slash, name = text.rpartition("/")
    kind = _KINDS.get(kind_name.lower()) if slash else ModerationAdapter
    if kind is None:
        raise typer.BadParameter(f"{kind_name!r} is none of the kinds {', '.join(_KINDS)}")
    if not name:
        raise typer.BadParameter(f"{text!r} has no name: write it as in {kind.short_names[0]}/storefront")
    return Reference(kind, name)


ReferenceArgument = Annotated[
    Reference,
    typer.Argument(
        parser=parse_reference,
        metavar="RESOURCE",
        help="KIND/NAME, such as modad/storefront or clm/parts; NAME alone is a ModerationAdapter.",
    ),
]
NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="Its namespace; default: the one of the kubeconfig's context."),
]
ContextOption = Annotated[str | None, typer.Option("--context", help="The kubeconfig's context to use.")]
VersionOption = Annotated[
    str | None,
    typer.Option("--version", metavar="NAME", help="Another version than the one in service, by its name in status."),
]


def ask_cluster(
    context: str | None, namespace: str | None, work: Callable[[KubeClient, str], Coroutine[object, object, T]]
) -> T:
    """Do some work with the API server of a context, in a namespace (None: the context's); then close what is open.

    Raises
    ------
    CommandError
        The API server was not found, did not answer, or refused.
    """

    async def run() -> T:
        async with KubeClient(context=context) as kube:
            return await work(kube, namespace or default_namespace(context=context))

    try:
        return asyncio.run(run())
    except KubeConfigError as error:
        raise CommandError(str(error)) from error
    except KubeError as error:
        raise CommandError(f"Cannot {error}. See that kubectl works with this kubeconfig and context.") from error


async def read(kube: Kube, reference: Reference, namespace: str) -> Shown:
    """Read a resource now.

    Raises
    ------
    CommandError
        There is none.
    """
    resource = await kube.get(ResourceKey(reference.kind.kind, namespace, reference.name))
    if resource is None:
        raise CommandError(
            f"There is no {reference.kind.kind} {reference.name} in namespace {namespace}. "
            f"See which there are: kubectl get {reference.kind.plural} --all-namespaces"
        )
    try:
        return Shown(resource, reference.kind, reference.kind.status.model_validate(resource.status))
    except ValidationError as error:
        raise CommandError(
            f"The status of {resource.key} has not the form that this release knows: {error}. "
            "Use the release of the operator that wrote it."
        ) from error


def chosen_version(shown: Shown, name: str | None) -> Version:
    """Return the version of that name, or else the one in service.

    Raises
    ------
    CommandError
        Status has no such version, or none is in service.
    """
    active = shown.status.active
    if name is None:
        if active is None:
            reason, message = why_none(shown.status)
            raise CommandError(
                f"No version of {shown.key} is in service{f' ({reason})' if reason else ''}: {message}\n"
                "To ask a certain version all the same, name it: --version NAME"
            )
        return Version(active.version_name, active.arn, in_service=True)
    versions = shown.status.versions or []
    found = next((version for version in versions if version.name == name), None)
    if found is None:
        known = ", ".join(version.name for version in versions) or "none"
        raise CommandError(f"The status of {shown.key} has no version {name}. It has: {known}")
    return Version(name, found.arn, in_service=active is not None and active.arn == found.arn)
