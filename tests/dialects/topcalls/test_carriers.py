"""Carriers through TopCalls' dialect, and what the others see of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.dialects.topcalls.bodies import (
    ABSENT,
    AUTH,
    REG,
    STATIC,
    add,
    carriers,
    changed,
    check_problem,
    create,
    refused,
)
from tests.http.world import World
from trunkline.core import outbound_auth
from trunkline.core.model import EVERYTHING, Carrier, CredentialKind

DOCUMENTED = {
    "id",
    "account_id",
    "voip_carrier_sid",
    "sip_gateway_sid",
    "carrier_name",
    "trunk_type",
    "created_at",
}
ADDED = {"updated_at", "sip_domain", "sip_gateways", "inbound_auth", "registration"}


def stored(world: World, carrier: dict[str, Any]) -> Carrier:
    """Return a carrier as it is stored."""
    found = world.inventory.read(lambda s: s.carriers.get(EVERYTHING, carrier["voip_carrier_sid"]))
    assert found is not None
    return found


@pytest.mark.parametrize("body", [STATIC, AUTH, REG], ids=["static_ip", "auth", "reg"])
def test_what_a_creation_answers(world: World, body: dict[str, Any]) -> None:
    made = create(world, body)
    assert set(made) == DOCUMENTED | ADDED
    ids = [made[name] for name in ("id", "voip_carrier_sid", "sip_gateway_sid")]
    assert [str(UUID(value)) for value in ids] == ids
    assert [UUID(value).version for value in ids] == [4, 4, 4]
    assert len(set(ids)) == 3
    assert made["account_id"] == world.main.account.id
    assert (made["carrier_name"], made["trunk_type"]) == (body["carrier_name"], body["trunk_type"])
    assert made["created_at"].endswith("Z")
    assert datetime.fromisoformat(made["created_at"]).utcoffset() is not None
    assert made["sip_domain"] == f"{world.main.account.code.lower()}.sip.invalid"
    assert carriers(world) == [made]
    assert world.topcalls("GET", f"/carriers/{made['id']}").json == made


def test_defaults(world: World) -> None:
    made = create(world, {"carrier_name": "  Padded ", "sip_gateway": {"ipv4": "203.0.113.7"}})
    assert (made["carrier_name"], made["trunk_type"]) == ("Padded", "static_ip")
    (gateway,) = made["sip_gateways"]
    assert gateway == {
        "sip_gateway_sid": made["sip_gateway_sid"],
        "ipv4": "203.0.113.7",
        "netmask": 32,
        "port": 5060,
        "inbound": True,
        "outbound": True,
        "protocol": "udp",
    }


def test_a_name_of_100_characters_and_a_port_as_javascript_writes_it(world: World) -> None:
    body = changed(changed(STATIC, "carrier_name", "\u00fc" * 100), "sip_gateway.port", 5070.0)
    made = create(world, body)
    assert (made["carrier_name"], made["sip_gateways"][0]["port"]) == ("\u00fc" * 100, 5070)


def test_several_gateways_and_networks(world: World) -> None:
    gateways = [
        {"ipv4": "203.0.113.0", "netmask": 28, "outbound": False},
        {"ipv4": "198.51.100.7", "port": 5070, "protocol": "tcp"},
        {"ipv4": "sip.example.com", "inbound": False},
    ]
    made = create(world, {"carrier_name": "Three", "sip_gateways": gateways})
    assert [(g["ipv4"], g["netmask"]) for g in made["sip_gateways"]] == [
        ("203.0.113.0", 28),
        ("198.51.100.7", 32),
        ("sip.example.com", 32),
    ]
    assert [g.address for g in stored(world, made).gateways] == ["203.0.113.0/28", "198.51.100.7", "sip.example.com"]


def test_passwords_are_write_only(world: World) -> None:
    auth, reg = create(world, AUTH), create(world, REG)
    assert auth["inbound_auth"] == {"username": "alice"}
    assert reg["registration"]["username"] == "4930123"
    shown = world.topcalls("GET", "/carriers").body
    for carrier in (auth, reg):
        shown += world.topcalls("GET", f"/carriers/{carrier['id']}").body + repr(carrier).encode()
        shown += world.topcalls("PATCH", f"/carriers/{carrier['id']}", {"carrier_name": "x"}).body
    shown += world.native("GET", "log").body + world.native("GET", "carriers").body
    assert b"correct-horse" not in shown
    assert b"hunter-22" not in shown

    def secrets(store: Any) -> list[str]:
        rows = store.credentials.of_carrier(auth["voip_carrier_sid"], CredentialKind.SIP_INBOUND)
        rows += store.credentials.of_carrier(reg["voip_carrier_sid"], CredentialKind.SIP_OUTBOUND)
        return [store.credentials.reveal(row.id) for row in rows]

    assert world.inventory.read(secrets) == ["correct-horse", "hunter-22"]


def test_a_whole_registration(world: World) -> None:
    registration = {
        "username": "4930123",
        "password": "hunter-22",
        "auth_username": "line7",
        "sip_realm": "Landline.example",
        "from_user": "anna",
        "from_domain": "from.example",
        "outbound_proxy": "sip:proxy.landline.example:5070;transport=tcp",
        "expires": 600,
    }
    made = create(world, changed(REG, "registration", registration))
    status = made["registration"].pop("status")
    assert (status["state"], status["last_answer"], status["failures"]) == ("off", None, 0)
    assert made["registration"] == {
        "username": "4930123",
        "auth_username": "line7",
        "sip_realm": "landline.example",
        "from_user": "anna",
        "from_domain": "from.example",
        "outbound_proxy": "proxy.landline.example:5070",
        "transport": "tcp",
        "expires": 600,
    }
    carrier = stored(world, made)
    credential = world.inventory.read(lambda s: outbound_auth.current(s, carrier))
    assert credential is not None
    assert credential.public_id == "line7"


def test_other_spellings_of_a_registration(world: World) -> None:
    registration = {"register_username": "u", "register_password": "p", "realm": "r.example", "register_interval": 60}
    shown = create(world, changed(REG, "registration", registration))["registration"]
    assert (shown["username"], shown["sip_realm"], shown["expires"]) == ("u", "r.example", 60)


def test_a_sip_user_name_that_is_taken(world: World) -> None:
    create(world, AUTH)
    reply = world.topcalls("POST", "/carriers", AUTH)
    check_problem(reply, 409, "inbound_auth_username_taken")
    assert len(carriers(world)) == 1


def test_the_two_ids_do_not_serve_as_each_other(world: World) -> None:
    made = create(world)
    for method in ("GET", "PATCH", "DELETE"):
        reply = world.topcalls(method, f"/carriers/{made['voip_carrier_sid']}", {})
        check_problem(reply, 404, "not_found", "Carrier not found")
    body = {"number": "+14155551234", "voip_carrier_sid": made["id"]}
    assert refused(world.topcalls("POST", "", body)) == [("voip_carrier_sid", "carrier_not_found")]
    assert world.topcalls("GET", f"/carriers/{made['id'].upper()}").status == 200


def test_pages(world: World) -> None:
    made = [create(world, changed(STATIC, "sip_gateway.ipv4", f"203.0.113.{i}"))["id"] for i in range(1, 6)]
    seen, cursor = [], ""
    while True:
        page = world.topcalls("GET", f"/carriers?limit=2{cursor}").json
        assert set(page) == {"data", "next_cursor"}
        seen += [carrier["id"] for carrier in page["data"]]
        if page["next_cursor"] is None:
            break
        assert isinstance(page["next_cursor"], str)
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made


def test_delete(world: World) -> None:
    made = create(world)
    reply = world.topcalls("DELETE", f"/carriers/{made['id']}")
    assert (reply.status, reply.body) == (204, b"")
    for method in ("GET", "DELETE"):
        check_problem(world.topcalls(method, f"/carriers/{made['id']}"), 404, "not_found", "Carrier not found")
    assert carriers(world) == []


def test_delete_while_numbers_use_it(world: World) -> None:
    made = create(world)
    number = add(world)
    body = check_problem(
        world.topcalls("DELETE", f"/carriers/{made['id']}"), 409, "carrier_in_use", "Carrier has active phone numbers"
    )
    assert body["details"] == "1"
    assert world.topcalls("DELETE", f"/{number['id']}").status == 204  # what is soft-deleted does not block
    assert world.topcalls("DELETE", f"/carriers/{made['id']}").status == 204


class TestChanges:
    """PATCH, an addition of ours: what is not given stays."""

    def patch(self, world: World, carrier: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Change a carrier, and see that it is what is then read."""
        reply = world.topcalls("PATCH", f"/carriers/{carrier['id']}", body)
        assert reply.status == 200, reply.body
        assert world.topcalls("GET", f"/carriers/{carrier['id']}").json == reply.json
        return dict(reply.json)

    def test_nothing(self, world: World) -> None:
        made = create(world)
        assert self.patch(world, made, {}) == made

    def test_the_name(self, world: World) -> None:
        made = create(world)
        assert self.patch(world, made, {"carrier_name": "Other"}) | {"updated_at": ""} == made | {
            "carrier_name": "Other",
            "updated_at": "",
        }

    def test_one_member_of_the_gateway(self, world: World) -> None:
        made = create(world, changed(STATIC, "sip_gateway.protocol", "tcp"))
        changed_ = self.patch(world, made, {"sip_gateway": {"port": 5070}})
        assert changed_["sip_gateways"] == [made["sip_gateways"][0] | {"port": 5070}]

    def test_the_list_of_gateways(self, world: World) -> None:
        first, second = {"ipv4": "203.0.113.7"}, {"ipv4": "203.0.113.8", "port": 5080}
        made = create(world, {"carrier_name": "Two", "sip_gateways": [first, second]})
        ids = [gateway["sip_gateway_sid"] for gateway in made["sip_gateways"]]
        wanted = [{"sip_gateway_sid": ids[1]}, {"ipv4": "198.51.100.9"}]
        now = self.patch(world, made, {"sip_gateways": wanted})["sip_gateways"]
        assert now[0] == made["sip_gateways"][1]
        assert (now[1]["ipv4"], now[1]["sip_gateway_sid"] in ids) == ("198.51.100.9", False)
        now = self.patch(world, made, {"sip_gateways": [{"sip_gateway_sid": ids[1], "outbound": False, "netmask": 32}]})
        assert now["sip_gateways"] == [made["sip_gateways"][1] | {"outbound": False}]

    def test_what_this_dialect_has_no_words_for_stays(self, world: World) -> None:
        made = create(world)
        path = f"carriers/{made['voip_carrier_sid']}/gateways/{made['sip_gateway_sid']}"
        assert world.native("PATCH", path, {"priority": 7, "tech_prefix": "99", "emergency": True}).status == 200
        self.patch(world, made, {"sip_gateway": {"port": 5070}, "carrier_name": "Other"})
        (gateway,) = stored(world, made).gateways
        assert (gateway.port, gateway.priority, gateway.tech_prefix, gateway.emergency) == (5070, 7, "99", True)

    def test_a_registration(self, world: World) -> None:
        made = create(world)
        reply = world.topcalls("PATCH", f"/carriers/{made['id']}", {"registration": {"expires": 60}})
        assert refused(reply) == [("registration", "unexpected")]
        made = create(world, REG)
        token = stored(world, made).registration
        now = self.patch(world, made, {"registration": {"realm": "r.example", "from_user": "anna"}})["registration"]
        assert now == made["registration"] | {"sip_realm": "r.example", "from_user": "anna"}
        now = self.patch(world, made, {"registration": {"from_user": None, "password": "other-22"}})["registration"]
        assert now == made["registration"] | {"sip_realm": "r.example"}
        carrier = stored(world, made)
        assert carrier.registration is not None
        assert token is not None
        assert carrier.registration.contact_token == token.contact_token

        def password(store: Any) -> str:
            found = outbound_auth.current(store, carrier)
            return str(store.credentials.reveal(found.id)) if found else ""

        assert world.inventory.read(password) == "other-22"

    def test_a_proxy_brings_its_transport(self, world: World) -> None:
        made = create(world, changed(REG, "registration.transport", "udp"))
        for proxy, place, transport in (
            ("sip:p.example:5070;transport=tcp", "p.example:5070", "tcp"),
            ("q.example", "q.example", "tcp"),
            (None, None, "tcp"),
        ):
            now = self.patch(world, made, {"registration": {"outbound_proxy": proxy}})["registration"]
            assert (now["outbound_proxy"], now["transport"]) == (place, transport)

    def test_a_registrar_with_an_ipv6_address_is_shown_and_kept(self, world: World) -> None:
        made = create(world, REG)
        path = f"carriers/{made['voip_carrier_sid']}/registration"
        wanted = {"registrar": "2001:db8::5", "registrar_port": 5070}
        assert world.native("PATCH", path, wanted).status == 200
        now = self.patch(world, made, {"registration": {"expires": 600}})["registration"]
        assert (now["outbound_proxy"], now["expires"]) == ("[2001:db8::5]:5070", 600)
        kept = stored(world, made).registration
        assert kept is not None
        assert (kept.registrar, kept.registrar_port) == ("2001:db8::5", 5070)
        assert (
            self.patch(world, made, {"registration": {"outbound_proxy": None}})["registration"]["outbound_proxy"]
            is None
        )

    def test_credentials(self, world: World) -> None:
        made = create(world, AUTH)
        assert self.patch(world, made, {"inbound_auth": {"username": "bob"}})["inbound_auth"] == {"username": "bob"}
        self.patch(world, made, {"inbound_auth": {"password": "battery-staple"}})

        def opens(store: Any) -> list[tuple[str, str]]:
            rows = store.credentials.of_carrier(made["voip_carrier_sid"], CredentialKind.SIP_INBOUND)
            return [(row.public_id, store.credentials.reveal(row.id)) for row in rows]

        assert world.inventory.read(opens) == [("bob", "battery-staple")]
        second = create(world, changed(AUTH, "inbound_auth.username", "carol"))
        reply = world.topcalls("PATCH", f"/carriers/{second['id']}", {"inbound_auth": {"username": "bob"}})
        check_problem(reply, 409, "inbound_auth_username_taken")

    @pytest.mark.parametrize(
        ("body", "path", "code"),
        [
            ({"carrier_name": None}, "carrier_name", "required"),
            ({"trunk_type": "auth"}, "trunk_type", "unexpected"),
            ({"sip_gateway": {"ipv4": "sip.example.com"}}, "sip_gateway.ipv4", "inbound_requires_ipv4"),
            ({"sip_gateway": {"inbound": False, "outbound": False}}, "sip_gateway", "no_direction"),
            ({"sip_gateway": 7}, "sip_gateway", "invalid_type"),
            ({"sip_gateways": []}, "sip_gateways", "too_small"),
            ({"sip_gateways": [{"sip_gateway_sid": ABSENT}]}, "sip_gateways.0.sip_gateway_sid", "gateway_not_found"),
            ({"sip_gateways": [{}], "sip_gateway": {}}, "sip_gateways", "unexpected"),
            ({"inbound_auth": {"username": "x"}}, "inbound_auth", "unexpected"),
        ],
    )
    def test_what_is_refused(self, world: World, body: dict[str, Any], path: str, code: str) -> None:
        made = create(world)
        assert refused(world.topcalls("PATCH", f"/carriers/{made['id']}", body)) == [(path, code)]
        assert carriers(world) == [made]

    def test_an_unchanged_trunk_type_is_accepted(self, world: World) -> None:
        made = create(world)
        assert self.patch(world, made, {"trunk_type": "static_ip"}) == made

    def test_the_same_gateway_twice_in_a_list(self, world: World) -> None:
        made = create(world)
        one = {"sip_gateway_sid": made["sip_gateway_sid"]}
        reply = world.topcalls("PATCH", f"/carriers/{made['id']}", {"sip_gateways": [one, one]})
        assert refused(reply) == [("sip_gateways.1", "duplicate_gateway")]

    def test_a_gateway_with_an_ipv6_address_is_shown_and_kept(self, world: World) -> None:
        made = create(world)
        path = f"carriers/{made['voip_carrier_sid']}/gateways"
        assert world.native("POST", path, {"address": "2001:db8::7"}).status == 201
        gateways = carriers(world)[0]["sip_gateways"]
        assert (gateways[1]["ipv4"], gateways[1]["netmask"]) == ("2001:db8::7", 128)
        sids = [{"sip_gateway_sid": gateway["sip_gateway_sid"]} for gateway in gateways]
        assert self.patch(world, made, {"sip_gateways": sids})["sip_gateways"] == gateways
        reply = world.topcalls("PATCH", f"/carriers/{made['id']}", {"sip_gateways": [sids[1] | {"port": 5070}]})
        check_problem(reply, 409, "inexpressible")


def test_round_trip_with_plivo(world: World) -> None:
    """Each dialect changes what is its own, and leaves the rest."""
    made = create(world, changed(STATIC, "sip_gateway.port", 5070))
    (listed,) = world.plivo("GET", "IncomingCarrier/").json["objects"]
    assert (listed["name"], listed["ip_set"]) == ("My VoIP Provider", "203.0.113.7")
    path = f"IncomingCarrier/{listed['carrier_id']}/"
    assert world.plivo("POST", path, {"name": "My VoIP Provider", "ip_set": "203.0.113.7"}).status == 202
    assert carriers(world) == [made | {"updated_at": carriers(world)[0]["updated_at"]}]
    assert world.plivo("POST", path, {"name": "Renamed", "ip_set": "203.0.113.7,198.51.100.0/29"}).status == 202
    (now,) = carriers(world)
    assert (now["id"], now["carrier_name"], now["trunk_type"]) == (made["id"], "Renamed", "static_ip")
    assert now["sip_gateways"][0] == made["sip_gateways"][0]
    added = now["sip_gateways"][1]
    assert (added["ipv4"], added["netmask"], added["inbound"], added["outbound"]) == ("198.51.100.0", 29, True, False)
    gateways = [{"sip_gateway_sid": added["sip_gateway_sid"]}]
    assert world.topcalls("PATCH", f"/carriers/{made['id']}", {"sip_gateways": gateways}).status == 200
    assert world.plivo("GET", path).json["ip_set"] == "198.51.100.0/29"
    assert world.plivo("DELETE", path).status == 204
    assert carriers(world) == []


@pytest.mark.parametrize("body", [AUTH, REG], ids=["auth", "reg"])
def test_the_other_trunk_types_through_plivo(world: World, body: dict[str, Any]) -> None:
    made = create(world, body)
    carrier_id = world.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
    assert world.plivo("POST", f"IncomingCarrier/{carrier_id}/", {"name": "Renamed"}).status == 202
    (now,) = carriers(world)
    assert now | {"updated_at": ""} == made | {"carrier_name": "Renamed", "updated_at": ""}


def test_a_carrier_of_plivos_is_shown_whole(world: World) -> None:
    world.carrier(ip_set="203.0.113.7,198.51.100.0/29")
    (shown,) = carriers(world)
    assert set(shown) == DOCUMENTED | ADDED
    assert (shown["trunk_type"], len(shown["sip_gateways"])) == ("static_ip", 2)
    assert world.topcalls("PATCH", f"/carriers/{shown['id']}", {"sip_gateway": {"outbound": True}}).status == 200
    assert world.plivo("GET", "IncomingCarrier/").json["objects"][0]["ip_set"] == "203.0.113.7,198.51.100.0/29"


def test_a_restriction_that_there_is_not_is_refused_on_a_change_too(world: World) -> None:
    made = create(world, AUTH)
    for name, value in (("allowed_ips", ["203.0.113.8"]), ("realm", "sip.example.com")):
        reply = world.topcalls("PATCH", f"/carriers/{made['id']}", {"inbound_auth": {name: value}})
        assert refused(reply) == [(f"inbound_auth.{name}", "unexpected")]
    unsaid = {"inbound_auth": {"allowed_ips": None, "realm": None, "username": "alice"}}
    assert world.topcalls("PATCH", f"/carriers/{made['id']}", unsaid).status == 200


def test_a_user_name_like_a_mail_address_and_a_loose_route(world: World) -> None:
    proxy = "sip:edge.landline.example:5070;lr;transport=tcp"
    body = changed(changed(REG, "registration.username", "alice@example.com"), "registration.outbound_proxy", proxy)
    made = create(world, body)["registration"]
    assert (made["username"], made["outbound_proxy"], made["transport"]) == (
        *("alice@example.com", "edge.landline.example:5070", "tcp"),
    )


def test_a_loose_route_leaves_the_transport_as_it_is(world: World) -> None:
    made = create(world, changed(REG, "registration.transport", "tcp"))
    wanted = {"registration": {"outbound_proxy": "sip:edge.landline.example;lr"}}
    after = world.topcalls("PATCH", f"/carriers/{made['id']}", wanted).json["registration"]
    assert (after["outbound_proxy"], after["transport"]) == ("edge.landline.example", "tcp")


def test_an_address_that_is_never_called_may_call(world: World) -> None:
    """What saving refuses is what the edge would not send to; calls from there are another matter."""
    gateway = {"ipv4": "169.254.1.1", "outbound": False}
    assert create(world, changed(STATIC, "sip_gateway", gateway))["sip_gateways"][0]["ipv4"] == "169.254.1.1"
