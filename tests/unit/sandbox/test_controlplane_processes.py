"""Are the sandbox's processes recognised, tied to their parent, and stopped without touching anybody else's?"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rekognition_sandbox.controlplane import processes
from rekognition_sandbox.controlplane.errors import PortTakenError, ProcessFailedError, SandboxError
from rekognition_sandbox.controlplane.processes import ProcessRecord

SLEEPER = [sys.executable, "-c", "print('up', flush=True); import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()",
]


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        threading.Event().wait(0.01)


class Spawner:
    """Starts processes and ends whatever a test leaves."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.records: list[ProcessRecord] = []

    def __call__(self, command: list[str], name: str = "sleeper", *, die_with_parent: bool = True) -> ProcessRecord:
        log = self.directory / f"{name}.log"
        record = processes.spawn(name, command, log=log, die_with_parent=die_with_parent)
        self.records.append(record)
        return record

    def started(self, command: list[str], name: str = "sleeper", *, die_with_parent: bool = True) -> ProcessRecord:
        record = self(command, name, die_with_parent=die_with_parent)
        wait_until(lambda: "up" in Path(record.log).read_text())
        return record


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawner]:
    spawner = Spawner(tmp_path)
    yield spawner
    processes.stop(spawner.records, grace_seconds=5)


def test_a_started_process_runs_until_it_is_stopped(spawn: Spawner) -> None:
    record = spawn.started(SLEEPER)
    assert processes.is_running(record)

    assert processes.stop([record]) == [record]

    assert not processes.is_running(record)
    assert processes.stop([record]) == []


def test_a_process_that_only_has_the_recorded_pid_is_left_alone(spawn: Spawner) -> None:
    record = spawn.started(SLEEPER)
    earlier_process_with_this_pid = replace(record, identity="0:0")

    assert not processes.is_running(earlier_process_with_this_pid)
    assert processes.stop([earlier_process_with_this_pid]) == []

    assert processes.is_running(record)


def test_a_process_that_ended_but_was_not_reaped_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        wait_until(lambda: processes.identity_of(child.pid) is None)
        assert child.returncode is None, "it is a zombie, which nobody has waited for"


def test_what_ignores_sigterm_is_killed_after_the_grace_time(spawn: Spawner) -> None:
    record = spawn.started(STUBBORN)

    processes.stop([record], grace_seconds=0.1)

    assert not processes.is_running(record)


def test_the_last_one_started_is_stopped_first(spawn: Spawner) -> None:
    first, second = spawn.started(SLEEPER, "first"), spawn.started(SLEEPER, "second")

    assert processes.stop([first, second]) == [second, first]


def test_a_process_leads_a_session_of_its_own(spawn: Spawner) -> None:
    record = spawn.started(SLEEPER)

    assert os.getsid(record.pid) == record.pid != os.getsid(0)


PARENT = """
import sys
from pathlib import Path
from rekognition_sandbox.controlplane import processes
directory = Path(sys.argv[1])
record = processes.spawn("child", {command!r}, log=directory / "child.log", die_with_parent={die_with_parent})
processes.save(directory / "processes.json", [record])
print("started", flush=True)
sys.stdin.read()
"""


def child_of_a_killed_parent(directory: Path, *, die_with_parent: bool) -> ProcessRecord:
    """Start a process that starts a child, kill it with SIGKILL, and return the child."""
    code = PARENT.format(command=SLEEPER, die_with_parent=die_with_parent)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        (record,) = processes.load(directory / "processes.json")
        wait_until(lambda: "up" in Path(record.log).read_text())
        assert processes.is_running(record)
        parent.kill()
    return record


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    record = child_of_a_killed_parent(tmp_path, die_with_parent=True)

    wait_until(lambda: not processes.is_running(record))


def test_a_detached_child_outlives_its_parent_and_can_be_stopped_by_another_process(tmp_path: Path) -> None:
    record = child_of_a_killed_parent(tmp_path, die_with_parent=False)
    try:
        assert processes.is_running(record)
    finally:
        assert processes.stop([record]) == [record]


def test_a_child_outlives_the_thread_that_started_it(spawn: Spawner) -> None:
    thread = threading.Thread(target=lambda: spawn.started(SLEEPER))
    thread.start()
    thread.join()

    (record,) = spawn.records
    other = spawn.started(SLEEPER, "other")  # the kernel would have killed the first one before this one is up
    assert processes.is_running(record)
    assert processes.is_running(other)


def test_a_process_that_ends_before_it_is_ready_is_reported_with_the_end_of_its_log(spawn: Spawner) -> None:
    record = spawn([sys.executable, "-c", "print('first'); raise SystemExit('the flag --frobnicate is unknown')"])

    with pytest.raises(ProcessFailedError) as failure:
        processes.wait_ready(record, lambda: False, deadline_seconds=20)

    assert "the flag --frobnicate is unknown" in str(failure.value)
    assert record.log in str(failure.value)
    assert not isinstance(failure.value, PortTakenError)


def test_a_taken_port_is_told_from_other_failures(spawn: Spawner) -> None:
    record = spawn([sys.executable, "-c", "raise SystemExit('listen tcp 127.0.0.1:1: bind: address already in use')"])

    with pytest.raises(PortTakenError):
        processes.wait_ready(record, lambda: False, deadline_seconds=20)


def test_a_process_that_is_not_ready_in_time_is_reported_with_its_log(spawn: Spawner) -> None:
    record = spawn.started(SLEEPER)

    with pytest.raises(ProcessFailedError, match=r"sleeper \(pid \d+\) was not ready within 0 s") as failure:
        processes.wait_ready(record, lambda: False, deadline_seconds=0)

    assert record.log in str(failure.value)


@pytest.mark.parametrize("die_with_parent", [True, False])
def test_a_program_that_does_not_exist_is_named(spawn: Spawner, die_with_parent: bool) -> None:
    with pytest.raises(ProcessFailedError, match="/no/such/program"):
        processes.wait_ready(
            spawn(["/no/such/program"], die_with_parent=die_with_parent), lambda: False, deadline_seconds=20
        )


def test_records_survive_writing_and_reading(spawn: Spawner, tmp_path: Path) -> None:
    record = spawn.started(SLEEPER)

    processes.save(tmp_path / "deep" / "processes.json", [record])

    assert processes.load(tmp_path / "deep" / "processes.json") == [record]
    assert processes.load(tmp_path / "none.json") == []


@pytest.mark.parametrize("content", ["", "[1]", '[{"pid": 1}]', '{"a": 1}'])
def test_a_damaged_record_file_is_named_with_a_remedy(tmp_path: Path, content: str) -> None:
    path = tmp_path / "processes.json"
    path.write_text(content)

    with pytest.raises(SandboxError, match=r"processes\.json .*remove the file"):
        processes.load(path)


def test_killing_goes_by_sigkill_when_asked(spawn: Spawner) -> None:
    record = spawn.started(STUBBORN)

    processes.stop([record], first=signal.SIGKILL, grace_seconds=20)

    assert not processes.is_running(record)
