"""Which commands does rekognition-operator have, and how do they end?

Exit codes: 0 done, 1 failed (one clear message on stderr), 2 wrong usage; a command may have more of its own.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from rekognition_operator import __version__
from rekognition_operator.cli import crds, detect, iam, release, report, run, sandbox
from rekognition_operator.cli.errors import CommandError

PROGRAM: Final = "rekognition-operator"
TRACEBACK_VARIABLE: Final = "REKOGNITION_OPERATOR_TRACEBACK"
FAILED: Final = 1

app = typer.Typer(
    name=PROGRAM,
    help="GitOps for Amazon Rekognition: Custom Moderation adapters and Custom Labels models as Kubernetes resources.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # main() says in one message what went wrong
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # the signature is typer's
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # the callback does the work
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("crds")(crds.crds)
app.command("iam")(iam.iam)
app.command("detect")(detect.detect)
app.command("report")(report.report)
app.command("release")(release.release)
app.add_typer(sandbox.app, name="sandbox")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that ``arguments`` (default: those of the process) name; always ends in SystemExit."""
    try:
        app(args=arguments, prog_name=PROGRAM)
    except CommandError as error:
        _complain(str(error))
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  # the last resort: nobody shall have to read a traceback
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        _complain(
            f"{type(error).__name__}: {error}\nThis is a bug in {PROGRAM}. Run it again with {TRACEBACK_VARIABLE}=1 "
            "to see where, and report that."
        )
        sys.exit(FAILED)


def _complain(message: str) -> None:
    """Print an error without folding its lines: they may hold a command to copy."""
    console = Console(stderr=True, highlight=False)
    console.print(Text("Error: ", style="bold red").append(message, style="default"), soft_wrap=True)
