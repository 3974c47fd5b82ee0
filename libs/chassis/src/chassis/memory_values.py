"""What PostgreSQL makes of a value, and which it refuses: the part of its types that our columns need."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from chassis.failures import BAD_ENCODING, BAD_VALUE, OUT_OF_RANGE, StorageError

BAD_JSON = "22P02"
NUL_IN_JSON = "22P05"
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def conversion(sql_type: str) -> Callable[[Any], Any]:
    """Makes of a value what will come back. It raises StorageError (class 22)."""
    convert = CONVERSIONS[sql_type]

    def stored(value: Any) -> Any:
        if value is None:
            return None
        try:
            return convert(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise StorageError(BAD_VALUE, f"no {sql_type}: {type(value).__name__}") from error

    return stored


def _integer(bits: int, value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise StorageError(OUT_OF_RANGE, f"value out of int{bits} range")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value:
        raise StorageError(BAD_ENCODING, "NUL")
    if not value.isascii():
        _bytes(value, BAD_ENCODING)
    return str.__str__(value)  # an enum's member comes back as plain text


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _instant(value: Any) -> datetime:
    if value.tzinfo is None:  # the driver would take it for local time: nothing that we mean to rely on
        raise TypeError
    converted: datetime = value.astimezone(UTC)
    return converted


def _date(value: Any) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value


def _json(value: Any) -> str:
    text = _text(value)
    try:
        parsed = json.loads(text, parse_float=Decimal, parse_constant=int)
    except ValueError as error:
        raise StorageError(BAD_JSON, "invalid input syntax for type json") from error
    return _spelled(parsed)


def _spelled(value: Any) -> str:
    """As PostgreSQL writes jsonb: names sorted by length in bytes, then by bytes; numbers without exponent."""
    match value:
        case dict():
            members = sorted(value.items(), key=lambda member: _length_first(member[0]))
            return "{" + ", ".join(f"{_spelled(name)}: {_spelled(member)}" for name, member in members) + "}"
        case list():
            return "[" + ", ".join(map(_spelled, value)) + "]"
        case Decimal():
            return format(value, "f")
        case str() if "\0" in value:
            raise StorageError(NUL_IN_JSON, "\\u0000 cannot be converted to text")
        case str():
            _bytes(value, BAD_JSON)
            return _quoted(value)
        case _:
            return json.dumps(value)


def _length_first(name: str) -> tuple[int, bytes]:
    spelled = _bytes(name, BAD_JSON)
    return len(spelled), spelled


def _bytes(text: str, refusal: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise StorageError(refusal, "a lone surrogate") from error


def _binary(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError
    return bytes(value)


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "smallint": partial(_integer, 16),
    "integer": partial(_integer, 32),
    "bigint": partial(_integer, 64),
    "boolean": _boolean,
    "uuid": _uuid,
    "timestamptz": _instant,
    "date": _date,
    "bytea": _binary,
    "jsonb": _json,
}
