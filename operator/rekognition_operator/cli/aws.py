"""With which AWS does a command speak, and what does a person do when it does not answer?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Rekognition
from rekognition_operator.aws.hindrance import iam_action
from rekognition_operator.core.principal import OPERATOR
from rekognition_operator.core.wording import clause


@asynccontextmanager
async def rekognition(region: str) -> AsyncIterator[Rekognition]:
    """Give the Rekognition of a Region, with the credentials that every AWS SDK finds.

    Raises
    ------
    CallError
        The credentials do not work.
    """
    from rekognition_operator.aws.provider import Boto3Provider  # noqa: PLC0415  # boto3: most commands do without

    provider = Boto3Provider()
    try:
        yield await provider.connect(OPERATOR, region)
    finally:
        provider.close()


def told(error: CallError) -> str:
    """Say what AWS refused, and what to do about it where the kind of the failure tells."""
    said = f"{error.operation} failed with {error.code}: {clause(error.message)}."
    match error.kind:
        case ErrorKind.CREDENTIALS:
            return f"{said} Set credentials as for every AWS tool: AWS_PROFILE, or the AWS_* variables."
        case ErrorKind.ACCESS_DENIED:
            about = f" on {error.resource}" if error.resource is not None else ""
            return f"{said} Your own AWS account needs {iam_action(error.operation)}{about}."
        case ErrorKind.THROTTLED | ErrorKind.SERVER | ErrorKind.LOST:
            return f"{said} Try again."
        case _:
            return said
