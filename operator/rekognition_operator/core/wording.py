"""How do the words of others, and numbers of things, fit into a sentence of ours?"""


def clause(text: str) -> str:
    """Return a text, such as AWS's message, without the full stop at its end: the sentence around it has its own."""
    return text.strip().rstrip(".")


def counted(number: int, noun: str) -> str:
    """Return so many of a thing, such as ``1 version`` and ``2 versions``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
