"""How is the tour started, how does it end, and how is everything taken down: `python -m rekognition_sandbox.demo`?"""

import argparse
import math
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import requests
from botocore.exceptions import BotoCoreError, ClientError

from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.processes import log_tail
from rekognition_sandbox.controlplane.sandbox import DEFAULT_TIME_SCALE, SAMPLES_BUCKET, Sandbox
from rekognition_sandbox.demo.errors import StepFailedError
from rekognition_sandbox.demo.screen import Screen, Shown
from rekognition_sandbox.demo.shell import Shell
from rekognition_sandbox.demo.stage import Stage
from rekognition_sandbox.demo.story import CHAPTERS
from rekognition_sandbox.emulator.client import EmulatorControlError

EXAMPLES = Path(__file__).parents[3] / "examples"
FAILED, INTERRUPTED = 1, 130


@dataclass(frozen=True)
class Options:
    """What the command line asks for; ``directory`` None: a temporary one."""

    directory: Path | None
    keep: bool
    plain: bool
    time_scale: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Give the tour; return 0 if everything was as told, 1 if not, 130 if it was interrupted."""
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    screen = Screen(plain=options.plain)
    directory = (options.directory or Path(tempfile.mkdtemp(prefix="rekognition-demo-"))).absolute()
    sandbox = Sandbox(directory, display=Display(screen.console))
    code = FAILED
    try:
        code = _tour(screen, sandbox, options)
    except KeyboardInterrupt:
        screen.failed("Interrupted.")
        code = INTERRUPTED
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would leave processes behind
        if options.keep and sandbox.status().services:
            _say_how_to_use(screen, directory)
        else:
            sandbox.down()
            if code == 0 and options.directory is None:
                shutil.rmtree(directory)
    return code


def _tour(screen: Screen, sandbox: Sandbox, options: Options) -> int:
    started = time.monotonic()
    shown: list[Shown] = []
    title = "Setting up"
    try:
        screen.title(title)
        stage = _set_up(screen, sandbox, options)
        shown.append(Shown("A Kubernetes API server, an emulated AWS, the operator", time.monotonic() - started))
        for number, chapter in enumerate(CHAPTERS, 1):
            title = chapter.title
            screen.title(f"{number} of {len(CHAPTERS)}: {title}")
            begun = time.monotonic()
            chapter.tell(stage)
            shown.append(Shown(title, time.monotonic() - begun))
    except (StepFailedError, SandboxError, EmulatorControlError, requests.RequestException) as error:
        _explain(screen, sandbox, f"The demo failed at “{title}”: {error}")
        return FAILED
    except (BotoCoreError, ClientError) as error:
        _explain(screen, sandbox, f"The demo failed at “{title}”: the emulated AWS refused: {error}")
        return FAILED
    screen.summary(shown, time.monotonic() - started)
    if not options.keep:
        screen.tell(
            "\nTo go on yourself: `.venv/bin/python -m rekognition_sandbox.demo --keep` leaves all this up at the end. "
            "`make sandbox` starts a fresh one and keeps it up until Ctrl-C; docs/sandbox.md tells how to use it."
        )
    return 0


def _set_up(screen: Screen, sandbox: Sandbox, options: Options) -> Stage:
    """Bring the sandbox up, put the sample data into its S3, and copy the examples where they may be edited."""
    if not EXAMPLES.is_dir():
        raise StepFailedError(f"{EXAMPLES} is not there: run the demo from a clone of the repository")
    screen.tell(
        "On loopback ports of this machine: a real etcd and kube-apiserver; an emulated AWS (Rekognition, S3, KMS), "
        f"in which time runs {options.time_scale:g} times faster; and the operator, with no more rights than it needs."
    )
    sandbox.up(time_scale=options.time_scale, detach=options.keep)
    screen.output(str(sandbox.status()))
    environment = sandbox.environment
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = environment[name]  # of this process, too: the emulator is asked by HTTP
    images = sandbox.load_samples()
    screen.passed(f"{images} sample images and their manifests are in s3://{SAMPLES_BUCKET}.")
    directory = sandbox.directory / "demo"
    shutil.copytree(EXAMPLES, directory / "examples", dirs_exist_ok=True)
    return Stage(sandbox, screen, Shell(environment, directory), directory, options.time_scale)


def _explain(screen: Screen, sandbox: Sandbox, sentence: str) -> None:
    """Say what went wrong, after what the operator said last."""
    log = sandbox.directory / "logs" / "operator.log"
    tail = log_tail(log)
    if tail and tail.splitlines()[-1] not in sentence:
        screen.title(f"The last lines of {log}")
        screen.output(tail)
    screen.failed(sentence)
    screen.output(f"All logs are in {log.parent} and {sandbox.directory / 'controlplane' / 'logs'}.")


def _say_how_to_use(screen: Screen, directory: Path) -> None:
    screen.title("It is still up")
    program = Path(sys.executable).parent / "rekognition-operator"
    for line in (
        f". {shlex.quote(str(directory / 'env'))}",
        f"cd {shlex.quote(str(directory / 'demo'))}",
        "kubectl get moderationadapters",
        f"{shlex.quote(str(program))} sandbox down --dir {shlex.quote(str(directory))}",
    ):
        screen.output(f"    {line}")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m rekognition_sandbox.demo",
        description="A guided tour: from a YAML file to a trained adapter, on an API server and an AWS of your own.",
    )
    parser.add_argument("--keep", action="store_true", help="leave the sandbox up at the end, and say how to use it")
    parser.add_argument("--dir", type=Path, help="where the sandbox lives (default: a temporary folder)")
    parser.add_argument("--plain", action="store_true", help="no colours, and nothing that moves")
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=DEFAULT_TIME_SCALE,
        metavar="X",
        help="how many times faster than the clock AWS works (default: %(default)g: a training takes about 3 s)",
    )
    found = parser.parse_args(arguments)
    return Options(directory=found.dir, keep=found.keep, plain=found.plain, time_scale=found.time_scale)


def _time_scale(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 1 <= value <= 100_000):
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 100000")
    return value


if __name__ == "__main__":
    sys.exit(main())
