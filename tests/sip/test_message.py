"""Messages: reading, lazy properties, building, and the source of a request."""

import pytest

from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import MAX_HEADERS, MAX_LINE, MAX_MESSAGE, parse
from trunkline.sip.replying import reply, response_address, stamp_source
from trunkline.sip.uri import MessageError
from trunkline.sip.via import Via

HEAD = (
    "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa;rport",
    "Max-Forwards: 70",
    "From: Alice <sip:alice@example.com>;tag=f1",
    "To: <sip:bob@example.com>",
    "Call-ID: c1",
    "CSeq: 7 INVITE",
    "Contact: <sip:alice@192.0.2.1:5070>",
)


def build(
    *extra: str, start: str = "INVITE sip:bob@example.com SIP/2.0", without: str = "", body: bytes = b""
) -> bytes:
    lines = [start, *[line for line in HEAD if not without or not line.startswith(without)], *extra]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def request(
    *extra: str, start: str = "INVITE sip:bob@example.com SIP/2.0", without: str = "", body: bytes = b""
) -> Request:
    message = parse(build(*extra, start=start, without=without, body=body))
    assert isinstance(message, Request)
    return message


def refusal(data: bytes) -> MessageError:
    with pytest.raises(MessageError) as caught:
        parse(data)
    return caught.value


def test_request() -> None:
    message = request("Route: <sip:p1;lr>, <sip:p2;lr>", "Route: <sip:p3;lr>", "Record-Route: <sip:r1;lr>", body=b"v=0")
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@example.com", b"v=0")
    assert (message.call_id, message.cseq, message.cseq_method, message.max_forwards) == ("c1", 7, "INVITE", 70)
    assert (message.from_tag, message.to_tag) == ("f1", None)
    assert (message.from_.display_name, message.from_.uri.user, message.to.uri.user) == ("Alice", "alice", "bob")
    assert message.contact is not None
    assert message.contact.uri.port == 5070
    assert (message.via.host, message.via.port, message.via.branch, message.via.rport) == (
        "192.0.2.1",
        5070,
        "z9hG4bKa",
        "",
    )
    assert message.request_uri.user == "bob"
    assert message.route == ["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]
    assert message.record_route == ["<sip:r1;lr>"]
    assert message.get("subject") is None
    assert message.get_all("route") == ["<sip:p1;lr>, <sip:p2;lr>", "<sip:p3;lr>"]
    assert message.from_ is message.from_
    message.validate()


def test_response() -> None:
    message = parse(build(start="SIP/2.0 180 Ringing around"))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (180, "Ringing around")
    assert parse(message.to_bytes()).headers[:-1] == message.headers


@pytest.mark.parametrize("start", ["sip/2.0 200 OK", "SIP/2.0 200", "SIP/2.0 200 "])
def test_tolerated_status_lines(start: str) -> None:
    message = parse(build(start=start))
    assert isinstance(message, Response)
    assert message.status == 200


@pytest.mark.parametrize(
    "start",
    ["SIP/2.0", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 20 x", "SIP/2.0 2000 x",
     "SIP/2.0 \u0662\u0660\u0660 x", "SIP/1.0 200 OK"],
)  # fmt: skip
def test_refused_status_lines(start: str) -> None:
    assert refusal(build(start=start)).request is None


@pytest.mark.parametrize(
    ("start", "status", "answerable"),
    [
        ("INVITE sip:bob@example.com SIP/3.0", 505, True),
        ("INVITE sip:bob@example.com HTTP/1.1", 400, False),
        ("INVITE sip:bob@example.com", 400, False),
        ("INVITE  sip:bob@example.com SIP/2.0", 400, True),
        ("INVITE sip:bob@example.com SIP/2.0 ", 400, True),
        ("INV(TE sip:bob@example.com SIP/2.0", 400, False),
        (" sip:bob@example.com SIP/2.0", 400, False),
        ("BYE sip:bob@example.com SIP/2.0", 400, True),
        ("ACK sip:bob@example.com SIP/2.0", 400, False),
        ("", 400, False),
    ],
)
def test_request_lines(start: str, status: int, answerable: bool) -> None:
    error = refusal(build(start=start))
    assert (error.status, error.request is not None) == (status, answerable)
    assert str(error) == error.reason


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_mandatory_fields(name: str) -> None:
    error = refusal(build(without=name))
    assert (error.status, error.reason, error.request) == (400, f"Missing {name}", None)
    assert refusal(build(f"{name}:", without=name)).request is None


@pytest.mark.parametrize("line", ["From: <sip:x@y>", "t: <sip:x@y>", "i: c2", "CSeq: 8 INVITE", "Max-Forwards: 3"])
def test_fields_that_stand_once(line: str) -> None:
    error = refusal(build(line))
    assert error.reason.startswith("More than one ")
    assert error.request is not None


@pytest.mark.parametrize(
    "cseq",
    ["x INVITE", "-1 INVITE", "1", "INVITE", "2147483648 INVITE", "1 BYE", "1 invite", "\u0661 INVITE", "1 INVITE x",
     5000 * "9" + " INVITE"],
)  # fmt: skip
def test_refused_cseq(cseq: str) -> None:
    error = refusal(build(f"CSeq: {cseq}", without="CSeq"))
    assert (error.status, error.request is not None) == (400, True)


@pytest.mark.parametrize("cseq", ["0 INVITE", "2147483647 INVITE", "0007 INVITE", "7 \t INVITE", 90 * "0" + "7 INVITE"])
def test_accepted_cseq(cseq: str) -> None:
    assert request(f"CSeq: {cseq}", without="CSeq").cseq_method == "INVITE"


@pytest.mark.parametrize(("length", "body"), [("0", b""), ("3", b"abc"), ("5", b"abcde"), ("0005", b"abcde")])
def test_content_length_cuts(length: str, body: bytes) -> None:
    assert request(f"l: {length}", body=b"abcde").body == body


@pytest.mark.parametrize("length", ["6", "-1", "x", "", "1e1", "99999999999999999999", "+5", "5, 5"])
def test_refused_content_length(length: str) -> None:
    error = refusal(build(f"Content-Length: {length}", body=b"abcde"))
    assert (error.status, error.request is not None) == (400, True)


def test_syntax_of_header_fields() -> None:
    message = request(
        "s :  one\r\n two\r\n\tthree ", "x-ODD-name:\t", "X-\udcff: nothing".replace("\udcff", "Y"), "u:,"
    )
    assert message.get("subject") == "one two three"
    assert message.get("x-odd-name") == ""
    assert message.get("allow-events") == ","
    for line in ("no colon", "bad name: x", ": x", "\u00e9: x", "Subject", "a\0: x"):
        error = refusal(build(line))
        assert (error.reason, error.request is not None) == ("Malformed header field", True)


@pytest.mark.parametrize("line", ["Subject: a\rb", "Subject: a\nEvil: b", "Subject: a\n\n", "\nSubject: a"])
def test_bare_line_breaks(line: str) -> None:
    assert refusal(build(line)).status == 400


def test_empty_lines_in_front() -> None:
    assert parse(b"\r\n\r\n" + build()).call_id == "c1"
    assert refusal(b"\r\n" * 100).request is None
    assert refusal(b"").request is None


def test_bytes_that_are_not_utf8_survive() -> None:
    message = request("Subject: \udcff\udcfe\u00e9")
    assert b"Subject: \xff\xfe\xc3\xa9\r\n" in message.to_bytes()


def test_bounds() -> None:
    assert refusal(b"x" * (MAX_MESSAGE + 1)).status == 513
    spare = MAX_HEADERS - len(HEAD)
    assert len(request(*spare * ["A: b"]).headers) == MAX_HEADERS
    assert refusal(build(*(spare + 1) * ["A: b"])).reason == "Too many header fields"
    assert request("A: " + "b" * (MAX_LINE - 3)).get("accept-contact") is not None
    assert refusal(build("A: " + "b" * MAX_LINE)).reason == "Line too long"
    assert refusal(build("A: b" + "\r\n b" * 5000)).reason == "Line too long"


def test_a_missing_end_of_the_header() -> None:
    error = refusal(build()[:-2])
    assert (error.status, error.request is not None) == (400, True)


@pytest.mark.parametrize(
    ("line", "status", "without"),
    [
        ("Require: 100rel, x", 420, ""),
        ("Contact: <sip:a", 400, "Contact"),
        ("Contact: *", None, "Contact"),
        ("Route: sip:p", 400, ""),
        ("Record-Route: <sip:p>, <sip:q", 400, ""),
        ("Max-Forwards: 256", 400, "Max-Forwards"),
        ("Max-Forwards: 255", None, "Max-Forwards"),
        ("From: <sip:a@h>;tag=", 400, "From"),
        ("To: bob", 400, "To"),
        ("Via: SIP/2.0/UDP h;branch=", 400, "Via"),
        ("Via: SIP/2.0/UDP h;branch=z9hG4bKb;", 400, "Via"),
        ("Via: SIP/2.0/UDP", 400, "Via"),
        ("Via: SIP/3.0/UDP h", 400, "Via"),
        ("Via: SIP/2.0/UDP h:0", 400, "Via"),
        ("Content-Type: text/plain", 415, ""),
        ("Content-Type: Application/SDP;x=y", None, ""),
        ("Require: 100REL", None, ""),
    ],
)
def test_validate(line: str, status: int | None, without: str) -> None:
    extra = [] if "Content-Type" in line else ["Content-Type: application/sdp"]
    message = request(line, *extra, without=without, body=b"v=0")
    if status is None:
        message.validate({"100rel"}, {"application/sdp"})
        return
    with pytest.raises(MessageError) as caught:
        message.validate({"100rel"}, {"application/sdp"})
    assert (caught.value.status, caught.value.request) == (status, message)


@pytest.mark.parametrize(
    ("uri", "status"), [("http://x", 416), ("<sip:x>", 400), ("sip:a@h?x=y", 400), ("nothing", 400)]
)
def test_validate_request_uri(uri: str, status: int) -> None:
    with pytest.raises(MessageError) as caught:
        request(start=f"INVITE {uri} SIP/2.0").validate()
    assert caught.value.status == status


def test_require_is_ignored_in_ack_and_cancel() -> None:
    for method in ("ACK", "CANCEL"):
        line = f"CSeq: 7 {method}"
        request("Require: x", line, start=f"{method} sip:bob@h SIP/2.0", without="CSeq").validate()


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("<sip:a@h>", None),
        ("<sip:a@h>;tag=x", "x"),
        ("<sip:a@h>;a=b;tag=x;c", "x"),
        ("<sip:a@h> ; TAG = x ", "x"),
        ("<sip:a@h;tag=u>", None),
        ("<sip:a@h;tag=u>;tag=x", "x"),
        ("sip:a@h;tag=x", "x"),
        ("sip:a@h", None),
        ('"n;tag=q" <sip:a@h>', None),
        ('"n>;tag=q" <sip:a@h>;x=y', None),
        ('<sip:a@h>;x=">;tag=q";tag=x', "x"),
        ('<sip:a@h>;tag=x;y=";tag=q"', "x"),
        ("<sip:a@h>;tag=", None),
        ("<sip:a@h>;x=y", None),
    ],
)
def test_tags(value: str, tag: str | None) -> None:
    assert request(f"To: {value}", without="To").to_tag == tag


def test_changing_headers() -> None:
    message = request("X-A: 1", "Subject: s", "X-A: 2")
    assert message.cseq == 7
    message.set("x-a", "3")
    assert message.get_all("x-a") == ["3"]
    assert message.headers[len(HEAD)] == ("x-a", "3")
    message.set("cseq", "8 INVITE")
    assert message.cseq == 8
    message.remove("subject")
    message.add("user-agent", "t")
    assert message.get("subject") is None
    assert message.get("user-agent") == "t"


def test_to_bytes() -> None:
    headers = [("via", "v"), ("cseq", "1 BYE"), ("call-id", "c"), ("content-length", "99"), ("x-my-own", "y")]
    data = Request("BYE", "sip:a@h", [*headers, ("www-authenticate", "w")], b"abc").to_bytes("SIP/2.0/UDP top")
    assert data == (
        b"BYE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP top\r\nVia: v\r\nCSeq: 1 BYE\r\nCall-ID: c\r\n"
        b"X-My-Own: y\r\nWWW-Authenticate: w\r\nContent-Length: 3\r\n\r\nabc"
    )


@pytest.mark.parametrize("value", ["a\r\nEvil: b", "a\rb", "a\nb", "a\r\n"])
def test_line_breaks_are_never_sent(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        Request("BYE", "sip:a@h", [("subject", value)]).to_bytes()
    with pytest.raises(ValueError, match="line break"):
        Response(200, value, []).to_bytes()


def test_reply() -> None:
    message = request("Via: SIP/2.0/UDP 192.0.2.3", "Record-Route: <sip:r;lr>", "Timestamp: 5", "Subject: s")
    trying = reply(message, 100)
    assert (trying.reason, trying.to_tag, trying.get("timestamp")) == ("Trying", None, "5")
    assert trying.get("record-route") is None
    ok = reply(message, 200, to_tag="t", headers=(("allow", "BYE"),), body=b"v=0", content_type="application/sdp")
    assert [name for name, _ in ok.headers] == [
        "via", "via", "record-route", "from", "to", "call-id", "cseq", "allow", "content-type",
    ]  # fmt: skip
    assert ok.to_tag == "t"
    refused = reply(message, 404, "No such number", to_tag="t")
    assert (refused.reason, refused.get("record-route")) == ("No such number", None)
    inside = request("To: <sip:bob@h>;tag=mine", without="To")
    assert reply(inside, 200, to_tag="other").to_tag == "mine"
    odd = request('To: "x <sip:bob@h>;y="', without="To")
    assert reply(odd, 400, to_tag="t").get("to") == odd.get("to")
    again = parse(ok.to_bytes())
    assert (again.body, again.get("content-length")) == (b"v=0", "3")


@pytest.mark.parametrize(
    ("via", "stamped", "address"),
    [
        ("192.0.2.1", "192.0.2.1", ("192.0.2.1", 5060)),
        ("192.0.2.1;branch=b;rport", "192.0.2.1;branch=b;rport=9999;received=192.0.2.1", ("192.0.2.1", 9999)),
        ("h:5070;branch=b", "h:5070;branch=b;received=192.0.2.1", ("192.0.2.1", 5070)),
        ("h;received=203.0.113.9;rport=1", "h;rport=9999;received=192.0.2.1", ("192.0.2.1", 9999)),
        ("192.0.2.1;received=203.0.113.9", "192.0.2.1", ("192.0.2.1", 5060)),
        ('h;x=";rport,";rport, SIP/2.0/TCP j',
         'h;x=";rport,";rport=9999;received=192.0.2.1, SIP/2.0/TCP j', ("192.0.2.1", 9999)),
    ],
)  # fmt: skip
def test_stamp_source(via: str, stamped: str, address: tuple[str, int]) -> None:
    message = request(f"Via: SIP/2.0/UDP {via}", without="Via")
    assert stamp_source(message, "192.0.2.1", 9999) == address
    assert message.get("via") == f"SIP/2.0/UDP {stamped}"
    assert response_address(message) == address
    assert response_address(parse(reply(message, 200).to_bytes())) == address


def test_ipv6_source() -> None:
    message = request("Via: SIP/2.0/UDP [2001:db8::1]:5070;rport", without="Via")
    assert stamp_source(message, "2001:db8::2", 5099) == ("2001:db8::2", 5099)
    assert message.get("via") == "SIP/2.0/UDP [2001:db8::1]:5070;rport=5099;received=2001:db8::2"
    assert Via.parse("SIP/2.0/UDP h;received=[2001:db8::9]").address == ("2001:db8::9", 5060)


@pytest.mark.parametrize(
    ("via", "port"), [("SIP/2.0/TLS h", 5061), ("SIP/2.0/TCP h;rport=x", 5060), ("SIP/2.0/UDP h;rport=123456", 5060)]
)
def test_default_ports(via: str, port: int) -> None:
    assert Via.parse(via).address == ("h", port)


def test_missing_fields_of_built_messages() -> None:
    empty = Request("OPTIONS", "sip:h", [])
    for read in (
        lambda: empty.via,
        lambda: empty.call_id,
        lambda: empty.from_,
        lambda: empty.cseq,
        lambda: reply(empty, 200),
    ):
        with pytest.raises(MessageError):
            read()
    assert (empty.contact, empty.max_forwards, empty.route) == (None, None, [])
