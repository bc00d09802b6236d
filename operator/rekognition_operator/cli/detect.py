"""rekognition-operator detect: what does the version in service say about images?

Exit codes: 0 it answered, 1 it did not for at least one image, 2 wrong usage, 3 the base model answered in its place,
for at least one image, whatever became of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from rekognition_operator.api.kinds import Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.gateway import Rekognition
from rekognition_operator.cli.answers import Answer, AnsweredBy, Question, ask
from rekognition_operator.cli.aws import rekognition, told
from rekognition_operator.cli.errors import CommandError
from rekognition_operator.cli.images import ImageArgument, read_images
from rekognition_operator.cli.refusals import explained
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
from rekognition_operator.cli.tables import show
from rekognition_operator.core.detected import HumanLoop
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.errors import KubeError
from rekognition_operator.kube.last_use import Annotates, mark_used
from rekognition_operator.kube.resource import ResourceKey

FAILED: Final = 1
BASE_MODEL_ANSWERED: Final = 3
CONTENT_CLASSIFIERS: Final = ("FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent")
"""What DataAttributes.ContentClassifiers may say (API reference, HumanLoopDataAttributes)."""


class Output(StrEnum):
    """The form of the answers."""

    TABLE = "table"
    JSON = "json"


def detect(
    resource: ReferenceArgument,
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Image files, or objects in Amazon S3: s3://BUCKET/KEY.")
    ],
    namespace: NamespaceOption = None,
    context: ContextOption = None,
    version: VersionOption = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="Leave labels out of which the model is less sure, in percent; default: AWS's own (50 for adapters).",
        ),
    ] = None,
    compare_base: Annotated[
        bool, typer.Option("--compare-base", help="Ask the base model as well (adapters; a second call, billed).")
    ] = False,
    human_loop_name: Annotated[
        str | None, typer.Option(help="Name of the human loop to start (adapters; with --flow-definition-arn).")
    ] = None,
    flow_definition_arn: Annotated[
        str | None, typer.Option(help="ARN of the flow definition in Amazon Augmented AI that the loop follows.")
    ] = None,
    content_classifiers: Annotated[
        list[str] | None,
        typer.Option(help=f"What the image is free of: {', '.join(CONTENT_CLASSIFIERS)}; repeated, or with commas."),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="A table for people, or a line of JSON for each image.")
    ] = Output.TABLE,
) -> None:
    """Ask the version in service about images, and see who answers. Each call is billed by AWS.

    Exits with 3 where the base model answered instead of the adapter, and else with 1 where an image got no answer.
    """
    human_loop = _human_loop(human_loop_name, flow_definition_arn, content_classifiers or [])
    _check_usage(resource.kind, images, human_loop, compare_base=compare_base)
    read_in = read_images(images, resource.kind)

    async def work(kube: KubeClient, home: str) -> list[Answer | None]:
        shown = await read(kube, resource, home)
        question = Question(shown.kind, chosen_version(shown, version), min_confidence, compare_base, human_loop)
        try:
            async with rekognition(question.version.region) as aws:
                return await Detecting(aws, kube, shown, question, output).all(read_in)
        except CallError as error:
            raise CommandError(f"AWS cannot be asked in {question.version.region}. {told(error)}") from error

    answers = ask_cluster(context, namespace, work)
    if any(answer is not None and answer.answered_by is AnsweredBy.BASE_MODEL for answer in answers):
        raise typer.Exit(BASE_MODEL_ANSWERED)
    if None in answers:
        raise typer.Exit(FAILED)


@dataclass(frozen=True)
class Detecting:
    """Asks one version about images, one after the other, and tells each answer as it comes."""

    aws: Rekognition
    kube: Annotates
    shown: Shown
    question: Question
    output: Output

    async def all(self, images: Sequence[ImageArgument]) -> list[Answer | None]:
        """Return the answers; None for an image that got none."""
        answers = [await self._one(image) for image in images]
        if self.shown.kind is not ModerationAdapter and self.question.version.in_service and any(answers):
            await self._mark_used()
        return answers

    async def _one(self, image: ImageArgument) -> Answer | None:
        try:
            answer = await ask(self.aws.detection, self.question, image)
        except CallError as error:
            _say(f"{image.name}: {explained(error, self.shown, self.question.version)}", "Error: ", "bold red")
            return None
        if self.output is Output.JSON:
            typer.echo(answer.as_json())
        else:
            show(Console(highlight=False), answer)
        if answer.answered_by is AnsweredBy.BASE_MODEL:
            _say(self._not_the_adapter(image), "WARNING: ", "bold red")
        return answer

    def _not_the_adapter(self, image: ImageArgument) -> str:
        version = self.question.version
        if version.in_service:
            remedy = f"See what the operator does about it: kubectl describe {_addressed(self.shown.key)}"
        else:
            remedy = "Ask the one in service: leave --version out."
        return (
            f"{image.name}: the BASE MODEL answered, not version {version.name}. AWS does so, without an error, once "
            f"an adapter has expired: its answer has no ProjectVersion. Whoever calls {version.arn} gets the base "
            f"model. {remedy}"
        )

    async def _mark_used(self) -> None:
        try:
            await mark_used(self.kube, self.shown.resource, datetime.now(UTC))
        except KubeError as error:
            _say(
                f"The use of {self.shown.key} could not be noted ({error}), so spec.serving.idleStop may take it for "
                f"idle. Your account in the cluster needs patch on {self.shown.kind.plural}.",
                "Warning: ",
                "bold yellow",
            )


def _addressed(key: ResourceKey) -> str:
    return f"{key.kind.lower()} -n {key.namespace} {key.name}"


def _human_loop(name: str | None, flow_definition_arn: str | None, classifiers: list[str]) -> HumanLoop | None:
    chosen = [word.strip() for listed in classifiers for word in listed.split(",") if word.strip()]
    unknown = [word for word in chosen if word not in CONTENT_CLASSIFIERS]
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(unknown)}: there are only {' and '.join(CONTENT_CLASSIFIERS)}",
            param_hint="--content-classifiers",
        )
    if name is not None and flow_definition_arn is not None:
        return HumanLoop(name, flow_definition_arn, tuple(chosen))
    if name is not None or flow_definition_arn is not None:
        raise typer.BadParameter(
            "a human loop needs both its name and its flow: give the other one, too, or neither",
            param_hint="--human-loop-name, --flow-definition-arn",
        )
    if chosen:
        raise typer.BadParameter(
            "they go with a human loop: give --human-loop-name and --flow-definition-arn, or leave them out",
            param_hint="--content-classifiers",
        )
    return None


def _check_usage(kind: Kind, images: list[str], human_loop: HumanLoop | None, *, compare_base: bool) -> None:
    if kind is not ModerationAdapter and (human_loop is not None or compare_base):
        raise typer.BadParameter(
            f"a {kind.kind} has no base model and no human loops: leave it out",
            param_hint="--compare-base" if compare_base else "--human-loop-name",
        )
    if human_loop is not None and len(images) > 1:
        raise typer.BadParameter(
            "AWS takes the name of a human loop once: ask about one image at a time", param_hint="--human-loop-name"
        )


def _say(message: str, title: str, style: str) -> None:
    """Print on stderr, without folding: it may hold a command to copy."""
    console = Console(stderr=True, highlight=False)
    console.print(Text(title, style=style).append(message, style="default"), soft_wrap=True)
