"""How does the operator's process start, work, and end, on a real API server and the emulated AWS?"""

import json
import signal
import socket
from typing import Any

import pytest

from component.controller.processes import OperatorProcess, StartOperator, World, wait_until
from component.monitoring.promtool import lint_metrics
from rekognition_operator.api.crd import all_crds
from rekognition_operator.controller.metric_table import METRICS
from rekognition_sandbox.controlplane.audit import select
from rekognition_sandbox.controlplane.operator_setup import OPERATOR_USER

pytestmark = pytest.mark.controlplane

CRD = "moderationadapters.rekognition-operator.io"


def adapter(namespace: str, **spec: object) -> dict[str, object]:
    manifests = {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]}
    return {
        "apiVersion": "rekognition-operator.io/v1alpha1",
        "kind": "ModerationAdapter",
        "metadata": {"name": "storefront", "namespace": namespace},
        "spec": {
            "training": {"trainingData": manifests, "confidenceThreshold": 60},
            "output": {"bucket": "acme-ml", "prefix": "storefront/out/"},
            **spec,
        },
    }


def status(world: World, namespace: str) -> dict[str, Any]:
    found = json.loads(world.kubectl("get", "modad", "storefront", "-n", namespace, "-o", "json"))
    result: dict[str, Any] = found["status"]
    return result


def test_an_adapter_becomes_ready_and_after_a_restart_nothing_is_written(
    world: World, start_operator: StartOperator
) -> None:
    world.kubectl("create", "namespace", "restart")
    operator = start_operator()
    operator.wait_ready()
    world.kubectl("apply", "-f", "-", stdin=adapter("restart"))
    world.kubectl("wait", "--for=condition=Ready", "modad/storefront", "-n", "restart", "--timeout=60s")
    before = status(world, "restart")
    wait_for_metric(operator, 'rekognition_operator_trainings_started_total{kind="ModerationAdapter"} 1.0')
    wait_for_metric(
        operator, 'rekognition_operator_resources{kind="ModerationAdapter",ready="True",reason="InService"} 1.0'
    )
    check_metrics(operator.get("/metrics")[1])
    called = [line for line in operator.lines("Called AWS") if line["operation"] == "CreateProjectVersion"]
    assert [bool(line["aws_request_id"]) for line in called] == [True]
    assert called[0]["object"] == "ModerationAdapter restart/storefront"
    assert operator.stop() == 0
    done = [line["actions"] for line in operator.lines("Reconciled") if "actions" in line]
    assert done[:2] == [["CreateProject"], ["CreateVersion"]]

    writes = len(operator_writes(world, "restart"))
    again = start_operator()
    again.wait_ready()
    world.kubectl(
        "annotate", "modad", "storefront", "-n", "restart", "rekognition-operator.io/reconcile-requested-at=t1"
    )
    world.kubectl(
        "wait", "--for=jsonpath={.status.lastHandledReconcileAt}=t1", "modad/storefront", "-n", "restart",
        "--timeout=60s",
    )  # fmt: skip
    assert status(world, "restart") == {**before, "lastHandledReconcileAt": "t1"}
    assert len(operator_writes(world, "restart")) == writes + 1
    assert again.stop(signal.SIGINT) == 0


def test_no_request_of_the_operator_carries_a_spec_and_none_is_refused(
    world: World, start_operator: StartOperator
) -> None:
    world.kubectl("create", "namespace", "rights")
    start_operator().wait_ready()
    world.kubectl("apply", "-f", "-", stdin=adapter("rights", deletion={"policy": "Delete"}))
    world.kubectl("wait", "--for=condition=Ready", "modad/storefront", "-n", "rights", "--timeout=60s")
    world.kubectl("delete", "modad", "storefront", "-n", "rights", "--timeout=60s")
    writes = operator_writes(world, "rights")
    assert {(record.resource, record.subresource, record.verb) for record in writes} == {
        ("moderationadapters", "", "patch"),
        ("moderationadapters", "status", "patch"),
        ("events", "", "create"),
    }
    for record in writes:
        assert isinstance(record.body, dict)
        assert "spec" not in record.body
        assert record.succeeded, str(record)


def test_a_deletion_while_the_operator_is_down_is_finished_at_its_start(
    world: World, start_operator: StartOperator
) -> None:
    world.kubectl("create", "namespace", "down")
    operator = start_operator()
    operator.wait_ready()
    world.kubectl("apply", "-f", "-", stdin=adapter("down", deletion={"policy": "Delete"}))
    world.kubectl("wait", "--for=condition=Ready", "modad/storefront", "-n", "down", "--timeout=60s")
    operator.stop(signal.SIGKILL)
    world.kubectl("delete", "modad", "storefront", "-n", "down", "--wait=false")
    start_operator()
    world.kubectl("wait", "--for=delete", "modad/storefront", "-n", "down", "--timeout=60s")


def test_only_the_given_namespaces_are_worked_in(world: World, start_operator: StartOperator) -> None:
    for namespace in ("inside", "outside"):
        world.kubectl("create", "namespace", namespace)
        world.kubectl("apply", "-f", "-", stdin=adapter(namespace, suspend=True))
    start_operator("--namespaces", "inside").wait_ready()
    world.kubectl("wait", "--for=condition=Suspended", "modad/storefront", "-n", "inside", "--timeout=60s")
    assert status(world, "outside") == {"observedGeneration": -1}


def test_an_operator_without_its_kinds_waits_and_says_so_then_works_then_ends_when_they_go(
    world: World, start_operator: StartOperator
) -> None:
    let_all_go(world)
    world.kubectl("delete", "crd", CRD, "--timeout=60s")
    try:
        waiting = start_operator()
        wait_until(lambda: "does not serve ModerationAdapter" in waiting.get("/readyz")[1], "the reason on /readyz")
        assert waiting.get("/readyz")[0] == 503
        assert "rekognition-operator crds | kubectl apply" in waiting.get("/readyz")[1]
        assert waiting.get("/healthz") == (200, "ok\n")
        stopped = start_operator()
        wait_for_answer(stopped, "/readyz", 503)
        assert stopped.stop() == 0, "it can be stopped while it waits"
    finally:
        world.sandbox.control_plane.client.apply_crds(all_crds())
    waiting.wait_ready()
    world.kubectl("create", "namespace", "late")
    world.kubectl("apply", "-f", "-", stdin=adapter("late", suspend=True))
    world.kubectl("wait", "--for=condition=Suspended", "modad/storefront", "-n", "late", "--timeout=60s")
    world.kubectl("patch", "modad", "-n", "late", "storefront", "--type=merge", "-p", '{"spec":{"suspend":false}}')
    world.kubectl("delete", "modad", "storefront", "-n", "late", "--timeout=60s")
    try:
        world.kubectl("delete", "crd", CRD, "--timeout=60s")
        assert waiting.process.wait(90) == 1
    finally:
        world.sandbox.control_plane.client.apply_crds(all_crds())
    last = waiting.text.splitlines()[-1]
    assert last.startswith("Error: the API server does not serve ModerationAdapter")
    assert "somebody has deleted or replaced its CustomResourceDefinition" in last


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--cluster-name", "a.b"], "--cluster-name (or REKOGNITION_OPERATOR_CLUSTER_NAME)"),
        (["--concurrency", "many"], "--concurrency (or REKOGNITION_OPERATOR_CONCURRENCY)"),
    ],
)
def test_a_wrong_setting_is_a_usage_error_that_names_flag_and_variable(
    start_operator: StartOperator, flags: list[str], said: str
) -> None:
    operator = start_operator(*flags)
    assert operator.process.wait(60) == 2
    assert said in operator.text
    assert "Traceback" not in operator.text


def test_no_way_to_an_api_server_is_one_clear_sentence(start_operator: StartOperator) -> None:
    operator = start_operator(environment={"KUBECONFIG": "/nowhere/kubeconfig"})
    assert operator.process.wait(60) == 1
    assert "The kubeconfig /nowhere/kubeconfig does not exist" in operator.text
    assert "Traceback" not in operator.text


def test_a_taken_port_is_one_clear_sentence(start_operator: StartOperator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        operator = start_operator("--health-port", str(port))
        assert operator.process.wait(60) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in operator.text
    assert "--health-port" in operator.text
    assert "Traceback" not in operator.text


def wait_for_answer(operator: OperatorProcess, path: str, code: int) -> None:
    wait_until(lambda: operator.get(path)[0] == code, f"{code} on {path}")


def check_metrics(exposition: str) -> None:
    """Check that Prometheus reads it without complaint, and that every metric of the reference is in it."""
    families = {line.split()[2] for line in exposition.splitlines() if line.startswith("# TYPE")}
    assert {metric.name for metric in METRICS} <= families
    assert lint_metrics(exposition) == ""


def wait_for_metric(operator: OperatorProcess, line: str) -> None:
    """Return when /metrics has the line: kubectl may see a status before the operator has the answer to its patch."""
    wait_until(lambda: line in operator.get("/metrics")[1], line)


def operator_writes(world: World, namespace: str) -> list[Any]:
    records = world.sandbox.control_plane.audit_records()
    return select(records, user=OPERATOR_USER, mutating=True, namespace=namespace)


def let_all_go(world: World) -> None:
    """Remove the finalizers that other tests have left: they would keep the definition from going."""
    for item in json.loads(world.kubectl("get", "modad", "--all-namespaces", "-o", "json"))["items"]:
        namespace = item["metadata"]["namespace"]
        patch = '{"metadata":{"finalizers":null}}'
        world.kubectl("patch", "modad", item["metadata"]["name"], "-n", namespace, "--type=merge", "-p", patch)
