"""Compliance: which numbers need papers, the applications that bring them, and the numbers that they activate.

A kind of number that the operator marked as regulated waits, when it is bought, for an application that the operator
has accepted. Nothing accepts itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from trunkline.core import callbacks, e164, filings, numbers
from trunkline.core.errors import ConflictError, InvalidError, NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Account, Actor, Number, NumberDetails, NumberStatus, Scope, Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import Compliance, ComplianceStatus, Document, RegulatedKind

NUMBER_TYPES = ("local", "national", "mobile", "tollfree", "fixed")
USER_TYPES = ("business", "individual")
MAX_TEXT = 255
MAX_REASON = 1000
MAX_FIELDS = 50
"""Facts of an end user, or of one document."""
MAX_DOCUMENTS = 10
MAX_DOCUMENT_BYTES = 5 << 20
MAX_APPLICATIONS = 1000
"""Applications of one account."""
MAX_HELD_BYTES = 1 << 30
"""Bytes of one account's documents, all applications together."""
MAX_LINKS = 1000
"""Numbers in one list of links."""

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document as it is handed in; ``content`` is empty for one that is data only."""

    type_id: str = ""
    file_name: str = ""
    media_type: str = ""
    fields: Mapping[str, str]
    content: bytes = b""


# Which numbers are regulated


def is_regulated(store: Store, country: str | None, number_type: str) -> bool:
    """Tell whether a number of this country and type, when it is bought, begins as ``PENDING_ACTIVATION``."""
    return country is not None and store.compliance.is_regulated(RegulatedKind(country, number_type))


def set_regulated(store: Store, actor: Actor, country: str, number_type: str, *, regulated: bool) -> RegulatedKind:
    """Mark a kind of number as regulated, or no longer so: the operator's word. Numbers that are there stay as they
    are.
    """
    marked = kind(country, number_type)
    store.compliance.set_regulated(marked, regulated=regulated)
    named = f"{marked.country} {marked.number_type}"
    store.log.append(actor, actor.account.id, "update", "regulated", named, regulated=regulated)
    return marked


def kind(country: str, number_type: str) -> RegulatedKind:
    """Return a kind of number by its names in any case; `InvalidError` for what is no country or no type."""
    return RegulatedKind(checked_country(country), _number_type(number_type))


def activate(store: Store, actor: Actor, number: Number, application: Compliance) -> Number:
    """Link a number to an accepted application that fits it; one that waited for that is active from now on.

    Raises `InvalidError` where the application is not accepted, or is of another country or type. Shared sources still
    make the number wait for the operator's approval.
    """
    details = backed(store, number, application)
    status = number.status
    if status is NumberStatus.PENDING_ACTIVATION:
        owner = store.accounts.get(number.owner.id)
        if owner is None:
            raise NotFoundError("not found")
        status = numbers.claim_status(store, owner, store.numbers.carriers(number.id))
    return filings.write(
        store, actor, replace(number, status=status), details, compliance=application.id, status=status.value
    )


def backed(store: Store, number: Number, application: Compliance) -> NumberDetails:
    """Return a number's details with the accepted application that stands behind it; raises as `activate` does."""
    _check_fits(store, number, application)
    return replace(number.details, compliance_id=application.id, compliance_status=application.status.value)


def _check_fits(store: Store, number: Number, application: Compliance) -> None:
    if application.status is not ComplianceStatus.ACCEPTED:
        raise InvalidError(
            # The vendor publishes this text: without a field it reaches the wire with nothing before it.
            f"Compliance application must be in 'accepted' status. Current status: '{application.status.value}'."
        )
    if (number.details.country, number.details.number_type) != (application.country, application.number_type):
        raise InvalidError(
            f"compliance_application_id is for {application.country} {application.number_type} numbers",
            field="compliance_application_id",
        )
    if application.account_id not in store.accounts.ancestors(number.owner.id):
        raise _unknown()


def _unknown() -> UnknownReferenceError:
    return UnknownReferenceError(
        "compliance_application_id is not one of your compliance applications", field="compliance_application_id"
    )


def named(store: Store, scope: Scope, application_id: str) -> Compliance:
    """Return the application that an argument names; `UnknownReferenceError` for none in scope."""
    try:
        return find(store, scope, application_id)
    except NotFoundError:
        raise _unknown() from None


def link(store: Store, actor: Actor, scope: Scope, written: str, application_id: str) -> str | None:
    """Link one number of a list to an application; return what was wrong, None if nothing was."""
    if not application_id:
        return "compliance_application_id is required"
    try:
        number = store.numbers.get(scope, e164.parse(written))
        if number is None:
            return "Number not found on your account. Only rented numbers can be linked."
        activate(store, actor, number, named(store, scope, application_id))
    except InvalidError as error:
        return error.message
    return None


# Applications


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an application consists of."""

    alias: str
    country: str
    number_type: str
    end_user: Mapping[str, str]
    callback: Webhook | None
    papers: Sequence[Paper] = ()


def create(store: Store, actor: Actor, account: Account, draft: Draft) -> Compliance:
    """Hand in an application: it waits for the operator from now on."""
    now = store.now()
    application = Compliance(
        seq=0,
        id=store.new_id(),
        account_id=account.id,
        alias=draft.alias,
        status=ComplianceStatus.SUBMITTED,
        country=checked_country(draft.country),
        number_type=_number_type(draft.number_type),
        end_user=draft.end_user,
        callback=draft.callback,
        reason=None,
        created_at=now,
        updated_at=now,
    )
    _check(application)
    if store.compliance.held(account.id)[0] >= MAX_APPLICATIONS:
        raise ConflictError(
            f"an account has at most {MAX_APPLICATIONS} compliance applications", advice="Delete one first."
        )
    store.compliance.add(application)
    _set_papers(store, application, draft.papers)
    store.log.append(actor, account.id, "create", "compliance", application.id, alias=application.alias)
    return application


def _check(application: Compliance) -> None:
    if not 0 < len(application.alias.strip()) <= MAX_TEXT or not application.alias.isprintable():
        raise InvalidError(f"alias has 1 to {MAX_TEXT} printable characters", field="alias")
    _check_fields("end_user", application.end_user)
    if application.end_user.get("type") not in USER_TYPES:
        raise InvalidError(f"end_user.type is one of {', '.join(USER_TYPES)}", field="end_user.type")
    if not application.end_user.get("name", "").strip():
        raise InvalidError("end_user.name is required", field="end_user.name")


def _check_fields(name: str, fields: Mapping[str, str]) -> None:
    if len(fields) > MAX_FIELDS:
        raise InvalidError(f"{name} has at most {MAX_FIELDS} fields", field=name)
    if any(len(key) > MAX_TEXT or len(value) > MAX_TEXT for key, value in fields.items()):
        raise InvalidError(f"a field of {name} has at most {MAX_TEXT} characters", field=name)


def _set_papers(store: Store, application: Compliance, papers: Sequence[Paper]) -> None:
    if len(papers) > MAX_DOCUMENTS:
        raise InvalidError(f"an application has at most {MAX_DOCUMENTS} documents", field="documents")
    kept = []
    for position, paper in enumerate(papers):
        name = f"documents[{position}]"
        _check_fields(name, paper.fields)
        _check_fields(name, {"document_type_id": paper.type_id, "file": paper.file_name, "type": paper.media_type})
        if len(paper.content) > MAX_DOCUMENT_BYTES:
            raise InvalidError(f"{name}.file is larger than {MAX_DOCUMENT_BYTES} bytes", field=name)
        document = Document(
            id=store.new_id(),
            position=position,
            type_id=paper.type_id,
            file_name=paper.file_name,
            media_type=paper.media_type,
            size=len(paper.content),
            fields=paper.fields,
        )
        kept.append((document, paper.content))
    store.compliance.set_documents(application.id, kept)
    if store.compliance.held(application.account_id)[1] > MAX_HELD_BYTES:
        raise ConflictError(
            f"the documents of an account have at most {MAX_HELD_BYTES} bytes", advice="Delete an application first."
        )


def checked_country(text: str) -> str:
    """Return a country by its two letters in any case; `InvalidError` for what is none."""
    letters = text.strip().upper()
    if not _COUNTRY.fullmatch(letters):
        raise InvalidError("country_iso is two letters of ISO 3166, like IN", field="country_iso")
    try:
        e164.plan(letters)
    except InvalidError:
        raise InvalidError(f"country_iso {letters} is not a country", field="country_iso") from None
    return letters


def _number_type(text: str) -> str:
    if text.strip().lower() not in NUMBER_TYPES:
        raise InvalidError(f"number_type is one of {', '.join(NUMBER_TYPES)}", field="number_type")
    return text.strip().lower()


def find(store: Store, scope: Scope, application_id: str) -> Compliance:
    """Return an application; `NotFoundError` when it is not there or not in scope."""
    try:
        application = store.compliance.get(scope, str(UUID(application_id)))
    except ValueError:
        application = None
    if application is None:
        raise NotFoundError("not found")
    return application


def resubmit(store: Store, actor: Actor, application: Compliance, draft: Draft, *, new_papers: bool) -> Compliance:
    """Correct a rejected application and hand it in again; ``new_papers`` takes the place of all its documents."""
    _check_status(application, ComplianceStatus.REJECTED)
    if (draft.country.upper(), draft.number_type.lower()) != (application.country, application.number_type):
        raise InvalidError("country_iso and number_type of an application do not change", field="country_iso")
    changed = replace(
        application,
        alias=draft.alias,
        end_user=draft.end_user,
        callback=draft.callback,
        status=ComplianceStatus.SUBMITTED,
        reason=None,
        updated_at=store.now(),
    )
    _check(changed)
    store.compliance.update(changed)
    if new_papers:
        _set_papers(store, changed, draft.papers)
    store.log.append(actor, changed.account_id, "update", "compliance", changed.id, status=changed.status.value)
    return changed


def _check_status(application: Compliance, needed: ComplianceStatus) -> None:
    if application.status is not needed:
        raise ConflictError(
            f"Compliance application must be in '{needed.value}' status. Current status: '{application.status.value}'."
        )


def delete(store: Store, actor: Actor, application: Compliance) -> None:
    """Forget an application with its documents; refused while live numbers rest on it."""
    if store.compliance.numbers(EVERYTHING, application.id, 1):
        raise ConflictError(
            "numbers are linked to this compliance application", advice="Unrent them or link them to another one first."
        )
    store.compliance.remove(application.id)
    store.log.append(actor, application.account_id, "delete", "compliance", application.id)


def decide(store: Store, actor: Actor, application_id: str, *, accepted: bool, reason: str = "") -> Compliance:
    """Accept a submitted application, or reject it for a reason: the operator's word."""
    application = find(store, EVERYTHING, application_id)
    _check_status(application, ComplianceStatus.SUBMITTED)
    if not accepted and not 0 < len(reason.strip()) <= MAX_REASON:
        raise InvalidError(f"a rejection has a reason of 1 to {MAX_REASON} characters", field="reason")
    status = ComplianceStatus.ACCEPTED if accepted else ComplianceStatus.REJECTED
    decided = replace(application, status=status, reason=None if accepted else reason.strip(), updated_at=store.now())
    store.compliance.update(decided)
    store.log.append(actor, decided.account_id, "update", "compliance", decided.id, status=status.value)
    facts = {
        "application": decided.id,
        "alias": decided.alias,
        "status": status.value,
        "country": decided.country,
        "number_type": decided.number_type,
        "reason": decided.reason or "",
    }
    callbacks.tell(store, decided.account_id, decided.callback, "compliance", **facts)
    return decided
