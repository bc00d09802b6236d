"""As whom is AWS called for a resource: as the operator itself, or as a role that it assumes for a namespace?"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Principal:
    """Who calls AWS. Equal principals share credentials and connections.

    Attributes
    ----------
    identity
        Name of the AWSIdentity; None for the credentials that the operator itself has.
    role_arn
        The role to assume (sts:AssumeRole); None to call with the operator's own credentials.
    session_name
        RoleSessionName, 2 to 64 characters: what CloudTrail shows of who asked.
    session_tags
        Session tags as (key, value), for conditions in policies.
    endpoints
        Other endpoints of AWS services as (service as boto3 names it, URL).
    """

    identity: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    session_tags: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[tuple[str, str], ...] = ()


OPERATOR: Final = Principal()
"""The identity that the process itself has: from its environment, service account or instance role."""
