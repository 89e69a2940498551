"""Every answer of every routed operation, held against the vendor's own schema of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.twilio.furnishing import FORMS, Furnishing, Ids, filled, played, requested
from tests.dialects.twilio.operations import REFUSED, ROUTED
from tests.dialects.twilio.schemas import Described, Fault, described, faults
from tests.http.fixtures import copied
from tests.http.world import Reply, World

OPERATIONS = [operation for operation in described() if operation.key in ROUTED]
STATES = ("bare", "full")
EMPTY = {"ListIncomingPhoneNumberAssignedAddOn", "ListDependentPhoneNumber"}
"""Lists that never have anything, and one that has something only where a number names the address."""
ERRORS = "https://www.twilio.com/docs/errors"


@dataclass(frozen=True)
class Quirk:
    """Where answers may differ from the schema: ends of `Fault.where`, what may stand there, and why it is so."""

    ends: tuple[str, ...]
    allowed: Callable[[Fault], bool]
    reason: str


def _empty(fault: Fault) -> bool:
    return isinstance(fault.value, str) and not fault.value


def _shown(fault: Fault) -> bool:
    return fault.why == "no phone-number" and isinstance(fault.value, str)


def _missing(fault: Fault) -> bool:
    return fault.why == "missing"


_ENVELOPE = ("end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start")
QUIRKS = (
    Quirk(
        (".voice_application_sid", ".sms_application_sid"),
        _empty,
        "no application is an empty text on numbers, in the documents' own examples, too",
    ),
    Quirk((".friendly_name",), _shown, "a number's name for people, as in the documents' examples: (808) 925-1571"),
    Quirk(
        tuple(f"ListAvailablePhoneNumber{kind}.{key}"
              for kind in ("Local", "TollFree", "Mobile", "National", "Voip", "SharedCost", "MachineToMachine")
              for key in _ENVELOPE),
        _missing,
        "searches of the stock have no pages in the documents' examples",
    ),
)  # fmt: skip


def excused(fault: Fault) -> bool:
    """Tell whether a difference is a known one."""
    return any(fault.where.endswith(quirk.ends) and quirk.allowed(fault) for quirk in QUIRKS)


def differences(operation: Described, reply: Reply) -> list[str]:
    """Return what an answer has, or lacks, against its schema, known differences left out."""
    found = faults(reply.json, operation.schema, operation.document, operation.name)
    return sorted({f"{fault.where}: {fault.why}, {fault.value!r}" for fault in found if not excused(fault)})


@pytest.fixture(scope="module")
def furnished_twilio(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Ids]]:
    """Data folders with one of everything, bare and full."""
    made = {}
    for state in STATES:
        folder = tmp_path_factory.mktemp(state)
        for world in copied(furnished, folder):
            ids = Furnishing(world, full=state == "full").everything()
            made[state] = ((folder / "data", furnished[1]), ids)
    return made


@pytest.fixture(scope="module")
def unchanged(furnished_twilio: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """Furnished installations that nobody changes, by state."""
    with ExitStack() as opened:
        worlds = {}
        for state in STATES:
            one = contextmanager(copied)(furnished_twilio[state][0], tmp_path_factory.mktemp("unchanged"))
            worlds[state] = opened.enter_context(one)
        yield worlds


@pytest.fixture
def changed(furnished_twilio: Any, tmp_path: Path, state: str) -> Iterator[World]:
    """A furnished installation of the test's own."""
    yield from copied(furnished_twilio[state][0], tmp_path)
    shutil.rmtree(tmp_path)


def check(operation: Described, world: World, ids: Ids) -> None:
    """Ask for an operation and hold the answer against its schema."""
    reply = played(world, operation, ids)
    if operation.name in REFUSED:
        assert 400 <= reply.status < 500, reply.body
        assert set(reply.json) == {"code", "message", "more_info", "status"}
        return
    assert reply.status == operation.status, reply.body
    if operation.schema is None:
        assert reply.body == b""
        return
    assert differences(operation, reply) == []
    if operation.name.startswith("List"):
        (rows,) = (value for value in reply.json.values() if isinstance(value, list))  # else SDKs read none of them
        assert bool(rows) == (operation.name not in EMPTY)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.method == "GET"], ids=lambda o: o.name)
def test_what_is_read_is_as_the_documents_say(
    operation: Described, state: str, unchanged: dict[str, World], furnished_twilio: Any
) -> None:
    check(operation, unchanged[state], furnished_twilio[state][1])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.method != "GET"], ids=lambda o: o.name)
def test_what_is_written_is_as_the_documents_say(
    operation: Described, state: str, changed: World, furnished_twilio: Any
) -> None:
    check(operation, changed, furnished_twilio[state][1])


@pytest.mark.parametrize("state", ["full"])
def test_a_number_with_addresses_is_as_the_documents_say(state: str, changed: World, furnished_twilio: Any) -> None:
    world, ids = changed, furnished_twilio[state][1]
    number = f"/2010-04-01/Accounts/{ids['Accounts']}/IncomingPhoneNumbers/{ids['IncomingPhoneNumbers']}"
    address = ids["Addresses"]
    form = {"AddressSid": address, "EmergencyAddressSid": address, "EmergencyStatus": "Active"}
    reply = requested(world, "POST", number, form)
    assert reply.status == 200, reply.body
    assert (reply.json["address_sid"], reply.json["emergency_address_sid"]) == (address, address)
    for name in ("UpdateIncomingPhoneNumber", "ListDependentPhoneNumber"):
        operation = next(operation for operation in described() if operation.name == name)
        if operation.key in ROUTED:
            answer = reply if name.startswith("Update") else played(world, operation, ids)
            assert differences(operation, answer) == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_forms_name_documented_arguments_only(operation: Described) -> None:
    assert set(FORMS.get(operation.name, {})) <= set(operation.form)
    assert set(operation.required) <= set(FORMS.get(operation.name, {}))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_strangers_are_refused_in_a_shape_that_sdks_read(
    operation: Described, unchanged: dict[str, World], furnished_twilio: Any
) -> None:
    world, ids = unchanged["bare"], furnished_twilio["bare"][1]
    path = filled(operation, ids) + (".json" if operation.path.endswith(".json") else "")
    for headers in ({}, world.main.twilio_basic | {"authorization": "Basic QUM6eA=="}):
        reply = world.ask(operation.method, path, b"", headers | {"content-type": "application/x-www-form-urlencoded"})
        assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Basic realm="Twilio API"')
        told = reply.json
        assert (told["code"], told["status"], told["more_info"]) == (20003, 401, f"{ERRORS}/20003")
        assert isinstance(told["message"], str)
        assert set(told) <= {"code", "message", "more_info", "status", "detail"}
