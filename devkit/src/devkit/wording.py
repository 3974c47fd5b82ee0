"""Contract messages written by hand on a command line: `field=value`, parts of a field by dots, JSON where it is JSON."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from contracts.registry import TRAVELING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.envelope import Message

PROBLEMS_SHOWN = 10


class WordingError(Exception):
    """The message can't be sent as it was written; the text names the field and says what is wanted."""


def message_of(type_name: str, fields: Sequence[str]) -> Message:
    """The message that the arguments describe. Raises WordingError."""
    kind = TRAVELING.get(type_name)
    if kind is None:
        near = difflib.get_close_matches(type_name, TRAVELING, n=3, cutoff=0.4)
        raise WordingError(f"There is no message {type_name}. {_suggested(near)}")
    body: dict[str, Any] = {}
    for text in fields:
        _set(body, text)
    unknown = sorted(set(body) - set(kind.model_fields))
    if unknown:
        raise WordingError(f"{type_name} has no field {', '.join(unknown)}. It has: {', '.join(kind.model_fields)}.")
    try:
        return kind.model_validate_json(json.dumps(body))
    except ValidationError as error:
        _say_as_text(body, error)
    try:
        return kind.model_validate_json(json.dumps(body))
    except ValidationError as error:
        raise WordingError(_told(type_name, error)) from None


def _say_as_text(body: dict[str, Any], error: ValidationError) -> None:
    """What looked like a number, where text is wanted: SKUs do."""
    for problem in error.errors(include_url=False, include_context=False):
        place: Any = body
        for part in problem["loc"][:-1]:
            place = place[part]
        if problem["type"] == "string_type" and isinstance(problem["input"], int):
            place[problem["loc"][-1]] = str(problem["input"])


def _set(body: dict[str, Any], text: str) -> None:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise WordingError(f"{text!r} is no field; write field=value, for example seller_id=seller-1.")
    *parents, last = path.split(".")
    place = body
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise WordingError(f"{path}: {parent} has a value of its own already.")
    place[last] = _value(value)


def _value(text: str) -> Any:
    """JSON where it begins like an object or a list, a number, true, false or null; else the text itself."""
    if text[:1] in '[{"' or text in {"true", "false", "null"} or text.removeprefix("-").isdigit():
        try:
            return json.loads(text)
        except ValueError as error:
            if text[:1] in '[{"':
                raise WordingError(f"{text!r} is not good JSON: {error}") from None
    return text


def _suggested(near: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(TRAVELING))}."


def _told(type_name: str, error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False)[:PROBLEMS_SHOWN]
    lines = [f"  {'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems]
    return "\n".join([f"{type_name} can't be sent:", *lines])
