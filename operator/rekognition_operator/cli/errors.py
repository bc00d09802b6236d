"""How does a command say that it failed?"""


class CommandError(Exception):
    """A command cannot do what was asked: ``main`` prints the message, without a traceback, and exits with 1.

    The message says what happened, to what, and what to do now.
    """
