#!/usr/bin/env python3
"""What follows from the charts, and what in them follows from the code? This writes it: `make charts`.

The definitions in the chart of the CRDs come from the models; the sandbox's `rbac.yaml` and the renderings that tests
compare with come from the chart, by helm. Tests compare what is committed with what would be written.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import yaml

from rekognition_operator.cli.crds import files
from rekognition_sandbox.controlplane.operator_setup import CLUSTER_NAME, OPERATOR_NAMESPACE
from rekognition_sandbox.controlplane.tools import find_tool

ROOT: Final = Path(__file__).parents[1]
CHART: Final = ROOT / "charts" / "rekognition-operator"
CRD_CHART: Final = ROOT / "charts" / "rekognition-operator-crds"
RBAC: Final = ROOT / "operator" / "rekognition_sandbox" / "controlplane" / "rbac.yaml"
RENDERINGS: Final = ROOT / "tests" / "data" / "charts"
RELEASE: Final = "rekognition-operator"

_RIGHTS: Final = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_RBAC_HEADER: Final = """\
# What may the operator do in the sandbox? What the chart gives it: exactly what it needs, so that a missing right shows
# here first. Generated from charts/rekognition-operator by `make charts`; do not edit.
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
"""


def value_sets() -> list[Path]:
    """Return the files with the values that the renderings are made of."""
    return sorted((RENDERINGS / "values").glob("*.yaml"))


def render(*arguments: str, chart: Path = CHART) -> str:
    """Return what helm makes of a chart.

    Raises
    ------
    subprocess.CalledProcessError
        It refuses; ``stderr`` says why.
    """
    command = [str(find_tool("helm")), "template", RELEASE, str(chart), "--namespace", OPERATOR_NAMESPACE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rendering(values: Path) -> str:
    """Return what helm makes of the operator's chart with these values."""
    return render("--values", str(values))


def objects(text: str) -> list[dict[str, object]]:
    """Return the objects of a rendering."""
    return [cast("dict[str, object]", item) for item in yaml.safe_load_all(text) if item]


def rbac() -> str:
    """Return the operator's account and rights as the chart has them, for the sandbox."""
    rendered = objects(render("--set", f"clusterName={CLUSTER_NAME}", "--set", "rbac.aggregateToDefaultRoles=false"))
    rights = [item for item in rendered if item["kind"] in _RIGHTS]
    return _RBAC_HEADER.format(namespace=OPERATOR_NAMESPACE) + "".join(
        f"---\n{yaml.safe_dump(item, sort_keys=False)}" for item in rights
    )


def written() -> Iterator[tuple[Path, str]]:
    """Give every generated file's path and content."""
    for name, content in files().items():
        yield CRD_CHART / "templates" / name, content
    yield RBAC, rbac()
    for values in value_sets():
        yield RENDERINGS / values.name, rendering(values)


if __name__ == "__main__":
    for path, content in written():
        path.write_text(content, encoding="utf-8")
