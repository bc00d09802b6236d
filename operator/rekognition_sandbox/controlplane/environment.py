"""Which environment variables lead a program to the sandbox, and to nothing else?"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

REGION = "us-east-1"

# Anything of the user's own AWS set-up that could win over the variables below would send calls to the real AWS.
_UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    *(f"AWS_ENDPOINT_URL_{service}" for service in ("CLOUDWATCH", "IAM", "KMS", "REKOGNITION", "S3", "STS")),
)


def sandbox_environment(kubeconfig: Path, aws_url: str) -> dict[str, str]:
    """Return the variables that point kubectl, boto3, the AWS CLI and the operator to a sandbox."""
    return {
        "KUBECONFIG": str(kubeconfig),
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": _no_proxy("NO_PROXY"),
        "no_proxy": _no_proxy("no_proxy"),
    }


def _no_proxy(variable: str) -> str:
    """Add loopback to the user's own exceptions: botocore sends requests to it through a proxy otherwise."""
    own = [host for host in os.environ.get(variable, "").split(",") if host]
    return ",".join(dict.fromkeys(["127.0.0.1", "localhost", *own]))


def process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without any AWS setting of its own, and with `variables`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**inherited, "PYTHONUNBUFFERED": "1", **variables}


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write `variables` for `. path` in a POSIX shell."""
    lines = ["# Points this shell to the sandbox: . " + shlex.quote(str(path)), f"unset {' '.join(_UNSET)}"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables that `write_env_file` wrote."""
    exports = (line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("export "))
    assignments = (shlex.split(line.removeprefix("export "))[0].partition("=") for line in exports)
    return {name: value for name, _, value in assignments}
