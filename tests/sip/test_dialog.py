"""Dialogs: identity, order, routing and targets."""

import pytest

from trunkline.sip.dialog import Dialog
from trunkline.sip.fields import Header
from trunkline.sip.message import Request
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError, SipUri


def invite(*extra: Header, contact: str = "<sip:alice@192.0.2.1:5070>") -> Request:
    headers: list[Header] = [
        ("via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"),
        ("from", "Alice <sip:alice@a.example>;tag=alice1"),
        ("to", "<sip:bob@b.example>"),
        ("call-id", "c1"),
        ("cseq", "314 INVITE"),
        ("max-forwards", "70"),
    ]
    if contact:
        headers.append(("contact", contact))
    return Request("INVITE", "sip:bob@b.example", [*headers, *extra])


def both(*routes: str) -> tuple[Dialog, Dialog]:
    """The caller's and the callee's view of one dialog."""
    request = invite(*[("record-route", route) for route in routes])
    response = reply(request, 200, to_tag="bob1", headers=(("contact", "<sip:bob@192.0.2.4>"),))
    return Dialog.as_client(request, response), Dialog.as_server(request, "bob1", "<sip:bob@192.0.2.4>")


def test_the_two_sides_mirror_each_other() -> None:
    caller, callee = both("<sip:p1;lr>, <sip:p2;lr>", "<sip:p3;lr>")
    assert caller.id == ("c1", "alice1", "bob1")
    assert callee.id == ("c1", "bob1", "alice1")
    assert (caller.remote_target, callee.remote_target) == ("sip:bob@192.0.2.4", "sip:alice@192.0.2.1:5070")
    assert callee.route_set == ["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]
    assert caller.route_set == callee.route_set[::-1]
    assert (caller.local_seq, caller.remote_seq) == (314, -1)
    assert (callee.local_seq, callee.remote_seq) == (0, 314)


def test_requests_of_each_side() -> None:
    caller, callee = both()
    bye = caller.make_request("BYE")
    assert (bye.method, bye.uri, bye.cseq, bye.get("contact")) == ("BYE", "sip:bob@192.0.2.4", 315, None)
    assert bye.get("from") == "Alice <sip:alice@a.example>;tag=alice1"
    assert bye.get("to") == "<sip:bob@b.example>;tag=bob1"
    assert callee.matches(bye)
    assert not caller.matches(bye)
    again = callee.make_request("INVITE", body=b"v=0", content_type="application/sdp", headers=(("subject", "s"),))
    assert (again.cseq, again.get("contact"), again.body) == (1, "<sip:bob@192.0.2.4>", b"v=0")
    assert (again.get("content-type"), again.get("subject")) == ("application/sdp", "s")
    assert caller.matches(again)
    assert caller.accept(again)


def test_ack_has_the_number_of_its_invite() -> None:
    caller, callee = both("<sip:p1;lr>")
    ack = caller.make_ack(314, body=b"v=0", content_type="application/sdp")
    assert (ack.method, ack.cseq, ack.cseq_method, ack.body, ack.route) == ("ACK", 314, "ACK", b"v=0", ["<sip:p1;lr>"])
    assert caller.local_seq == 314
    assert callee.accept(ack)
    assert callee.remote_seq == 314


def test_order() -> None:
    caller, callee = both()
    first, second = caller.make_request("INFO"), caller.make_request("INFO")
    assert callee.accept(second)
    assert not callee.accept(first)
    assert not callee.accept(second)
    assert callee.remote_seq == 316


def test_loose_routing() -> None:
    caller, _ = both("<sip:p1;lr>", "<sip:p2:5070;lr>")
    bye = caller.make_request("BYE")
    assert (bye.uri, bye.route) == ("sip:bob@192.0.2.4", ["<sip:p2:5070;lr>", "<sip:p1;lr>"])
    assert caller.next_hop() == SipUri.parse("sip:p2:5070;lr")


def test_strict_routing() -> None:
    caller, _ = both("<sip:p1;lr>", "<sip:p2;x=y;method=INVITE?a=b>;z")
    bye = caller.make_request("BYE")
    assert (bye.uri, bye.route) == ("sip:p2;x=y", ["<sip:p1;lr>", "<sip:bob@192.0.2.4>"])
    assert caller.next_hop().host == "p2"


def test_next_hop_without_routes() -> None:
    caller, _ = both()
    assert caller.next_hop() == SipUri.parse("sip:bob@192.0.2.4")


@pytest.mark.parametrize(("method", "moves"), [("INVITE", True), ("UPDATE", True), ("INFO", False), ("BYE", False)])
def test_target_refresh(method: str, moves: bool) -> None:
    caller, callee = both()
    request = caller.make_request(method)
    request.set("contact", "<sip:alice@192.0.2.77>;expires=5")
    assert callee.accept(request)
    assert callee.remote_target == ("sip:alice@192.0.2.77" if moves else "sip:alice@192.0.2.1:5070")
    response = reply(request, 200, headers=(("contact", "<sip:bob@192.0.2.88>"),))
    caller.refresh(response)
    assert caller.remote_target == "sip:bob@192.0.2.88"
    caller.refresh(reply(request, 200))
    assert caller.remote_target == "sip:bob@192.0.2.88"


def test_a_bad_contact_changes_nothing() -> None:
    caller, callee = both()
    request = caller.make_request("INVITE")
    request.set("contact", "<sip:alice@")
    with pytest.raises(MessageError):
        callee.accept(request)
    assert (callee.remote_seq, callee.remote_target) == (314, "sip:alice@192.0.2.1:5070")


@pytest.mark.parametrize("contact", ["", "*", "<sip:", "sip:a b"])
def test_no_dialog_without_a_target(contact: str) -> None:
    with pytest.raises(MessageError):
        Dialog.as_server(invite(contact=contact), "t", "<sip:me>")


def test_no_dialog_within_a_dialog() -> None:
    request = invite()
    request.set("to", "<sip:bob@b.example>;tag=old")
    with pytest.raises(MessageError):
        Dialog.as_server(request, "t", "<sip:me>")


def test_early_dialog_without_contact() -> None:
    request = invite()
    assert Dialog.as_client(request, reply(request, 180, to_tag="t")).remote_target == request.uri


@pytest.mark.parametrize(
    ("name", "value"), [("call-id", "c2"), ("to", "<sip:b>;tag=x"), ("from", "<sip:a>;tag=x"), ("to", "<sip:b>")]
)
def test_requests_of_other_dialogs(name: str, value: str) -> None:
    caller, callee = both()
    bye = caller.make_request("BYE")
    bye.set(name, value)
    assert not callee.matches(bye)
