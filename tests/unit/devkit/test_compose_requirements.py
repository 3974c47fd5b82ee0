"""An image gets what its member needs from requirements.lock, and nothing else of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from itertools import chain

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devkit.checkout import ROOT
from devkit.compose.requirements import LockError, subset

LIBS = ("wharf-chassis", "wharf-contracts")
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
_LINE = re.compile(r"^([a-z0-9-]+==\S+(?: ; [^\\]*)?)", re.MULTILINE)
APPLE = """\
apple==1.0 \\
    --hash=sha256:aa
    # via wharf-orders
"""
CORE = """\
core==2.0 ; implementation_name != 'PyPy' \\
    --hash=sha256:bb
    # via
    #   apple
    #   pytest
"""
TOOLS = """\
pytest==9.0 \\
    --hash=sha256:cc
tool==1.0 \\
    --hash=sha256:dd
    # via pytest
"""
LOCK = APPLE + CORE + TOOLS


def test_what_is_wanted_by_what_is_wanted_comes_with_its_version_marker_and_hashes() -> None:
    assert subset(LOCK, ["wharf-orders"]) == APPLE + CORE


def test_a_package_by_its_own_name_comes_with_what_it_needs() -> None:
    assert re.findall(r"^\w+", subset(LOCK, ["pytest"]), re.MULTILINE) == ["core", "pytest", "tool"]


def test_a_distribution_of_our_own_may_want_nothing() -> None:
    assert subset(LOCK, ["wharf-inventory"]) == ""


def test_a_name_that_the_lock_does_not_know_is_told() -> None:
    with pytest.raises(LockError, match="pear"):
        subset(LOCK, ["apple", "pear"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_part_of_the_lock_is_what_the_packages_themselves_say_they_need(service: str) -> None:
    """Red after a change of a pyproject file: `./wharf lock` writes the lock anew."""
    lines = _LINE.findall(subset((ROOT / "requirements.lock").read_text(), [f"wharf-{service}", *LIBS]))
    locked = {line.name for line in map(Requirement, lines) if line.marker is None or line.marker.evaluate()}
    own = chain.from_iterable(dependencies(path) for path in (f"services/{service}", "libs/chassis", "libs/contracts"))
    assert len(locked) > 30
    assert locked == needed(line for line in own if not line.startswith("wharf-"))


def dependencies(member: str) -> list[str]:
    return list(tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]["dependencies"])


def needed(wanted: Iterable[str]) -> set[str]:
    """All packages that these requirements bring, by what is installed here."""
    waiting = [Requirement(line) for line in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        environments = [{**default_environment(), "extra": extra} for extra in ("", *one.extras)]
        inner = [Requirement(line) for line in requires(one.name) or ()]
        waiting += [each for each in inner if each.marker is None or any(map(each.marker.evaluate, environments))]
    return {name for name, _ in seen}
