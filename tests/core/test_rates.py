"""Rates, renewal days, and the operator's tariff."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trunkline.config import ConfigError, load
from trunkline.core.errors import InvalidError
from trunkline.core.rates import Rates, rate, renewal
from trunkline.tariff import MAX_BYTES, load_tariff


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" 0.8 ", "0.80000"),
        ("0.00850", "0.00850"),
        ("007", "7.00000"),
        ("999999.99999", "999999.99999"),
    ],
)
def test_rates_have_five_decimals(written: str, kept: str) -> None:
    assert rate(written, "voice") == kept


@pytest.mark.parametrize(
    "written", ["", " ", "-1", "1e3", ".5", "1.", "1.123456", "1234567", "0,8", "NaN", "٣", "1" * 5000]
)
def test_what_is_no_rate_is_refused(written: str) -> None:
    with pytest.raises(InvalidError, match="voice is not a rate"):
        rate(written, "voice")


@pytest.mark.parametrize(
    ("added", "after", "day"),
    [
        ("2026-05-10", "2026-05-10", "2026-06-10"),
        ("2026-12-15", "2026-12-15", "2027-01-15"),
        ("2026-01-31", "2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-01-31", "2028-02-29"),
        ("2026-01-31", "2026-02-28", "2026-03-31"),  # clamped for February only
        ("2026-01-31", "2026-03-30", "2026-03-31"),
        ("2026-05-10", "2027-01-09", "2027-01-10"),
        ("2026-12-31", "2026-12-31", "2027-01-31"),
    ],
)
def test_renewal_is_on_the_day_of_the_month_that_it_was_added(added: str, after: str, day: str) -> None:
    assert renewal(date.fromisoformat(added), date.fromisoformat(after)) == date.fromisoformat(day)


def test_a_tariff(tmp_path: Path) -> None:
    file = tmp_path / "tariff.toml"
    file.write_text(
        '[US]\nmonthly = "0.5"\nvoice = "0.01"\n[US.tollfree]\nmonthly = "1"\nsetup = "2"\n[DE.mobile]\nsms = "0.1"\n'
    )
    assert load_tariff(str(file)) == {
        ("US", ""): Rates(monthly_rental="0.50000", voice="0.01000"),
        ("US", "tollfree"): Rates(setup="2.00000", monthly_rental="1.00000"),
        ("DE", "mobile"): Rates(sms="0.10000"),
    }
    assert load_tariff("") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[US", "tariff.toml"),
        ('[usa]\nmonthly = "1"\n', r"\[usa\] is no country"),
        ("US = 1\n", r"\[US\] is no country"),
        ("[US]\nmonthly = 1\n", "monthly is a text"),
        ('[US]\nmonthly = "much"\n', "monthly is not a rate"),
        ('[US]\nyearly = "1"\n', "'yearly' is none of"),
        ('[US.cheap]\nmonthly = "1"\n', "'cheap' is none of"),
        ("#" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_a_wrong_tariff_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "tariff.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_tariff(str(file))


def test_a_tariff_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_tariff("/nowhere.toml")


@pytest.mark.parametrize("days", ["-1", "3651", "nan", "inf"])
def test_a_quarantine_out_of_bounds(days: str) -> None:
    with pytest.raises(ConfigError, match=r"numbers\.quarantine_days"):
        load(None, {"TRUNKLINE_NUMBERS_QUARANTINE_DAYS": days}).checked()
