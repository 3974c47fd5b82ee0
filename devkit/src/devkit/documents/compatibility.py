"""What may change in a message within a version: a field may be added that need not be there. Everything else breaks somebody.

A narrower rule refuses what old writers send; a wider one lets through what old readers refuse; a field that is gone, or may be
missing, is missed by its readers. So two schemas are compatible when they differ in texts and in added optional fields only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema: TypeAlias = "Mapping[str, Any]"

TEXTS = frozenset({"title", "description", "examples"})
STRUCTURE = frozenset({"$defs", "$ref", "properties", "required", "items", "anyOf"})
REFERENCE = "#/$defs/"


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks between two JSON Schemas of one message, a sentence each; empty when they are compatible."""
    return list(_Pair(old, new).compare("", old, new))


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two documents, for their references."""

    old: Schema
    new: Schema

    def compare(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        yield from _keywords(at or "the message", old, new)
        yield from self._fields(at, old, new)
        if "items" in old and "items" in new:
            yield from self.compare(f"{at}[]", old["items"], new["items"])
        yield from self._choices(at, old.get("anyOf", ()), new.get("anyOf", ()))

    def _fields(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            place = f"{at}.{name}" if at else name
            if name not in after:
                yield f"{place} is gone"
            else:
                yield from self.compare(place, before[name], after[name])
        for name in sorted(needed_after - needed_before):
            yield f"{at}.{name}".lstrip(".") + " is required now"
        for name in sorted((needed_before - needed_after) & after.keys()):
            yield f"{at}.{name}".lstrip(".") + " may be missing now"

    def _choices(self, at: str, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{at} has another number of choices"
            return
        for before, after in zip(old, new, strict=True):
            yield from self.compare(at, before, after)


def _keywords(at: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in sorted((old.keys() | new.keys()) - TEXTS - STRUCTURE):
        if old.get(name) != new.get(name):
            yield f"{name} of {at} was {_shown(old, name)}, is {_shown(new, name)}"
    if ("items" in old) != ("items" in new):
        yield f"items of {at} are said in one of the two only"


def _shown(schema: Schema, name: str) -> str:
    return repr(schema[name]) if name in schema else "not said"


def _resolved(schema: Schema, document: Schema) -> Schema:
    """With what its reference says; texts beside the reference win."""
    if "$ref" not in schema:
        return schema
    target = document["$defs"][schema["$ref"].removeprefix(REFERENCE)]
    return _resolved({**target, **{name: value for name, value in schema.items() if name != "$ref"}}, document)
