"""How does the version in service get into its ConfigMap, and what if it cannot?"""

import pytest
from pydantic import JsonValue

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.publication import labels_of
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import KubeError, KubeForbiddenError, KubeUnavailableError
from rekognition_operator.kube.resource import JsonObject
from unit.controller.stage import KEY, PROJECT, SPEC, VERSION, Stage, edited, owner

NAME = "storefront-adapter"
FORBIDDEN = KubeForbiddenError("create ConfigMap", "configmaps is forbidden", 403)
UNAVAILABLE = KubeUnavailableError("get ConfigMap", "failed calling webhook", 500)
WRITES = {"create_config_map", "patch_config_map", "delete_config_map"}


def publish(name: str | None = NAME) -> JsonObject:
    return {} if name is None else {"publish": {"configMap": {"name": name}}}


def spec(name: str | None = NAME, **more: JsonValue) -> JsonObject:
    return {**SPEC, **publish(name), **more}


def read(stage: Stage, name: str = NAME) -> ConfigMap | None:
    return stage.kube.config_maps.read(KEY.namespace, name)


def data(stage: Stage, name: str = NAME) -> dict[str, str]:
    found = read(stage, name)
    assert found is not None
    return dict(found.data)


def named(stage: Stage, name: str = NAME) -> str:
    return data(stage, name)["versionName"]


def events(stage: Stage) -> list[str]:
    return [event.reason for event in stage.kube.events if "ublished" in event.reason]


def published(stage: Stage) -> JsonValue:
    return stage.resource.status.get("published")


async def settled(stage: Stage, made: JsonObject | None = None) -> Stage:
    stage.create(made or spec())
    await stage.settle()
    return stage


async def test_the_version_in_service_is_published_with_labels_and_told_once(stage: Stage) -> None:
    await settled(stage)
    found = read(stage)
    assert found is not None
    assert found.data["projectVersionArn"] == stage.aws.version(VERSION).arn
    assert dict(found.labels) == labels_of(owner())
    assert published(stage) == {"configMap": NAME, "versionName": VERSION}
    assert events(stage) == ["Published"]


async def test_the_configmap_is_there_from_the_first_pass_with_an_empty_arn_and_a_reason(stage: Stage) -> None:
    stage.create(spec())
    await stage.run()
    assert (data(stage)["projectVersionArn"], data(stage)["reason"]) == ("", "NoVersionInService")
    assert published(stage) == {"configMap": NAME}
    assert events(stage) == []


async def test_it_is_written_for_the_first_time_and_at_the_promotion_and_never_in_between(stage: Stage) -> None:
    stage.create(spec())
    written: list[str] = []
    for _ in range(10):
        await stage.run()
        written += [call.method for call in stage.kube.calls if call.method in WRITES]
        stage.aws.advance()
        stage.clock.seconds += 2
        stage.finish_trainings()
    assert named(stage) == VERSION
    assert written == ["create_config_map", "patch_config_map"]


async def test_an_unchanged_world_costs_one_read_and_no_write(stage: Stage) -> None:
    await settled(stage)
    for lane in (Lane.CHANGE, Lane.FLIGHT, Lane.SWEEP):
        await stage.run(lane)
        assert [call.method for call in stage.kube.calls] == ["get_config_map"]


async def test_who_publishes_nothing_is_looked_for_once_per_start_and_never_again(stage: Stage) -> None:
    stage.create()
    await stage.run()
    assert stage.log.count("list_config_maps") == 1
    await stage.settle()
    await stage.run()
    assert stage.kube.calls == []


async def test_what_somebody_edits_or_deletes_is_put_right(stage: Stage) -> None:
    await settled(stage)
    stage.kube.config_maps.put(KEY.namespace, NAME, {"projectVersionArn": "arn:mine", "extra": "1"})
    await stage.run()
    assert named(stage) == VERSION
    assert "extra" not in data(stage)
    stage.kube.config_maps.remove(KEY.namespace, NAME)
    await stage.run()
    assert named(stage) == VERSION
    assert events(stage) == ["Published"], "no other version is published by that"


async def test_labels_of_others_stay(stage: Stage) -> None:
    await settled(stage)
    stage.kube.config_maps.put(KEY.namespace, NAME, {}, {**labels_of(owner()), "team": "shop"})
    await stage.run()
    found = read(stage)
    assert found is not None
    assert found.labels["team"] == "shop"
    assert named(stage) == VERSION


@pytest.mark.parametrize("labels", [{}, {**labels_of(owner()), "rekognition-operator.io/owner-name": "other"}])
async def test_a_configmap_that_is_not_ours_is_refused_and_left_alone(stage: Stage, labels: dict[str, str]) -> None:
    before = stage.kube.config_maps.put(KEY.namespace, NAME, {"key": "value"}, labels)
    await settled(stage)
    await stage.run(Lane.SWEEP)
    assert read(stage) == before
    assert stage.kube.writes == [], "the same thing is not written twice"
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "ConfigMapNotOwned"
    assert "kubectl label configmap -n trust-safety storefront-adapter --overwrite" in finding[1]
    assert stage.condition("Ready") == "True", "it serves all the same"
    assert published(stage) is None
    stage.kube.config_maps.put(KEY.namespace, NAME, {"key": "value"}, labels_of(owner()))
    await stage.run(Lane.SWEEP)
    assert named(stage) == VERSION
    assert stage.finding("Stalled") is None
    assert events(stage) == ["Published"]


async def test_a_training_is_followed_as_soon_although_nothing_can_be_published(stage: Stage) -> None:
    stage.kube.config_maps.put(KEY.namespace, NAME, {})
    stage.create(spec())
    await stage.run()
    stage.aws.advance()
    await stage.run()
    await stage.run()
    requeue = await stage.run(Lane.FLIGHT)
    assert stage.aws.version(VERSION).status == "TRAINING_IN_PROGRESS"
    assert requeue.after_seconds == pytest.approx(30)
    assert stage.condition("Stalled") == "True"
    assert stage.condition("Reconciling") is None


async def test_what_aws_refuses_is_told_rather_than_what_the_api_server_does(stage: Stage) -> None:
    from rekognition_operator.aws.errors import ErrorKind

    stage.create(spec())
    stage.kube.config_maps.put(KEY.namespace, NAME, {})
    stage.aws.inject("CreateProject", ErrorKind.ACCESS_DENIED)
    await stage.run()
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "AccessDenied"


async def test_an_expired_version_is_withdrawn_before_anything_else_is_done(stage: Stage) -> None:
    await settled(stage)
    stage.aws.expire(stage.aws.version(VERSION).arn)
    await stage.run()
    assert (data(stage)["projectVersionArn"], data(stage)["reason"]) == ("", "AdapterExpired")
    writes = [call for call in stage.log if call in WRITES or call == "CreateProjectVersion"]
    assert writes == ["patch_config_map", "CreateProjectVersion"]
    assert published(stage) == {"configMap": NAME}
    assert events(stage) == ["Published", "Unpublished"]
    await stage.settle()
    assert named(stage) == f"{VERSION}-2"


async def the_next_one_is_trained_when_the_one_in_service_expires(stage: Stage) -> str:
    """Let the training of an edited spec end just when the version in service expires; return the new one's name."""
    await settled(stage)
    stage.kube.edit_spec(KEY, {**edited(80), **publish()})
    while len(stage.aws.created) < 2:
        await stage.run()
        stage.aws.advance()
        stage.clock.seconds += 2
    stage.finish_trainings()
    stage.aws.expire(stage.aws.version(VERSION).arn)
    return stage.aws.created[-1][1]


async def test_an_expired_version_is_replaced_without_being_withdrawn_in_between(stage: Stage) -> None:
    new = await the_next_one_is_trained_when_the_one_in_service_expires(stage)
    written = []
    for _ in range(3):
        await stage.run()
        written += [call.method for call in stage.kube.calls if call.method in WRITES]
    assert named(stage) == new
    assert written == ["patch_config_map"]
    assert events(stage) == ["Published", "Published"]


async def test_an_expired_version_is_withdrawn_where_no_other_could_be_put_into_service(stage: Stage) -> None:
    from rekognition_operator.aws.errors import ErrorKind

    new = await the_next_one_is_trained_when_the_one_in_service_expires(stage)
    stage.aws.inject("TagResource", ErrorKind.SERVER, times=3)
    await stage.run()
    assert named(stage) == VERSION
    for _ in range(2):
        await stage.run()
        assert (data(stage)["projectVersionArn"], data(stage)["reason"]) == ("", "AdapterExpired")
    stage.aws.clear_faults()
    await stage.settle()
    assert named(stage) == new


async def test_a_suspended_resource_publishes_still(stage: Stage) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec(suspend=True))
    stage.aws.expire(stage.aws.version(VERSION).arn)
    await stage.run()
    assert data(stage)["reason"] == "AdapterExpired"
    assert stage.effects == []


async def test_aws_that_cannot_be_looked_at_withdraws_nothing(stage: Stage) -> None:
    from rekognition_operator.aws.errors import ErrorKind

    await settled(stage)
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER)
    await stage.run()
    assert named(stage) == VERSION


# --- other names ----------------------------------------------------------------------------------------------------


async def test_under_a_new_name_the_new_one_is_written_before_the_old_one_is_deleted(stage: Stage) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec("shop"))
    await stage.run()
    assert [call for call in stage.log if call in WRITES] == ["create_config_map", "delete_config_map"]
    assert named(stage, "shop") == VERSION
    assert read(stage) is None
    assert published(stage) == {"configMap": "shop", "versionName": VERSION}


async def test_a_name_that_changes_twice_while_it_is_written_leaves_no_configmap_behind(stage: Stage) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec("shop"))
    stage.kube.fail("list_config_maps", KubeUnavailableError("list_config_maps", "no answer"))
    await stage.run()
    assert read(stage) is not None
    assert read(stage, "shop") is not None
    stage.kube.edit_spec(KEY, spec())
    await stage.run()
    assert named(stage) == VERSION
    assert read(stage, "shop") is None


async def test_the_old_one_stays_true_as_long_as_the_new_one_is_refused(stage: Stage) -> None:
    await settled(stage)
    stage.kube.config_maps.put(KEY.namespace, "shop", {})
    stage.kube.edit_spec(KEY, spec("shop"))
    await stage.run()
    assert named(stage) == VERSION
    assert published(stage) == {"configMap": NAME, "versionName": VERSION}
    stage.aws.expire(stage.aws.version(VERSION).arn)
    await stage.run(Lane.SWEEP)
    assert data(stage)["reason"] == "AdapterExpired"
    assert published(stage) == {"configMap": NAME}
    stage.kube.config_maps.remove(KEY.namespace, "shop")
    await stage.run(Lane.SWEEP)
    assert read(stage) is None
    assert data(stage, "shop")["reason"] == "AdapterExpired"


async def test_what_is_not_asked_for_any_more_is_deleted(stage: Stage) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec(None))
    await stage.run()
    assert read(stage) is None
    assert published(stage) is None
    assert events(stage) == ["Published", "Unpublished"]
    await stage.run()
    assert stage.kube.calls == []


@pytest.mark.parametrize("name", [None, "shop"])
async def test_a_configmap_left_behind_is_found_though_status_and_memory_are_lost(
    stage: Stage, name: str | None
) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec(name))
    stage.kube.lose_status(KEY)
    stage.start()
    await stage.settle()
    assert read(stage) is None
    assert (read(stage, "shop") is not None) == (name == "shop")


async def test_configmaps_of_other_resources_are_not_deleted(stage: Stage) -> None:
    from dataclasses import replace

    stage.kube.config_maps.put(KEY.namespace, "other", {}, labels_of(replace(owner(), name="other")))
    stage.kube.config_maps.put("ads", NAME, {}, labels_of(owner()))
    await settled(stage, spec(None))
    assert read(stage, "other") is not None
    assert stage.kube.config_maps.read("ads", NAME) is not None


# --- deletion -------------------------------------------------------------------------------------------------------


async def gone(stage: Stage, passes: int = 10) -> None:
    for _ in range(passes):
        if stage.kube.read(KEY) is None:
            return
        await stage.run()
        stage.aws.advance()
    raise AssertionError("it is still there")


async def test_it_is_deleted_before_anything_in_aws_is(stage: Stage) -> None:
    await settled(stage, spec(deletion={"policy": "Delete"}))
    stage.kube.delete(KEY)
    await stage.run()
    order = [call for call in stage.log if call in {"delete_config_map", "DeleteProjectVersion"}]
    assert order == ["delete_config_map", "DeleteProjectVersion"]
    assert read(stage) is None
    await gone(stage)


@pytest.mark.parametrize("policy", ["Retain", "Orphan"])
async def test_it_stays_with_what_stays_in_aws_and_is_taken_back_with_it(stage: Stage, policy: str) -> None:
    await settled(stage, spec(deletion={"policy": policy}))
    before = read(stage)
    stage.kube.delete(KEY)
    await gone(stage)
    assert read(stage) == before
    stage.create(spec())
    await stage.settle()
    assert named(stage) == VERSION
    assert stage.condition("Stalled") is None


async def test_nothing_is_deleted_in_aws_while_the_configmap_cannot_be_and_a_person_may_force_it(stage: Stage) -> None:
    await settled(stage, spec(deletion={"policy": "Delete"}))
    stage.kube.delete(KEY)
    stage.kube.fail("delete_config_map", FORBIDDEN, times=3)
    requeue = await stage.run()
    assert stage.effects == []
    assert requeue.after_seconds == pytest.approx(600)
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "ConfigMapRefused"
    assert "force-release=true" in finding[1]
    stage.kube.annotate(KEY, force_release="true")
    await gone(stage)
    assert list(stage.aws.versions) == []


async def test_a_deletion_goes_on_by_itself_once_the_configmap_is_gone(stage: Stage) -> None:
    await settled(stage, spec(deletion={"policy": "Delete"}))
    stage.kube.delete(KEY)
    stage.kube.fail("delete_config_map", UNAVAILABLE)
    requeue = await stage.run()
    assert stage.effects == []
    assert requeue.after_seconds is not None
    assert requeue.after_seconds < 1
    await gone(stage)
    assert read(stage) is None


async def test_a_suspended_deletion_keeps_it(stage: Stage) -> None:
    await settled(stage, spec(suspend=False, deletion={"policy": "Delete"}))
    stage.kube.edit_spec(KEY, spec(suspend=True, deletion={"policy": "Delete"}))
    stage.kube.delete(KEY)
    await stage.run()
    assert named(stage) == VERSION


# --- the API server refuses -----------------------------------------------------------------------------------------


async def test_without_the_rights_it_says_which_are_needed_and_serves_on(stage: Stage) -> None:
    stage.create(spec())
    stage.kube.fail("get_config_map", FORBIDDEN, times=100)
    stage.kube.fail("list_config_maps", FORBIDDEN, times=100)
    await stage.settle()
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "ConfigMapRefused"
    assert "get, list, create, patch and delete on configmaps in namespace trust-safety" in finding[1]
    await stage.run(Lane.SWEEP)
    assert stage.kube.writes == []


async def test_who_publishes_nothing_needs_no_rights(stage: Stage) -> None:
    stage.create()
    stage.kube.fail("list_config_maps", FORBIDDEN, times=100)
    await stage.settle()
    assert stage.condition("Stalled") is None
    await stage.run()
    assert stage.kube.calls == [], "it is not asked again"


async def test_an_immutable_configmap_is_told_with_what_to_do(stage: Stage) -> None:
    await settled(stage)
    stage.kube.config_maps.immutable.add(NAME)
    stage.aws.expire(stage.aws.version(VERSION).arn)
    await stage.run()
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "ConfigMapRefused"
    assert "immutable, delete it" in finding[1]


async def test_a_namespace_that_is_being_deleted_is_no_error(stage: Stage) -> None:
    stage.create(spec())
    stage.kube.terminating.add(KEY.namespace)
    for _ in range(6):
        await stage.run()
        stage.aws.advance()
        stage.finish_trainings()
    assert read(stage) is None
    assert stage.condition("Ready") == "True"
    assert stage.condition("Stalled") is None
    assert stage.condition("Reconciling") is None
    requeue = await stage.run(Lane.SWEEP)
    assert requeue.after_seconds == pytest.approx(600)


@pytest.mark.parametrize("change", ["edit", "create"])
async def test_a_conflict_is_left_to_the_next_pass_soon(stage: Stage, change: str) -> None:
    await settled(stage)
    if change == "create":
        stage.kube.config_maps.remove(KEY.namespace, NAME)
    stage.aws.expire(stage.aws.version(VERSION).arn)

    def meanwhile(method: str) -> None:
        if method == "get":  # the look right before the write
            stage.kube.on_call = None
            stage.kube.config_maps.put(KEY.namespace, NAME, {"by": "another"}, labels_of(owner()))

    stage.kube.on_call = lambda call: meanwhile(call.method)
    requeue = await stage.run(Lane.SWEEP)
    assert data(stage) == {"by": "another"}
    assert requeue.after_seconds is not None
    assert requeue.after_seconds <= 1
    await stage.run()
    assert data(stage)["reason"] == "AdapterExpired"


@pytest.mark.parametrize("method", ["create_config_map", "patch_config_map"])
async def test_a_lost_answer_does_no_harm(stage: Stage, method: str) -> None:
    stage.create(spec())
    stage.kube.fail(method, UNAVAILABLE, after_effect=True)  # type: ignore[arg-type]  # a method's name
    await stage.settle()
    await stage.run()
    assert named(stage) == VERSION
    assert stage.kube.writes == []


async def test_a_fault_that_stays_is_told_tried_ever_later_and_stops_nothing_in_aws(stage: Stage) -> None:
    stage.create(spec())
    stage.kube.fail("get_config_map", UNAVAILABLE, times=20)
    delays = []
    for _ in range(8):
        requeue = await stage.run()
        delays.append(requeue.after_seconds)
        stage.aws.advance()
        stage.finish_trainings()
    assert stage.aws.created == [(PROJECT, VERSION)]
    assert stage.condition("Ready") == "True"
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "Retrying"
    assert "failed calling webhook" in finding[1]
    assert delays[-1] is not None
    assert delays[-1] > 30
    stage.kube._faults.clear()
    await stage.run()
    assert named(stage) == VERSION
    assert stage.condition("Reconciling") is None


async def test_expired_credentials_pass_by_themselves(stage: Stage) -> None:
    await settled(stage)
    stage.kube.fail("get_config_map", KubeForbiddenError("get ConfigMap", "Unauthorized", 401))
    requeue = await stage.run(Lane.SWEEP)
    assert stage.condition("Stalled") is None
    assert requeue.after_seconds is not None
    assert requeue.after_seconds <= 1


@pytest.mark.parametrize("error", [FORBIDDEN, UNAVAILABLE])
async def test_what_is_left_behind_and_cannot_be_deleted_stays_known(stage: Stage, error: KubeError) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, spec("shop"))
    stage.kube.fail("delete_config_map", error)
    await stage.run()
    assert read(stage) is not None
    await stage.run()
    assert read(stage) is None
    assert published(stage) == {"configMap": "shop", "versionName": VERSION}


# --- the resource or the settings say otherwise ---------------------------------------------------------------------


async def test_a_resource_that_was_changed_meanwhile_is_not_written_for(stage: Stage) -> None:
    stage.create(spec())
    stage.stop_watching()
    await stage.run()
    stage.kube.config_maps.remove(KEY.namespace, NAME)
    stage.kube.edit_spec(KEY, spec("shop"))
    requeue = await stage.run()
    assert read(stage) is None
    assert requeue.after_seconds == 0
    await stage.run()
    assert read(stage, "shop") is not None


async def test_with_publishing_off_no_configmap_is_touched_and_who_asks_for_one_is_told(stage: Stage) -> None:
    stage.policy = Policy(publishing=False)
    stage.start()
    await settled(stage, spec(deletion={"policy": "Delete"}))
    assert not any("config_map" in call for call in stage.log)
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "PublishingOff"
    assert "--publishing" in finding[1]
    stage.kube.delete(KEY)
    await gone(stage)


async def test_with_publishing_off_who_asks_for_none_is_not_concerned(stage: Stage) -> None:
    stage.policy = Policy(publishing=False)
    stage.start()
    await settled(stage, spec(None))
    assert stage.condition("Stalled") is None
