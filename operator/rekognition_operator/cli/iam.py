"""Which IAM policy does the operator, or an application, need? Printed, or written as files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rekognition_operator.aws.policies import NAMES, Scope, document
from rekognition_operator.cli.errors import CommandError


def files() -> dict[str, str]:
    """Return the name and the content of every file in ``iam/``, with placeholders in capitals."""
    return {f"{name}.json": _render(name, Scope()) for name in NAMES}


def iam(
    policy: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")] = "operator",
    account: Annotated[str | None, typer.Option(help="12 digits of the AWS account.")] = None,
    region: Annotated[str | None, typer.Option(help="Region of the projects.")] = None,
    bucket: Annotated[list[str] | None, typer.Option(help="A bucket of data or output; may be repeated.")] = None,
    kms_key: Annotated[list[str] | None, typer.Option(help="ARN of a KMS key; may be repeated.")] = None,
    project_prefix: Annotated[
        str | None, typer.Option(help="How names of projects begin: '<cluster-name>.', or '' for all.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="ARN of an AWSIdentity's role; may be repeated.")] = None,
    operator_role: Annotated[str | None, typer.Option(help="ARN of the operator's role (trust-identity).")] = None,
    external_id: Annotated[str | None, typer.Option(help="External id of an AWSIdentity (trust-identity).")] = None,
    namespace: Annotated[str | None, typer.Option(help="Namespace that may use the role (trust-identity).")] = None,
    oidc_provider: Annotated[
        str | None, typer.Option(help="The cluster's issuer without https:// (trust-irsa).")
    ] = None,
    service_account: Annotated[
        str | None, typer.Option(help="<namespace>:<name> of the operator's (trust-irsa).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write every policy, with placeholders, into this folder; nothing to stdout.")
    ] = None,
) -> None:
    """Print an IAM policy; what no option names stays a placeholder in capitals."""
    if output is not None:
        _write(output)
        return
    if policy not in NAMES:
        raise CommandError(f"There is no policy {policy!r}. Use one of: {', '.join(NAMES)}.")
    places = Scope()
    scope = Scope(
        account=account or places.account,
        region=region or places.region,
        project_prefix=places.project_prefix if project_prefix is None else project_prefix,
        buckets=tuple(bucket or places.buckets),
        kms_keys=tuple(kms_key or ()),
        roles=tuple(role or ()),
        operator_role=operator_role or places.operator_role,
        external_id=external_id or places.external_id,
        namespace=namespace or places.namespace,
        oidc_provider=oidc_provider or places.oidc_provider,
        service_account=service_account or places.service_account,
    )
    typer.echo(_render(policy, scope), nl=False)


def _render(name: str, scope: Scope) -> str:
    return json.dumps(document(name, scope), indent=2) + "\n"


def _write(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files().items():
            (output / name).write_text(content, encoding="utf-8")
            typer.echo(f"Wrote {output / name}", err=True)
    except OSError as error:
        raise CommandError(
            f"Cannot write the policies to {output}: {error.strerror or error}. "
            "Name a folder that you may write to, such as --output iam."
        ) from error
