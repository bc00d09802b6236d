"""How does an AWS error look, and which ones does the emulator answer?"""

from __future__ import annotations

import json
import uuid

CONTENT_TYPE = "application/x-amz-json-1.1"

#: Answers that are not 400 (API pages of the operations; the HumanLoop one is 402 in the Smithy model).
STATUS_BY_CODE = {"InternalServerError": 500, "HumanLoopQuotaExceededException": 402, "NotImplementedException": 501}

S3_OBJECT_UNREADABLE = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."  # AWS's own text
)
SLOW_DOWN = "Slow down; sudden increase in rate of requests."  # AWS's own text


class AwsError(Exception):
    """An error as a client sees it.

    Parameters
    ----------
    code
        The exception's name in the service model, or one of AWS's common errors.
    message
        The text of `Message`.
    status
        HTTP status; left out, the one that the API page of the error documents.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status if status is not None else STATUS_BY_CODE.get(code, 400)

    def body(self) -> str:
        """Return the JSON body as on the wire: capital `Message`, extra `Code` and `Logref`."""
        members = {"__type": self.code, "Code": self.code, "Logref": str(uuid.uuid4()), "Message": self.message}
        return json.dumps(members)


def validation_error(message: str) -> AwsError:
    """Return the error of a violated constraint of the model: undeclared, common to all services."""
    return AwsError("ValidationException", message)


def invalid_parameter(reason: str) -> AwsError:
    """Return the error of parameters that the model allows and the service does not."""
    return AwsError("InvalidParameterException", f"Request has invalid parameters. {reason}")


def not_found(arn: str) -> AwsError:
    """Return the error of a resource that is not in this account and Region."""
    return AwsError("ResourceNotFoundException", f"The resource {arn} does not exist in this account and Region.")


def in_use(reason: str) -> AwsError:
    """Return the error of a name that is taken, or of a resource in a state that forbids the call."""
    return AwsError("ResourceInUseException", reason)


def limit_exceeded(count: int, what: str, account: str, partition: str, limit: int) -> AwsError:
    """Return the error of a used up quota, in AWS's wording ("<n> open Jobs for User <arn> Maximum limit: <m>")."""
    user = f"arn:{partition}:iam::{account}:root"
    return AwsError("LimitExceededException", f"{count} {what} for User {user} Maximum limit: {limit}")


def throttled() -> AwsError:
    """Return the error of more calls a second than the quota of the operation."""
    return AwsError("ThrottlingException", SLOW_DOWN)


def invalid_token() -> AwsError:
    """Return the error of a NextToken that this operation did not give for these parameters."""
    return AwsError("InvalidPaginationTokenException", "Invalid Pagination Token")
