"""`trunkline regulatory …`."""

from __future__ import annotations

from argparse import Namespace

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, table
from trunkline.commands.records import limit_of, one_of
from trunkline.core import regulatory
from trunkline.core.model import Page
from trunkline.core.named_ports import PaperKind, RegulatoryRecord
from trunkline.core.ports import Store

_SID = {PaperKind.IDENTITY: "RI", PaperKind.BUNDLE: "BU"}


def _row(record: RegulatoryRecord) -> dict[str, str]:
    return {
        "id": record.id,
        "twilio_sid": _SID[record.kind] + record.id.replace("-", ""),
        "account_id": record.account_id,
        "kind": record.kind.value,
        "name": record.name,
    }


def add(options: Namespace) -> int:
    """Register an identity or a bundle for an account, and print what numbers name it by."""
    kind = PaperKind(options.kind)
    made = write(options, lambda store, actor: regulatory.register(store, actor, options.account, kind, options.name))
    if options.json:
        document(_row(made))
        return 0
    print(f"{kind.value} {made.name} is registered: Twilio SID {_row(made)['twilio_sid']}")
    return 0


def show(options: Namespace) -> int:
    """List what is registered, oldest first."""
    limit = limit_of(options.limit)

    def look_up(store: Store) -> list[dict[str, str]]:
        scope = one_of(store, options.account)
        return [_row(record) for record in store.regulatory.page(scope, Page(limit)).items]

    found = read(options, look_up)
    if options.json:
        document(found)
        return 0
    table(("ID", "TWILIO SID", "ACCOUNT", "KIND", "NAME"), [tuple(row.values()) for row in found])
    return 0
