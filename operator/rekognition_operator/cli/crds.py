"""How do the CustomResourceDefinitions get from the models into files, or onto standard output?"""

from pathlib import Path
from typing import Annotated, Final, cast

import typer
import yaml

from rekognition_operator.api.crd import all_crds
from rekognition_operator.api.lowering import JsonObject
from rekognition_operator.cli.errors import CommandError

HEADER: Final = "# Generated from the models of rekognition-operator by `make crds`; do not edit.\n"


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: no anchors, and list items indented below their key."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT  # PyYAML's
        super().increase_indent(flow, indentless=False)


def render(crd: JsonObject) -> str:
    """Return a definition as a YAML document, the same text on every run."""
    body: str = yaml.dump(crd, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return f"{HEADER}---\n{body}"


def files() -> dict[str, str]:
    """Return the name and the content of every file that ``crds --output`` writes: ``<group>_<plural>.yaml``."""
    return {_file_name(crd): render(crd) for crd in all_crds()}


def crds(
    output: Annotated[
        Path | None, typer.Option(help="Write one file for each definition into this folder, and nothing to stdout.")
    ] = None,
) -> None:
    """Print the CustomResourceDefinitions, for kubectl apply -f - or for files."""
    if output is None:
        typer.echo("".join(files().values()), nl=False)
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files().items():
            (output / name).write_text(content, encoding="utf-8")
            typer.echo(f"Wrote {output / name}", err=True)
    except OSError as error:
        raise CommandError(
            f"Cannot write the definitions to {output}: {error.strerror or error}. "
            "Name a folder that you may write to, such as --output crds."
        ) from error


def _file_name(crd: JsonObject) -> str:
    """Return ``<group>_<plural>.yaml``, which the kubebuilder world calls a definition's file."""
    metadata = cast("dict[str, str]", crd["metadata"])
    plural, _, group = metadata["name"].partition(".")
    return f"{group}_{plural}.yaml"
