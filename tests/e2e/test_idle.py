"""Is an operator quiet that has nothing to do: does it look at AWS, and write nothing?"""

import pytest

from e2e.harness.aws import BROKEN, PREFIX
from e2e.harness.cluster import body_text
from e2e.harness.reading import reason_of, roles
from e2e.harness.resource import Adapter
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
            everyone = (*looked_at, suspended)
            await_sweeps(looked_at, sweeps=1)  # the last write of each state may still be under way
            writes, marks = len(scene.cluster.operator_writes()), [adapter.scene.aws.mark() for adapter in everyone]
            states = [len(adapter.sightings) for adapter in everyone]

            await_sweeps(looked_at, sweeps=SWEEPS)

            new_writes = scene.cluster.operator_writes()[writes:]
            assert [f"{write} {body_text(write)}" for write in new_writes] == []
            for adapter, mark in zip(everyone, marks, strict=True):
                assert adapter.scene.aws.mutations(since=mark) == [], adapter.name
            assert [len(adapter.sightings) for adapter in everyone] == states


def await_sweeps(adapters: tuple[Adapter, ...], *, sweeps: int) -> None:
    """Return when each was looked at so many times more."""
    marks = {adapter.name: adapter.scene.aws.mark() for adapter in adapters}
    for adapter in adapters:
        adapter.wait_until(
            f"looked at {sweeps} times in {sweeps} sweeps",
            lambda adapter=adapter: len(looks(adapter, marks[adapter.name])) >= sweeps,  # type: ignore[misc]  # bound
            seconds=SWEEP_SECONDS * sweeps * 1.5 + 5,
        )


def looks(adapter: Adapter, since: int) -> list[int]:
    """Return the calls by which the operator has looked at the versions of one adapter's project."""
    calls = adapter.scene.aws.calls("DescribeProjectVersions", since=since)
    mine = [call for call in calls if f":project/{adapter.project_name}/" in str(call.parameters["ProjectArn"])]
    return [call.sequence for call in mine]
