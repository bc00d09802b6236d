"""What must an adapter show before it serves, and what becomes of one that does not, or no longer answers by itself?"""

import pytest

from e2e.harness.course import asked, course, probes
from e2e.harness.data import MISLABELLED
from e2e.harness.reading import active_of, changes, message_of, reason_of, roles, versions_of
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone
from rekognition_operator.core.tags import CAUSE, REJECTED
from rekognition_sandbox.samples.picture import draw
from rekognition_sandbox.samples.scenes import SCENES

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

NAME = "storefront-adapter"
PUBLISH = {"configMap": {"name": NAME}}
BEACH = "images/test/beach.png"
"""A picture that the base model flags, and a good adapter does not."""


@pytest.mark.story
def test_a_first_version_is_asked_before_it_serves_and_is_compared_with_the_base_model(scene: Scene) -> None:
    better = {"falsePositives": 0.1, "falseNegatives": 0}
    picture = probes(scene.aws, scene.aws.pictures + BEACH, absent=["Explicit"])
    promotion = {"minF1Score": 0.8, "minImprovementOverBase": better, "probes": picture}
    adapter = scene.adapter(promotion=promotion).apply()
    seen = adapter.wait_ready()
    name = str(adapter.active)

    assert course(adapter) == [f"Ask {name}", f"Promote {name}"]
    (question,) = asked(scene.aws, adapter.active_arn)
    assert question.operation == "DetectModerationLabels"
    evaluation = seen.status["active"]["evaluation"]
    assert (evaluation["falsePositives"], evaluation["baseFalsePositives"]) == (0, 12)
    assert evaluation["versusBase"] == "no false positives, the base model 12; no false negatives, the base model 6"
    gates = {gate["gate"]: gate["passed"] for gate in versions_of(seen)[name]["gates"]}
    assert gates == {
        "minF1Score": True,
        "minImprovementOverBase.falsePositives": True,
        "minImprovementOverBase.falseNegatives": True,
        "probes": True,
    }


@pytest.mark.story
def test_a_worse_retraining_is_rejected_with_numbers_until_the_gate_is_lowered(scene: Scene) -> None:
    adapter = scene.adapter(publish=PUBLISH, promotion={"minF1Score": 0.8}).apply()
    adapter.wait_ready()
    good, published, before = adapter.active, wait_published(adapter), len(adapter.sightings)

    worse = train_worse(adapter)
    adapter.look_now("nothing-has-changed")

    message = message_of(adapter.now, "Stalled")
    assert f"Version {worse} is trained, and does not pass minF1Score: wanted at least 0.8 - got 0.666667" in message
    assert f"version {good} stays in service" in message
    adapter.wait_events("VersionRejected")
    events = scene.cluster.events(scene.namespace, adapter.name)
    assert [event["message"] for event in events if event["reason"] == "VersionRejected"] == [message]
    assert reason_of(adapter.now, "Ready") == "InService"
    assert roles(adapter.now) == {good: "Active", worse: "Rejected"}
    assert versions_of(adapter.now)[worse]["rejected"] == "minF1Score: wanted at least 0.8 - got 0.666667"
    assert all(seen.holds("Ready") and active_of(seen) == good for seen in adapter.sightings[before:])
    assert adapter.config_map(NAME) == published
    assert adapter.trainings() == [good, worse]

    adapter.edit(promotion={"minF1Score": 0.6})
    adapter.wait("it is good enough now", lambda seen: active_of(seen) == worse)
    adapter.wait_ready()

    adapter.wait_until("it is published", lambda: adapter.config_map(NAME)["versionName"] == worse)
    assert adapter.trainings() == [good, worse]


def test_a_rejection_outlives_the_operator_and_a_lost_status(alone: Alone) -> None:
    with alone() as scene:
        scene.operator.start()
        adapter = scene.adapter(promotion={"maxF1Regression": 0.02}).apply()
        adapter.wait_ready()
        good = adapter.active
        worse = train_worse(adapter)
        message, mark = message_of(adapter.now, "Stalled"), scene.aws.mark()

        scene.operator.kill()
        adapter.lose_status()
        scene.operator.start()
        adapter.wait_stalled("VersionRejected")
        adapter.look_now("after-the-restart")

        assert message_of(adapter.now, "Stalled") == message
        assert f"the 1 of version {good}" in message
        assert roles(adapter.now) == {good: "Active", worse: "Rejected"}
        assert scene.aws.mutations(since=mark) == []


@pytest.mark.story
def test_the_retry_annotation_trains_rejected_inputs_once_more(scene: Scene) -> None:
    adapter = scene.adapter(promotion={"minF1Score": 0.8}).apply()
    adapter.wait_ready()
    good = adapter.active
    worse = train_worse(adapter)

    adapter.annotate(retry="once-more")
    adapter.wait("the second one is rejected, too", lambda seen: f"Version {worse}-2 " in message_of(seen, "Stalled"))
    adapter.look_now("the-token-is-still-there")

    assert adapter.trainings() == [good, worse, f"{worse}-2"]
    assert scene.aws.tags(versions_of(adapter.now)[f"{worse}-2"]["arn"])[CAUSE] == "retry"
    assert adapter.now.status["lastHandledRetry"] == "once-more"
    assert adapter.active == good


@pytest.mark.story
def test_a_version_that_fails_a_probe_is_rejected_and_proved_anew_once_the_probe_is_corrected(scene: Scene) -> None:
    picture = scene.aws.pictures + BEACH
    adapter = scene.adapter(promotion={"probes": probes(scene.aws, picture, present=["Explicit"])}).apply()
    message = adapter.wait_stalled("VersionRejected")["message"]
    (name,) = adapter.trainings()

    assert "does not pass probes: wanted 1 of 1 to pass" in message
    assert "probe picture: wanted Explicit from 50 percent on - got no Explicit" in message
    assert reason_of(adapter.now, "Ready") is None
    arn = versions_of(adapter.now)[name]["arn"]
    adapter.wait_until("it is written down", lambda: REJECTED in scene.aws.tags(arn))
    mark = scene.aws.mark()
    adapter.look_now("nothing-has-changed")
    assert course(adapter) == [f"Ask {name}", f"Reject {name}"]
    assert asked(scene.aws, arn, since=mark) == []

    adapter.edit(promotion={"probes": probes(scene.aws, picture, absent=["Explicit"])})
    adapter.wait_ready()

    assert course(adapter) == [f"Ask {name}", f"Reject {name}", f"Ask {name}", f"Promote {name}"]
    assert adapter.trainings() == [adapter.active]


@pytest.mark.story
def test_a_probe_without_its_picture_neither_proves_nor_rejects_a_version(scene: Scene) -> None:
    missing = scene.aws.pictures + "images/test/new-beach.png"
    adapter = scene.adapter(promotion={"probes": probes(scene.aws, missing, absent=["Explicit"])}).apply()
    message = adapter.wait_stalled("ProofBlocked")["message"]
    (name,) = adapter.trainings()

    assert f"s3://{scene.aws.bucket}/{missing}" in message
    assert roles(adapter.now) == {name: "Candidate"}

    scene.aws.upload(missing, draw(SCENES["beach"], 77))
    adapter.look_now("the-picture-is-there")
    adapter.wait_ready()

    assert course(adapter) == [f"Ask {name}", f"Promote {name}"]
    assert adapter.trainings() == [name]


@pytest.mark.story
def test_under_manual_a_version_waits_for_a_word_that_is_kept(scene: Scene) -> None:
    adapter = scene.adapter(promotion={"strategy": "Manual"}).apply()
    first = wait_awaiting(adapter)
    assert reason_of(adapter.now, "Ready") is None

    adapter.annotate(approve=first)
    adapter.wait_ready()
    assert course(adapter) == [f"Approve {first}", f"Promote {first}"]
    adapter.annotate(approve=None)
    adapter.look_now("the-word-is-gone")
    assert adapter.active == first

    adapter.train_on(confidenceThreshold=70)
    second = wait_awaiting(adapter)
    waiting = adapter.now
    assert reason_of(waiting, "Ready") == "InService"  # and with the two below, Current for kstatus
    assert waiting.condition("Stalled") is None
    assert waiting.condition("Reconciling") is None
    assert not waiting.holds("UpToDate")
    assert f"rekognition-operator.io/approve={second}" in message_of(waiting, "AwaitingApproval")
    assert roles(waiting) == {first: "Active", second: "Candidate"}

    adapter.annotate(approve=second)
    adapter.wait("it serves", lambda seen: active_of(seen) == second)
    assert adapter.wait_ready().condition("AwaitingApproval") is None
    assert adapter.trainings() == [first, second]


@pytest.mark.story
def test_an_adapter_for_which_the_base_model_answers_is_out_of_service_until_it_answers_again(scene: Scene) -> None:
    picture = probes(scene.aws, scene.aws.pictures + BEACH, interval="15m")
    adapter = scene.adapter(publish=PUBLISH, promotion={"probes": picture}).apply()
    adapter.wait_ready()
    name, arn, ready = adapter.active, adapter.active_arn, len(adapter.sightings) - 1
    published, mark = wait_published(adapter), scene.aws.mark()

    scene.aws.control.set_version(arn, base_model_answers=True)
    away = adapter.wait("it is out of service", lambda seen: active_of(seen) is None)
    withdrawn = adapter.wait_until("it is withdrawn", lambda: unpublished(adapter))

    assert (away.condition("Ready") or {})["reason"] == "BaseModelAnswers"
    assert reason_of(away, "Stalled") == "BaseModelAnswers"
    assert "The base model answered" in message_of(away, "Stalled")
    assert withdrawn["reason"] == "BaseModelAnswers"
    adapter.wait_events("OutOfService", "BaseModelAnswers")
    adapter.look_now("still-the-base-model")

    scene.aws.control.set_version(arn, base_model_answers=False)
    adapter.wait("it serves again", lambda seen: active_of(seen) == name)
    adapter.wait_ready()
    adapter.wait_until("it is published again", lambda: adapter.config_map(NAME) == published)

    assert changes(active_of(seen) for seen in adapter.sightings[ready:]) == [name, None, name]
    # It is written down, and forgotten again; nothing else is changed.
    assert [call.operation for call in scene.aws.mutations(since=mark)] == ["TagResource", "UntagResource"]
    assert adapter.trainings() == [name]


@pytest.mark.story
def test_the_version_before_takes_over_from_one_for_which_the_base_model_answers(scene: Scene) -> None:
    picture = probes(scene.aws, scene.aws.pictures + BEACH, interval="15m")
    adapter = scene.adapter(promotion={"probes": picture}).apply()
    adapter.wait_ready()
    first, before = adapter.active, len(adapter.sightings)
    adapter.train_on(confidenceThreshold=70)
    adapter.wait_ready()
    second = adapter.active

    scene.aws.control.set_version(adapter.active_arn, base_model_answers=True)
    taken_over = adapter.wait("the first one serves", lambda seen: active_of(seen) == first)
    assert taken_over.holds("Ready")
    assert f"version {first} serves instead" in message_of(taken_over, "Stalled")

    scene.aws.control.set_version(versions_of(taken_over)[str(second)]["arn"], base_model_answers=False)
    adapter.wait("the second one serves again", lambda seen: active_of(seen) == second)
    adapter.wait_ready()

    assert all(seen.holds("Ready") for seen in adapter.sightings[before:])
    assert adapter.trainings() == [first, second]


def train_worse(adapter: Adapter) -> str:
    """Train on wrong labels; return the name of the version when it is rejected."""
    adapter.train_on_manifest(MISLABELLED)
    adapter.wait_stalled("VersionRejected")
    return adapter.trainings()[-1]


def wait_awaiting(adapter: Adapter) -> str:
    """Return the name of the trained version that waits for a person."""
    adapter.wait(
        "it waits for a word",
        lambda seen: reason_of(seen, "AwaitingApproval") == "AwaitingApproval",
    )
    return adapter.trainings()[-1]


def wait_published(adapter: Adapter) -> dict[str, str]:
    """Return what the ConfigMap holds once it names the version in service."""

    def look() -> dict[str, str] | None:
        held = adapter.config_map(NAME)
        return held if held.get("projectVersionArn") == adapter.active_arn else None

    return adapter.wait_until("it is published", look)


def unpublished(adapter: Adapter) -> dict[str, str] | None:
    held = adapter.config_map(NAME)
    return held if held["projectVersionArn"] == "" else None
