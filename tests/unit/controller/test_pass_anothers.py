"""What becomes of a project or version that another owner has taken since the operator read its tags?"""

import pytest

from fakes.kube import Call
from rekognition_operator.aws.slots import SlotKind
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import Owner
from rekognition_operator.kube.resource import JsonObject
from unit.controller.stage import KEY, PROJECT, SPEC, VERSION, Stage, edited


async def test_a_project_that_another_took_since_its_tags_were_read_is_not_claimed(stage: Stage) -> None:
    arn = stage.aws.add_project(PROJECT, tags={t.RELEASED: "dr/ModerationAdapter/trust-safety/storefront"})
    stage.create()
    await stage.run()
    theirs = t.owner_tags(Owner("dr", KEY.kind, KEY.namespace, KEY.name))
    stage.aws.untag(arn, [t.RELEASED])
    stage.aws.tag(arn, theirs)
    stage.kube.edit_spec(KEY, {**SPEC, "adoption": {"policy": "IfUnowned"}})
    for _ in range(3):
        await stage.run()
        assert stage.effects == []
    assert stage.aws.project(arn).tags == theirs
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "ProjectOwnedByAnother"


@pytest.mark.parametrize("deletion", [{}, {"policy": "Delete"}, {"policy": "Delete", "foreignVersions": "Delete"}])
async def test_what_another_cluster_took_over_stays_as_it_is_when_the_resource_is_deleted(
    stage: Stage, deletion: JsonObject
) -> None:
    stage.create({**SPEC, "deletion": deletion})
    await stage.settle()
    project, version = stage.aws.project(PROJECT).arn, stage.aws.version(VERSION).arn
    for arn in (project, version):
        stage.aws.tag(arn, {t.CLUSTER: "dr"})
    before = dict(stage.aws.project(PROJECT).tags), dict(stage.aws.version(VERSION).tags)
    stage.kube.delete(KEY)
    for _ in range(4):
        await stage.run()
        assert stage.effects == []
    assert (dict(stage.aws.project(PROJECT).tags), dict(stage.aws.version(VERSION).tags)) == before
    assert stage.kube.read(KEY) is None


@pytest.mark.parametrize("deletion", [{}, {"policy": "Delete"}, {"policy": "Delete", "foreignVersions": "Delete"}])
async def test_what_another_cluster_takes_over_during_the_deletion_stays_as_it_is(
    stage: Stage, deletion: JsonObject
) -> None:
    stage.create({**SPEC, "deletion": deletion})
    await stage.settle()
    if "foreignVersions" in deletion:
        stage.aws.add_version(PROJECT, "by-hand")
    stage.kube.delete(KEY)
    project, version = stage.aws.project(PROJECT), stage.aws.version(VERSION)

    def take(call: Call) -> None:
        if call.method == "get":
            for arn in (project.arn, version.arn):
                stage.aws.tag(arn, {t.CLUSTER: "dr"})

    stage.kube.on_call = take
    for _ in range(4):
        await stage.run()
        assert stage.effects == []
    assert project.tags[t.CLUSTER] == version.tags[t.CLUSTER] == "dr"


async def test_an_empty_project_that_another_took_is_not_deleted(stage: Stage) -> None:
    stage.create({**SPEC, "deletion": {"policy": "Delete"}})
    await stage.run()
    stage.aws.advance()
    project = stage.aws.project(PROJECT).arn
    stage.kube.edit_spec(KEY, {**SPEC, "deletion": {"policy": "Delete"}, "suspend": True})
    await stage.run()
    stage.aws.tag(project, {t.CLUSTER: "dr"})
    stage.kube.edit_spec(KEY, {**SPEC, "deletion": {"policy": "Delete"}})
    stage.kube.delete(KEY)
    for _ in range(3):
        await stage.run()
        assert stage.effects == []
    assert stage.kube.read(KEY) is None


async def test_nothing_is_trained_in_a_project_that_another_took(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    stage.aws.tag(stage.aws.project(PROJECT).arn, {t.CLUSTER: "dr"})
    stage.kube.edit_spec(KEY, edited(80))
    for _ in range(3):
        await stage.run()
        assert stage.effects == []
    assert stage.slots.in_use(SlotKind.TRAINING) == 0
