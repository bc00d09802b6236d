"""Do the charts render what they shall, is it what an API server takes, and do they refuse what is wrong?"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from charting import generate
from rekognition_operator import __version__
from rekognition_operator.api.crd import all_crds
from rekognition_operator.controller.prices import UnitPrices
from rekognition_operator.controller.settings import ENV_PREFIX, OperatorSettings
from rekognition_sandbox.controlplane.api import ApiRefusedError
from rekognition_sandbox.controlplane.plane import ControlPlane
from rekognition_sandbox.controlplane.tools import find_tool

ROOT = Path(__file__).parents[3]
CHARTS = ROOT / "charts"

Object = dict[str, Any]


VALUES: list[Path] = generate.value_sets()


def rendered(values: Path) -> list[Object]:
    return cast("list[Object]", generate.objects(generate.rendering(values)))


def of_kind(objects: list[Object], kind: str) -> Object:
    (found,) = (item for item in objects if item["kind"] == kind)
    return found


def container(objects: list[Object]) -> Object:
    return cast("Object", of_kind(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0])


def test_what_is_generated_is_what_is_committed() -> None:
    stale = [str(path.relative_to(ROOT)) for path, content in generate.written() if path.read_text("utf-8") != content]
    assert stale == [], "run `make charts`"


@pytest.mark.parametrize("chart", ["rekognition-operator", "rekognition-operator-crds"])
def test_helm_finds_nothing_to_complain_of(chart: str) -> None:
    command = [str(find_tool("helm")), "lint", "--strict", str(CHARTS / chart), "--set", "clusterName=prod"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("chart", ["rekognition-operator", "rekognition-operator-crds"])
def test_the_charts_are_of_the_release(chart: str) -> None:
    facts = yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text("utf-8"))
    assert (facts["version"], facts["appVersion"]) == (__version__, __version__)


def test_the_chart_of_the_definitions_renders_the_definitions() -> None:
    rendered = generate.objects(generate.render(chart=CHARTS / "rekognition-operator-crds"))
    by_name = {item["metadata"]["name"]: item for item in rendered}
    assert by_name == {str(cast("Object", crd["metadata"])["name"]): crd for crd in all_crds()}


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_operator_takes_the_variables_that_the_chart_gives_it(
    values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = yaml.safe_load(values.read_text("utf-8"))
    variables = {item["name"]: item["value"] for item in container(rendered(values))["env"]}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    known = {ENV_PREFIX + name.upper() for name in OperatorSettings.model_fields}

    settings = OperatorSettings.read()

    assert {name for name in variables if name.startswith(ENV_PREFIX)} <= known
    assert settings.cluster_name == "prod"
    assert settings.namespaces == tuple(wanted.get("watchNamespaces", ()))
    assert settings.leader_elect == wanted.get("leaderElection", {}).get("enabled", True)
    assert settings.publishing == wanted.get("publishing", True)
    assert settings.training_slots == wanted.get("trainingSlots", 2)
    for name, value in wanted.get("settings", {}).items():
        assert getattr(settings, name) == value


def test_the_values_name_every_setting_once_and_no_other() -> None:
    schema = json.loads((CHARTS / "rekognition-operator" / "values.schema.json").read_text("utf-8"))
    others = set(schema["properties"]["settings"]["propertyNames"]["enum"])
    objects = rendered(CHARTS.parent / "tests/data/charts/values/everything.yaml")
    own = {item["name"].removeprefix(ENV_PREFIX).lower() for item in container(objects)["env"]} - others
    by_the_pod = {"kubeconfig", "health_host", "health_port", "namespaces"}

    assert (own & set(OperatorSettings.model_fields)) | others | by_the_pod == set(OperatorSettings.model_fields)
    assert others.isdisjoint(by_the_pod)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((), "clusterName is required: the name of this cluster in the owner tags in AWS"),
        (("clusterName=prod.eu",), "clusterName"),
        (("clusterName=prod", "replica=3"), "replica"),
        (("clusterName=prod", "logLevel=LOUD"), "logLevel"),
        (("clusterName=prod", "settings.sweep=3"), "sweep"),
        (("clusterName=prod", "image.digest=sha256:12"), "digest"),
        (("clusterName=prod", "leaderElection.enabled=false"), "two operators would work at the same time"),
        (("clusterName=prod", "serviceAccount.create=false"), "serviceAccount.name is required"),
        (("clusterName=prod", "leaderElection.renewDeadlineSeconds=15"), "less than leaderElection.leaseSeconds"),
        (("clusterName=prod", "leaderElection.retrySeconds=10"), "less than leaderElection.renewDeadlineSeconds"),
        (("clusterName=prod", "terminationGracePeriodSeconds=20"), "more than settings.grace_seconds, which is 20"),
        (("clusterName=prod", "settings.grace_seconds=45.5"), "more than settings.grace_seconds, which is 45.5"),
        (("clusterName=prod", "watchNamespaces={a}", "defaultIdentity=deny"), "it could work for nobody"),
        (("clusterName=prod", "watchNamespaces={a,a}"), "watchNamespaces"),
        (
            ("clusterName=prod", "extraEnv[0].name=REKOGNITION_OPERATOR_REGION"),
            "extraEnv has REKOGNITION_OPERATOR_REGION",
        ),
        (("clusterName=prod", "extraEnv[0].value=a"), "name"),
        (("clusterName=prod", r"podLabels.app\.kubernetes\.io/name=mine"), "podLabels has app.kubernetes.io/name"),
        (("clusterName=prod", r"commonLabels.helm\.sh/chart=mine"), "commonLabels has helm.sh/chart"),
        (("clusterName=prod", "inferenceUnitUsdPerHour=cheap"), "inferenceUnitUsdPerHour"),
    ],
)
def test_wrong_values_are_refused_by_name(values: tuple[str, ...], said: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        generate.render(*(part for value in values for part in ("--set", value)))
    assert said in refused.value.stderr


def test_a_right_on_leases_comes_with_leader_election_only() -> None:
    objects = generate.objects(
        generate.render(
            "--set", "clusterName=prod,replicas=1,leaderElection.enabled=false,leaderElection.retrySeconds=99"
        )
    )
    assert "leases" not in json.dumps(objects)
    assert "LEASE" not in json.dumps(objects)


def test_the_grace_time_that_the_chart_takes_for_given_is_the_operators() -> None:
    text = (CHARTS / "rekognition-operator" / "templates" / "_checks.tpl").read_text("utf-8")
    assert f"default {OperatorSettings.model_fields['grace_seconds'].default:g} (get" in text


@pytest.mark.parametrize("price", ["4.00", "4", "4.00,eu-central-1=4.80", " 4.00 , us-gov-west-1 = 5 "])
def test_prices_are_written_as_the_operator_reads_them(price: str) -> None:
    objects = generate.objects(
        generate.render(
            "--set", "clusterName=prod", "--set-string", "inferenceUnitUsdPerHour=" + price.replace(",", r"\,")
        )
    )
    given = {item["name"]: item["value"] for item in container(objects)["env"]}[
        f"{ENV_PREFIX}INFERENCE_UNIT_USD_PER_HOUR"
    ]
    assert UnitPrices.parse(given) == UnitPrices.parse(price)


def test_a_label_of_the_pods_may_be_one_of_all_objects() -> None:
    objects = generate.objects(
        generate.render("--set", "clusterName=prod,commonLabels.team=a,podLabels.team=b,podLabels.tier=c")
    )
    labels = of_kind(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert (labels["team"], labels["tier"]) == ("b", "c")


def test_every_value_is_described() -> None:
    schema = json.loads((CHARTS / "rekognition-operator" / "values.schema.json").read_text("utf-8"))
    values = yaml.safe_load((CHARTS / "rekognition-operator" / "values.yaml").read_text("utf-8"))

    def check(node: Mapping[str, Any], given: Mapping[str, Any], path: str) -> None:
        assert set(given) | ({"global"} if not path else set()) == set(node["properties"]), path
        for name, member in node["properties"].items():
            assert member["description"].endswith((".", ")")), f"{path}.{name}"
            if "properties" in member:
                check(member, given[name], f"{path}.{name}")

    check(schema, values, "")


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_right_is_by_wildcard_and_none_is_on_secrets(values: Path) -> None:
    roles = [item for item in rendered(values) if item["kind"] in {"Role", "ClusterRole"}]
    words = [word for role in roles for rule in role["rules"] for words in rule.values() for word in words]
    assert "*" not in words
    assert "secrets" not in words


def test_an_operator_of_some_namespaces_has_rights_in_no_other() -> None:
    objects = rendered(ROOT / "tests/data/charts/values/namespaced.yaml")
    kinds = [(item["kind"], item["metadata"].get("namespace")) for item in objects]
    assert {namespace for kind, namespace in kinds if kind == "Role"} == {"trust-safety", "search"}
    people = {"rekognition-operator-view", "rekognition-operator-edit"}
    assert {item["metadata"]["name"] for item in objects if item["kind"] == "ClusterRole"} == people
    assert "ClusterRoleBinding" not in {kind for kind, _ in kinds}
    assert "configmaps" not in json.dumps(objects)


# --- What a real API server says ---------------------------------------------------------------------------------

FOREIGN = ("ServiceMonitor", "PrometheusRule")


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """Prepare what the charts rely on: namespaces, and the kinds of the Prometheus Operator, which take anything."""
    for namespace in ("rekognition-operator", "trust-safety", "search"):
        control_plane.create_namespace(namespace)
    control_plane.client.apply_crds([permissive(kind) for kind in FOREIGN])
    return control_plane


def permissive(kind: str) -> Object:
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.monitoring.coreos.com"},
        "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def dry_run(plane: ControlPlane, item: Object) -> Object:
    """Let the server do all but store an object; unknown fields are errors."""
    query = "dryRun=All&fieldManager=test&force=true&fieldValidation=Strict"
    path = f"{path_of(item)}?{query}"
    return cast("Object", plane.client.request("PATCH", path, item, content_type="application/apply-patch+yaml"))


def path_of(item: Object) -> str:
    group = item["apiVersion"]
    root = f"/api/{group}" if "/" not in group else f"/apis/{group}"
    namespace = item["metadata"].get("namespace")
    scope = f"/namespaces/{namespace}" if namespace else ""
    plural = {"NetworkPolicy": "networkpolicies"}.get(item["kind"], f"{item['kind'].lower()}s")
    return f"{root}{scope}/{plural}/{item['metadata']['name']}"


@pytest.mark.controlplane
@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_an_api_server_takes_every_object(plane: ControlPlane, values: Path) -> None:
    for item in rendered(values):
        assert dry_run(plane, item)["kind"] == item["kind"]


@pytest.mark.controlplane
def test_an_api_server_takes_the_definitions(plane: ControlPlane) -> None:
    for crd in generate.objects(generate.render(chart=CHARTS / "rekognition-operator-crds")):
        dry_run(plane, crd)


@pytest.mark.controlplane
@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_pod_may_run_where_only_restricted_pods_may(plane: ControlPlane, values: Path) -> None:
    template = of_kind(rendered(values), "Deployment")["spec"]["template"]
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "restricted", "labels": label}}
    plane.client.apply(namespace)
    spec = {**template["spec"], "priorityClassName": None}  # nobody makes the classes here
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator", "namespace": "restricted"}, "spec": spec}

    assert dry_run(plane, pod)["spec"]["containers"][0]["name"] == "operator"
    loose = {**pod, "spec": {**spec, "securityContext": {}}}
    with pytest.raises(ApiRefusedError, match="violates PodSecurity"):
        dry_run(plane, loose)
