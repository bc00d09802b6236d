"""Are the rights of the sandbox's rbac.yaml enough for the operator, and no more than it needs?"""

from pathlib import Path

import pytest

from charting import generate
from e2e.harness.stage import Alone, Stage
from rekognition_operator.api.kinds import ALL_DEFINITIONS
from rekognition_operator.api.schema import GROUP
from rekognition_sandbox.controlplane.operator_setup import OPERATOR_NAMESPACE, OPERATOR_USER

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

FORBIDDEN = (
    ("create", f"moderationadapters.{GROUP}"),
    ("delete", f"moderationadapters.{GROUP}"),
    ("update", f"moderationadapters.{GROUP}"),
    ("create", f"customlabelsmodels.{GROUP}"),
    ("delete", f"customlabelsmodels.{GROUP}"),
    ("update", f"customlabelsmodels.{GROUP}"),
    ("get", "secrets"),
    ("watch", "configmaps"),
    ("update", "configmaps"),
    ("deletecollection", "configmaps"),
    ("create", "pods"),
    ("impersonate", "users"),
    ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
    ("get", "customresourcedefinitions.apiextensions.k8s.io/moderationadapters.rekognition-operator.io"),
    ("patch", "namespaces"),
    ("create", f"awsidentities.{GROUP}"),
    ("delete", f"awsidentities.{GROUP}"),
    ("update", f"awsidentities.{GROUP}"),
    ("create", "leases.coordination.k8s.io"),
)
INSTALL = Path(__file__).parents[2] / "docs" / "install.md"
ASKED_BY_EVERYBODY = "selfsubject"


CONFIG_MAP_VERBS = {"get", "list", "create", "patch", "delete"}


def test_no_request_of_the_operator_carries_a_spec_and_none_is_refused(alone: Alone, stage: Stage) -> None:
    with alone() as scene:
        scene.operator.start()
        publish = {"configMap": {"name": "storefront-adapter"}}
        adapter = scene.adapter(deletion={"policy": "Delete"}, tags={"team": "trust-safety"}, publish=publish).apply()
        adapter.wait_ready()
        adapter.edit(tags={"team": "integrity"}, training={"confidenceThreshold": 70})
        adapter.wait_ready()
        adapter.delete()
        adapter.wait_gone()

    requests = stage.cluster.operator_requests()
    ours = [request for request in requests if request.group == GROUP]
    verbs = {(request.verb, request.subresource) for request in ours if request.resource == "moderationadapters"}
    assert verbs == {("get", ""), ("list", ""), ("watch", ""), ("patch", ""), ("patch", "status")}
    assert {request.verb for request in requests if request.resource == "configmaps"} == CONFIG_MAP_VERBS
    for request in ours:
        if request.mutating:
            assert isinstance(request.body, dict), str(request)
            assert "spec" not in request.body, str(request)
            wanted = {"metadata"} if request.subresource == "" else {"metadata", "status"}
            assert request.body.keys() <= wanted | {"apiVersion", "kind"}, str(request)
            assert set(request.body["metadata"]) <= {"finalizers", "resourceVersion", "uid"}, str(request)
    assert [str(request) for request in requests if request.code in {401, 403}] == []


def test_the_operator_has_no_right_by_wildcard_and_none_that_it_does_not_need(stage: Stage) -> None:
    kubectl = stage.cluster.kubectl

    listed = kubectl("auth", "can-i", "--list", f"--as={OPERATOR_USER}", "-n", "default").splitlines()
    allowed = [(verb, what) for verb, what in FORBIDDEN if can(stage, verb, what)]

    assert listed[0].split() == ["Resources", "Non-Resource", "URLs", "Resource", "Names", "Verbs"]
    rules = [line for line in listed[1:] if not line.startswith(" ")]  # the rest is discovery, for everybody
    for kind in ALL_DEFINITIONS:
        assert any(line.startswith(f"{kind.plural}.{GROUP}") for line in rules)
        assert can(stage, "patch", f"{kind.plural}.{GROUP}")
    assert [line for line in rules if "*" in line] == []
    assert allowed == []


def test_an_operator_of_one_namespace_needs_no_right_in_any_other(alone: Alone, stage: Stage) -> None:
    with alone(PUBLISHING="false") as scene:
        values = ["clusterName=sandbox", "fullnameOverride=only-here", "publishing=false"]
        values += [f"watchNamespaces={{{scene.namespace}}}", "rbac.aggregateToDefaultRoles=false"]
        rendered = generate.render(*(part for value in values for part in ("--set", value)))
        for item in generate.objects(rendered):
            if item["kind"] in {"ServiceAccount", "Role", "RoleBinding"}:
                stage.cluster.plane.client.apply(item)
        scene.operator.account = "only-here"
        scene.operator.start()
        adapter = scene.adapter(deletion={"policy": "Delete"}).apply()
        adapter.wait_ready()
        adapter.delete()
        adapter.wait_gone()

    me = f"system:serviceaccount:{OPERATOR_NAMESPACE}:only-here"
    requests = [record for record in stage.cluster.plane.audit_records() if record.user == me]
    assert requests
    refused = sorted((record.verb, record.resource) for record in requests if record.code in {401, 403})
    assert refused == [("list", "awsidentities"), ("list", "namespaces")]  # once: nobody here names an identity
    elsewhere = stage.cluster.kubectl("auth", "can-i", "--list", f"--as={me}", "-n", "default")
    assert "rekognition" not in elsewhere


def test_the_rights_that_the_documentation_shows_are_those_that_the_operator_has(stage: Stage) -> None:
    command = ("auth", "can-i", "--list", f"--as={OPERATOR_USER}", "-n", OPERATOR_NAMESPACE)
    shown = INSTALL.read_text("utf-8").partition(f"$ kubectl {' '.join(command)}\n")[2].partition("```")[0]

    listed = [line.split() for line in stage.cluster.kubectl(*command).splitlines() if not line.startswith(" ")]

    assert [line.split() for line in shown.splitlines()] == [
        words for words in listed if not words[0].startswith(ASKED_BY_EVERYBODY)
    ]


def can(stage: Stage, verb: str, what: str) -> bool:
    """Whether the operator's account may do this in the namespace default."""
    answer = stage.cluster.kubectl("auth", "can-i", verb, what, f"--as={OPERATOR_USER}", "-n", "default", check=False)
    assert answer.strip() in {"yes", "no"}, answer
    return answer.strip() == "yes"
