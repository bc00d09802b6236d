"""What happens in AWS when a resource is deleted, and which ways out are there?"""

from datetime import datetime

import pytest

from e2e.harness.cluster import body_text
from e2e.harness.commands import command_in
from e2e.harness.reading import message_of, reason_of
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from rekognition_operator.core.tags import CLUSTER, OWNER_KEYS, RELEASED
from rekognition_operator.kube.resource import FINALIZER
from rekognition_sandbox.controlplane.audit import AuditRecord, select
from rekognition_sandbox.emulator.state import VersionStatus

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

BLOCKED = {"policy": "Delete", "foreignVersions": "Block"}


@pytest.mark.story
def test_delete_removes_versions_then_project_and_lets_the_resource_go_last(scene: Scene) -> None:
    adapter = trained_twice(scene.adapter(deletion={"policy": "Delete"}))
    mark = scene.aws.mark()

    adapter.delete()
    adapter.wait_gone()

    deletions = [call for call in scene.aws.mutations(since=mark) if call.effect]
    assert [call.operation for call in deletions] == ["DeleteProjectVersion", "DeleteProjectVersion", "DeleteProject"]
    assert scene.aws.project_arns(adapter.project_name) == []
    release = adapter.wait_until("the audit log has the end of the finalizer", lambda: release_of(scene))
    last_look = scene.aws.calls("DescribeProjects")[-1]
    assert last_look.arrived_at < datetime.fromisoformat(release.at)


@pytest.mark.story
def test_what_retain_left_is_taken_back_by_the_same_resource_without_training(scene: Scene) -> None:
    adapter = scene.adapter(tags={"team": "trust-safety"}).apply()
    adapter.wait_ready()
    project, version, name = adapter.project_arn, adapter.active_arn, adapter.active

    adapter.delete()
    adapter.wait_gone()

    for arn in (project, version):
        tags = scene.aws.tags(arn)
        assert tags[RELEASED] == f"sandbox/ModerationAdapter/{scene.namespace}/storefront"
        assert not tags.keys() & set(OWNER_KEYS)
        assert tags["team"] == "trust-safety"

    adapter.apply()
    adapter.wait_ready()

    assert (adapter.project_arn, adapter.active_arn) == (project, version)
    assert adapter.trainings() == [name]
    assert RELEASED not in scene.aws.tags(project)
    assert RELEASED not in scene.aws.tags(version)


@pytest.mark.story
def test_what_retain_left_is_not_taken_by_another_resource(scene: Scene) -> None:
    first = scene.adapter("first", projectName="catalogue").apply()
    first.wait_ready()
    first.delete()
    first.wait_gone()

    second = scene.adapter("second", projectName="catalogue").apply()
    stalled = second.wait_stalled("ProjectOwnedByAnother")

    assert f"released by sandbox/ModerationAdapter/{scene.namespace}/first" in stalled["message"]


@pytest.mark.story
def test_orphan_touches_nothing(scene: Scene) -> None:
    adapter = scene.adapter(deletion={"policy": "Orphan"}).apply()
    adapter.wait_ready()
    project, mark = adapter.project_arn, scene.aws.mark()

    adapter.delete()
    adapter.wait_gone()

    assert scene.aws.mutations(since=mark) == []
    assert scene.aws.tags(project)[CLUSTER] == "sandbox"


@pytest.mark.story
def test_foreign_versions_block_a_deletion_until_they_are_released(scene: Scene) -> None:
    adapter = scene.adapter(deletion=BLOCKED).apply()
    adapter.wait_ready()
    project, own = adapter.project_arn, adapter.active_arn
    foreign = scene.aws.add_foreign_version(project, "by-hand")
    mark = scene.aws.mark()

    adapter.delete()
    stalled = adapter.wait_stalled("ForeignVersions")

    assert "by-hand" in stalled["message"]
    assert f"kubectl patch moderationadapter -n {scene.namespace} storefront --type merge -p" in stalled["message"]
    assert scene.aws.mutations(since=mark) == []

    scene.cluster.kubectl(*command_in(stalled["message"], "kubectl patch"))
    adapter.wait_gone()

    assert [version["ProjectVersionArn"] for version in scene.aws.versions(project)] == [foreign]
    assert own not in {version["ProjectVersionArn"] for version in scene.aws.versions(project)}
    assert RELEASED in scene.aws.tags(project)


@pytest.mark.story
def test_foreign_versions_are_deleted_too_where_the_resource_says_so(scene: Scene) -> None:
    adapter = scene.adapter(deletion={"policy": "Delete", "foreignVersions": "Delete"}).apply()
    adapter.wait_ready()
    scene.aws.add_foreign_version(adapter.project_arn, "by-hand")

    adapter.delete()
    adapter.wait_gone()

    assert scene.aws.project_arns(adapter.project_name) == []


@pytest.mark.story
def test_the_printed_command_lets_a_resource_go_that_aws_will_not_let_delete(scene: Scene) -> None:
    adapter = scene.adapter(deletion={"policy": "Delete"}).apply()
    adapter.wait_ready()
    project = adapter.project_arn
    scene.aws.control.fail("DeleteProjectVersion", "AccessDeniedException", "no", region=scene.aws.region)

    adapter.delete()
    denied = adapter.wait("denied", lambda seen: reason_of(seen, "Stalled") == "AccessDenied")
    scene.cluster.kubectl(*command_in(message_of(denied, "Stalled"), "kubectl annotate"))
    adapter.wait_gone()

    assert len(scene.aws.versions(project)) == 1


@pytest.mark.story
def test_delete_waits_for_a_training_and_then_deletes_it(scene: Scene) -> None:
    adapter = scene.adapter(deletion={"policy": "Delete", "foreignVersions": "Delete"}).apply()
    adapter.wait_ready()
    # It trains until it is told to end, however slow this machine is.
    training = scene.aws.add_foreign_version(adapter.project_arn, "endless", in_training=True)

    adapter.delete()
    waiting = adapter.wait_reconciling("WaitingForTraining")
    assert "spec.deletion.policy to Retain or Orphan" in waiting["message"]
    scene.aws.control.set_version(training, status=VersionStatus.TRAINING_COMPLETED)
    adapter.wait_gone()

    assert scene.aws.project_arns(adapter.project_name) == []
    assert {call.outcome for call in scene.aws.calls("DeleteProjectVersion")} == {"ok"}


@pytest.mark.story
def test_retain_lets_a_resource_go_at_once_while_a_version_trains(scene: Scene) -> None:
    with scene.aws.trainings_held():
        adapter = scene.adapter().apply()
        adapter.wait_training()
        project = adapter.project_arn

        adapter.delete()
        adapter.wait_gone()

        (version,) = scene.aws.versions(project)
        assert version["Status"] == "TRAINING_IN_PROGRESS"
        assert RELEASED in scene.aws.tags(version["ProjectVersionArn"])


@pytest.mark.story
def test_a_suspended_resource_that_is_deleted_waits_until_it_goes_on(scene: Scene) -> None:
    adapter = scene.adapter(deletion={"policy": "Delete"}).apply()
    adapter.wait_ready()
    adapter.edit(suspend=True)
    adapter.wait("Suspended", lambda seen: seen.holds("Suspended"))
    mark = scene.aws.mark()

    adapter.delete()
    held = adapter.wait("held", lambda seen: "the deletion waits" in message_of(seen, "Suspended"))
    assert "deletion.policy: Orphan" in message_of(held, "Suspended")
    assert scene.aws.mutations(since=mark) == []

    adapter.edit(suspend=False)
    adapter.wait_gone()

    assert scene.aws.project_arns(adapter.project_name) == []


@pytest.mark.story
def test_a_resource_that_never_owned_its_project_leaves_it_alone(scene: Scene) -> None:
    project = scene.aws.create_project("catalogue")
    adapter = scene.adapter(projectName="catalogue", deletion={"policy": "Delete"}).apply()
    adapter.wait_stalled("ProjectOwnedByAnother")

    adapter.delete()
    adapter.wait_gone()

    assert scene.aws.mutations() == []
    assert scene.aws.project_arns("catalogue") == [project]


def release_of(scene: Scene) -> AuditRecord | None:
    """Return the request by which the operator let a resource of the story go."""
    patches = select(scene.cluster.operator_writes(namespace=scene.namespace), subresource="", verbs=["patch"])
    return next((patch for patch in patches if FINALIZER not in body_text(patch)), None)


def trained_twice(adapter: Adapter) -> Adapter:
    """Apply an adapter and edit it, so that it has a superseded version and one in service."""
    adapter.apply()
    adapter.wait_ready()
    adapter.train_on(confidenceThreshold=70)
    adapter.wait_ready()
    return adapter
