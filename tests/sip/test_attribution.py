"""Where the number stands in an INVITE that was sent to our Contact."""

from __future__ import annotations

import pytest

from trunkline.core.model import CalledIn
from trunkline.sip.attribution import OwnContact
from trunkline.sip.fields import Header
from trunkline.sip.message import Request

TOKEN = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("headers", "place", "number"),
    [
        ([("to", "<sip:+49301@c.example>")], CalledIn.REQUEST_URI, "+49301"),
        ([("to", "<sip:u@c>"), ("p-called-party-id", "<sip:+49302@c>")], CalledIn.REQUEST_URI, "+49302"),
        ([("to", "<sip:+49301@c>"), ("p-called-party-id", "<sip:+49302@c>")], CalledIn.TO, "+49301"),
        ([("to", "<sip:+49301@c>"), ("p-called-party-id", "<")], CalledIn.REQUEST_URI, "+49301"),
        ([("to", f"<sip:{TOKEN}@c>")], CalledIn.REQUEST_URI, ""),
        ([("to", "<sip:c>")], CalledIn.REQUEST_URI, ""),
        ([("to", "<sip:u@c>"), ("diversion", "<sip:030@c>")], CalledIn.DIVERSION, "030"),
    ],
)
def test_the_request_uri_names_us_and_no_number(headers: list[Header], place: CalledIn, number: str) -> None:
    request = Request("INVITE", f"sip:{TOKEN}@192.0.2.1", headers)
    assert OwnContact(request).get(place, "") == number
