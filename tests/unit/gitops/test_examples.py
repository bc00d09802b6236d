"""Would the set-ups for Flux and Argo CD find what they name, with values and resources that are right?"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from rekognition_operator import __version__
from rekognition_operator.api.schema import API_VERSION
from rekognition_operator.core.resolve import parse_spec
from rekognition_sandbox.controlplane.kubectl import kubectl_path

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "gitops"
FLUX, ARGO = EXAMPLES / "flux", EXAMPLES / "argocd" / "apps"

OPERATOR_CHART = "charts/rekognition-operator"

Object = dict[str, Any]


def objects(folder: Path) -> Iterator[Object]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from (cast("Object", item) for item in yaml.safe_load_all(path.read_text("utf-8")))


def built(folder: Path) -> list[Object]:
    """Return what `kubectl kustomize` makes of a folder."""
    answer = subprocess.run([str(kubectl_path()), "kustomize", str(folder)], capture_output=True, text=True, check=True)
    return [cast("Object", item) for item in yaml.safe_load_all(answer.stdout)]


def releases() -> Iterator[tuple[str, Object]]:
    """Give the path of each chart that a set-up installs, and the values for it."""
    for item in objects(FLUX):
        if item["kind"] == "HelmRelease":
            yield item["spec"]["chart"]["spec"]["chart"], item["spec"].get("values", {})
    for item in objects(ARGO):
        source = item["spec"]["source"]
        if source["path"].startswith("charts/"):
            yield source["path"], source.get("helm", {}).get("valuesObject", {})


def test_every_chart_is_there_and_knows_the_values() -> None:
    found = list(releases())
    assert sorted(path for path, _ in found) == sorted(
        2 * ["charts/rekognition-operator", "charts/rekognition-operator-crds"]
    )
    schema = json.loads((ROOT / "charts/rekognition-operator/values.schema.json").read_text("utf-8"))
    for path, values in found:
        assert (ROOT / path / "Chart.yaml").exists()
        assert set(values) <= (set(schema["properties"]) if path.endswith("operator") else set())


@pytest.mark.parametrize("folder", [FLUX / "cluster", FLUX / "adapters"], ids=lambda path: path.name)
def test_kustomize_builds_what_flux_applies(folder: Path) -> None:
    assert len(built(folder)) == len([item for item in objects(folder) if not is_build_file(item)])


def is_build_file(item: Object) -> bool:
    return str(item["apiVersion"]).startswith("kustomize.config.k8s.io")


def test_the_resources_are_of_the_release_and_hold_no_sync_for_hours() -> None:
    ours = [item for item in built(FLUX / "adapters") if item["apiVersion"] == API_VERSION]
    assert ours
    for item in ours:
        assert parse_spec(item).ready_when == "Accepted"
        assert item["metadata"]["namespace"] == "trust-safety"


def test_the_definitions_come_before_the_operator_and_the_operator_before_the_resources() -> None:
    waves = {
        item["metadata"]["name"]: int(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for item in objects(ARGO)
    }
    assert sorted(waves, key=waves.__getitem__) == ["rekognition-operator-crds", "rekognition-operator", "adapters"]
    (operator,) = (
        item
        for item in objects(FLUX / "cluster")
        if item["kind"] == "HelmRelease" and item["metadata"]["name"] == "rekognition-operator"
    )
    assert operator["spec"]["dependsOn"] == [{"name": "rekognition-operator-crds"}]


def test_both_take_the_charts_of_this_release() -> None:
    tags = {
        item["spec"]["ref"]["tag"]
        for item in objects(FLUX)
        if item["kind"] == "GitRepository" and item["metadata"]["name"] == "rekognition-operator"
    }
    sources = [item["spec"]["source"] for item in objects(ARGO)]
    revisions = {source["targetRevision"] for source in sources if source["path"].startswith(OPERATOR_CHART)}
    assert tags == revisions == {f"v{__version__}"}
