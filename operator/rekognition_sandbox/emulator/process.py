"""How is the emulator run as a process of its own?"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import rekognition_sandbox
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.engine import EmulatorSettings

if TYPE_CHECKING:
    from types import TracebackType

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_URL = re.compile(r"http://[\d.]+:\d+")


class EmulatorStartError(RuntimeError):
    """The emulator did not come up; the text carries what it said."""


class EmulatorProcess:
    """An emulator in a process of its own, on a free port.

    Parameters
    ----------
    settings
        How it starts.
    port
        On 127.0.0.1; 0 takes a free one.
    log_path
        Where its stderr goes; left out, a file that ends with it.
    """

    def __init__(
        self, settings: EmulatorSettings | None = None, *, port: int = 0, log_path: Path | None = None
    ) -> None:
        self._settings = settings or EmulatorSettings()
        self._port = port
        self._log_path = log_path
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL is to be set to."""
        if not self._url:
            raise EmulatorStartError("The emulator is not running. Call start() first.")
        return self._url

    @property
    def control(self) -> EmulatorControl:
        """What steers it."""
        return EmulatorControl(self.url)

    @property
    def pid(self) -> int | None:
        """The process id; None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises
        ------
        EmulatorStartError
            It ended, or said nothing for a minute.
        """
        source_root = str(Path(rekognition_sandbox.__file__).parents[1])
        search_path = os.pathsep.join(filter(None, [source_root, os.environ.get("PYTHONPATH")]))
        with self._log_path.open("w+b") if self._log_path else tempfile.TemporaryFile() as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rekognition_sandbox.emulator", *self._arguments()],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": search_path},
            )
            self._url = self._read_url(self._process, log)

    def stop(self) -> None:
        """End it, by force after ten seconds; once stopped, stopping again does nothing."""
        process, self._process, self._url = self._process, None, ""
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def exit_code(self, *, timeout: float) -> int | None:
        """Wait for its end and return how it ended; None when it still runs after `timeout` seconds or never ran."""
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def _arguments(self) -> list[str]:
        settings = self._settings
        arguments = ["--port", str(self._port), "--time-scale", str(settings.time_scale), "--seed", str(settings.seed)]
        return arguments if settings.throttle else [*arguments, "--no-throttle"]

    def _read_url(self, process: subprocess.Popen[str], log: IO[bytes]) -> str:
        line = _read_line(process, _START_SECONDS)
        found = _URL.search(line)
        if found:
            return found.group()
        code = process.poll()
        self.stop()
        state = "is still silent" if code is None else f"ended with exit code {code}"
        log.seek(0)
        said = log.read().decode(errors="replace").strip()[-2000:]
        raise EmulatorStartError(f"The emulator {state} after its start. It said: {said or 'nothing'}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _read_line(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the first line on stdout; an empty one when the process ends or the time is up before."""
    if process.stdout is None:
        return ""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
            return ""
    line = process.stdout.readline()
    if not line:
        process.wait(_STOP_SECONDS)
    return line
