"""What is said of a kubeconfig that cannot be used?"""

from pathlib import Path

import pytest
import yaml

from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.config import KubeConfigError


def with_files(path: Path, ca: Path) -> bytes:
    """Return a kubeconfig whose certificates are in this file."""
    cluster = {"server": "https://127.0.0.1:6443", "certificate-authority": str(ca)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": path.name,
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": "abc"}}],
            "contexts": [{"name": path.name, "context": {"cluster": "test", "user": "test"}}],
        }
    ).encode()


@pytest.mark.parametrize(
    "content", [b"{ no yaml: [", b"\x89\xff", b"words", b"- a list", b"", b"clusters: 1\ncurrent-context: a\n"]
)
async def test_a_file_that_is_no_kubeconfig_is_named_and_no_bug(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "config"
    broken.write_bytes(content)
    with pytest.raises(KubeConfigError, match=f"(?s)^The kubeconfig {broken} cannot be used .*Correct it"):
        await KubeClient(broken).connect()


@pytest.mark.parametrize("certificates", [None, b"no certificates"])
async def test_certificates_that_cannot_be_read_are_no_bug_either(tmp_path: Path, certificates: bytes | None) -> None:
    ca, config = tmp_path / "ca.crt", tmp_path / "config"
    if certificates is not None:
        ca.write_bytes(certificates)
    config.write_bytes(with_files(config, ca))
    with pytest.raises(KubeConfigError, match=f"^The kubeconfig {config} cannot be used"):
        await KubeClient(config).connect()
