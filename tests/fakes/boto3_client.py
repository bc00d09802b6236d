"""How does boto3's Rekognition client answer? From what a test puts in, page by page."""

from typing import TYPE_CHECKING, Any

from botocore import exceptions as sdk

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = "arn:aws:rekognition:us-east-1:123456789012:project"
"""What the ARNs of all projects begin with."""


def refusal(code: str) -> sdk.ClientError:
    """Make the SDK's exception for an error code."""
    return sdk.ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


class FakeClient:
    """Answers like boto3, from what the test puts in; ``before`` may change that between calls."""

    def __init__(self) -> None:
        self.projects: list[dict[str, Any]] = []
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.before: Callable[[str], None] = lambda _operation: None
        self.page = 100

    def add_project(self, name: str, feature: str = "CONTENT_MODERATION", status: str = "CREATED") -> str:
        arn = f"{ROOT}/{name}/{len(self.projects) + 1}"
        self.projects.append({"ProjectArn": arn, "Status": status, "Feature": feature})
        self.tags[arn] = {"of": name}
        self.versions[arn] = []
        return arn

    def add_version(self, project_arn: str, name: str, status: str = "TRAINING_COMPLETED") -> str:
        arn = f"{project_arn.rpartition('/')[0]}/version/{name}/{len(self.versions[project_arn]) + 1}"
        self.versions[project_arn].insert(0, {"ProjectVersionArn": arn, "Status": status})
        self.tags[arn] = {"of": name}
        return arn

    def count(self, operation: str) -> int:
        return sum(made == operation for made, _ in self.calls)

    def _called(self, operation: str, parameters: dict[str, Any]) -> None:
        self.calls.append((operation, parameters))
        self.before(operation)

    def _paged(self, key: str, found: list[dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
        start = int(parameters.get("NextToken", "0"))
        more = start + self.page < len(found)
        return {key: found[start : start + self.page], "NextToken": str(start + self.page) if more else ""}

    def describe_projects(self, **parameters: Any) -> dict[str, Any]:
        self._called("DescribeProjects", parameters)
        names = parameters.get("ProjectNames")
        found = [p for p in self.projects if names is None or p["ProjectArn"].split("/")[1] in names]
        return self._paged("ProjectDescriptions", found, parameters)

    def describe_project_versions(self, **parameters: Any) -> dict[str, Any]:
        self._called("DescribeProjectVersions", parameters)
        if parameters["ProjectArn"] not in self.versions:
            raise refusal("ResourceNotFoundException")
        names = parameters.get("VersionNames")
        versions = self.versions[parameters["ProjectArn"]]
        found = [v for v in versions if names is None or v["ProjectVersionArn"].split("/")[3] in names]
        return self._paged("ProjectVersionDescriptions", found, parameters)

    def list_tags_for_resource(self, **parameters: Any) -> dict[str, Any]:
        self._called("ListTagsForResource", parameters)
        if parameters["ResourceArn"] not in self.tags:
            raise refusal("ResourceNotFoundException")
        return {"Tags": dict(self.tags[parameters["ResourceArn"]])}

    def tag_resource(self, **parameters: Any) -> None:
        self._called("TagResource", parameters)
        self.tags[parameters["ResourceArn"]].update(parameters["Tags"])

    def untag_resource(self, **parameters: Any) -> None:
        self._called("UntagResource", parameters)
        for key in parameters["TagKeys"]:
            self.tags[parameters["ResourceArn"]].pop(key)

    def create_project(self, **parameters: Any) -> dict[str, Any]:
        self._called("CreateProject", parameters)
        return {"ProjectArn": self.add_project(parameters["ProjectName"])}

    def create_project_version(self, **parameters: Any) -> dict[str, Any]:
        self._called("CreateProjectVersion", parameters)
        return {"ProjectVersionArn": self.add_version(parameters["ProjectArn"], parameters["VersionName"])}

    def start_project_version(self, **parameters: Any) -> dict[str, Any]:
        self._called("StartProjectVersion", parameters)
        return {"Status": "STARTING"}

    def stop_project_version(self, **parameters: Any) -> dict[str, Any]:
        self._called("StopProjectVersion", parameters)
        return {"Status": "STOPPING"}

    def delete_project_version(self, **parameters: Any) -> None:
        self._called("DeleteProjectVersion", parameters)

    def delete_project(self, **parameters: Any) -> None:
        self._called("DeleteProject", parameters)

    def delete_dataset(self, **parameters: Any) -> None:
        self._called("DeleteDataset", parameters)
