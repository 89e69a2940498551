"""The other tenant's ids on every route of every dialect: 404, 400 naming an argument, or 401; never a hint."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.http import stocked
from tests.http.fixtures import copied
from tests.http.texted import keep_text
from tests.http.world import Reply, Tenant, World
from trunkline.core import test_credentials
from trunkline.core.accounts import operator
from trunkline.core.model import EVERYTHING, Page
from trunkline.core.named_ports import AddressFilter
from trunkline.core.ports import NumberFilter
from trunkline.core.records import CallRecord
from trunkline.core.regulated import ComplianceFilter
from trunkline.core.trunk_ports import IpListFilter, LoginFilter, UriFilter
from trunkline.dialects.asgi import DIALECTS
from trunkline.dialects.plivo.arguments import ARGUMENTS
from trunkline.dialects.topcalls import ids as topcalls_ids
from trunkline.store.calls import CallJournal

NUMBER = "14155551234"
MARK = "Zanzibar"
"""A word in everything that the other tenant owns: it must never be seen from outside."""

ABSENT = {
    "native": "00000000-0000-4000-8000-000000000000",
    "number": "14155559999",
    "carrier_id": "12345678901234",
    "app_id": "210112345678901234",
    "subauth_id": "SA" + "0" * 18,
    "campaign_id": "CNONE",
    "profile_uuid": "00000000-0000-4000-8000-000000000000",
    "compliance_id": "00000000-0000-4000-8000-000000000000",
    "endpoint_id": "12345678901234",
    "trunk_id": "210212345678901234",
    "uri_uuid": "00000000-0000-4000-8000-000000000000",
    "credential_uuid": "00000000-0000-4000-8000-000000000000",
    "ipacl_uuid": "00000000-0000-4000-8000-000000000000",
    "PhoneNumberSid": "PN" + "0" * 32,
    "AddOnSid": "XE" + "0" * 32,
    "ExtensionSid": "XF" + "0" * 32,
    "ApplicationSid": "AP" + "0" * 32,
    "KeySid": "SK" + "0" * 32,
    "AddressSid": "AD" + "0" * 32,
    "TrunkSid": "TK" + "0" * 32,
    "OriginationUrlSid": "OU" + "0" * 32,
    "IpAccessControlListSid": "AL" + "0" * 32,
    "IpAddressSid": "IP" + "0" * 32,
    "CredentialListSid": "CL" + "0" * 32,
    "CredentialSid": "CR" + "0" * 32,
}
OPERATIONS = [(dialect.name, operation) for dialect in DIALECTS for operation in dialect.operations]
CLOSED = [(name, operation) for name, operation in OPERATIONS if not operation.public]
NO_RECORDS = ("{auth_id}", "{AccountSid}", "{CountryCode}")
"""Values of paths that name an account, or nothing that anybody has."""
BARE = (
    "Requirements",
    "/Mobile",
    "/TollFree",
    "/National",
    "AvailablePhoneNumbers",
    "{CountryCode}",
    "{AccountSid}",
    "/ByocTrunks",
    "/ConnectionPolicies",
    "/IpRecords",
    "/SourceIpMappings",
)
"""Compliance requirements and countries are the installation's, not an account's; of some kinds nobody has a number."""


def names_a_record(path: str) -> bool:
    """Tell whether a path names more than an account or a country."""
    for value in NO_RECORDS:
        path = path.replace(value, "")
    return "{" in path


OF_RECORDS = [(n, o) for n, o in CLOSED if names_a_record(o.path)]
LISTS = [(n, o) for n, o in CLOSED if o.method == "GET" and (n, o) not in OF_RECORDS and not o.path.endswith(BARE)]
NAMING = [(n, o) for n, o in CLOSED if n != "topcalls" and (n != "twilio" or "{AccountSid}" in o.path)]
"""Where a request can name an account; in TopCalls' dialect only the key does."""


def every(operations: list[tuple[str, Any]]) -> pytest.MarkDecorator:
    """Run a test once for each of these operations."""
    names = [f"{dialect} {operation.method} {operation.path}" for dialect, operation in operations]
    return pytest.mark.parametrize(("dialect", "operation"), operations, ids=names)


def furnish(world: World, owner: Tenant) -> dict[str, dict[str, str]]:
    """Give ``owner`` one of everything; return its ids by dialect and path value."""
    carrier_id = world.carrier(owner, name=MARK)
    world.plivo("POST", "", {"city": MARK}, tenant=owner)
    subauth_id = world.plivo("POST", "Subaccount/", {"name": MARK}, tenant=owner).json["auth_id"]
    app_id = world.application(owner, app_name=MARK, answer_url=f"http://127.0.0.1/{MARK}")
    trunk_uuid, _ = world.trunk(owner, name=MARK)
    world.numbers(carrier_id, NUMBER, tenant=owner, app_id=app_id)
    world.plivo("POST", f"Number/{NUMBER}/", {"alias": MARK}, tenant=owner)
    stocked.fill(world, stocked.row("14155550100", carrier_id, region=MARK))
    carrier = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, carrier_id))
    assert carrier is not None
    now = datetime.now(UTC)
    journal = CallJournal(world.data)
    journal.put(
        CallRecord(
            id="call-1",
            account_id=owner.account.id,
            number=NUMBER,
            caller=MARK,
            source="203.0.113.7",
            carrier_id=carrier.id,
            verdict="routed",
            sip_status=200,
            started_at=now,
            answered_at=now,
            ended_at=now,
            ended_by="caller",
            cause="normal",
            trace=(("source", MARK),),
            ladder=((0.0, "a", "in", f"INVITE sip:{MARK}"),),
        )
    )
    journal.close()
    keep_text(world.data, owner.account.id, MARK)
    endpoint = {"username": MARK, "password": "secret-1", "alias": MARK}
    endpoint_id = world.plivo("POST", "Endpoint/", endpoint, tenant=owner).json["endpoint_id"]
    native = {"carrier_id": carrier.id, "gateway_id": carrier.gateways[0].id, "trunk_id": trunk_uuid}
    native |= {"number": NUMBER, "call_id": "call-1"}
    plivo = {"auth_id": owner.auth_id, "carrier_id": carrier_id, "app_id": app_id, "number": NUMBER}
    plivo |= {"subauth_id": subauth_id, "endpoint_id": endpoint_id} | zentrunk(world, owner, MARK)
    regulated = furnish_regulated(world, owner)
    document = {"document_id": world.inventory.read(lambda s: s.compliance.documents(regulated["compliance_id"]))[0].id}
    number = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, NUMBER))
    assert number is not None
    topcalls = {"carrier_id": topcalls_ids.masked(carrier.id), "phone_number_id": number.id}
    twilio = {"AccountSid": owner.account_sid, "CountryCode": "US", "PhoneNumberSid": "PN" + number.id.replace("-", "")}
    twilio |= {"AddOnSid": ABSENT["AddOnSid"], "ExtensionSid": ABSENT["ExtensionSid"]}
    twilio |= furnish_named(world, owner)
    return {
        "plivo": plivo | regulated,
        "native": native | regulated | document,
        "topcalls": topcalls,
        "twilio": twilio,
    }


FORM = {
    "FriendlyName": MARK,
    **dict.fromkeys(("CustomerName", "Street", "City", "Region", "PostalCode"), MARK),
    "IsoCountry": "US",
    "SipUrl": "sip:mark.example.com",
    "Priority": "1",
    "Weight": "1",
    "Enabled": "true",
    "IpAddress": "198.51.100.77",
    "Username": MARK,
    "Password": f"{MARK}-12345",
    **{name: ABSENT[name] for name in ("PhoneNumberSid", "IpAccessControlListSid", "CredentialListSid")},
}
"""What Twilio's routes need of arguments, all in one form."""


def furnish_named(world: World, owner: Tenant) -> dict[str, str]:
    """Give ``owner`` what numbers name in Twilio's dialect; return its SIDs."""

    def made(path: str) -> str:
        if path.startswith("/v1"):
            form = owner.twilio_basic | {"content-type": "application/x-www-form-urlencoded"}
            return str(world.ask("POST", path, urlencode(FORM).encode(), form).json["sid"])
        return str(world.twilio("POST", f"{path}.json", FORM, tenant=owner).json["sid"])

    sids = {"ApplicationSid": made("Applications"), "KeySid": made("Keys"), "AddressSid": made("Addresses")}
    sids |= {"IpAccessControlListSid": (ip := made("SIP/IpAccessControlLists"))}
    sids |= {"IpAddressSid": made(f"SIP/IpAccessControlLists/{ip}/IpAddresses")}
    sids |= {"CredentialListSid": (logins := made("SIP/CredentialLists"))}
    sids |= {"CredentialSid": made(f"SIP/CredentialLists/{logins}/Credentials")}
    sids |= {"TrunkSid": (trunk := made("/v1/Trunks"))}
    return sids | {"OriginationUrlSid": made(f"/v1/Trunks/{trunk}/OriginationUrls")}


def furnish_regulated(world: World, owner: Tenant) -> dict[str, str]:
    """Give ``owner`` a campaign, a profile and a compliance application; return their ids."""
    body = {"campaign_id": "C1", "alias": MARK}
    world.native("POST", "campaigns", body, tenant=world.operator, account_id=owner.account.id)
    names = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
    profile = world.plivo("POST", "Profile/", dict.fromkeys(names, MARK), tenant=owner)
    papers: dict[str, Any] = {"alias": MARK, "country_iso": "US", "number_type": "local", "documents": [{}]}
    papers["end_user"] = {"type": "business", "name": MARK}
    application = world.plivo("POST", "PhoneNumber/Compliance/", papers, tenant=owner)
    return {
        "campaign_id": "C1",
        "profile_uuid": profile.json["profile_uuid"],
        "compliance_id": application.json["compliance_id"],
    }


def zentrunk(world: World, owner: Tenant, name: str) -> dict[str, str]:
    """Give ``owner`` an outbound trunk with all that it refers to, and a URI; return their ids."""
    login = {"name": name, "username": "pbx12345", "password": "secret-1"}
    ids = {}
    for resource, key, body in (
        ("URI", "uri_uuid", {"name": name, "uri": f"{name}.example.com"}),
        ("Credential", "credential_uuid", login),
        ("IPAccessControlList", "ipacl_uuid", {"name": name, "ip_addresses": ["198.51.100.9"]}),
    ):
        ids[key] = world.plivo("POST", f"Zentrunk/{resource}/", body, tenant=owner).json[key]
    trunk = {"name": name, "trunk_direction": "outbound", "ipacl_uuid": ids["ipacl_uuid"]}
    ids["trunk_id"] = world.plivo("POST", "Zentrunk/Trunk/", trunk, tenant=owner).json["trunk_id"]
    return ids


BODIES: dict[str, dict[str, Any]] = {
    "update_carrier": {"name": "x"},
    "add_gateway": {"address": "203.0.113.99"},
    "update_gateway": {"port": 5070},
    "update_trunk": {"name": "x"},
    "update_number": {"alias": "x"},
    "explain": {"source": "203.0.113.7", "to": NUMBER},
    "settle_cnam": {"outcome": "confirmed"},
    "settle_campaign_link": {"outcome": "completed"},
    "settle_reputation": {"outcome": "active"},
    "set_toll_free": {"status": "verified"},
    "reject_compliance": {"reason": "x"},
}
OPERATORS = {
    "settle_cnam",
    "settle_campaign_link",
    "settle_reputation",
    "set_toll_free",
    "remove_campaign",
    "get_compliance",
    "get_document",
    "accept_compliance",
    "reject_compliance",
}
"""What takes an operator's key, whatever the ids: 403 for all others."""

QUERIES = {"/v1/Account/{auth_id}/PhoneNumber": "?country_iso=US"}
"""What a list cannot do without."""


def body_of(dialect: str, operation: Any) -> dict[str, Any]:
    """Return a body that this route accepts, so that only the ids can be the reason of a refusal."""
    if dialect == "plivo":
        body = {"name": "x", "app_name": "x", "numbers": "1", "carrier": "1", "region": "x"}
        names = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
        body |= {"username": "x", "password": "xxxxx", "alias": "x", "uri": "pbx.example.com"}
        if "Credential" in operation.path:
            body["username"] = "pbx67890"
        return body | {"trunk_direction": "outbound", "ip_addresses": "198.51.100.10"} | dict.fromkeys(names, "x")
    if dialect == "topcalls":
        return {"carrier_name": "x"}
    return BODIES.get(native_name(operation), {})


def native_name(operation: Any) -> str:
    """Return the name of a native route's handler, empty for a route of another dialect."""
    from trunkline.dialects.native.routes import PREFIX, ROUTES

    for row in ROUTES:
        if (row.method, PREFIX + row.path) == (operation.method, operation.path):
            return row.handler.__name__
    return ""


def send(world: World, dialect: str, operation: Any, values: dict[str, str], who: Tenant) -> Reply:
    """Ask a route with these path values as ``who``."""
    headers = who.basic if dialect == "plivo" else who.bearer
    if dialect == "twilio":
        form = who.twilio_basic | {"content-type": "application/x-www-form-urlencoded"}
        suffix = "" if operation.path.startswith("/v1/") else ".json"
        body = urlencode(FORM).encode() if operation.method == "POST" else b""
        return world.ask(operation.method, filled(operation.path, values) + suffix, body, form)
    target = filled(operation.path, values) + (QUERIES.get(operation.path, "") if operation.method == "GET" else "")
    return world.ask(operation.method, target, body_of(dialect, operation), headers)


def filled(path: str, values: dict[str, str]) -> str:
    """Return a route's path with its values."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def absent(dialect: str, values: dict[str, str]) -> dict[str, str]:
    """Return ids of the same shape that nothing has."""
    found = {}
    for name, value in values.items():
        key = name if dialect in ("plivo", "twilio") or name == "number" else "native"
        found[name] = value if f"{{{name}}}" in NO_RECORDS else ABSENT[key]
    return found


def contents(world: World) -> Any:
    """Return the inventory as the operator sees it, to compare."""

    def look(store: Any) -> Any:
        page = Page(100)
        return (
            store.carriers.page(EVERYTHING, None, page),
            store.numbers.page(EVERYTHING, NumberFilter(), page),
            store.applications.page(EVERYTHING, None, page),
            store.trunks.page(EVERYTHING, page),
            store.accounts.all(),
            store.log.page(EVERYTHING, Page(1)),
            store.profiles.page(EVERYTHING, page),
            store.compliance.page(EVERYTHING, ComplianceFilter(), page),
            store.campaigns.all(100),
            store.filings.open(100),
            store.endpoints.page(EVERYTHING, page),
            store.originations.page(EVERYTHING, UriFilter(), page),
            store.trunk_logins.page(EVERYTHING, LoginFilter(), page),
            store.ip_lists.page(EVERYTHING, IpListFilter(), page),
            store.login_lists.page(EVERYTHING, page),
            store.postal_addresses.page(EVERYTHING, AddressFilter(), page),
            store.regulatory.page(EVERYTHING, page),
        )

    return asyncio.run(world.inventory.search(look))


@pytest.fixture(scope="module")
def ids(tenanted: World) -> dict[str, dict[str, str]]:
    """The other tenant's ids."""
    return furnish(tenanted, tenanted.other)


@pytest.fixture(scope="module")
def tenanted(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for all tests here, which change nothing in it."""
    yield from copied(furnished, tmp_path_factory.mktemp("tenants"))


def said(reply: Reply) -> Any:
    """Return a body without what differs in every answer."""
    told = {key: value for key, value in reply.json.items() if key not in ("api_id", "instance")}
    if str(told.get("message", "")).startswith("The requested resource /"):
        del told["message"]  # which shows the path that was asked for
    return told


@every(OF_RECORDS)
@pytest.mark.parametrize("who", ["main", "sub"])
def test_foreign_ids_read_like_absent_ones(tenanted: World, ids: Any, dialect: str, operation: Any, who: str) -> None:
    tenant = getattr(tenanted, who)
    before = contents(tenanted)
    foreign = ids[dialect] | ({"auth_id": tenant.auth_id} if dialect == "plivo" else {})
    foreign |= {"AccountSid": tenant.account_sid} if dialect == "twilio" else {}
    reply = send(tenanted, dialect, operation, foreign, tenant)
    missing = send(tenanted, dialect, operation, absent(dialect, foreign), tenant)
    status = 403 if native_name(operation) in OPERATORS else 404
    assert (reply.status, missing.status) == (status, status)
    assert said(reply) == said(missing)
    assert MARK.encode() not in reply.body
    assert contents(tenanted) == before


@every(NAMING)
@pytest.mark.parametrize("who", ["main", "sub"])
def test_the_others_account_in_path_or_query(tenanted: World, ids: Any, dialect: str, operation: Any, who: str) -> None:
    tenant = getattr(tenanted, who)
    before = contents(tenanted)
    if dialect == "plivo":
        assert send(tenanted, dialect, operation, ids[dialect], tenant).status == 401
    elif dialect == "twilio":
        assert send(tenanted, dialect, operation, ids[dialect], tenant).status == 404
    else:
        path = filled(operation.path, ids[dialect]) + f"?account_id={tenanted.other.account.id}"
        assert tenanted.ask(operation.method, path, body_of(dialect, operation), tenant.bearer).status == 404
    assert contents(tenanted) == before


@every(OPERATIONS)
def test_without_credentials(tenanted: World, ids: Any, dialect: str, operation: Any) -> None:
    nobody = Tenant(tenanted.other.account, "0" * 32, "tc_live_" + "0" * 32)
    reply = send(tenanted, dialect, operation, ids[dialect], nobody)
    assert reply.status == (200 if operation.public else 401)
    assert MARK.encode() not in reply.body


@pytest.fixture(scope="module")
def tester(tenanted: World, ids: Any) -> tuple[str, str]:
    """Test credentials of the tenant whose ids these are: it has what the routes name, they open none of it."""
    assert ids
    owner = tenanted.other.account.id

    def create(store: Any) -> Any:
        return test_credentials.create(store, operator("test"), owner, lambda pair_id: "AC" + pair_id.replace("-", ""))

    made = tenanted.write(create)
    return made.credential.public_id, made.secret


@every(CLOSED)
def test_test_credentials_reach_nothing_real(
    tenanted: World, ids: Any, tester: tuple[str, str], dialect: str, operation: Any
) -> None:
    sid, secret = tester
    nobody = Tenant(tenanted.other.account, secret, secret, secret)
    basic = {"authorization": "Basic " + b64encode(f"{sid}:{secret}".encode()).decode()}
    form = basic | {"content-type": "application/x-www-form-urlencoded"}
    before = contents(tenanted)
    if dialect != "twilio":
        named = basic if dialect == "plivo" else nobody.bearer
        for headers in (named, nobody.basic):
            path = filled(operation.path, ids[dialect])
            assert tenanted.ask(operation.method, path, body_of(dialect, operation), headers).status == 401
    else:
        suffix = "" if operation.path.startswith("/v1/") else ".json"
        for account in (tenanted.other.account_sid, sid):
            values = ids["twilio"] | {"AccountSid": account}
            body = urlencode(FORM).encode() if operation.method == "POST" else b""
            reply = tenanted.ask(operation.method, filled(operation.path, values) + suffix, body, form)
            magic = account == sid and (operation.method, operation.path.rpartition("/")[2]) == MAGIC
            told = (reply.status, reply.json["code"])
            assert told == ((400, 400) if magic else (403, 20008))  # the form names no number
            assert MARK.encode() not in reply.body
    assert contents(tenanted) == before


MAGIC = ("POST", "IncomingPhoneNumbers")
"""What test credentials can ask for, at their own AccountSid."""

REFERENCES = {
    "carrier": "carrier_id",
    "app_id": "app_id",
    "new_endpoint_application": "app_id",
    "subaccount": "subauth_id",
    "sub_account": "auth_id",
    "ipacl_uuid": "ipacl_uuid",
    "credential_uuid": "credential_uuid",
    "primary_uri_uuid": "uri_uuid",
    "fallback_uri_uuid": "uri_uuid",
    "plivo_subaccount": "subauth_id",
}
"""Plivo's arguments that name a record, and which of its ids they take."""

PLIVO_WRITES = [o for name, o in CLOSED if name == "plivo" and o.method != "GET"]


@pytest.mark.parametrize("operation", PLIVO_WRITES, ids=lambda o: f"{o.method} {o.path}")
@pytest.mark.parametrize("argument", REFERENCES)
def test_foreign_references_read_like_absent_ones(world: World, operation: Any, argument: str) -> None:
    foreign, own = furnish(world, world.other)["plivo"], mine(world)
    before = contents(world)
    for where in ("body", "query"):
        replies = []
        for value in (foreign[REFERENCES[argument]], ABSENT.get(REFERENCES[argument], "MA" + "0" * 18)):
            args = body_of("plivo", operation) | own["arguments"] | {argument: value}
            path = filled(operation.path, own["values"])
            path, body = (path, args) if where == "body" else (f"{path}?{urlencode(args)}", None)
            replies.append(world.ask(operation.method, path, body, world.main.basic))
            if argument not in ARGUMENTS[operation.handler.__name__]:
                break  # it says nothing to this operation
        else:
            assert [r.status for r in replies] == [400, 400], operation
            assert said(replies[0]) == said(replies[1])
            assert argument.replace("_", "") in replies[0].json["error"].replace("_", "")
            assert contents(world) == before
        assert MARK.encode() not in b"".join(r.body for r in replies)
        if len(replies) == 1:
            return


def mine(world: World) -> dict[str, dict[str, str]]:
    """Give the main account one of everything: the path values that name it, and arguments that are good."""
    carrier_id, app_id = world.carrier(), world.application()
    world.numbers(carrier_id, "14155551299")
    values = {"auth_id": world.main.auth_id, "carrier_id": carrier_id, "app_id": app_id, "number": "14155551299"}
    values["subauth_id"] = world.sub.auth_id
    user = {"username": "x", "password": "xxxxx", "alias": "x"}
    values["endpoint_id"] = world.plivo("POST", "Endpoint/", user).json["endpoint_id"]
    values |= zentrunk(world, world.main, "x")
    return {"values": values, "arguments": {"carrier": carrier_id, "numbers": "14155551298"}}


@every(LISTS)
def test_lists_show_nothing_of_the_other(tenanted: World, ids: Any, dialect: str, operation: Any) -> None:
    assert ids
    main, other = (
        {"auth_id": tenant.auth_id, "AccountSid": tenant.account_sid, "CountryCode": "US"}
        for tenant in (tenanted.main, tenanted.other)
    )
    mine = send(tenanted, dialect, operation, main, tenanted.main)
    theirs = send(tenanted, dialect, operation, other, tenanted.other)
    assert mine.status == theirs.status
    assert MARK.encode() not in mine.body
    assert theirs.status == 403 or MARK.encode() in theirs.body
