"""What is said of a kubeconfig that cannot be used?"""

from pathlib import Path

import pytest
import yaml

from rekognition_operator.kube import config
from rekognition_operator.kube.client import KubeClient
from rekognition_operator.kube.config import (
    KUBECONFIG_VARIABLE,
    KubeConfigError,
    default_namespace,
    load_configuration,
)


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


def kubeconfig(path: Path, **namespaces: str | None) -> Path:
    """Write a kubeconfig with a context of each name, of which the first is the current one."""
    contexts = [
        {"name": name, "context": {"cluster": "test", "user": "test", **({"namespace": ns} if ns else {})}}
        for name, ns in namespaces.items()
    ]
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": next(iter(namespaces)),
                "clusters": [{"name": "test", "cluster": {"server": "https://127.0.0.1:6443"}}],
                "users": [{"name": "test", "user": {"token": "abc"}}],
                "contexts": contexts,
            }
        )
    )
    return path


@pytest.mark.parametrize(("context", "namespace"), [(None, "trust-safety"), ("other", "factory"), ("bare", "default")])
def test_the_namespace_is_that_of_the_context(tmp_path: Path, context: str | None, namespace: str) -> None:
    file = kubeconfig(tmp_path / "config", current="trust-safety", other="factory", bare=None)
    assert default_namespace(file, context) == namespace


async def test_a_context_that_is_not_there_is_said(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", current=None)
    with pytest.raises(KubeConfigError, match=r"(?s)cannot be used.*nowhere"):
        await load_configuration(file, "nowhere")


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a pod whose user has a kubeconfig at home as well."""
    monkeypatch.delenv(KUBECONFIG_VARIABLE, raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube" / "config", home="from-home")
    (tmp_path / "namespace").write_text("from-pod\n")
    monkeypatch.setattr(config, "POD_NAMESPACE", tmp_path / "namespace")
    return tmp_path


@pytest.mark.usefixtures("pod")
def test_in_a_pod_the_namespace_is_the_pods_unless_a_context_is_asked_for() -> None:
    assert default_namespace() == "from-pod"
    assert default_namespace(context="home") == "from-home"


@pytest.mark.usefixtures("pod")
async def test_a_context_is_looked_for_in_files_also_in_a_pod() -> None:
    assert (await load_configuration(context="home")).host == "https://127.0.0.1:6443"
