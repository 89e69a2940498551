"""What must not be kept of a message is masked, whatever its form; the rest stays as it came."""

from __future__ import annotations

import re
import string
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.masking import mask, mask_slowly

SECRET = "Hunter2secret99"


def message(*headers: str, body: str = "", kind: str = "", method: str = "INFO") -> bytes:
    """Return a request with these headers beside the usual ones."""
    lines = [f"{method} sip:b@h SIP/2.0", "Via: SIP/2.0/UDP h:5060;branch=z9hG4bKa", "From: <sip:a@h>;tag=1"]
    lines += ["To: <sip:b@h>", "Call-ID: c", f"CSeq: 1 {method}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body]).encode()


def masked(data: bytes) -> str:
    """Mask, and check what always holds."""
    out = mask(data)
    assert len(out) == len(data)
    assert all(new in (old, ord("*")) for old, new in zip(data, out, strict=True))
    assert mask(out) == out
    assert out == mask_slowly(data)
    return out.decode()


DIGEST = (
    'Digest username="alice", realm="h", nonce="n1", uri="sip:h", response="{}", algorithm=MD5, cnonce="c1", '
    "qop=auth, nc=00000001"
)


@pytest.mark.parametrize(
    "header",
    [
        f"Authorization: {DIGEST}",
        f"authorization : {DIGEST}",
        f"Proxy-Authorization:\r\n {DIGEST}",
        "AUTHORIZATION:Digest response={}",
        "Authorization: Digest RESPONSE  =  {}",
        "Authorization: Digest nonce=1 response={}",
        'Authorization: Digest username="a, response="{}"',
        "Authorization: Digest username='a, response='{}'",
        'Authorization: Digest nonce="\\", response="{}"',
        "Authorization: Digest {}",
        "Authorization: Digest {}==",
        "Authorization: Digest nonce=1, {}=2",
        "Authorization: Digest\r\n\tnonce=1,\r\n response\r\n =\r\n {}",
        "Authorization: Digest nonce=1, sid={}",
        "Authorization: Digest uri=response={}",
        "Authorization: Bearer {}",
        "Authorization: Basic {}",
        "Authorization: {}",
        "Authorization:{}",
        "Authorization: Unheard {}",
        'Authentication-Info: rspauth="{}", nextnonce="n"',
        'Proxy-Authentication-Info: rspauth="{}"',
        'WWW-Authenticate: Digest realm="h", nonce="n", ik="{}", ck="x"',
        "P-Access-Network-Info: 3GPP-UTRAN-FDD; utran-cell-id-3gpp={}",
        "P-Media-Authorization: {}",
        "X-Access-Token: {}",
        "x-api-key: {}",
        "X-Session-Password:\r\n {}",
        "Cookie: a={}",
        "Contact: <sip:alice:{}@h>",
        "m: SIPS:alice:{}@h;transport=tcp",
        "Contact: sip:a:{}@h,sip:b@h",
        "Contact: sip:a@h,sip:b:{}@h",
        "Route: <sip:h;lr>, <sip:u:{}@h;lr>",
        'From: "sip:u:{}@h" <sip:u@h>;tag=1',
        "Contact: <sip:u:x@{}@h>",
        "Alert-Info: <https://u:{}@h/ring.wav>",
        "Refer-To: <sip:b@h?Authorization=Digest%20response%3D{}&x=1>",
        'Authorization: Digest username="a", uri="sip:u:{}@h", response="x"',
    ],
)
def test_secrets_in_headers(header: str) -> None:
    told = masked(message(header.replace("{}", SECRET)))
    assert SECRET not in told
    assert told.count("\r\n") == header.count("\r\n") + 9
    assert told.startswith("INFO sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5060;branch=z9hG4bKa\r\n")
    assert told.endswith("\r\nContent-Length: 0\r\n\r\n")


def test_a_password_in_the_request_uri() -> None:
    assert mask(b"INVITE sip:u:secret@h:5060 SIP/2.0\r\n\r\n") == b"INVITE sip:u:******@h:5060 SIP/2.0\r\n\r\n"


def test_what_is_no_secret_stays() -> None:
    told = masked(message(f"Authorization: {DIGEST.replace('{}', 'f' * 32)}"))
    assert f"Authorization: {DIGEST.replace('{}', '*' * 32)}\r\n" in told
    plain = message(
        'WWW-Authenticate: Digest realm="h, i", nonce="n=", opaque="o", algorithm=MD5, qop="auth,auth-int", stale=true',
        'Contact: "A: B" <sip:+14155550100;ext=5@h:5060;transport=tcp>;expires=5, <sip:b@[::1]:5062>',
        "m: sip:a@h:5060;x=1, sip:b@h",
        "Record-Route: <sip:h:5060;lr;ftag=1>",
        "P-Asserted-Identity: <tel:+14155550100>",
        "Call-Info: <http://h:8080/a?b=c>;purpose=icon",
        body="v=0\r\no=- 1 1 IN IP4 h\r\na=rtpmap:0 PCMU/8000\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA:BB\r\n",
        kind="application/sdp",
    )
    assert mask(plain) == plain


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}|2^20|1:4", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 ******:*"),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x;inline:{} KDR=1 FEC_KEY=inline:{}", "a=crypto:1 AES_CM"),
        ("A=CRYPTO: 2 aead_aes_256_gcm  INLINE:{}", "A=CRYPTO: 2 aead_aes_256_gcm  ******:*"),
        ("a=crypto:{}", "a=crypto:*"),
        ("a=crypto:1 {}", "a=crypto:*"),
        ("a=crypto:1 {} inline:x", "a=crypto:*"),
        ("a = crypto :1 AES_CM_128_HMAC_SHA1_80 inline:{}", "a = crypto :1 AES"),
        ("k=base64:{}", "k=base64:*"),
        ("k={}", "k=*"),
        ("a=ice-pwd:{}", "a=ice-pwd:*"),
        ("a=key-mgmt:mikey {}", "a=key-mgmt:*"),
        ("u=https://u:{}@h/", "u=https://u:*"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("kind", ["application/sdp", "multipart/mixed;boundary=b", "message/sipfrag", "x/y", ""])
def test_keys_in_session_descriptions(line: str, kept: str, end: str, kind: str) -> None:
    body = end.join(["v=0", "s=-", line.replace("{}", SECRET), "m=audio 4000 RTP/SAVP 0", ""])
    told = masked(message(body=body, kind=kind))
    assert SECRET not in told
    assert kept in told
    assert f"{end}m=audio 4000 RTP/SAVP 0{end}" in told


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=*\r\nDuration=160\r\n"),
        ("Application/DTMF-Relay ; x=y", "signal = 5\nduration = 160", "signal =**\nduration = 160"),
        ("application/dtmf", "5", "*"),
        ("application/dtmf; charset=message/sip", "5", "*"),
        ("application/vnd.nortelnetworks.digits", "p=Digit-Collection\r\nd=5", "p=****************\r\nd=*"),
        ("audio/telephone-event", "\n\x00\x01\x05", "****"),
        ("text/plain", "Signal: 5", "Signal: *"),
        ("", "Signal=5\r\n", "Signal=*\r\n"),
        (
            "application/kpml-response+xml",
            '<kpml-response code="200" digits="55#"/>',
            '<kpml-response code="200" digits="***"/>',
        ),
        ("application/mediaservercontrol+xml", "<r DIGITS = '5\n5'/>", "<r DIGITS = '***'/>"),
        ("application/kpml-response+xml", '<kpml-response digits="55', '<kpml-response digits="**'),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nContent-Type: application/dtmf\r\n\r\n5\r\n--b\r\nc: application/sdp\r\n\r\nv=0\r\nk=x\r\n--b--",
            "--b\r\nContent-Type: application/dtmf\r\n\r\n*\r\n--b\r\nc: application/sdp\r\n\r\nv=0\r\nk=*\r\n--b--",
        ),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nContent-Type: text/x\r\nContent-Transfer-Encoding:\r\n base64\r\n\r\nAB\r\nCD\r\n--b--\r\n",
            "--b\r\nContent-Type: text/x\r\nContent-Transfer-Encoding:\r\n base64\r\n\r\n******\r\n--b--\r\n",
        ),
        (
            "message/sip",
            "INFO sip:h SIP/2.0\r\nAuthorization: Basic abcd\r\nc: application/dtmf\r\n\r\n5",
            "INFO sip:h SIP/2.0\r\nAuthorization: Basic ****\r\nc: application/dtmf\r\n\r\n*",
        ),
        ("message/sipfrag", "Authorization: abcd", "Authorization: ****"),
    ],
)
def test_pressed_digits_and_secrets_in_bodies(kind: str, body: str, kept: str) -> None:
    assert masked(message(body=body, kind=kind)).partition("\r\n\r\n")[2] == kept


def test_a_coded_body_is_masked_whole() -> None:
    told = masked(message("e: gzip", body="k=x\nv=0", kind="application/sdp"))
    assert told.endswith("\r\n\r\n*******")


def test_messages_in_messages_end() -> None:
    body = "c: message/sip\r\n\r\n" * 50 + "k=x"
    assert masked(message(body=body, kind="message/sip")).endswith("*" * 40)


secrets = st.text(string.ascii_letters + string.digits + "-_.!~'()&=+$%", min_size=8, max_size=40).filter(
    lambda text: len(set(text)) > 5
)
fillers = st.text(string.ascii_letters + ' \t,;:="<>@?&\\/*', max_size=20)
FORMS = (
    'Authorization: Digest username="u",{0}response="{1}"',
    "Proxy-Authorization: Digest {0},response={1}",
    "Authorization: {0}\r\n response={1}",
    "X-Token: {0}{1}",
)


@given(st.sampled_from(FORMS), fillers, secrets)
def test_nothing_is_left_of_a_response(form: str, filler: str, secret: str) -> None:
    assert secret not in masked(message(form.format(filler, secret)))


@given(st.text(string.ascii_letters + "-_.!~*'()&=+$,;?/%", max_size=12), secrets)
def test_nothing_is_left_of_a_password(user: str, secret: str) -> None:
    assert f":{secret}@" not in masked(message(f"Contact: <sip:{user}:{secret}@h>"))


@given(
    st.sampled_from(["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", "k=", "k=clear:", "a=ice-pwd:", "Signal="]), secrets
)
def test_nothing_is_left_of_a_key(line: str, secret: str) -> None:
    body = f"v=0\r\n{line}{secret}\r\nt=0 0\r\n"
    assert secret not in masked(message(body=body)).partition("\r\n\r\n")[2].removeprefix(f"v=0\r\n{line}"[:-1])


PARTS = [
    b"Authorization:",
    b"Digest ",
    b"response=",
    b"sip:",
    b"a:b@c",
    b'"',
    b"\\",
    b",",
    b"=",
    b" ",
    b"\r\n",
    b"\r\n ",
]
PARTS += [b"\r\n\r\n", b"--", b"\n", b"\r", b"c: multipart/x", b"c: application/dtmf", b"e:gzip", b"k=", b"a=crypto:1 "]
PARTS += [
    b"digits=",
    b"'",
    b"?authorization=",
    b"@",
    b"c: message/sip",
    b"signal:",
    b"x",
    b"\x00\xff",
    b"*",
    b"https://",
]


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3)), max_size=40).map(b"".join))
def test_any_bytes_keep_their_length(data: bytes) -> None:
    out = mask(data)
    assert len(out) == len(data)
    assert all(new in (old, ord("*")) for old, new in zip(data, out, strict=True))
    assert mask(out) == out
    assert out == mask_slowly(data)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["application/sdp", "multipart/mixed", "message/sip", "application/dtmf"])
def test_time_is_linear(part: bytes, kind: str) -> None:
    head = message(kind=kind).replace(b"\r\n\r\n", b"\r\n")
    for data in (
        head + b"Authorization: Digest " + part * (60_000 // len(part)),
        head + b"\r\n" + part * (60_000 // len(part)),
    ):
        start = perf_counter()
        mask(data)
        # Some milliseconds; quadratic work on these would take minutes.
        assert perf_counter() - start < 2.0


def test_stars_stand_for_bytes() -> None:
    out = mask("INFO sip:h SIP/2.0\r\nX-Token: pässwörd\r\n\r\n".encode())
    assert re.search(rb"X-Token: \*{10}\r\n", out)
