"""Names are the trade's words: no module, class or function is called after nothing in particular."""

from __future__ import annotations

import ast
import re

import pytest

from support.source import Module, functions, modules, repository_files, source
from support.style import BRITISH

NOT_NOUNS = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "managers", "stuff", "core"}
NOISE = re.compile(r"\w+(?:Manager|Helper|Helpers|Impl|DTO|Util|Utils|Event)")


@pytest.fixture(scope="module")
def written() -> list[Module]:
    found = source()
    assert len(found) > 20, "there must be something to look at"
    return found


def test_modules_are_nouns(written: list[Module]) -> None:
    assert [each.place for each in (*written, *modules("tests")) if NOT_NOUNS & set(each.path.stem.split("_"))] == []


def test_classes_carry_no_noise(written: list[Module]) -> None:
    classes = [(each, node) for each in written for node in ast.walk(each.tree) if isinstance(node, ast.ClassDef)]
    assert classes
    assert [f"{each.place} {node.name}" for each, node in classes if NOISE.fullmatch(node.name)] == []


def test_units_come_last(written: list[Module]) -> None:
    """`poll_seconds`, never `seconds_to_poll` or a bare `timeout`."""
    bare = {"timeout", "delay", "interval", "ttl", "duration", "size_limit"}
    # A method of somebody else's class has the names that its base gives it.
    given = {
        method for each in written for node in ast.walk(each.tree) if _has_base(node) for method in ast.iter_child_nodes(node)
    }
    own = [each for each in functions(written) if each.node not in given]
    assert own
    taken = [f"{each} {argument.arg}" for each in own for argument in each.parameters if argument.arg in bare]
    assert taken == []


def test_american_spelling() -> None:
    wrong = []
    for path in repository_files():
        if path.suffix in {".py", ".md", ".toml", ".yml"} and path.name != "style.py":
            wrong += [f"{path.name}: {match.group()}" for match in BRITISH.finditer(path.read_text())]
    assert wrong == []


def _has_base(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and bool(node.bases)
