"""What happens to a new CustomLabelsModel, does it answer when its status says so, and what does kubectl show of it?"""

import pytest

from e2e.harness.data import PARTS_PREFIX, TRAIN
from e2e.harness.reading import active_of, changes, message_of, reason_of, runs, serving_of, table
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_new_model_is_trained_and_started_and_ready_only_when_it_answers(scene: Scene) -> None:
    model = scene.model()
    with scene.aws.serving_held():
        model.apply()
        model.wait("starting", lambda seen: serving_of(seen).get("state") == "STARTING")
        model.look_now("while-it-starts")
        starting = model.now
        assert not model.answers()
    running = model.wait_running()

    assert (starting.condition("Ready") or {})["reason"] == "Starting"
    assert (starting.condition("Serving") or {})["reason"] == "NotRunning"
    assert model.answers()
    assert model.trainings() == [model.active]
    assert model.moves() == [f"Start {model.active}"]
    (start,) = scene.aws.calls("StartProjectVersion")
    assert start.parameters == {"ProjectVersionArn": model.active_arn, "MinInferenceUnits": 1}
    assert changes(seen.holds("Ready") for seen in model.sightings) == [False, True]
    assert all(runs(seen) for seen in model.sightings if seen.holds("Ready"))
    assert serving_of(running)["units"] == "1"
    assert serving_of(running)["usdPerHour"] == 4
    model.wait_events("TrainingStarted", "TrainingCompleted", "Starting", "InService", "Running")


@pytest.mark.story
def test_the_training_of_a_model_has_no_threshold_and_its_project_no_auto_update(scene: Scene) -> None:
    model = scene.model(serving={"state": "Stopped"}, projectName="catalogue-parts", description="autumn").apply()
    model.wait_at_rest("Stopped")

    (project,) = scene.aws.calls("CreateProject")
    (version,) = scene.aws.calls("CreateProjectVersion")

    assert project.parameters["Feature"] == "CUSTOM_LABELS"
    assert "AutoUpdate" not in project.parameters
    assert "FeatureConfig" not in version.parameters
    assert version.parameters["TrainingData"] == {
        "Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": scene.aws.bucket, "Name": PARTS_PREFIX + TRAIN}}}]
    }
    assert version.parameters["VersionDescription"] == "autumn"


@pytest.mark.story
def test_a_model_that_shall_be_stopped_is_ready_without_a_start_and_starts_and_stops_on_request(scene: Scene) -> None:
    model = scene.model(serving={"state": "Stopped"}).apply()
    model.wait_at_rest("Stopped")
    name = model.active
    assert model.moves() == []
    assert serving_of(model.now)["usdPerHour"] == 0

    model.serve(state="Running")
    model.wait_running()
    assert model.answers()

    model.serve(state="Stopped")
    stopped = model.wait_at_rest("Stopped")

    assert not model.answers()
    assert message_of(stopped, "Ready") == f"Version {name} is stopped. spec.serving.state is Stopped"
    assert (stopped.condition("Serving") or {})["reason"] == "Stopped"
    assert serving_of(stopped)["state"] == "STOPPED"
    assert "units" not in serving_of(stopped)
    assert model.moves() == [f"Start {name}", f"Stop {name}"]
    assert model.trainings() == [name]
    model.wait_events("Running", "Stopping", "NotRunning")


@pytest.mark.story
def test_hours_and_cost_of_the_month_are_shown_while_a_model_runs_and_after(scene: Scene) -> None:
    before = scene.aws.now
    model = scene.model().apply()
    running = model.wait("hours of this month", lambda seen: serving_of(seen).get("hoursThisMonth", 0) > 0)
    after = scene.aws.now
    model.serve(state="Stopped")
    stopped = model.wait_at_rest("Stopped")

    hours = serving_of(running)["hoursThisMonth"]
    assert serving_of(running)["estimatedUSDThisMonth"] == pytest.approx(4 * hours, abs=0.03)  # both are rounded
    assert serving_of(running)["month"] in {f"{before:%Y-%m}", f"{after:%Y-%m}"}
    assert "hoursThisMonth" in serving_of(stopped)


@pytest.mark.story
def test_where_cloudwatch_may_not_be_read_a_model_runs_and_only_its_hours_are_absent(scene: Scene) -> None:
    for operation in ("GetMetricData", "ListMetrics"):
        scene.aws.control.fail(operation, "AccessDenied", "no", region=scene.aws.region)

    model = scene.model(serving={"idleStop": {"after": "15m"}}).apply()
    model.wait_running()
    unknown = model.wait("IdleUnknown", lambda seen: reason_of(seen, "IdleUnknown") == "MetricsRefused")

    assert unknown.holds("Ready")
    assert "cloudwatch:GetMetricData" in message_of(unknown, "IdleUnknown")
    assert scene.aws.struck() > 0
    assert not any("hoursThisMonth" in serving_of(seen) for seen in model.sightings)
    assert not any(seen.holds("Stalled") for seen in model.sightings)


@pytest.mark.story
def test_kubectl_waits_for_a_model_to_serve_and_shows_how_it_runs(scene: Scene) -> None:
    kubectl, ours = scene.cluster.kubectl, ("-n", scene.namespace)
    model = scene.model(serving={"maxInferenceUnits": 2}).apply()

    waited = kubectl("wait", *ours, "--for=condition=Serving", "customlabelsmodel/parts", "--timeout=60s")
    model.wait_running()
    version = str(model.active)
    short = table(kubectl("get", *ours, "customlabelsmodels"))
    wide = table(kubectl("get", *ours, "clm", "-o", "wide"))

    assert waited == "customlabelsmodel.rekognition-operator.io/parts condition met\n"
    assert {**short, "AGE": ""} == {
        "NAME": "parts",
        "READY": "True",
        "STATUS": "InService",
        "VERSION": version,
        "STATE": "RUNNING",
        "UNITS": "1-2",
        "F1": "1",
        "USD/H": "8",
        "AGE": "",
    }
    assert wide["REGION"] == scene.aws.region
    assert wide["MESSAGE"] == f"Version {version} is in service, and runs with 1-2 inference units"


@pytest.mark.story
def test_kubectl_explains_what_serving_is(scene: Scene) -> None:
    explained = scene.cluster.kubectl("explain", "customlabelsmodel.spec.serving")

    assert "with how much capacity the model runs" in " ".join(explained.split())
    for field in ("state", "minInferenceUnits", "rollout", "schedule", "idleStop", "budget"):
        assert field in explained


@pytest.mark.story
def test_a_model_over_its_budget_is_not_started_and_the_arithmetic_is_told(scene: Scene) -> None:
    model = scene.model(serving={"minInferenceUnits": 2, "budget": {"maxUSDPerHour": 7}}).apply()
    stalled = model.wait_stalled("OverBudget")

    assert "2 inference units x 4.00 USD = 8.00 USD an hour" in stalled["message"]
    assert model.moves() == []

    model.serve(minInferenceUnits=1)
    model.wait_running()

    assert model.now.condition("Stalled") is None


@pytest.mark.story
def test_suspend_stops_nothing_and_says_what_the_running_model_costs(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    mark = scene.aws.mark()

    model.edit(suspend=True, serving={"state": "Stopped"})
    suspended = model.wait("Suspended", lambda seen: "StopVersion" in message_of(seen, "Suspended"))
    model.look_now("still-suspended")

    assert "The model runs, and costs 4.00 USD an hour" in message_of(suspended, "Suspended")
    assert model.answers()
    assert scene.aws.mutations(since=mark) == []

    model.edit(suspend=False)
    model.wait_at_rest("Stopped")


@pytest.mark.story
def test_a_project_that_got_datasets_is_told_and_trains_again_once_they_are_deleted(scene: Scene) -> None:
    model = scene.model().apply()
    model.wait_running()
    old = model.active
    dataset = scene.aws.control.add_dataset(model.project_arn, "TRAIN")

    model.train_on_other_data()
    stalled = model.wait_stalled("ProjectHasDatasets")
    assert "aws rekognition delete-dataset" in stalled["message"]
    assert dataset in stalled["message"]
    assert model.answers()
    assert model.trainings() == [old]

    scene.aws.delete_dataset(dataset)
    model.annotate(retry="the-datasets-are-deleted")
    model.wait("the new version serves", lambda seen: active_of(seen) not in {None, old})

    assert model.trainings() == [old, model.active]
    assert model.now.condition("Stalled") is None
