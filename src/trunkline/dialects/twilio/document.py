"""TwiML, read to verbs.

Sources: https://www.twilio.com/docs/voice/twiml and the attribute lists of the vendor's SDKs. Names are case-sensitive.
Documents are untrusted; `markup` bounds them. Three kinds of no:

- What is not TwiML is a `DocumentError`: the fallback is asked. An element that TwiML has not is one, and so is a value
  that its attribute cannot have.
- What is TwiML and not done by this build is an `Unsupported` verb, or named in `Dial.unsupported`: refused when it is
  reached, never ignored.
- Attributes that TwiML has not, and those that change nothing here, are passed over: the vendor adds new ones often.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element

from trunkline.core.calls import LegChange
from trunkline.core.fetching import DocumentError
from trunkline.core.model import Webhook
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.verbs import (
    MAX_TARGET_HEADERS,
    Dial,
    DialTarget,
    DialUri,
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
from trunkline.dialects.twilio.refer import MAX_HEADERS_CHARS, read_refer

MAX_DOCUMENT_BYTES = 64 * 1024  # Twilio's own limit
MAX_PARTIES = 10  # Twilio's own limit; each party is a call of ours to pay for
MAX_URIS = 10
MAX_IDENTITY_CHARS = 121  # Twilio's own limit
MAX_LOGIN_CHARS = 128
DEFAULT_TIMEOUT_S = 30
MAX_TIMEOUT_S = 600
DEFAULT_TIME_LIMIT_S = 14400

_NO_MEDIA = "needs media, which this build does not carry yet"
_WHY = {
    "Connect": "connecting a call to a stream or an assistant " + _NO_MEDIA,
    "Echo": "echoing sound " + _NO_MEDIA,
    "Enqueue": "queues are not supported in this build",
    "Gather": "hearing digits or speech " + _NO_MEDIA,
    "Leave": "queues and conferences are not supported in this build",
    "Message": "sending messages is not supported in this build",
    "Pay": "taking payments is not supported in this build",
    "Play": "playing sound " + _NO_MEDIA,
    "Prompt": "taking payments is not supported in this build",
    "Record": "recording " + _NO_MEDIA,
    "Say": "speaking text " + _NO_MEDIA,
    "Sms": "sending messages is not supported in this build",
    "Start": "streaming or recording a call " + _NO_MEDIA,
    "Stop": "streaming or recording a call " + _NO_MEDIA,
}
_EVENTS = {
    "initiated": LegChange.INITIATED,
    "ringing": LegChange.RINGING,
    "answered": LegChange.ANSWERED,
    "completed": LegChange.ENDED,
}
# Attributes of Dial that would change what the caller hears, or who may send it elsewhere: its trace names them.
_WITHOUT_EFFECT = ("ringTone", "referUrl")
_NOUNS = ("Application", "Client", "Conference", "Number", "Queue", "Sim", "Sip", "WhatsApp")


def parse_document(body: bytes, base_url: str) -> Document:
    """Read TwiML of at most 64 kB; ``base_url`` (where it came from) completes relative URLs.

    Raises `core.fetching.DocumentError`, a sentence that names the element, the attribute and the rule.
    """
    root = read_response(body, MAX_DOCUMENT_BYTES)
    check_children(root, (*_READERS, *_WHY))
    return Document(tuple(_verb(element, base_url) for element in root))


def _verb(element: Element, base_url: str) -> Verb:
    read = _READERS.get(element.tag)
    return read(Attributes(element), base_url) if read else Unsupported(element.tag, _WHY[element.tag])


def _hangup(_given: Attributes, _base_url: str) -> HangUp:
    return HangUp()


def _reject(given: Attributes, _base_url: str) -> HangUp:
    reason = given.text("reason").lower()
    if reason not in ("", "rejected", "busy"):
        raise given.wrong("reason", "must be rejected or busy")
    return HangUp("busy" if reason == "busy" else "not_in_service")


def _pause(given: Attributes, _base_url: str) -> Wait:
    return Wait(float(given.whole("length", 1, 0) or 0))


def _redirect(given: Attributes, base_url: str) -> Redirect:
    text = (given.element.text or "").strip()
    if not text:
        raise DocumentError("<Redirect> is empty; write the URL of the next document in it")
    url = absolute(text, base_url, lambda rule: DocumentError(f"<Redirect>{shown(text)}: {rule}"))
    return Redirect(Webhook(url, given.method()))


def _dial(given: Attributes, base_url: str) -> Dial:
    check_children(given.element, _NOUNS)
    unsupported = ["hangupOnStar"] if given.flag("hangupOnStar", False) else []
    if given.text("record").lower() not in ("", "false", "do-not-record"):
        unsupported.append("record")
    given.flag("answerOnBridge", False)  # without media a call is always answered by its bridge
    action, method = given.url("action", base_url), given.method()
    targets = [t for t in (_target(child, base_url, unsupported) for child in given.element) if t]
    if not len(given.element):
        targets = [DialTarget(kind=TargetKind.NUMBER, value=_number(given.element))]
    if len(targets) > MAX_PARTIES:
        raise DocumentError(f"<Dial> rings at most {MAX_PARTIES} parties")
    return Dial(
        targets=tuple(targets),
        timeout=float(min(given.whole("timeout", DEFAULT_TIMEOUT_S, 1) or 1, MAX_TIMEOUT_S)),
        time_limit=float(given.whole("timeLimit", DEFAULT_TIME_LIMIT_S, 1) or 1),
        caller_id=_caller_id(given),
        action=Webhook(action, method) if action else None,
        sequential=given.flag("sequential", False),
        unsupported=tuple(unsupported),
        ignored=tuple([name for name in _WITHOUT_EFFECT if given.text(name)]),
    )


def _caller_id(given: Attributes) -> str | None:
    """Return the digits of a number; what is none is kept as it stands, for the edge to allow or refuse."""
    value = given.plain("callerId", MAX_CALLER_ID_CHARS)
    return (_digits(value) or value) if value else None


def _digits(text: str) -> str | None:
    """Return a number's digits; ten without ``+`` are a number of North America, as in the vendor's examples."""
    digits = digits_of(text)
    return f"1{digits}" if digits and len(digits) == 10 and not text.startswith("+") else digits


def _target(child: Element, base_url: str, unsupported: list[str]) -> DialTarget | None:
    """Read a noun, and add to ``unsupported`` what it asks for beyond this build."""
    read = _TARGETS.get(child.tag)
    if read is None:
        unsupported.append(f"<{child.tag}>")
        return None
    given = Attributes(child)
    off = {"sendDigits": "", "url": "", "byoc": "", "machineDetection": ""}
    refused = [name for name, harmless in off.items() if given.text(name) != harmless]
    refused += [f"<{part.tag}>" for part in child if part.tag == "Parameter"]
    unsupported.extend(f"{shown(name)} of <{child.tag}>" for name in refused)
    return read(given, _events(given, base_url))


def _events(given: Attributes, base_url: str) -> LegEvents | None:
    url, method = given.url("statusCallback", base_url), given.method("statusCallbackMethod")
    names = given.text("statusCallbackEvent").split() or ["completed"]
    if any(name not in _EVENTS for name in names):
        raise given.wrong("statusCallbackEvent", f"must be of {', '.join(_EVENTS)}, with blanks between")
    return LegEvents(Webhook(url, method), frozenset(_EVENTS[name] for name in names)) if url else None


def _by_number(given: Attributes, events: LegEvents | None) -> DialTarget:
    check_children(given.element, ())
    return DialTarget(kind=TargetKind.NUMBER, value=_number(given.element), events=events)


def _number(element: Element) -> str:
    text = (element.text or "").strip()
    digits = _digits(text)
    if digits is None or not 2 <= len(digits) <= 15:
        raise DocumentError(f"<{element.tag}>{shown(text)}: must be a number of 2 to 15 digits, such as +14155550123")
    return digits


def _by_client(given: Attributes, events: LegEvents | None) -> DialTarget:
    """Read a Client: its identity is the user name of an endpoint."""
    check_children(given.element, ("Identity", "Parameter"))
    named = given.element.find("Identity")
    name = ((given.element if named is None else named).text or "").strip()
    if not 0 < len(name) <= MAX_IDENTITY_CHARS or not name.isprintable() or " " in name:
        raise DocumentError(f"<Client>{shown(name)}: must be an endpoint's user name")
    return DialTarget(kind=TargetKind.ENDPOINT, value=name, events=events)


def _by_sip(given: Attributes, events: LegEvents | None) -> DialTarget:
    check_children(given.element, ("Uri", "Headers"))
    text, _, query = (given.element.text or "").strip().partition("?")
    uris = tuple(_uri(Attributes(child)) for child in given.element.findall("Uri"))
    if len(uris) > MAX_URIS:
        raise DocumentError(f"<Sip> holds at most {MAX_URIS} <Uri>")
    if text and uris:
        raise DocumentError("<Sip> holds a URI or <Uri> elements, not both")
    named = [*_query(query), *_headers(given.element)]
    if len(named) > MAX_TARGET_HEADERS:
        raise DocumentError(f"<Sip> has more than {MAX_TARGET_HEADERS} headers")
    return DialTarget(
        kind=TargetKind.SIP,
        value=uris[0].uri if uris else sip_uri(text, "Sip"),
        headers=tuple({name.lower(): (name, value) for name, value in map(_header, named)}.values()),
        events=events,
        auth=_login(given),
        uris=uris,
    )


def _uri(given: Attributes) -> DialUri:
    check_children(given.element, ())
    return DialUri(
        uri=sip_uri((given.element.text or "").strip(), "Uri"),
        priority=given.whole("priority", 0, 0, "priority") or 0,
        weight=given.whole("weight", 1, 0, "weight") or 0,
        auth=_login(given),
    )


def _query(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_HEADERS_CHARS:
        raise DocumentError(f"<Sip>: the headers of its URI have at most {MAX_HEADERS_CHARS} characters")
    return parse_qsl(text, keep_blank_values=True)


def _headers(element: Element) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for holder in element.findall("Headers"):
        check_children(holder, ("Header",))
        found += [(header.get("name", ""), header.get("value", "")) for header in holder]
    return found


def _header(pair: tuple[str, str]) -> tuple[str, str]:
    name, value = pair[0].strip(), pair[1].strip()
    usable = name.isascii() and name.replace("-", "").isalnum() and len(name) <= MAX_SIP_HEADER_NAME
    if not usable or not (name.lower().startswith("x-") or name.lower() == "user-to-user"):
        raise DocumentError(f"<Sip> header {shown(name)!r}: must be called X-... or User-to-User")
    if len(value) > MAX_SIP_HEADER_VALUE or not value.isprintable():
        rule = f"must be printable text of at most {MAX_SIP_HEADER_VALUE} characters"
        raise DocumentError(f"<Sip> header {shown(name)}: {rule}")
    return name, value


def _login(given: Attributes) -> OutboundAuth | None:
    """Return the credentials of a Sip; no error shows them."""
    username, password = given.text("username"), given.text("password")
    if any(len(text) > MAX_LOGIN_CHARS or not text.isprintable() for text in (username, password)):
        rule = f"must be printable and have at most {MAX_LOGIN_CHARS} characters"
        raise DocumentError(f"<Sip> username and password {rule}")
    if password and not username:
        raise DocumentError("<Sip> has a password, and no username")
    return OutboundAuth(username, password) if username else None


_TARGETS: dict[str, Callable[[Attributes, LegEvents | None], DialTarget]] = {
    "Client": _by_client,
    "Number": _by_number,
    "Sip": _by_sip,
}
_READERS: dict[str, Callable[[Attributes, str], Verb]] = {
    "Dial": _dial,
    "Hangup": _hangup,
    "Pause": _pause,
    "Redirect": _redirect,
    "Refer": read_refer,
    "Reject": _reject,
}
