"""How values are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from trunkline.dialects.twilio import views

ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))


@given(st.datetimes(datetime(1000, 1, 2), datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001 -- bounds are naive
def test_times_are_written_as_the_standard_library_writes_them(at: datetime) -> None:
    assert views.date(at) == format_datetime(at.astimezone(UTC))
