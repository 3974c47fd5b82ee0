"""The schemas of what was published, and the checker that finds what a change would break."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from devkit.documents.compatibility import breaks
from devkit.documents.schemas import (
    FOLDER,
    PUBLISHED,
    BreakingChangeError,
    broken,
    place_of,
    schema_text,
    write_schemas,
)

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_schema_is_the_one_checked_in(name: str) -> None:
    snapshot = FOLDER / place_of(name)
    assert snapshot.exists(), "run `./wharf documents`"
    assert schema_text(name) == snapshot.read_text(), "a compatible change is recorded by `./wharf documents`"


def test_nothing_that_was_published_is_broken() -> None:
    assert broken() == []


def placed() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / place_of("PlaceOrder")).read_text())
    return schema


def test_a_schema_is_compatible_with_itself() -> None:
    assert breaks(placed(), placed()) == []


ALLOWED: dict[str, Change] = {
    "an optional field": lambda s: s["properties"].update(gift={"type": "boolean", "default": False}),
    "an optional field further down": lambda s: s["$defs"]["Line"]["properties"].update(tax={"type": "integer", "default": 0}),
    "another text": lambda s: s.update(description="better words", title="Other"),
    "another text of a field": lambda s: s["properties"]["seller_id"].update(description="better words"),
    "another example": lambda s: s.update(examples=[{}]),
    "a part under another name": lambda s: (
        s["$defs"].update(Item=s["$defs"].pop("Line")),
        s["properties"]["lines"]["items"].update({"$ref": "#/$defs/Item"}),
    ),
}

BREAKING: dict[str, tuple[Change, str]] = {
    "a field removed": (lambda s: s["properties"].pop("placed_at"), "placed_at is gone"),
    "a field renamed": (lambda s: s["properties"].update(at=s["properties"].pop("placed_at")), "placed_at is gone"),
    "a required field added": (
        lambda s: (s["properties"].update(gift={"type": "boolean"}), s["required"].append("gift")),
        "gift is required now",
    ),
    "an optional field required": (lambda s: s["required"].append("placed_at"), "placed_at is required now"),
    "a required field optional": (lambda s: s["required"].remove("lines"), "lines may be missing now"),
    "a required field removed further down": (lambda s: s["$defs"]["Line"]["properties"].pop("sku"), "lines[].sku is gone"),
    "another type": (lambda s: s["$defs"]["Money"]["properties"]["amount"].update(type="number"), "type of lines[]"),
    "a type narrowed": (lambda s: s["$defs"]["Address"]["properties"]["line2"]["anyOf"].pop(), "another number of choices"),
    "a choice changed": (
        lambda s: s["$defs"]["Address"]["properties"]["line2"]["anyOf"][0].update(maxLength=5),
        "maxLength of delivery_address.line2",
    ),
    "a maximum lowered": (
        lambda s: s["$defs"]["Line"]["properties"]["quantity"].update(maximum=10),
        "maximum of lines[].quantity",
    ),
    "a maximum raised": (lambda s: s["$defs"]["Line"]["properties"]["quantity"].update(maximum=10**9), "maximum of"),
    "a maximum gone": (lambda s: s["$defs"]["Line"]["properties"]["quantity"].pop("maximum"), "is not said"),
    "a list shortened": (lambda s: s["properties"]["lines"].update(maxItems=5), "maxItems of lines"),
    "a pattern changed": (lambda s: s["properties"]["order_id"].update(pattern="^x$"), "pattern of order_id"),
    "a format changed": (lambda s: s["properties"]["placed_at"]["anyOf"][0].update(format="date"), "format of placed_at"),
    "an enumeration widened": (lambda s: s["$defs"]["Channel"]["enum"].append("drone"), "enum of channel"),
    "an enumeration narrowed": (lambda s: s["$defs"]["Channel"]["enum"].pop(), "enum of channel"),
    "another default": (lambda s: s["properties"]["channel"].update(default="network"), "default of channel"),
    "unknown fields forbidden": (lambda s: s.update(additionalProperties=False), "additionalProperties of the message"),
    "a list of anything": (lambda s: s["properties"]["lines"].pop("items"), "items of lines"),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_breaks_nobody_is_allowed(change: Change) -> None:
    new = deepcopy(placed())
    change(new)
    assert new != placed()
    assert breaks(placed(), new) == []


@pytest.mark.parametrize(("change", "why"), BREAKING.values(), ids=BREAKING.keys())
def test_what_breaks_somebody_is_found(change: Change, why: str) -> None:
    new = deepcopy(placed())
    change(new)
    assert new != placed()
    assert any(why in sentence for sentence in breaks(placed(), new)), breaks(placed(), new)


def test_a_snapshot_is_never_overwritten_by_what_breaks_it(tmp_path: Path) -> None:
    assert len(write_schemas(tmp_path)) == len(PUBLISHED)
    snapshot = tmp_path / place_of("OrderShipped")
    older = json.loads(snapshot.read_text())
    older["properties"]["courier"] = {"type": "string"}
    snapshot.write_text(json.dumps(older))

    with pytest.raises(BreakingChangeError, match="OrderShipped: courier is gone"):
        write_schemas(tmp_path)
    assert json.loads(snapshot.read_text()) == older


def test_a_message_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "Gone.v1.json").write_text("{}")
    assert broken(tmp_path) == ["Gone is gone"]


def test_a_compatible_change_is_written(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    snapshot = tmp_path / place_of("OrderShipped")
    snapshot.write_text(snapshot.read_text().replace('"title": "OrderShipped"', '"title": "Old"'))
    assert write_schemas(tmp_path) == [snapshot]
    assert write_schemas(tmp_path) == []
