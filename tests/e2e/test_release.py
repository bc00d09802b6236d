"""How are resources let go when the operator is gone for good?"""

import pytest

from e2e.harness.cli import command
from e2e.harness.stage import Alone
from rekognition_operator.core.tags import CLUSTER

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


def test_a_deleted_resource_without_an_operator_is_let_go_and_taken_back_later(alone: Alone) -> None:
    with alone() as scene:
        scene.operator.start()
        adapter = scene.adapter().apply()
        adapter.wait_ready()
        project, active = adapter.project_arn, adapter.active
        scene.operator.kill()
        adapter.delete()
        mark = scene.aws.mark()

        shown = command(scene, "release", "--all", "--dry-run")
        assert shown.code == 0
        assert project in shown.out
        assert adapter.exists

        released = command(scene, "release", "modad/storefront", "--yes")
        assert released.code == 0, released.err
        assert "WARNING" not in released.err
        adapter.wait_gone()
        assert scene.aws.mutations(since=mark) == []
        assert scene.aws.tags(project)[CLUSTER] == "sandbox"

        scene.operator.start()
        adapter.apply()
        adapter.wait_ready()
        assert (adapter.project_arn, adapter.active) == (project, active)
        assert adapter.trainings() == [active]
