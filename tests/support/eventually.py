"""Waiting for what becomes true in its own time. Polls with a deadline; never sleeps for a fixed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.02

T = TypeVar("T")


@overload
async def eventually(look: Callable[[], Awaitable[T]], *, within_seconds: float = PATIENCE_SECONDS, because: str = "") -> T: ...
@overload
async def eventually(look: Callable[[], T], *, within_seconds: float = PATIENCE_SECONDS, because: str = "") -> T: ...
async def eventually(look: Callable[[], Any], *, within_seconds: float = PATIENCE_SECONDS, because: str = "") -> Any:
    """Call `look` until it gives something true, and return that.

    An AssertionError of `look` counts as "not yet"; the last one is raised when the time is over.
    """
    limit = time.monotonic() + within_seconds
    while True:
        failure: AssertionError | None = None
        try:
            answer = look()
            seen = await answer if inspect.isawaitable(answer) else answer
            if seen:
                return seen
        except AssertionError as error:
            failure = error
        if time.monotonic() > limit:
            message = f"not within {within_seconds} s: {because or look}"
            raise failure or AssertionError(message)
        await asyncio.sleep(POLL_SECONDS)
