"""What does the tour tell, chapter by chapter, and what must be seen for each to be true?"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_sandbox.demo import brownfield, models, proving
from rekognition_sandbox.demo.errors import StepFailedError
from rekognition_sandbox.demo.stage import NAMESPACE, REACTION_SECONDS, Stage, holds

STOREFRONT = "storefront"
FILE = "examples/moderationadapter.yaml"
GET = "kubectl get moderationadapters"
KNIFE, PEN = "storefront/images/test/kitchen-knife-11.png", "storefront/images/test/vape-pen-12.png"
TAGS = (
    "aws rekognition list-tags-for-resource --resource-arn $PROJECT "
    '--query \'Tags.{team: team, "cost-center": "cost-center"}\''
)
UP_TO_DATE = f"kubectl wait --for=condition=UpToDate moderationadapter/{STOREFRONT}"


@dataclass(frozen=True)
class Chapter:
    """A part of the tour: its title, and what is done and checked in it."""

    title: str
    tell: Callable[[Stage], None]


def first_training(stage: Stage) -> None:
    """Show how a manifest in git becomes an adapter in service."""
    stage.tell(
        "A team commits a ModerationAdapter: which labelled images it shall learn from, and at which confidence. "
        "The operator makes the project in Rekognition, trains a version, and puts it into service."
    )
    stage.run(f"kubectl create namespace {NAMESPACE}")
    stage.run(f"kubectl config set-context --current --namespace={NAMESPACE}")
    stage.run(f"grep -v '^ *#' {FILE}")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"kubectl wait --for=condition=Ready moderationadapter/{STOREFRONT} --timeout={stage.training_seconds:.0f}s",
        STOREFRONT,
        until=holds("Ready", "InService"),
        seconds=stage.training_seconds,
    )
    stage.run(GET)
    stage.run(f"kubectl events --for moderationadapter/{STOREFRONT}")
    trainings = stage.trainings()
    stage.check(
        trainings == 1,
        "One training was asked for, and it is in service.",
        f"One training should have been asked for, and AWS counts {trainings}",
    )


def detection(stage: Stage) -> None:
    """Show that the adapter answers better than the base model."""
    stage.tell(
        "An application passes the ARN in status to DetectModerationLabels. The shop sells kitchen knives, which the "
        "base model takes for violence; and it does not see a vape pen."
    )
    arn = stage.let("ARN", f"kubectl get moderationadapter {STOREFRONT} -o jsonpath='{{.status.active.arn}}'")
    answers = {
        (image, adapter): _detect(stage, image, adapter=adapter) for image in (KNIFE, PEN) for adapter in (False, True)
    }
    stage.check(
        "Violence" in answers[KNIFE, False] and "Violence" not in answers[KNIFE, True],
        "The base model flags the kitchen knife; the adapter does not.",
        "The base model should flag the kitchen knife, and the adapter should not",
    )
    stage.check(
        "Drugs & Tobacco" not in answers[PEN, False] and "Drugs & Tobacco" in answers[PEN, True],
        "The base model misses the vape pen; the adapter finds it.",
        "The base model should miss the vape pen, and the adapter should find it",
    )
    stage.check(
        arn in answers[PEN, True],
        "The answer repeats the ARN: it is the adapter's. (AWS answers an expired one from the base model, silently.)",
        f"The answer should repeat {arn}, and is {answers[PEN, True].strip()}",
    )


def _detect(stage: Stage, image: str, *, adapter: bool) -> str:
    version = " --project-version $ARN" if adapter else ""
    return stage.run(
        f"aws rekognition detect-moderation-labels --image 'S3Object={{Bucket=acme-ml,Name={image}}}'{version} "
        "--query '{Labels: join(`, `, ModerationLabels[].Name), ProjectVersion: ProjectVersion}'"
    )


def retraining(stage: Stage) -> None:
    """Show that an edit trains a new version, while the old one stays in service."""
    stage.tell(
        "A change below `training` needs a new version. Until that is trained, the old one stays in service: Ready "
        "stays True, and UpToDate is what to wait for."
    )
    before, ready_since, trainings = _active(stage), _ready_since(stage), stage.trainings()
    with stage.trainings_held():  # on a busy machine it would be over before it is shown
        stage.edit(FILE, "confidenceThreshold: 60", "confidenceThreshold: 75")
        stage.run(f"kubectl apply -f {FILE}")
        stage.expect(
            STOREFRONT,
            lambda s: any(v.status == "TRAINING_IN_PROGRESS" for v in s.versions or []),
            seconds=REACTION_SECONDS,
            what="a version in training",
        )
        stage.run(
            f"kubectl get moderationadapter {STOREFRONT} "
            "-o jsonpath='{range .status.conditions[*]}{.type}={.status} {.reason}{\"\\n\"}{end}'"
        )
    stage.wait(
        f"{UP_TO_DATE} --timeout={stage.training_seconds:.0f}s",
        STOREFRONT,
        until=holds("UpToDate"),
        seconds=stage.training_seconds,
    )
    stage.run(GET)
    stage.check(
        _ready_since(stage) == ready_since,
        f"Ready has been True without a break since {ready_since:%H:%M:%S}.",
        f"Ready should have been True without a break since {ready_since}, and changed at {_ready_since(stage)}",
    )
    stage.check(
        _active(stage) != before and stage.trainings() == trainings + 1,
        "Another version is in service, after one more training.",
        f"Another version than {before} should be in service after one more training; it is {_active(stage)} after "
        f"{stage.trainings() - trainings} more",
    )


def revert(stage: Stage) -> None:
    """Show that reverting the commit brings the old version back, without training."""
    stage.tell(
        "By its F1 score the adapter is worse at the new threshold: somebody reverts the commit. A version is named by "
        "what it was trained on, so the operator finds the old one and puts it back into service. Nothing is trained, "
        "nothing is billed."
    )
    trainings = stage.trainings()
    first = _oldest(stage)
    stage.edit(FILE, "confidenceThreshold: 75", "confidenceThreshold: 60")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"{UP_TO_DATE} --timeout={REACTION_SECONDS:.0f}s",
        STOREFRONT,
        until=lambda s: holds("UpToDate")(s) and s.active is not None and s.active.version_name == first,
        seconds=REACTION_SECONDS,
    )
    stage.run(GET)
    stage.check(
        stage.trainings() == trainings,
        f"{first} is in service again; AWS still counts {trainings} trainings.",
        f"The revert should train nothing; AWS counted {trainings} trainings before, and {stage.trainings()} now",
    )


def broken_data(stage: Stage) -> None:
    """Show that a training that fails says why, and replaces nothing."""
    stage.tell(
        "Somebody commits a manifest in which every third line is unusable. The training fails; the resource says so "
        "in AWS's own words, and the version in service stays."
    )
    before = _active(stage)
    stage.edit(FILE, "name: storefront/train.manifest", "name: storefront/train-broken.manifest")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"kubectl wait --for=condition=Stalled moderationadapter/{STOREFRONT} --timeout={stage.training_seconds:.0f}s",
        STOREFRONT,
        until=holds("Stalled", "TrainingFailed"),
        seconds=stage.training_seconds,
        stalled_is_told=True,
    )
    stage.run(GET)
    message = stage.run(
        f"kubectl get moderationadapter {STOREFRONT} "
        "-o jsonpath='{.status.conditions[?(@.type==\"Stalled\")].message}'"
    )
    status = stage.status(STOREFRONT)
    failed = next((v for v in status.versions or [] if v.status == "TRAINING_FAILED"), None)
    place = failed.manifest_summary if failed is not None else None
    stage.check(
        failed is not None and place is not None and str(failed.status_message) in message and place.name in message,
        "The message has AWS's words and the place of the manifest summary.",
        f"The message should have AWS's words and the place of the manifest summary; it is: {message}",
    )
    if place is not None:
        stage.run(f"aws s3 cp s3://{place.bucket}/{place.name} - | head -n 7")
    stage.check(
        holds("Ready")(status) and _active(stage) == before,
        f"{before} is still in service.",
        f"{before} should still be in service; it is {_active(stage)}",
    )
    trainings = stage.trainings()
    stage.edit(FILE, "name: storefront/train-broken.manifest", "name: storefront/train.manifest")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"{UP_TO_DATE} --timeout={REACTION_SECONDS:.0f}s",
        STOREFRONT,
        until=lambda s: holds("UpToDate")(s) and not holds("Stalled")(s),
        seconds=REACTION_SECONDS,
        stalled_is_told=True,
    )
    stage.check(
        stage.trainings() == trainings,
        "With the good manifest back, all is well again, without another training.",
        f"Going back should train nothing; AWS counted {trainings} trainings before, and {stage.trainings()} now",
    )


def drift(stage: Stage) -> None:
    """Show that what others change in AWS is put right."""
    name = brownfield.FULL
    stage.tell(
        "Tags say who pays. Somebody changes one in AWS and removes another. An annotation asks the operator to look "
        "now, and it puts both right."
    )
    stage.let("PROJECT", f"kubectl get moderationadapter {name} -o jsonpath='{{.status.project.arn}}'")
    stage.run("aws rekognition tag-resource --resource-arn $PROJECT --tags cost-center=0000")
    stage.run("aws rekognition untag-resource --resource-arn $PROJECT --tag-keys team")
    stage.run(TAGS)
    stage.run(f"kubectl annotate moderationadapter {name} --overwrite {RECONCILE_REQUESTED_AT}=now")
    events = f"kubectl events --for moderationadapter/{name}"
    with stage.screen.waiting() as waiting:
        waiting.update("waiting for the event DriftCorrected")
        stage.until(
            lambda: "DriftCorrected" in stage.run(events, shown=False),
            seconds=REACTION_SECONDS,
            what="an event should tell that the drift is corrected",
        )
    stage.run(events)
    tags = stage.run(TAGS)
    stage.check(
        json.loads(tags) == {"team": "trust-safety", "cost-center": "4711"},
        "The tags are again as the spec says.",
        f"The tags should be as the spec says, and are {tags.strip()}",
    )


def killed(stage: Stage) -> None:
    """Show that a killed operator goes on from what AWS shows, and trains nothing twice."""
    stage.tell(
        "The operator is killed while AWS trains, which goes on. Started again, it looks at AWS and finds what it had "
        "asked for by its name. Meanwhile the adapter answers; no operator is needed for that."
    )
    trainings = stage.trainings()
    with stage.trainings_held():  # on a busy machine it would be over before the operator is killed
        stage.edit(FILE, "confidenceThreshold: 60", "confidenceThreshold: 55")
        stage.run(f"kubectl apply -f {FILE}")
        with stage.screen.waiting() as waiting:
            waiting.update("waiting until AWS is asked to train")
            stage.until(
                lambda: stage.trainings() > trainings,
                seconds=REACTION_SECONDS,
                what="another training should be asked for",
            )
        stage.kill_operator()
    _detect(stage, KNIFE, adapter=True)
    stage.tell("\nIt is started again.")
    stage.start_operator()
    stage.wait(
        f"{UP_TO_DATE} --timeout={stage.training_seconds:.0f}s",
        STOREFRONT,
        until=holds("UpToDate", "InService"),
        seconds=stage.training_seconds,
    )
    stage.run(GET)
    asked = stage.trainings() - trainings
    stage.check(
        asked == 1,
        "The new version is in service, and was trained once.",
        f"The new version should be trained once, and AWS counts {asked} trainings",
    )


def deletion(stage: Stage) -> None:
    """Show that a deleted resource of policy Delete leaves nothing in AWS."""
    name = brownfield.PREVIEW
    stage.tell(
        "Deleting a resource keeps everything in AWS, unless its deletion.policy is Delete, as in "
        "examples/moderationadapter-delete.yaml. Then kubectl delete waits until AWS has deleted versions and project."
    )
    stage.let("NAME", f"kubectl get moderationadapter {name} -o jsonpath='{{.status.project.name}}'")
    stage.run(_projects("$NAME"))
    stage.wait(
        f"kubectl delete moderationadapter {name} --timeout={REACTION_SECONDS:.0f}s",
        name,
        until=lambda s: not s.conditions,
        seconds=REACTION_SECONDS,
    )
    left = stage.run(_projects("$NAME"))
    stage.check(
        left.strip() == "[]",
        "Nothing of it is left in AWS.",
        f"Nothing of {name} should be left in AWS, and there is: {left.strip()}",
    )


def _projects(name: str) -> str:
    return (
        f"aws rekognition describe-projects --features CONTENT_MODERATION --project-names {name} "
        "--query 'ProjectDescriptions[].[ProjectArn,Status]'"
    )


def _active(stage: Stage) -> str:
    active = stage.status(STOREFRONT).active
    return active.version_name if active is not None else "(none)"


def _ready_since(stage: Stage) -> datetime:
    ready = (c for c in stage.status(STOREFRONT).conditions or [] if c.type == "Ready" and c.status == "True")
    since = next((c.last_transition_time for c in ready), None)
    if since is None:
        raise StepFailedError(f"{STOREFRONT} should be Ready, and is not")
    return since


def _oldest(stage: Stage) -> str:
    versions = stage.status(STOREFRONT).versions or []
    return versions[-1].name if versions else "(none)"


CHAPTERS = (
    Chapter("From YAML to a trained adapter", first_training),
    Chapter("The adapter at work", detection),
    Chapter("An edit retrains, and the old version serves meanwhile", retraining),
    Chapter("A revert is back at once, without training", revert),
    Chapter("Broken data explains itself, and replaces nothing", broken_data),
    Chapter("The rest of examples/, and a project made by hand", brownfield.apply_all),
    Chapter("Drift is put right", drift),
    Chapter("A killed operator goes on, and trains nothing twice", killed),
    Chapter("A worse version is rejected, a better one is published", proving.gates),
    Chapter("A new base model, and nobody gets it unnoticed", proving.new_base_model),
    Chapter("A model that bills by the hour keeps its hours", models.office_hours),
    Chapter("Deletion leaves nothing behind", deletion),
)
