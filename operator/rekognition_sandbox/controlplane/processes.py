"""How are the sandbox's processes started, recognised again by another process, and stopped?

Every child is the leader of its own session, so that Ctrl-C in a terminal reaches only the command that started it. A
record names a process by pid *and* start time: a pid that now belongs to somebody else is never signalled.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from rekognition_sandbox.controlplane.errors import PortTakenError, ProcessFailedError, SandboxError

POLL_SECONDS = 0.02
STOP_GRACE_SECONDS = 10.0
LOG_TAIL_LINES = 15
_ADDRESS_IN_USE = "address already in use"

_children: dict[int, subprocess.Popen[bytes]] = {}
# A child tied to its parent's life is tied to the *thread* that started it (prctl(2)); this one lives to the end.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-spawner")


@dataclass(frozen=True)
class ProcessRecord:
    """A process that was started here, as it is written to `processes.json`.

    Attributes
    ----------
    name
        What it is: `etcd`, `kube-apiserver`, `emulator`, `operator`.
    pid, identity
        The process, and what tells it from a later one with the same pid (see `identity_of`).
    log
        Path of the file with its standard output and error.
    address
        Where it listens, or an empty string.
    """

    name: str
    pid: int
    identity: str
    log: str
    address: str = ""


def identity_of(pid: int) -> str | None:
    """Return what tells process `pid` from any other that had or will have this pid; None when it does not run.

    On Linux the boot and the start time in clock ticks since then (proc_pid_stat(5), field 22), elsewhere the start
    time as `ps` prints it. A zombie does not run.
    """
    if sys.platform != "linux":
        answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return answer.stdout.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the command in parentheses, which may itself hold spaces and parentheses.
    fields = stat[stat.rindex(")") + 2 :].split()
    state, start_ticks = fields[0], fields[19]
    return None if state in "ZX" else f"{_boot_id()}:{start_ticks}"


@cache
def _boot_id() -> str:
    """Return what tells this boot from others; empty in the few containers that hide it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def is_running(record: ProcessRecord) -> bool:
    """Whether exactly the process of `record` runs."""
    child = _children.get(record.pid)
    if child is not None and child.poll() is not None:
        del _children[record.pid]
    return identity_of(record.pid) == record.identity


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    address: str = "",
    environment: Mapping[str, str] | None = None,
    die_with_parent: bool,
) -> ProcessRecord:
    """Start `command` in its own session with its output in `log` (overwritten).

    Parameters
    ----------
    die_with_parent
        Have the kernel kill it when this process ends, however that happens (Linux; elsewhere it has no effect). False
        for what is meant to outlive the command that starts it.

    Raises
    ------
    ProcessFailedError
        The program does not exist, cannot be executed, or ended within an instant.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    full = list(command)
    if die_with_parent and sys.platform == "linux":
        launcher = str(Path(__file__).with_name("_launch.py"))
        full = [sys.executable, "-I", "-S", launcher, str(os.getpid()), *full]
    with log.open("wb") as output:
        try:
            child = _spawner.submit(
                subprocess.Popen,
                full,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            ).result()
        except OSError as error:
            message = f"{name} cannot be started: {error}. Check that {command[0]} is a program for this machine."
            raise ProcessFailedError(message) from error
    _children[child.pid] = child
    identity = identity_of(child.pid)
    if identity is None:
        raise _ended(ProcessRecord(name, child.pid, "", str(log), address))
    return ProcessRecord(name, child.pid, identity, str(log), address)


def wait_ready(record: ProcessRecord, probe: Callable[[], bool], *, deadline_seconds: float) -> None:
    """Return as soon as `probe` says yes.

    Raises
    ------
    PortTakenError
        The process ended because somebody else has its port.
    ProcessFailedError
        It ended for another reason, or the deadline passed.
    """
    deadline = time.monotonic() + deadline_seconds
    while True:
        if not is_running(record):
            raise _ended(record)
        if probe():
            return
        if time.monotonic() > deadline:
            message = f"{record.name} (pid {record.pid}) was not ready within {deadline_seconds:.0f} s"
            raise ProcessFailedError(f"{message}.\n{_log_excerpt(record)}")
        time.sleep(POLL_SECONDS)


def this_process(name: str) -> ProcessRecord:
    """Return the record of the process that calls this."""
    return ProcessRecord(name, os.getpid(), identity_of(os.getpid()) or "", os.devnull)


def stop(
    records: Iterable[ProcessRecord],
    *,
    grace_seconds: float = STOP_GRACE_SECONDS,
    first: signal.Signals = signal.SIGTERM,
) -> list[ProcessRecord]:
    """End the processes of `records`, the last one first, and return those that ran.

    Each gets the signal `first` and, when it still runs after `grace_seconds`, SIGKILL. What does not
    run any more, or whose pid belongs to another process by now, is left alone.
    """
    ran = []
    for record in reversed(list(records)):
        if not _signal(record, first):
            continue
        ran.append(record)
        if not _wait_ended(record, grace_seconds):
            _signal(record, signal.SIGKILL)
            if not _wait_ended(record, grace_seconds):
                raise SandboxError(
                    f"{record.name} (pid {record.pid}) does not end, not even by SIGKILL. "
                    f"Look at its state with `ps -o stat,wchan -p {record.pid}`."
                )
    return ran


def save(path: Path, records: Iterable[ProcessRecord]) -> None:
    """Write `records` to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps([asdict(record) for record in records], indent=2) + "\n", encoding="utf-8")
    new.replace(path)


def load(path: Path) -> list[ProcessRecord]:
    """Read what `save` wrote; nothing when there is no such file.

    Raises
    ------
    SandboxError
        The file is not one of ours.
    """
    try:
        return [ProcessRecord(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise SandboxError(
            f"{path} cannot be read as a list of processes ({error}). See what runs with `ps`, then remove the file."
        ) from error


def free_port() -> int:
    """Return a loopback TCP port that is free now; another process may yet take it (see `PortTakenError`)."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def log_tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """Return the last `lines` lines of `log`, each cut to a readable length."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(line[:400] for line in text.splitlines()[-lines:])


def _signal(record: ProcessRecord, number: signal.Signals) -> bool:
    """Send the signal if exactly this process runs, and return whether it did."""
    descriptor = _pidfd(record.pid)
    try:
        if not is_running(record):
            return False
        if descriptor is None or sys.platform != "linux":
            os.kill(record.pid, number)
        else:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return True


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that stays with this very process; None where the system has none (Linux since 5.3 has)."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _wait_ended(record: ProcessRecord, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(record):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _ended(record: ProcessRecord) -> ProcessFailedError:
    excerpt = _log_excerpt(record)
    kind = PortTakenError if _ADDRESS_IN_USE in excerpt.lower() else ProcessFailedError
    return kind(f"{record.name} (pid {record.pid}) ended before it was ready.\n{excerpt}")


def _log_excerpt(record: ProcessRecord) -> str:
    return f"The last lines of its log, {record.log}:\n{log_tail(Path(record.log)) or '(empty)'}"
