"""The 12 messages of RFC 5118 section 4 (IPv6), and what becomes of them; the tools are those of rfc4475.py.

Each Content-Length is that of the lines here: the three that the RFC prints with a body do not fit its own text.
"""

from tests.sip.rfc4475 import Case, lines

_VIA = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"
_CALL_ID = "Call-ID: SSG9559905523997077@hlau_4100"


def _register(uri: str) -> bytes:
    """Sections 4.1 to 4.4, which differ in the Request-URI."""
    return lines(
        f"REGISTER {uri} SIP/2.0",
        "To: sip:user@example.com",
        "From: sip:user@example.com;tag=81x2",
        _VIA,
        _CALL_ID,
        "Max-Forwards: 70",
        'Contact: "Caller" <sip:caller@[2001:db8::1]>',
        "CSeq: 98176 REGISTER",
        "Content-Length: 0",
        "",
    )


def _options(host: str) -> bytes:
    """Section 4.10, whose two messages differ in the address."""
    return lines(
        f"OPTIONS sip:user@{host} SIP/2.0",
        f"To: sip:user@{host}",
        "From: sip:user@example.com;tag=810x2",
        "Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111",
        "Call-ID: G9559905523997077@hlau_4100",
        "CSeq: 689 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
    )


def _with_body(head: tuple[str, ...], body: bytes) -> bytes:
    return lines(*head, "Content-Type: application/sdp", f"Content-Length: {len(body)}", "") + body


VIA_RECEIVED_PARAM_WITH_DELIM = lines(
    "BYE sip:[2001:db8::10] SIP/2.0",
    "To: sip:user@example.com;tag=bd76ya",
    "From: sip:user@example.com;tag=81x2",
    "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111",
    _CALL_ID,
    "Max-Forwards: 70",
    "CSeq: 321 BYE",
    "Content-Length: 0",
    "",
)

VIA_RECEIVED_PARAM_NO_DELIM = lines(
    "OPTIONS sip:[2001:db8::10] SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:user@example.com;tag=81x2",
    "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3",
    "Call-ID: SSG95523997077@hlau_4100",
    "Max-Forwards: 70",
    'Contact: "Caller" <sip:caller@[2001:db8::9:1]>',
    "CSeq: 921 OPTIONS",
    "Content-Length: 0",
    "",
)

IPV6_IN_SDP = _with_body(
    (
        "INVITE sip:user@[2001:db8::10] SIP/2.0",
        "To: sip:user@[2001:db8::10]",
        "From: sip:user@example.com;tag=81x2",
        "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111",
        _CALL_ID,
        'Contact: "Caller" <sip:caller@[2001:db8::20]>',
        "CSeq: 8612 INVITE",
        "Max-Forwards: 70",
    ),
    lines(
        "v=0",
        "o=assistant 971731711378798081 0 IN IP6 2001:db8::20",
        "s=Live video feed for today's meeting",
        "c=IN IP6 2001:db8::20",
        "t=3338481189 3370017201",
        "m=audio 6000 RTP/AVP 2",
        "a=rtpmap:2 G726-32/8000",
        "m=video 6024 RTP/AVP 107",
        "a=rtpmap:107 H263-1998/90000",
    ),
)

MULT_IP_IN_HEADER = lines(
    "BYE sip:user@host.example.net SIP/2.0",
    "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111",
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144",
    "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
    "Call-ID: 997077@lau_4100",
    "Max-Forwards: 70",
    "CSeq: 89187 BYE",
    "To: sip:user@example.net;tag=9817--94",
    "From: sip:user@example.com;tag=81x2",
    "Content-Length: 0",
    "",
)

MULT_IP_IN_SDP = _with_body(
    (
        "INVITE sip:user@[2001:db8::10] SIP/2.0",
        "To: sip:user@[2001:db8::10]",
        "From: sip:user@example.com;tag=81x2",
        _VIA,
        _CALL_ID,
        'Contact: "Caller" <sip:caller@[2001:db8::9:1]>',
        "Max-Forwards: 70",
        "CSeq: 8912 INVITE",
    ),
    lines(
        "v=0",
        "o=bob 280744730 28977631 IN IP4 host.example.com",
        "s=",
        "t=0 0",
        "m=audio 22334 RTP/AVP 0",
        "c=IN IP4 192.0.2.1",
        "m=video 6024 RTP/AVP 107",
        "c=IN IP6 2001:db8::1",
        "a=rtpmap:107 H263-1998/90000",
    ),
)

IPV4_MAPPED_IPV6 = _with_body(
    (
        "INVITE sip:user@example.com SIP/2.0",
        "To: sip:user@example.com",
        "From: sip:user@east.example.com;tag=81x2",
        "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
        "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111",
        _CALL_ID,
        'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
        "CSeq: 612 INVITE",
        "Max-Forwards: 70",
    ),
    lines(
        "v=0",
        "o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2",
        "s=Call me soon, please!",
        "c=IN IP6 ::ffff:192.0.2.2",
        "t=3338481189 3370017201",
        "m=audio 6000 RTP/AVP 2",
        "a=rtpmap:2 G726-32/8000",
        "m=video 6024 RTP/AVP 107",
        "a=rtpmap:107 H263-1998/90000",
    ),
)

CASES = (
    Case(
        "ipv6-good", "4.1", "Valid message with an IPv6 reference", "accept", None, "", _register("sip:[2001:db8::10]")
    ),
    Case(
        "ipv6-bad",
        "4.2",
        "IPv6 address without its brackets",
        "refuse",
        400,
        "where the address would end and the port begin is not to be guessed",
        _register("sip:2001:db8::10"),
    ),
    Case(
        "port-ambiguous",
        "4.3",
        "Port ambiguous in a SIP URI",
        "accept",
        None,
        "5070 is the end of the address, and there is no port",
        _register("sip:[2001:db8::10:5070]"),
    ),
    Case(
        "port-unambiguous",
        "4.4",
        "Port unambiguous in a SIP URI",
        "accept",
        None,
        "",
        _register("sip:[2001:db8::10]:5070"),
    ),
    Case(
        "via-received-param-with-delim",
        "4.5",
        "IPv6 reference delimiters in Via: received with brackets",
        "accept",
        None,
        "read without the brackets, and never written with them",
        VIA_RECEIVED_PARAM_WITH_DELIM,
    ),
    Case(
        "via-received-param-no-delim",
        "4.5",
        "IPv6 reference delimiters in Via: received without brackets",
        "accept",
        None,
        "",
        VIA_RECEIVED_PARAM_NO_DELIM,
    ),
    Case("ipv6-in-sdp", "4.6", "IPv6 addresses in the SDP body", "accept", None, "", IPV6_IN_SDP),
    Case(
        "mult-ip-in-header",
        "4.7",
        "Addresses of both versions in header fields",
        "accept",
        None,
        "",
        MULT_IP_IN_HEADER,
    ),
    Case(
        "mult-ip-in-sdp",
        "4.8",
        "Addresses of both versions in the SDP body",
        "accept",
        None,
        "which media to take is for the user of the stack",
        MULT_IP_IN_SDP,
    ),
    Case("ipv4-mapped-ipv6", "4.9", "IPv4-mapped IPv6 addresses", "accept", None, "", IPV4_MAPPED_IPV6),
    Case(
        "ipv6-bug-abnf-3-colons",
        "4.10",
        "Three colons, as RFC 3261's grammar has it",
        "accept",
        None,
        "the address is kept as written; nothing can be sent to it",
        _options("[2001:db8:::192.0.2.1]"),
    ),
    Case(
        "ipv6-correct-abnf-2-colons",
        "4.10",
        "Two colons, as RFC 4291 has it",
        "accept",
        None,
        "",
        _options("[2001:db8::192.0.2.1]"),
    ),
)
"""In the order of the RFC."""
