"""Zentrunk: statuses, messages and rules of the vendor's pages, and what trunks do to numbers and accounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http import stocked
from tests.http.world import Reply, Tenant, World
from trunkline.core import ip_lists, origination, trunk_logins, trunks
from trunkline.core.model import EVERYTHING, CredentialKind, Page
from trunkline.core.origination import MAX_URI
from trunkline.core.trunk_ports import UriFilter
from trunkline.dialects.plivo.zentrunk import OPERATIONS

ABSENT = "00000000-0000-4000-8000-000000000000"
SECRET = "pass-word-1!"
MESSAGES = {
    "Trunk": ("Trunk created successfully.", "Trunk updated successfully.", "trunk_id"),
    "URI": ("Origination URI created successfully.", "Origination URI updated successfully.", "uri_uuid"),
    "Credential": ("credential created successfully.", "Credential updated successfully.", "credential_uuid"),
    "IPAccessControlList": (
        "IP access control list created successfully.",
        "IP access control list updated successfully.",
        "ipacl_uuid",
    ),
}


def ask(world: World, method: str, path: str, body: Any = None, *, tenant: Tenant | None = None, **query: Any) -> Reply:
    """Send a request of Zentrunk's."""
    return world.plivo(method, f"Zentrunk/{path}", body, tenant=tenant, **query)


def make(world: World, resource: str, tenant: Tenant | None = None, **body: Any) -> str:
    """Create a record and return its id."""
    message, _, key = MESSAGES[resource]
    reply = ask(world, "POST", f"{resource}/", body, tenant=tenant)
    assert reply.status == 201, reply.body
    assert set(reply.json) == {"api_id", "message", key}
    assert reply.json["message"] == message
    return str(reply.json[key])


def change(world: World, resource: str, record_id: str, status: int = 202, **body: Any) -> str:
    """Change a record; return the message, or the error."""
    _, message, key = MESSAGES[resource]
    reply = ask(world, "POST", f"{resource}/{record_id}/", body)
    assert reply.status == status, reply.body
    if status == 202:
        assert (reply.json["message"], reply.json[key]) == (message, record_id)
    return str(reply.json["message"] if status == 202 else reply.json["error"])


def get(world: World, resource: str, record_id: str, tenant: Tenant | None = None) -> dict[str, Any]:
    """Return a record as it is shown: alone under ``object``, and the same in the list."""
    reply = ask(world, "GET", f"{resource}/{record_id}/", tenant=tenant)
    assert reply.status == 200, reply.body
    assert set(reply.json) == {"api_id", "object"}
    key = MESSAGES[resource][2]
    rows = ask(world, "GET", f"{resource}/", tenant=tenant, **{key: record_id}).json["objects"]
    assert rows == [reply.json["object"]]
    return dict(reply.json["object"])


def found(world: World, resource: str, **filters: Any) -> list[str]:
    """Return the ids of a filtered list."""
    reply = ask(world, "GET", f"{resource}/", **filters)
    assert reply.status == 200, reply.body
    assert reply.json["meta"]["total_count"] == len(reply.json["objects"])
    return [row[MESSAGES[resource][2]] for row in reply.json["objects"]]


def refused(world: World, resource: str, status: int, **body: Any) -> str:
    """Check that a creation is refused; return the error."""
    reply = ask(world, "POST", f"{resource}/", body)
    assert reply.status == status, reply.body
    return str(reply.json["error"])


def uri(world: World, text: str = "pbx.example.com", tenant: Tenant | None = None, **more: Any) -> str:
    """Create an origination URI."""
    return make(world, "URI", tenant, uri=text, **more)


def inbound(world: World, primary: str, tenant: Tenant | None = None, **more: Any) -> str:
    """Create an inbound trunk."""
    return make(
        world, "Trunk", tenant, **{"name": "In", "trunk_direction": "inbound", "primary_uri_uuid": primary, **more}
    )


def acl(world: World, *entries: str, tenant: Tenant | None = None) -> str:
    """Create an IP access control list."""
    return make(world, "IPAccessControlList", tenant, ip_addresses=list(entries or ("198.51.100.9",)))


def secrets(world: World, kind: CredentialKind) -> list[str]:
    """Return the passwords of the main account that are live, in clear."""

    def look(store: Any) -> list[str]:
        return [store.credentials.reveal(c.id) for c in store.credentials.live(world.main.account.id, kind)]

    return list(world.inventory.read(look))


# Trunks


def test_an_inbound_trunk_from_creation_to_deletion(world: World) -> None:
    first, second = uri(world), uri(world, "203.0.113.9:5070")
    trunk_id = inbound(world, first, fallback_uri_uuid=second)
    assert (len(trunk_id), trunk_id.isdigit()) == (18, True)
    shown = {
        "trunk_id": trunk_id,
        "trunk_domain": f"{trunk_id}.zt.sip.invalid",
        "name": "In",
        "trunk_status": "enabled",
        "trunk_direction": "inbound",
        "secure": False,
        "ipacl_uuid": None,
        "credential_uuid": None,
        "primary_uri_uuid": first,
        "fallback_uri_uuid": second,
    }
    assert get(world, "Trunk", trunk_id) == shown
    change(
        world,
        "Trunk",
        trunk_id,
        trunk_direction="inbound",
        name="New",
        trunk_status="disabled",
        primary_uri_uuid=second,
        fallback_uri_uuid=first,
    )
    after = {"name": "New", "trunk_status": "disabled", "primary_uri_uuid": second, "fallback_uri_uuid": first}
    assert get(world, "Trunk", trunk_id) == shown | after
    change(world, "Trunk", trunk_id, trunk_direction="inbound", fallback_uri_uuid="")
    assert get(world, "Trunk", trunk_id)["fallback_uri_uuid"] is None
    gone = ask(world, "DELETE", f"Trunk/{trunk_id}/")
    assert (gone.status, gone.body) == (204, b"")
    assert ask(world, "GET", f"Trunk/{trunk_id}/").status == 404
    assert get(world, "URI", first)["uri"] == "pbx.example.com", "its URIs stay"


def test_an_outbound_trunk(world: World) -> None:
    list_id = acl(world)
    login_id = make(world, "Credential", username="pbx12345", password=SECRET)
    trunk_id = make(world, "Trunk", name="Out", trunk_direction="outbound", ipacl_uuid=list_id, trunk_status="disabled")
    shown = get(world, "Trunk", trunk_id)
    assert (shown["ipacl_uuid"], shown["credential_uuid"], shown["trunk_status"]) == (list_id, None, "disabled")
    change(world, "Trunk", trunk_id, trunk_direction="outbound", credential_uuid=login_id, ipacl_uuid="")
    shown = get(world, "Trunk", trunk_id)
    assert (shown["ipacl_uuid"], shown["credential_uuid"]) == (None, login_id)
    error = change(world, "Trunk", trunk_id, 422, trunk_direction="outbound", credential_uuid="", name="Gone")
    assert error.startswith("ipacl_uuid or credential_uuid: an outbound trunk needs")
    assert get(world, "Trunk", trunk_id) == shown, "all of a change, or nothing"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (422, {"trunk_direction": "inbound"}, "name is required"),
        (422, {"name": "T"}, "trunk_direction is required"),
        (400, {"name": "T", "trunk_direction": "both"}, "trunk_direction is one of inbound, outbound"),
        (422, {"name": "T", "trunk_direction": "inbound"}, "primary_uri_uuid: an inbound trunk needs a URI"),
        (422, {"name": "T", "trunk_direction": "inbound", "primary_uri_uuid": ""}, "primary_uri_uuid: "),
        (422, {"name": "T", "trunk_direction": "outbound"}, "ipacl_uuid or credential_uuid: "),
        (400, {"name": "T", "trunk_direction": "outbound", "ipacl_uuid": ABSENT}, "ipacl_uuid is not one of your"),
        (400, {"name": "T", "trunk_direction": "outbound", "credential_uuid": "x"}, "credential_uuid is not one of"),
        (400, {"name": "T", "trunk_direction": "inbound", "primary_uri_uuid": ABSENT}, "primary_uri_uuid is not one"),
        (400, {"name": "T", "trunk_direction": "inbound", "trunk_status": "on"}, "trunk_status is one of"),
        (400, {"name": "T", "trunk_direction": "inbound", "secure": True}, "secure is not available yet"),
        (400, {"name": "x" * 101, "trunk_direction": "inbound"}, "name has 1 to 100"),
    ],
)
def test_what_a_new_trunk_needs(world: World, status: int, body: dict[str, Any], says: str) -> None:
    assert says in refused(world, "Trunk", status, **body)
    assert found(world, "Trunk") == []


def test_what_belongs_to_the_other_direction_is_refused(world: World) -> None:
    target, list_id = uri(world), acl(world)
    both = {"name": "T", "primary_uri_uuid": target, "ipacl_uuid": list_id}
    assert "belong to outbound" in refused(world, "Trunk", 400, trunk_direction="inbound", **both)
    assert "belong to inbound" in refused(world, "Trunk", 400, trunk_direction="outbound", **both)
    same = {"name": "T", "primary_uri_uuid": target, "fallback_uri_uuid": target}
    assert refused(world, "Trunk", 400, trunk_direction="inbound", **same).startswith("fallback_uri_uuid: ")


def test_an_update_repeats_the_direction(world: World) -> None:
    trunk_id = inbound(world, uri(world))
    assert change(world, "Trunk", trunk_id, 400, name="New") == "trunk_direction is required"
    assert "does not change" in change(world, "Trunk", trunk_id, 400, name="New", trunk_direction="outbound")
    assert "secure" in change(world, "Trunk", trunk_id, 400, trunk_direction="inbound", secure="true")
    change(world, "Trunk", trunk_id, trunk_direction="INBOUND", secure=False, name=None, primary_uri_uuid=None)
    assert get(world, "Trunk", trunk_id)["name"] == "In"


def test_clearing_the_primary_uri_is_refused(world: World) -> None:
    trunk_id = inbound(world, uri(world), fallback_uri_uuid=uri(world, "203.0.113.9"))
    before = get(world, "Trunk", trunk_id)
    for more in ({}, {"fallback_uri_uuid": ""}):
        change(world, "Trunk", trunk_id, 422, trunk_direction="inbound", primary_uri_uuid="", **more)
    assert get(world, "Trunk", trunk_id) == before


# Lists


def test_every_attribute_of_a_trunk_is_a_filter(world: World) -> None:
    first, second, list_id = uri(world), uri(world, "203.0.113.9"), acl(world)
    login_id = make(world, "Credential", username="pbx12345", password=SECRET)
    one = inbound(world, first, fallback_uri_uuid=second)
    out = make(world, "Trunk", name="Out", trunk_direction="outbound", ipacl_uuid=list_id, credential_uuid=login_id)
    change(world, "Trunk", out, trunk_direction="outbound", trunk_status="disabled")
    assert found(world, "Trunk") == [one, out]
    for name, value in get(world, "Trunk", one).items():
        if value is not None:
            assert one in found(world, "Trunk", **{name: value}), name
    for name, value in get(world, "Trunk", out).items():
        if value is not None and name != "secure":
            assert found(world, "Trunk", **{name: value}) == [out], name
    assert found(world, "Trunk", secure="false", trunk_status="enabled") == [one]
    for nothing in (
        {"secure": "true"},
        {"trunk_id": "1"},
        {"trunk_id": one, "trunk_domain": f"{out}.zt.127.0.0.1"},
        {"trunk_domain": one},
        {"name": "in"},
        {"primary_uri_uuid": second},
        {"fallback_uri_uuid": first},
        {"ipacl_uuid": ABSENT},
    ):
        assert found(world, "Trunk", **nothing) == []
    assert ask(world, "GET", "Trunk/", trunk_status="on").status == 400


def test_every_attribute_of_the_others_is_a_filter(world: World) -> None:
    bare = uri(world, name="A")
    full = uri(world, "sip:a@h:5070", name="B", authentication_needed=True, username="u", password="p")
    for name, value in get(world, "URI", full).items():
        assert found(world, "URI", **{name: value}) == [full], name
    assert found(world, "URI", authentication_needed="False") == [bare]
    first = make(world, "Credential", name="A", username="pbx12345", password=SECRET)
    make(world, "Credential", name="B", username="pbx67890", password=SECRET)
    for name, value in get(world, "Credential", first).items():
        assert found(world, "Credential", **{name: value}) == [first], name
    one, other = acl(world, "198.51.100.9", "2001:db8::/64"), acl(world, "198.51.100.8")
    for entry in ("198.51.100.9", "198.51.100.9/32", "2001:db8::/64", "2001:db8::/64,198.51.100.9"):
        assert found(world, "IPAccessControlList", ip_addresses=entry) == [one], entry
    assert found(world, "IPAccessControlList", ip_addresses="198.51.100.9,198.51.100.8") == []
    assert found(world, "IPAccessControlList", ipacl_uuid=other.upper()) == [other]
    assert ask(world, "GET", "IPAccessControlList/", ip_addresses="x").status == 400


@pytest.mark.parametrize("resource", MESSAGES)
def test_pages_lead_on_without_a_slash(world: World, resource: str) -> None:
    target = uri(world)
    bodies: dict[str, dict[str, Any]] = {
        "Trunk": {"name": "T", "trunk_direction": "inbound", "primary_uri_uuid": target},
        "URI": {"uri": "a.example"},
        "Credential": {"password": SECRET},
        "IPAccessControlList": {"ip_addresses": "198.51.100.9"},
    }
    for number in range(5):
        name: dict[str, Any] = {"username": f"pbx1234{number}"} if resource == "Credential" else {}
        make(world, resource, **bodies[resource], **name)
    whole = found(world, resource)
    rows, target = [], f"v1/Account/{world.main.auth_id}/Zentrunk/{resource}/?limit=2&offset=0"
    while target:
        assert target.startswith(f"v1/Account/{world.main.auth_id}/Zentrunk/{resource}/?")
        page = world.ask("GET", f"/{target}", None, world.main.basic).json
        rows += [row[MESSAGES[resource][2]] for row in page["objects"]]
        target = page["meta"]["next"]
    assert rows == whole
    assert page["meta"]["previous"].startswith("v1/Account/")
    assert ask(world, "GET", f"{resource}/", limit=0).json["objects"] == []


# Origination URIs


@pytest.mark.parametrize(
    "text",
    [
        *("203.0.113.9", "203.0.113.9:5070", "pbx.example.com", "pbx.example.com:5070", "sip:alice@pbx.example.com"),
        *("alice@pbx.example.com", "pbx.example.com;transport=tcp", "sip:[2001:db8::9]:5070;transport=udp"),
        "2001:db8::9",
    ],
)
def test_a_uri_is_shown_as_it_was_written(world: World, text: str) -> None:
    target = uri(world, text)
    assert get(world, "URI", target) == {
        "uri_uuid": target,
        "name": "",
        "uri": text,
        "authentication_needed": False,
        "username": None,
    }


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (422, {}, "uri is required"),
        (422, {"uri": " "}, "uri is required"),
        (400, {"uri": "sip:"}, "is not a SIP target"),
        (400, {"uri": "http://a.example"}, "is not a SIP target"),
        (400, {"uri": "a.example:0"}, "is not a SIP target"),
        (400, {"uri": "sip:a:b@h.example"}, "is not a SIP target"),
        (400, {"uri": "sips:a.example"}, "TLS (sips:) is not available yet"),
        (400, {"uri": "a.example;transport=tls"}, "transport tls is not available yet"),
        (400, {"uri": "a" * (MAX_URI + 1)}, "is not a SIP target"),
        (400, {"uri": "a.example", "name": "x" * 101}, "name has at most 100"),
        (422, {"uri": "a.example", "authentication_needed": True}, "username is required"),
        (422, {"uri": "a.example", "authentication_needed": True, "username": "u"}, "password is required"),
        (400, {"uri": "a.example", "username": "a:b"}, "username has 1 to 128"),
        (400, {"uri": "a.example", "username": "a", "password": "x" * 129}, "password has 1 to 128"),
    ],
)
def test_what_a_new_uri_needs(world: World, status: int, body: dict[str, Any], says: str) -> None:
    assert says in refused(world, "URI", status, **body)
    assert found(world, "URI") == []


def test_a_uris_credentials(world: World) -> None:
    target = uri(world, authentication_needed="true", username="joe", password=SECRET)
    shown = get(world, "URI", target)
    assert (shown["authentication_needed"], shown["username"]) == (True, "joe")
    assert secrets(world, CredentialKind.SIP_ORIGINATION) == [SECRET]
    change(world, "URI", target, name="New", password=None)
    assert secrets(world, CredentialKind.SIP_ORIGINATION) == [SECRET], "what is not given stays"
    change(world, "URI", target, authentication_needed=False)
    change(world, "URI", target, authentication_needed=True, password="other")
    assert secrets(world, CredentialKind.SIP_ORIGINATION) == ["other"]
    later = uri(world, "a.example")
    assert change(world, "URI", later, 422, authentication_needed=True).startswith("username is required")
    assert ask(world, "DELETE", f"URI/{target}/").status == 204
    assert secrets(world, CredentialKind.SIP_ORIGINATION) == []


def test_deleting_a_uri_takes_its_trunks_along(world: World) -> None:
    first, second = uri(world), uri(world, "203.0.113.9")
    trunk_id, fallback = inbound(world, first), inbound(world, second, fallback_uri_uuid=first)
    untouched = inbound(world, second)
    carrier_id = world.carrier()
    world.numbers(carrier_id, "14155551234", app_id=trunk_id)
    world.numbers(carrier_id, "14155551235", app_id=untouched)
    assert ask(world, "DELETE", f"URI/{first}/").status == 204
    assert found(world, "Trunk") == [untouched]
    assert ask(world, "GET", f"Trunk/{fallback}/").status == 404
    rows = {row["number"]: row["object_id"] for row in world.plivo("GET", "Number/").json["objects"]}
    assert rows == {"14155551234": None, "14155551235": untouched}


def test_a_uri_takes_so_many_trunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trunks.MAX_USES == 1000
    monkeypatch.setattr(trunks, "MAX_USES", 2)
    target = uri(world)
    first = inbound(world, target)
    inbound(world, target)
    body = {"name": "T", "trunk_direction": "inbound", "primary_uri_uuid": target}
    assert "takes the calls of 2 trunks already" in refused(world, "Trunk", 400, **body)
    change(world, "Trunk", first, trunk_direction="inbound", primary_uri_uuid=target)
    assert ask(world, "DELETE", f"Trunk/{first}/").status == 204
    inbound(world, target)


# Credentials and lists


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (422, {"password": SECRET}, "username is required"),
        (422, {"username": "pbx12345"}, "password is required"),
        (400, {"username": "pbx1", "password": SECRET}, "username has 5 to 20 letters and digits"),
        (400, {"username": "x" * 21, "password": SECRET}, "username has 5 to 20"),
        (400, {"username": "pbx-12345", "password": SECRET}, "username has 5 to 20"),
        (400, {"username": "pbx12345", "password": "1234"}, "password has 5 to 20"),
        (400, {"username": "pbx12345", "password": "x" * 21}, "password has 5 to 20"),
        (400, {"username": "pbx12345", "password": SECRET, "name": "x" * 101}, "name has at most 100"),
    ],
)
def test_what_a_new_credential_needs(world: World, status: int, body: dict[str, Any], says: str) -> None:
    assert says in refused(world, "Credential", status, **body)
    assert found(world, "Credential") == []


def test_an_update_without_password_takes_it_away(world: World) -> None:
    login = make(world, "Credential", name="A", username="pbx12345", Password=SECRET)
    assert get(world, "Credential", login) == {"credential_uuid": login, "name": "A", "username": "pbx12345"}
    assert secrets(world, CredentialKind.SIP_TRUNK) == [SECRET]
    change(world, "Credential", login, username="pbx67890", Password="other-1")
    assert secrets(world, CredentialKind.SIP_TRUNK) == ["other-1"]
    change(world, "Credential", login, name="B")
    assert secrets(world, CredentialKind.SIP_TRUNK) == []
    assert get(world, "Credential", login) == {"credential_uuid": login, "name": "B", "username": "pbx67890"}
    change(world, "Credential", login, password=SECRET)
    assert secrets(world, CredentialKind.SIP_TRUNK) == [SECRET]
    assert ask(world, "DELETE", f"Credential/{login}/").status == 204
    assert secrets(world, CredentialKind.SIP_TRUNK) == []


def test_a_user_name_is_an_accounts_only_one(world: World) -> None:
    first = make(world, "Credential", username="pbx12345", password=SECRET)
    second = make(world, "Credential", username="pbx67890", password=SECRET)
    assert "is taken" in refused(world, "Credential", 400, username="pbx12345", password=SECRET)
    assert "is taken" in change(world, "Credential", second, 400, username="pbx12345", password=SECRET)
    change(world, "Credential", first, username="pbx12345", password=SECRET)
    make(world, "Credential", world.other, username="pbx12345", password=SECRET)


def test_an_ip_list_is_replaced(world: World) -> None:
    list_id = acl(world, "198.51.100.9", "198.51.100.0/28", "2001:db8::/64", "198.51.100.9/32")
    shown = get(world, "IPAccessControlList", list_id)
    assert shown["ip_addresses"] == ["198.51.100.9", "198.51.100.0/28", "2001:db8::/64"]
    change(world, "IPAccessControlList", list_id, name="N")
    assert get(world, "IPAccessControlList", list_id) == shown | {"name": "N"}
    change(world, "IPAccessControlList", list_id, ip_addresses="10.0.0.1,::ffff:203.0.113.9")
    assert get(world, "IPAccessControlList", list_id)["ip_addresses"] == ["10.0.0.1", "203.0.113.9"]
    assert ask(world, "DELETE", f"IPAccessControlList/{list_id}/").status == 204
    assert ask(world, "GET", f"IPAccessControlList/{list_id}/").status == 404


@pytest.mark.parametrize(
    ("status", "entries", "says"),
    [
        (422, None, "ip_addresses is required"),
        (400, [], "ip_addresses names no address"),
        (400, ["0.0.0.0/0"], "'0.0.0.0/0' is wider than /24"),
        (400, ["198.51.100.9", "pbx.example.com"], "'pbx.example.com' is not an IP address"),
        (400, ["198.51.100.9/24"], "has host bits set"),
        (400, ["224.0.0.1"], "is multicast"),
        (400, [f"198.51.{n // 250}.{n % 250}" for n in range(ip_lists.MAX_ENTRIES + 1)], "more than 200 addresses"),
    ],
)
def test_what_an_ip_list_holds(world: World, status: int, entries: list[str] | None, says: str) -> None:
    told = refused(world, "IPAccessControlList", status, ip_addresses=entries)
    assert says in told
    assert "carrier" not in told
    list_id = acl(world)
    if status == 400:
        assert says in change(world, "IPAccessControlList", list_id, 400, ip_addresses=entries)
    assert get(world, "IPAccessControlList", list_id)["ip_addresses"] == ["198.51.100.9"]


def test_as_many_addresses_as_allowed(world: World) -> None:
    entries = [f"198.51.{n // 250}.{n % 250}" for n in range(ip_lists.MAX_ENTRIES)]
    assert get(world, "IPAccessControlList", acl(world, *entries))["ip_addresses"] == entries


def test_what_proves_a_trunks_calls_is_not_deleted_under_it(world: World) -> None:
    """Without it a trunk with both proofs would admit calls by the other alone."""
    list_id, login = acl(world), make(world, "Credential", username="pbx12345", password=SECRET)
    proofs: dict[str, Any] = {"ipacl_uuid": list_id, "credential_uuid": login}
    trunk_id = make(world, "Trunk", name="Out", trunk_direction="outbound", **proofs)
    for path in (f"IPAccessControlList/{list_id}/", f"Credential/{login}/"):
        reply = ask(world, "DELETE", path)
        assert (reply.status, "is in use by 1 trunk" in reply.json["error"]) == (400, True)
    assert ask(world, "DELETE", f"Trunk/{trunk_id}/").status == 204
    for path in (f"IPAccessControlList/{list_id}/", f"Credential/{login}/"):
        assert ask(world, "DELETE", path).status == 204


# Numbers, accounts, the other API


def test_a_number_on_a_trunk(world: World) -> None:
    trunk_id, app_id = inbound(world, uri(world)), world.application()
    carrier_id = world.carrier()
    world.numbers(carrier_id, "14155551234", app_id=trunk_id)
    on_trunk = (None, "trunk", trunk_id)

    def target(digits: str = "14155551234") -> tuple[Any, ...]:
        shown = world.plivo("GET", f"Number/{digits}/").json
        return shown["application"], shown["object_type"], shown["object_id"]

    assert target() == on_trunk
    assert world.plivo("POST", "Number/14155551234/", {"app_id": app_id}).status == 202
    assert target() == (f"/v1/Account/{world.main.auth_id}/Application/{app_id}/", None, None)
    assert world.plivo("POST", "Number/14155551234/", {"app_id": trunk_id}).status == 202
    assert target() == on_trunk
    stocked.fill(world, stocked.row("14155550100", carrier_id))
    assert world.plivo("POST", "PhoneNumber/14155550100/", {"app_id": trunk_id}).status == 201
    assert target("14155550100") == on_trunk
    assert ask(world, "DELETE", f"Trunk/{trunk_id}/").status == 204
    assert target() == target("14155550100") == (None, None, None)


def test_an_outbound_trunk_takes_no_numbers(world: World) -> None:
    out = make(world, "Trunk", name="Out", trunk_direction="outbound", ipacl_uuid=acl(world))
    carrier_id = world.carrier()
    world.numbers(carrier_id, "14155551234")
    stocked.fill(world, stocked.row("14155550100", carrier_id))
    body = {"numbers": "14155551235", "carrier": carrier_id, "region": "R", "app_id": out}
    for path, args in (("Number/14155551234/", {"app_id": out}), ("Number/", body), ("PhoneNumber/14155550100/", body)):
        reply = world.plivo("POST", path, args)
        assert reply.status == 400
        assert "app_id: this is an outbound trunk, which takes no calls" in reply.json["error"]


def test_a_subaccounts_trunk(world: World) -> None:
    """It may have its own URIs and those of the account above it, never those below another one or of a stranger."""
    own, above = uri(world, tenant=world.sub), uri(world, "above.example")
    trunk_id = inbound(world, own, world.sub)
    assert get(world, "Trunk", trunk_id)["primary_uri_uuid"] == own, "the main account sees it"
    change(world, "Trunk", trunk_id, trunk_direction="inbound", fallback_uri_uuid=above)
    reply = ask(
        world,
        "POST",
        f"Trunk/{trunk_id}/",
        {"trunk_direction": "inbound", "name": "New", "primary_uri_uuid": own},
        tenant=world.sub,
    )
    assert reply.status == 202
    shown = get(world, "Trunk", trunk_id, world.sub)
    assert (shown["name"], shown["fallback_uri_uuid"]) == ("New", above), "what was not named stays"
    assert "is not one of" in refused(world, "Trunk", 400, name="T", trunk_direction="inbound", primary_uri_uuid=own)
    assert ask(world, "GET", f"URI/{above}/", tenant=world.sub).status == 404


@pytest.mark.parametrize("cascade", [False, True])
def test_a_deleted_subaccount_leaves_its_trunks_to_the_main_account(world: World, cascade: bool) -> None:
    sub = world.sub
    target = uri(world, tenant=sub, authentication_needed=True, username="joe", password=SECRET)
    login = make(world, "Credential", sub, username="pbx12345", password=SECRET)
    list_id = acl(world, tenant=sub)
    trunk_id = inbound(world, target, sub)
    out = make(world, "Trunk", sub, name="Out", trunk_direction="outbound", credential_uuid=login, ipacl_uuid=list_id)
    assert world.plivo("DELETE", f"Subaccount/{sub.auth_id}/", {"cascade": cascade}).status == 204
    assert found(world, "Trunk") == [trunk_id, out]
    assert found(world, "URI") == [target]
    assert found(world, "Credential") == [login]
    assert found(world, "IPAccessControlList") == [list_id]
    assert secrets(world, CredentialKind.SIP_ORIGINATION) == secrets(world, CredentialKind.SIP_TRUNK) == [SECRET]
    for resource, record_id in (("Trunk", trunk_id), ("Trunk", out), ("URI", target), ("Credential", login)):
        assert ask(world, "DELETE", f"{resource}/{record_id}/").status == 204


def test_a_trunk_of_the_native_api_is_the_same_record(world: World) -> None:
    uuid, trunk_id = world.trunk()
    shown = get(world, "Trunk", trunk_id)
    made = shown["primary_uri_uuid"]
    assert get(world, "URI", made)["uri"] == "sip:198.51.100.9"
    mine = inbound(world, made)  # from now on nobody's alone
    targets = [{"uri": f"sip:198.51.100.{n}", "priority": n} for n in (3, 2, 1)]
    world.native("PATCH", f"trunks/{uuid}", {"uris": targets})
    assert get(world, "Trunk", mine)["primary_uri_uuid"] == made
    shown = get(world, "Trunk", trunk_id)
    assert get(world, "URI", shown["primary_uri_uuid"])["uri"] == "sip:198.51.100.1"
    assert get(world, "URI", shown["fallback_uri_uuid"])["uri"] == "sip:198.51.100.2"
    change(world, "Trunk", trunk_id, trunk_direction="inbound", name="Renamed")
    said = change(world, "Trunk", trunk_id, 400, trunk_direction="inbound", primary_uri_uuid=made)
    assert "more URIs than a primary and a fallback one" in said
    assert len(found(world, "URI")) == 4
    world.native("PATCH", f"trunks/{uuid}", {"uris": targets[:1]})
    assert len(found(world, "URI")) == 2, "what was made with a trunk leaves with it"
    change(world, "Trunk", trunk_id, trunk_direction="inbound", primary_uri_uuid=made)
    native = world.native("GET", f"trunks/{uuid}").json
    assert [u["uri"] for u in native["uris"]] == ["sip:198.51.100.9"]
    assert (native["uris"][0]["id"], native["name"]) == (made, "Renamed")
    world.native("DELETE", f"trunks/{uuid}")
    assert found(world, "URI") == [made]


def test_the_native_api_shows_a_bare_host_as_a_uri(world: World) -> None:
    target = uri(world, "pbx.example.com;transport=tcp", authentication_needed=True, username="u", password="p")
    trunk_id = inbound(world, target)
    found_trunk = world.inventory.read(lambda s: s.trunks.by_serial(EVERYTHING, trunk_id[4:]))
    assert found_trunk is not None
    shown = world.native("GET", f"trunks/{found_trunk.id}").json["uris"]
    assert [(u["uri"], u["priority"]) for u in shown] == [("sip:pbx.example.com;transport=tcp", trunks.PRIMARY)]
    again = [{"uri": shown[0]["uri"]}, {"uri": "sip:198.51.100.9"}]
    world.native("PATCH", f"trunks/{found_trunk.id}", {"uris": again})
    assert get(world, "Trunk", trunk_id)["primary_uri_uuid"] == target, "the same URI stays the same record"
    assert get(world, "URI", target)["authentication_needed"] is True


def test_no_password_is_told(world: World) -> None:
    target = uri(world, authentication_needed=True, username="joe", password=SECRET)
    login = make(world, "Credential", username="pbx12345", password=SECRET)
    change(world, "URI", target, password=SECRET + "2")
    change(world, "Credential", login, password=SECRET + "2")
    trail = world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(100))).items
    shown = [ask(world, o.method, o.path.rpartition("/")[2] + "/").body for o in OPERATIONS if o.is_list]
    assert len(shown) == 4
    assert SECRET not in str(trail) + str(shown)
    kept = world.inventory.read(lambda s: s.originations.page(EVERYTHING, UriFilter(), Page(9)))
    assert SECRET not in str(kept)
    for file in world.data.iterdir():
        assert SECRET.encode() not in file.read_bytes()


def test_the_stated_limits() -> None:
    assert (trunks.MAX_NAME, trunks.MAX_URIS, origination.MAX_URI, ip_lists.MAX_ENTRIES) == (100, 50, 255, 200)
    assert (trunk_logins.MIN_TEXT, trunk_logins.MAX_TEXT) == (5, 20)
