"""Waiting for something that another process does, with a bound."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Ask every 20 ms until it holds; False when the time is over."""
    limit = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_SECONDS)
    return True
