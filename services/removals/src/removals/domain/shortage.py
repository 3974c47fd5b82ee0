"""Units that were held and are not on the shelf, as the warehouse tells it: they will not leave."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from removals.domain.departure import NO_SUCH_LINE, Wrong
from removals.domain.removal import Missing, Removal, ShortPick, has_line, shortened, total


@dataclass(frozen=True, slots=True)
class Short:
    """The removal afterwards, and which of the missing units were open; none when all was known or has left."""

    removal: Removal
    missing: tuple[Missing, ...]


def miss(removal: Removal, report_id: str | None, given: tuple[Missing, ...]) -> Short | Wrong:
    """A report with an id counts once. Reports without one can't be told apart: each counts."""
    if not all(has_line(removal, one) for one in given):
        return Wrong(NO_SUCH_LINE)
    known = next((one for one in removal.short_picks if one.report_id == report_id), None)
    if known is not None:
        return Short(removal, ()) if known.given == given else Wrong("short before with other content")
    missing = _open(removal, given)
    if not missing:
        return Short(removal, ())
    after = shortened(removal, total(missing))
    named = () if report_id is None else (ShortPick(report_id, given),)
    return Short(replace(after, short_picks=(*after.short_picks, *named)), missing)


def _open(removal: Removal, given: Iterable[Missing]) -> tuple[Missing, ...]:
    """Of the units those that are open, in line order, once for each place; a line's places count in the order given."""
    left = {line.number: line.open for line in removal.lines}
    found: dict[tuple[int, str | None], Missing] = {}
    for one in sorted(given, key=lambda one: one.line):
        quantity = min(one.quantity, left[one.line])
        if not quantity:
            continue
        left[one.line] -= quantity
        place = (one.line, one.location_id)
        before = found[place].quantity if place in found else 0
        found[place] = replace(one, quantity=before + quantity)
    return tuple(found.values())
