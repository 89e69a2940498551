"""Callers' names as applications hear of them: what counts as a name, whose name is asked, how a name source answers.

Names come from strangers, by SIP or by HTTP, so every one of them passes `clean_name`.
"""

from __future__ import annotations

import json
from typing import NamedTuple, Protocol

from trunkline.core import e164
from trunkline.core.model import NumberProfile

MAX_NAME = 50
"""Characters of a caller's name: as many as a document's own ``callerName`` may have."""

MAX_READ = 1_000
"""Characters of a text that are looked at for a name."""

MAX_ANSWER_BYTES = 4_096
"""The largest answer that is read from a name source."""

_OF_NUMBERS = frozenset("0123456789+-.()/ ")
_NO_NAMES = frozenset({"unknown", "unknown name", "unavailable"})


class FoundName(NamedTuple):
    """What asking for a name came to: the name, None where there is none, and a sentence for the call's trace."""

    name: str | None
    how: str


class NameSource(Protocol):
    """Knows the names of telephone numbers."""

    async def name_of(self, number: str) -> FoundName:
        """Return the name of a number (digits of E.164), within the source's time limit; never raises."""
        ...


def clean_name(text: str) -> str | None:
    """Return a text as a name: printable, blanks folded, at most `MAX_NAME` characters; None where it is no name.

    A number is no name, since carriers write it where they know none; nor are the words that name databases have then.
    """
    printable = "".join(char if char.isprintable() else " " for char in text[:MAX_READ])
    name = " ".join(printable.split())[:MAX_NAME].rstrip()
    return None if _OF_NUMBERS.issuperset(name) or name.casefold() in _NO_NAMES else name


def number_to_ask(caller: str, country: str | None) -> str | None:
    """Return the digits of a caller that a name source may be asked about: a number of the US; None for any other.

    ``caller`` is the user part of From, read as carriers of ``country`` write numbers (None: with the calling code).
    """
    forms = e164.forms(caller, NumberProfile(country=country))
    return next((digits for digits in forms if e164.country_of(digits) == "US"), None)


def read_answer(body: bytes) -> str | None:
    """Return the name in a source's answer: a JSON object whose ``name`` is a text, or null where it knows none.

    Raises ValueError for anything else.
    """
    try:
        answer = json.loads(body.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("name", 0), str | None):
        raise ValueError("no object with a name")
    return clean_name(answer["name"] or "")
