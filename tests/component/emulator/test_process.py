"""Does the emulator run as a process of its own, and does the stock AWS CLI work against it unchanged?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from rekognition_sandbox.emulator.aws_client import aws_session, client_environment, single_attempt
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess, EmulatorStartError
from rekognition_sandbox.emulator.server import EmulatorServer, PortTakenError
from rekognition_sandbox.samples import PartSet, SampleSet, make_parts, make_samples

if TYPE_CHECKING:
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_rekognition.type_defs import AssetTypeDef
    from mypy_boto3_s3.client import S3Client


pytest_plugins = ["rekognition_sandbox.emulator.testing"]

AWS_CLI = Path(sys.executable).parent / "aws"
SCRIPT = Path(__file__).parent / "aws_cli.sh"


def test_the_stock_aws_cli_runs_the_whole_story(emulator: EmulatorControl, tmp_path: Path) -> None:
    emulator.set_time_scale(60_000)  # a training takes less than one call of the CLI: what it waits for is there
    lay_out(make_samples(), tmp_path, "")
    lay_out(make_parts(), tmp_path, "parts/")
    environment = {**os.environ, **client_environment(emulator.url), "AWS": str(AWS_CLI), "AWS_PAGER": ""}

    done = subprocess.run(
        ["bash", str(SCRIPT), str(tmp_path)], env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all steps as told"
    assert {record.operation for record in emulator.calls()} == {
        "CreateProject",
        "CreateProjectVersion",
        "DescribeProjects",
        "DescribeProjectVersions",
        "DetectModerationLabels",
        "DeleteProjectVersion",
        "DeleteProject",
        "StartProjectVersion",
        "DetectCustomLabels",
        "StopProjectVersion",
        "CopyProjectVersion",
        "CreateDataset",
        "DescribeDataset",
        "DeleteDataset",
    }


def lay_out(samples: SampleSet | PartSet, folder: Path, prefix: str) -> None:
    """Write the manifests for training and testing, and their images, into a folder."""
    for name in ("train.manifest", "test.manifest"):
        manifest = folder / prefix / name
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_bytes(samples.manifest(name, bucket="acme-cli", prefix=prefix))
        for line in samples.manifests[name]:
            image = folder / prefix / line.image_key
            image.parent.mkdir(parents=True, exist_ok=True)
            image.write_bytes(samples.images[line.image_key])


def test_a_training_ends_and_writes_its_outputs_without_anybody_asking(
    emulator: EmulatorControl, rekognition: RekognitionClient, s3: S3Client
) -> None:
    make_samples().upload(s3, "acme-ml")
    project = rekognition.create_project(ProjectName="a", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED")
    emulator.advance(60)
    rekognition.create_project_version(
        ProjectArn=project["ProjectArn"],
        VersionName="v1",
        OutputConfig={"S3Bucket": "acme-ml", "S3KeyPrefix": "out/"},
        TrainingData={"Assets": [manifest("train.manifest")]},
        TestingData={"Assets": [manifest("test.manifest")]},
    )
    calls = len(emulator.calls())

    wait_for_object(s3, "acme-ml", "out/EvaluationResultSummary-a-v1.json", seconds=30)

    assert len(emulator.calls()) == calls


def test_kms_and_sts_are_there_too(emulator: EmulatorControl) -> None:
    session = aws_session()
    key = session.client("kms", endpoint_url=emulator.url).create_key()["KeyMetadata"]["KeyId"]

    assert key
    assert session.client("sts", endpoint_url=emulator.url).get_caller_identity()["Account"] == "123456789012"


def test_a_reset_with_s3_empties_every_bucket(emulator: EmulatorControl, s3: S3Client) -> None:
    s3.create_bucket(Bucket="acme-ml")
    s3.put_object(Bucket="acme-ml", Key="a", Body=b"x")

    emulator.reset(s3=True)

    assert s3.list_buckets()["Buckets"] == []


def test_motos_own_reset_resets_rekognition_too(emulator: EmulatorControl, rekognition: RekognitionClient) -> None:
    rekognition.create_project(ProjectName="a")

    requests.post(f"{emulator.url}/moto-api/reset", timeout=30).raise_for_status()

    assert rekognition.describe_projects()["ProjectDescriptions"] == []


def test_five_calls_a_second_pass_by_default_and_more_are_throttled() -> None:
    with EmulatorProcess() as process:
        client = aws_session().client("rekognition", endpoint_url=process.url, config=single_attempt())

        def throttled(_: int) -> bool:
            try:
                client.describe_projects()
            except client.exceptions.ThrottlingException:
                return True
            return False

        with ThreadPoolExecutor(20) as at_once:
            outcomes = list(at_once.map(throttled, range(40)))

    assert outcomes.count(False) >= 5
    assert outcomes.count(True) >= 1


def test_a_server_in_a_thread_serves_until_it_is_stopped() -> None:
    with EmulatorServer(settings=EmulatorSettings(throttle=False)) as server:
        control = EmulatorControl(server.url)
        assert control.health().status == "ok"
        assert control.quotas().throttling is False

    with pytest.raises(requests.ConnectionError):
        control.health()


def test_a_server_in_a_thread_tells_that_its_port_is_taken() -> None:
    with EmulatorServer() as first, pytest.raises(PortTakenError, match="Use another one, or 0"):
        EmulatorServer(first.port)


def test_a_process_ends_on_sigterm_with_exit_code_zero_and_frees_its_port(tmp_path: Path) -> None:
    with EmulatorProcess(EmulatorSettings(time_scale=600, seed=7), log_path=tmp_path / "log") as process:
        port, pid = int(process.url.rpartition(":")[2]), process.pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        assert process.exit_code(timeout=20) == 0

    with EmulatorProcess(port=port) as again:
        assert again.control.health().status == "ok"


def test_a_taken_port_is_told() -> None:
    with EmulatorProcess() as first:
        second = EmulatorProcess(port=int(first.url.rpartition(":")[2]))
        with pytest.raises(EmulatorStartError, match="is in use"):
            second.start()


def test_a_wrong_option_is_told(tmp_path: Path) -> None:
    process = EmulatorProcess(EmulatorSettings(time_scale=-1), log_path=tmp_path / "log")

    with pytest.raises(EmulatorStartError, match="is not between 0 and 1000000"):
        process.start()


def manifest(name: str) -> AssetTypeDef:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": "acme-ml", "Name": f"storefront/{name}"}}}


def wait_for_object(s3: S3Client, bucket: str, key: str, *, seconds: float) -> None:
    """Look for an object until it is there; fail when it is not by the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
            return
    raise TimeoutError(f"s3://{bucket}/{key} did not appear within {seconds} s")
