"""The table of operations in the documentation: up to date, and every reason is one of something."""

from __future__ import annotations

from tests.dialects.twilio.operations import (
    ABSENT,
    ABSENT_ALONE,
    ADDITIONS,
    DOC,
    REFUSED,
    ROUTED,
    family,
    state,
    table,
    written,
)
from tests.dialects.twilio.schemas import Described, described

BY_KEY = {operation.key: operation for operation in described()}


def test_the_page_is_up_to_date() -> None:
    text = DOC.read_text()
    assert text == written(text), "python -m tests.dialects.twilio.operations --write"


def test_every_route_is_documented_by_the_vendor_or_an_addition() -> None:
    assert {key for key in ROUTED if key not in BY_KEY} == set(ADDITIONS)


def test_no_two_operations_share_a_key() -> None:
    assert len(BY_KEY) == len(list(described()))


def test_every_reason_is_needed() -> None:
    absent = {family(operation) for operation in described() if state(operation) == "absent"}
    assert set(ABSENT) <= absent
    assert set(ABSENT_ALONE) <= {operation.name for operation in described() if state(operation) == "absent"}
    refused = {operation.name for operation in described() if operation.key in ROUTED}
    assert set(REFUSED) <= refused


def test_families_without_schemas_have_a_reason() -> None:
    assert {family(o) for o in described() if o.status is None} <= set(ABSENT)


def test_a_row_for_each_path_and_state() -> None:
    absent = Described("ListCall", "a", "GET", "/2010-04-01/Accounts/{AccountSid}/Calls.json", None, (), (), (), None)
    below = Described(
        "FetchCall", "a", "GET", "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json", None, (), (), (), None
    )
    head, _, _, _, row, *_ = table([absent, below])
    assert head == "0 of the 2 documented operations are done, 0 refused, 2 absent."
    assert row.startswith("| `Calls and below` | GET | absent | calls come")
