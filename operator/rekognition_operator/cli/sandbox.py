"""How is the sandbox brought up, watched and taken down from the command line?

Thin over ``rekognition_sandbox``, which is imported when a command needs it: the product works without the extra.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from rekognition_operator.cli.errors import CommandError

DEFAULT_DIRECTORY: Final = Path(".sandbox")
DEFAULT_TIME_SCALE: Final = 600.0
NEEDED: Final = ("cryptography", "moto", "PIL")
"""Modules that only the extra ``sandbox`` installs."""

app = typer.Typer(
    help="A control plane, an emulated AWS and the operator, on loopback ports of this machine.", no_args_is_help=True
)

Directory = Annotated[Path, typer.Option("--dir", help="Where the sandbox lives: env, kubeconfig, logs.")]


@app.command()
def up(
    directory: Directory = DEFAULT_DIRECTORY,
    operator: Annotated[bool, typer.Option("--operator/--no-operator", help="Whether the operator runs in it.")] = True,
    time_scale: Annotated[
        float, typer.Option(min=0.001, help="How many times faster than the clock AWS works: 600 trains in about 3 s.")
    ] = DEFAULT_TIME_SCALE,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when all is ready; stop it by sandbox down.")
    ] = False,
) -> None:
    """Start the sandbox, and keep it up until Ctrl-C."""
    with _errors_of_the_sandbox():
        from rekognition_sandbox.controlplane import sandbox  # noqa: PLC0415  # only with the extra

        sandbox.up(directory, operator=operator, time_scale=time_scale, detach=detach)


@app.command()
def down(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Stop exactly what sandbox up started."""
    with _errors_of_the_sandbox():
        from rekognition_sandbox.controlplane import sandbox  # noqa: PLC0415  # only with the extra

        stopped = sandbox.down(directory)
    for record in stopped:
        typer.echo(f"Stopped {record.name} (pid {record.pid})")
    if not stopped:
        typer.echo(f"Nothing ran in {directory}.")


@app.command()
def status(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Show what runs, where it listens, and where its logs are; exit with 1 unless all of it runs."""
    with _errors_of_the_sandbox():
        from rekognition_sandbox.controlplane import sandbox  # noqa: PLC0415  # only with the extra

        found = sandbox.status(directory)
    typer.echo(str(found))
    if not found.up:
        raise typer.Exit(1)


@contextmanager
def _errors_of_the_sandbox() -> Iterator[None]:
    """Say which packages are missing, and turn the sandbox's errors into those of a command."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise CommandError(
            f"The sandbox needs Python packages that are not installed ({', '.join(missing)}). "
            "Install them: pip install 'rekognition-operator[sandbox]'"
        )
    from rekognition_sandbox.controlplane.errors import SandboxError  # noqa: PLC0415  # only with the extra

    try:
        yield
    except SandboxError as error:
        raise CommandError(str(error)) from error
