"""This repository's own files, for the tests of the house style: which there are, their trees and their measures.

What the limits are is in tests/tidy.
"""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from devkit.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DECISION_PLACES = ("decisions.py", "decisions")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
# What indents because something may or may not happen; `with` only brackets.
_NESTS = (*_LOOPS, ast.If, ast.Try, ast.TryStar, ast.Match)
_BRANCHES = (*_LOOPS, ast.If, ast.IfExp, ast.ExceptHandler, ast.match_case)


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file that Git has or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file())


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Its path from the root, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """The dotted name that it is imported by; empty outside src/."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        if "src" not in parts:
            return ""
        inside = parts[parts.index("src") + 1 :]
        return ".".join(inside[:-1] if inside[-1] == "__init__" else inside)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@dataclass(frozen=True, slots=True)
class Function:
    """A function and where it stands."""

    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef

    def __str__(self) -> str:
        return f"{self.module.place}:{self.node.lineno} {self.node.name}"

    @property
    def lines(self) -> int:
        """From `def` to its last line, docstring included, decorators not."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def branches(self) -> int:
        """Places where the way may part, the conditions of comprehensions included."""
        own = list(own_nodes(self.node))
        conditions = sum(len(node.ifs) for node in own if isinstance(node, ast.comprehension))
        return conditions + sum(isinstance(node, _BRANCHES) for node in own)

    @property
    def nesting(self) -> int:
        return _depth(self.node.body)

    @property
    def parameters(self) -> list[ast.arg]:
        """All but self and cls."""
        given = self.node.args
        listed = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        return [argument for argument in listed if argument.arg not in {"self", "cls"}]

    @property
    def is_decision(self) -> bool:
        return any(part in DECISION_PLACES for part in self.module.path.parts)


def modules(*tops: str) -> list[Module]:
    """The Python files below these directories of the repository."""
    found = [path for path in repository_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in tops]
    return [_read(path) for path in found]


def source() -> list[Module]:
    """What is installed: services, libs and devkit."""
    return [module for module in modules("services", "libs", "devkit") if "src" in module.path.relative_to(ROOT).parts]


def functions(of: list[Module]) -> list[Function]:
    return [Function(module, node) for module in of for node in ast.walk(module.tree) if isinstance(node, _FUNCTIONS)]


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What is inside a function, but not inside a function in it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, _FUNCTIONS):
            yield from own_nodes(child)


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last name of what is called."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield getattr(called, "attr", getattr(called, "id", "")), node


def imports(module: Module) -> set[str]:
    """Dotted names that a module imports, from-imports also with the name that is taken."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@cache
def _read(path: Path) -> Module:
    text = path.read_text()
    return Module(path, text, ast.parse(text, path.name))


def _depth(body: list[ast.stmt]) -> int:
    return max((_statement_depth(statement) for statement in body), default=0)


def _statement_depth(statement: ast.stmt) -> int:
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        return 0
    blocks = [block for _, block in ast.iter_fields(statement) if _is_block(block)]
    inner = [
        *blocks,
        *(part.body for block in blocks for part in block if isinstance(part, ast.ExceptHandler | ast.match_case)),
    ]
    deepest = max((_depth([part for part in block if isinstance(part, ast.stmt)]) for block in inner), default=0)
    # `elif` is an if in an else, and no deeper than the one before it.
    if isinstance(statement, ast.If) and len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        return max(_depth(statement.body) + 1, _depth(statement.orelse))
    return deepest + isinstance(statement, _NESTS)


def _is_block(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case) for part in value)
