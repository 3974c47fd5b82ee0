"""Phone numbers, by the `phonenumbers` library: the carrier will call them (R12)."""

import phonenumbers


def is_valid(number: str, country: str) -> bool:
    """Whether somebody in `country` can have this number, written with or without the country's prefix."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number_for_region(parsed, country)
