"""What does a failed call mean, given the SDK's exception or AWS's error code?"""

from collections.abc import Mapping
from typing import Final

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.core.hindrance import ANSWER_LOST

SDK_FAILURES: Final = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)
"""What a call through boto3 raises; anything else is a bug of ours and is not caught."""

CODES: Final[Mapping[str, ErrorKind]] = {
    # throttling: a rate, never a count (API reference, error pages of each operation; AWS's common errors)
    "ThrottlingException": ErrorKind.THROTTLED,
    "Throttling": ErrorKind.THROTTLED,
    "ThrottledException": ErrorKind.THROTTLED,
    "RequestThrottled": ErrorKind.THROTTLED,
    "RequestThrottledException": ErrorKind.THROTTLED,
    "RequestLimitExceeded": ErrorKind.THROTTLED,
    "TooManyRequestsException": ErrorKind.THROTTLED,
    "ProvisionedThroughputExceededException": ErrorKind.THROTTLED,
    "SlowDown": ErrorKind.THROTTLED,
    # rights; Rekognition answers AccessDeniedException with status 400
    "AccessDeniedException": ErrorKind.ACCESS_DENIED,
    "AccessDenied": ErrorKind.ACCESS_DENIED,
    "NotAuthorized": ErrorKind.ACCESS_DENIED,
    "UnauthorizedOperation": ErrorKind.ACCESS_DENIED,
    "OptInRequired": ErrorKind.ACCESS_DENIED,
    # who is asking
    "UnrecognizedClientException": ErrorKind.CREDENTIALS,
    "InvalidClientTokenId": ErrorKind.CREDENTIALS,
    "InvalidAccessKeyId": ErrorKind.CREDENTIALS,
    "ExpiredToken": ErrorKind.CREDENTIALS,
    "ExpiredTokenException": ErrorKind.CREDENTIALS,
    "TokenRefreshRequired": ErrorKind.CREDENTIALS,
    "InvalidToken": ErrorKind.CREDENTIALS,
    "InvalidSignatureException": ErrorKind.CREDENTIALS,
    "SignatureDoesNotMatch": ErrorKind.CREDENTIALS,
    "IncompleteSignature": ErrorKind.CREDENTIALS,
    "IncompleteSignatureException": ErrorKind.CREDENTIALS,
    "MissingAuthenticationToken": ErrorKind.CREDENTIALS,
    "MissingAuthenticationTokenException": ErrorKind.CREDENTIALS,
    "AuthFailure": ErrorKind.CREDENTIALS,
    "RequestExpired": ErrorKind.CREDENTIALS,
    "RequestTimeTooSkewed": ErrorKind.CREDENTIALS,
    "InvalidIdentityToken": ErrorKind.CREDENTIALS,
    "IDPCommunicationError": ErrorKind.SERVER,
    "RegionDisabledException": ErrorKind.CREDENTIALS,
    # the world
    "ResourceNotFoundException": ErrorKind.NOT_FOUND,
    "ResourceInUseException": ErrorKind.IN_USE,
    "ResourceAlreadyExistsException": ErrorKind.IN_USE,
    "ResourceNotReadyException": ErrorKind.IN_USE,
    "LimitExceededException": ErrorKind.LIMIT,
    "ServiceQuotaExceededException": ErrorKind.LIMIT,
    "HumanLoopQuotaExceededException": ErrorKind.LIMIT,
    # the request
    "InvalidParameterException": ErrorKind.INVALID,
    "ValidationException": ErrorKind.INVALID,
    "ValidationError": ErrorKind.INVALID,
    "InvalidS3ObjectException": ErrorKind.INVALID,
    "InvalidPaginationTokenException": ErrorKind.INVALID,
    "InvalidManifestException": ErrorKind.INVALID,
    "InvalidImageFormatException": ErrorKind.INVALID,
    "ImageTooLargeException": ErrorKind.INVALID,
    "SerializationException": ErrorKind.INVALID,
    # STS's own (API reference, AssumeRole)
    "MalformedPolicyDocument": ErrorKind.INVALID,
    "PackedPolicyTooLarge": ErrorKind.INVALID,
    # CloudWatch's own (API reference, GetMetricData and ListMetrics); AccessDenied and Throttling stand above
    "InvalidParameterValue": ErrorKind.INVALID,
    "InvalidParameterCombination": ErrorKind.INVALID,
    "InvalidNextToken": ErrorKind.INVALID,
    "MissingParameter": ErrorKind.INVALID,
    "InternalServiceError": ErrorKind.SERVER,
    "InternalServiceFault": ErrorKind.SERVER,
    "UnknownOperationException": ErrorKind.INVALID,
    # S3's own, where the status says something else (API reference, error responses); HeadObject has only the status
    "PreconditionFailed": ErrorKind.IN_USE,
    "InvalidObjectState": ErrorKind.INVALID,
    # the service; InternalServerError has no suffix Exception in Rekognition
    "InternalServerError": ErrorKind.SERVER,
    "InternalServerException": ErrorKind.SERVER,
    "InternalFailure": ErrorKind.SERVER,
    "InternalError": ErrorKind.SERVER,
    "ServiceUnavailable": ErrorKind.SERVER,
    "ServiceUnavailableException": ErrorKind.SERVER,
    "RequestTimeout": ErrorKind.SERVER,
    "RequestTimeoutException": ErrorKind.SERVER,
}
"""AWS's codes. One that is not here is judged by its HTTP status: see :func:`kind_of_code`."""

_STATUSES: Final[Mapping[int, ErrorKind]] = {
    401: ErrorKind.CREDENTIALS,
    403: ErrorKind.ACCESS_DENIED,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.SERVER,
    409: ErrorKind.IN_USE,
    429: ErrorKind.THROTTLED,
}

# The first class that fits decides, so a class stands before its bases.
_EXCEPTIONS: Final[tuple[tuple[type[Exception], ErrorKind], ...]] = (
    # Nothing was sent: no connection was made.
    (sdk.EndpointConnectionError, ErrorKind.SERVER),
    (sdk.ConnectTimeoutError, ErrorKind.SERVER),
    (sdk.ProxyConnectionError, ErrorKind.SERVER),
    # The request may have been sent, or the answer was cut off or unreadable: what it asked for may have happened.
    (sdk.SSLError, ErrorKind.LOST),
    (sdk.HTTPClientError, ErrorKind.LOST),  # ReadTimeoutError, ConnectionClosedError, ResponseStreamingError
    (sdk.IncompleteReadError, ErrorKind.LOST),
    (ResponseParserError, ErrorKind.LOST),
    (sdk.ConnectionError, ErrorKind.LOST),
    # No request could be signed.
    (sdk.NoCredentialsError, ErrorKind.CREDENTIALS),
    (sdk.PartialCredentialsError, ErrorKind.CREDENTIALS),
    (sdk.CredentialRetrievalError, ErrorKind.CREDENTIALS),
    (sdk.MetadataRetrievalError, ErrorKind.CREDENTIALS),
    (sdk.UnknownCredentialError, ErrorKind.CREDENTIALS),
    (sdk.RefreshWithMFAUnsupportedError, ErrorKind.CREDENTIALS),
    (sdk.ProfileNotFound, ErrorKind.CREDENTIALS),
    (sdk.ConfigNotFound, ErrorKind.CREDENTIALS),
    (sdk.ConfigParseError, ErrorKind.CREDENTIALS),
    (sdk.InvalidConfigError, ErrorKind.CREDENTIALS),
    (sdk.NoAuthTokenError, ErrorKind.CREDENTIALS),
    (sdk.TokenRetrievalError, ErrorKind.CREDENTIALS),
    (sdk.SSOError, ErrorKind.CREDENTIALS),
    # The request could not even be built.
    (sdk.ParamValidationError, ErrorKind.INVALID),
    (sdk.ValidationError, ErrorKind.INVALID),  # InvalidRegionError
    (sdk.BaseEndpointResolverError, ErrorKind.INVALID),  # NoRegionError, UnknownEndpointError
    (sdk.EndpointProviderError, ErrorKind.INVALID),
    (sdk.InvalidEndpointConfigurationError, ErrorKind.INVALID),
    (sdk.InvalidHostLabelError, ErrorKind.INVALID),
)


def classify(operation: str, error: Exception) -> CallError:
    """Turn what boto3 raised (one of :data:`SDK_FAILURES`) into a CallError.

    An exception of botocore that is not known here is a fault of the service or the network, tried again.
    """
    if isinstance(error, sdk.ClientError):
        return _answered(operation, error)
    for known, kind in _EXCEPTIONS:
        if isinstance(error, known):
            code = ANSWER_LOST if kind is ErrorKind.LOST else type(error).__name__
            return CallError(kind, operation, code, str(error))
    return CallError(ErrorKind.SERVER, operation, type(error).__name__, str(error))


def kind_of_code(code: str, http_status: int | None) -> ErrorKind:
    """Say what an error code means; one that is not known is judged by the HTTP status of the answer."""
    known = CODES.get(code)
    if known is not None:
        return known
    if http_status is None or http_status >= 500:
        return ErrorKind.SERVER
    return _STATUSES.get(http_status, ErrorKind.INVALID)


def _answered(operation: str, error: sdk.ClientError) -> CallError:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = details.get("Code") or "Unknown"
    kind = kind_of_code(code, metadata.get("HTTPStatusCode"))
    return CallError(kind, operation, code, details.get("Message") or str(error), metadata.get("RequestId"))
