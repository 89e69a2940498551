"""A wrong value for each argument of each route: the 400 names the argument, and nothing is written.

Generated from ``plivo/arguments.py``. What is no mistake (any text is a city) is listed here, by argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.dialects.plivo.test_every_route import filled, last_change, own_ids
from tests.http.fixtures import copied
from tests.http.stocked import fill, row
from tests.http.world import Reply, World
from trunkline.dialects.http import Operation
from trunkline.dialects.plivo.arguments import ARGUMENTS
from trunkline.dialects.plivo.routes import PLIVO

STOCKED = "14154009186"
LONG = "x" * 5000
WORD = "no such"
NESTED = {"a": {"b": 1}}

NAMES = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
APPLICANT = {"alias": "x", "country_iso": "US", "number_type": "local", "end_user": {"type": "business", "name": "x"}}
GOOD: dict[str, dict[str, Any]] = {
    "create_carrier": {"name": "x", "ip_set": "203.0.113.99"},
    "add_numbers": {"numbers": "14155557777", "carrier": ("own", "carrier_id"), "region": "x"},
    "create_application": {"app_name": "x"},
    "create_subaccount": {"name": "x"},
    "search_numbers": {"country_iso": "US"},
    "link_numbers": {"numbers": ["14155551234"]},
    "create_profile": dict.fromkeys(NAMES, "x"),
    "create_compliance": APPLICANT,
    "link_compliance": {"numbers": [{"number": "14155551234", "compliance_application_id": "x"}]},
    "create_endpoint": {"username": "x", "password": "xxxxx", "alias": "x"},
    "get_requirements": {"country_iso": "US", "number_type": "local", "user_type": "business"},
    "create_trunk": {"trunk_direction": "inbound", "name": "x", "primary_uri_uuid": ("own", "uri_uuid")},
    "update_trunk": {"trunk_direction": "inbound"},
    "create_uri": {"uri": "sip.example.com"},
    "create_credential": {"username": ("new", "pbx"), "password": "pass-word-1"},
    "create_ip_list": {"ip_addresses": "198.51.100.10"},
}
"""What else each operation needs, so that only the wrong value can be the reason of a refusal."""

REQUIRED = {name: tuple(good) for name, good in GOOD.items()}

TEXTS = {
    *("region", "city", "state", "alias", "rate_center", "password", "Password", "cnam"),
    *("profile_alias", "customer_type", "entity_type", "company_name", "vertical", "ein", "ein_issuing_country"),
    *("website", "doing_business_as", "stock_symbol", "stock_exchange", "alt_business_id", "alt_business_id_type"),
    "business_contact_email",
}
"""Any text will do."""
FILTERS = {
    *("name", "app_name", "alias", "subaccount", "sub_account", "tendlc_campaign_id", "brand_id", "usecase"),
    *("toll_free_sms_verification_order_status", "registration_status", "campaign_source"),
    *("trunk_id", "trunk_domain", "ipacl_uuid", "credential_uuid", "primary_uri_uuid", "fallback_uri_uuid"),
    *("uri_uuid", "uri", "username"),
}
"""Conditions on a list that nothing meets: it is empty."""
NAMED = {
    "create_trunk": {"name"},
    "update_trunk": {"name"},
    "create_uri": {"name", "username"},
    "update_uri": {"name", "username"},
    "create_credential": {"name"},
    "update_credential": {"name"},
    "create_ip_list": {"name"},
    "update_ip_list": {"name"},
}
"""Texts that anything will do for, of these operations only."""
WITHOUT_EFFECT = {("update_number", "compliance_application_id")}
"""On a number that is active."""
OBJECTS = {
    *(
        (handler, name)
        for handler in ("create_profile", "update_profile")
        for name in ("address", "authorized_contact")
    ),
    *((handler, "verification_info") for handler in ("update_number", "buy_number")),
    *((handler, "data") for handler in ("create_compliance", "update_compliance")),
}
"""Objects, whose unknown names are ignored."""
LISTS_OF_OBJECTS = {
    ("create_compliance", "documents"),
    ("update_compliance", "documents"),
    ("link_compliance", "numbers"),
}

_fresh = count(1000)
ALL = {argument for arguments in ARGUMENTS.values() for argument in arguments}
CASES = [(o, argument) for o in PLIVO.operations for argument in ARGUMENTS[o.handler.__name__]]


def every(cases: list[tuple[Operation, str]]) -> pytest.MarkDecorator:
    """Run a test once for each of these arguments."""
    names = [f"{o.handler.__name__}-{argument}" for o, argument in cases]
    return pytest.mark.parametrize(("operation", "argument"), cases, ids=names)


@pytest.fixture(scope="module")
def full(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation with one of everything in it, a number to buy, and a rejected application."""
    for world in copied(furnished, tmp_path_factory.mktemp("wrong")):
        fill(world, row(STOCKED, world.carrier()))
        yield world


@pytest.fixture
def ids(full: World) -> dict[str, str]:
    """The ids of what there is."""
    found = own_ids(full)
    full.native("POST", f"compliance/{found['compliance_id']}/reject", {"reason": "x"}, tenant=full.operator)
    return found


def _meant(value: tuple[str, str], ids: dict[str, str]) -> str:
    """Return an id of what there is, or a name that nothing has yet."""
    return ids[value[1]] if value[0] == "own" else f"{value[1]}{next(_fresh)}"


def send(world: World, operation: Operation, ids: dict[str, str], args: dict[str, Any]) -> Reply:
    """Send arguments to an operation: those of a GET in the query, all others as JSON."""
    number = STOCKED if operation.handler.__name__ == "buy_number" else ids["number"]
    path = filled(operation, ids | {"number": number}, None)
    given = {name: _meant(value, ids) if isinstance(value, tuple) else value for name, value in args.items()}
    if "Password" in given:
        given.pop("password", None)  # which counts first
    if operation.method == "GET":
        return world.ask("GET", f"{path}?{urlencode(given)}", None, world.main.basic)
    return world.ask(operation.method, path, given, world.main.basic)


def is_named(reply: Reply, argument: str) -> bool:
    """Tell whether a 400 names the argument; ``sub_account`` is another spelling of ``subaccount``.

    A text that the vendor publishes names the value alone, and stands as it is.
    """
    assert reply.status in (400, 422), reply.body
    text = str(reply.json["error"]).lower()
    if argument == "numbers" and text.startswith("the number ") and text.endswith(" is not a valid number"):
        return True
    blamed = text.partition(":")[0]
    return argument.lower().replace("_", "") in text.replace("_", "") and (blamed not in ALL or blamed == argument)


def check(full: World, operation: Operation, ids: dict[str, str], argument: str, value: object) -> None:
    """The value is refused by name, and nothing is written."""
    before = last_change(full)
    reply = send(full, operation, ids, GOOD.get(operation.handler.__name__, {}) | {argument: value})
    assert is_named(reply, argument), reply.body
    assert last_change(full) == before


def is_taken(operation: Operation, argument: str) -> bool:
    """Tell whether an argument takes any text."""
    name = operation.handler.__name__
    free = TEXTS | ({"name", "address"} if "account" in name else set())
    free |= NAMED.get(name, set())
    return argument in (FILTERS if operation.is_list else free) or (name, argument) in WITHOUT_EFFECT


@every([case for case in CASES if case[0].method != "GET"])
def test_a_wrong_type(full: World, ids: dict[str, str], operation: Operation, argument: str) -> None:
    named: tuple[str, str] = (operation.handler.__name__, argument)
    values: list[Any] = [[[1]]]
    values += [] if named in LISTS_OF_OBJECTS else [[NESTED]]
    values += ["x", 7, True] if named in OBJECTS else [NESTED]
    for value in values:
        check(full, operation, ids, argument, value)


@every([case for case in CASES if case[0].method == "GET"])
def test_json_in_a_query(full: World, ids: dict[str, str], operation: Operation, argument: str) -> None:
    """A query holds texts only, and JSON in them is a text like any other."""
    reply = send(full, operation, ids, GOOD.get(operation.handler.__name__, {}) | {argument: '{"a":1}'})
    assert reply.status == 200 if operation.is_list and argument in FILTERS | TEXTS else is_named(reply, argument)


@every(CASES)
def test_too_long_a_text(full: World, ids: dict[str, str], operation: Operation, argument: str) -> None:
    taken = argument in FILTERS if operation.is_list else (operation.handler.__name__, argument) in WITHOUT_EFFECT
    if taken:
        reply = send(full, operation, ids, GOOD.get(operation.handler.__name__, {}) | {argument: LONG})
        assert reply.status < 300, reply.body
    else:
        check(full, operation, ids, argument, LONG)


@every(CASES)
def test_a_word_that_means_nothing(full: World, ids: dict[str, str], operation: Operation, argument: str) -> None:
    if is_taken(operation, argument) or argument in ("region", "city", "rate_center"):
        args = GOOD.get(operation.handler.__name__, {}) | {argument: WORD}
        assert send(full, operation, ids, args).status < 300
    else:
        check(full, operation, ids, argument, WORD)


@pytest.mark.parametrize(
    ("operation", "argument"), [(o, a) for o in PLIVO.operations for a in REQUIRED.get(o.handler.__name__, ())]
)
def test_what_is_missing(full: World, ids: dict[str, str], operation: Operation, argument: str) -> None:
    before = last_change(full)
    for nothing in ("absent", "", None):
        args = dict(GOOD[operation.handler.__name__])
        if nothing == "absent" or (nothing is None and operation.method == "GET"):
            del args[argument]
        else:
            args[argument] = nothing
        assert is_named(send(full, operation, ids, args), argument)
    assert last_change(full) == before


@pytest.mark.parametrize(
    ("handler", "args", "named"),
    [
        ("create_profile", {"address": {"street": NESTED}}, "street"),
        ("create_profile", {"authorized_contact": {"email": ["x"]}}, "email"),
        ("create_profile", {"address": {"city": LONG}}, "city"),
        ("create_compliance", {"documents": [{"document_type_id": NESTED}]}, "document_type_id"),
        ("create_compliance", {"documents": [{"data_fields": "x"}]}, "data_fields"),
        ("create_compliance", {"documents": [{"data_fields": {"a": LONG}}]}, "documents[0]"),
        ("create_compliance", {"end_user": {"type": ["business"], "name": "x"}}, "type"),
        ("link_compliance", {"numbers": [{"number": NESTED}]}, "number"),
        (
            "link_compliance",
            {"numbers": [{"number": "1", "compliance_application_id": [1]}]},
            "compliance_application_id",
        ),
    ],
)
def test_a_wrong_value_inside_an_object(
    full: World, ids: dict[str, str], handler: str, args: dict[str, Any], named: str
) -> None:
    operation = next(o for o in PLIVO.operations if o.handler.__name__ == handler)
    before = last_change(full)
    reply = send(full, operation, ids, GOOD[handler] | args)
    assert (reply.status, named in reply.json["error"]) == (400, True), reply.body
    assert last_change(full) == before
