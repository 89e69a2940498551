"""What of Twilio's documented API is there: ``python -m tests.dialects.twilio.operations --write`` renews the table in
``docs/compatibility.md`` from the route table and the extract of the vendor's documents.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tests.dialects.twilio.schemas import Described, described, plain
from trunkline.dialects.http import Operation
from trunkline.dialects.twilio.routes import TWILIO
from trunkline.dialects.twilio.trunking import VOICE

DOC = Path(__file__).resolve().parents[3] / "docs" / "compatibility.md"
BEGIN = "<!-- operations of Twilio, made by `python -m tests.dialects.twilio.operations --write` -->"
END = "<!-- end of the operations of Twilio -->"
ACCOUNT = "/2010-04-01/Accounts/{AccountSid}/"
METHODS = ("GET", "POST", "DELETE")

ROUTED: dict[tuple[str, str], Operation] = {
    (operation.method, plain(operation.path)): operation for dialect in TWILIO for operation in dialect.operations
}
"""The route table, by what `Described.key` gives."""

_NO_VOICE = "the vendor's Voice API, whose trunks are not served: 404/20404"
ADDITIONS: dict[tuple[str, str], str] = {(method, path): _NO_VOICE for path in VOICE for method in ("GET", "POST")}
"""Routes that the vendor's documents do not have, with the reason."""

_NO_ADD_ONS = "there is no marketplace here: the list is empty, one of them is not found, none can be installed"
REFUSED = {
    "CreateIncomingPhoneNumberAssignedAddOn": _NO_ADD_ONS,
    "FetchIncomingPhoneNumberAssignedAddOn": _NO_ADD_ONS,
    "DeleteIncomingPhoneNumberAssignedAddOn": _NO_ADD_ONS,
    "ListIncomingPhoneNumberAssignedAddOnExtension": _NO_ADD_ONS,
    "FetchIncomingPhoneNumberAssignedAddOnExtension": _NO_ADD_ONS,
}
"""Operations that are routed and always refuse, with the reason."""

_MEDIA = "waits for sound: speech, recording and conferences are not there yet"
_CALLS = "calls come from carriers and phones; placing and changing them by HTTP is not there yet"
_MESSAGES = "messages are neither sent nor read by this API; the SMS settings of numbers are kept and shown"
_DOMAINS = "phones register as endpoints at the account's own SIP domain"
ABSENT = {
    "AuthorizedConnectApps": "there is no marketplace here",
    "Balance": "nobody is billed here",
    "Calls": _CALLS,
    "Conferences": _MEDIA,
    "ConnectApps": "there is no marketplace here",
    "Messages": _MESSAGES,
    "Notifications": "what went wrong with a call stands in its trace (native API)",
    "OutgoingCallerIds": "calls out show a number of the account or the caller's own",
    "Queues": _MEDIA,
    "Recordings": _MEDIA,
    "SIP/Domains": _DOMAINS,
    "SMS/ShortCodes": _MESSAGES,
    "SigningKeys": "keys with all rights are `Keys`; there are no client tokens to sign",
    "Tokens": "there is no TURN service",
    "Transcriptions": _MEDIA,
    "Usage": "nobody is billed here; calls are counted by the native API",
}
"""Beginnings of paths below the account that have no routes, with the reason."""

_NO_KIND = "no price list can have such numbers"
ABSENT_ALONE = {
    "ListAvailablePhoneNumberMachineToMachine": _NO_KIND,
    "ListAvailablePhoneNumberSharedCost": _NO_KIND,
    "ListAvailablePhoneNumberVoip": _NO_KIND,
}
"""Operations that have no routes while others of their family do, with the reason."""

NOT_YET = "not yet"


def state(operation: Described) -> str:
    """Return ``done``, ``refused`` or ``absent``."""
    if operation.key not in ROUTED:
        return "absent"
    return "refused" if operation.name in REFUSED else "done"


def why(operation: Described) -> str:
    """Return the reason for which an operation is not done, empty where it is."""
    if operation.key in ROUTED:
        return REFUSED.get(operation.name, "")
    return ABSENT.get(family(operation)) or ABSENT_ALONE.get(operation.name, NOT_YET)


def family(operation: Described) -> str:
    """Return the resource at the top of an operation's path: ``Calls``, ``SIP/Domains``, ``Trunks``."""
    path = operation.path.removeprefix(ACCOUNT).removeprefix("/v1/").removesuffix(".json")
    first, _, rest = path.partition("/")
    return f"{first}/{rest.partition('/')[0]}" if first in ("SIP", "SMS") else first


def label(operation: Described) -> str:
    """Return an operation's row: its own path, or (absent with all its family) the family's."""
    if operation.key not in ROUTED and family(operation) in ABSENT:
        return f"{family(operation)} and below"
    return operation.path.removeprefix(ACCOUNT).removesuffix(".json")


def table(operations: Iterable[Described]) -> Iterator[str]:
    """Give the lines of the table: a row for each path, state and reason."""
    found = sorted(operations, key=lambda o: (o.document, label(o), state(o), why(o)))
    counts = {name: sum(state(o) == name for o in found) for name in ("done", "refused", "absent")}
    yield "{done} of the {all} documented operations are done, {refused} refused, {absent} absent.".format(
        **counts, all=len(found)
    )
    yield ""
    yield "| path | methods | state | why |"
    yield "|---|---|---|---|"
    for (_, path, is_state, reason), rows in groupby(found, lambda o: (o.document, label(o), state(o), why(o))):
        methods = {o.method for o in rows}
        yield f"| `{path}` | {' '.join(m for m in METHODS if m in methods)} | {is_state} | {reason} |"
    for (method, path), reason in sorted(ADDITIONS.items()):
        yield f"| `{path}` | {method} | ours | {reason} |"


def written(text: str) -> str:
    """Return the page with the table as it is now."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{DOC.name} lacks the lines {BEGIN!r} and {END!r}")
    return before + begin + "\n\n" + "\n".join(table(described())) + "\n\n" + end + after


def main(*arguments: str) -> None:
    """Write the table, or say whether it is up to date."""
    text = DOC.read_text()
    if "--write" in arguments:
        DOC.write_text(written(text))
    elif written(text) != text:
        raise SystemExit(f"{DOC.name} is out of date: python -m tests.dialects.twilio.operations --write")


if __name__ == "__main__":
    main(*sys.argv[1:])
