"""Can a stranger use the examples as they are?"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_operator.api.awsidentity import AWSIdentity, AWSIdentitySpec
from rekognition_operator.api.crd import crd_of
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel, CustomLabelsModelSpec, Serving
from rekognition_operator.api.kinds import ALL_DEFINITIONS, ALL_KINDS, BY_NAME, Definition, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter, ModerationAdapterSpec
from rekognition_operator.api.resource import ResourceSpec
from rekognition_operator.api.schema import API_VERSION
from rekognition_operator.core.resolve import resolve
from rekognition_sandbox.samples.dataset import DEFAULT_PREFIX, make_samples
from rekognition_sandbox.samples.parts import PARTS_PREFIX, make_parts

ROOT = Path(__file__).parents[3]
EVERY_EXAMPLE = sorted((ROOT / "examples").glob("*.yaml"))
EXAMPLES = [path for path in EVERY_EXAMPLE if not path.name.startswith(AWSIdentity.singular)]
STORIES: dict[Kind, set[str]] = {
    ModerationAdapter: {
        "",
        "full",
        "adopt",
        "delete",
        "gated",
        "probed",
        "pinned",
        "tracked",
        "published",
    },
    CustomLabelsModel: {"", "full", "office-hours", "idle-stop", "stopped"},
}


def load(name: str) -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load((ROOT / "examples" / name).read_text(encoding="utf-8"))
    return manifest


def names(schema: Any) -> set[str]:
    """Return the names of all members at every depth of a schema."""
    found = set(schema.get("properties", {}))
    members = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return found.union(*(names(member) for member in members))


def read(manifest: dict[str, Any]) -> ResourceSpec:
    """Read the spec by the models of the manifest's kind."""
    return BY_NAME[manifest["kind"]].spec.model_validate(manifest["spec"])


def serving(name: str) -> Serving:
    """Return how the model of an example runs."""
    spec = read(load(name))
    assert isinstance(spec, CustomLabelsModelSpec)
    return spec.serving


def manifests(spec: ResourceSpec) -> list[tuple[str, str]]:
    testing = spec.training.testing_data
    used = [*spec.training.training_data.manifests, *((testing and testing.manifests) or ())]
    return [(manifest.bucket, manifest.name) for manifest in used]


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_every_story_of_a_kind_has_an_example(kind: Kind) -> None:
    of_the_kind = {path.stem for path in EXAMPLES if load(path.name)["kind"] == kind.kind}
    assert of_the_kind == {f"{kind.singular}-{story}".removesuffix("-") for story in STORIES[kind]}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_begins_with_what_it_is_and_is_read_by_the_models(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")
    manifest = load(path.name)
    spec = read(manifest)
    assert manifest["apiVersion"] == API_VERSION
    assert manifest["metadata"]["namespace"] == "trust-safety"
    assert spec.region == "us-east-1"
    assert spec.model_dump(by_alias=True, exclude_unset=True) == manifest["spec"]  # no member is unknown to the models


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_trains_on_the_sample_data_of_the_sandbox(path: Path) -> None:
    spec = read(load(path.name))
    adapter = isinstance(spec, ModerationAdapterSpec)
    names = make_samples().manifests if adapter else make_parts().manifests
    prefix = DEFAULT_PREFIX if adapter else PARTS_PREFIX
    assert set(manifests(spec)) <= {("acme-ml", prefix + name) for name in names}
    assert spec.output.bucket == "acme-ml"
    assert (spec.output.prefix or "").startswith(f"{prefix}out/")


@pytest.mark.parametrize("name", ["awsidentity.yaml", "awsidentity-full.yaml"])
def test_an_example_of_an_identity_says_who_may_use_it_and_is_read_by_the_models(name: str) -> None:
    manifest = load(name)
    spec = AWSIdentitySpec.model_validate(manifest["spec"])
    assert "namespace" not in manifest["metadata"]
    assert spec.allowed_namespaces is not None
    assert spec.model_dump(by_alias=True, exclude_unset=True) == manifest["spec"]


def test_the_examples_do_not_claim_the_same_project() -> None:
    claimed = [load(path.name) for path in EXAMPLES]
    projects = [manifest["spec"].get("projectName", manifest["metadata"]["name"]) for manifest in claimed]
    assert len(set(projects)) == len(projects)


def test_the_examples_write_to_places_of_their_own() -> None:
    outputs = [read(load(path.name)).output.prefix for path in EXAMPLES]
    assert len(set(outputs)) == len(outputs)


def test_what_the_readme_shows_is_an_example_without_its_comments() -> None:
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    shown = [yaml.safe_load(block.split("```")[0]) for block in blocks]
    examples = [load(path.name) for path in EXAMPLES]
    assert {manifest["kind"] for manifest in shown} == {kind.kind for kind in ALL_KINDS}
    assert all(manifest in examples for manifest in shown)


@pytest.mark.parametrize("kind", ALL_DEFINITIONS, ids=lambda kind: kind.kind)
def test_the_full_example_mentions_every_field(kind: Definition) -> None:
    text = (ROOT / "examples" / f"{kind.singular}-full.yaml").read_text(encoding="utf-8")
    version: Any = crd_of(kind)["spec"]
    fields = names(version["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"])
    assert {name for name in fields if f"{name}:" not in text} == set()


def test_the_adopting_example_says_which_project_and_which_version() -> None:
    spec = ModerationAdapterSpec.model_validate(load("moderationadapter-adopt.yaml")["spec"])
    assert spec.adoption.policy == "IfUnowned"
    assert spec.adoption.versions
    assert spec.project_name is not None


def test_the_pinned_example_names_the_version_that_it_trains() -> None:
    desired = resolve(
        load("moderationadapter-pinned.yaml"), cluster_name="test", default_region=None, account="123456789012"
    )
    assert desired.pin == desired.digests[0]


def test_the_deleting_example_deletes() -> None:
    assert (
        ModerationAdapterSpec.model_validate(load("moderationadapter-delete.yaml")["spec"]).deletion.policy == "Delete"
    )


def test_the_model_that_is_always_on_has_nothing_that_stops_it() -> None:
    on = serving("customlabelsmodel.yaml")
    assert (on.state, on.schedule, on.idle_stop, on.budget) == ("Running", None, None, None)


def test_the_models_that_save_money_are_stopped_by_what_their_name_says() -> None:
    office, idle = serving("customlabelsmodel-office-hours.yaml"), serving("customlabelsmodel-idle-stop.yaml")
    assert office.state == idle.state == "Running"
    assert office.schedule is not None
    assert idle.idle_stop is not None
    assert serving("customlabelsmodel-stopped.yaml").state == "Stopped"
