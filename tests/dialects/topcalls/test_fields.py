"""What is wrong with a body: every field's rules, all at once, each under its path and code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.topcalls.bodies import AUTH, GONE, PAGE, REG, STATIC, carriers, changed, check_problem, refused
from tests.http.world import World

FIELDS = [
    # carrier_name
    (STATIC, "carrier_name", GONE, "required"),
    (STATIC, "carrier_name", None, "required"),
    (STATIC, "carrier_name", 7, "invalid_type"),
    (STATIC, "carrier_name", {}, "invalid_type"),
    (STATIC, "carrier_name", "", "too_small"),
    (STATIC, "carrier_name", "  \t ", "too_small"),
    (STATIC, "carrier_name", "x" * 101, "too_big"),
    (STATIC, "carrier_name", "a\r\nb", "invalid_string"),
    (STATIC, "carrier_name", "a\0b", "invalid_string"),
    (STATIC, "carrier_name", "a\u00a0b", "invalid_string"),
    # trunk_type
    (STATIC, "trunk_type", "bogus", "invalid_enum_value"),
    (STATIC, "trunk_type", None, "invalid_enum_value"),
    (STATIC, "trunk_type", "STATIC_IP", "invalid_enum_value"),
    (STATIC, "trunk_type", 1, "invalid_enum_value"),
    # sip_gateway
    (STATIC, "sip_gateway", GONE, "required"),
    (STATIC, "sip_gateway", None, "required"),
    (STATIC, "sip_gateway", [], "invalid_type"),
    (STATIC, "sip_gateway", "203.0.113.7", "invalid_type"),
    (STATIC, "sip_gateway.ipv4", GONE, "required"),
    (STATIC, "sip_gateway.ipv4", 7, "invalid_type"),
    (STATIC, "sip_gateway.ipv4", "a" * 129, "too_big"),
    (STATIC, "sip_gateway.ipv4", "", "too_small"),
    (STATIC, "sip_gateway.ipv4", "sip.example.com", "inbound_requires_ipv4"),
    (STATIC, "sip_gateway.ipv4", "2001:db8::7", "inbound_requires_ipv4"),
    (STATIC, "sip_gateway.ipv4", "203.0.113.7 ", "inbound_requires_ipv4"),
    (STATIC, "sip_gateway.ipv4", "203.0.113.0/29", "inbound_requires_ipv4"),
    (AUTH, "sip_gateway.ipv4", "sip.example.com", "inbound_requires_ipv4"),
    (REG, "sip_gateway.inbound", True, "sip_gateway.ipv4:inbound_requires_ipv4"),
    (REG, "sip_gateway.inbound", GONE, "sip_gateway.ipv4:inbound_requires_ipv4"),
    (STATIC, "sip_gateway.ipv4", "01.2.3.4", "invalid_ipv4"),
    (STATIC, "sip_gateway.ipv4", "1.2.3", "invalid_ipv4"),
    (STATIC, "sip_gateway.ipv4", "256.1.1.1", "invalid_ipv4"),
    (REG, "sip_gateway.ipv4", "1.2.3", "invalid_ipv4"),
    (REG, "sip_gateway.ipv4", "sip:landline.example", "invalid_host"),
    (REG, "sip_gateway.ipv4", "landline.example:5060", "invalid_host"),
    (REG, "sip_gateway.ipv4", "land line.example", "invalid_host"),
    (REG, "sip_gateway.ipv4", "_x.landline.example", "invalid_host"),
    (REG, "sip_gateway.ipv4", "-bad-.landline.example", "invalid_host"),
    (REG, "sip_gateway.ipv4", "landline", "invalid_host"),
    (STATIC, "sip_gateway.ipv4", "0.0.0.0", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "0.1.2.3", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "224.0.0.1", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "240.0.0.1", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "255.255.255.255", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "169.254.169.254", "address_not_allowed"),
    (STATIC, "sip_gateway.ipv4", "100.100.100.200", "address_not_allowed"),
    (REG, "registration.outbound_proxy", "169.254.169.254", "invalid_host"),
    (STATIC, "sip_gateway.port", "5060", "invalid_type"),
    (STATIC, "sip_gateway.port", 5060.5, "invalid_type"),
    (STATIC, "sip_gateway.port", True, "invalid_type"),
    (STATIC, "sip_gateway.port", None, "invalid_type"),
    (STATIC, "sip_gateway.port", 0, "out_of_range"),
    (STATIC, "sip_gateway.port", 65536, "out_of_range"),
    (STATIC, "sip_gateway.port", 10**40, "out_of_range"),
    (STATIC, "sip_gateway.inbound", "true", "invalid_type"),
    (STATIC, "sip_gateway.inbound", 1, "invalid_type"),
    (STATIC, "sip_gateway.outbound", 0, "invalid_type"),
    (STATIC, "sip_gateway", {"ipv4": "203.0.113.7", "inbound": False, "outbound": False}, "no_direction"),
    (REG, "sip_gateway", {"ipv4": "203.0.113.7", "outbound": False}, "sip_gateway.outbound:reg_requires_outbound"),
    (STATIC, "sip_gateway.netmask", 23, "out_of_range"),
    (STATIC, "sip_gateway.netmask", 33, "out_of_range"),
    (STATIC, "sip_gateway.netmask", "29", "invalid_type"),
    (STATIC, "sip_gateway.netmask", 29, "outbound_netmask"),
    (REG, "sip_gateway.netmask", 29, "outbound_netmask"),
    (STATIC, "sip_gateway.protocol", "sctp", "invalid_enum_value"),
    # registration
    (REG, "registration", GONE, "required"),
    (REG, "registration", None, "required"),
    (REG, "registration", "x", "invalid_type"),
    (STATIC, "registration", REG["registration"], "unexpected"),
    (AUTH, "registration", REG["registration"], "unexpected"),
    (REG, "registration.username", GONE, "required"),
    (REG, "registration.username", "x" * 65, "too_big"),
    (REG, "registration.username", "a b", "whitespace"),
    (REG, "registration.username", "a%b", "invalid_string"),
    (REG, "registration.password", GONE, "required"),
    (REG, "registration.password", "x" * 129, "too_big"),
    (REG, "registration.password", "a b", "whitespace"),
    (REG, "registration.password", "a\0b", "invalid_string"),
    (REG, "registration.auth_username", "a:b", "invalid_string"),
    (REG, "registration.sip_realm", "", "invalid_host"),
    (REG, "registration.sip_realm", "sip:x.example", "invalid_host"),
    (REG, "registration.sip_realm", "x.example:5060", "invalid_host"),
    (REG, "registration.sip_realm", "x y.example", "invalid_host"),
    (REG, "registration.sip_realm", "localhost", "invalid_host"),
    (REG, "registration.sip_realm", "999.999.1.1", "invalid_host"),
    (REG, "registration.from_domain", "x", "invalid_host"),
    (REG, "registration.from_user", "<sip>", "invalid_string"),
    (REG, "registration.outbound_proxy", "sip:x.example:99999", "invalid_host"),
    (REG, "registration.outbound_proxy", "x.example:", "invalid_host"),
    (REG, "registration.outbound_proxy", "x.example;transport=sctp", "invalid_host"),
    (REG, "registration.outbound_proxy", "sip:x.example;lr;transport=udp;transport=tcp", "invalid_host"),
    (REG, "registration.outbound_proxy", "sip:x.example;lr=off", "invalid_host"),
    (REG, "registration.outbound_proxy", "sips:x.example", "invalid_host"),
    (REG, "registration.transport", "sctp", "invalid_enum_value"),
    (REG, "registration.expires", 59, "out_of_range"),
    (REG, "registration.expires", 86401, "out_of_range"),
    (REG, "registration.expires", "3600", "invalid_type"),
    # inbound_auth
    (AUTH, "inbound_auth", GONE, "required"),
    (AUTH, "inbound_auth", None, "required"),
    (AUTH, "inbound_auth", [], "invalid_type"),
    (STATIC, "inbound_auth", AUTH["inbound_auth"], "unexpected"),
    (REG, "inbound_auth", AUTH["inbound_auth"], "unexpected"),
    (AUTH, "inbound_auth.username", GONE, "required"),
    (AUTH, "inbound_auth.username", "", "too_small"),
    (AUTH, "inbound_auth.username", "x" * 65, "too_big"),
    (AUTH, "inbound_auth.username", "a b", "whitespace"),
    (AUTH, "inbound_auth.username", 'a"b', "invalid_string"),
    (AUTH, "inbound_auth.username", "a:b", "invalid_string"),
    (AUTH, "inbound_auth.password", GONE, "required"),
    (AUTH, "inbound_auth.password", "1234567", "too_small"),
    (AUTH, "inbound_auth.password", "x" * 129, "too_big"),
    (AUTH, "inbound_auth.password", "correct horse", "whitespace"),
    (AUTH, "inbound_auth.allowed_ips", ["203.0.113.8"], "unexpected"),
    (AUTH, "inbound_auth.allowed_ips", [], "unexpected"),
    (AUTH, "inbound_auth.realm", "sip.example.com", "unexpected"),
    # sip_gateways, an addition
    (STATIC, "sip_gateways", [STATIC["sip_gateway"]], "unexpected"),
]


def named(case: Any) -> str:
    """Return the name of a test case."""
    body, path, value, code = case
    shown = "absent" if value is GONE else str(value)[:24].encode("unicode_escape").decode()
    return f"{body['trunk_type']} {path} {shown} {code}"


@pytest.mark.parametrize(("body", "path", "value", "code"), FIELDS, ids=[named(case) for case in FIELDS])
def test_a_bad_field(shared: World, body: dict[str, Any], path: str, value: Any, code: str) -> None:
    where, _, code = f"{path}:{code}".rpartition(":")
    assert refused(shared.topcalls("POST", "/carriers", changed(body, path, value))) == [
        (where.rpartition(":")[2], code)
    ]
    assert carriers(shared) == []


GATEWAYS: list[tuple[Any, str, str]] = [
    ([], "sip_gateways", "too_small"),
    ({}, "sip_gateways", "invalid_type"),
    ([{"ipv4": "203.0.113.7"}] * 201, "sip_gateways", "too_big"),
    ([7], "sip_gateways.0", "invalid_type"),
    ([{"ipv4": "203.0.113.7"}, {"ipv4": "1.2.3"}], "sip_gateways.1.ipv4", "invalid_ipv4"),
    ([{"ipv4": "203.0.113.7"}, {"ipv4": "203.0.113.7"}], "sip_gateways.1", "duplicate_gateway"),
]


@pytest.mark.parametrize(("gateways", "path", "code"), GATEWAYS)
def test_a_bad_list_of_gateways(shared: World, gateways: Any, path: str, code: str) -> None:
    body = {"carrier_name": "x", "sip_gateways": gateways}
    assert refused(shared.topcalls("POST", "/carriers", body)) == [(path, code)]


def test_all_that_is_wrong_is_told_at_once(shared: World) -> None:
    gateway = {"ipv4": "256.1.1.1", "port": "x", "netmask": 8, "inbound": "yes"}
    body = {"carrier_name": "", "trunk_type": "reg", "sip_gateway": gateway, "inbound_auth": {}}
    assert refused(shared.topcalls("POST", "/carriers", body)) == [
        ("carrier_name", "too_small"),
        ("sip_gateway.port", "invalid_type"),
        ("sip_gateway.inbound", "invalid_type"),
        ("sip_gateway.netmask", "out_of_range"),
        ("sip_gateway.ipv4", "invalid_ipv4"),
        ("inbound_auth", "unexpected"),
        ("registration", "required"),
    ]


@pytest.mark.parametrize(
    ("body", "path", "value", "told"),
    [
        (STATIC, "carrier_name", "a\u00a0b", "not NO-BREAK SPACE (U+00A0)"),
        (STATIC, "carrier_name", "a\0b", "not a control character (U+0000)"),
        (STATIC, "sip_gateway.ipv4", "169.254.169.254", "nothing is ever sent there"),
        (REG, "registration.outbound_proxy", "sips:x.example", "there is no TLS"),
        (AUTH, "inbound_auth.allowed_ips", ["203.0.113.8"], "A 'static_ip' carrier admits calls from the addresses"),
        (AUTH, "inbound_auth.realm", "sip.example.com", "the account's own domain"),
    ],
)
def test_the_reason_is_told(shared: World, body: dict[str, Any], path: str, value: Any, told: str) -> None:
    assert told in shared.topcalls("POST", "/carriers", changed(body, path, value)).json["detail"]


def test_the_pages_own_example_breaks_the_pages_rule(shared: World) -> None:
    reply = shared.topcalls("POST", "/carriers", PAGE)
    assert refused(reply) == [("sip_gateway.ipv4", "inbound_requires_ipv4")]
    assert "Inbound gateways (inbound: true) must use IPv4 address" in reply.json["detail"]


def test_a_reg_carrier_by_name_is_told_to_be_outbound_only(shared: World) -> None:
    reply = shared.topcalls("POST", "/carriers", changed(REG, "sip_gateway.inbound", True))
    assert "inbound to false" in reply.json["detail"]


@pytest.mark.parametrize(
    ("text", "told"), [("203.0.113.7 ", "blanks"), ("203.0.113.0/29", "netmask"), ("2001:db8::7", "IPv6")]
)
def test_what_stands_in_the_way_of_an_address_is_told(shared: World, text: str, told: str) -> None:
    reply = shared.topcalls("POST", "/carriers", changed(STATIC, "sip_gateway.ipv4", text))
    assert told in reply.json["detail"]


@pytest.mark.parametrize("name", ["sip_realm", "from_domain"])
@pytest.mark.parametrize("text", ["", "landline", "sip:x.example", " x.example", "999.1.1.1", "203.0.113.0/29"])
def test_what_a_host_of_a_registration_may_be_is_told(shared: World, name: str, text: str) -> None:
    reply = shared.topcalls("POST", "/carriers", changed(REG, f"registration.{name}", text))
    assert f"{name} is a host name with a dot in it, or an IP address" in reply.json["detail"]


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"7", b"true"])
def test_a_body_that_is_no_object(shared: World, raw: bytes) -> None:
    for path in ("/carriers", ""):
        assert refused(shared.topcalls("POST", path, raw)) == [("", "invalid_type")]


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense", b"\xff", b"[" * 50_000, b'{"a": NaN}', b'{"a": "\\ud800"}'])
def test_a_body_that_is_no_json(shared: World, raw: bytes) -> None:
    for path in ("/carriers", ""):
        assert refused(shared.topcalls("POST", path, raw)) == [("", "invalid_json")]


def test_unknown_keys_are_ignored(world: World) -> None:
    body = changed(STATIC | {"foo": 1}, "sip_gateway.send_options_ping", True)
    assert world.topcalls("POST", "/carriers", body).status == 201


NUMBERS = [
    ({}, "number", "required"),
    ({"number": 14155551234}, "number", "invalid_type"),
    ({"number": ""}, "number", "invalid_string"),
    ({"number": "14155551234"}, "number", "invalid_string"),
    ({"number": "+0155551234"}, "number", "invalid_string"),
    ({"number": "+1415555123a"}, "number", "invalid_string"),
    ({"number": "+1234567890123456"}, "number", "invalid_string"),
    ({"number": "+1\u0664155551234"}, "number", "invalid_string"),
    ({"number": "+14155551234\n"}, "number", "invalid_string"),
    ({"number": "+999123456789"}, "number", "invalid_phone_number"),
    ({"number": "+1415555123"}, "number", "invalid_phone_number"),
    ({"number": "+12"}, "number", "invalid_phone_number"),
    ({"number": "+8781234567890"}, "number", "invalid_phone_number"),
    ({"number": "+14155551234", "voip_carrier_sid": "x"}, "voip_carrier_sid", "invalid_uuid"),
    ({"number": "+14155551234", "voip_carrier_sid": ""}, "voip_carrier_sid", "invalid_uuid"),
    ({"number": "+14155551234", "voip_carrier_sid": 7}, "voip_carrier_sid", "invalid_type"),
    ({"number": "+14155551234", "label": 7}, "label", "invalid_type"),
    ({"number": "+14155551234", "label": "x" * 101}, "label", "too_big"),
    ({"number": "+14155551234", "label": "a\0b"}, "label", "invalid_string"),
]


@pytest.mark.parametrize(("body", "path", "code"), NUMBERS)
def test_a_bad_field_of_a_number(shared: World, body: dict[str, Any], path: str, code: str) -> None:
    assert refused(shared.topcalls("POST", "", body)) == [(path, code)]


@pytest.mark.parametrize(
    ("query", "path", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=x", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("cursor=x", "cursor", "invalid_cursor"),
        ("cursor=-1", "cursor", "invalid_cursor"),
        (f"cursor={'9' * 30}", "cursor", "invalid_cursor"),
    ],
)
def test_a_bad_query_argument(shared: World, query: str, path: str, code: str) -> None:
    for resource in ("", "/carriers"):
        reply = shared.topcalls("GET", f"{resource}?{query}")
        body = check_problem(reply, 400, "invalid_request", "Invalid query parameter")
        assert [(e["path"], e["code"]) for e in body["errors"]] == [(path, code)]
