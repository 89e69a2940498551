"""What the dialects' XML documents have in common: safe reading within bounds, and attributes by rule.

Documents are untrusted: capped in bytes, elements and depth; no DTD, no entities, nothing is fetched. What is wrong is
a `DocumentError` that names the element, the attribute and the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

from trunkline.core.fetching import DocumentError, DocumentFault

MAX_ELEMENTS = 1000
MAX_DEPTH = 20
MAX_URL_CHARS = 2048
MAX_SIP_URI_CHARS = 255
MAX_CALLER_ID_CHARS = 64
DAY_S = 86400  # vendors cut a call's time limit here; other lengths of time are cut at the same point
MAX_SIP_HEADER_NAME = 64
MAX_SIP_HEADER_VALUE = 256


class _BoundedBuilder(TreeBuilder):
    """Builds the tree while it stays within `MAX_ELEMENTS` and `MAX_DEPTH`."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise DocumentError(f"<{shown(tag)}> lies deeper than {MAX_DEPTH} elements; flatten the document")
        if self._count > MAX_ELEMENTS:
            raise DocumentError(f"the document has more than {MAX_ELEMENTS} elements; split it with <Redirect>")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def read_response(body: bytes, max_bytes: int) -> Element:
    """Return the <Response> of a document of at most ``max_bytes``, its elements not looked at yet."""
    if len(body) > max_bytes:
        detail = f"the document has {len(body)} bytes; the limit is {max_bytes}"
        raise DocumentError(detail, DocumentFault.TOO_LARGE)
    if not body.strip():
        detail = "the document is empty; answer with <Response> ... </Response>"
        raise DocumentError(detail, DocumentFault.EMPTY)
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body.lstrip(b" \t\r\n"))
        root: Element = parser.close()
    except ParseError as error:
        line, column = error.position
        detail = f"not well-formed XML at line {line}, column {column + 1}; check tags and escape &"
        raise DocumentError(detail, DocumentFault.MALFORMED) from None
    except (ValueError, LookupError):  # a DTD or an entity (defusedxml's errors are ValueErrors); an unknown encoding
        detail = "DTDs, entities of one's own and unknown encodings are not read; use plain UTF-8"
        raise DocumentError(detail, DocumentFault.MALFORMED) from None
    if root.tag != "Response":
        detail = f"the root element is <{shown(root.tag)}>; it must be <Response>"
        raise DocumentError(detail, DocumentFault.ROOT)
    return root


def check_children(element: Element, allowed: Sequence[str]) -> None:
    """Refuse a child that an element may not hold."""
    for child in element:
        if child.tag not in allowed:
            rule = "it may hold " + ", ".join(f"<{name}>" for name in allowed) if allowed else "it holds no elements"
            raise DocumentError(f"<{shown(child.tag)}> is not allowed in <{element.tag}>: {rule}")


class Attributes:
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
        return DocumentError(f"<{self.name} {name}={shown(self._values.get(name, ''))!r}>: {rule}")

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
        return absolute(value, base_url, lambda rule: self.wrong(name, rule)) if value else None

    def plain(self, name: str, limit: int) -> str | None:
        """Read printable text of at most ``limit`` characters; None when it is not given."""
        value = self.text(name)
        if len(value) > limit or not value.isprintable():
            raise self.wrong(name, f"must be printable text of at most {limit} characters")
        return value or None

    def finish(self) -> None:
        """Refuse attributes that nothing asked for: a mistyped one must not be ignored."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(sorted(self._known)) or "no attributes"
                raise DocumentError(f"<{self.name}> has no attribute {shown(name)!r}; it has {known}")


def absolute(value: str, base_url: str, wrong: Callable[[str], DocumentError]) -> str:
    """Return a URL, completed by the document's own; raise what ``wrong`` makes of the rule that it breaks."""
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


def digits_of(text: str) -> str | None:
    """Return a number's digits, ``+``, blanks, dashes and brackets dropped; None for what is no number."""
    body = text.removeprefix("+")
    digits = "".join(char for char in body if char not in " \t\r\n-()")
    return digits if digits.isascii() and digits.isdigit() else None


def sip_uri(text: str, element: str) -> str:
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
        raise DocumentError(f"<{element}>{shown(text)}: must be a SIP URI, such as sip:alice@example.com")
    return text


def shown(text: str) -> str:
    """Shorten what a message quotes: enough to find it, printable whatever it was."""
    short = text if len(text) <= 60 else text[:60] + "..."
    return "".join(char if char.isprintable() else "?" for char in short)
