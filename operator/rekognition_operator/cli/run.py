"""rekognition-operator run: the operator itself."""

import asyncio
import inspect
from typing import Annotated, Final

import typer

from rekognition_operator.cli.errors import CommandError
from rekognition_operator.controller.logs import configure_logging
from rekognition_operator.controller.settings import InvalidSettingsError, OperatorSettings, flag_of, variable_of
from rekognition_operator.kube.config import KubeConfigError

USAGE: Final = 2


def run(**flags: str | None) -> None:
    """Run the operator until it is stopped.

    Every setting is a flag or an environment variable; the flag wins. Credentials for AWS are found as by every AWS
    SDK: variables, a web identity, a profile, or the instance's role.
    """
    try:
        settings = OperatorSettings.read(**flags)
    except InvalidSettingsError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(USAGE) from None
    # Here, since all other commands, and --help, do without the libraries that the operator loads.
    from rekognition_operator.controller.app import Operator, OperatorFailedError  # noqa: PLC0415  # see above
    from rekognition_operator.controller.server import CannotListenError  # noqa: PLC0415  # see above

    async def serve() -> None:
        await Operator(settings).run()

    configure_logging(settings.log_format, settings.log_level)
    try:
        asyncio.run(serve())
    except (KubeConfigError, OperatorFailedError, CannotListenError) as error:
        raise CommandError(str(error)) from error


def _signature() -> inspect.Signature:
    """Make one flag of each setting: they are declared once, in the settings."""
    parameters = []
    for name, field in OperatorSettings.model_fields.items():
        facts = [] if field.is_required() or not field.default else [f"default: {field.default}"]
        facts.append(f"variable: {variable_of(name)}")
        text = f"{' '.join((field.description or '').split())} ({'; '.join(facts)})"
        option = typer.Option(flag_of(name), help=text, show_default=False, metavar=name.rpartition("_")[2].upper())
        annotation = Annotated[str | None, option]
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation))
    return inspect.Signature(parameters, return_annotation=None)


run.__signature__ = _signature()  # type: ignore[attr-defined]  # what typer reads
run.__annotations__ = {name: parameter.annotation for name, parameter in _signature().parameters.items()}
