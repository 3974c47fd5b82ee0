"""Pages of a list: a limit, and an opaque cursor that says where the next page begins (sort key, id).

A cursor holds no right: each query is bound to the seller of the request. Its checksum only tells a client that made one
up, or took it from another list, instead of showing it the wrong rows.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Annotated, Generic, TypeAlias, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict

from chassis.problems import ProblemError

PAGE_ROWS = 50
PAGE_ROWS_MAX = 200
CURSOR_LENGTH_MAX = 1_000
CHECKSUM_BYTES = 6

T = TypeVar("T")

Limit: TypeAlias = Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX, description="rows of a page")]
Cursor: TypeAlias = Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before")]


class Page(BaseModel, Generic[T]):
    """Some rows of a list. Without `next_cursor` there are no more."""

    model_config = ConfigDict(frozen=True)

    rows: tuple[T, ...]
    next_cursor: str | None = None


def page_of(name: str, rows: Sequence[T], limit: int, place: Callable[[T], tuple[str, ...]]) -> Page[T]:
    """The page of a list called `name`, from `limit` + 1 rows or fewer: one too many says that there is a next page."""
    shown = tuple(rows[:limit])
    return Page(rows=shown, next_cursor=cursor_text(name, place(shown[-1])) if len(rows) > limit else None)


def cursor_text(name: str, place: tuple[str, ...]) -> str:
    """An opaque cursor for the rows after `place` in the list called `name`."""
    content = orjson.dumps(place)
    return base64.urlsafe_b64encode(_checksum(name, content) + content).decode().rstrip("=")


def cursor_place(name: str, text: str | None, parts: int) -> tuple[str, ...] | None:
    """The place that `cursor_text` was given, None for the first page. Raises ProblemError."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError("invalid_cursor") from error
    checksum, content = raw[:CHECKSUM_BYTES], raw[CHECKSUM_BYTES:]
    if checksum != _checksum(name, content):
        raise ProblemError("invalid_cursor")
    place = tuple(orjson.loads(content))
    if len(place) != parts:
        raise ProblemError("invalid_cursor")
    return place


def _checksum(name: str, content: bytes) -> bytes:
    return blake2b(content, digest_size=CHECKSUM_BYTES, person=name.encode()[:16]).digest()
