"""JSON Schemas of the messages as they were published: snapshots that a compatible change may replace and another may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contracts.clock import Tick
from contracts.registry import TRAVELING
from devkit.checkout import ROOT
from devkit.documents.compatibility import breaks

if TYPE_CHECKING:
    from pathlib import Path

    from contracts.values import Value

FOLDER = ROOT / "tests" / "contract" / "schemas"
PUBLISHED: dict[str, type[Value]] = {**TRAVELING, "Tick": Tick}
"""What travels over Kafka, by type name."""


class BreakingChangeError(Exception):
    """A message of this version can't change that way; the text lists what breaks."""


def place_of(name: str) -> str:
    """Where samples and schema of a message are, below their folders."""
    context = PUBLISHED[name].__module__.removeprefix("contracts.")
    return f"{context}/{name}.v1.json"


def schema_text(name: str) -> str:
    """The schema as it is now."""
    return json.dumps(PUBLISHED[name].model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def broken(folder: Path = FOLDER) -> list[str]:
    """What the messages as they are now break of the snapshots, a sentence each."""
    return [sentence for path in sorted(folder.rglob("*.json")) for sentence in _broken(path)]


def write_schemas(folder: Path = FOLDER) -> list[Path]:
    """Bring the snapshots up to date; returns those that changed. Raises BreakingChangeError, with nothing written."""
    if sentences := broken(folder):
        raise BreakingChangeError("\n".join(sentences))
    texts = {folder / place_of(name): schema_text(name) for name in PUBLISHED}
    changed = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return changed


def _broken(path: Path) -> list[str]:
    name = path.name.partition(".")[0]
    if name not in PUBLISHED:
        return [f"{name} is gone"]
    old = json.loads(path.read_text(encoding="utf-8"))
    return [f"{name}: {sentence}" for sentence in breaks(old, json.loads(schema_text(name)))]
