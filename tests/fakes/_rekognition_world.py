"""Which projects and versions are there in the fake, and how does a test move them?"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from fakes._rekognition_state import (
    DATASET_DELETING,
    Call,
    Effect,
    Fault,
    ProjectRecord,
    VersionRecord,
    refusal,
)
from fakes._rekognition_usage import Meter
from fakes.objects import FakeObjects
from fakes.summaries import FEW_MISTAKES, Mistakes, summary_of
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedDataset,
    ProjectStatus,
    S3Object,
    VersionState,
)


class RekognitionWorld:
    """AWS's side of the fake: projects, versions and tags; what a test does to them and asks of them.

    ``on_call(operation)`` runs before each call to AWS, also between those inside one method of the fake: change the
    world there. ``instant``: projects skip CREATING, and deletions skip DELETING.
    """

    objects: FakeObjects
    """The S3 of the same account and Region."""

    def __init__(
        self,
        *,
        account: str = "123456789012",
        region: str = "us-east-1",
        now: Callable[[], datetime] | None = None,
        max_projects: int = 100,
        max_versions: int = 100,
        max_trainings: int = 2,
        max_running_models: int = 2,
        max_inference_units: int = 5,
        max_tags: int = 50,
        instant: bool = False,
    ) -> None:
        self._account = account
        self._region = region
        self._now = now or (lambda: datetime(2026, 1, 1, tzinfo=UTC))
        self.max_projects = max_projects
        self.max_versions = max_versions
        self.max_trainings = max_trainings
        self.max_running_models = max_running_models
        self.max_inference_units = max_inference_units
        self.max_tags = max_tags
        self.instant = instant
        self.base_model_version = "7.0"
        """The base model that new trainings use."""
        self.on_call: Callable[[str], None] | None = None
        self.calls: list[Call] = []
        """Every call to AWS, in order, whatever its outcome."""
        self.effects: list[Effect] = []
        """Every change that the operator made in AWS, in order (not those that the test made)."""
        self.created: list[tuple[str, str]] = []
        """(project name, version name) of every training that the operator started."""
        self.meter = Meter()
        self._projects: dict[str, ProjectRecord] = {}
        self._faults: list[Fault] = []
        self._last_ms = 0

    @property
    def account(self) -> str:
        return self._account

    @property
    def region(self) -> str:
        return self._region

    # --- what a test does to the world ------------------------------------------------------------------------------

    def add_project(
        self,
        name: str,
        *,
        feature: Feature = Feature.CONTENT_MODERATION,
        auto_update: bool = False,
        tags: Mapping[str, str] | None = None,
        status: ProjectStatus = ProjectStatus.CREATED,
    ) -> str:
        """Make a project as a person would, past all checks; returns its ARN."""
        created_at, ms = self._stamp()
        arn = f"arn:aws:rekognition:{self.region}:{self.account}:project/{name}/{ms}"
        self._projects[arn] = ProjectRecord(arn, name, created_at, status, feature, auto_update, dict(tags or {}))
        return arn

    def add_version(
        self,
        project: str,
        name: str,
        *,
        status: str = VersionState.TRAINING_COMPLETED,
        inputs: TrainingInputs | None = None,
        output: S3Object | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        f1_score: float = 0.9,
        base_model_version: str | None = None,
    ) -> str:
        """Make a version as a person, or AWS's auto update, would; ``project`` by name or ARN. Returns its ARN."""
        owner = self.project(project)
        created_at, ms = self._stamp()
        arn = f"{owner.arn.rpartition('/')[0]}/version/{name}/{ms}"
        version = VersionRecord(
            arn=arn,
            name=name,
            created_at=created_at,
            status=VersionState.TRAINING_IN_PROGRESS,
            tags=dict(tags or {}),
            inputs=inputs,
            output=output,
            description=description,
            base_model_version=(base_model_version or self.base_model_version)
            if owner.feature is Feature.CONTENT_MODERATION
            else None,
        )
        owner.versions.append(version)
        if status == VersionState.TRAINING_IN_PROGRESS:
            return arn
        if status == VersionState.TRAINING_FAILED:
            self.fail(arn, "The manifest file is empty.")
        else:
            self.complete(arn, f1_score=f1_score)
            self.set_status(arn, status)
        return arn

    def add_dataset(self, project: str, dataset_type: str = "TRAIN") -> str:
        """Give a project a dataset, as opening it in the Custom Labels console does; returns its ARN."""
        owner = self.project(project)
        _, ms = self._stamp()
        arn = f"{owner.arn.rpartition('/')[0]}/dataset/{dataset_type.lower()}/{ms}"
        kind = "TEST" if dataset_type == "TEST" else "TRAIN"
        owner.datasets.append(ObservedDataset(arn, kind, "CREATE_COMPLETE"))  # type: ignore[arg-type]  # narrowed above
        return arn

    def complete(self, version: str, *, f1_score: float = 0.9, mistakes: Mistakes = FEW_MISTAKES) -> None:
        """Let the training succeed, with this evaluation."""
        record = self.version(version)
        record.status = VersionState.TRAINING_COMPLETED
        record.status_message = "The model is ready to run."
        record.training_ended_at = self._now()
        record.billable_training_seconds = 1899
        record.f1_score = f1_score
        self._place_outputs(record, evaluated=True)
        if record.evaluation_summary is not None:
            found = self._find_version(record.arn)
            place, feature = record.evaluation_summary, found[0].feature if found else Feature.CONTENT_MODERATION
            self.objects.put(place.bucket, place.name, summary_of(feature, f1_score, mistakes))

    def fail(self, version: str, message: str) -> None:
        """Let the training fail with AWS's ``message``."""
        record = self.version(version)
        record.status = VersionState.TRAINING_FAILED
        record.status_message = message
        record.training_ended_at = self._now()
        self._place_outputs(record, evaluated=False)

    def deprecate(self, version: str) -> None:
        """Release a newer base model, as AWS does: the version still serves."""
        self.set_status(version, VersionState.DEPRECATED)

    def expire(self, version: str) -> None:
        """Stop serving the version, as AWS does 60 to 90 days later."""
        self.set_status(version, VersionState.EXPIRED)

    def set_status(self, version: str, status: str, message: str | None = None) -> None:
        """Set any status, also one that no release knows."""
        record = self.version(version)
        record.status = status
        record.status_message = message if message is not None else record.status_message
        self._read_meter()

    def vanish_version(self, version: str) -> None:
        """Delete the version as a person does; it is gone at once."""
        arn = self.version(version).arn
        for project in self._projects.values():
            project.versions = [v for v in project.versions if v.arn != arn]
        self._read_meter()

    def vanish_project(self, project: str) -> None:
        """Delete the project with all its versions as a person does; it is gone at once."""
        del self._projects[self.project(project).arn]
        self._read_meter()

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags as a person does."""
        self._tags_of(arn, "TagResource").update(tags)

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags as a person does."""
        current = self._tags_of(arn, "UntagResource")
        for key in keys:
            current.pop(key, None)

    def hide(self, version: str, *, hidden: bool = True) -> None:
        """Keep the version out of every listing while its name is taken (an eventually consistent listing)."""
        self.version(version).hidden = hidden

    def advance(self) -> None:
        """Let AWS finish what it does by itself but training: CREATING is CREATED, deleted things are gone."""
        for project in list(self._projects.values()):
            project.versions = [v for v in project.versions if v.status != VersionState.DELETING]
            project.datasets = [d for d in project.datasets if d.status != DATASET_DELETING]
            if project.status is ProjectStatus.DELETING:
                del self._projects[project.arn]
            elif project.status is ProjectStatus.CREATING:
                project.status = ProjectStatus.CREATED

    def inject(
        self,
        operation: str,
        kind: ErrorKind,
        *,
        code: str | None = None,
        message: str = "injected",
        nth: int = 1,
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """Let the ``nth`` call of an operation from now, and the ``times - 1`` after it, end in an error.

        ``after_effect``: AWS does it, and then the error is seen (an answer that got lost).
        """
        error = refusal(operation, kind, message, code=code)
        self._faults.append(Fault(operation, error, nth - 1, times, after_effect))

    def clear_faults(self) -> None:
        """Let every call succeed from now."""
        self._faults.clear()

    # --- what a test asks -------------------------------------------------------------------------------------------

    @property
    def projects(self) -> tuple[ProjectRecord, ...]:
        """All projects as they are, oldest first."""
        return tuple(self._projects.values())

    @property
    def versions(self) -> tuple[VersionRecord, ...]:
        """All versions of all projects as they are, oldest first in each project."""
        return tuple(v for p in self._projects.values() for v in p.versions)

    def project(self, name_or_arn: str) -> ProjectRecord:
        """One project by name (the newest, where features share a name) or ARN; KeyError where there is none."""
        if name_or_arn in self._projects:
            return self._projects[name_or_arn]
        for project in reversed(self._projects.values()):
            if project.name == name_or_arn:
                return project
        raise KeyError(f"no project {name_or_arn}")

    def version(self, name_or_arn: str) -> VersionRecord:
        """One version by ARN, or by a name that only one project has; KeyError otherwise."""
        found = [v for v in self.versions if name_or_arn in (v.arn, v.name)]
        if len(found) != 1:
            raise KeyError(f"{len(found)} versions are called {name_or_arn}")
        return found[0]

    def count(self, operation: str) -> int:
        """How often an operation was called, whatever came of it."""
        return sum(call.operation == operation for call in self.calls)

    def _read_meter(self) -> None:
        """Note which models run from now on."""
        self.meter.read(
            self._now(),
            {
                version.arn: (project.name, version.name, version.min_inference_units or 1)
                for project in self._projects.values()
                for version in project.versions
                if version.state is VersionState.RUNNING
            },
        )

    def _tags_of(self, arn: str, operation: str) -> dict[str, str]:
        project = self._projects.get(arn)
        if project is not None:
            return project.tags
        found = self._find_version(arn)
        if found is None:
            raise refusal(operation, ErrorKind.NOT_FOUND, f"{arn} does not exist.")
        return found[1].tags

    def _find_version(self, arn: str) -> tuple[ProjectRecord, VersionRecord] | None:
        for project in self._projects.values():
            for version in project.versions:
                if version.arn == arn:
                    return project, version
        return None

    def _place_outputs(self, version: VersionRecord, *, evaluated: bool) -> None:
        """Where AWS writes its outputs: <prefix>/<Kind>-<project>-<version>.json."""
        if version.output is None:
            return
        stem = f"{version.arn.split('/')[1]}-{version.name}.json"
        bucket, prefix = version.output.bucket, version.output.name.rstrip("/")
        version.manifest_summary = S3Object(bucket, f"{prefix}/ManifestSummary-{stem}".lstrip("/"))
        if evaluated:
            version.evaluation_summary = S3Object(bucket, f"{prefix}/EvaluationResultSummary-{stem}".lstrip("/"))

    def _stamp(self) -> tuple[datetime, int]:
        """Return a creation time, strictly later than the last, and the ARN suffix equal to it (epoch ms)."""
        self._last_ms = max(self._last_ms + 1, int(self._now().timestamp() * 1000))
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self._last_ms), self._last_ms
