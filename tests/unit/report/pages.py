"""Of which resources, versions and summaries do the tests make pages?"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_operator.api.moderationadapter import ModerationAdapterStatus
from rekognition_operator.core.evaluation import Evaluation, LabelMetrics, parse_evaluation
from rekognition_operator.core.world import Feature
from rekognition_operator.report.content import Looked, content
from rekognition_operator.report.parts import Page
from rekognition_sandbox.emulator.training import train
from rekognition_sandbox.samples.memory import MemoryStore, sample_request

PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project/prod.trust-safety.storefront"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
ACTIVE, WORSE, OLD = "v1-3fa9c1d2aabbccdd", "v1-4fa9c1d2aabbccdd", "v1-1fa9c1d2aabbccdd"


def arn(name: str) -> str:
    return f"{PROJECT}/version/{name}/1690556751958"


def version(name: str, role: str, month: int, f1_score: float | None, **members: Any) -> dict[str, Any]:
    return {
        "name": name,
        "arn": arn(name),
        "status": "TRAINING_COMPLETED",
        "role": role,
        "createdAt": f"2026-{month:02}-02T10:00:00Z",
        "f1Score": f1_score,
        **members,
    }


def gate(passed: bool, got: str) -> dict[str, Any]:
    return {"gate": "minF1Score", "passed": passed, "wanted": "0.8 or more", "got": got}


def status(**members: Any) -> dict[str, Any]:
    return {
        "project": {"arn": f"{PROJECT}/1690556751958", "name": "prod.trust-safety.storefront", "region": "eu-west-1"},
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "InService",
                "message": f"Version {ACTIVE} is in service",
                "lastTransitionTime": "2026-05-02T10:30:00Z",
            }
        ],
        "active": {
            "versionName": ACTIVE,
            "arn": arn(ACTIVE),
            "f1Score": 0.84,
            "baseModelVersion": "7.0",
            "since": "2026-05-02T10:30:00Z",
            "evaluation": {"versusBase": "12 % fewer false positives than the base model"},
        },
        "versions": [
            version(WORSE, "Rejected", 6, 0.7, gates=[gate(False, "0.7")], rejected="minF1Score: wanted 0.8, got 0.7"),
            version(ACTIVE, "Active", 5, 0.84, gates=[gate(True, "0.84")]),
            version("v1-2fa9c1d2aabbccdd", "Failed", 4, None, status="TRAINING_FAILED"),
            version(OLD, "Superseded", 3, 0.78),
        ],
        **members,
    }


@cache
def evaluated() -> Evaluation:
    """Return the evaluation that the emulator writes of its sample adapter."""
    world = MemoryStore.with_samples()
    return parse_evaluation(world.text(train(sample_request(), world).evaluation_summary), Feature.CONTENT_MODERATION)


def adapter_page(looked: Looked | None = None, **members: Any) -> Page:
    shown = ModerationAdapterStatus.model_validate(status(**members))
    looked = looked or Looked(ACTIVE, evaluated())
    return content("ModerationAdapter trust-safety/storefront", shown, looked, NOW)


def model_page(evaluation: Evaluation | None = None, **members: Any) -> Page:
    serving = {
        "state": "RUNNING",
        "units": "1-2",
        "reason": "Running",
        "usdPerHour": 4,
        "month": "2026-07",
        "hoursThisMonth": 12.5,
        "estimatedUSDThisMonth": 50,
        "nextTransition": "2026-07-01T17:00:00Z",
        "nextState": "Stopped",
    }
    labels = {
        "steel-gear": LabelMetrics(0.9, 1.0, 0.82, 57.0, 13),
        "hex-bolt": LabelMetrics(0.5, 0.5, 0.5, 40.25, 4),
        "untested": LabelMetrics(None, None, None, None, None),
    }
    shown = CustomLabelsModelStatus.model_validate(status(serving=serving, **members))
    looked = Looked(ACTIVE, evaluation or Evaluation(0.7, 0.75, 0.66, 60, 17, labels=labels))
    return content("CustomLabelsModel factory/parts", shown, looked, NOW)
