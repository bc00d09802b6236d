"""How does the tour tell of a Custom Labels model, which bills for as long as it runs?"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_sandbox.demo.errors import StepFailedError
from rekognition_sandbox.demo.stage import REACTION_SECONDS, Stage, holds

NAME = "parts-office-hours"
MODEL = f"customlabelsmodel/{NAME}"
FILE = "examples/customlabelsmodel-office-hours.yaml"
GET = f"kubectl get {MODEL}"
ZONE = ZoneInfo("Europe/Berlin")
IMAGE = "parts/images/test/carriage-bolt-11.png"


def office_hours(stage: Stage) -> None:
    """Show a model that runs in its hours, and is stopped for the rest of the week, whoever starts it."""
    stage.tell(
        "A Custom Labels model answers only while it runs, and each inference unit bills about 4 USD an hour, used or "
        "not: 2,900 USD a month for one that is forgotten. This one runs while people work. It is Friday, 20:00 in "
        "Berlin, by the emulated AWS's clock."
    )
    friday = _next(stage, weekday=4, hour=20)
    _set_clock(stage, friday)
    stage.run(f"sed -n '/serving:/,$p' {FILE}")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"kubectl wait --for=condition=Ready {MODEL} --timeout={stage.training_seconds:.0f}s",
        MODEL,
        until=holds("Ready", "OutsideWindow"),
        seconds=stage.training_seconds,
    )
    stage.run(
        f"{GET} -o jsonpath='{{.status.conditions[?(@.type==\"Ready\")].message}}'",
    )
    stage.check(
        _starts(stage) == 0,
        "It is trained, and nothing runs: it costs nothing.",
        f"Nothing should run outside the windows, and it was started {_starts(stage)} times",
    )

    stage.tell("\nMonday morning.")
    _set_clock(stage, _next(stage, weekday=0, hour=8))
    stage.wait(
        f"kubectl wait --for=condition=Serving {MODEL} --timeout={REACTION_SECONDS:.0f}s",
        MODEL,
        until=holds("Serving", "Running"),
        seconds=REACTION_SECONDS,
    )
    stage.run(GET)
    stage.let("MODEL", f"kubectl get {MODEL} -o jsonpath='{{.status.active.arn}}'")
    answer = stage.run(
        f"aws rekognition detect-custom-labels --project-version-arn $MODEL --image 'S3Object={{Bucket=acme-ml,"
        f"Name={IMAGE}}}' --query 'CustomLabels[].[Name,Confidence]' --output text"
    )
    stage.check(
        answer.startswith("bolt"),
        "It runs, and finds the bolt.",
        f"It should find the bolt, and says: {answer.strip()}",
    )

    stage.tell("\nMonday evening.")
    _set_clock(stage, _next(stage, weekday=0, hour=19) + timedelta(minutes=1))
    _wait_until_stopped(stage)
    stage.run(GET)
    serving = _status(stage).serving
    hours = serving.hours_this_month if serving is not None else None
    stage.check(
        hours is not None and 9 < hours < 13,
        f"It ran for {hours} hours of this month, by CloudWatch, for about "
        f"{serving.estimated_usd_this_month if serving is not None else 0:.2f} USD.",
        f"It should have run for about eleven hours, and status says {hours}",
    )

    stage.tell("\nAt night somebody starts it by hand, to try something, and goes to bed.")
    stage.run("aws rekognition start-project-version --project-version-arn $MODEL --min-inference-units 1")
    stage.run(f"kubectl annotate {MODEL} --overwrite {RECONCILE_REQUESTED_AT}=night")
    with stage.screen.waiting() as waiting:
        waiting.update("waiting until AWS is asked to stop it")
        stage.until(lambda: _stops(stage) == 2, seconds=REACTION_SECONDS, what="it should be stopped once more")
    _wait_until_stopped(stage)
    stage.run(f"kubectl events --for {MODEL} | tail -n 4")
    stage.check(
        _starts(stage) == 2 and not _runs(stage),
        "The operator has stopped it again. With driftPolicy: Report it would only have said so.",
        "The model that was started by hand should have been stopped again",
    )


def _wait_until_stopped(stage: Stage) -> None:
    stage.wait(
        f"kubectl wait --for=condition=Serving=false {MODEL} --timeout={REACTION_SECONDS:.0f}s",
        MODEL,
        until=lambda status: holds("Ready", "OutsideWindow")(status) and not _runs(stage),
        seconds=REACTION_SECONDS,
    )


def _status(stage: Stage) -> CustomLabelsModelStatus:
    status = stage.status(MODEL)
    if not isinstance(status, CustomLabelsModelStatus):
        raise StepFailedError(f"{MODEL} should be a CustomLabelsModel")
    return status


def _next(stage: Stage, *, weekday: int, hour: int) -> datetime:
    """Return the next moment at which a clock in Berlin shows this hour of this day of the week (0: Monday)."""
    now = stage.aws.clock().now.astimezone(ZONE)
    for days in range(8):
        moment = datetime.combine(now.date() + timedelta(days=days), now.time(), ZONE).replace(
            hour=hour, minute=0, second=0, microsecond=0
        )
        if moment > now and moment.weekday() == weekday:
            return moment
    raise StepFailedError("a week should have every day of the week")


def _set_clock(stage: Stage, moment: datetime) -> None:
    """Let AWS's clock jump, and the operator look: it had planned to by its own clock, which does not jump."""
    stage.aws.advance((moment - stage.aws.clock().now).total_seconds())
    stage.screen.output(f"AWS's clock: {moment:%A, %Y-%m-%d %H:%M} in Berlin")
    if _status(stage).conditions:
        stage.run(f"kubectl annotate {MODEL} --overwrite {RECONCILE_REQUESTED_AT}={moment:%a-%H-%M}")


def _starts(stage: Stage) -> int:
    return sum(1 for call in stage.aws.calls("StartProjectVersion") if call.effect is not None)


def _stops(stage: Stage) -> int:
    return sum(1 for call in stage.aws.calls("StopProjectVersion") if call.effect is not None)


def _runs(stage: Stage) -> bool:
    return any(version.status in {"STARTING", "RUNNING", "STOPPING"} for version in _status(stage).versions or [])
