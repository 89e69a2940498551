"""Twilio's IP access control lists and credential lists, with what stands in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.world import World

GOOD = "Long-enough-1"


def make(world: World, path: str, **form: str) -> Any:
    """Create a record and return it."""
    reply = world.twilio("POST", f"SIP/{path}.json", form)
    assert reply.status == 201, reply.body
    return reply.json


def test_an_ip_lists_whole_life(world: World) -> None:
    made = make(world, "IpAccessControlLists", FriendlyName="office")
    one = f"SIP/IpAccessControlLists/{made['sid']}"
    assert made["subresource_uris"]["ip_addresses"].endswith(f"{one}/IpAddresses.json")
    entry = world.twilio("POST", f"{one}/IpAddresses.json", {"FriendlyName": "a", "IpAddress": "198.51.100.9"}).json
    assert (entry["ip_address"], entry["cidr_prefix_length"]) == ("198.51.100.9", 32)
    net = {"FriendlyName": "b", "IpAddress": "203.0.113.17", "CidrPrefixLength": "28"}
    second = world.twilio("POST", f"{one}/IpAddresses.json", net).json
    assert (second["ip_address"], second["cidr_prefix_length"]) == ("203.0.113.16", 28)
    path = f"{one}/IpAddresses/{entry['sid']}.json"
    assert world.twilio("GET", path).json == entry
    changed = world.twilio("POST", path, {"FriendlyName": "c", "IpAddress": "198.51.100.10"}).json
    assert (changed["sid"], changed["friendly_name"], changed["ip_address"]) == (entry["sid"], "c", "198.51.100.10")
    assert world.twilio("GET", f"{one}/IpAddresses.json").json["ip_addresses"] == [changed, second]
    (shown,) = world.plivo("GET", "Zentrunk/IPAccessControlList/").json["objects"]
    assert (shown["name"], set(shown["ip_addresses"])) == ("office", {"198.51.100.10", "203.0.113.16/28"})
    assert world.twilio("DELETE", path).status == 204
    assert world.twilio("GET", path).status == 404
    assert world.twilio("POST", f"{one}.json", {"FriendlyName": "annex"}).json["friendly_name"] == "annex"
    assert world.twilio("GET", f"{one}.json").json["sid"] == made["sid"]
    assert world.twilio("DELETE", f"{one}.json").status == 204
    assert world.twilio("GET", "SIP/IpAccessControlLists.json").json["ip_access_control_lists"] == []


def test_names_of_ip_lists_and_entries_have_up_to_255_characters(world: World) -> None:
    made = make(world, "IpAccessControlLists", FriendlyName="x" * 255)
    assert make(
        world, f"IpAccessControlLists/{made['sid']}/IpAddresses", FriendlyName="y" * 255, IpAddress="198.51.100.9"
    )
    for path, code in (("", 21235), (f"/{made['sid']}", 21235), (f"/{made['sid']}/IpAddresses", 21238)):
        form = {"FriendlyName": "x" * 256, "IpAddress": "198.51.100.10"}
        reply = world.twilio("POST", f"SIP/IpAccessControlLists{path}.json", form)
        assert (reply.status, reply.json["code"]) == (400, code)


def test_entries_keep_their_sids_when_another_dialect_replaces_the_list(world: World) -> None:
    body = {"name": "z", "ip_addresses": ["198.51.100.9", "198.51.100.10"]}
    uuid = world.plivo("POST", "Zentrunk/IPAccessControlList/", body).json["ipacl_uuid"]
    path = f"SIP/IpAccessControlLists/AL{uuid.replace('-', '')}/IpAddresses.json"
    before = {row["ip_address"]: row["sid"] for row in world.twilio("GET", path).json["ip_addresses"]}
    body["ip_addresses"] = ["203.0.113.9", "198.51.100.10"]
    assert world.plivo("POST", f"Zentrunk/IPAccessControlList/{uuid}/", body).status == 202
    after = {row["ip_address"]: row["sid"] for row in world.twilio("GET", path).json["ip_addresses"]}
    assert set(after) == {"203.0.113.9", "198.51.100.10"}
    assert after["198.51.100.10"] == before["198.51.100.10"]


@pytest.mark.parametrize(
    "form",
    [
        {"FriendlyName": "x"},
        {"FriendlyName": "x", "IpAddress": "2001:db8::1"},
        {"FriendlyName": "x", "IpAddress": "host.example"},
        {"FriendlyName": "x", "IpAddress": "198.51.100.9", "CidrPrefixLength": "33"},
        {"FriendlyName": "x", "IpAddress": "198.51.100.9", "CidrPrefixLength": "8"},
        {"FriendlyName": "x", "IpAddress": "0.0.0.0"},
        {"FriendlyName": "x", "IpAddress": "224.0.0.1"},
        {"IpAddress": "198.51.100.9"},
    ],
)
def test_bad_addresses(world: World, form: dict[str, str]) -> None:
    made = make(world, "IpAccessControlLists", FriendlyName="office")
    path = f"SIP/IpAccessControlLists/{made['sid']}/IpAddresses.json"
    reply = world.twilio("POST", path, form)
    assert (reply.status, reply.json["code"]) == (400, 21238)
    assert world.twilio("GET", path).json["ip_addresses"] == []


def test_an_address_is_in_a_list_once(world: World) -> None:
    made = make(world, "IpAccessControlLists", FriendlyName="office")
    form = {"FriendlyName": "x", "IpAddress": "198.51.100.9"}
    path = f"SIP/IpAccessControlLists/{made['sid']}/IpAddresses.json"
    assert [world.twilio("POST", path, form).status for _ in range(2)] == [201, 400]


def test_a_credential_lists_whole_life(world: World) -> None:
    made = make(world, "CredentialLists", FriendlyName="phones")
    one = f"SIP/CredentialLists/{made['sid']}"
    login = world.twilio("POST", f"{one}/Credentials.json", {"Username": "desk", "Password": GOOD})
    assert login.status == 201
    assert GOOD.encode() not in login.body
    path = f"{one}/Credentials/{login.json['sid']}.json"
    assert world.twilio("GET", path).json == login.json
    assert world.twilio("GET", f"{one}/Credentials.json").json["credentials"] == [login.json]
    taken = world.twilio("POST", f"{one}/Credentials.json", {"Username": "desk", "Password": GOOD})
    assert (taken.status, taken.json["code"]) == (400, 21243)
    assert world.twilio("POST", path, {"Password": "Another-one-22"}).status == 200
    assert world.twilio("POST", f"{one}.json", {"FriendlyName": "desks"}).json["friendly_name"] == "desks"
    assert world.twilio("DELETE", path).status == 204
    assert world.twilio("GET", path).status == 404
    world.twilio("POST", f"{one}/Credentials.json", {"Username": "desk", "Password": GOOD})
    assert world.twilio("DELETE", f"{one}.json").status == 204
    assert world.twilio("GET", f"{one}.json").status == 404
    assert world.twilio("GET", "SIP/CredentialLists.json").json["credential_lists"] == []


@pytest.mark.parametrize(
    "password", ["", "Short-1", "no-capitals-1", "NO-SMALL-ONES-1", "No-digits-here", "Long-1" + "x" * 128]
)
def test_weak_passwords(world: World, password: str) -> None:
    made = make(world, "CredentialLists", FriendlyName="phones")
    path = f"SIP/CredentialLists/{made['sid']}/Credentials.json"
    reply = world.twilio("POST", path, {"Username": "desk", "Password": password})
    assert (reply.status, reply.json["code"]) == (400, 21243)
    assert not password or password.encode() not in reply.body


@pytest.mark.parametrize(
    ("part", "code", "longest"), [("IpAccessControlLists", 21235, 255), ("CredentialLists", 21240, 100)]
)
def test_lists_have_names(world: World, part: str, code: int, longest: int) -> None:
    for form in ({}, {"FriendlyName": ""}, {"FriendlyName": "x" * (longest + 1)}):
        reply = world.twilio("POST", f"SIP/{part}.json", form)
        assert (reply.status, reply.json["code"]) == (400, code)


def test_another_accounts_lists_are_not_found(world: World) -> None:
    ip = make(world, "IpAccessControlLists", FriendlyName="a")["sid"]
    logins = make(world, "CredentialLists", FriendlyName="a")["sid"]
    for tenant in (world.other, world.sub):
        for path, form in (
            (f"IpAccessControlLists/{ip}", {"FriendlyName": "x"}),
            (f"IpAccessControlLists/{ip}/IpAddresses", {"FriendlyName": "x", "IpAddress": "198.51.100.9"}),
            (f"CredentialLists/{logins}", {"FriendlyName": "x"}),
            (f"CredentialLists/{logins}/Credentials", {"Username": "x", "Password": GOOD}),
        ):
            assert world.twilio("GET", f"SIP/{path}.json", tenant=tenant).status == 404
            assert world.twilio("POST", f"SIP/{path}.json", form, tenant=tenant).status == 404
        for path in (f"IpAccessControlLists/{ip}", f"CredentialLists/{logins}"):
            assert world.twilio("DELETE", f"SIP/{path}.json", tenant=tenant).status == 404


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=st.text(max_size=20), prefix=st.text(max_size=4), username=st.text(max_size=40))
def test_any_text_is_kept_or_refused(world: World, address: str, prefix: str, username: str) -> None:
    ip = make(world, "IpAccessControlLists", FriendlyName="a")["sid"]
    logins = make(world, "CredentialLists", FriendlyName="a")["sid"]
    form = {"FriendlyName": "x", "IpAddress": address, "CidrPrefixLength": prefix}
    assert world.twilio("POST", f"SIP/IpAccessControlLists/{ip}/IpAddresses.json", form).status in (201, 400)
    login = {"Username": username, "Password": GOOD}
    assert world.twilio("POST", f"SIP/CredentialLists/{logins}/Credentials.json", login).status in (201, 400)
