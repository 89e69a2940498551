"""IncomingCarrier: statuses and bodies of https://www.plivo.com/docs/numbers/incoming-carriers.md."""

from __future__ import annotations

import pytest

from tests.http.world import World

KEYS = {"carrier_id", "ip_set", "name", "resource_uri", "sms", "voice"}


def test_a_carrier_from_creation_to_deletion(world: World) -> None:
    created = world.plivo("POST", "IncomingCarrier/", {"name": "My_Carrier", "ip_set": "10.20.10.20,10.10.10.10"})
    assert created.status == 201
    assert set(created.json) == {"api_id", "carrier_id", "message"}
    assert created.json["message"] == "created"
    carrier_id = created.json["carrier_id"]
    assert len(carrier_id) == 14
    assert carrier_id.isdigit()

    got = world.plivo("GET", f"IncomingCarrier/{carrier_id}/")
    assert got.status == 200
    assert set(got.json) == KEYS | {"api_id"}
    shown = {key: got.json[key] for key in KEYS}
    assert shown == {
        "carrier_id": carrier_id,
        "ip_set": "10.20.10.20,10.10.10.10",
        "name": "My_Carrier",
        "resource_uri": f"/v1/Account/{world.main.auth_id}/IncomingCarrier/{carrier_id}/",
        "sms": False,
        "voice": True,
    }
    listed = world.plivo("GET", "IncomingCarrier/").json
    assert listed["objects"] == [shown]
    assert listed["meta"] == {"limit": 20, "offset": 0, "next": None, "previous": None, "total_count": 1}

    changed = world.plivo("POST", f"IncomingCarrier/{carrier_id}/", {"ip_set": "10.30.10.30"})
    assert (changed.status, changed.json["message"]) == (202, "changed")
    assert world.plivo("GET", f"IncomingCarrier/{carrier_id}/").json["ip_set"] == "10.30.10.30"

    gone = world.plivo("DELETE", f"IncomingCarrier/{carrier_id}/")
    assert (gone.status, gone.body) == (204, b"")
    assert world.plivo("GET", f"IncomingCarrier/{carrier_id}/").status == 404


@pytest.mark.parametrize(
    ("ip_set", "shown"),
    [
        ("203.0.113.9, 203.0.113.7,203.0.113.9", "203.0.113.9,203.0.113.7"),
        ("203.0.113.0/28", "203.0.113.0/28"),
        ("2001:DB8::7,::ffff:203.0.113.1", "2001:db8::7,203.0.113.1"),
        ("2001:db8:1::/64", "2001:db8:1::/64"),
        (["203.0.113.9", "203.0.113.7"], "203.0.113.9,203.0.113.7"),
    ],
)
def test_what_ip_set_takes(world: World, ip_set: object, shown: str) -> None:
    created = world.plivo("POST", "IncomingCarrier/", {"name": "c", "ip_set": ip_set})
    assert created.status == 201
    assert world.plivo("GET", f"IncomingCarrier/{created.json['carrier_id']}/").json["ip_set"] == shown


@pytest.mark.parametrize(
    "bad",
    [
        "sip.example.com",
        "10.0.0",
        "10.0.0.1:5060",
        "0.0.0.0",
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.1/24",
        "224.0.0.1",
        "255.255.255.255",
        "250.1.1.1",
        "2001:db8::/32",
        "::",
        "ff02::1",
        "1.2.3.4/33",
        "*",
        "fe80::1%eth0",
    ],
)
def test_ip_set_names_the_bad_entry_and_writes_nothing(world: World, bad: str) -> None:
    refused = world.plivo("POST", "IncomingCarrier/", {"name": "c", "ip_set": f"203.0.113.7,{bad}"})
    assert refused.status == 400
    assert bad in refused.json["error"]
    assert "203.0.113.7'" not in refused.json["error"]
    assert world.plivo("GET", "IncomingCarrier/").json["objects"] == []


@pytest.mark.parametrize("ip_set", ["", ",", "203.0.113.7,", None, {"a": 1}, [], [["203.0.113.7"]]])
def test_ip_set_that_names_nothing_is_refused(world: World, ip_set: object) -> None:
    refused = world.plivo("POST", "IncomingCarrier/", {"name": "c", "ip_set": ip_set})
    assert refused.status == 400
    assert "ip_set" in refused.json["error"]


@pytest.mark.parametrize("name", ["Custom carrier 1", "é", "", "a" * 101, "a\n", None, "a.b"])
def test_names_follow_the_vendor_rule(world: World, name: object) -> None:
    refused = world.plivo("POST", "IncomingCarrier/", {"name": name, "ip_set": "203.0.113.7"})
    assert refused.status == 400
    assert "name" in refused.json["error"]


def test_an_unchanged_name_of_another_dialect_is_accepted_back(world: World) -> None:
    world.native("POST", "carriers", {"name": "Custom carrier 1", "gateways": [{"address": "203.0.113.7"}]})
    carrier = world.plivo("GET", "IncomingCarrier/", name="Custom carrier 1").json["objects"][0]
    path = f"IncomingCarrier/{carrier['carrier_id']}/"
    assert world.plivo("POST", path, {"name": "Custom carrier 1", "ip_set": "203.0.113.8"}).status == 202
    assert world.plivo("GET", path).json["ip_set"] == "203.0.113.8"
    assert world.plivo("POST", path, {"name": "Custom carrier 2"}).status == 400


def test_ip_set_reads_and_replaces_inbound_addresses_only(world: World) -> None:
    gateways = [
        {"address": "203.0.113.7", "outbound": True, "port": 5070},
        {"address": "203.0.113.8"},
        {"address": "sip.example.com", "inbound": False, "outbound": True},
    ]
    made = world.native("POST", "carriers", {"name": "c", "gateways": gateways}).json
    carrier = world.plivo("GET", "IncomingCarrier/").json["objects"][0]
    assert carrier["ip_set"] == "203.0.113.7,203.0.113.8"
    world.plivo("POST", f"IncomingCarrier/{carrier['carrier_id']}/", {"ip_set": "203.0.113.9,203.0.113.8"})
    after = {g["address"]: g for g in world.native("GET", f"carriers/{made['id']}").json["gateways"]}
    before = {g["address"]: g for g in made["gateways"]}
    assert list(after) == ["203.0.113.9", "203.0.113.8", "203.0.113.7", "sip.example.com"]
    assert after["203.0.113.8"] == before["203.0.113.8"]
    assert after["203.0.113.7"] == before["203.0.113.7"] | {"inbound": False}
    assert (after["203.0.113.9"]["outbound"], after["203.0.113.9"]["port"]) == (False, 5060)


def test_equal_names_are_allowed_and_the_filter_is_exact(world: World) -> None:
    for name in ("One", "One", "Two", "OneMore"):
        world.carrier(name=name)
    assert world.plivo("GET", "IncomingCarrier/", name="One").json["meta"]["total_count"] == 2
    assert world.plivo("GET", "IncomingCarrier/", name="none").json["objects"] == []


def test_a_carrier_in_use_stays(world: World) -> None:
    carrier_id = world.carrier()
    world.numbers(carrier_id, "14155551234", "14155551235")
    refused = world.plivo("DELETE", f"IncomingCarrier/{carrier_id}/")
    assert refused.status == 400
    assert "2 numbers" in refused.json["error"]
    for number in ("14155551234", "14155551235"):
        world.plivo("DELETE", f"Number/{number}/")
    assert world.plivo("DELETE", f"IncomingCarrier/{carrier_id}/").status == 204


def test_a_bad_update_changes_nothing(world: World) -> None:
    path = f"IncomingCarrier/{world.carrier()}/"
    assert world.plivo("POST", path, {"name": "Other_name", "ip_set": "nonsense"}).status == 400
    assert world.plivo("GET", path).json["name"] == "Carrier_1"
    assert world.plivo("POST", path, {}).status == 202
