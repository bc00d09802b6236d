"""What do the tests of the operator's process share? A sandbox without an operator, and a way to start one."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from component.controller.processes import OperatorProcess, StartOperator, World
from rekognition_sandbox.controlplane.environment import REGION
from rekognition_sandbox.controlplane.operator_setup import OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT
from rekognition_sandbox.controlplane.processes import free_port
from rekognition_sandbox.controlplane.sandbox import Sandbox
from rekognition_sandbox.samples import make_samples

BUCKET = "acme-ml"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Bring up control plane and emulator, with the operator's rights and sample data, but no operator."""
    directory = tmp_path_factory.mktemp("sandbox")
    sandbox = Sandbox(directory)
    sandbox.up(operator=False)
    try:
        client = boto3.client(
            "s3",
            endpoint_url=sandbox.aws_url,
            region_name=REGION,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )
        make_samples().upload(client, BUCKET)
        kubeconfig = sandbox.control_plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, directory / "operator.kubeconfig"
        )
        yield World(sandbox, kubeconfig, tmp_path_factory.mktemp("home"))
    finally:
        sandbox.down()


@pytest.fixture
def start_operator(world: World, tmp_path: Path) -> Iterator[StartOperator]:
    """Start operators with flags and variables; all of them are stopped after the test."""
    started: list[OperatorProcess] = []

    def start(*flags: str, environment: Mapping[str, str] | None = None) -> OperatorProcess:
        port = free_port()
        log = tmp_path / f"operator-{len(started)}.log"
        variables = {
            **os.environ,
            **world.sandbox.environment,
            "KUBECONFIG": str(world.operator_kubeconfig),
            "REKOGNITION_OPERATOR_CLUSTER_NAME": "component",
            "REKOGNITION_OPERATOR_HEALTH_HOST": "127.0.0.1",
            "REKOGNITION_OPERATOR_HEALTH_PORT": str(port),
            "REKOGNITION_OPERATOR_MOVING_SECONDS": "0.5",
            **(environment or {}),
        }
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "rekognition_operator", "run", *flags],
                env=variables,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        operator = OperatorProcess(process, port, log)
        started.append(operator)
        return operator

    yield start
    for operator in started:
        if operator.process.poll() is None:
            operator.process.kill()
            operator.process.wait()
