"""How does the tour say that something was not as told?"""


class StepFailedError(Exception):
    """A step of the tour did not do what the tour says it does; the text is one sentence that says which, and how."""
