"""What do people do to a model: to its spec, to its versions in AWS, and to the operator?"""

from datetime import timedelta
from typing import Final, cast

from fakes.model_world import (
    BAD_LABEL,
    BOARD,
    DOWN_HOURS,
    GOOD_F1,
    IMAGE_LOST,
    OCCUPYING,
    TRAINED,
    ModelWorld,
    units_of,
)
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.core.detected import DetectedLabel
from rekognition_operator.core.world import Feature, VersionState

STARTABLE: Final = TRAINED | {VersionState.FAILED}
UNITS: Final[tuple[tuple[int, int | None], ...]] = ((1, None), (2, None), (1, 2), (3, None))
EVERY_DAY: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SCHEDULES: Final[tuple[tuple[str, list[tuple[list[str], str, str]]] | None, ...]] = (
    None,
    ("Europe/Berlin", [(EVERY_DAY[:5], "08:00", "19:00")]),
    ("America/New_York", [(EVERY_DAY, "22:00", "06:00")]),
    ("Asia/Kolkata", [(["Sat", "Sun"], "00:00", "00:00"), (EVERY_DAY, "12:00", "14:30"), (["Mon"], "14:00", "16:00")]),
)
_PROBES: Final[dict[str, object]] = {
    "cases": [
        {"name": "board", "image": {"bucket": BOARD.bucket, "name": BOARD.name}, "expect": {"absent": [BAD_LABEL]}}
    ]
}
GATES: Final[tuple[dict[str, object], ...]] = (
    {},
    {"probes": _PROBES},
    {"minF1Score": 0.8},
    {"maxF1Regression": 0.02},
    {"minF1Score": 0.8, "maxF1Regression": 0.02, "probes": _PROBES},
)
WAITS_SECONDS: Final = (31, 700, 5000)


class ModelMoves(ModelWorld):
    """A model's world, in which people are at work."""

    gates: dict[str, object] = GATES[0]
    manual: bool = False

    def happen(self, kind: str, number: int) -> None:  # noqa: C901, PLR0912, PLR0915  # a table of what may happen
        match kind:
            case "wait":
                if self.in_pass:  # a call, or the queue, takes its time; between passes the operator would have looked
                    self.let_time_pass(WAITS_SECONDS[number % 3])
            case "state":
                self._serve(state="Stopped" if number % 3 == 0 else "Running")
            case "schedule":
                self._serve(schedule=_schedule(number))
            case "units":
                least, most = UNITS[number % 4]
                self._serve(minInferenceUnits=least, maxInferenceUnits=most)
            case "rollout":
                self._serve(rollout=("BlueGreen", "Recreate")[number % 2])
            case "idle stop":
                self._serve(idleStop=(None, {"after": "1h"}, {"after": "3h"})[number % 3])
            case "budget":
                usd = (None, 4, 8, 12, 16)[number % 5]
                self._serve(budget=None if usd is None else {"maxUSDPerHour": usd})
            case "train other inputs":
                self.edit(training=self.training(number))
            case "gates":
                self.gates = GATES[number % len(GATES)]
                self._promote_by()
            case "strategy":
                self.manual = number % 3 > 0
                self._promote_by()
            case "approve":
                self.kube.annotate(self.key, approve=self._name(number))
            case "pin":
                self.edit(pin=self._name(number))
            case "quality":
                self.f1_score = (GOOD_F1, 0.5, 0.89, 0.95)[number % 4]
            case "answers":
                for version in self.pick(number // 2, *OCCUPYING, *TRAINED):
                    labels = [DetectedLabel(BAD_LABEL, 90.0)] if number % 2 else []
                    self.aws.detection.script(version, *labels)
            case "image":
                if number % 2:
                    self.aws.lasting["DetectCustomLabels"] = IMAGE_LOST
                    self.aws.lasting["HeadObject"] = (ErrorKind.NOT_FOUND, "404")
                else:
                    self.aws.lasting.clear()
            case "wake":
                self.wake = f"token-{number % 3}"
                self.kube.annotate(self.key, wake=self.wake)
                self.edited()
            case "requests":
                self.answer_requests()
                self.traffic = number % 2 == 0
            case "start by hand":
                self._start_by_hand(number)
            case "stop by hand":
                self._stop_by_hand(number)
            case "another model":
                self._run_another()
            case "failed start":
                self.aws.fail_next_start()
            case "failed training":
                self.training_fails = True
            case "down":
                if not self.in_pass:
                    self.down_until = self.now + timedelta(hours=DOWN_HOURS[number % 4])
            case "crash":
                self.down_hours = number
                super().happen(kind, number)
            case "denied":
                self.break_call(self.fallible[number % 3], ErrorKind.ACCESS_DENIED, done=False)
            case "no room":
                self.break_call("StartProjectVersion", ErrorKind.LIMIT, done=False)
            case _:
                super().happen(kind, number)

    def _promote_by(self) -> None:
        strategy = {"strategy": "Manual"} if self.manual else {}
        self.edit(promotion={**self.gates, **strategy} or None)

    def _name(self, number: int) -> str | None:
        """Return the name of a version of the project, of one that may come, of one that never is, or none."""
        names = [version.name for version in self.aws.versions if version.arn != self.others]
        if number >= 7 or not names:
            return None
        if number >= 5:
            return self.wanted(number) if number == 5 else "v1-00000000deadbeef"
        return names[-1 - number % len(names)]

    def _serve(self, **fields: object) -> None:
        serving = {**cast("dict[str, object]", self.spec["serving"]), **fields}
        self.edit(serving={name: value for name, value in serving.items() if value is not None})

    def _start_by_hand(self, number: int) -> None:
        """Let a person start a version of the project, ours or not, with any units."""
        startable = [v for v in self.aws.versions if v.status in STARTABLE and v.arn != self.others]
        if not startable or sum(v.status in OCCUPYING for v in self.aws.versions) >= self.aws.max_running_models:
            return
        version = startable[number % len(startable)]
        version.min_inference_units, version.max_inference_units = UNITS[number % 4]
        self.aws.set_status(version.arn, VersionState.STARTING)
        if version.arn not in self.foreign:
            life = self.life(version.arn)
            life.by_person, life.left_running, life.seen_running = True, life.seen_stopped, None
            life.raced = self.in_pass
            self.hands_on = True

    def _stop_by_hand(self, number: int) -> None:
        """Let a person stop one of our versions."""
        for arn in self.pick(number, VersionState.RUNNING):
            life, as_asked = self.life(arn), units_of(self.aws.version(arn)) == self.asked.units
            life.left_stopped = as_asked and life.seen_running is not None
            life.seen_running, self.hands_on = None, True
            self.aws.set_status(arn, VersionState.STOPPING)

    def _run_another(self) -> None:
        """Let others start, or stop, a model of another project."""
        if self.others is None:
            self.aws.add_project("others", feature=Feature.CUSTOM_LABELS)
            self.others = self.aws.add_version("others", "theirs", status=VersionState.STOPPED)
            self.foreign[self.others] = {}
        runs = self.aws.version(self.others).status == VersionState.RUNNING
        if runs:
            self.aws.set_status(self.others, VersionState.STOPPED)
        elif sum(v.status in OCCUPYING for v in self.aws.versions) < self.aws.max_running_models:
            self.aws.run(self.others)


def _schedule(number: int) -> dict[str, object] | None:
    schedule = SCHEDULES[number % len(SCHEDULES)]
    if schedule is None:
        return None
    zone, windows = schedule
    return {
        "timeZone": zone,
        "windows": [
            {"name": f"w{index}", "days": days, "from": begins, "to": ends}
            for index, (days, begins, ends) in enumerate(windows)
        ],
    }
