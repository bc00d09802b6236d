"""As whom is AWS called, who may have it done, and is nothing done for anybody else?"""

import pytest

from e2e.harness.identities import Identity, label_namespace
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
TEAM = "example.com/team"


@pytest.mark.story
def test_a_resource_is_trained_and_cleaned_up_as_the_role_of_its_identity(scene: Scene) -> None:
    identity = Identity(scene, ACCOUNT)
    identity.apply(externalId="storefront-7", region=scene.aws.region)
    adapter = identity.adapter(deletion_policy="Delete")
    del adapter.spec["region"]
    adapter.apply()
    adapter.wait_ready()

    assert adapter.project_arn.split(":")[3:5] == [scene.aws.region, ACCOUNT]
    assert {call.account for call in scene.aws.calls()} == {ACCOUNT}
    assumed = {
        (record.session_name, record.external_id, tuple(sorted(record.tags.items())))
        for record in scene.aws.control.assumed_roles(identity.role)
    }
    session = f"sandbox-{scene.namespace}"[:64]
    assert assumed == {(session, "storefront-7", (("cluster", "sandbox"), ("namespace", scene.namespace)))}
    identity.wait_used_by(1)
    assert identity.wait_ready("Usable")["account"] == ACCOUNT

    identity.delete()
    held = identity.wait_ready("InUse")["conditions"][0]["message"]
    assert f"ModerationAdapter {scene.namespace}/storefront" in held
    adapter.delete()
    adapter.wait_gone()
    identity.wait_gone()
    assert [call.effect for call in scene.aws.calls("DeleteProject")] != []


@pytest.mark.story
def test_a_namespace_that_loses_its_label_loses_the_identity_until_it_is_back(scene: Scene) -> None:
    identity = Identity(scene, ACCOUNT)
    identity.apply(
        allowedNamespaces={"selector": {"matchLabels": {TEAM: "a"}}}, allowedBuckets=[f"adapters-{ACCOUNT}-*"]
    )
    adapter = identity.adapter().apply()
    assert identity.name in adapter.wait_stalled("IdentityNotAllowed")["message"]
    assert scene.aws.calls() == []

    label_namespace(scene, {TEAM: "a"})
    adapter.wait_ready()
    label_namespace(scene, {TEAM: None})
    adapter.wait_stalled("IdentityNotAllowed")
    mark = scene.aws.mark()
    adapter.edit(tags={"team": "b"})
    generation = adapter.now.body["metadata"]["generation"]
    adapter.wait("the edit was seen", lambda seen: seen.status["observedGeneration"] == generation)
    assert adapter.now.holds("Ready")
    assert scene.aws.calls(since=mark) == []

    label_namespace(scene, {TEAM: "a"})
    adapter.wait("it goes on", lambda seen: seen.condition("Stalled") is None)
    adapter.wait_ready()
    identity.apply(allowedBuckets=["somebody-elses"])
    adapter.wait_stalled("BucketNotAllowed")
    assert len(adapter.trainings()) == 1


@pytest.mark.story
def test_a_resource_that_names_a_bucket_which_is_not_allowed_is_stalled_before_any_call(scene: Scene) -> None:
    identity = Identity(scene, ACCOUNT)
    identity.apply(allowedBuckets=["somebody-elses"], allowedKmsKeys=[])
    adapter = identity.adapter().apply()

    message = adapter.wait_stalled("BucketNotAllowed")["message"]

    assert identity.bucket in message
    assert "spec.allowedBuckets" in message
    assert scene.aws.calls() == []


@pytest.mark.story
def test_a_resource_does_not_move_to_the_account_of_another_identity(scene: Scene) -> None:
    first, second = Identity(scene, ACCOUNT), Identity(scene, OTHER_ACCOUNT)
    first.apply()
    second.apply()
    adapter = first.adapter().apply()
    adapter.wait_ready()
    mark = scene.aws.mark()

    adapter.edit(identityRef=second.reference)
    message = adapter.wait_stalled("ProjectMoved")["message"]

    assert f"accept-move={OTHER_ACCOUNT}/{scene.aws.region}" in message
    assert scene.aws.mutations(since=mark) == []
    adapter.edit(identityRef=first.reference)
    adapter.wait_ready()
    assert len(adapter.trainings()) == 1
