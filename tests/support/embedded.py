"""Names that no other test uses, on parts that all tests share."""

from __future__ import annotations

import itertools
import secrets

_NUMBERS = itertools.count(1)
_RUN = secrets.token_hex(3)


def unique_name(stem: str) -> str:
    """A name for a topic, a group or a database: lower case, letters, digits and underscores."""
    return f"{stem}_{_RUN}_{next(_NUMBERS)}"
