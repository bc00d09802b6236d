"""How does a test run two operators, of which one leads?"""

import re
from dataclasses import dataclass

from e2e.harness.operator import OperatorProcess
from e2e.harness.proxy import Proxy
from e2e.harness.scene import Scene
from e2e.harness.waiting import wait_for

TAKE_OVER_SECONDS = 30.0


@dataclass(frozen=True)
class Replicas:
    """Two operators for the namespace of a scene, each behind a proxy of its own to the API server.

    Attributes
    ----------
    scene
        Its operator is the first one, which was started first and so leads.
    """

    scene: Scene
    first: OperatorProcess
    second: OperatorProcess
    first_network: Proxy

    def start(self) -> None:
        """Start the first, and the second once the first leads."""
        self.first.start()
        self.await_leader(self.first)
        self.second.start()
        assert self.second.probe("/readyz") == (200, "standing by\n")
        assert not leads(self.second)

    def await_leader(self, operator: OperatorProcess) -> None:
        """Return once this one leads, and works."""
        wait_for(
            "the operator leads",
            lambda: leads(operator) and operator.probe("/readyz") == (200, "ok\n"),
            deadline_seconds=TAKE_OVER_SECONDS,
            diagnose=lambda: f"first: {self.first.log()}\n\nsecond: {self.second.log()}",
        )

    def stop(self) -> None:
        """End both."""
        self.first_network.let_through()
        self.first.stop()
        self.second.stop()


def leads(operator: OperatorProcess) -> bool:
    """Whether an operator says of itself that it leads."""
    _, metrics = operator.probe("/metrics")
    return re.search(r"^rekognition_operator_leader 1\.0$", metrics, re.MULTILINE) is not None
