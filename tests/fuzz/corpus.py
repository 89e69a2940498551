"""What the mutations start from: the torture messages of two RFCs, and the ordinary traffic of a phone system."""

from tests.sip import rfc4475, rfc5118
from tests.sip.rfc4475 import lines

_SDP = lines(
    "v=0",
    "o=- 1 1 IN IP4 192.0.2.7",
    "s=-",
    "c=IN IP4 192.0.2.7",
    "t=0 0",
    "m=audio 40000 RTP/AVP 0 8 101",
    "a=rtpmap:101 telephone-event/8000",
)
_DIGEST = (
    'Digest username="alice", realm="trunkline", nonce="65f0.1c.9ab3", uri="sip:pbx.example.com", '
    'response="6629fae49393a05397450978507c4ef1", algorithm=SHA-256, cnonce="0a4f113b", qop=auth, nc=00000001'
)


def request(method: str, uri: str, host: str, *extra: str, to_tag: str = "", body: bytes = b"") -> bytes:
    """An ordinary request, `host` in its Via and Contact."""
    head = lines(
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:5070;rport;branch=z9hG4bK776asdhds",
        "Max-Forwards: 70",
        'From: "Alice \\"A\\" Smith" <sip:+15550100@pbx.example.com>;tag=1928301774',
        "To: <sip:+15550101@pbx.example.com;user=phone>" + (f";tag={to_tag}" if to_tag else ""),
        "Call-ID: a84b4c76e66710@pc33.example.com",
        f"CSeq: 314159 {method}",
        f'Contact: <sip:alice@{host}:5070;transport=udp>;expires=300;+sip.instance="<urn:uuid:0-1>"',
        *extra,
        f"Content-Length: {len(body)}",
        "",
    )
    return head + body


def response(status: str, method: str, host: str, *extra: str, body: bytes = b"") -> bytes:
    """An ordinary response."""
    start, _, rest = request(method, "sip:x", host, *extra, to_tag="a6c85cf", body=body).partition(b"\r\n")
    assert start
    return f"SIP/2.0 {status}\r\n".encode() + rest


def ordinary(host: str) -> list[bytes]:
    """The traffic of a registration and a call, with a login, to and from `host`."""
    uri = f"sip:+15550101@{host}:5060;user=phone"
    sdp = "Content-Type: application/sdp"
    route = f'Route: <sip:edge.example.com;lr>, <sip:{host};lr;x="a,b">'
    record = f"Record-Route: <sip:{host};lr>"
    challenge = 'WWW-Authenticate: Digest realm="trunkline", nonce="65f0", algorithm=SHA-256, qop="auth,auth-int"'
    return [
        request("INVITE", uri, host, "Supported: 100rel, timer", "Session-Expires: 1800", sdp, record, body=_SDP),
        request("INVITE", uri, host, "Proxy-Authorization: " + _DIGEST, "Require: timer", sdp, body=_SDP),
        request("INVITE", uri, host, route, sdp, to_tag="d1", body=_SDP),
        request("ACK", uri, host, route, to_tag="d1"),
        request("ACK", uri, host),
        request("BYE", uri, host, route, 'Reason: Q.850;cause=16;text="done"', to_tag="d1"),
        request("CANCEL", uri, host),
        request("INVITE", "tel:+1-555-0101;phone-context=example.com", host, "Refer-To: <sip:a@b?Replaces=c%3Bd>"),
        request("INVITE", f"sips:a:b@{host};transport=TLS?Subject=x&Priority=urgent", host, "Privacy: id"),
        request("OPTIONS", f"sip:{host}", host, "Accept: application/sdp, text/plain;q=0.5", "Timestamp: 54.3"),
        request("REGISTER", f"sip:{host}", host, "Authorization: " + _DIGEST, "Expires: 3600"),
        request("INFO", uri, host, "Content-Type: application/dtmf-relay", to_tag="d1", body=b"Signal=5\r\n"),
        response("100 Trying", "INVITE", host),
        response("180 Ringing", "INVITE", host, record),
        response("200 OK", "INVITE", host, record, sdp, body=_SDP),
        response("401 Unauthorized", "REGISTER", host, challenge),
        response("486 Busy Here", "INVITE", host, "Retry-After: 30"),
        response("487 Request Terminated", "INVITE", host),
    ]


TORTURE = tuple(case.data for case in (*rfc4475.CASES, *rfc5118.CASES))
ORDINARY = tuple(ordinary("192.0.2.7") + ordinary("[2001:db8::9:1]") + ordinary("phone-7.example.com"))
