"""A seed with less in it: some of its messages, some kinds of faults, with bugs or without; and the search for the least that
is still red. What remains of a seed runs differently from the whole: what counts is that the same promise is broken.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkit.simulation.run import Result

TRIES_MAX = 150
"""Runs that the search may take."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a seed. None: everything of its kind."""

    postings: tuple[int, ...] | None = None
    """By their place in the run's list."""
    faults: tuple[str, ...] | None = None
    bugs: bool = True

    @property
    def options(self) -> str:
        """As the command line takes them."""
        words = [] if self.postings is None else [f"--only {','.join(map(str, self.postings)) or 'none'}"]
        words += (
            [] if self.faults is None else [f"--faults {','.join(kind.replace(' ', '-') for kind in self.faults) or 'none'}"]
        )
        return " ".join([*words, *([] if self.bugs else ["--no-bugs"])])


WHOLE = Cut()


@dataclass(slots=True)
class Shrinking:
    """Tries smaller and smaller cuts, as long as they break one of the promises that the whole breaks."""

    run: Callable[[Cut], "Result"]
    advance: Callable[[float], None] = lambda _: None
    tries: int = 0
    best: Cut = WHOLE

    def shrink(self, whole: "Result") -> Cut:
        """The least that was found."""
        broken = {violation.promise for violation in whole.violations}
        self._take(Cut(self.best.postings, (), bugs=False), broken)
        self._take(replace(self.best, bugs=False), broken)
        kinds = tuple(whole.faults) if self.best.faults is None else self.best.faults
        for kind in kinds:
            left = kinds if self.best.faults is None else self.best.faults
            self._take(replace(self.best, faults=tuple(each for each in left if each != kind)), broken)
        self._drop_postings(range(whole.postings), broken)
        return self.best

    def _drop_postings(self, everything: Sequence[int], broken: set[str]) -> None:
        """Without one part after the other, in parts that become smaller."""
        size = max(1, len(everything) // 2)
        while size and self.tries < TRIES_MAX:
            there = tuple(everything) if self.best.postings is None else self.best.postings
            for part in _parts(there, size):
                left = tuple(everything) if self.best.postings is None else self.best.postings
                self._take(replace(self.best, postings=tuple(each for each in left if each not in part)), broken)
            size //= 2

    def _take(self, cut: Cut, broken: set[str]) -> None:
        if self.tries >= TRIES_MAX:
            return
        self.tries += 1
        self.advance(1)
        if broken & {violation.promise for violation in self.run(cut).violations}:
            self.best = cut


def _parts(places: Sequence[int], size: int) -> Iterator[set[int]]:
    for start in range(0, len(places), size):
        yield set(places[start : start + size])
