"""What applications hear of SIP messages is bounded: in number, in size, and by what can be read."""

from __future__ import annotations

import pytest

from trunkline.sip.heard import MAX_CALL_ID, MAX_CUSTOM, MAX_CUSTOM_NAME, MAX_CUSTOM_VALUE, custom_headers, heard_of
from trunkline.sip.message import Request


def invite(*headers: tuple[str, str], call_id: str = "c1") -> Request:
    return Request("INVITE", "sip:1@h", [("to", "<sip:1@h>"), ("call-id", call_id), *headers], b"")


def test_custom_headers_in_their_order() -> None:
    request = invite(("x-a", "1"), ("subject", "no"), ("x-call-centre", "2"), ("x-a", ""))
    assert custom_headers(request) == (("X-A", "1"), ("X-Call-Centre", "2"), ("X-A", ""))
    assert heard_of(request).headers == (("To", "<sip:1@h>"), *custom_headers(request))


@pytest.mark.parametrize(("longer", "told"), [(0, 1), (1, 0)])
def test_what_is_too_long_is_not_told(longer: int, told: int) -> None:
    assert len(custom_headers(invite(("x-" + "n" * (MAX_CUSTOM_NAME - 2 + longer), "1")))) == told
    assert len(custom_headers(invite(("x-a", "v" * (MAX_CUSTOM_VALUE + longer))))) == told
    assert bool(heard_of(invite(call_id="c" * (MAX_CALL_ID + longer))).call_id) == bool(told)


def test_no_more_than_so_many() -> None:
    many = [(f"x-{number}", "1") for number in range(MAX_CUSTOM + 1)]
    assert [name.lower() for name, _ in custom_headers(invite(*many))] == [name for name, _ in many[:MAX_CUSTOM]]


def test_bytes_that_are_no_text_can_be_told() -> None:
    heard = heard_of(invite(("x-a", "\udce9"), ("diversion", "<sip:\udce9@h>"), call_id="\udce9@h"))
    for text in (heard.call_id, heard.headers[1][1], heard.forwarded_from or ""):
        assert "?" in text
        text.encode()


@pytest.mark.parametrize("diversion", ["", "<", "sip:@", "<sip:h>", ",", '"'])
def test_a_diversion_that_says_nothing(diversion: str) -> None:
    assert heard_of(invite(("diversion", diversion))).forwarded_from is None
