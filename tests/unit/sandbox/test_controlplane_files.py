"""Are the files that a sandbox writes and reads (kubeconfig, env, audit log) what people and tests rely on?"""

import json
import os
import stat
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from rekognition_operator.api.kinds import ALL_DEFINITIONS
from rekognition_operator.api.schema import GROUP
from rekognition_sandbox.controlplane import audit, operator_setup
from rekognition_sandbox.controlplane.api import ApiClient, object_path
from rekognition_sandbox.controlplane.environment import (
    process_environment,
    read_env_file,
    sandbox_environment,
    write_env_file,
)
from rekognition_sandbox.controlplane.errors import SandboxError
from rekognition_sandbox.controlplane.kubeconfig import read_kubeconfig, write_kubeconfig
from rekognition_sandbox.controlplane.kubectl import kubectl_path

CLIENT = ApiClient("https://127.0.0.1:6443", "-----BEGIN CERTIFICATE-----\n", "token")


def test_the_operator_has_the_same_rights_on_every_kind() -> None:
    text = Path(operator_setup.__file__).with_name("rbac.yaml").read_text(encoding="utf-8")
    [rules] = [manifest["rules"] for manifest in yaml.safe_load_all(text) if manifest["kind"] == "ClusterRole"]
    ours: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for rule in rules:
        if rule["apiGroups"] == [GROUP]:
            ours[tuple(rule["verbs"])] += rule["resources"]
    assert ours == {
        ("get", "list", "watch", "patch"): [kind.plural for kind in ALL_DEFINITIONS],
        ("patch",): [f"{kind.plural}/status" for kind in ALL_DEFINITIONS],
        ("update",): [f"{kind.plural}/finalizers" for kind in ALL_DEFINITIONS],
    }


def test_a_kubeconfig_holds_the_authority_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("readable by all")

    write_kubeconfig(path, CLIENT, user="somebody", namespace="here")

    assert read_kubeconfig(path) == CLIENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = yaml.safe_load(path.read_text())
    assert document["current-context"] == "rekognition-sandbox"
    assert document["contexts"][0]["context"]["namespace"] == "here"
    assert "insecure-skip-tls-verify" not in path.read_text()


@pytest.mark.parametrize("content", [None, "", "[]", "{clusters: []}", "{"])
def test_a_kubeconfig_that_is_not_ours_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SandboxError, match=f"{path}.* [Ss]tart "):
        read_kubeconfig(path)


def test_the_env_file_leads_a_shell_to_the_sandbox_and_away_from_the_users_aws_account(tmp_path: Path) -> None:
    variables = sandbox_environment(tmp_path / "it's here" / "kubeconfig", "http://127.0.0.1:5000")
    path = tmp_path / "env"
    write_env_file(path, variables)
    users = {
        "PATH": os.environ["PATH"],
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "https://real",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }

    shown = subprocess.run(
        ["sh", "-c", f". '{path}' && env"], env=users, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert read_env_file(path) == variables
    assert set(shown) >= {f"{name}={value}" for name, value in variables.items()}
    assert not {line.split("=")[0] for line in shown} & (users.keys() - {"PATH"})


def test_a_process_of_the_sandbox_gets_none_of_the_users_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "https://real")
    monkeypatch.setenv("UNRELATED", "stays")

    environment = process_environment(sandbox_environment(Path("kubeconfig"), "http://127.0.0.1:5000"))

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert environment["UNRELATED"] == "stays"
    assert not environment.keys() & {"AWS_PROFILE", "AWS_ENDPOINT_URL_REKOGNITION"}


def test_the_users_proxy_exceptions_are_kept_and_loopback_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet,127.0.0.1")

    assert sandbox_environment(Path("kubeconfig"), "")["NO_PROXY"] == "127.0.0.1,localhost,intranet"


def event(user: str, verb: str, **target: str) -> str:
    return json.dumps(
        {
            "stage": "ResponseComplete",
            "verb": verb,
            "user": {"username": user},
            "requestURI": "/somewhere",
            "objectRef": target,
            "responseStatus": {"code": 200},
            "requestObject": {"metadata": {"name": "from-body"}} if verb == "create" else None,
        }
    )


def test_audit_records_tell_who_did_what_and_leave_out_a_line_still_being_written(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    lines = [
        event("operator", "get", resource="moderationadapters", namespace="a", name="x"),
        event("operator", "patch", resource="moderationadapters", subresource="status", namespace="a", name="x"),
        event("admin", "create", resource="configmaps", namespace="a"),
    ]
    log.write_text("\n".join(lines) + '\n{"stage": "Resp')

    records = audit.read_audit_log(log)

    assert [str(record) for record in records] == [
        "operator get moderationadapters a/x -> 200",
        "operator patch moderationadapters/status a/x -> 200",
        "admin create configmaps a/from-body -> 200",
    ]
    assert audit.select(records, user="operator", mutating=True) == [records[1]]
    assert audit.select(records, subresource="") == [records[0], records[2]]
    assert audit.select(records, verbs=["create", "get"], resource="configmaps") == [records[2]]
    assert audit.read_audit_log(tmp_path / "none") == []


def test_a_kind_that_the_sandbox_does_not_apply_is_refused_with_the_ones_it_does() -> None:
    with pytest.raises(SandboxError, match=r"Deployment .*the sandbox applies .*CustomResourceDefinition"):
        object_path({"kind": "Deployment", "metadata": {"name": "a"}})


def test_kubectl_is_taken_from_path_else_from_beside_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("path", "python"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "kubectl").write_text("#!/bin/sh\n")
        (tmp_path / folder / "kubectl").chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python" / "python3"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert kubectl_path() == tmp_path / "path" / "kubectl"

    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert kubectl_path() == tmp_path / "python" / "kubectl"

    (tmp_path / "python" / "kubectl").unlink()
    with pytest.raises(SandboxError, match="Install kubectl"):
        kubectl_path()
