"""Structured logs: one JSON object a line on standard error, ours and those of libraries alike; a library that repeats itself
is cut short.
"""

import logging
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

LIBRARY_RECORDS_MAX = 20
LIBRARY_WINDOW_SECONDS = 10.0
"""Of one library logger at most so many records in so much time: aiokafka writes a hundred a second without its broker."""
QUIET_LIBRARIES = {
    "aiokafka": logging.WARNING,
    "aiokafka.consumer.group_coordinator": logging.ERROR,  # every rebalance is a warning there
    "faststream": logging.WARNING,
    "uvicorn.access": logging.ERROR,
    "sqlalchemy": logging.WARNING,
    "asyncio": logging.WARNING,
}


def set_up_logs(service: str, level: str) -> None:
    """Routes structlog and the standard library's loggers to one handler. To be called once, before anything else."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _of(service),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    handler.addFilter(Flood())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet_level in QUIET_LIBRARIES.items():
        logging.getLogger(name).setLevel(quiet_level)
    logging.captureWarnings(capture=True)


@dataclass(slots=True)
class Flood:
    """Lets the first records of a window through, then counts; the next one that passes says how many there were."""

    _times: dict[str, deque[float]] = field(default_factory=dict)
    _dropped: dict[str, int] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        name = record.name
        if not name.startswith(tuple(QUIET_LIBRARIES)):
            return True
        now = time.monotonic()
        times = self._times.setdefault(name, deque(maxlen=LIBRARY_RECORDS_MAX))
        if len(times) == LIBRARY_RECORDS_MAX and now - times[0] < LIBRARY_WINDOW_SECONDS:
            self._dropped[name] = self._dropped.get(name, 0) + 1
            return False
        times.append(now)
        if dropped := self._dropped.pop(name, 0):
            record.msg = f"{record.msg} ({dropped} more before this)"
        return True


def _of(service: str) -> Any:
    def add(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = service
        return event

    return add


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
