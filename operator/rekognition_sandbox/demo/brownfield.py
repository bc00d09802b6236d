"""How does the tour meet an account in which something is already there, and the other adapters of `examples/`?"""

from rekognition_sandbox.demo.stage import Stage, holds

FULL, PREVIEW, LEGACY = "storefront-full", "storefront-preview", "storefront-legacy"
LEGACY_VERSION = "spring-2026"


def apply_all(stage: Stage) -> None:
    """Make a project by hand, then apply every example of an adapter."""
    stage.tell(
        "Long before the operator, somebody made a project and trained a version by hand. "
        "examples/moderationadapter-adopt.yaml names both: they are taken over, and nothing is trained for that. "
        "The other files show every field, and what to do for a test environment."
    )
    _train_by_hand(stage)
    trainings = stage.trainings()
    files = (f"-f examples/moderationadapter-{name}.yaml" for name in ("adopt", "delete", "full"))
    stage.run(f"kubectl apply {' '.join(files)}")
    names = " ".join(f"moderationadapter/{name}" for name in (LEGACY, FULL, PREVIEW))
    seconds = 2 * stage.training_seconds
    stage.wait(
        f"kubectl wait --for=condition=UpToDate {names} --timeout={seconds:.0f}s",
        *(LEGACY, FULL, PREVIEW),
        until=holds("UpToDate", "InService"),
        seconds=seconds,
    )
    stage.run("kubectl get moderationadapters")
    more = stage.trainings() - trainings
    stage.check(
        more == 2,
        "Two more trainings: one for each new adapter.",
        f"There should be two more trainings, one for each new adapter, and there are {more}",
    )
    active = stage.status(LEGACY).active
    stage.check(
        active is not None and active.version_name == LEGACY_VERSION,
        f"{LEGACY_VERSION}, made by hand, is in service, and nothing was trained for it.",
        f"{LEGACY_VERSION} should be in service, and it is {active.version_name if active is not None else 'nothing'}",
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
    status = (
        "aws rekognition describe-project-versions --project-arn $LEGACY "
        "--query 'ProjectVersionDescriptions[0].Status' --output text"
    )
    with stage.screen.waiting() as waiting:
        waiting.update("waiting until AWS has trained it")
        stage.until(
            lambda: stage.run(status, shown=False).strip() == "TRAINING_COMPLETED",
            seconds=stage.training_seconds,
            what="the training by hand should be completed",
        )
    stage.run(status)
