"""How do tests make the operator's knowledge of AWSIdentities?"""

from collections.abc import Callable

from fakes.kube import FakeKube
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.identities import Identities
from rekognition_operator.core.identity import DefaultIdentity
from rekognition_operator.kube.resource import ResourceKey


def identities_of(
    kube: FakeKube,
    cache: ResourceCache,
    *,
    cluster_name: str = "test",
    default: DefaultIdentity = "allow",
    requeue: Callable[[ResourceKey, Lane], None] = lambda _key, _lane: None,
    changed: Callable[[str], None] = lambda _: None,
) -> Identities:
    """Return what an operator knows of identities that has just started."""
    return Identities(kube, cache, cluster_name=cluster_name, default=default, requeue=requeue, changed=changed)
