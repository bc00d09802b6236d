"""Which kind of failure is each exception of the SDK and each error code of AWS?"""

import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from rekognition_operator.aws.classify import SDK_FAILURES, classify, kind_of_code
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.core.hindrance import ANSWER_LOST

URL = "https://rekognition.us-east-1.amazonaws.com/"


def answered(code: str, status: int, message: str = "because") -> sdk.ClientError:
    return sdk.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "RequestId": "id-1",
                "HTTPStatusCode": status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
                "HostId": "",
            },
        },
        "CreateProject",
    )


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        # Rekognition's declared errors, with the statuses of its reference
        ("AccessDeniedException", 400, ErrorKind.ACCESS_DENIED),
        ("InvalidParameterException", 400, ErrorKind.INVALID),
        ("InvalidS3ObjectException", 400, ErrorKind.INVALID),
        ("InvalidPaginationTokenException", 400, ErrorKind.INVALID),
        ("ValidationException", 400, ErrorKind.INVALID),
        ("ResourceNotFoundException", 400, ErrorKind.NOT_FOUND),
        ("ResourceInUseException", 400, ErrorKind.IN_USE),
        ("ResourceAlreadyExistsException", 400, ErrorKind.IN_USE),
        ("LimitExceededException", 400, ErrorKind.LIMIT),
        ("ServiceQuotaExceededException", 400, ErrorKind.LIMIT),
        ("ProvisionedThroughputExceededException", 400, ErrorKind.THROTTLED),
        ("ThrottlingException", 400, ErrorKind.THROTTLED),
        ("ThrottlingException", 500, ErrorKind.THROTTLED),
        ("InternalServerError", 500, ErrorKind.SERVER),
        # who is asking: the common errors, in each of their spellings
        ("UnrecognizedClientException", 400, ErrorKind.CREDENTIALS),
        ("InvalidClientTokenId", 403, ErrorKind.CREDENTIALS),
        ("ExpiredTokenException", 400, ErrorKind.CREDENTIALS),
        ("ExpiredToken", 403, ErrorKind.CREDENTIALS),
        ("InvalidSignatureException", 400, ErrorKind.CREDENTIALS),
        ("SignatureDoesNotMatch", 403, ErrorKind.CREDENTIALS),
        ("IncompleteSignature", 400, ErrorKind.CREDENTIALS),
        ("MissingAuthenticationTokenException", 400, ErrorKind.CREDENTIALS),
        ("AccessDenied", 403, ErrorKind.ACCESS_DENIED),
        ("ServiceUnavailable", 503, ErrorKind.SERVER),
        # CloudWatch's, as botocore names them over each of its protocols
        ("Throttling", 400, ErrorKind.THROTTLED),
        ("InternalServiceError", 500, ErrorKind.SERVER),
        ("InternalServiceFault", 500, ErrorKind.SERVER),
        ("InvalidParameterValue", 400, ErrorKind.INVALID),
        ("InvalidNextToken", 400, ErrorKind.INVALID),
        # those of detection
        ("InvalidImageFormatException", 400, ErrorKind.INVALID),
        ("ImageTooLargeException", 400, ErrorKind.INVALID),
        ("ResourceNotReadyException", 400, ErrorKind.IN_USE),
        ("HumanLoopQuotaExceededException", 402, ErrorKind.LIMIT),
        # S3's
        ("NoSuchKey", 404, ErrorKind.NOT_FOUND),
        ("NoSuchBucket", 404, ErrorKind.NOT_FOUND),
        ("PermanentRedirect", 301, ErrorKind.INVALID),
        ("InvalidObjectState", 403, ErrorKind.INVALID),
        ("PreconditionFailed", 412, ErrorKind.IN_USE),
        ("SlowDown", 503, ErrorKind.THROTTLED),
        # codes of tomorrow, by their status
        ("BrandNewException", 400, ErrorKind.INVALID),
        ("401", 401, ErrorKind.CREDENTIALS),
        ("403", 403, ErrorKind.ACCESS_DENIED),
        ("404", 404, ErrorKind.NOT_FOUND),
        ("409", 409, ErrorKind.IN_USE),
        ("429", 429, ErrorKind.THROTTLED),
        ("502", 502, ErrorKind.SERVER),
        ("504", 504, ErrorKind.SERVER),
    ],
)
def test_an_answered_error_is_classified_by_its_code(code: str, status: int, kind: ErrorKind) -> None:
    error = classify("CreateProject", answered(code, status))
    assert (error.kind, error.operation, error.code, error.message, error.request_id) == (
        kind,
        "CreateProject",
        code,
        "because",
        "id-1",
    )


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        # not sent
        (sdk.EndpointConnectionError(endpoint_url=URL), ErrorKind.SERVER),
        (sdk.ConnectTimeoutError(endpoint_url=URL), ErrorKind.SERVER),
        (sdk.ProxyConnectionError(proxy_url="http://proxy:3128"), ErrorKind.SERVER),
        # perhaps sent
        (sdk.ReadTimeoutError(endpoint_url=URL), ErrorKind.LOST),
        (sdk.ConnectionClosedError(endpoint_url=URL), ErrorKind.LOST),
        (sdk.HTTPClientError(error="reset"), ErrorKind.LOST),
        (sdk.ResponseStreamingError(error="cut"), ErrorKind.LOST),
        (sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2), ErrorKind.LOST),
        (sdk.SSLError(endpoint_url=URL, error=OSError("EOF")), ErrorKind.LOST),
        (ResponseParserError("not JSON"), ErrorKind.LOST),
        # no credentials
        (sdk.NoCredentialsError(), ErrorKind.CREDENTIALS),
        (sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), ErrorKind.CREDENTIALS),
        (sdk.CredentialRetrievalError(provider="web-identity", error_msg="no file"), ErrorKind.CREDENTIALS),
        (sdk.ProfileNotFound(profile="prod"), ErrorKind.CREDENTIALS),
        (sdk.UnauthorizedSSOTokenError(), ErrorKind.CREDENTIALS),
        (sdk.InfiniteLoopConfigError(source_profile="a", visited_profiles="a"), ErrorKind.CREDENTIALS),
        # not a request
        (sdk.ParamValidationError(report="Missing ProjectName"), ErrorKind.INVALID),
        (sdk.NoRegionError(), ErrorKind.INVALID),
        (sdk.InvalidRegionError(region_name="nowhere!"), ErrorKind.INVALID),
        (sdk.EndpointProviderError(msg="no endpoint"), ErrorKind.INVALID),
        # unknown to us
        (sdk.MD5UnavailableError(), ErrorKind.SERVER),
    ],
)
def test_a_failure_without_an_answer_is_classified_by_its_class(failure: Exception, kind: ErrorKind) -> None:
    assert isinstance(failure, SDK_FAILURES)
    error = classify("DeleteProject", failure)
    assert error.kind is kind
    assert error.code == (ANSWER_LOST if kind is ErrorKind.LOST else type(failure).__name__)
    assert error.message == str(failure)
    assert error.request_id is None


def test_an_answer_without_a_code_is_judged_by_its_status() -> None:
    bare = sdk.ClientError({"ResponseMetadata": {"HTTPStatusCode": 503}}, "TagResource")  # type: ignore[typeddict-item]  # what a proxy answers
    error = classify("TagResource", bare)
    assert (error.kind, error.code) == (ErrorKind.SERVER, "Unknown")


def test_a_code_without_a_status_is_a_passing_fault_unless_it_is_known() -> None:
    assert kind_of_code("Strange", None) is ErrorKind.SERVER
    assert kind_of_code("LimitExceededException", None) is ErrorKind.LIMIT
