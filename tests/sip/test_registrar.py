"""A registrar's rules as a table: what is bound, what a REGISTER says, what is bound then (RFC 3261 §10.3)."""

from __future__ import annotations

import pytest

from trunkline.core.bindings import MAX_CONTACTS, Binding, Flow, Login
from trunkline.sip.message import Request
from trunkline.sip.parsing import parse
from trunkline.sip.registrar import (
    MAX_CALL_ID,
    MAX_CONTACT,
    MAX_EXPIRES_S,
    MAX_USER_AGENT,
    MIN_EXPIRES_S,
    Update,
    answer_headers,
    register,
    request_uri,
)
from trunkline.sip.uri import MessageError

NOW = 1_000_000.0
FLOW = Flow("UDP", "203.0.113.9", 40000, "192.0.2.1:5060")
LOGIN = Login("login", "endpoint", "account", "alice123456789012", "secret", True)
A, B = "sip:alice@10.0.0.1:5060", "sip:alice@10.0.0.2:5060"


def asked(*headers: str, call_id: str = "c1", cseq: int = 2) -> Request:
    """Return a REGISTER with these header lines."""
    lines = [
        "REGISTER sip:example.com SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx",
        "From: <sip:alice123456789012@example.com>;tag=1",
        "To: <sip:alice123456789012@example.com>",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} REGISTER",
        *headers,
        "Content-Length: 0",
    ]
    message = parse("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
    assert isinstance(message, Request)
    return message


def bound(contact: str = A, *, call_id: str = "c1", cseq: int = 1, left: float = 600.0) -> Binding:
    """Return a binding that is there already."""
    return Binding("login", "account", contact, call_id, cseq, 1000, NOW + left, NOW - 9, "", FLOW)


def done(request: Request, *before: Binding) -> Update:
    """Return what a REGISTER does."""
    return register(request, before, LOGIN, FLOW, NOW)


def seconds(update: Update) -> dict[str, float]:
    """Return what is bound after an update: Contact to seconds left."""
    return {binding.contact: binding.expires_at - NOW for binding in update.after}


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ([f"Contact: <{A}>"], {A: MAX_EXPIRES_S}),
        ([f"Contact: <{A}>", "Expires: 120"], {A: 120}),
        ([f"Contact: <{A}>;expires=90", "Expires: 120"], {A: 90}),
        ([f"Contact: <{A}>;expires=90, <{B}>", "Expires: 120"], {A: 90, B: 120}),
        ([f"Contact: <{A}>;expires=90", f"m: <{B}>;expires=0"], {A: 90}),
        ([f"Contact: <{A}>;expires=99999999999999999999"], {A: MAX_EXPIRES_S}),
        ([f"Contact: <{A}>;expires=7200"], {A: MAX_EXPIRES_S}),
        ([f"Contact: <{A}>;expires={MIN_EXPIRES_S}"], {A: MIN_EXPIRES_S}),
        ([f"Contact: <{A}>;expires=soon"], {A: MAX_EXPIRES_S}),  # malformed counts as not said (§20.19)
        ([f"Contact: <{A}>", "Expires: -1"], {A: MAX_EXPIRES_S}),
        ([f"Contact: {A};expires=100"], {A: 100}),
        ([f'Contact: "Alice, at home" <{A}>;expires=100'], {A: 100}),
        ([f"Contact: <{A}>;expires=0"], {}),
        ([f"Contact: <{A}>;expires=100, <{A}>;expires=0"], {}),
        ([f"Contact: <{A}>;expires=100, <{A}>;expires=200"], {A: 200}),
        (["Contact: *", "Expires: 0"], {}),
        ([], {}),
    ],
)
def test_what_is_bound_where_nothing_was(headers: list[str], after: dict[str, float]) -> None:
    update = done(asked(*headers))
    assert seconds(update) == after
    assert {b.contact for b in update.added} == set(after)
    assert update.removed == ()


@pytest.mark.parametrize(
    ("request_", "before", "after"),
    [
        (asked(), [bound(A), bound(B, left=60)], {A: 600, B: 60}),
        (asked(f"Contact: <{A}>;expires=300"), [bound(A), bound(B)], {A: 300, B: 600}),
        (asked(f"Contact: <{A};x=1>;expires=300"), [bound(A)], {f"{A};x=1": 300}),  # equal by §19.1.4
        (asked("Contact: <sip:ALICE@10.0.0.1:5060>"), [bound(A)], {A: 600, "sip:ALICE@10.0.0.1:5060": 3600}),
        (asked(f"Contact: <{A}>;expires=0"), [bound(A), bound(B)], {B: 600}),
        (asked("Contact: *", "Expires: 0"), [bound(A), bound(B)], {}),
        (asked("Contact: *", "Expires: 0", cseq=1, call_id="c2"), [bound(A, cseq=9)], {}),
        # Another Call-ID, say after a restart of the phone, need not count on.
        (asked(f"Contact: <{A}>;expires=300", call_id="c2", cseq=1), [bound(A, cseq=9)], {A: 300}),
    ],
)
def test_what_is_bound_where_something_was(request_: Request, before: list[Binding], after: dict[str, float]) -> None:
    update = done(request_, *before)
    assert seconds(update) == after
    kept = {b.contact for b in before} - {b.contact for b in update.removed}
    assert kept | {b.contact for b in update.added} == set(after)


@pytest.mark.parametrize(
    ("request_", "before", "status"),
    [
        (asked(f"Contact: <{A}>;expires={MIN_EXPIRES_S - 1}"), [], 423),
        (asked(f"Contact: <{B}>, <{A}>;expires=1"), [], 423),
        (asked("Contact: *"), [bound()], 400),
        (asked("Contact: *", "Expires: 1"), [bound()], 400),
        (asked("Contact: *", f"Contact: <{A}>", "Expires: 0"), [bound()], 400),
        (asked("Contact: *", "Expires: 0", cseq=1), [bound(cseq=1)], 500),
        (asked(f"Contact: <{A}>", cseq=5), [bound(cseq=5)], 500),
        (asked(f"Contact: <{B}>, <{A}>;expires=0", cseq=4), [bound(cseq=5)], 500),
        (asked("Contact: <sips:alice@10.0.0.1>"), [], 400),
        (asked("Contact: <tel:+15551234>"), [], 400),
        (asked("Contact: <mailto:a@b>"), [], 400),
        (asked("Contact: <sip:alice@10.0.0.1;transport=tls>"), [], 400),
        (asked(f"Contact: <sip:{'a' * MAX_CONTACT}@10.0.0.1>"), [], 400),
        (asked("Contact: <sip:\udcffa@10.0.0.1>"), [], 400),
        (asked("Contact: <sip:a@>"), [], 400),
        (asked(f"Contact: <{A}>", call_id="c" * (MAX_CALL_ID + 1)), [], 400),
        (asked(*[f"Contact: <sip:a{i}@10.0.0.1>" for i in range(MAX_CONTACTS + 1)]), [], 403),
        (asked("Contact: " + ", ".join(["<sip:a@b>"] * 200)), [], 403),
        (asked(f"Contact: <{A}>"), [bound(f"sip:a{i}@10.0.0.1") for i in range(MAX_CONTACTS)], 403),
    ],
)
def test_what_is_refused_as_a_whole(request_: Request, before: list[Binding], status: int) -> None:
    with pytest.raises(MessageError) as refused:
        done(request_, *before)
    assert refused.value.status == status
    assert (status == 423) == (("min-expires", str(MIN_EXPIRES_S)) in refused.value.headers)


def test_what_a_binding_keeps() -> None:
    update = done(asked(f"Contact: <{A}>;q=0.25;expires=100", "User-Agent: " + "Phone 1 \udcff" * 40))
    (new,) = update.added
    assert (new.login_id, new.account_id, new.contact, new.call_id, new.cseq) == ("login", "account", A, "c1", 2)
    assert (new.q, new.expires_at, new.registered_at, new.flow) == (250, NOW + 100, NOW, FLOW)
    assert len(new.user_agent) == MAX_USER_AGENT
    assert new.user_agent.startswith("Phone 1 ?")


@pytest.mark.parametrize(
    ("q", "kept"), [("1", 1000), ("0", 0), ("0.5", 500), ("0.125", 125), ("1.5", 1000), ("0.1234", 1000), ("x", 1000)]
)
def test_qvalues(q: str, kept: int) -> None:
    assert done(asked(f"Contact: <{A}>;q={q}")).added[0].q == kept


def test_the_answer_tells_all_that_is_bound() -> None:
    update = done(asked(f"Contact: <{A}>;expires=100;q=0.5"), bound(B, left=59.5))
    headers = answer_headers(update.after, NOW)
    assert [value for name, value in headers if name == "contact"] == [f"<{B}>;expires=60", f"<{A}>;expires=100;q=0.5"]
    assert ("date", "Mon, 12 Jan 1970 13:46:40 GMT") in headers


@pytest.mark.parametrize(
    ("contact", "called"),
    [
        (A, A),
        (f"{A};ob", f"{A};ob"),
        ("sip:a@10.0.0.1;method=INVITE;x=1", "sip:a@10.0.0.1;x=1"),
        ("sip:a@10.0.0.1?Route=%3Csip:evil%3E", "sip:a@10.0.0.1"),  # RFC 4475 §3.1.1.14 has such a Contact
    ],
)
def test_the_request_uri_of_calls(contact: str, called: str) -> None:
    assert request_uri(bound(contact)) == called
