"""Runs for a moment before a child of the sandbox: ties its life to its parent's, then becomes it.

Executed by path with `python -I -S _launch.py PARENT_PID COMMAND...`, so that nothing has to run between fork and exec
in a parent that may have threads. Linux only (`prctl(2)`, PR_SET_PDEATHSIG, which survives execve).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the command in `arguments[1:]`, to be killed when the process `arguments[0]` ends."""
    parent, command = int(arguments[0]), arguments[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG) failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent ended before this process started")
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
