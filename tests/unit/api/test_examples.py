"""Can a stranger use the examples as they are?"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_operator.api.crd import moderation_adapter_crd
from rekognition_operator.api.moderationadapter import ModerationAdapterSpec
from rekognition_operator.api.schema import API_VERSION
from rekognition_sandbox.samples.dataset import DEFAULT_PREFIX, make_samples

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def load(name: str) -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load((ROOT / "examples" / name).read_text(encoding="utf-8"))
    return manifest


def names(schema: Any) -> set[str]:
    """Return the names of all members at every depth of a schema."""
    found = set(schema.get("properties", {}))
    members = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return found.union(*(names(member) for member in members))


def manifests(spec: ModerationAdapterSpec) -> list[tuple[str, str]]:
    testing = spec.training.testing_data
    used = [*spec.training.training_data.manifests, *((testing and testing.manifests) or ())]
    return [(manifest.bucket, manifest.name) for manifest in used]


def test_the_four_stories_have_an_example() -> None:
    assert {path.stem.removeprefix("moderationadapter").removeprefix("-") for path in EXAMPLES} == {
        "",
        "full",
        "adopt",
        "delete",
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_begins_with_what_it_is_and_is_read_by_the_models(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")
    manifest = load(path.name)
    spec = ModerationAdapterSpec.model_validate(manifest["spec"])
    assert (manifest["apiVersion"], manifest["kind"]) == (API_VERSION, "ModerationAdapter")
    assert manifest["metadata"]["namespace"] == "trust-safety"
    assert spec.region == "us-east-1"
    assert spec.model_dump(by_alias=True, exclude_unset=True) == manifest["spec"]  # no member is unknown to the models


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_trains_on_the_sample_data_of_the_sandbox(path: Path) -> None:
    spec = ModerationAdapterSpec.model_validate(load(path.name)["spec"])
    samples = {("acme-ml", DEFAULT_PREFIX + name) for name in make_samples().manifests}
    assert set(manifests(spec)) <= samples
    assert spec.output.bucket == "acme-ml"
    assert (spec.output.prefix or "").startswith("storefront/out/")


def test_the_examples_do_not_claim_the_same_project() -> None:
    claimed = [load(path.name) for path in EXAMPLES]
    projects = [manifest["spec"].get("projectName", manifest["metadata"]["name"]) for manifest in claimed]
    assert len(set(projects)) == len(projects)


def test_the_full_example_mentions_every_field() -> None:
    text = (ROOT / "examples" / "moderationadapter-full.yaml").read_text(encoding="utf-8")
    version: Any = moderation_adapter_crd()["spec"]
    fields = names(version["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"])
    assert {name for name in fields if f"{name}:" not in text} == set()


def test_the_adopting_example_says_which_project_and_which_version() -> None:
    spec = ModerationAdapterSpec.model_validate(load("moderationadapter-adopt.yaml")["spec"])
    assert spec.adoption.policy == "IfUnowned"
    assert spec.adoption.versions
    assert spec.project_name is not None


def test_the_deleting_example_deletes() -> None:
    assert (
        ModerationAdapterSpec.model_validate(load("moderationadapter-delete.yaml")["spec"]).deletion.policy == "Delete"
    )
