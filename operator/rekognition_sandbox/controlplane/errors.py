"""What goes wrong with the sandbox, said so that a person can act on it."""


class SandboxError(Exception):
    """The sandbox cannot do what was asked; the message says what happened, to what, and what to do now."""


class ProcessFailedError(SandboxError):
    """A process of the sandbox ended or did not become ready; the message has its last log lines and their place."""


class PortTakenError(ProcessFailedError):
    """A process found its port taken by another one between our choosing it and its binding it: worth another try."""
