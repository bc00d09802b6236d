"""How do log lines look, and which pass does each belong to?"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal

LogFormat = Literal["json", "text"]

pass_context: ContextVar[dict[str, str] | None] = ContextVar("pass_context", default=None)
"""Names the object and the pass that is run: every line logged in it carries them."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_QUIET: Final = ("kopf", "aiohttp", "asyncio", "botocore", "boto3", "urllib3", "kubernetes")
"""Libraries whose every step is nobody's business: their warnings are."""


_FRAMEWORK: Final = "kopf._core.reactor"
"""kopf tells by a traceback, twice, that its watch ended; why the operator ends with it is told by the operator."""


def configure_logging(log_format: LogFormat, level: str) -> None:
    """Write all logs to stderr, one line each, in the format; ``level`` is a name of :mod:`logging`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(without_tracebacks_of_the_framework)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.captureWarnings(True)  # the interface of logging


def without_tracebacks_of_the_framework(record: logging.LogRecord) -> bool:
    """Take the traceback off a line of kopf's own machinery; every line passes."""
    if record.name.startswith(_FRAMEWORK):
        record.exc_info = record.exc_text = None
    return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what the line carries, and its pass."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **carried(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message, and what the line carries as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, followed by a traceback where there is one."""
        fields = " ".join(
            f"{name}={json.dumps(value, default=str, ensure_ascii=False)}" for name, value in carried(record).items()
        )
        line = f"{_time(record)} {record.levelname:<7} {record.getMessage()}{'  ' if fields else ''}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def carried(record: logging.LogRecord) -> dict[str, object]:
    """Return what a line carries beside its message: the pass, and every ``extra`` that says something."""
    extra = {
        name: value for name, value in vars(record).items() if name not in _STANDARD and value not in (None, [], "")
    }
    return {**(pass_context.get() or {}), **extra}


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
