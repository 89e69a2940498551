"""What a registrar's 2xx grants, and what is read of its times, whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.sip.fields import Header
from trunkline.sip.granting import MAX_SAID, granted_by, printable, seconds_of
from trunkline.sip.message import Response
from trunkline.sip.registration import MAX_GRANTED_S

TOKEN = "0123456789abcdef" * 2
OURS, THEIRS = f"<sip:{TOKEN}@192.0.2.1>", "<sip:bob@192.0.2.2>"


@pytest.mark.parametrize(
    ("headers", "granted"),
    [
        ([("contact", f"{OURS};expires=120")], 120),
        ([("contact", f"{OURS};expires=120"), ("expires", "600")], 120),
        ([("contact", OURS), ("expires", "600")], 600),
        ([("contact", OURS)], 3600),
        ([("contact", f"{THEIRS};expires=9, {OURS};expires=120")], 120),
        ([("contact", f"{THEIRS};expires=9"), ("contact", f"{OURS};expires=120")], 120),
        ([("contact", "<sip:4930@192.0.2.1>;expires=30")], 30),
        ([("contact", f"{THEIRS};expires=9, <sip:eve@192.0.2.3>;expires=7")], 0),
        ([("contact", THEIRS), ("contact", "<sip:eve@192.0.2.3>"), ("expires", "600")], 0),
        ([("contact", THEIRS), ("contact", "<sip:eve@192.0.2.3>"), ("contact", "<sip:broken")], 3600),
        ([("contact", f"<sip:broken, {OURS};expires=120")], 3600),
        ([("contact", "<sip:broken"), ("contact", f"{OURS};expires=120")], 120),
        ([("contact", "*"), ("expires", "600")], 600),
        ([("contact", f"{OURS};expires=soon"), ("expires", "600")], 600),
        ([("contact", f"{OURS};expires=0")], 0),
        ([("contact", "<sip:broken"), ("expires", "600")], 600),
        ([("expires", "never")], 3600),
        ([], 3600),
    ],
)
def test_what_is_granted(headers: list[Header], granted: int) -> None:
    assert granted_by(Response(200, "OK", headers), TOKEN, 3600) == granted


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 120 (in a meeting);duration=60", 120),
        ("0", 0),
        ("007", 7),
        ("9" * 5000, MAX_GRANTED_S),
        ("-1", None),
        ("1.5", None),
        ("\u0661", None),
        ("", None),
        (None, None),
    ],
)
def test_seconds(text: str | None, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@given(st.text())
def test_a_reason_phrase_is_safe_to_show(text: str) -> None:
    shown = printable(text)
    assert len(shown) == min(len(text), MAX_SAID)
    assert shown.isprintable()


@given(st.lists(st.tuples(st.sampled_from(["contact", "expires"]), st.text(max_size=40)), max_size=5))
def test_no_answer_is_too_odd(headers: list[Header]) -> None:
    assert 0 <= granted_by(Response(200, "OK", headers), TOKEN, 3600) <= MAX_GRANTED_S
