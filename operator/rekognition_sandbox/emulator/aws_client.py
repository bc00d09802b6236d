"""How does an AWS client reach the emulator?"""

from __future__ import annotations

import boto3
from botocore.config import Config

#: The Region of clients that name none.
REGION = "us-east-1"


def client_environment(url: str, *, region: str = REGION) -> dict[str, str]:
    """Return the environment variables by which boto3 and the AWS CLI talk to an emulator, with dummy credentials.

    The account is moto's default, 123456789012; STS AssumeRole leads to others.
    """
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def aws_session(region: str = REGION) -> boto3.Session:
    """Return a session with dummy credentials."""
    secret = "emulated"  # noqa: S105  the emulator checks no signature
    return boto3.Session(aws_access_key_id="emulated", aws_secret_access_key=secret, region_name=region)


def single_attempt() -> Config:
    """Return a configuration with which every error and every lost answer reaches the caller."""
    return Config(retries={"mode": "standard", "total_max_attempts": 1})
