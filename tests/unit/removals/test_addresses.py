"""Where removals do not ship to (R7), and the places that only look like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from removals.domain.address import Address, Centers, refusal_of
from removals.phone import is_valid
from removals.settings import RemovalsSettings

CENTERS = Centers({"GB": frozenset({"LTN1", "MAN1"}), "US": frozenset({"ABE8"})}, {"GB": frozenset({"MK43 0ZA"})})

# line1, line2, city, region, postal code, country
Parts = tuple[str, str | None, str, str | None, str, str]

ACCEPTED: list[Parts] = [
    ("12 Harbour Street", None, "Leeds", None, "LS1 4AB", "GB"),
    ("The Old Post Office", "High Street", "Wells", "Somerset", "BA5 2AE", "GB"),
    ("4 Post Office Road", None, "Norwich", None, "NR1 1AA", "GB"),
    ("Box Hill Road 3", None, "Tadworth", "Surrey", "KT20 7LB", "GB"),
    ("7 Boxwood Avenue", "Unit 12", "Box", "Wiltshire", "SN13 8AE", "GB"),
    ("1600 Main Street", "Suite 400", "Springfield", "IL", "62701", "US"),
    ("RR 2 Box 152", None, "Newport", "VT", "05855", "US"),
    ("22 Puerto Rico Street", None, "Miami", "FL", "33130", "US"),
    ("100 Guam Way", None, "Ann Arbor", "MI", "48103", "US"),
    ("9 Virginia Avenue", None, "Richmond", "VA", "23220", "US"),
    ("5 Aposhian Court", None, "Sandy", "UT", "84070", "US"),
    ("14 Popo Lane", None, "Kailua", "HI", "96734", "US"),
    ("Pier 9, Honolulu Harbor", None, "Honolulu", "HI", "96817", "US"),
    ("8 Mount Apo Street", None, "Davao City", None, "8000", "PH"),
    ("Hauptstraße 5", "Hinterhof", "Berlin", None, "10115", "DE"),
    ("Poststraße 12", None, "Köln", None, "50667", "DE"),
    ("Alte Postgasse 9", "c/o Fachhandel Weber", "Graz", None, "8010", "AT"),
    ("12 rue de la Poste", "Bâtiment B, porte 4", "Lyon", None, "69001", "FR"),
    ("3 rue des Boîtes", None, "Nantes", None, "44000", "FR"),
    ("Calle Apartada 5", "Apartamento 3", "Madrid", None, "28001", "ES"),
    ("Calle Mayor 3", "C.P. 28013", "Madrid", None, "28013", "ES"),
    ("Avenida Casillas Blancas 40", None, "Sevilla", None, "41001", "ES"),
    ("Viale Po, B 12", None, "Roma", None, "00198", "IT"),
    ("Building B P2, 4 Dock Lane", None, "Hull", None, "HU1 1AA", "GB"),
    ("Via delle Caselle 9", None, "Roma", None, "00184", "IT"),
    ("Kungsgatan 12", None, "Stockholm", None, "111 35", "SE"),
    ("BP Garage, 4 London Road", None, "Dover", None, "CT16 1AA", "GB"),
    ("Unit 4, Wharf Road", None, "London", None, "N1 7GR", "GB"),
    ("Acme Fulfillment Center, 9 Dock Lane", None, "Hull", None, "HU1 1AA", "GB"),
    ("LTN1 Parkway", None, "Lyon", None, "69002", "FR"),
    ("5 Network Dr Suite 200", None, "Burlington", "MA", "01803", "US"),
    ("BP 5 Service Station", None, "Dover", None, "CT16 1AA", "GB"),
    ("3 Po Boxwood Lane", None, "Reading", "PA", "19601", "US"),
    ("RR 2", "Box 152", "Newport", "VT", "05855", "US"),
    ("RR 2, Box 152", None, "Newport", "VT", "05855", "US"),
    ("1 Man 1 Van Yard", None, "Leeds", None, "LS1 4AB", "GB"),
    ("1600 Main Street", None, "Springfield", "US-IL", "62701-1234", "US"),
    ("ул. Полевая 5", None, "Москва", None, "101000", "RU"),
    ("北京市朝阳区建国路 93 号", None, "北京", None, "100022", "CN"),
    ("東京都千代田区丸の内1-1", None, "Tokyo", None, "100-0005", "JP"),
]

REFUSED: list[tuple[str, Parts]] = [
    ("us_territory", ("12 Calle Sol", None, "San Juan", None, "00901", "PR")),
    ("us_territory", ("12 Calle Sol", None, "San Juan", "PR", "00901", "US")),
    ("us_territory", ("12 Calle Sol", None, "San Juan", "Puerto Rico", "00901-1234", "US")),
    ("us_territory", ("8 Marine Drive", None, "Hagåtña", "GU", "96910", "US")),
    ("us_territory", ("8 Marine Drive", None, "Hagatna", None, "96910", "GU")),
    ("us_territory", ("1 Main Street", None, "Charlotte Amalie", "U.S. Virgin Islands", "00802", "US")),
    ("us_territory", ("1 Main Street", None, "Christiansted", None, "00820", "US")),
    ("us_territory", ("1 Beach Road", None, "Pago Pago", "as", "96799", "US")),
    ("us_territory", ("1 Beach Road", None, "Saipan", "Northern Mariana Islands", "96950", "US")),
    ("us_territory", ("Midway Atoll", None, "Midway", None, "96898", "UM")),
    ("military_address", ("PSC 473 Box 12", None, "FPO", "AP", "96349", "US")),
    ("military_address", ("Unit 2050 Box 4190", None, "APO", "AP", "96278", "US")),
    ("military_address", ("Unit 9900", None, "D.P.O.", "AE", "09701", "US")),
    ("military_address", ("CMR 420, Box 177", None, "Heidelberg", None, "69115", "DE")),
    ("military_address", ("Unit 45013", "APO AE 09012", "Ramstein", None, "66877", "DE")),
    ("military_address", ("1 Ship Street", None, "Miami", "Armed Forces Americas", "33101", "US")),
    ("military_address", ("1 Ship Street", None, "San Diego", None, "96602", "US")),
    ("military_address", ("1 Ship Street", None, "San Diego", None, " 09012", "US")),
    ("us_territory", ("12 Calle Sol", None, "San Juan", "US-PR", "62701", "US")),
    ("postal_code_missing", ("1 Main Street", None, "Springfield", "IL", "", "US")),
    ("postal_code_missing", ("1 Main Street", None, "Springfield", "IL", "n/a", "US")),
    *(
        ("po_box", (line, None, "Leeds", None, "LS1 4AB", "GB"))
        for line in (
            "PO Box 123",
            "P.O. Drawer 100",
            "PO Bx 12",
            "РО Box 12",  # noqa: RUF001  # the first two letters are Cyrillic
            "BP 12",
            "P.O. Box 123",
            "P. O. Box 9",
            "p o box 12",
            "PO-Box 7",
            "POBox12",
            "P0 Box 44",
            "P.O.B. 18",
            "POB 18",
            "P O B 18",
            "Post Office Box 5",
            "Post Box 5",
            "Postal Box 7",
            "GPO Box 99",
            "Box 214",
            "\uff30\uff2f\u3000\uff22\uff4f\uff58\u3000\uff11\uff12",
            "P\u200bO Box 3",
            "12 High Street, PO Box 4",
        )
    ),
    ("po_box", ("Box 12, Main Street", None, "Springfield", "IL", "62701", "US")),
    ("po_box", ("а/я 12", None, "Москва", None, "101000", "RU")),  # noqa: RUF001  # Cyrillic on purpose
    ("po_box", ("Zone industrielle, BP 12", None, "Dakar", None, "12500", "SN")),
    ("po_box", ("Warehouse 3", "P.O. Box 1120", "Austin", "TX", "78701", "US")),
    ("po_box", ("Locked Bag 12", None, "Sydney", "NSW", "2000", "AU")),
    ("po_box", ("Private Bag X12", None, "Pretoria", None, "0001", "ZA")),
    ("po_box", ("Postfach 10 20 30", None, "Berlin", None, "10115", "DE")),
    ("po_box", ("Muster GmbH", "Postfach", "Zürich", None, "8001", "CH")),
    ("po_box", ("Postbus 1234", None, "Utrecht", None, "3500 AA", "NL")),
    ("po_box", ("Postboks 55", None, "Oslo", None, "0101", "NO")),
    ("po_box", ("Box 1203", "Kungsgatan", "Stockholm", None, "111 35", "SE")),
    ("po_box", ("PL 12", None, "Helsinki", None, "00101", "FI")),
    ("po_box", ("BP 1234", None, "Paris", None, "75001", "FR")),
    ("po_box", ("B.P. 45", None, "Lyon", None, "69001", "FR")),
    ("po_box", ("Boîte postale 12", None, "Nice", None, "06000", "FR")),
    ("po_box", ("C.P. 123", None, "Montréal", "QC", "H2X 1Y4", "CA")),
    ("po_box", ("Case postale 8", None, "Genève", None, "1201", "CH")),
    ("po_box", ("Casella postale 12", None, "Roma", None, "00184", "IT")),
    ("po_box", ("Apartado de Correos 12", None, "Madrid", None, "28001", "ES")),
    ("po_box", ("Apartado 340", None, "Lisboa", None, "1000-001", "PT")),
    ("po_box", ("Apdo. Postal 12", None, "Ciudad de México", None, "06000", "MX")),
    ("po_box", ("Caixa Postal 77", None, "São Paulo", "SP", "01000-000", "BR")),
    ("po_box", ("Casilla 123", None, "Santiago", None, "8320000", "CL")),
    ("po_box", ("Skrytka pocztowa 12", None, "Warszawa", None, "00-950", "PL")),
    ("po_box", ("北京市8501信箱", None, "北京", None, "100085", "CN")),
    ("po_box", ("東京中央郵便局私書箱15号", None, "Tokyo", None, "100-8994", "JP")),
    ("fulfillment_center", ("LTN1, Boundary Way", None, "Dunstable", None, "LU5 4FE", "GB")),
    ("fulfillment_center", ("Boundary Way", "c/o ltn1", "Dunstable", None, "LU5 4FE", "GB")),
    ("fulfillment_center", ("LTN 1, Boundary Way", None, "Dunstable", None, "LU5 4FE", "GB")),
    ("fulfillment_center", ("Inbound LTN-1", None, "Dunstable", None, "LU5 4FE", "GB")),
    ("fulfillment_center", ("12 Marston Gate", None, "Bedford", None, "mk430za", "GB")),
    ("fulfillment_center", ("705 Boulder Drive (ABE8)", None, "Breinigsville", "PA", "18031", "US")),
    ("fulfillment_center", ("Wharf Fulfillment Centre", "Dock 4", "Hull", None, "HU1 1AA", "GB")),
    ("fulfillment_center", ("Wharf Leeds Fulfillment Center", None, "Leeds", None, "LS1 1AA", "GB")),
    ("fulfillment_center", ("network:FR:CDG1", None, "Roissy", None, "95700", "FR")),
]


def an_address(parts: Parts) -> Address:
    return Address("Ada Moreau", *parts, phone=None)


@pytest.mark.parametrize("parts", ACCEPTED, ids=lambda parts: parts[0])
def test_an_address_like_any_other_is_shipped_to(parts: Parts) -> None:
    assert refusal_of(an_address(parts), CENTERS) is None


@pytest.mark.parametrize(("code", "parts"), REFUSED, ids=lambda given: given if isinstance(given, str) else given[0])
def test_a_place_that_removals_do_not_ship_to_is_refused_by_its_rule(code: str, parts: Parts) -> None:
    assert refusal_of(an_address(parts), CENTERS) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Network IT Solutions", None),
        ("BP Garage", None),
        ("PO Box 12", "po_box"),
        ("Weber GmbH, Postfach 12", "po_box"),
        ("LTN1 Inbound", "fulfillment_center"),
        ("Sgt. Moreau, CMR 420 Box 177", "military_address"),
    ],
)
def test_a_name_is_read_as_a_line_is(name: str, code: str | None) -> None:
    assert refusal_of(replace(an_address(ACCEPTED[0]), name=name), CENTERS) == code


@pytest.mark.parametrize("code", ["BHX4", "LTN1", "MAN1"])
def test_our_centers_are_known_by_default(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setenv("WHARF_DATABASE", "postgresql+asyncpg://wharf@db/wharf")
    monkeypatch.setenv("WHARF_KAFKA", "one:9092")
    monkeypatch.setenv("WHARF_DEV_MODE", "true")
    centers = RemovalsSettings().terms().centers
    parts: Parts = (f"{code} Inbound Dock", None, "Leeds", None, "LS1 4AB", "GB")
    assert refusal_of(an_address(parts), centers) == "fulfillment_center"


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+44 113 496 0123", "GB"),
        ("0113 496 0123", "GB"),
        ("020 7946 0018", "GB"),
        ("(212) 736-5000", "US"),
        ("+1 212 736 5000", "US"),
        ("1-800-275-8777", "US"),
        ("030 901820", "DE"),
        ("+33 1 42 68 53 00", "FR"),
        ("010-65529988", "CN"),
    ],
)
def test_a_phone_number_of_the_country_is_valid(number: str, country: str) -> None:
    assert is_valid(number, country)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("12345", "GB"),
        ("call me", "GB"),
        ("", "GB"),
        ("+44 113 496 0123", "US"),
        ("+1 212 736 5000", "GB"),
        ("555-0100", "US"),
        ("+49", "DE"),
        ("0113 496 0123 0123 0123", "GB"),
        ("+44 113 496 0123", "ZZ"),
    ],
)
def test_a_number_that_nobody_in_the_country_can_have_is_not_valid(number: str, country: str) -> None:
    assert not is_valid(number, country)
