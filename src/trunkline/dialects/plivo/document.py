"""Plivo XML, read to verbs.

Source: https://www.plivo.com/docs/voice/xml/ and the attribute lists of the vendor's SDKs. Documents
are untrusted: capped in bytes, elements and depth; no DTD, no entities, nothing is fetched.

Three kinds of no: what is not Plivo XML is a `DocumentError` (the application's fallback is asked); what is Plivo XML
and not done by this build is an `Unsupported` verb, or named in `Dial.unsupported` (refused when it is reached, never
ignored); what is documented and changes nothing at its default is read and dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from trunkline.core.calls import LegChange
from trunkline.core.fetching import MAX_DOCUMENT_BYTES, DocumentError
from trunkline.core.model import Webhook
from trunkline.core.verbs import (
    MAX_TARGET_HEADERS,
    Dial,
    DialTarget,
    Document,
    HangUp,
    LegEvents,
    Redirect,
    TargetKind,
    Unsupported,
    Verb,
    Wait,
)
from trunkline.dialects.markup import (
    MAX_CALLER_ID_CHARS,
    MAX_SIP_HEADER_NAME,
    MAX_SIP_HEADER_VALUE,
    Attributes,
    absolute,
    check_children,
    digits_of,
    read_response,
    shown,
    sip_uri,
)

MAX_CALLER_NAME_CHARS = 50  # Plivo's own limit
# What a callbackUrl hears of each leg.
HEARD = frozenset({LegChange.ANSWERED, LegChange.CONNECTED, LegChange.ENDED})
# Names that Plivo drops in silence (its CLI's voice-xml notes): they would look like headers of the platform itself.
RESERVED_PREFIXES = ("ph-", "plivo", "fs-", "sipauth", "zt-", "twilio")
RESERVED_NAMES = ("clientregion",)

_SSML = ("break", "cont", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")
_CHILDREN: dict[str, tuple[str, ...]] = {
    "Response": (
        *("Conference", "DTMF", "Dial", "GetDigits", "GetInput", "Hangup", "Message", "MultiPartyCall"),
        *("Play", "PreAnswer", "Record", "Redirect", "Speak", "Stream", "Wait"),
    ),
    "Dial": ("Number", "User"),
    "GetDigits": ("Speak", "Play", "Wait"),
    "GetInput": ("Speak", "Play", "Wait"),
    "PreAnswer": ("Speak", "Play", "Wait", "GetDigits", "Redirect", "Message", "DTMF"),
    "Speak": _SSML,
} | dict.fromkeys(_SSML, _SSML)
_WHY = {
    "Speak": "speaking text needs media, which this build does not carry yet",
    "Play": "playing sound needs media, which this build does not carry yet",
    "DTMF": "sending digits needs media, which this build does not carry yet",
    "GetDigits": "hearing digits needs media, which this build does not carry yet",
    "GetInput": "hearing digits or speech needs media, which this build does not carry yet",
    "Record": "recording needs media, which this build does not carry yet",
    "PreAnswer": "early media is not carried yet",
    "Conference": "mixing several calls is not supported in this build",
    "MultiPartyCall": "mixing several calls is not supported in this build",
    "Stream": "streaming audio to a WebSocket is not supported in this build",
    "Message": "sending messages is not supported in this build",
}


def parse_document(body: bytes, base_url: str) -> Document:
    """Read Plivo XML of at most 100 KB; ``base_url`` (where it came from) completes relative URLs.

    Raises `core.fetching.DocumentError`, a sentence that names the element, the attribute and the rule.
    """
    root = read_response(body, MAX_DOCUMENT_BYTES)
    _check_nesting(root)
    return Document(tuple(verb for element in root for verb in _verbs(element, base_url)))


def _check_nesting(element: Element) -> None:
    check_children(element, _CHILDREN.get(element.tag, ()))
    for child in element:
        _check_nesting(child)


def _verbs(element: Element, base_url: str) -> list[Verb]:
    """Read one element of the document; a PreAnswer without sound is what it holds, since the call rings meanwhile."""
    if element.tag == "PreAnswer" and all(child.tag in ("Wait", "Redirect") for child in element):
        Attributes(element).finish()
        return [_verb(child, base_url) for child in element]
    return [_verb(element, base_url)]


def _verb(element: Element, base_url: str) -> Verb:
    read = _READERS.get(element.tag)
    return read(Attributes(element), base_url) if read else Unsupported(element.tag, _WHY[element.tag])


def _hangup(given: Attributes, _base_url: str) -> HangUp:
    reason = given.text("reason").lower()
    if reason not in ("", "rejected", "busy"):
        raise given.wrong("reason", "must be rejected or busy")
    after = given.whole("schedule", 0, 0) or 0
    given.finish()
    return HangUp(reason or None, float(after))


def _redirect(given: Attributes, base_url: str) -> Redirect:
    text = (given.element.text or "").strip()
    if not text:
        raise DocumentError("<Redirect> is empty; write the URL of the next document in it")
    url = absolute(text, base_url, lambda rule: DocumentError(f"<Redirect>{shown(text)}: {rule}"))
    method = given.method()
    given.finish()
    return Redirect(Webhook(url, method))


def _wait(given: Attributes, _base_url: str) -> Wait | Unsupported:
    length = given.whole("length", 1, 1) or 1
    listens = given.flag("silence", False)
    given.whole("minSilence", None, 0, "milliseconds")  # nothing without silence
    beep = given.text("beep").lower()
    if beep not in ("", "true", "false") and "=" not in beep:
        raise given.wrong("beep", "must be true, false or settings such as duration=300,threshold=256")
    given.finish()
    if listens or beep not in ("", "false"):
        return Unsupported("Wait", "silence and beep need media, which this build does not carry yet")
    return Wait(float(length))


# Each party is a call of ours to pay for; a document must not turn one call into a storm.
MAX_PARTIES = 10


def _dial(given: Attributes, base_url: str) -> Dial:
    unsupported = _refused_of_dial(given)
    headers = _sip_headers(given)
    time_limit = given.whole("timeLimit", 14400, 1) or 14400
    timeout = given.whole("timeout", None, 1)
    action = given.url("action", base_url)
    method = given.method()
    redirect = given.flag("redirect", True)
    events = given.url("callbackUrl", base_url)
    events_method = given.method("callbackMethod")
    caller_id = _caller_id(given)
    caller_name = given.plain("callerName", MAX_CALLER_NAME_CHARS)
    given.finish()
    heard = LegEvents(Webhook(events, events_method), HEARD) if events else None
    targets = tuple(_target(child, headers, unsupported, heard) for child in given.element)
    loose = (given.element.text or "") + "".join(child.tail or "" for child in given.element)
    if not targets or loose.strip():
        raise DocumentError("<Dial> must hold <Number> or <User>, and no text beside them")
    if len(targets) > MAX_PARTIES:
        raise DocumentError(f"<Dial> rings at most {MAX_PARTIES} <Number> or <User> at once")
    return Dial(
        targets=targets,
        timeout=None if timeout is None else float(timeout),
        time_limit=float(time_limit),
        caller_id=caller_id,
        caller_name=caller_name,
        action=Webhook(action, method) if action else None,
        redirect=redirect,
        unsupported=tuple(unsupported),
    )


def _refused_of_dial(given: Attributes) -> list[str]:
    """Return the attributes of a Dial that ask for more than this build does; read those that are harmless."""
    off = {"dialMusic": "real", "callType": "voice"}  # what a call is like anyhow
    names = ("confirmSound", "confirmKey", "dialMusic", "digitsMatch", "digitsMatchBLeg", "callType")
    refused = [name for name in names if given.text(name).lower() not in ("", off.get(name, ""))]
    if given.flag("hangupOnStar", False):
        refused.append("hangupOnStar")
    given.whole("confirmTimeout", None, 1)  # nothing without confirmSound
    return refused


def _target(
    child: Element, headers: tuple[tuple[str, str], ...], unsupported: list[str], heard: LegEvents | None
) -> DialTarget:
    """Read a Number or a User, and add to ``unsupported`` what it asks for beyond this build."""
    given = Attributes(child)
    names = ["sendDigits"]
    names += ["sendDigitsMode"] if child.tag == "Number" else ["sipAuthUsername", "sipAuthPassword"]
    refused = [name for name in names if given.text(name)]
    if given.flag("sendOnPreanswer", False):
        refused.append("sendOnPreanswer")
    unsupported.extend(f"{name} of <{child.tag}>" for name in refused)
    own = _sip_headers(given)
    given.finish()
    text = (child.text or "").strip()
    named = {name.lower(): (name, value) for name, value in (*headers, *own)}
    if len(named) > MAX_TARGET_HEADERS:
        raise given.wrong("sipHeaders", f"with those of <Dial> these are more than {MAX_TARGET_HEADERS} headers")
    if child.tag == "Number":
        return DialTarget(kind=TargetKind.NUMBER, value=_number(text), headers=tuple(named.values()), events=heard)
    return DialTarget(kind=TargetKind.SIP, value=sip_uri(text, "User"), headers=tuple(named.values()), events=heard)


def _number(text: str) -> str:
    digits = digits_of(text)
    if digits is None or not 2 <= len(digits) <= 15:
        raise DocumentError(f"<Number>{shown(text)}: must be a number of 2 to 15 digits, such as 14155550123")
    return digits


def _caller_id(given: Attributes) -> str | None:
    """Return the digits of a number; what is none is kept as it stands, for the edge to allow or refuse."""
    value = given.plain("callerId", MAX_CALLER_ID_CHARS)
    return (digits_of(value) or value) if value else None


def _sip_headers(given: Attributes) -> tuple[tuple[str, str], ...]:
    """Read ``sipHeaders``, ``name=value`` pairs with commas between, to X-PH- headers; reserved names are dropped."""
    text = given.text("sipHeaders")
    headers: list[tuple[str, str]] = []
    for pair in text.split(",") if text else ():
        name, equals, value = (part.strip() for part in pair.partition("="))
        if name[:5].lower() == "x-ph-":
            name = name[5:]
        if not (equals and name and name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise given.wrong("sipHeaders", "must be name=value pairs with commas between, names of A-Z a-z 0-9 - _")
        if len(name) > MAX_SIP_HEADER_NAME or len(value) > MAX_SIP_HEADER_VALUE or not value.isprintable():
            limits = f"names of at most {MAX_SIP_HEADER_NAME}, printable values of at most {MAX_SIP_HEADER_VALUE}"
            raise given.wrong("sipHeaders", f"must have {limits} characters")
        if not name.lower().startswith(RESERVED_PREFIXES) and name.lower() not in RESERVED_NAMES:
            headers.append((f"X-PH-{name}", value))
    if len(headers) > MAX_TARGET_HEADERS:
        raise given.wrong("sipHeaders", f"must have at most {MAX_TARGET_HEADERS} headers")
    return tuple(headers)


_READERS: dict[str, Callable[[Attributes, str], Verb]] = {
    "Dial": _dial,
    "Hangup": _hangup,
    "Redirect": _redirect,
    "Wait": _wait,
}
