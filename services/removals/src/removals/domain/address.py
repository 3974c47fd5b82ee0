"""Where removals do not ship to (R7): territories of the United States, post office boxes, military mail, our own centers.

Read by country, by region and postal code, and by text. Who somebody is (a customer, a winner of a promotion) no address tells:
that only the three kinds of recipients may be named is all that is asked. Phone numbers need tables of countries and are looked
at outside.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

US = "US"
TERRITORIES = frozenset({"PR", "GU", "VI", "AS", "MP", "UM"})
"""As country codes of their own, and as regions of the United States."""
TERRITORY_NAMES = frozenset(
    {
        "puerto rico",
        "guam",
        "us virgin islands",
        "virgin islands",
        "american samoa",
        "northern mariana islands",
        "commonwealth of the northern mariana islands",
        "us minor outlying islands",
        "minor outlying islands",
    }
)
TERRITORY_POSTAL = re.compile(r"00[6-9]\d\d|969[1-3]\d|9695[0-2]|96799")
"""Puerto Rico 006, 007, 009; Virgin Islands 008; Guam 9691 to 9693; Northern Marianas 96950 to 96952; American Samoa 96799."""

MILITARY_REGIONS = frozenset({"AA", "AE", "AP"})
MILITARY_NAMES = frozenset({"armed forces americas", "armed forces europe", "armed forces pacific"})
MILITARY_CITIES = frozenset({"apo", "fpo", "dpo"})
MILITARY_POSTAL = re.compile(r"340\d\d|09[0-8]\d\d|96[2-6]\d\d")
MILITARY_TEXT = re.compile(r"\b[afd]\W?p\W?o\W+(?:box\b|a[aep]\b|\d{5}\b)|\b(?:psc|cmr)\W+\d+\W+box\W+\d+")
"""APO AE 09012, FPO, AP 96349, PSC 473 Box 12. `Mount Apo Street` is an address like others."""

BOX_TEXTS = (
    r"\bp\W{0,2}[o0]\W{0,2}box",  # PO Box, P.O. Box 12, P0 Box, POBox12
    r"\bp\.?[o0]\.?b\b|\bp [o0] b\b",  # POB, P.O.B., P O B
    r"\bpost(?:al)?\W{0,2}(?:office\W{0,2})?box\b",
    r"\bg\W?p\W?o\W{1,2}box\b",
    r"\b(?:locked|private)\W+bag\W+\w*\d",
    r"\bpostfach\b",
    r"\bpostbus\W*\d",
    r"\bpostboks\W*\d",
    r"\bpostbox\W*\d",
    r"\bboite\W+postale\b",
    r"\bbp\W{0,2}\d|\bb\. ?p\.? ?\d",  # BP 12, B.P. 12
    r"\bcase\W+postale\b",
    r"\bcasella\W+postale\b",
    r"\bcaixa\W+postal\b",
    r"\bapartado\W+(?:postal|aereo|de\W+correos|\d)",
    r"\bap(?:do|tdo)\W+(?:postal\W+|de\W+correos\W+)?\d",
    r"\bcasilla\W+(?:postal|de\W+correo|\d)",
    r"\bskr(?:ytka|\W)\W*poczt",
    r"\bposta\W+kutusu\b",
    "私書箱|邮政信箱|郵政信箱|信箱",
)
BOX = re.compile("|".join(BOX_TEXTS))
BOX_ALONE = re.compile(r"(?:box|bin|drawer)\W*\d+")
"""A whole line of this is a post office box; `RR 2 Box 15` is a house in the country, and `Box Hill Road 3` a street."""
BOX_BY_COUNTRY: Mapping[str, re.Pattern[str]] = {
    "SE": re.compile(r"\bbox\W+\d+"),
    "FI": re.compile(r"\bpl\W+\d+"),
    "CH": re.compile(r"\bc\W?p\W{0,2}\d"),
    "CA": re.compile(r"\bc\W?p\W{0,2}\d"),
    "IT": re.compile(r"\bc\W?p\W{0,2}\d"),
    "TR": re.compile(r"\bp\W?k\W{0,2}\d"),
}
"""Short forms that mean something else elsewhere."""

OUR_NAME = re.compile(r"\bwharf\W+(?:\w+\W+){0,3}ful\w{3,4}ment\W+cent(?:er|re)\b")
LOCATION = re.compile(r"\bnetwork\W+[a-z]{2}\W+\w+")
"""A center's location id, written out."""


@dataclass(frozen=True, slots=True)
class Address:
    """As the carrier gets it; `country` is an ISO 3166-1 code of two letters."""

    name: str
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str
    phone: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """What may name a place in words."""
        return tuple(plain(text) for text in (self.line1, self.line2 or "", self.city))


@dataclass(frozen=True, slots=True)
class Centers:
    """Our fulfillment centers by country: their codes, which locations carry too (LTN1), and postal codes that are theirs
    alone.
    """

    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    postal_codes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def refusal_of(address: Address, centers: Centers) -> str | None:
    """The code of the rule that forbids shipping there, None when none does."""
    if _is_territory(address):
        return "us_territory"
    if _is_military(address):
        return "military_address"
    if _is_box(address):
        return "po_box"
    if _is_center(address, centers):
        return "fulfillment_center"
    return None


def plain(text: str) -> str:
    """For comparison: one form for each letter, lower case, without accents and without characters that do not show."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    shown = (letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Cf"})
    return " ".join("".join(shown).split())


def _is_territory(address: Address) -> bool:
    if address.country in TERRITORIES:
        return True
    by_postal_code = TERRITORY_POSTAL.match(_compact(address.postal_code)) is not None
    return address.country == US and (_is_region(address, TERRITORIES, TERRITORY_NAMES) or by_postal_code)


def _is_military(address: Address) -> bool:
    if any(MILITARY_TEXT.search(line) for line in _joined(address)):
        return True
    if address.country != US:
        return False
    by_region = _is_region(address, MILITARY_REGIONS, MILITARY_NAMES)
    return by_region or _words(address.city) in MILITARY_CITIES or MILITARY_POSTAL.match(address.postal_code) is not None


def _is_box(address: Address) -> bool:
    own = BOX_BY_COUNTRY.get(address.country)
    return any(
        BOX.search(line) or BOX_ALONE.fullmatch(line) or (own is not None and own.search(line)) for line in address.lines
    )


def _is_center(address: Address, centers: Centers) -> bool:
    texts = (plain(address.name), *address.lines)
    if any(OUR_NAME.search(text) or LOCATION.search(text) for text in texts):
        return True
    if _compact(address.postal_code) in map(_compact, centers.postal_codes.get(address.country, ())):
        return True
    codes = {plain(code) for code in centers.codes.get(address.country, ())}
    return any(word in codes for text in texts for word in re.findall(r"\w+", text))


def _is_region(address: Address, codes: Iterable[str], names: Iterable[str]) -> bool:
    region = _words(address.region or "")
    return region.upper() in codes or region in names


def _joined(address: Address) -> tuple[str, ...]:
    """The lines, and what follows from one to the next: `APO` may stand before `AE 09012`."""
    rest = (plain(address.region or ""), plain(address.postal_code))
    return (*address.lines, " ".join((*address.lines[-1:], *rest)))


def _words(text: str) -> str:
    """Without punctuation: `U.S. Virgin Islands` as `us virgin islands`."""
    return " ".join(re.sub(r"[^\w\s]", "", plain(text)).split())


def _compact(text: str) -> str:
    return re.sub(r"\W", "", plain(text))
