"""rekognition-operator release: how are resources let go when the operator that held them is gone for good?

Exit codes: 0 all were released or there was nothing to release, 1 at least one was not, 2 wrong usage.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.kinds import ALL_KINDS
from rekognition_operator.cli.errors import CommandError
from rekognition_operator.cli.leftovers import leftover, total
from rekognition_operator.cli.liveness import answering
from rekognition_operator.cli.resources import (
    ContextOption,
    NamespaceOption,
    Reference,
    ask_cluster,
    parse_reference,
)
from rekognition_operator.core.wording import counted
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.errors import KubeConflictError, KubeError, KubeForbiddenError, KubeNotFoundError
from rekognition_operator.kube.resource import FINALIZER, Resource, ResourceKey

ATTEMPTS: Final = 5
"""How often a finalizer is removed anew because the resource has changed since it was read."""


@dataclass(frozen=True)
class Found:
    """The resources that the operator's finalizer holds, and which of them an operator has answered for.

    ``identities`` are the AWSIdentities that it holds; they have nothing in AWS.
    """

    held: tuple[Resource, ...]
    answered: tuple[ResourceKey, ...] = ()
    identities: tuple[Resource, ...] = ()


def release(
    resources: Annotated[
        list[Reference] | None,
        typer.Argument(
            parser=parse_reference, metavar="[RESOURCE]...", help="KIND/NAME, such as modad/storefront or clm/parts."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All resources of every kind in the namespace.")] = False,
    namespace: NamespaceOption = None,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="With --all: in every namespace, and AWSIdentities, too.")
    ] = False,
    context: ContextOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would stay in AWS; write nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask: what stays in AWS is known and wanted.")
    ] = False,
) -> None:
    """Remove the operator's finalizer from resources, once the operator is gone for good. AWS is not touched.

    A resource that was deleted then goes; what it had in AWS stays, and a model that runs goes on to be billed. While
    the operator runs, delete the resources instead, or use spec.deletion.policy: Orphan.
    """
    _check_usage(resources or [], everything=everything, namespace=namespace, all_namespaces=all_namespaces)

    async def find(kube: KubeClient, home: str) -> Found:
        if everything:
            kinds = [kind.kind for kind in ALL_KINDS]
            held = await _all(kube, kinds, None if all_namespaces else home)
        else:
            held = await _named(kube, resources or [], home)
        identities = await _identities(kube) if all_namespaces else ()
        return Found(held, () if dry_run else await answering(kube, held), identities)

    found = ask_cluster(context, namespace, find)
    if not (found.held or found.identities):
        typer.echo("The operator's finalizer holds none of these resources: there is nothing to release.")
        return
    _tell(found)
    if dry_run:
        typer.echo("Dry run: nothing was written, and whether an operator runs was not asked.")
        return
    if not yes:
        _confirm()

    async def let_go(kube: KubeClient, _home: str) -> int:
        failures = sum([not await _released(kube, resource) for resource in found.held])
        if failures and found.identities:
            typer.echo("The AWSIdentities are kept until all resources are released: one that is not may need its own.")
            return failures
        return failures + sum([not await _released(kube, identity) for identity in found.identities])

    failures = ask_cluster(context, namespace, let_go)
    if failures:
        raise CommandError(f"{counted(failures, 'resource')} could not be released; the same command tries them again.")


def _check_usage(
    references: Sequence[Reference], *, everything: bool, namespace: str | None, all_namespaces: bool
) -> None:
    if everything == bool(references):
        raise typer.BadParameter("name resources, or give --all: one of the two", param_hint="RESOURCE, --all")
    if all_namespaces and (not everything or namespace is not None):
        raise typer.BadParameter("it goes with --all and without --namespace", param_hint="--all-namespaces")


async def _named(kube: KubeClient, references: Sequence[Reference], namespace: str) -> tuple[Resource, ...]:
    held: list[Resource] = []
    for reference in dict.fromkeys(references):
        resource = await kube.get(ResourceKey(reference.kind.kind, namespace, reference.name))
        if resource is None:
            raise CommandError(
                f"There is no {reference.kind.kind} {reference.name} in namespace {namespace}; nothing was released. "
                f"See which there are: kubectl get {reference.kind.plural} --all-namespaces"
            )
        if resource.claimed:
            held.append(resource)
    return tuple(held)


async def _all(kube: KubeClient, kinds: Sequence[str], namespace: str | None) -> tuple[Resource, ...]:
    held: list[Resource] = []
    for kind in kinds:
        try:
            listing = await kube.list_all(kind, namespace)
        except KubeNotFoundError:
            continue  # its CRD is gone, and with it every resource of the kind
        held += [resource for resource in listing.resources if resource.claimed]
    return tuple(held)


async def _identities(kube: KubeClient) -> tuple[Resource, ...]:
    try:
        return await _all(kube, [AWSIdentity.kind], None)
    except KubeForbiddenError as error:
        typer.echo(f"AWSIdentities are left out: {error}", err=True)
        return ()


def _tell(found: Found) -> None:
    if found.identities:
        names = ", ".join(identity.key.name for identity in found.identities)
        typer.echo(f"These AWSIdentities lose the operator's finalizer, and have nothing in AWS: {names}")
    if not found.held:
        return
    left = [leftover(resource) for resource in found.held]
    typer.echo("These lose the operator's finalizer. What they have stays in AWS, as their status last said:")
    for one in left:
        typer.echo("\n".join(one.lines()))
    typer.echo(total(left))
    if found.answered:
        keys = ", ".join(map(str, found.answered))
        typer.echo(
            f"WARNING: an operator is alive: it has just answered for {keys}. It sets the finalizer again on what is "
            "not deleted, and cleans up what is. Delete the resources and let it finish; or stop it first.",
            err=True,
        )


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise CommandError("Nothing was released. If all this may stay in AWS as it is, repeat the command with --yes.")
    if not typer.confirm("Release them, and leave all this in AWS as it is?"):
        raise CommandError("Nothing was released.")


async def _released(kube: KubeClient, found: Resource) -> bool:
    """Remove our finalizer and no other, from the very object that was shown; say how it went."""
    try:
        for _ in range(ATTEMPTS):
            resource = await kube.get(found.key)
            if resource is None or resource.uid != found.uid or not resource.claimed:
                typer.echo(f"{found.key}: nothing to do any more")
                return True
            others = tuple(name for name in resource.finalizers if name != FINALIZER)
            try:
                left = await kube.patch_finalizers(resource, others)
            except KubeConflictError:
                continue
            typer.echo(f"{found.key}: {_outcome(left)}")
            return True
    except KubeNotFoundError:
        typer.echo(f"{found.key}: nothing to do any more")
        return True
    except KubeError as error:
        typer.echo(f"{found.key}: NOT released. Cannot {error}", err=True)
        return False
    typer.echo(f"{found.key}: NOT released. Others change it all the time; is an operator running?", err=True)
    return False


def _outcome(left: Resource) -> str:
    if left.gone:
        return "released, and gone"
    if left.deleting:
        return f"released; still held by {', '.join(left.finalizers)}, which are not the operator's"
    return "released; it stays until somebody deletes it"
