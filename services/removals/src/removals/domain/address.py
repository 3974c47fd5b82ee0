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

US_POSTAL = re.compile(r"\d{5}(?:\d{4})?")

BOX_TEXTS = (
    r"\bp\W{0,2}[o0]\W{0,2}(?:box(?:es)?|bx|drawer)(?![^\W\d_])",  # PO Box, P0 Box, POBox12, P.O. Drawer; not Po Boxwood
    r"\bp\.?[o0]\.?b\b|\bp [o0] b\b",  # POB, P.O.B., P O B
    r"\bpost(?:al)?\W{0,2}(?:office\W{0,2})?box\b",
    r"\bg\W?p\W?o\W{1,2}box\b",
    r"\b(?:locked|private)\W+bag\W+\w*\d",
    r"\bpostfach\b",
    r"\bpostbus\W*\d",
    r"\bpostboks\W*\d",
    r"\bpostbox\W*\d",
    r"\bboite\W+postale\b",
    r"\bcase\W+postale\b",
    r"\bcasella\W+postale\b",
    r"\bcaixa\W+postal\b",
    r"\bapartado\W+(?:postal|aereo|de\W+correos|\d)",
    r"\bap(?:do|tdo)\W+(?:postal\W+|de\W+correos\W+)?\d",
    r"\bcasilla\W+(?:postal|de\W+correo|\d)",
    r"\bskr(?:ytka|\W)\W*poczt",
    r"\bposta\W+kutusu\b",
    r"\ba/я\W{0,2}\d",  # Russian, with its first letter folded
    "私書箱|邮政信箱|郵政信箱|信箱",
)
BOX = re.compile("|".join(BOX_TEXTS))
BOX_ALONE = re.compile(r"(?:box|bin|drawer|bp|b\. ?p\.?)\W*\d+\s*(?:[,;/].*)?")
"""A line of this, or one that begins with it and a comma, is a post office box; `Box Hill Road 3` is a street."""
RURAL_ROUTE = re.compile(r"\b(?:r\W?r|h\W?c|rural route|highway contract)\W*\d+\W*")
"""`RR 2 Box 15` is a house in the country, on one line or two."""
FRENCH_BOX = re.compile(r"\bbp\W{0,2}\d|\bb\. ?p\.? ?\d")
FRENCH_COUNTRIES = (
    "BE BF BI BJ CD CF CG CI CM DJ DZ FR GA GF GN GP HT KM LB LU MA MC MG ML MQ MR NC NE PF PM RE RW SN TD TG TN WF YT"
)
"""Where `BP 12` and `B.P. 12` are boxes, whatever follows; elsewhere BP is a company, too."""
BOX_BY_COUNTRY: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(FRENCH_COUNTRIES.split(), FRENCH_BOX),
    "SE": re.compile(r"\bbox\W+\d+"),
    "FI": re.compile(r"\bpl\W+\d+"),
    "CH": re.compile(r"\bc\W?p\W{0,2}\d"),
    "CA": re.compile(r"\bc\W?p\W{0,2}\d"),
    "IT": re.compile(r"\bc\W?p\W{0,2}\d"),
    "TR": re.compile(r"\bp\W?k\W{0,2}\d"),
}
"""Short forms that mean something else elsewhere."""

OUR_NAME = re.compile(r"\bwharf\W+(?:\w+\W+){0,3}ful\w{3,4}ment\W+cent(?:er|re)\b")
LOCATION = re.compile(r"\bnetwork:[a-z]{2}:\w+")
"""A center's location id, written out."""
CODE_PARTS = re.compile(r"[^\W\d_]+|\d+")

LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧορ",  # noqa: RUF001  # Cyrillic and Greek on purpose
    "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXop",
)
"""Letters of Cyrillic and Greek that look like Latin ones."""


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
    def texts(self) -> tuple[str, ...]:
        """Where somebody may write what belongs in a line: the name first, then the lines."""
        return (plain(self.name), *self.lines)

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
    if address.country == US and not US_POSTAL.fullmatch(_compact(address.postal_code)):
        return "postal_code_missing"
    return None


def plain(text: str) -> str:
    """For comparison: as it looks, in lower case."""
    return shown(text).casefold()


def shown(text: str) -> str:
    """As it looks: one form for each letter, without accents and without characters that do not show."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).translate(LOOKALIKES)
    seen = (letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Cf"})
    return " ".join("".join(seen).split())


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
    by_postal_code = MILITARY_POSTAL.match(_compact(address.postal_code)) is not None
    return by_region or by_postal_code or _words(address.city) in MILITARY_CITIES


def _is_box(address: Address) -> bool:
    own = BOX_BY_COUNTRY.get(address.country)
    if any(BOX.search(text) for text in address.texts):
        return True
    return any(_is_box_alone(address, number) or (own and own.search(line)) for number, line in enumerate(address.lines))


def _is_box_alone(address: Address, number: int) -> bool:
    before = address.lines[number - 1] if number else ""
    return BOX_ALONE.fullmatch(address.lines[number]) is not None and not RURAL_ROUTE.fullmatch(before)


def _is_center(address: Address, centers: Centers) -> bool:
    if any(OUR_NAME.search(text) or LOCATION.search(text) for text in address.texts):
        return True
    if _compact(address.postal_code) in map(_compact, centers.postal_codes.get(address.country, ())):
        return True
    codes = centers.codes.get(address.country, ())
    names = {plain(code) for code in codes}
    return any(word in names for text in address.texts for word in re.findall(r"\w+", text)) or _names_apart(address, codes)


def _names_apart(address: Address, codes: Iterable[str]) -> bool:
    """`LTN 1` and `LTN-1` for LTN1, in capital letters only: `One Man 1 Van` is not MAN1."""
    texts = [shown(text or "") for text in (address.name, address.line1, address.line2, address.city)]
    apart = [r"\b" + r"\W".join(CODE_PARTS.findall(code.upper())) + r"\b" for code in codes]
    return any(re.search(pattern, text) for pattern in apart for text in texts)


def _is_region(address: Address, codes: Iterable[str], names: Iterable[str]) -> bool:
    region = re.sub(r"^us-(?=..$)", "", plain(address.region or ""))  # ISO 3166-2 writes US-PR
    region = _words(region)
    return region.upper() in codes or region in names


def _joined(address: Address) -> tuple[str, ...]:
    """The lines, and what follows from one to the next: `APO` may stand before `AE 09012`."""
    rest = (plain(address.region or ""), plain(address.postal_code))
    return (*address.texts, " ".join((*address.lines[-1:], *rest)))


def _words(text: str) -> str:
    """Without punctuation: `U.S. Virgin Islands` as `us virgin islands`."""
    return " ".join(re.sub(r"[^\w\s]", "", plain(text)).split())


def _compact(text: str) -> str:
    return re.sub(r"\W", "", plain(text))
