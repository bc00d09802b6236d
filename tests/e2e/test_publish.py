"""Does the ConfigMap that applications read name the version in service, and never one that is of no use?"""

import pytest

from e2e.harness.commands import command_in
from e2e.harness.reading import active_of, reason_of
from e2e.harness.resource import Adapter, Resource
from e2e.harness.scene import Scene
from rekognition_sandbox.emulator.state import VersionStatus

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

NAME = "storefront-adapter"
PUBLISH = {"configMap": {"name": NAME}}


@pytest.mark.story
def test_the_version_in_service_is_published_at_its_promotion_and_not_before(scene: Scene) -> None:
    with scene.aws.trainings_held():
        adapter = scene.adapter(publish=PUBLISH).apply()
        adapter.wait_training()
        adapter.wait_until("it names none yet", lambda: data(adapter).get("reason") == "NoVersionInService")
        assert data(adapter)["projectVersionArn"] == ""
    adapter.wait_ready()
    first = adapter.active_arn
    named = wait_named(adapter, first)
    assert (named["versionName"], named["region"], named["reason"]) == (adapter.active, scene.aws.region, "InService")
    assert named["confidenceThreshold"] == "60"
    assert named["baseModelVersion"]
    assert named["promotedAt"] == adapter.now.status["active"]["since"]

    with scene.aws.trainings_held():
        adapter.train_on(confidenceThreshold=70)
        adapter.wait_training()
        assert data(adapter) == named, "a training changes nothing for who reads it"
    adapter.wait_ready()
    assert wait_named(adapter, adapter.active_arn)["confidenceThreshold"] == "70"
    adapter.wait_until("both are told", lambda: adapter.event_reasons.count("Published") == 2)
    assert writes(adapter) == ["create", "patch", "patch"]


@pytest.mark.story
def test_an_adapter_that_expires_is_withdrawn_with_the_reason(scene: Scene) -> None:
    adapter = scene.adapter(publish=PUBLISH).apply()
    adapter.wait_ready()
    expired = adapter.active
    wait_named(adapter, adapter.active_arn)

    with scene.aws.trainings_held():
        scene.aws.control.set_version(adapter.active_arn, status=VersionStatus.EXPIRED)
        adapter.wait_until("it is withdrawn", lambda: data(adapter)["reason"] == "AdapterExpired")
        assert (data(adapter)["projectVersionArn"], data(adapter)["versionName"]) == ("", "")
        assert "kubectl describe moderationadapter" in data(adapter)["message"]
        adapter.wait_events("Unpublished")
    adapter.wait("the next version serves", lambda seen: active_of(seen) == f"{expired}-2")
    wait_named(adapter, adapter.active_arn)


@pytest.mark.story
def test_a_configmap_of_somebody_else_is_left_alone_until_it_is_handed_over(scene: Scene) -> None:
    theirs = scene.cluster.put_config_map(scene.namespace, NAME, {"key": "value"})
    adapter = scene.adapter(publish=PUBLISH).apply()
    stalled = adapter.wait_stalled("ConfigMapNotOwned")
    adapter.wait("it serves all the same", lambda seen: seen.holds("Ready") and seen.holds("UpToDate"))
    assert scene.cluster.config_map(scene.namespace, NAME) == theirs

    scene.cluster.kubectl(*command_in(stalled["message"], "kubectl label"))
    adapter.look_now("it is handed over")
    adapter.wait("no longer Stalled", lambda seen: reason_of(seen, "Stalled") is None)
    assert wait_named(adapter, adapter.active_arn).keys().isdisjoint({"key"})


@pytest.mark.story
def test_what_somebody_edits_is_put_right_and_a_new_name_replaces_the_old_one(scene: Scene) -> None:
    adapter = scene.adapter(publish=PUBLISH).apply()
    adapter.wait_ready()
    arn = adapter.active_arn
    wait_named(adapter, arn)

    scene.cluster.put_config_map(scene.namespace, NAME, {"projectVersionArn": "arn:mine"})
    adapter.look_now("edited")
    wait_named(adapter, arn)

    adapter.edit(publish={"configMap": {"name": "shop"}})
    adapter.wait_until("the new one", lambda: data(adapter, "shop").get("projectVersionArn") == arn)
    adapter.wait_until("the old one is gone", lambda: not data(adapter))
    adapter.edit(publish=None)
    adapter.wait_until("the new one is gone, too", lambda: not data(adapter, "shop"))
    adapter.wait("status knows", lambda seen: "published" not in seen.status)


@pytest.mark.story
@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_it_goes_before_what_it_names_is_deleted_and_stays_with_what_is_kept(scene: Scene, policy: str) -> None:
    adapter = scene.adapter(publish=PUBLISH, deletion={"policy": policy}).apply()
    adapter.wait_ready()
    kept = wait_named(adapter, adapter.active_arn)

    adapter.delete()
    adapter.wait_gone()

    assert data(adapter) == ({} if policy == "Delete" else kept)
    left = scene.aws.project_arns(adapter.project_name)
    assert bool(left) == (policy == "Retain")


@pytest.mark.story
def test_a_model_is_published_and_stays_so_while_it_is_stopped(scene: Scene) -> None:
    model = scene.model(publish={"configMap": {"name": NAME}}).apply()
    model.wait_running()
    named = wait_named(model, model.active_arn)
    assert "confidenceThreshold" not in named

    model.serve(state="Stopped")
    model.wait_at_rest("Stopped")
    assert data(model) == named


def data(of: Resource, name: str = NAME) -> dict[str, str]:
    """Return what the ConfigMap holds."""
    return of.config_map(name)


def wait_named(of: Resource, arn: str) -> dict[str, str]:
    """Wait until the ConfigMap names a version, and return what it holds."""

    def look() -> dict[str, str] | None:
        held = data(of)
        return held if held.get("projectVersionArn") == arn else None

    return of.wait_until(f"the ConfigMap names {arn}", look)


def writes(of: Adapter) -> list[str]:
    """Return the operator's writes of ConfigMaps, in order."""
    requests = of.scene.cluster.operator_writes(namespace=of.scene.namespace)
    return [request.verb for request in requests if request.resource == "configmaps"]
