"""What does a story have to itself?"""

from dataclasses import dataclass, field
from typing import Any

from e2e.harness.aws import Aws
from e2e.harness.cluster import Cluster
from e2e.harness.data import TEST, TRAIN
from e2e.harness.operator import OperatorProcess
from e2e.harness.resource import Adapter, Model


@dataclass(frozen=True)
class Scene:
    """A namespace and a Region of its own, on the common cluster and in the common emulator."""

    cluster: Cluster = field(repr=False)
    aws: Aws
    namespace: str
    operator: OperatorProcess = field(repr=False)

    def adapter(self, name: str = "storefront", **spec: object) -> Adapter:
        """Speak of an adapter whose spec is the plain one with these members added or replaced; it is not applied."""
        training = {**self._data(self.aws.pictures), "confidenceThreshold": 60}
        return Adapter(self, name, {**self._plain_spec(self.aws.pictures, training), **spec})

    def model(self, name: str = "parts", *, serving: dict[str, Any] | None = None, **spec: object) -> Model:
        """Speak of a model that shall run, with members of spec.serving and spec added or replaced; not applied."""
        plain = self._plain_spec(self.aws.parts, self._data(self.aws.parts))
        return Model(self, name, {**plain, "serving": {"state": "Running", **(serving or {})}, **spec})

    def _plain_spec(self, prefix: str, training: dict[str, Any]) -> dict[str, Any]:
        output = {"bucket": self.aws.bucket, "prefix": f"{prefix}out/"}
        return {"region": self.aws.region, "training": training, "output": output}

    def _data(self, prefix: str) -> dict[str, Any]:
        return {
            member: {"manifests": [{"bucket": self.aws.bucket, "name": prefix + manifest}]}
            for member, manifest in (("trainingData", TRAIN), ("testingData", TEST))
        }
