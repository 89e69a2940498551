"""What would confuse calls is refused when it is saved, by the native API and Plivo's ip_set, naming no tenant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.fixtures import copied
from tests.http.world import FakeExplainer, Reply, Tenant, World
from trunkline.core.ports import Rules
from trunkline.dialects.asgi import build
from trunkline.store import database
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory

OWN = ("198.51.100.1", "2001:db8::1")
SECRET = "correct horse"


def governed(world: World, rules: Rules) -> World:
    """Return the same installation under other rules."""
    inventory = Inventory(world.data, database.open_vault(world.data, {}), rules)
    made = World(inventory, build(inventory, CallReader(world.data), FakeExplainer()), FakeExplainer(), world.data)
    made.main, made.sub, made.other, made.operator = world.main, world.sub, world.other, world.operator
    return made


@pytest.fixture(scope="class")
def strict(
    furnished: tuple[Path, dict[str, Tenant]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, World]]:
    """Give an installation outside lab mode with listeners of its own, and the same where wide masks are allowed."""
    for world in copied(furnished, tmp_path_factory.mktemp("saving")):
        made = [governed(world, Rules(own_addresses=OWN, allow_wide_masks=wide)) for wide in (False, True)]
        yield made[0], made[1]
        for one in made:
            one.inventory.close()


def refusals(world: World, address: str) -> list[Reply]:
    """Save an address every way that there is; return the answers."""
    body = {"name": "c", "gateways": [{"address": address}]}
    out = {"name": "c", "gateways": [{"address": address, "inbound": False, "outbound": True}]}
    return [
        world.native("POST", "carriers", body),
        world.native("POST", "carriers", out),
        world.plivo("POST", "IncomingCarrier/", {"name": "c", "ip_set": address}),
    ]


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("0.0.0.0", "is unspecified"),
            ("0.1.2.3", "is unspecified"),
            ("0.1.2.0/24", "is unspecified"),
            ("::", "is unspecified"),
            ("::ffff:0.0.0.0", "is unspecified"),
            ("224.0.0.1", "is multicast"),
            ("239.255.255.250", "is multicast"),
            ("ff02::1", "is multicast"),
            ("240.0.0.1", "is reserved"),
            ("255.255.255.255", "is reserved"),
            ("255.255.255.0/24", "is reserved"),
            ("::ffff:255.255.255.255", "is reserved"),
            ("127.0.0.2", "is loopback"),
            ("::1", "is loopback"),
            ("::ffff:127.0.0.1", "is loopback"),
            ("203.0.112.0/23", "is wider than /24"),
            ("2001:db8::/63", "is wider than /64"),
            ("0.0.0.0/0", "is wider than /24"),
            ("198.51.100.1", "is this server's own SIP address"),
            ("198.51.100.0/24", "is this server's own SIP address"),
            ("::ffff:198.51.100.1", "is this server's own SIP address"),
            ("2001:db8::1", "is this server's own SIP address"),
            ("2001:db8::/64", "is this server's own SIP address"),
            ("203.0.113.7/24", "has host bits set"),
        ],
    )
    def test_that_no_call_may_come_from(self, strict: tuple[World, World], address: str, reason: str) -> None:
        for reply in refusals(strict[0], address):
            assert reply.status == 400
            assert reason in reply.body.decode()
        assert strict[0].native("GET", "carriers").json["total"] == 0

    @pytest.mark.parametrize("address", ["203.0.112.0/23", "10.0.0.0/8", "2001:db8:1::/48"])
    def test_wide_masks_by_the_operators_word(self, strict: tuple[World, World], address: str) -> None:
        narrow, wide = strict
        made = wide.native("POST", "carriers", {"name": "w", "gateways": [{"address": address}]})
        assert made.status == 201
        assert wide.native("DELETE", f"carriers/{made.json['id']}").status == 204
        assert narrow.native("POST", "carriers", {"name": "w", "gateways": [{"address": address}]}).status == 400

    @pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "192.0.0.0/2", "198.0.0.0/8", "2001::/16"])
    def test_that_no_word_opens(self, strict: tuple[World, World], address: str) -> None:
        assert {reply.status for reply in refusals(strict[1], address)} == {400}


GATEWAYS: list[tuple[str, dict[str, Any], str]] = [
    ("a port for an address", {"address": "203.0.113.7", "port": None}, "port"),
    ("a transport with a port", {"address": "sip.example.com", "transport": None}, "transport"),
    ("asking an inbound gateway", {"address": "203.0.113.7", "options_ping": True}, "options_ping"),
    ("a network that is called", {"address": "203.0.113.0/28", "outbound": True}, "address"),
    ("a host of one label", {"address": "carrier"}, "address"),
    ("a host like an address", {"address": "203.0.113"}, "address"),
    ("our own domain", {"address": "SIP.ours.example."}, "address"),
]


@pytest.mark.parametrize(("gateway", "field"), [row[1:] for row in GATEWAYS], ids=[row[0] for row in GATEWAYS])
def test_gateways_that_make_no_sense(world: World, gateway: dict[str, Any], field: str) -> None:
    made = governed(world, Rules(sip_host="sip.ours.example"))
    refused = made.native("POST", "carriers", {"name": "c", "gateways": [gateway]})
    made.inventory.close()
    assert refused.status == 400
    assert refused.json["errors"][0]["path"] == field


def test_one_gateway_twice(world: World) -> None:
    twice = {"name": "c", "gateways": [{"address": "203.0.113.7"}, {"address": "::ffff:203.0.113.7"}]}
    refused = world.native("POST", "carriers", twice)
    assert refused.status == 400
    assert "is a gateway of this carrier already" in refused.json["detail"]


def test_names_as_they_are_shown(world: World) -> None:
    gateways = [
        {"address": "One.Example.com."},
        {"address": "two.example.com", "port": None},
        {"address": "three.example.com", "port": None, "transport": "tcp", "outbound": True, "options_ping": True},
    ]
    made = world.native("POST", "carriers", {"name": "Named_1", "gateways": gateways, "options_ping": True})
    assert made.status == 201
    shown = [(g["address"], g["port"], g["transport"], g["options_ping"]) for g in made.json["gateways"]]
    assert shown == [
        ("one.example.com", 5060, "udp", None),
        ("two.example.com", None, None, None),
        ("three.example.com", None, "tcp", True),
    ]
    (listed,) = world.plivo("GET", "IncomingCarrier/").json["objects"]
    assert listed["ip_set"] == ""
    world.plivo("POST", f"IncomingCarrier/{listed['carrier_id']}/", {"ip_set": "203.0.113.7"})
    path = f"carriers/{made.json['id']}"
    after = world.native("GET", path).json
    assert [g["address"] for g in after["gateways"]] == ["203.0.113.7", *(name for name, *_ in shown)]
    assert all(g["inbound"] for g in after["gateways"]), "names keep admitting calls"
    assert world.native("PATCH", path, {"options_ping": False}).json["options_ping"] is False


def auth(username: str) -> dict[str, Any]:
    """Return the body of an `auth` carrier."""
    return {"name": "a", "kind": "auth", "inbound_auth": {"username": username, "password": SECRET}}


def test_one_user_name_is_one_carriers_or_one_endpoints(world: World) -> None:
    assert world.native("POST", "carriers", auth("alpha")).status == 201
    phone = {"username": "phone", "password": SECRET, "alias": "x"}
    endpoint = world.plivo("POST", "Endpoint/", phone).json["username"]
    kin = "another carrier of this account, or of one above or below it, has this SIP user name"
    for username, tenant, why in (
        ("alpha", world.main, kin),
        ("alpha", world.sub, kin),
        (endpoint, world.main, "this SIP user name is taken"),
        (endpoint, world.other, "this SIP user name is taken"),
    ):
        refused = world.native("POST", "carriers", auth(username), tenant=tenant)
        assert (refused.status, refused.json["errors"][0]["path"]) == (400, "username")
        assert why in refused.json["detail"]
        assert "Main" not in refused.body.decode()
    assert world.native("POST", "carriers", auth("alpha"), tenant=world.other).status == 201, "its domain is another"
    carrier = world.native("GET", "carriers").json["items"][0]["id"]
    assert world.native("DELETE", f"carriers/{carrier}").status == 204
    assert world.native("POST", "carriers", auth("alpha")).status == 201, "it is free again"


def test_a_carrier_and_a_login_of_outbound_trunks_are_told_apart_by_name(world: World) -> None:
    """Both answer in the account's realm, and a call with the password of both could be either's."""

    def login(username: str, tenant: Tenant) -> Reply:
        body = {"name": "PBX", "username": username, "password": "correct1horse"}
        return world.plivo("POST", "Zentrunk/Credential/", body, tenant=tenant)

    assert world.native("POST", "carriers", auth("carrier1")).status == 201
    for tenant in (world.main, world.sub):
        taken = login("carrier1", tenant)
        assert taken.status == 400
        assert "another carrier of this account, or of one above or below it" in taken.json["error"]
    assert login("carrier1", world.other).status == 201, "its domain is another"
    assert login("trunk123", world.main).status == 201
    for tenant in (world.main, world.sub):
        refused = world.native("POST", "carriers", auth("trunk123"), tenant=tenant)
        assert (refused.status, refused.json["errors"][0]["path"]) == (400, "username")
        assert "a login of outbound trunks of this account, or of one above or below it" in refused.json["detail"]
        assert "Main" not in refused.body.decode()
    assert world.native("POST", "carriers", auth("trunk123"), tenant=world.other).status == 201


def test_a_login_that_takes_a_carrier_s_name_later_is_refused_too(world: World) -> None:
    body = {"name": "PBX", "username": "trunk123", "password": "correct1horse"}
    made = world.plivo("POST", "Zentrunk/Credential/", body).json["credential_uuid"]
    proof = {"username": "carrier1", "password": "correct-horse"}
    wanted: dict[str, Any] = {
        "carrier_name": "a",
        "trunk_type": "auth",
        "sip_gateway": {"ipv4": "203.0.113.8"},
        "inbound_auth": proof,
    }
    carrier = world.topcalls("POST", "/carriers", wanted).json["id"]
    path = f"Zentrunk/Credential/{made}/"
    changed = world.plivo("POST", path, {"username": "carrier1", "password": "correct1horse"})
    assert changed.status == 400
    assert world.plivo("POST", path, {"username": "trunk123", "password": "correct2horse"}).status == 202, "its own"
    for username, status in (("trunk123", 409), ("carrier2", 200)):
        other = {"inbound_auth": {"username": username}}
        assert world.topcalls("PATCH", f"/carriers/{carrier}", other).status == status


def test_one_number_lives_once(world: World) -> None:
    number = "14155551234"
    world.numbers(world.carrier(ip_set="203.0.113.7"), number)
    for tenant in (world.main, world.other):
        carrier = world.carrier(tenant, ip_set="203.0.113.8", name="Second")
        body = {"numbers": f"14155551235,{number}", "carrier": carrier, "region": "R"}
        refused = world.plivo("POST", "Number/", body, tenant=tenant)
        assert refused.status == 400
        assert number in refused.json["error"]
        assert "Main" not in refused.body.decode()
        assert world.main.account.id not in refused.body.decode()
        assert world.native("GET", "numbers/14155551235", tenant=tenant).status == 404, "all of them, or none"
