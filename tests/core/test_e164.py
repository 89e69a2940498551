"""Numbers as carriers and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core import e164
from trunkline.core.errors import InvalidError
from trunkline.core.model import NumberFormat, NumberProfile


@pytest.mark.parametrize(
    ("country", "strip", "written", "expected"),
    [
        (None, None, "+14155551234", ["14155551234"]),
        (None, None, "14155551234", ["14155551234"]),
        (None, None, "+1-415-555.1234", ["14155551234"]),
        (None, None, "+1(415)555 1234", ["14155551234"]),
        (None, None, "14155551234;npdi;rn=+1415", ["14155551234"]),
        (None, None, "004930123", ["004930123"]),
        (None, None, "alice", []),
        (None, None, "", []),
        (None, None, "+", []),
        (None, None, "+49abc", []),
        (None, None, "1" * 15, ["1" * 15]),
        (None, None, "1" * 16, []),
        (None, None, "+" + "1" * 16, []),
        (None, None, "1" * 50, []),
        (None, None, "\u0664\u0669\u0663\u0660", []),
        (None, None, "+\u0664\u0669", []),
        ("US", None, "4155551234", ["14155551234", "4155551234"]),
        ("US", None, "14155551234", ["14155551234"]),
        ("US", None, "+14155551234", ["14155551234"]),
        ("US", None, "011493012345", ["493012345"]),
        ("DE", None, "030123456", ["4930123456", "030123456"]),
        ("DE", None, "004930123456", ["4930123456"]),
        ("DE", None, "0014155551234", ["14155551234"]),
        ("DE", None, "+14155551234", ["14155551234"]),
        ("DE", None, "4930123456", ["4930123456", "494930123456"]),
        ("DE", None, "30123456", ["4930123456", "30123456"]),
        ("DE", None, "00", []),
        ("GB", None, "02079460000", ["442079460000", "02079460000"]),
        ("GB", None, "00442079460000", ["442079460000"]),
        ("GB", None, "442079460000", ["442079460000", "44442079460000"]),
        (None, "99", "9914155551234", ["14155551234"]),
        (None, "99", "14155551234", ["14155551234"]),
        (None, "tech#", "tech#14155551234", ["14155551234"]),
        ("DE", "7", "7030123456", ["4930123456", "030123456"]),
        (None, "+99", "+9914155551234", ["14155551234"]),
    ],
)
def test_forms(country: str | None, strip: str | None, written: str, expected: list[str]) -> None:
    assert list(e164.forms(written, NumberProfile(country=country, strip_prefix=strip))) == expected


@given(
    st.text(max_size=60),
    st.sampled_from([None, "US", "DE", "GB", "IT", "AU", "BR"]),
    st.sampled_from([None, "0", "+", "99"]),
)
def test_forms_are_distinct_digits_whatever_is_written(text: str, country: str | None, strip: str | None) -> None:
    found = e164.forms(text, NumberProfile(country=country, strip_prefix=strip))
    assert len(set(found)) == len(found)
    assert all(form.isascii() and form.isdigit() and len(form) <= e164.MAX_DIGITS for form in found)


@pytest.mark.parametrize(
    ("digits", "wanted", "country", "expected"),
    [
        ("4930123456", NumberFormat.E164, "DE", "+4930123456"),
        ("4930123456", NumberFormat.PLAIN, "DE", "4930123456"),
        ("4930123456", NumberFormat.NATIONAL, "DE", "030123456"),
        ("14155551234", NumberFormat.NATIONAL, "DE", "0014155551234"),
        ("4930123456", NumberFormat.NATIONAL, "US", "0114930123456"),
        ("14155551234", NumberFormat.NATIONAL, "US", "14155551234"),
        ("442079460000", NumberFormat.NATIONAL, "GB", "02079460000"),
        ("4930123456", NumberFormat.NATIONAL, None, "4930123456"),
    ],
)
def test_outbound(digits: str, wanted: NumberFormat, country: str | None, expected: str) -> None:
    assert e164.outbound(digits, wanted, country) == expected


@pytest.mark.parametrize("country", ["US", "DE", "GB"])
@pytest.mark.parametrize("digits", ["14155551234", "4930123456", "442079460000"])
def test_what_goes_out_in_a_national_form_comes_back_as_the_same_number(digits: str, country: str) -> None:
    written = e164.outbound(digits, NumberFormat.NATIONAL, country)
    assert e164.forms(written, NumberProfile(country=country))[0] == digits


@pytest.mark.parametrize("text", ["14155551234", " +1 415 555 1234 ", "+1(415)555-1234", "1.415.555.1234"])
def test_parse(text: str) -> None:
    assert e164.parse(text) == "14155551234"


@pytest.mark.parametrize(
    "text", ["", "+", "abc", "1415555123x", "999123456", "1", "+49", "1" * 16, "+1415555123456", "\u0661415", "1" * 100]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        e164.parse(text, "numbers")
    assert caught.value.field == "numbers"


def test_validity_is_finer_than_possibility() -> None:
    assert e164.is_possible("14155551234")
    assert e164.is_possible("12125550000")
    assert not e164.is_valid("11115551234")
    assert (e164.country_of("4930123456"), e164.country_of("442079460000")) == ("DE", "GB")
    assert e164.printed("4930123456") == "+4930123456"


def test_plans() -> None:
    assert e164.plan("DE") == ("49", "0", "00")
    assert e164.plan("US") == ("1", "1", "011")
    with pytest.raises(InvalidError):
        e164.plan("XX")
