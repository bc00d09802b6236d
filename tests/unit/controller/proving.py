"""What do the tests of passes that prove versions run on?"""

from datetime import timedelta

from pydantic import JsonValue

from fakes.rekognition import VersionRecord
from fakes.summaries import FEW_MISTAKES, Mistakes
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.detected import DetectedLabel
from rekognition_operator.kube.resource import JsonObject
from unit.controller.stage import PROJECT, SPEC, Stage, edited

EXPLICIT = DetectedLabel("Explicit", 91.0)
OLD, NEW = 60, 80
"""Confidence thresholds of two versions."""
SIX_HOURS = timedelta(hours=6).total_seconds()


def probe(name: str = "beach") -> JsonObject:
    """Return a case of spec.promotion.probes: nothing explicit on an image."""
    image: JsonObject = {"bucket": "acme-ml", "name": f"probes/{name}.jpg"}
    return {"name": name, "image": image, "expect": {"absent": ["Explicit"], "minConfidence": 60}}


def probes(*names: str, interval: str = "6h") -> JsonObject:
    """Return spec.promotion.probes; the probe beach where none is named."""
    cases: list[JsonValue] = [probe(name) for name in names or ("beach",)]
    return {"interval": interval, "cases": cases}


def gated(threshold: int = OLD, /, **promotion: JsonValue) -> JsonObject:
    """Return the spec of the version with this threshold and these gates."""
    return {**(SPEC if threshold == OLD else edited(threshold)), "promotion": promotion}


async def train(stage: Stage, *, f1_score: float = 0.9, mistakes: Mistakes = FEW_MISTAKES) -> VersionRecord:
    """Run passes until a training is under way, and let it end with this evaluation."""
    for _ in range(6):
        await stage.run()
        stage.aws.advance()
        stage.clock.seconds += 2
        for version in stage.aws.versions:
            if version.status == "TRAINING_IN_PROGRESS":
                stage.aws.complete(version.arn, f1_score=f1_score, mistakes=mistakes)
                return version
    raise AssertionError("nothing is trained")


async def rest(stage: Stage, passes: int = 12) -> None:
    """Run passes, and let AWS finish what it does but trainings, until one writes nothing."""
    for _ in range(passes):
        await stage.run()
        stage.aws.advance()
        stage.clock.seconds += 31
        if not stage.kube.writes and not stage.aws.effects:
            return
    raise AssertionError(f"not at rest after {passes} passes: {stage.resource.status}")


async def serve(stage: Stage, spec: JsonObject) -> VersionRecord:
    """Create the resource, train its version, and put it into service."""
    stage.create(spec)
    version = await train(stage)
    await rest(stage)
    assert active(stage) == version.name
    return version


def active(stage: Stage) -> str | None:
    """Return the version that status says is in service."""
    shown = stage.resource.status.get("active")
    return str(shown["versionName"]) if isinstance(shown, dict) else None


def shown(stage: Stage, name: str) -> JsonObject:
    """Return what status.versions says of a version."""
    versions = stage.resource.status["versions"]
    assert isinstance(versions, list)
    (found,) = [v for v in versions if isinstance(v, dict) and v["name"] == name]
    return found


def add_foreign(stage: Stage, name: str = "by-hand") -> str:
    """Let a person train a version in the resource's project; return its ARN."""
    return stage.aws.add_version(PROJECT, name)


async def sweep(stage: Stage, seconds: float = 601, lane: Lane = Lane.SWEEP) -> None:
    """Let time go by, and run a pass."""
    stage.clock.seconds += seconds
    await stage.run(lane)


def restart(stage: Stage) -> None:
    """Let an operator that remembers nothing take over."""
    stage.aws.restart()
    stage.start()
