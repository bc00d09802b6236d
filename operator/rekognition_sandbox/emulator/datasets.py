"""What does a dataset hold, and how does it come to be and go?

Custom Labels guide, "Debugging datasets": a manifest that is of no use as a whole fails the creation; lines that are of
no use are left out, unless they are too many. Nobody but ListDatasetEntries, which is not emulated, shows the entries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import dataset_arn
from rekognition_sandbox.emulator.custom_labels.manifests import read_ground_truth
from rekognition_sandbox.emulator.custom_labels.training import TOO_MANY_LABELS, limits_in
from rekognition_sandbox.emulator.manifests import TOO_MANY_ROWS, ManifestFileError, read_line, read_manifests
from rekognition_sandbox.emulator.state import Dataset, DatasetStatus, DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.manifests import ManifestLine, ObjectStore, S3Location
    from rekognition_sandbox.emulator.state import Place, Project

#: How long CREATE_IN_PROGRESS and DELETE_IN_PROGRESS last, in emulated time; AWS documents no figure.
DATASET_MS = 2 * 60 * 1000
TOO_MANY_RECORDS = "The manifest file has too many terminal errors."
_LONGEST_LINE = 100_000
#: INFERRED: the same share as in training.
_MOST_LEFT_OUT = 0.2
_FAILED = frozenset({DatasetStatus.CREATE_FAILED, DatasetStatus.UPDATE_FAILED})


@dataclass(frozen=True)
class Entries:
    """The JSON lines that a dataset gets from its source; `failure` is AWS's text where it gets none."""

    entries: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class DatasetStats:
    """DescribeDataset's counts; an entry with an error may be labelled all the same."""

    labeled_entries: int
    total_entries: int
    total_labels: int
    error_entries: int


def read_entries(manifest: S3Location, store: ObjectStore, region: str) -> Entries:
    """Return the entries that a dataset gets from a manifest."""
    limits = limits_in(region)
    try:
        lines = read_manifests(
            [manifest],
            store,
            region=region,
            manifest_bytes=limits.manifest_bytes,
            ground_truth=read_ground_truth,
        )
    except ManifestFileError as error:
        return Entries(failure=str(error))
    kept = _without_terminal_errors(lines)
    if len(lines) > limits.images:
        return Entries(failure=TOO_MANY_ROWS.message)
    if len(lines) - len(kept) > _MOST_LEFT_OUT * len(lines):
        return Entries(failure=TOO_MANY_RECORDS)
    if len(_labels(kept.values())) > limits.labels:
        return Entries(failure=TOO_MANY_LABELS.message)
    return Entries(tuple(kept))


def stats(dataset: Dataset) -> DatasetStats:
    """Count what a dataset holds."""
    lines = [read_line(entry, read_ground_truth) for entry in dataset.entries]
    return DatasetStats(
        labeled_entries=sum(bool(line.labels or line.boxes) for line in lines),
        total_entries=len(lines),
        total_labels=len(_labels(lines)),
        error_entries=sum(line.has_errors for line in lines),
    )


def status_message_code(dataset: Dataset) -> str:
    """Return DescribeDataset's StatusMessageCode: what fails here is always the manifest."""
    return "CLIENT_ERROR" if dataset.status in _FAILED else "SUCCESS"


def new_dataset(engine: Engine, project: Project, kind: DatasetType, *, tags: Mapping[str, str]) -> Dataset:
    """Return an empty dataset that begins now."""
    created_ms = engine.next_creation_ms()
    return Dataset(
        arn=dataset_arn(project.arn, kind, created_ms),
        project_arn=project.arn,
        dataset_type=kind,
        created_ms=created_ms,
        updated_ms=created_ms,
        status=DatasetStatus.CREATE_IN_PROGRESS,
        status_message="The dataset is being created.",
        tags=tags,
    )


def begin_dataset(engine: Engine, place: Place, dataset: Dataset, source: Entries) -> None:
    """Let a dataset be CREATE_IN_PROGRESS, and then hold what its source gave when it began, or have failed."""
    place.datasets[dataset.arn] = dataset
    due_ms = dataset.created_ms + DATASET_MS

    def created() -> None:
        present = place.datasets.get(dataset.arn)
        if present is None or present.status is not DatasetStatus.CREATE_IN_PROGRESS:
            return
        failed = source.failure is not None
        place.datasets[dataset.arn] = replace(
            present,
            status=DatasetStatus.CREATE_FAILED if failed else DatasetStatus.CREATE_COMPLETE,
            status_message=source.failure or "The dataset was created successfully.",
            updated_ms=due_ms,
            entries=source.entries,
        )

    engine.plan(due_ms, created)


def begin_deleting_dataset(engine: Engine, place: Place, dataset: Dataset) -> None:
    """Let a dataset be DELETE_IN_PROGRESS, and then be gone."""
    now_ms = engine.clock.now_ms()
    place.datasets[dataset.arn] = replace(
        dataset,
        status=DatasetStatus.DELETE_IN_PROGRESS,
        status_message="The dataset is being deleted.",
        updated_ms=now_ms,
    )

    def gone() -> None:
        place.datasets.pop(dataset.arn, None)

    engine.plan(now_ms + DATASET_MS, gone)


def _without_terminal_errors(lines: Iterable[ManifestLine]) -> dict[str, ManifestLine]:
    """Return the lines that a dataset keeps, by their text: readable ones, each image once."""
    kept: dict[str, ManifestLine] = {}
    seen: set[S3Location] = set()
    for line in lines:
        text = json.dumps(line.document, ensure_ascii=False)
        if line.image is not None and line.image not in seen and len(text) <= _LONGEST_LINE:
            seen.add(line.image)
            kept[text] = line
    return kept


def _labels(lines: Iterable[ManifestLine]) -> frozenset[str]:
    return frozenset(label for line in lines for label in (*line.labels, *(placed.label for placed in line.boxes)))
