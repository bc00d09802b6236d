"""Do the steps of the Dockerfile give an operator that runs, and nothing that it does not need?"""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install as the image's first stage does, from the files that it gets."""
    source, environment = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("image") / "operator"
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = " ".join(copied).split()
    subprocess.run(["cp", "-r", *(str(ROOT / name) for name in names), str(source)], check=True)
    subprocess.run(
        [str(source / "image" / "install.sh"), str(source), str(environment)],
        check=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    return environment


def run(environment: Path, *arguments: str) -> str:
    """Run a program of the environment as the image does: nothing of this machine's Python on its path."""
    command = [str(environment / "bin" / arguments[0]), *arguments[1:]]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, cwd="/"
    ).stdout


def test_the_operator_runs_from_what_is_installed(environment: Path) -> None:
    assert "--leader-elect" in run(environment, "rekognition-operator", "run", "--help")
    assert run(environment, "rekognition-operator", "crds") == "".join(
        path.read_text("utf-8") for path in sorted((ROOT / "crds").glob("*.yaml"), reverse=True)
    )
    run(environment, "python", "-c", "import rekognition_operator.controller.app")


def test_nothing_that_builds_or_tests_is_installed(environment: Path) -> None:
    names = {path.name.split("-")[0].lower() for path in environment.glob("lib/*/site-packages/*.dist-info")}
    assert "rekognition_operator" in names
    assert names.isdisjoint({"pip", "setuptools", "wheel", "hatchling", "pytest", "moto", "awscli", "cryptography"})


def test_the_image_is_what_the_chart_relies_on() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "USER 65532:65532" in final
    assert 'ENTRYPOINT ["rekognition-operator"]\nCMD ["run"]' in final
    assert re.findall(r"^RUN (.+)$", final, re.MULTILINE) == ["python3 -m pip uninstall --yes --quiet pip"]
    assert DOCKERFILE.count("FROM ${BASE}") == 2
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = " ".join(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)).split()
    assert set(copied) == {line[1:] for line in ignored if line.startswith("!")}
