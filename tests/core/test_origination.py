"""What an origination URI may say, and that the edge can call whatever it may."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import InvalidError, NotAvailableYetError
from trunkline.core.origination import MAX_URI, check_target
from trunkline.core.trunks import sip_uri
from trunkline.sip.targets import trunk_target

GOOD = {
    "203.0.113.9": ("203.0.113.9", None, None),
    "203.0.113.9:5070": ("203.0.113.9", 5070, None),
    "pbx.example.com": ("pbx.example.com", None, None),
    "PBX.example.com:65535": ("pbx.example.com", 65535, None),
    "pbx": ("pbx", None, None),
    "my_pbx.example.com.": ("my_pbx.example.com.", None, None),
    "sip:alice@pbx.example.com": ("pbx.example.com", None, None),
    "SIP:+49%2030@pbx.example.com:5070;transport=TCP": ("pbx.example.com", 5070, "TCP"),
    "alice@203.0.113.9;transport=udp;user=phone": ("203.0.113.9", None, "UDP"),
    "2001:db8::9": ("2001:db8::9", None, None),
    "[2001:db8::9]": ("2001:db8::9", None, None),
    "sip:a@[2001:db8::9]:5070;transport=tcp": ("2001:db8::9", 5070, "TCP"),
}

BAD = [
    *(
        "",
        "sip:",
        "sip:@",
        "sip:@h",
        "@h",
        "a b.example",
        "a.example\n",
        "\N{LATIN SMALL LETTER O WITH DIAERESIS}.example",
    ),
    *("http://a.example", "tel:+4930", "sip://a.example", "a.example/path", "a.example?x=1", "<sip:a.example>"),
    *("sip:a:b@h.example", "a@b@c", "a..b", "-a.example", "a-.example", "x" * 64 + ".example", ".", "a.example:"),
    *(
        "a.example:0",
        "a.example:65536",
        "a.example:5060x",
        "a.example:+5060",
        "203.0.113.256",
        "203.0.113",
        "1.2.3.4.5",
    ),
    *(
        "[2001:db8::9",
        "[203.0.113.9]",
        "[::1%eth0]",
        "fe80::1%1",
        "[]",
        "[::1]x",
        "[::1]:",
        "a.example;",
        "a.example;=x",
    ),
    *("a.example;x=", 'a.example;x="y"', "sip:a.example;transport", "a" * (MAX_URI + 1)),
]


@pytest.mark.parametrize("text", GOOD)
def test_good_ones_are_called(text: str) -> None:
    check_target(text)
    target = trunk_target(sip_uri(text), "14155551234")
    assert target is not None
    assert (target.host, target.port, target.transport) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_bad_ones_are_refused(text: str) -> None:
    with pytest.raises((InvalidError, NotAvailableYetError)):
        check_target(text)


@pytest.mark.parametrize("text", ["sips:a.example", "a.example;transport=tls", "a.example;transport=ws"])
def test_what_needs_tls_says_so(text: str) -> None:
    with pytest.raises(NotAvailableYetError, match="not available yet"):
        check_target(text)


PIECES = st.sampled_from(["sip:", "@", ":", ";", "[", "]", ".", "=", "%", "transport=tcp", "a", "5060", "203.0.113.9"])


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join) | st.text(max_size=300))
def test_whatever_is_accepted_can_be_called(text: str) -> None:
    with suppress(InvalidError, NotAvailableYetError):
        check_target(text)
        assert trunk_target(sip_uri(text), "14155551234") is not None


@pytest.mark.parametrize("text", [c * n for c in "a.-:@;[%=" for n in (MAX_URI, 100_000)])
def test_hostile_lengths_take_no_time(text: str) -> None:
    began = time.monotonic()
    with suppress(InvalidError, NotAvailableYetError):
        check_target(text)
    assert time.monotonic() - began < 1.0
