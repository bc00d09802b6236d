"""By which digest and name is a version known, and do they never change?"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NotRequired, TypedDict

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fakes.builders import OWNER, A
from rekognition_operator.api.moderationadapter import AdapterTraining
from rekognition_operator.core.inputs import (
    DIGEST_FUNCTIONS,
    ManifestRef,
    TrainingInputs,
    VersionName,
    digests,
    parse_version_name,
)
from rekognition_operator.core.resolve import resolve

RELEASED_LINES = 15
RELEASED_SHA256 = "bfc57197db6fb961881851f6c38d74848f458f69a5bde510a81718f237a349ec"
GOLDEN = Path(__file__).parents[2] / "data" / "digests" / "v1.json"


class GoldenLine(TypedDict):
    """A line of the golden file: what spec.training said, and the digest that a release gave it.

    ``content``: where the data is followed, the SHA-256 of each manifest, of training and then of testing.
    """

    inputs: dict[str, object]
    digest: str
    content: NotRequired[list[str]]


def golden() -> list[GoldenLine]:
    lines: list[GoldenLine] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return lines


def digest_of(training: dict[str, object], content: Sequence[str] = ()) -> str:
    """Return the digest of a spec.training as it is written in YAML, by the content of its manifests if it is given."""
    resource = {
        "kind": "ModerationAdapter",
        "metadata": {"namespace": OWNER.namespace, "name": OWNER.name, "generation": 1},
        "spec": {"training": training, "output": {"bucket": "acme-ml"}},
    }
    inputs = resolve(resource, cluster_name="prod", default_region="us-east-1", account="1" * 12).inputs
    if content:
        known = [replace(m, content=c) for m, c in zip((*inputs.training, *inputs.testing), content, strict=True)]
        split = len(inputs.training)
        inputs = replace(inputs, training=tuple(known[:split]), testing=tuple(known[split:]))
    return digests(inputs)[0]


TRAIN: dict[str, object] = {"manifests": [{"bucket": "acme-ml", "name": "train.manifest"}]}


@pytest.mark.parametrize("line", golden(), ids=lambda line: f"{line['digest']}-{len(line.get('content', ()))}")
def test_a_released_digest_never_changes(line: GoldenLine) -> None:
    assert digest_of(line["inputs"], line.get("content", ())) == line["digest"]


def test_the_golden_file_only_grows() -> None:
    # Lines are appended, never changed or removed, not even together with the function: the lines that a release has
    # known are pinned here. Raise the pin at a release, to all lines of the file.
    released = golden()[:RELEASED_LINES]
    assert len(released) == RELEASED_LINES
    assert hashlib.sha256(json.dumps(released, sort_keys=True).encode()).hexdigest() == RELEASED_SHA256


def test_the_golden_file_has_each_inputs_once() -> None:
    inputs = [json.dumps({**line, "digest": ""}, sort_keys=True) for line in golden()]
    assert len(set(inputs)) == len(inputs)


def test_every_digest_function_that_was_released_is_still_there() -> None:
    assert [digest.split("-")[0] for digest in digests(A)] == list(DIGEST_FUNCTIONS)
    assert "v1" in DIGEST_FUNCTIONS


def test_a_manifest_with_known_content_is_its_content_and_nothing_else() -> None:
    named, renamed = TRAIN, {"manifests": [{"bucket": "other", "name": "x.manifest", "version": "3HL4"}]}
    contents = ["ab" * 32, "cd" * 32]
    for content in contents:
        assert digest_of({"trainingData": named}, [content]) == digest_of({"trainingData": renamed}, [content])
    both: dict[str, object] = {"trainingData": named, "testingData": renamed}
    assert len({digest_of(both, order) for order in (contents, contents[::-1])}) == 2
    assert digest_of({"trainingData": named}, contents[:1]) != digest_of({"trainingData": named})


@pytest.mark.parametrize("number", ["60", "60.0", "6e1", "60.000", "0.6e2"])
def test_the_way_a_number_is_written_changes_nothing(number: str) -> None:
    written = {"trainingData": TRAIN, "confidenceThreshold": json.loads(number)}
    assert digest_of(written) == digest_of({"trainingData": TRAIN, "confidenceThreshold": 60})


def test_zero_is_a_threshold_and_its_sign_is_not() -> None:
    zero = digest_of({"trainingData": TRAIN, "confidenceThreshold": 0})
    assert zero == digest_of({"trainingData": TRAIN, "confidenceThreshold": -0.0})
    assert zero != digest_of({"trainingData": TRAIN})


def test_auto_split_true_is_what_absent_means() -> None:
    assert digest_of({"trainingData": TRAIN, "testingData": {"autoSplit": True}}) == digest_of({"trainingData": TRAIN})


def test_testing_manifests_are_inputs() -> None:
    assert digest_of({"trainingData": TRAIN, "testingData": TRAIN}) != digest_of({"trainingData": TRAIN})


def test_the_order_of_manifests_matters_and_that_of_keys_does_not() -> None:
    one, two = {"bucket": "b-1", "name": "x.manifest"}, {"name": "y.manifest", "bucket": "b-1"}
    turned = {"bucket": "b-1", "name": "y.manifest"}
    assert digest_of({"trainingData": {"manifests": [one, two]}}) != digest_of(
        {"trainingData": {"manifests": [two, one]}}
    )
    assert digest_of({"trainingData": {"manifests": [two]}}) == digest_of({"trainingData": {"manifests": [turned]}})


def test_nothing_under_training_has_a_default_that_could_change_a_digest() -> None:
    assert AdapterTraining.digest_input
    absent = AdapterTraining.model_validate({"trainingData": TRAIN}).model_dump(exclude_none=True, by_alias=True)
    assert absent == {"trainingData": TRAIN}


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
manifests = st.builds(ManifestRef, text, text, st.none() | text)
some_inputs = st.builds(
    TrainingInputs,
    training=st.lists(manifests, min_size=1, max_size=3).map(tuple),
    testing=st.lists(manifests, max_size=2).map(tuple),
    confidence_threshold=st.none() | st.floats(0, 100),
    kms_key_id=st.none() | text,
)


@given(some_inputs, some_inputs)
def test_digests_are_equal_exactly_where_the_inputs_are(one: TrainingInputs, other: TrainingInputs) -> None:
    assert (digests(one) == digests(other)) is (one == other)


@given(some_inputs, st.data())
def test_each_single_input_counts(one: TrainingInputs, data: st.DataObject) -> None:
    changed = data.draw(
        st.sampled_from(
            (
                replace(one, training=(*one.training, ManifestRef("more", "x"))),
                replace(one, testing=(*one.testing, ManifestRef("more", "x"))),
                replace(one, confidence_threshold=(one.confidence_threshold or 0) + 1),
                replace(one, kms_key_id=f"{one.kms_key_id}x"),
                replace(one, training=(replace(one.training[0], version="v"), *one.training[1:])),
            )
        )
    )
    assert (digests(changed) == digests(one)) is (changed == one)


@given(some_inputs, st.integers(1, 10**6))
def test_a_version_name_tells_digest_and_attempt(one: TrainingInputs, n: int) -> None:
    name = VersionName(digests(one)[0], n)
    assert parse_version_name(str(name)) == name
    assert len(str(name)) <= 255


@pytest.mark.parametrize(
    "name",
    [
        "", "v1", "v1-", "v1-0123456789abcde", "v1-0123456789abcdef0", "v1-0123456789ABCDEF", "x1-0123456789abcdef",
        "v1-0123456789abcdef-", "v1-0123456789abcdef-0", "v1-0123456789abcdef-1", "v1-0123456789abcdef-02",
        "v1-0123456789abcdef-2-2", "v1-0123456789abcdef-x", "a-v1-0123456789abcdef", "v1-0123456789abcdef\n",
    ],
)  # fmt: skip
def test_a_name_that_the_operator_never_writes_is_not_its_own(name: str) -> None:
    assert parse_version_name(name) is None


@given(st.text(alphabet="v1-0a9f2", max_size=24))
def test_what_is_read_as_a_name_is_written_the_same(name: str) -> None:
    parsed = parse_version_name(name)
    assert parsed is None or str(parsed) == name
