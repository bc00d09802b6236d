"""How does the tour tell that a worse version never serves, and that no adapter expires unnoticed?"""

from datetime import timedelta

from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_sandbox.demo.stage import REACTION_SECONDS, Stage, holds

NAME = "storefront-published"
ADAPTER = f"moderationadapter/{NAME}"
FILE = "examples/moderationadapter-published.yaml"
GET = f"kubectl get {ADAPTER}"
PUBLISHED = "kubectl get configmap storefront-adapter -o jsonpath='{.data.projectVersionArn}'"
BASE_MODEL = "8.0"
PEN = "s3://acme-ml/storefront/images/test/vape-pen-12.png"
AFTER = timedelta(days=15)
"""A day more than spec.refresh.after of the example."""


def gates(stage: Stage) -> None:
    """Show that a worse retraining is rejected with numbers, and that a better one takes over."""
    stage.tell(
        "Applications read the ARN of the version in service from a ConfigMap. So nothing may get into it that is "
        "worse: promotion says what a version must show before it serves."
    )
    stage.run(f"sed -n '/promotion:/,$p' {FILE}")
    stage.run(f"kubectl apply -f {FILE}")
    _wait_until_up_to_date(stage)
    stage.run(f"{GET} -o jsonpath='{{.status.active.evaluation.versusBase}}'")
    first = stage.let("ARN", PUBLISHED)

    stage.tell("\nA new labelling team gets a third of the labels wrong, and somebody commits their manifest.")
    stage.edit(FILE, "storefront/train.manifest", "storefront/train-noisy.manifest")
    stage.run(f"kubectl apply -f {FILE}")
    stage.wait(
        f"kubectl wait --for=condition=Stalled {ADAPTER} --timeout={stage.training_seconds:.0f}s",
        NAME,
        until=holds("Stalled", "VersionRejected"),
        seconds=stage.training_seconds,
        stalled_is_told=True,
    )
    message = stage.run(f"{GET} -o jsonpath='{{.status.conditions[?(@.type==\"Stalled\")].message}}'")
    stage.check(
        "maxF1Regression" in message and _published(stage) == first,
        "The worse version is rejected, with numbers; applications go on with the one before.",
        f"The worse version should be rejected for maxF1Regression, and {first} stay published; it is: {message}",
    )

    stage.tell("\nThe labels are put right, and there are more of them.")
    stage.edit(FILE, "storefront/train-noisy.manifest", "storefront/train-large.manifest")
    stage.run(f"kubectl apply -f {FILE}")
    _wait_until_up_to_date(stage)
    roles = '{range .status.versions[*]}{.name}{"  "}{.f1Score}{"  "}{.role}{"  "}{.rejected}{"\\n"}{end}'
    stage.run(f"{GET} -o jsonpath='{roles}'")
    stage.check(
        _await_published(stage, other_than=first) != first,
        "The better one is in service, and published.",
        f"Another version than {first} should be published",
    )


def new_base_model(stage: Stage) -> None:
    """Show that an adapter is trained anew for a new base model, long before AWS expires it."""
    stage.tell(
        "AWS releases a new base model. Adapters of the old one are deprecated; 60 to 90 days later they expire, and "
        "AWS answers their ARN from the base model, without an error. The API shows no date; the operator estimates it."
    )
    arn = stage.let("ARN", PUBLISHED)
    version = arn.split("/")[3]
    controls = "$AWS_ENDPOINT_URL/moto-api/rekognition"
    stage.run(f'curl -s -X PUT {controls}/base-model -d \'{{"version": "{BASE_MODEL}", "deprecate": true}}\'')
    stage.run(f"kubectl annotate {ADAPTER} --overwrite {RECONCILE_REQUESTED_AT}=released")
    stage.expect(
        NAME,
        lambda s: any(c.type == "Expiring" and "estimate" in c.message for c in s.conditions or []),
        seconds=REACTION_SECONDS,
        what="when it may expire",
    )
    stage.run(f"{GET} -o jsonpath='{{.status.conditions[?(@.type==\"Expiring\")].message}}'")

    stage.tell("\nTwo weeks later, as spec.refresh says, the same inputs are trained on the new base model.")
    stage.run(f"curl -s -X PUT {controls}/clock -d '{{\"advance_seconds\": {AFTER.total_seconds():.0f}}}'")
    stage.run(f"kubectl annotate {ADAPTER} --overwrite {RECONCILE_REQUESTED_AT}=two-weeks-later")
    seconds = 2 * stage.training_seconds
    stage.wait(
        f"kubectl wait --for=jsonpath='{{.status.active.baseModelVersion}}'={BASE_MODEL} {ADAPTER} "
        f"--timeout={seconds:.0f}s",
        NAME,
        until=lambda s: s.active is not None and s.active.version_name == f"{version}-2",
        seconds=seconds,
    )
    stage.run(GET)
    stage.check(
        f"/{version}-2/" in _await_published(stage, other_than=arn),
        f"{version}-2, trained on base model {BASE_MODEL}, passed the gates and is published.",
        f"{version}-2 should be published, and {_published(stage)} is",
    )

    stage.tell(
        "\nTwo months later the old version expires. Who still has its ARN in a file is answered by the base model."
    )
    stage.run(f'curl -s -o /dev/null -X PUT {controls}/versions/$ARN -d \'{{"status": "EXPIRED"}}\'')
    detect = f"rekognition-operator detect modad/{NAME} {PEN}"
    old = stage.run(f"{detect} --version {version} || echo exit code $?")
    new = stage.run(detect)
    stage.check(
        "exit code 3" in old and "exit code" not in new and "Drugs & Tobacco" in new,
        "The old one is the base model by now, and detect says so by its exit code; the published one answers.",
        "detect should warn of the old version and not of the new one",
    )


def _wait_until_up_to_date(stage: Stage) -> None:
    seconds = 2 * stage.training_seconds
    stage.wait(
        f"kubectl wait --for=condition=UpToDate {ADAPTER} --timeout={seconds:.0f}s",
        NAME,
        until=holds("UpToDate", "InService"),
        seconds=seconds,
        stalled_is_told=True,
    )


def _published(stage: Stage) -> str:
    return stage.run(PUBLISHED, shown=False).strip()


def _await_published(stage: Stage, *, other_than: str) -> str:
    """Return the ARN in the ConfigMap, which is written about when the status is that was waited for."""
    stage.until(
        lambda: _published(stage) not in {"", other_than},
        seconds=REACTION_SECONDS,
        what="the ConfigMap should name another version",
    )
    return stage.run(PUBLISHED).strip()
