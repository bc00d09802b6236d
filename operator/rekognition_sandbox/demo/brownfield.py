"""How does the tour meet an account in which something is already there, and the rest of `examples/`?"""

import json

from rekognition_sandbox.demo.stage import REACTION_SECONDS, Stage, holds

FULL, PREVIEW, LEGACY = "storefront-full", "storefront-preview", "storefront-legacy"
LEGACY_VERSION = "spring-2026"


def apply_all(stage: Stage) -> None:
    """Make a project by hand, then apply every example."""
    stage.tell(
        "Long before the operator, somebody made a project and trained a version by hand. "
        "examples/moderationadapter-adopt.yaml names both. The other files show every field, and what to do for a test "
        "environment."
    )
    _train_by_hand(stage)
    trainings = stage.trainings()
    stage.run("kubectl apply -f examples/")
    both = f"moderationadapter/{FULL} moderationadapter/{PREVIEW}"
    seconds = 2 * stage.training_seconds
    stage.wait(
        f"kubectl wait --for=condition=Ready {both} --timeout={seconds:.0f}s",
        FULL,
        PREVIEW,
        until=holds("Ready", "InService"),
        seconds=seconds,
    )
    stage.run("kubectl get moderationadapters")
    more = stage.trainings() - trainings
    stage.check(
        more == 2,
        "Two more trainings: one for each new adapter.",
        f"There should be two more trainings, one for each new adapter, and there are {more}",
    )


def adopted(stage: Stage) -> None:
    """Show that the project made by hand is the resource's, and that its version is in service."""
    stage.tell(
        "Taking over a project takes half a minute, in which the operator makes sure that nobody else claims it. The "
        "version made by hand was trained on what the spec says, so it is put into service as it is."
    )
    stage.wait(
        f"kubectl wait --for=condition=UpToDate moderationadapter/{LEGACY} --timeout={2 * REACTION_SECONDS:.0f}s",
        LEGACY,
        until=lambda s: holds("UpToDate")(s) and s.active is not None and s.active.version_name == LEGACY_VERSION,
        seconds=2 * REACTION_SECONDS,
    )
    stage.run("kubectl get moderationadapters")
    versions = stage.run(
        "aws rekognition describe-project-versions --project-arn $LEGACY "
        "--query 'ProjectVersionDescriptions[].[ProjectVersionArn,Status]'"
    )
    stage.check(
        len(json.loads(versions)) == 1,
        f"{LEGACY_VERSION} is in service, and nothing was trained.",
        f"The project should still have the one version {LEGACY_VERSION}, and has: {versions.strip()}",
    )


def _train_by_hand(stage: Stage) -> None:
    stage.let(
        "LEGACY",
        f"aws rekognition create-project --project-name {LEGACY} --feature CONTENT_MODERATION --auto-update ENABLED "
        "--query ProjectArn --output text",
    )
    stage.run(
        f"aws rekognition create-project-version --project-arn $LEGACY --version-name {LEGACY_VERSION} "
        "--output-config S3Bucket=acme-ml,S3KeyPrefix=storefront/out/legacy/ "
        '--training-data \'{"Assets":[{"GroundTruthManifest":{"S3Object":'
        '{"Bucket":"acme-ml","Name":"storefront/train.manifest"}}}]}\' '
        "--testing-data '{\"AutoCreate\":true}' --feature-config 'ContentModeration={ConfidenceThreshold=50}' "
        "--query ProjectVersionArn --output text"
    )
