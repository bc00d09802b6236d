"""rekognition-operator report: one page about a resource, for people who would rather look than read."""

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.resource import VersionStatus
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.cli.aws import rekognition, told
from rekognition_operator.cli.errors import CommandError
from rekognition_operator.cli.resources import (
    ContextOption,
    NamespaceOption,
    ReferenceArgument,
    Shown,
    VersionOption,
    ask_cluster,
    chosen_version,
    read,
)
from rekognition_operator.core.evaluation import MAX_SUMMARY_BYTES, Evaluation, UnreadableSummaryError, parse_evaluation
from rekognition_operator.core.world import Feature
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.report.content import Looked, content

NEEDED: Final = ("jinja2", "matplotlib")
"""Modules that only the extra ``report`` installs."""


def report(
    resource: ReferenceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")] = Path("report.html"),
    namespace: NamespaceOption = None,
    context: ContextOption = None,
    version: VersionOption = None,
) -> None:
    """Write a page about a resource: its versions and gates, and how the one in service compares with the base model.

    The page is one file that needs no network. Reads the evaluation summary from Amazon S3 with your own AWS account.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise CommandError(
            f"The report needs Python packages that are not installed ({', '.join(missing)}). "
            "Install them: pip install 'rekognition-operator[report]'"
        )

    async def look(kube: KubeClient, home: str) -> tuple[Shown, Looked | None]:
        shown = await read(kube, resource, home)
        return shown, await _look_closely(shown, version)

    shown, looked = ask_cluster(context, namespace, look)
    _write(output, shown, looked)
    if looked is not None and looked.problem is not None:
        typer.echo(f"Warning: the page is without the evaluation. {looked.problem}", err=True)
    typer.echo(f"Wrote {output}", err=True)


async def _look_closely(shown: Shown, name: str | None) -> Looked | None:
    """Read the evaluation of the version of that name, or else of the one in service, if there is one."""
    if name is None and shown.status.active is None:
        return None
    chosen = chosen_version(shown, name)
    version = next((known for known in shown.status.versions or () if known.arn == chosen.arn), None)
    try:
        return Looked(chosen.name, await _evaluation(shown, version, chosen.region))
    except CallError as error:
        return Looked(chosen.name, problem=f"The evaluation summary of version {chosen.name}: {told(error)}")
    except (UnreadableSummaryError, _NoSummaryError) as error:
        return Looked(chosen.name, problem=f"Version {chosen.name}: {error}.")


class _NoSummaryError(Exception):
    """AWS has written no evaluation summary of the version."""


async def _evaluation(shown: Shown, version: VersionStatus | None, region: str) -> Evaluation:
    place = version.evaluation_summary if version is not None else None
    if place is None:
        raise _NoSummaryError("AWS names no evaluation summary: it writes one when training has succeeded")
    async with rekognition(region) as aws:
        summary = await aws.objects.read(place.bucket, place.name, max_bytes=MAX_SUMMARY_BYTES, lane=Lane.CHANGE)
    feature = Feature.CUSTOM_LABELS if shown.kind is CustomLabelsModel else Feature.CONTENT_MODERATION
    return parse_evaluation(summary, feature)


def _write(output: Path, shown: Shown, looked: Looked | None) -> None:
    from rekognition_operator.report.page import render  # noqa: PLC0415  # only with the extra

    page = render(content(str(shown.key), shown.status, looked, datetime.now(UTC)))
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"Cannot write {output}: {error.strerror or error}. Name a file that you may write: --output report.html"
        ) from error
