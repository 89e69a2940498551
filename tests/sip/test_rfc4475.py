"""The torture messages of RFC 4475: each gets the RFC's verdict, or ours where the RFC leaves a choice."""

from itertools import count

import pytest

from tests.sip.rfc4475 import CASES, Case
from trunkline.sip.events import Malformed, RequestReceived
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import parse
from trunkline.sip.transaction import Transactions
from trunkline.sip.uri import MessageError, NameAddr, Params, SipUri, split_list

SOURCE = Hop("198.51.100.7", 5099, Door("UDP", "192.0.2.200", 5060))
BY_NAME = {case.name: case for case in CASES}
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def request(name: str) -> Request:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Request)
    message.validate()
    return message


def response(name: str) -> Response:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Response)
    return message


def test_the_table_is_complete() -> None:
    assert len(CASES) == 49
    assert [case.verdict for case in CASES].count("accept") >= 13
    for case in CASES:
        if case.verdict == "accept":
            assert case.status is None
        elif case.verdict == "refuse":
            assert case.status
        elif case.verdict == "drop":
            assert case.status == 0


@each_case
def test_verdict(case: Case) -> None:
    types = {"application/sdp"} if case.name == "invut" else None

    def judge() -> None:
        message = parse(case.data)
        if isinstance(message, Request):
            message.validate(content_types=types)

    if case.status is None:
        judge()
        return
    with pytest.raises(MessageError) as caught:
        judge()
    is_response = case.data.startswith(b"SIP/")
    assert case.status == (0 if is_response else caught.value.status)
    assert (caught.value.request is None) == (is_response or case.name == "insuf")


@each_case
def test_transaction_layer(case: Case) -> None:
    tokens = count()
    layer = Transactions(new_branch=lambda: f"t{next(tokens)}")
    layer.receive(case.data, SOURCE, 0.0)
    if case.data.startswith(b"SIP/"):
        assert not layer.sends
        assert all(isinstance(event, Malformed) for event in layer.events)
        return
    (event,) = layer.events
    if isinstance(event, Malformed):
        assert event.error.status == case.status
        answered = [data for data, _ in layer.sends]
        assert bool(answered) == (case.name != "insuf")
        for data in answered:
            answer = data.partition(b"\r\n")[0]
            assert answer.startswith(f"SIP/2.0 {case.status} ".encode())
    else:
        assert isinstance(event, RequestReceived)
        assert not layer.sends


@each_case
def test_cut_anywhere(case: Case) -> None:
    for end in range(len(case.data)):
        try:
            message = parse(case.data[:end])
            if isinstance(message, Request):
                message.validate()
        except MessageError:
            pass


def test_wsinv() -> None:
    message = request("wsinv")
    assert message.to_tag == "1918181833n"
    assert message.from_tag == "98asjd8"
    assert message.from_.display_name == 'J Rosenberg \\"'
    assert (message.cseq, message.cseq_method) == (9, "INVITE")
    assert message.max_forwards == 68
    assert message.get("subject") == ""
    vias = message.get_list("via")
    assert len(vias) == 3
    assert (message.via.transport, message.via.host, message.via.branch) == ("UDP", "192.0.2.2", "390skdjuw")
    assert message.contact is not None
    assert message.contact.display_name == 'Quoted string ""'
    assert message.contact.params == (("newparam", "newvalue"), ("secondparam", None), ("q", "0.33"))
    assert len(message.body) == 150
    assert message.route == ["<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"]
    assert message.request_uri.params == (("unknownparam", None),)


def test_intmeth() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.request_uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.request_uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_tag == "_token~1'+`*%!-."
    assert message.get("extensionheader-!.%*+_`'~") == "\ufeff\u5927\u505c\u96fb"


def test_escapes() -> None:
    message = request("esc01")
    assert message.request_uri.user == "sips:user@example.com"
    assert message.to.uri.user == "user"
    assert message.from_.uri.user == "I have spaces"
    assert message.contact is not None
    expected: Params = (("lr", None), ("name", "value%41"))
    assert (message.contact.uri.user, message.contact.uri.params) == ("caller", expected)
    assert SipUri.parse(str(message.contact.uri)) == message.contact.uri
    nulls = request("escnull")
    assert [NameAddr.parse(value).uri.user for value in nulls.get_all("contact")] == ["\0", "\0\0"]
    odd = request("esc02")
    assert odd.method == "RE%47IST%45R"
    assert odd.to.display_name == "%Z%45"
    assert len(odd.get_all("contact")) == 2
    assert odd.via.branch == "z9hG4bK209%fzsnel234"


def test_other_valid_messages() -> None:
    assert request("lwsdisp").from_.display_name == "caller"
    long = request("longreq")
    assert len(long.get_all("via")) == 34
    assert long.contact is not None
    assert request("dblreq").body == b""
    assert request("semiuri").request_uri.user == "user;par=u@example.net"
    vias = request("transports").get_all("via")
    assert [value.split()[0].rpartition("/")[2] for value in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]
    assert request("mpart01").body.count(b"7a9cbec02ceef655") == 3
    assert response("unreason").reason.startswith("= 2**3 * 5**2 \u043d\u043e")
    assert response("noreason").reason == ""


def test_parameters_of_contact() -> None:
    outside, inside, escaped = (request(name).contact for name in ("cparam01", "cparam02", "regescrt"))
    assert outside is not None
    assert (outside.params, outside.uri.params) == ((("unknownparam", None),), ())
    assert inside is not None
    assert (inside.params, inside.uri.params) == ((), (("unknownparam", None),))
    assert escaped is not None
    assert escaped.uri.headers == "Route=%3Csip:sip.example.com%3E"


def test_application_layer_messages() -> None:
    with pytest.raises(MessageError) as caught:
        request("bext01")
    assert caught.value.headers == (("unsupported", "nothingSupportsThis, nothingSupportsThisEither"),)
    message = parse(BY_NAME["invut"].data)
    assert isinstance(message, Request)
    with pytest.raises(MessageError) as caught:
        message.validate(content_types={"application/sdp"})
    assert (caught.value.status, caught.value.headers) == (415, (("accept", "application/sdp"),))
    assert request("zeromf").max_forwards == 0
    assert request("unksm2").to.uri == SipUri("isbn", None, "", opaque="2983792873")
    assert request("inv2543").max_forwards is None
    assert request("inv2543").body.endswith(b"m=audio 49217 RTP/AVP 0\r\n")
    assert [split_list(value) for value in response("bcast").get_all("via")][1] == [
        "SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23"
    ]
