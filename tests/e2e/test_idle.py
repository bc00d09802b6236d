"""Is an operator quiet that has nothing to do: does it look at AWS, and write nothing?"""

import pytest

from e2e.harness.cluster import body_text
from e2e.harness.data import BROKEN, PREFIX
from e2e.harness.hours import closed_until
from e2e.harness.reading import message_of, reason_of, roles
from e2e.harness.resource import Adapter, Model, Resource
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

SWEEPS = 3
SWEEP_SECONDS = 2


def test_an_idle_operator_looks_at_every_resource_in_each_sweep_and_writes_nothing(alone: Alone, stage: Stage) -> None:
    with alone(SWEEP_SECONDS=str(SWEEP_SECONDS), LIST_SECONDS="2", TRAINING_SLOTS="1") as scene:
        scene.operator.start()
        names = ("settled", "drifted", "stalled", "suspended", "foreign", "training")
        settled, drifted, stalled, suspended, foreign, training = (
            stage.another(scene).adapter(name, tags={"team": "trust-safety"}) for name in names
        )
        queued = Adapter(training.scene, "queued", training.spec)
        drifted.spec["driftPolicy"] = "Report"
        stalled.spec["training"]["trainingData"]["manifests"][0]["name"] = PREFIX + BROKEN
        for adapter in (settled, drifted, stalled, suspended, foreign):
            adapter.apply()
        for adapter in (settled, drifted, suspended, foreign):
            adapter.wait_ready()
        foreign.scene.aws.add_foreign_version(foreign.project_arn, "autoupdate-2027-01")
        suspended.edit(suspend=True, training={"confidenceThreshold": 70})
        drifted.scene.aws.tag(drifted.project_arn, {"team": "somebody-else"})
        drifted.look_now("a-tag-was-changed")

        stalled.wait_stalled("TrainingFailed")
        suspended.wait("Suspended", lambda seen: seen.holds("Suspended"))
        drifted.wait("Drifted", lambda seen: reason_of(seen, "Drifted") == "Reported")
        foreign.wait("Foreign", lambda seen: "Foreign" in roles(seen).values())
        with training.scene.aws.trainings_held():  # so that the training, and with it the queue, stays
            for adapter, reason in ((training, "Training"), (queued, "WaitingForQuota")):
                adapter.apply()
                adapter.wait_reconciling(reason)
            looked_at = (settled, drifted, stalled, foreign, training, queued)
            assert_quiet(scene, looked_at, (*looked_at, suspended))


def test_an_idle_operator_looks_at_every_model_in_each_sweep_and_writes_nothing(alone: Alone, stage: Stage) -> None:
    with alone(SWEEP_SECONDS=str(SWEEP_SECONDS), LIST_SECONDS="2") as scene:
        scene.operator.start()
        names = ("running", "stopped", "outside", "idle", "drifted", "failed", "suspended", "first")
        running, stopped, outside, idle, drifted, failed, suspended, first = (
            stage.another(scene).model(name) for name in names
        )
        second, queued = (Model(first.scene, name, first.spec) for name in ("second", "queued"))
        stopped.spec["serving"]["state"] = "Stopped"
        outside.spec["serving"]["schedule"] = closed_until(scene.aws.now).schedule
        idle.spec["serving"]["idleStop"] = {"after": "15m"}
        drifted.spec["driftPolicy"] = "Report"
        for model in (running, stopped, outside, idle, drifted, failed, suspended, first, second):
            model.apply()
        for model in (running, drifted, failed, suspended, first, second):
            model.wait_running()
        failed.scene.aws.control.fail_start(project_name=failed.project_name)
        failed.train_on_other_data()
        suspended.edit(suspend=True, serving={"state": "Stopped"})
        drifted.scene.aws.stop(drifted.active_arn)
        queued.apply()

        for model, reason in ((stopped, "Stopped"), (outside, "OutsideWindow"), (idle, "Idle")):
            model.wait_at_rest(reason)
        failed.wait_stalled("StartFailed")
        suspended.wait("Suspended", lambda seen: seen.holds("Suspended"))
        drifted.wait("stopped by others", lambda seen: "it is STOPPED" in message_of(seen, "Stalled"))
        queued.wait_reconciling("WaitingForQuota")
        looked_at = (running, stopped, outside, idle, drifted, failed, first, second, queued)
        with scene.aws.at_pace(1):  # else an hour of AWS goes by in 4 s, and hours are written once an hour
            assert_quiet(scene, looked_at, (*looked_at, suspended))


def assert_quiet(scene: Scene, looked_at: tuple[Resource, ...], everyone: tuple[Resource, ...]) -> None:
    """Fail where something is written while each resource that is not suspended is looked at in some sweeps."""
    await_sweeps(looked_at, sweeps=1)  # the last write of each state may still be under way
    writes, marks = len(scene.cluster.operator_writes()), [resource.scene.aws.mark() for resource in everyone]
    states = [len(resource.sightings) for resource in everyone]

    await_sweeps(looked_at, sweeps=SWEEPS)

    new_writes = scene.cluster.operator_writes()[writes:]
    assert [f"{write} {body_text(write)}" for write in new_writes] == []
    for resource, mark in zip(everyone, marks, strict=True):
        assert resource.scene.aws.mutations(since=mark) == [], resource.name
    assert [len(resource.sightings) for resource in everyone] == states


def await_sweeps(resources: tuple[Resource, ...], *, sweeps: int) -> None:
    """Return when each was looked at so many times more."""
    marks = {resource.name: resource.scene.aws.mark() for resource in resources}
    for resource in resources:
        resource.wait_until(
            f"looked at {sweeps} times in {sweeps} sweeps",
            lambda resource=resource: len(looks(resource, marks[resource.name])) >= sweeps,  # type: ignore[misc]  # bound
            seconds=SWEEP_SECONDS * sweeps * 1.5 + 5,
        )


def looks(resource: Resource, since: int) -> list[int]:
    """Return the calls by which the operator has looked at the versions of one resource's project."""
    calls = resource.scene.aws.calls("DescribeProjectVersions", since=since)
    mine = [call for call in calls if f":project/{resource.project_name}/" in str(call.parameters["ProjectArn"])]
    return [call.sequence for call in mine]
