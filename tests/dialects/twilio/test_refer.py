"""TwiML's Refer: which URIs it takes, how their header fields are written, what is refused, what its action hears."""

from __future__ import annotations

from urllib.parse import unquote
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.twilio.test_document import BASE, only, parse
from tests.dialects.twilio.test_hooks import FACTS, HOOK, OF_EVERY_CALL, hooks, told
from trunkline.core.fetching import DocumentError, DocumentFault
from trunkline.core.model import Webhook
from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.core.verbs import Refer
from trunkline.dialects.twilio.document import parse_document
from trunkline.dialects.twilio.hooks import REFERRAL_STATUS
from trunkline.sip.uri import SipUri


def target(uri: str) -> str:
    """Return what a Refer to this URI asks for."""
    verb = only(f"<Refer><Sip>{escape(uri)}</Sip></Refer>")
    assert isinstance(verb, Refer)
    return verb.target


@pytest.mark.parametrize(
    ("uri", "sent"),
    [
        ("sip:alice@example.com", "sip:alice@example.com"),
        (" \n sips:alice@[2001:db8::1]:5061;transport=tls ", "sips:alice@[2001:db8::1]:5061;transport=tls"),
        ("sip:+14155550123@h;user=phone", "sip:+14155550123@h;user=phone"),
        ("sip:a@h?X-AcctNumber=123456&X-Reason=billing-question", None),
        ("sip:a@h?User-to-User=123456789%3Bencoding%3Dhex", None),
        ("sip:a@h?Subject=a b", "sip:a@h?Subject=a%20b"),
        ("sip:a@h?X-A=1+2", "sip:a@h?X-A=1+2"),  # RFC 3261 section 25.1: a plus is no blank
        ("sip:a@h?X-A=%7e%41", "sip:a@h?X-A=~A"),
        ("sip:a@h?X-A=1;b=2,<c>\"d'", "sip:a@h?X-A=1%3Bb%3D2%2C%3Cc%3E%22d'"),
        ("sip:a@h?X-A=", None),
        ("sip:a@h?X-A=é&x-a=%C3%A9", "sip:a@h?X-A=%C3%A9&x-a=%C3%A9"),
        ("sip:a@h?Replaces=1%40h%3Bto-tag%3D2%3Bfrom-tag%3D3", None),
        ("sip:a@h?X-A=b?c", None),
    ],
)
def test_targets(uri: str, sent: str | None) -> None:
    made = target(uri)
    assert made == (uri if sent is None else sent)
    SipUri.parse(made)


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("<Refer/>", "<Refer> holds exactly one <Sip>"),
        ("<Refer>sip:a@h</Refer>", "<Refer> holds exactly one <Sip>"),
        ("<Refer><Sip>sip:a@h</Sip><Sip>sip:b@h</Sip></Refer>", "exactly one"),
        ("<Refer><Number>+14155550123</Number></Refer>", "<Number> is not allowed in <Refer>"),
        ("<Refer><Sip>sip:a@h<Uri>sip:b@h</Uri></Sip></Refer>", "it holds no elements"),
        ("<Refer><Sip/></Refer>", "must be a SIP URI"),
        ("<Refer><Sip>+14155550123</Sip></Refer>", "must be a SIP URI"),
        ("<Refer><Sip>tel:+14155550123</Sip></Refer>", "must be a SIP URI"),
        ("<Refer><Sip>sip:a@h&gt;, &lt;sip:b@h</Sip></Refer>", "must be a SIP URI"),
        ("<Refer><Sip>sip:a@h&#13;&#10;X: y</Sip></Refer>", "must be a SIP URI"),
        (f"<Refer><Sip>sip:a@{'h' * 300}</Sip></Refer>", "must be a SIP URI"),
        ("<Refer><Sip>sip:a@h?</Sip></Refer>", "must be Name=value"),
        ("<Refer><Sip>sip:a@h?X-A</Sip></Refer>", "must be Name=value"),
        ("<Refer><Sip>sip:a@h?=1</Sip></Refer>", "must be Name=value"),
        ("<Refer><Sip>sip:a@h?X-A=1&amp;</Sip></Refer>", "must be Name=value"),
        ("<Refer><Sip>sip:a@h?X%0D%0AA=1</Sip></Refer>", "must be Name=value"),
        (f"<Refer><Sip>sip:a@h?{'X' * 65}=1</Sip></Refer>", "must be Name=value"),
        ("<Refer><Sip>sip:a@h?From=x</Sip></Refer>", "header From: is the caller's own to set"),
        ("<Refer><Sip>sip:a@h?body=x</Sip></Refer>", "the caller's own"),
        ("<Refer><Sip>sip:a@h?ROUTE=x</Sip></Refer>", "the caller's own"),
        ("<Refer><Sip>sip:a@h?X-A=1%0D%0AVia:%20x</Sip></Refer>", "must be printable"),
        ("<Refer><Sip>sip:a@h?X-A=%00</Sip></Refer>", "must be printable"),
        ("<Refer><Sip>sip:a@h?X-A=100%</Sip></Refer>", "write %25 for itself"),
        ("<Refer><Sip>sip:a@h?X-A=%zz</Sip></Refer>", "two hexadecimal digits"),
        ("<Refer><Sip>sip:a@h?X-A=%FF</Sip></Refer>", "must be UTF-8"),
        (f"<Refer><Sip>sip:a@h?X-A={'1' * 257}</Sip></Refer>", "at most 256 characters"),
        (f"<Refer><Sip>sip:a@h?X-A={'1' * 2000}</Sip></Refer>", "of 1024 characters in all"),
        (f"<Refer><Sip>sip:a@h?X-A={'é' * 200}</Sip></Refer>", "at most 1024 characters once they are escaped"),
        (f"<Refer><Sip>sip:a@h?{'&amp;'.join(f'X-{i}=1' for i in range(33))}</Sip></Refer>", "at most 32 headers"),
        ('<Refer action="ftp://x/"><Sip>sip:a@h</Sip></Refer>', "<Refer action='ftp://x/'>: must be an http"),
        ('<Refer method="PUT"><Sip>sip:a@h</Sip></Refer>', "<Refer method='PUT'>: must be GET or POST"),
    ],
)
def test_what_is_no_refer(inner: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(inner)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.fault is DocumentFault.INVALID


@given(
    st.lists(
        st.tuples(
            st.text("ABCDEFabcdef0123456789-", min_size=1, max_size=20).map(lambda name: "X-" + name),
            st.text(st.characters(exclude_categories=["C", "Z"]), max_size=10),
        ),
        max_size=6,
    )
)
def test_header_values_come_through_whole_and_escaped(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value.replace('%', '%25').replace('&', '%26')}" for name, value in pairs)
    made = target(f"sip:a@h?{query}" if pairs else "sip:a@h")
    headers = SipUri.parse(made).headers
    read = [pair.partition("=") for pair in headers.split("&")] if pairs else []
    assert [(name, unquote(value)) for name, _, value in read] == pairs
    assert made.isascii()
    assert not set(made) & set("<>\"';,{} \r\n") - {"'"}


@given(st.text(max_size=300))
def test_only_document_errors_come_out(text: str) -> None:
    try:
        made = target(f"sip:a@h?{text}")
    except DocumentError:
        return
    SipUri.parse(made)


def test_a_refer_as_the_vendors_libraries_write_it() -> None:
    body = b'<?xml version="1.0" encoding="UTF-8"?><Response><Refer action="/handleRefer" method="POST"><Sip>'
    body += (
        b"sip:alice@example.com?X-AcctNumber=123456&amp;X-ReasonForCalling=billing-question</Sip></Refer></Response>"
    )
    uri = "sip:alice@example.com?X-AcctNumber=123456&X-ReasonForCalling=billing-question"
    expected = Refer(target=uri, action=Webhook("https://app.test/handleRefer"))
    assert parse_document(body, BASE).verbs == (expected,)


# The vendor's own examples of what an action hears, and those that it leaves open.


@pytest.mark.parametrize(
    ("result", "heard"),
    [
        ((ReferralStatus.IN_PROGRESS, 202, 200), ("in-progress", "202", "200")),
        ((ReferralStatus.BUSY, 202, 486), ("busy", "202", "486")),
        ((ReferralStatus.FAILED, 405, None), ("failed", "405", None)),
        ((ReferralStatus.CANCELLED, 202, 180), ("canceled", "202", "180")),
        ((ReferralStatus.NO_ANSWER, 200, 480), ("no-answer", "200", "480")),
        ((ReferralStatus.UNKNOWN, 202, None), (None, "202", None)),
        ((ReferralStatus.FAILED, None, None), ("failed", None, None)),
    ],
)
def test_what_an_action_hears(
    result: tuple[ReferralStatus, int | None, int | None], heard: tuple[str | None, str | None, str | None]
) -> None:
    status, refer_status, notify_status = result
    made = ReferralResult(status=status, refer_status=refer_status, notify_status=notify_status)
    names = ("ReferCallStatus", "ReferSipResponseCode", "NotifySipResponseCode")
    more = {name: value for name, value in zip(names, heard, strict=True) if value is not None}
    request = hooks().refer_action(FACTS, HOOK, made)
    assert told(request) == OF_EVERY_CALL | more


def test_the_table_is_total() -> None:
    assert set(REFERRAL_STATUS) == set(ReferralStatus)
