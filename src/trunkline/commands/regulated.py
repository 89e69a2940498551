"""`trunkline cnam | campaigns | reputation | toll-free | compliance | regulated | filings`: the operator's word."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, plain, table
from trunkline.core import address_needs, campaigns, cnam, compliance, e164, reputation, tollfree
from trunkline.core.errors import NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Actor, Page
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed, Campaign, Compliance, ComplianceFilter, ComplianceStatus, Document

MAX_LISTED = 1000


def settle_cnam(options: Namespace) -> int:
    """Confirm or refuse a requested caller name."""
    digits, confirmed = e164.parse(options.number), options.outcome == "confirmed"
    number = write(options, lambda store, actor: cnam.settle(store, actor, digits, confirmed=confirmed))
    print(f"{number.e164}: the requested name {options.outcome}; its caller name is {number.details.cnam or 'none'}")
    return 0


def settle_campaign(options: Namespace) -> int:
    """Complete a number's link to a campaign, or let it fail."""
    digits, completed = e164.parse(options.number), options.outcome == "completed"
    number = write(options, lambda store, actor: campaigns.settle(store, actor, digits, completed=completed))
    print(f"{number.e164}: the link {options.outcome}; its campaign is {number.details.campaign_id or 'none'}")
    return 0


def settle_reputation(options: Namespace) -> int:
    """Say what came of a number's enrolment."""
    digits, active = e164.parse(options.number), options.outcome == "active"
    number = write(options, lambda store, actor: reputation.settle(store, actor, digits, active=active))
    print(f"{number.e164}: caller reputation is {number.details.reputation_status}")
    return 0


def set_toll_free(options: Namespace) -> int:
    """Say how far a toll-free number's verification is."""
    digits = e164.parse(options.number)
    number = write(
        options,
        lambda store, actor: tollfree.set_status(
            store,
            actor,
            digits,
            options.status,
            verification_id=options.verification_id,
            order_status=options.order_status,
        ),
    )
    print(f"{number.e164}: toll-free verification is {number.details.toll_free_status}")
    return 0


def add_campaign(options: Namespace) -> int:
    """Enter a campaign."""

    def add(store: Store, actor: Actor) -> Campaign:
        account = store.accounts.get(options.account)
        if account is None:
            raise UnknownReferenceError(
                f"{options.account!r} is no account", advice="`trunkline accounts list` shows them."
            )
        return campaigns.add(
            store,
            actor,
            account,
            campaign_id=options.campaign,
            alias=options.alias,
            usecase=options.usecase,
            max_numbers=options.max_numbers,
        )

    made = write(options, add)
    print(f"campaign {made.campaign_id} takes up to {made.max_numbers} numbers")
    return 0


def remove_campaign(options: Namespace) -> int:
    """Take a campaign out."""
    gone = write(options, lambda store, actor: campaigns.remove(store, actor, options.campaign))
    print(f"campaign {gone.campaign_id} is no more")
    return 0


def show_campaigns(options: Namespace) -> int:
    """List campaigns of every account."""
    found = read(options, lambda store: store.campaigns.all(MAX_LISTED))
    rows = [(c.campaign_id, c.account_id, c.usecase, c.max_numbers, c.alias) for c in found]
    return _print(options, ("campaign", "account", "usecase", "max_numbers", "alias"), rows)


def show_filings(options: Namespace) -> int:
    """List what waits for the operator."""
    found = read(options, lambda store: store.filings.open(MAX_LISTED))
    rows = [
        (f.filing.kind.value, f.number.e164, f.filing.subject, f.number.owner.name, f.filing.created_at.isoformat())
        for f in found
    ]
    return _print(options, ("kind", "number", "subject", "owner", "since"), rows)


def show_applications(options: Namespace) -> int:
    """List compliance applications of every account."""
    wanted = ComplianceFilter(status=ComplianceStatus(options.status) if options.status else None)
    found = read(options, lambda store: store.compliance.page(EVERYTHING, wanted, Page(MAX_LISTED)))
    rows = [(a.id, a.status.value, a.country, a.number_type, a.account_id, a.alias) for a in found.items]
    return _print(options, ("id", "status", "country", "number_type", "account", "alias"), rows)


def show_application(options: Namespace) -> int:
    """Show an application; with ``--documents`` write its files into a folder."""

    def look_up(store: Store) -> tuple[Compliance, list[tuple[Document, bytes]]]:
        found = _application(store, options.application)
        kept = store.compliance.documents(found.id)
        wanted = options.documents is not None
        return found, [(d, (store.compliance.content(d.id) or b"") if wanted else b"") for d in kept]

    found, papers = read(options, look_up)
    document(
        {
            "id": found.id,
            "account": found.account_id,
            "alias": found.alias,
            "status": found.status.value,
            "country": found.country,
            "number_type": found.number_type,
            "end_user": dict(found.end_user),
            "reason": found.reason,
            "documents": [
                {"position": d.position, "type": d.type_id, "file": d.file_name, "bytes": d.size, **d.fields}
                for d, _ in papers
            ],
        }
    )
    for paper, content in papers:
        if content:
            _keep(options.documents, paper, content)
    return 0


def _application(store: Store, application_id: str) -> Compliance:
    try:
        return compliance.find(store, EVERYTHING, application_id)
    except NotFoundError:
        raise UnknownReferenceError(
            f"{application_id!r} is no compliance application", advice="`trunkline compliance list` shows them."
        ) from None


def _keep(folder: Path, paper: Document, content: bytes) -> None:
    """Write a file under a name of our own: the one that it came with is a tenant's."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"document-{paper.position}"
    target.write_bytes(content)
    print(f"{target}: {paper.file_name!r}, {paper.size} bytes", file=sys.stderr)


def decide(options: Namespace) -> int:
    """Accept or reject an application."""
    accepted = options.outcome == "accepted"
    decided = write(
        options,
        lambda store, actor: compliance.decide(
            store,
            actor,
            _application(store, options.application).id,
            accepted=accepted,
            reason=getattr(options, "reason", ""),
        ),
    )
    print(f"application {plain(decided.alias)} is {decided.status.value}")
    return 0


def set_regulated(options: Namespace) -> int:
    """Mark a kind of number as regulated, or no longer so."""
    kind = write(
        options,
        lambda store, actor: compliance.set_regulated(
            store, actor, options.country, options.number_type, regulated=options.regulated
        ),
    )
    word = "wait for an accepted application when they are bought" if options.regulated else "need no application"
    print(f"{kind.country} {kind.number_type} numbers {word}")
    return 0


def set_address_need(options: Namespace) -> int:
    """Say which postal address numbers of a kind have to name."""
    need = AddressNeed(options.need)
    kind = write(
        options,
        lambda store, actor: address_needs.set_need(store, actor, options.country, options.number_type, need),
    )
    print(f"{kind.country} {kind.number_type} numbers have address_requirements {need.value}")
    return 0


def show_regulated(options: Namespace) -> int:
    """List what is regulated."""
    found = read(options, lambda store: store.compliance.rules())
    rows = [(r.kind.country, r.kind.number_type, r.application, r.address.value) for r in found]
    return _print(options, ("country", "number_type", "application", "address"), rows)


def _print(options: Namespace, names: tuple[str, ...], rows: Sequence[Sequence[object]]) -> int:
    if options.json:
        document([dict(zip(names, row, strict=True)) for row in rows])
    else:
        table(tuple(name.upper().replace("_", " ") for name in names), rows)
    return 0
