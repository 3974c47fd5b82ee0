"""Where this checkout is, and what its environment says about it. No state of a run lives here."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RUNS = ROOT / ".wharf"


def in_ci() -> bool:
    """Whether a continuous integration server runs us: a missing part is then a failure, not a skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
