"""Does S3 let the caller at an object, and what does it answer where it does not?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from rekognition_sandbox.emulator.rights import denial

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from rekognition_sandbox.emulator.rights import Rights

_ACCOUNT = "123456789012"
_MISSING = 404


def refuse(request: Request, rights: Rights) -> Response | None:
    """Return the refusal of a request for an object; None where it is allowed, or is about no object."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key:
        return None
    action = _action(request.method, request.args)
    resource = f"arn:aws:s3:::{bucket}/{key}"
    return None if rights.allow(action, resource) else _denied(request.method, denial(action, resource, _ACCOUNT))


def hide_missing(request: Request, rights: Rights, answer: Response) -> Response:
    """Answer 403 for a missing object where the caller may not list the bucket (S3 API reference, GetObject)."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    bucket_arn = f"arn:aws:s3:::{bucket}"
    if answer.status_code != _MISSING or not key or rights.allow("s3:ListBucket", bucket_arn):
        return answer
    return _denied(request.method, denial("s3:ListBucket", bucket_arn, _ACCOUNT))


def session_ended(method: str) -> Response:
    """Refuse a request whose credentials have expired; HEAD has only the status, as at AWS."""
    return _refused(method, "ExpiredToken", "The provided token has expired.", 400)


def _action(method: str, arguments: MultiDict[str, str]) -> str:
    if method == "PUT":
        return "s3:PutObject"
    if method == "DELETE":
        return "s3:DeleteObject"
    return "s3:GetObjectVersion" if "versionId" in arguments else "s3:GetObject"


def _denied(method: str, message: str) -> Response:
    return _refused(method, "AccessDenied", message, 403)


def _refused(method: str, code: str, message: str, status: int) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Response("" if method == "HEAD" else body, status=status, content_type="application/xml")
