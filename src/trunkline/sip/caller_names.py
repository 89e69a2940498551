"""Who calls, by name: what an INVITE's identity headers say (RFC 3325, RFC 3323, Remote-Party-ID), and who is asked.

An identity is asserted by the node that sends it, so it counts from carriers only, each of which has proven itself by
the time that a call exists. A caller who asks for privacy is named by From alone, which is what it chose to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trunkline.core.caller_names import NameSource, clean_name, number_to_ask
from trunkline.core.facts import ApplicationTarget
from trunkline.sip.identities import identities
from trunkline.sip.leg import clean
from trunkline.sip.message import Request
from trunkline.sip.uri import NameAddr

if TYPE_CHECKING:
    from trunkline.sip.call import Call

_HIDING = frozenset({"id", "user", "header", "history"})


def name_caller(call: Call, request: Request, *, can_ask: bool) -> str | None:
    """Give a call the name that its application hears of; return the number to ask a name source about, if any.

    A number with ``cnam_lookup`` switched off hears of no names, unless its application is to hear of them. One that
    cannot have it (it is not of the US), and an endpoint's application, hear of what the call carries, and nobody is
    asked.
    """
    number, carrier, target = call.decision.number, call.decision.carrier, call.decision.target
    if number is None:
        return None
    lookup = number.cnam_lookup or (isinstance(target, ApplicationTarget) and target.caller_names)
    if not lookup and number.cnam_lookup is not None:
        return None
    private = _is_private(request)
    for header, name in _carried(request, asserted=carrier is not None and not private):
        call.told_name = name
        if lookup:
            call.note("name", f"{name}, from {header}")
        return None
    if not lookup:
        return None
    asked = None if private or carrier is None else number_to_ask(call.caller, carrier.profile.country)
    if asked is None or not can_ask:
        call.note("name", f"the call carries none, and nobody is asked: {_why_not(asked, private=private)}")
        return None
    return asked


async def ask_name(call: Call, source: NameSource, number: str) -> None:
    """Give a call the name that a source knows."""
    found = await source.name_of(number)
    call.told_name = found.name
    call.note("name", found.how if found.name is None else f"{found.name}, {found.how}")


def _why_not(asked: str | None, *, private: bool) -> str:
    if private:
        return "the caller wants privacy"
    return "the caller is no number of the US" if asked is None else "no name source is set (cnam.url)"


def _is_private(request: Request) -> bool:
    """Tell whether the caller wants its identity withheld (RFC 3323 §4.2, RFC 3325 §9.3)."""
    values = ",".join(request.get_all("privacy")).replace(",", ";").split(";")
    return any(value.strip().lower() in _HIDING for value in values)


def _carried(request: Request, *, asserted: bool) -> Iterator[tuple[str, str]]:
    """Yield (header, name) for each name that an INVITE carries, the most trustworthy first."""
    if asserted:
        for identity in identities(request, "p-asserted-identity"):
            yield from _named("P-Asserted-Identity", identity)
        for identity in identities(request, "remote-party-id"):
            if _says(identity, "party", "calling") and _says(identity, "privacy", "off"):
                yield from _named("Remote-Party-ID", identity)
    yield from _named("From", request.from_)


def _says(identity: NameAddr, name: str, value: str) -> bool:
    """Tell whether a parameter has a value, or is left out."""
    said = identity.param(name)
    return said is None or said.lower() == value


def _named(header: str, identity: NameAddr) -> Iterator[tuple[str, str]]:
    name = clean_name(clean(identity.display_name))
    if name is not None:
        yield header, name
