"""What does Prometheus's own tool say of our metrics, alerts and queries?"""

import subprocess
from pathlib import Path

from rekognition_sandbox.controlplane.tools import find_tool


def promtool(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    command = [find_tool("promtool"), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def lint_metrics(exposition: str) -> str:
    """Return what promtool has against metrics in the text format; empty: nothing."""
    checked = promtool("check", "metrics", stdin=exposition)
    return checked.stdout + checked.stderr if checked.returncode else ""
