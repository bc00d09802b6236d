"""What does the operator do when its CustomResourceDefinitions are not there yet, or are taken away?"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml

from e2e.harness.cluster import Cluster
from e2e.harness.operator import OperatorProcess
from e2e.harness.stage import Stage
from e2e.harness.together import Together
from e2e.harness.waiting import wait_for
from e2e.harness.watching import Watcher
from rekognition_operator.api.crd import all_crds
from rekognition_sandbox.controlplane import sandbox
from rekognition_sandbox.controlplane.plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

CRD = "moderationadapters.rekognition-operator.io"


@pytest.fixture(scope="module")
def bare_plane(tmp_path_factory: pytest.TempPathFactory, together: Together) -> Iterator[ControlPlane]:
    """Give a control plane that knows the operator's account and rights, and none of its definitions."""
    together.wait()
    with ControlPlane(tmp_path_factory.mktemp("bare")) as plane:
        rules = Path(sandbox.__file__).with_name("rbac.yaml").read_text(encoding="utf-8")
        for manifest in yaml.safe_load_all(rules):
            plane.client.apply(cast("dict[str, object]", manifest))
        yield plane


def test_the_operator_waits_for_its_definitions_then_works_and_ends_when_they_are_taken_away(
    bare_plane: ControlPlane, stage: Stage, tmp_path: Path
) -> None:
    operator = OperatorProcess(bare_plane, stage.emulator.url, tmp_path)
    with Watcher(bare_plane.client) as watcher:
        cluster = Cluster(bare_plane, watcher, tmp_path)
        scene = stage.elsewhere(cluster, operator, "definitions")
        try:
            operator.start(wait_ready=False)
            await_answer(operator, 503, "ModerationAdapter")
            assert operator.probe("/healthz")[0] == 200

            bare_plane.client.apply_crds(all_crds())
            await_answer(operator, 200, "")
            adapter = scene.adapter(deletion={"policy": "Orphan"}).apply()
            adapter.wait_ready()
            adapter.delete()
            adapter.wait_gone()

            cluster.kubectl("delete", "crd", CRD)
            assert operator.exit_code(within_seconds=60) == 1
            assert "ModerationAdapter" in operator.log(), operator.log()
            assert "Traceback" not in operator.log()
        finally:
            operator.stop()


def await_answer(operator: OperatorProcess, status: int, text: str) -> None:
    """Return when /readyz answers this status with this text."""

    def answered() -> bool:
        got, said = operator.probe("/readyz")
        return got == status and text in said

    wait_for(f"/readyz answers {status} {text}", answered, deadline_seconds=60, diagnose=operator.log)
