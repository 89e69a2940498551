"""Plivo XML, read to verbs.

Source: https://www.plivo.com/docs/voice/xml/ and the attribute lists of the vendor's SDKs. Documents
are untrusted: capped in bytes, elements and depth; no DTD, no entities, nothing is fetched.

Three kinds of no: what is not Plivo XML is a `DocumentError` (the application's fallback is asked); what is Plivo XML
and not done by this build is an `Unsupported` verb, or named in `Dial.unsupported` (refused when it is reached, never
ignored); what is documented and changes nothing at its default is read and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

from trunkline.core.fetching import MAX_DOCUMENT_BYTES, DocumentError
from trunkline.core.model import Webhook
from trunkline.core.verbs import (
    MAX_TARGET_HEADERS,
    Dial,
    DialTarget,
    Document,
    HangUp,
    Redirect,
    TargetKind,
    Unsupported,
    Verb,
    Wait,
)

MAX_ELEMENTS = 1000
MAX_DEPTH = 20
MAX_URL_CHARS = 2048
MAX_SIP_URI_CHARS = 255
MAX_CALLER_ID_CHARS = 64
MAX_CALLER_NAME_CHARS = 50  # Plivo's own limit
DAY_S = 86400  # Plivo cuts timeLimit here; other lengths of time are cut at the same point
MAX_SIP_HEADER_NAME = 64
MAX_SIP_HEADER_VALUE = 256
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


class _BoundedBuilder(TreeBuilder):
    """Builds the tree while it stays within `MAX_ELEMENTS` and `MAX_DEPTH`."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise DocumentError(f"<{_shown(tag)}> lies deeper than {MAX_DEPTH} elements; flatten the document")
        if self._count > MAX_ELEMENTS:
            raise DocumentError(f"the document has more than {MAX_ELEMENTS} elements; split it with <Redirect>")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_document(body: bytes, base_url: str) -> Document:
    """Read Plivo XML of at most 100 KB; ``base_url`` (where it came from) completes relative URLs.

    Raises `core.fetching.DocumentError`, a sentence that names the element, the attribute and the rule.
    """
    root = _read(body)
    if root.tag != "Response":
        raise DocumentError(f"the root element is <{_shown(root.tag)}>; it must be <Response>")
    _check_nesting(root)
    return Document(tuple(verb for element in root for verb in _verbs(element, base_url)))


def _read(body: bytes) -> Element:
    if len(body) > MAX_DOCUMENT_BYTES:
        raise DocumentError(f"the document has {len(body)} bytes; the limit is {MAX_DOCUMENT_BYTES}")
    if not body.strip():
        raise DocumentError("the document is empty; answer with <Response> ... </Response>")
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body.lstrip(b" \t\r\n"))
        root: Element = parser.close()
    except ParseError as error:
        line, column = error.position
        raise DocumentError(
            f"not well-formed XML at line {line}, column {column + 1}; check tags and escape &"
        ) from None
    except (ValueError, LookupError):  # a DTD or an entity (defusedxml's errors are ValueErrors); an unknown encoding
        raise DocumentError("DTDs, entities of one's own and unknown encodings are not read; use plain UTF-8") from None
    return root


def _check_nesting(element: Element) -> None:
    allowed = _CHILDREN.get(element.tag, ())
    for child in element:
        if child.tag not in allowed:
            rule = "it may hold " + ", ".join(f"<{name}>" for name in allowed) if allowed else "it holds no elements"
            raise DocumentError(f"<{_shown(child.tag)}> is not allowed in <{element.tag}>: {rule}")
        _check_nesting(child)


def _verbs(element: Element, base_url: str) -> list[Verb]:
    """Read one element of the document; a PreAnswer without sound is what it holds, since the call rings meanwhile."""
    if element.tag == "PreAnswer" and all(child.tag in ("Wait", "Redirect") for child in element):
        _Attributes(element).finish()
        return [_verb(child, base_url) for child in element]
    return [_verb(element, base_url)]


def _verb(element: Element, base_url: str) -> Verb:
    read = _READERS.get(element.tag)
    return read(_Attributes(element), base_url) if read else Unsupported(element.tag, _WHY[element.tag])


class _Attributes:
    """An element's attributes, read by rule. What was asked for is known; `finish` refuses the rest."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.name = element.tag
        self._values: Mapping[str, str] = element.attrib
        self._known: set[str] = set()

    def text(self, name: str) -> str:
        """Return the value without outer blanks, "" when it is not given."""
        self._known.add(name)
        return self._values.get(name, "").strip()

    def wrong(self, name: str, rule: str) -> DocumentError:
        """Make the error for a bad value."""
        return DocumentError(f"<{self.name} {name}={_shown(self._values.get(name, ''))!r}>: {rule}")

    def flag(self, name: str, default: bool) -> bool:
        """Read true or false in any case."""
        value = self.text(name).lower()
        if value not in ("", "true", "false"):
            raise self.wrong(name, "must be true or false")
        return value == "true" if value else default

    def whole(self, name: str, default: int | None, least: int, unit: str = "seconds") -> int | None:
        """Read a whole number from ``least`` up; above 86400, a day of seconds, it is cut to that."""
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) >= least):
            raise self.wrong(name, f"must be a whole number of {unit}, at least {least}")
        return min(int(value), DAY_S)

    def method(self, name: str = "method") -> str:
        """Read GET or POST in any case, POST by default."""
        value = self.text(name).upper() or "POST"
        if value not in ("GET", "POST"):
            raise self.wrong(name, "must be GET or POST")
        return value

    def url(self, name: str, base_url: str) -> str | None:
        """Read a URL, completed by the document's own; None when it is not given."""
        value = self.text(name)
        return _absolute(value, base_url, lambda rule: self.wrong(name, rule)) if value else None

    def finish(self) -> None:
        """Refuse attributes that nothing asked for: a mistyped one must not be ignored."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(sorted(self._known)) or "no attributes"
                raise DocumentError(f"<{self.name}> has no attribute {_shown(name)!r}; it has {known}")


def _absolute(value: str, base_url: str, wrong: Callable[[str], DocumentError]) -> str:
    try:
        url = urljoin(base_url, value)
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or any(char <= " " or char == "\x7f" for char in url):
        raise wrong("must be an http:// or https:// URL without blanks, or one relative to the document's")
    if len(url) > MAX_URL_CHARS:
        raise wrong(f"must have at most {MAX_URL_CHARS} characters")
    return url


def _hangup(given: _Attributes, _base_url: str) -> HangUp:
    reason = given.text("reason").lower()
    if reason not in ("", "rejected", "busy"):
        raise given.wrong("reason", "must be rejected or busy")
    after = given.whole("schedule", 0, 0) or 0
    given.finish()
    return HangUp(reason or None, float(after))


def _redirect(given: _Attributes, base_url: str) -> Redirect:
    text = (given.element.text or "").strip()
    if not text:
        raise DocumentError("<Redirect> is empty; write the URL of the next document in it")
    url = _absolute(text, base_url, lambda rule: DocumentError(f"<Redirect>{_shown(text)}: {rule}"))
    method = given.method()
    given.finish()
    return Redirect(Webhook(url, method))


def _wait(given: _Attributes, _base_url: str) -> Wait | Unsupported:
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


def _dial(given: _Attributes, base_url: str) -> Dial:
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
    caller_name = _plain(given, "callerName", MAX_CALLER_NAME_CHARS)
    given.finish()
    targets = tuple(_target(child, headers, unsupported) for child in given.element)
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
        events=Webhook(events, events_method) if events else None,
        unsupported=tuple(unsupported),
    )


def _refused_of_dial(given: _Attributes) -> list[str]:
    """Return the attributes of a Dial that ask for more than this build does; read those that are harmless."""
    off = {"dialMusic": "real", "callType": "voice"}  # what a call is like anyhow
    names = ("confirmSound", "confirmKey", "dialMusic", "digitsMatch", "digitsMatchBLeg", "callType")
    refused = [name for name in names if given.text(name).lower() not in ("", off.get(name, ""))]
    if given.flag("hangupOnStar", False):
        refused.append("hangupOnStar")
    given.whole("confirmTimeout", None, 1)  # nothing without confirmSound
    return refused


def _target(child: Element, headers: tuple[tuple[str, str], ...], unsupported: list[str]) -> DialTarget:
    """Read a Number or a User, and add to ``unsupported`` what it asks for beyond this build."""
    given = _Attributes(child)
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
        return DialTarget(kind=TargetKind.NUMBER, value=_number(text), headers=tuple(named.values()))
    return DialTarget(kind=TargetKind.SIP, value=_sip_uri(text), headers=tuple(named.values()))


def _digits(text: str) -> str | None:
    """Return a number's digits, ``+``, blanks, dashes and brackets dropped; None for what is no number."""
    body = text.removeprefix("+")
    digits = "".join(char for char in body if char not in " \t\r\n-()")
    return digits if digits.isascii() and digits.isdigit() else None


def _number(text: str) -> str:
    digits = _digits(text)
    if digits is None or not 3 <= len(digits) <= 15:
        raise DocumentError(f"<Number>{_shown(text)}: must be a number of 3 to 15 digits, such as 14155550123")
    return digits


def _sip_uri(text: str) -> str:
    """Return a SIP URI (RFC 3261 section 19.1) as it stands when it can be one: scheme, host, no blanks or brackets."""
    scheme, _, rest = text.partition(":")
    host = rest.rpartition("@")[2].partition(";")[0].partition("?")[0]
    plausible = (
        scheme.lower() in ("sip", "sips")
        and len(text) <= MAX_SIP_URI_CHARS
        and all("!" <= char <= "~" and char not in '<>"\\^`{|}' for char in text)
        and any(char.isalnum() for char in host)
        and all(char.isalnum() or char in ".-:[]" for char in host)
        and not rest.startswith("@")
    )
    if not plausible:
        raise DocumentError(f"<User>{_shown(text)}: must be a SIP URI, such as sip:alice@example.com")
    return text


def _plain(given: _Attributes, name: str, limit: int) -> str | None:
    value = given.text(name)
    if len(value) > limit or not value.isprintable():
        raise given.wrong(name, f"must be printable text of at most {limit} characters")
    return value or None


def _caller_id(given: _Attributes) -> str | None:
    """Return the digits of a number; what is none is kept as it stands, for the edge to allow or refuse."""
    value = _plain(given, "callerId", MAX_CALLER_ID_CHARS)
    return (_digits(value) or value) if value else None


def _sip_headers(given: _Attributes) -> tuple[tuple[str, str], ...]:
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


def _shown(text: str) -> str:
    """Shorten what a message quotes: enough to find it, printable whatever it was."""
    short = text if len(text) <= 60 else text[:60] + "..."
    return "".join(char if char.isprintable() else "?" for char in short)


_READERS: dict[str, Callable[[_Attributes, str], Verb]] = {
    "Dial": _dial,
    "Hangup": _hangup,
    "Redirect": _redirect,
    "Wait": _wait,
}
