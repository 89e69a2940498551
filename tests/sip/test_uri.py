"""URIs, name-addrs, lists and parameters."""

import pytest

from trunkline.sip.uri import (
    MessageError,
    NameAddr,
    SipUri,
    UriError,
    parse_host_port,
    parse_params,
    print_params,
    quote_string,
    same_uri,
    split_list,
    unquote_string,
)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:example.com", SipUri("sip", None, "example.com")),
        ("sip:alice@Example.COM", SipUri("sip", "alice", "example.com")),
        ("SIPS:alice@example.com:5061", SipUri("sips", "alice", "example.com", 5061)),
        ("sip:alice:secret@h", SipUri("sip", "alice", "h", password="secret")),
        ("sip:alice:@h", SipUri("sip", "alice", "h", password="")),
        ("sip:+1415;isub=1@h;user=phone;lr",
         SipUri("sip", "+1415;isub=1", "h", params=(("user", "phone"), ("lr", None)))),
        ("sip:a@[2001:DB8::1]:5070", SipUri("sip", "a", "2001:db8::1", 5070)),
        ("sip:[::1];transport=TCP", SipUri("sip", None, "::1", params=(("transport", "TCP"),))),
        ("sip:h?subject=x&to=y", SipUri("sip", None, "h", headers="subject=x&to=y")),
        ("sip:a%20b%C3%A9@h", SipUri("sip", "a b\u00e9", "h")),
        ("tel:+1-201-555-0123;phone-context=x", SipUri("tel", "+1-201-555-0123", "", params=(("phone-context", "x"),))),
        ("urn:service:sos", SipUri("urn", None, "", opaque="service:sos")),
    ],
)  # fmt: skip
def test_parse_and_print(text: str, uri: SipUri) -> None:
    assert SipUri.parse(text) == uri
    assert SipUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "", "sip", "sip:", ":x", "1sip:x", "<sip:a@b>", "sip:a@b@c", "sip:@h", "sip::x@h", "sip:a@", "sip:a b@h",
        "sip:a@h:", "sip:a@h:0", "sip:a@h:65536", "sip:a@h:1x", "sip:a@h:\u0663", "sip:a@[::1", "sip:a@[::1]x",
        "sip:a@[h]", "sip:2001:db8::1", "sip:a@h;", "sip:a@h;;lr", "sip:a@h?", "sip:a%4@h", "sip:a%zz@h", "sip:%@h",
        "sip:a@h,b", 'sip:"a"@h', "sip:a@h\r\nX: y", "sip:a@h\0", "tel:", "sip:a@" + 300 * "h",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(UriError):
        SipUri.parse(text)


def test_params_of_uri() -> None:
    uri = SipUri.parse("sip:h;Transport=TLS;lr;maddr=1.2.3.4")
    assert uri.transport == "tls"
    assert uri.param("lr") == ""
    assert uri.param("ttl") is None
    assert SipUri.parse("sip:h").transport is None


def test_escapes_survive_printing() -> None:
    uri = SipUri("sip", "a@b:c d\u00e9\udcff", "h", params=(("x", "a;b=c"),), password="p:@")
    assert SipUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
        ("urn:service:sos", "urn:service:sos"),
    ],
)
def test_same_uri(a: str, b: str) -> None:
    assert same_uri(SipUri.parse(a), SipUri.parse(b))
    assert same_uri(SipUri.parse(b), SipUri.parse(a))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@h", "sips:a@h"),
        ("sip:h", "sip:a@h"),
        ("tel:+1", "tel:+1;ext=2"),
    ],
)
def test_other_uri(a: str, b: str) -> None:
    assert not same_uri(SipUri.parse(a), SipUri.parse(b))
    assert not same_uri(SipUri.parse(b), SipUri.parse(a))


@pytest.mark.parametrize(
    ("text", "name", "uri", "params"),
    [
        ("<sip:a@h>", "", "sip:a@h", ()),
        ("sip:a@h;tag=1", "", "sip:a@h", (("tag", "1"),)),
        ("<sip:a@h;lr>;tag=1", "", "sip:a@h;lr", (("tag", "1"),)),
        ('"A \\"B\\" \\\\" <sip:a@h> ; Tag = 1', 'A "B" \\', "sip:a@h", (("tag", "1"),)),
        ("Bob Smith<sip:a@h>;x", "Bob Smith", "sip:a@h", (("x", None),)),
        ("Bell, Alexander <sip:a@h>", "Bell, Alexander", "sip:a@h", ()),
        ('"<sip:evil@h>;tag=2" <sip:a@h>;tag=1', "<sip:evil@h>;tag=2", "sip:a@h", (("tag", "1"),)),
        ('<sip:a@h>;x=";tag=2,";tag=1', "", "sip:a@h", (("x", '";tag=2,"'), ("tag", "1"))),
    ],
)
def test_name_addr(text: str, name: str, uri: str, params: tuple[tuple[str, str | None], ...]) -> None:
    address = NameAddr.parse(text)
    assert address == NameAddr(name, SipUri.parse(uri), params)
    assert NameAddr.parse(str(address)) == address
    assert address.tag == dict(params).get("tag")


def test_quoted_parameter_value() -> None:
    assert NameAddr.parse('<sip:a@h>;x="a\\"b"').param("x") == 'a"b'


@pytest.mark.parametrize(
    "text",
    [
        "", "bob", "<>", "<sip:a@h", "sip:a@h>", '"Bob <sip:a@h>', '"Bob" x <sip:a@h>', 'Bob "B" <sip:a@h>', '"Bob"',
        "<sip:a@h> x", "<sip:a@h>;", "<sip:a@h>;;x", "sip:a@h;", "sip:a@h?x=y", "sip:a@h,sip:b@h", "< sip:a@h >",
        "<sip:a@h>;a b=c", '<sip:a@h>;x="',
    ],
)  # fmt: skip
def test_name_addr_refused(text: str) -> None:
    with pytest.raises(MessageError):
        NameAddr.parse(text)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", [""]),
        ("a", ["a"]),
        (" a , b ", ["a", "b"]),
        ('"a,b" <sip:c,d@h>, <sip:e@h>;x="1,2"', ['"a,b" <sip:c,d@h>', '<sip:e@h>;x="1,2"']),
        ('"a\\",b",c', ['"a\\",b"', "c"]),
        ('"a\\\\",b', ['"a\\\\"', "b"]),
        (",", ["", ""]),
    ],
)
def test_split_list(text: str, items: list[str]) -> None:
    assert split_list(text) == items


@pytest.mark.parametrize("text", ['a,"b', "a,<b", '"a\\",b'])
def test_split_list_refused(text: str) -> None:
    with pytest.raises(MessageError):
        split_list(text)


def test_params() -> None:
    params = parse_params('a=1; B ; c="x;y"')
    assert params == (("a", "1"), ("b", None), ("c", '"x;y"'))
    assert parse_params(print_params(params)[1:]) == params
    for text in ("a;", ";a", "a;;b", 'a="', "a b", "=1"):
        with pytest.raises(MessageError):
            parse_params(text)


def test_quoting() -> None:
    for text in ("", "a", 'a"b', "a\\", '\\"', "\\\\"):
        assert unquote_string(quote_string(text)) == text
    assert unquote_string("plain") == "plain"
    with pytest.raises(MessageError):
        unquote_string('"a" b')


def test_host_port() -> None:
    assert parse_host_port("h : 5060") == ("h", 5060)
    assert parse_host_port("[::1] : 5060") == ("::1", 5060)
    assert parse_host_port("a_b.example") == ("a_b.example", None)
