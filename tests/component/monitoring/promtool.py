"""What does Prometheus's own tool say of our metrics, alerts and queries?"""

import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run promtool; the test is skipped where there is none."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not on PATH")
    return subprocess.run([tool, *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False)


def lint_metrics(exposition: str) -> str:
    """Return what promtool has against metrics in the text format; empty: nothing."""
    checked = promtool("check", "metrics", stdin=exposition)
    return checked.stdout + checked.stderr if checked.returncode else ""
