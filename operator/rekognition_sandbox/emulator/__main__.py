"""How is the emulator run alone: `python -m rekognition_sandbox.emulator --port N`?"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.server import EmulatorServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the first line on stdout ends with the URL."""
    options = _parser().parse_args(arguments)
    settings = EmulatorSettings(time_scale=options.time_scale, throttle=not options.no_throttle, seed=options.seed)
    try:
        server = EmulatorServer(options.port, settings)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with server:
        print(f"AWS emulator (Rekognition, S3, STS, KMS, CloudWatch) at {server.url}", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rekognition_sandbox.emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--time-scale", type=_not_negative, default=1.0, help="emulated seconds per real second: 600 trains in 3 s"
    )
    parser.add_argument("--no-throttle", action="store_true", help="answer any number of calls a second")
    parser.add_argument("--seed", type=int, default=0, help="decides whatever is random")
    return parser


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1000000")
    return value


if __name__ == "__main__":
    sys.exit(main())
