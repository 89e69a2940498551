"""The IPv6 torture messages of RFC 5118: each gets the RFC's verdict, and its addresses are read and written right."""

from itertools import count

import pytest

from tests.sip.rfc4475 import Case
from tests.sip.rfc5118 import CASES
from trunkline.sip.events import RequestReceived
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply, stamp_source
from trunkline.sip.transaction import Transactions
from trunkline.sip.uri import MessageError, SipUri
from trunkline.sip.via import Via

SOURCE = Hop("2001:db8::9:7", 5099, Door("UDP", "2001:db8::10", 5060))
BY_NAME = {case.name: case for case in CASES}
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def request(name: str) -> Request:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Request)
    message.validate()
    return message


def host_port(name: str) -> tuple[str, int | None]:
    uri = request(name).request_uri
    return uri.host, uri.port


def test_the_table_is_complete() -> None:
    assert len(CASES) == 12
    assert {case.section for case in CASES} == {f"4.{number}" for number in range(1, 11)}
    assert [case.name for case in CASES if case.verdict == "refuse"] == ["ipv6-bad"]
    assert all((case.status is None) == (case.verdict == "accept") for case in CASES)


@each_case
def test_verdict(case: Case) -> None:
    message = parse(case.data)
    assert isinstance(message, Request)
    if case.status is None:
        message.validate()
        return
    with pytest.raises(MessageError) as caught:
        message.validate()
    assert caught.value.status == case.status
    assert caught.value.request is message


@each_case
def test_transaction_layer(case: Case) -> None:
    tokens = count()
    layer = Transactions(new_branch=lambda: f"t{next(tokens)}")
    layer.receive(case.data, SOURCE, 0.0)
    (event,) = layer.events
    assert isinstance(event, RequestReceived)
    assert not layer.sends
    layer.respond(event.txn, reply(event.request, 404, to_tag="t"), 0.0)
    ((data, (host, *_)),) = layer.sends
    assert host == SOURCE[0]
    top, *_ = parse(data).get_all("via")
    assert f";received={SOURCE[0]}" in top


@each_case
def test_addresses_survive_a_round_trip(case: Case) -> None:
    message = parse(case.data)
    vias = [Via.parse(value) for value in message.get_all("via")]
    assert [str(Via.parse(str(via))) for via in vias] == [str(via) for via in vias]
    uris = [message.from_.uri, message.to.uri] + ([message.contact.uri] if message.contact else [])
    if isinstance(message, Request) and case.status is None:
        uris.append(message.request_uri)
    assert [SipUri.parse(str(uri)) for uri in uris] == uris


@each_case
def test_cut_anywhere(case: Case) -> None:
    for end in range(len(case.data)):
        try:
            message = parse(case.data[:end])
            if isinstance(message, Request):
                message.validate()
        except MessageError:
            pass


def test_ports() -> None:
    assert host_port("ipv6-good") == ("2001:db8::10", None)
    assert host_port("port-ambiguous") == ("2001:db8::10:5070", None)
    assert host_port("port-unambiguous") == ("2001:db8::10", 5070)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_received_is_read_and_written_without_brackets(name: str) -> None:
    message = request(name)
    assert message.via.received == "2001:db8::9:255"
    assert message.via.address == ("2001:db8::9:255", 5060)
    assert stamp_source(message, *SOURCE[:2]) == (SOURCE[0], 5060)
    assert message.get("via") == f"SIP/2.0/UDP [2001:db8::9:1];branch={message.via.branch};received=2001:db8::9:7"


def test_both_versions_in_header_fields() -> None:
    vias = [Via.parse(value) for value in request("mult-ip-in-header").get_all("via")]
    assert [(via.transport, via.host, via.port) for via in vias] == [
        ("UDP", "2001:db8::9:1", 6050),
        ("UDP", "192.0.2.1", None),
        ("TCP", "2001:db8::9:255", None),
    ]
    assert vias[2].address == ("192.0.2.200", 5060)


def test_mapped_addresses() -> None:
    message = request("ipv4-mapped-ipv6")
    assert (message.via.host, message.via.port) == ("::ffff:192.0.2.10", 19823)
    assert message.contact is not None
    assert message.contact.uri.host == "::ffff:192.0.2.2"


def test_colons() -> None:
    assert host_port("ipv6-bug-abnf-3-colons") == ("2001:db8:::192.0.2.1", None)
    assert host_port("ipv6-correct-abnf-2-colons") == ("2001:db8::192.0.2.1", None)


def test_bodies_are_whole() -> None:
    for name, address in (("ipv6-in-sdp", "2001:db8::20"), ("mult-ip-in-sdp", "2001:db8::1")):
        body = request(name).body
        assert f"IN IP6 {address}\r\n".encode() in body
        assert body.endswith(b"a=rtpmap:107 H263-1998/90000\r\n")
