"""Logs: one line an entry, with the request's number and never a person's data.

The text of an exception may quote what a citizen wrote, so of an exception only its kind and its
place are logged; the rest stands, protected, in the journal.
"""

import logging
import sys
import traceback

import structlog

from triage.redact import redact

_QUIET = ("alembic", "apscheduler", "httpx", "httpx2", "aiogram", "twilio", "uvicorn.access")


class Plain(logging.Formatter):
    """``2026-11-22T08:00:00+0000 warning kept in the holding pen journal=4711``"""

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = None

    def format(self, record: logging.LogRecord) -> str:
        known = {
            name: value
            for name, value in vars(record).items()
            if name not in _STANDARD and isinstance(value, str | int | float)
        }
        if record.exc_info and record.exc_info[1] is not None:
            known["fault"] = where(record.exc_info[1])
        words = " ".join(f"{name}={_value(value)}" for name, value in known.items())
        at = self.formatTime(record)
        said = redact(record.getMessage()).translate(_ONE_LINE)
        return f"{at} {record.levelname.lower()} {said} {words}".rstrip()


_ONE_LINE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
"""Nothing in an entry begins a new line or speaks to a terminal."""


def _value(value: str | float) -> str:
    """A field; our own row ids are numbers and stay, words are redacted."""
    return redact(value).translate(_ONE_LINE) if isinstance(value, str) else str(value)


def where(error: BaseException) -> str:
    """The kind of an exception and the lines it came through, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    lines = ">".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}@{lines}"


def set_up() -> None:
    """Send the logs of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(),
        ],
    )


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
