"""Headers as they are kept in quarantine and of parked messages: what was there comes back."""

import pytest

from chassis.quarantine import headers_from, headers_text


@pytest.mark.parametrize("value", [b"", b"plain", "ä/€".encode(), b"\xff\xfe", b"base64:", b"base64:x", b"base64:eA=="])
def test_any_value_comes_back_as_it_was(value: bytes) -> None:
    assert headers_from(headers_text([("name", value)])) == [("name", value)]
