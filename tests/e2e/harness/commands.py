"""Which command does a message tell a person to run? A test runs exactly that one."""

import re
import shlex


def command_in(message: str, beginning: str) -> list[str]:
    """Return the arguments of the kubectl command in a message that begins so; it ends at a semicolon or the end."""
    found = re.search(re.escape(beginning) + r"(?:'[^']*'|[^;'])*", message)
    assert found is not None, f"there is no {beginning} in: {message}"
    return shlex.split(found.group())[1:]
