"""What becomes of an adapter whose data is followed, when anything is uploaded at any time?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fakes.adapter_simulation import AdapterSimulation
from fakes.builders import sha256
from fakes.simulation import WatchedRekognition
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import Feature, S3Object

BUCKET: Final = "acme-ml"
MANIFEST: Final = "storefront/train.manifest"
COPY: Final = "storefront/copy.manifest"
SETTLE: Final = timedelta(minutes=30)
MOST: Final = 2
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Trained:
    """What a version was trained on, and why."""

    arn: str
    content: str
    threshold: float | None
    at: datetime
    by_data: bool


class _Account(WatchedRekognition):
    """An account that tells the simulation what is trained."""

    simulation: "DataSimulation"

    async def create_version(
        self,
        project_arn: str,
        version_name: str,
        *,
        feature: Feature,
        inputs: TrainingInputs,
        output: S3Object,
        description: str | None,
        tags: Mapping[str, str],
        lane: Lane,
    ) -> str:
        arn = await super().create_version(
            project_arn,
            version_name,
            feature=feature,
            inputs=inputs,
            output=output,
            description=description,
            tags=tags,
            lane=lane,
        )
        self.simulation.note_training(arn, inputs, by_data=t.DATA_CHANGED in tags)
        return arn


class DataSimulation(AdapterSimulation):
    """An adapter that follows its one manifest, of which there is a copy under another name.

    Nothing is deleted by retention, and no training fails: then each content is trained once, whatever happens.
    """

    def __init__(self, *, versioned: bool = False) -> None:
        super().__init__()
        self.content, self.modified = "", self.now
        self.passing = False
        self.raced_at: datetime | None = None
        """When something was last uploaded while the operator was at it."""
        self.uploads: dict[str | None, str] = {}
        """What is in each version of the objects."""
        self.readable = True
        self.trained: list[Trained] = []
        self.aws.objects.add_bucket(BUCKET, versioned=versioned)
        self._upload("content 0")
        self.edit(
            data={"follow": "Track", "settle": "30m", "maxTrainingsPerDay": MOST},
            retention={"keep": 20, "keepFailed": 5},
        )

    def make_aws(self) -> WatchedRekognition:
        account = _Account(lambda: self.now)
        account.simulation = self
        return account

    @property
    def follows(self) -> bool:
        data = self.spec["data"]
        assert isinstance(data, dict)
        return bool(data["follow"] == "Track")

    def next_pass(self) -> float | None:
        self.passing = True
        try:
            return super().next_pass()
        finally:
            self.passing = False

    # --- the world --------------------------------------------------------------------------------------------------

    def happen(self, kind: str, number: int) -> None:
        match kind:
            case "upload":
                self._upload(f"content {number % 4}")
            case "upload the same":
                self._upload(self.content)
            case "read from the copy":
                manifest = {"bucket": BUCKET, "name": (MANIFEST, COPY)[number % 2]}
                self.edit(training={**self._training(), "trainingData": {"manifests": [manifest]}})
            case "go on":
                self.now += timedelta(minutes=(5, 20, 40, 300)[number % 4])
            case "lose S3":
                self.readable = False
                self.aws.inject("HeadObject", (ErrorKind.ACCESS_DENIED, ErrorKind.SERVER)[number % 2], times=10**6)
            case "regain S3":
                self.readable = True
                self.aws.clear_faults()
            case "follow or not":
                data = self.spec["data"]
                assert isinstance(data, dict)
                self.now += timedelta(seconds=2)
                self.edit(data={**data, "follow": ("Track", "Pinned")[number % 2]})
            case _:
                super().happen(kind, number)

    def _upload(self, content: str) -> None:
        if not self.content_is_known():
            return  # whether it is the same could be told by nobody
        self.now += timedelta(seconds=2)
        self.content, self.modified = content, self.now
        self.raced_at = self.now if self.passing else None
        for name in (MANIFEST, COPY):
            self.uploads[self.aws.objects.put(BUCKET, name, content.encode())] = content

    def content_is_known(self) -> bool:
        """Whether the data is followed, and the operator has taken note of what each version was trained on."""
        if "data" not in self.spec:
            return True
        noted = all({t.CONTENT, t.MANIFESTS} & version.tags.keys() for version in self.aws.versions)
        return self.follows and noted

    # --- what must hold ---------------------------------------------------------------------------------------------

    def note_training(self, arn: str, inputs: TrainingInputs, *, by_data: bool) -> None:
        """See that a training is due, as it begins."""
        (manifest,) = inputs.training
        content = manifest.content or sha256(self.content)
        assert self.readable or manifest.content is None, "trained on data that cannot be read"
        raced = self.raced_at == self.now
        assert raced or content == sha256(self.content), "trained on what is not there any more"
        if manifest.version is not None:
            assert content == sha256(self.uploads[manifest.version]), "trained on another version than was looked at"
        threshold = inputs.confidence_threshold
        known = {(seen.content, seen.threshold) for seen in self.trained}
        assert (content, threshold) not in known, f"paid twice for {self.content} at {threshold}"
        if by_data:
            assert raced or self.now - self.modified >= SETTLE, "trained on data that has not settled"
            today = [seen for seen in self.trained if seen.by_data and seen.at > self.now - DAY]
            assert len(today) < MOST, "trained more often in a day than the spec allows"
        self.trained.append(Trained(arn, content, threshold, self.now, by_data))

    def settle(self) -> None:
        """Let people and S3 do nothing more, a day go by, and the operator run until nothing changes any more."""
        self.happen("regain S3", 0)
        self.now += DAY
        super().settle()

    def check_settled(self) -> None:
        """See that what serves was trained on what is there."""
        conditions = {condition.type: condition for condition in self.status().conditions or ()}
        assert conditions["Ready"].status == conditions["UpToDate"].status == "True", conditions
        active = self.status().active
        assert active is not None
        (serves,) = [seen for seen in self.trained if seen.arn == active.arn]
        assert serves.threshold == self._training()["confidenceThreshold"]
        assert serves.content == sha256(self.content) or not self.follows
