"""Which tests share their servers, and how do they stay on one worker?"""

from xdist.scheduler import LoadScopeScheduling


def group_of(nodeid: str) -> str:
    """Name what shares its servers: all stories of a kind, one folder of component tests, or one file."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    kind, *rest = path.split("/")
    if kind == "e2e" and rest != ["test_demo.py"]:
        if rest == ["test_availability.py"]:
            return f"{kind}/availability"
        return f"{kind}/models" if rest[0].startswith("test_model") else f"{kind}/adapters"
    return f"{kind}/{rest[0]}" if kind == "component" else path


class GroupScheduling(LoadScopeScheduling):
    """Gives whole groups to the workers, in the order in which they were collected.

    xdist's own `--dist loadgroup` writes the group into the test's id, which pytest 9.2 ignores: its groups fall apart,
    and each worker starts all servers. It also takes the group with the most tests first, not the one that takes
    longest.
    """

    def schedule(self) -> None:
        """Hand out the first groups."""
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
