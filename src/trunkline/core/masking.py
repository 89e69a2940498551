"""What must not be kept of a SIP message: credentials, keys, passwords and the digits that somebody pressed.

`mask` puts ``*`` in their place, one for each byte, so that lengths and everything else of the message stay as they
were. It does not trust what it reads: where a secret may stand in more than one form, what is not known to be harmless
is masked. Every byte is looked at a bounded number of times, whatever the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_DEPTH = 3
"""Messages within messages that are looked into; what lies deeper is masked whole."""

_STARS = bytes(byte if byte in b" \t\r\n" else ord("*") for byte in range(256))

_LINE = re.compile(rb"[^\r\n]+")
_BOUNDARY = re.compile(rb"(?:\A|(?<=[\r\n]))--[^\r\n]*")
_EMPTY_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")

# RFC 3261 §25.1, RFC 7616 §3: the headers with challenges, credentials and what proves the server, and those of their
# parameters that prove nothing by themselves. Of a parameter that is not known the name is masked, too.
_CREDENTIALS = frozenset(
    name.encode()
    for plain in ("authorization", "authenticate", "authentication-info")
    for name in (plain, f"www-{plain}", f"proxy-{plain}")
)
_PUBLIC = frozenset(
    b"username realm nonce uri algorithm cnonce opaque qop nc nextnonce domain stale integrity-protected".split()
)
_NAMES = _PUBLIC | frozenset(b"response rspauth auts ik ck".split())
_SCHEME = re.compile(rb"\s*(?:digest|basic|bearer|ntlm|kerberos|negotiate)(?=\s)", re.IGNORECASE)
_DIGEST = re.compile(rb"\s*digest\s", re.IGNORECASE)
_PIECE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|,|=|[^\s",=]+|\s+', re.DOTALL)

# Other headers whose values are secrets, by what they are called; RFC 3313's P-Media-Authorization holds tokens, and
# RFC 7315's P-Access-Network-Info tells where a person is.
_SECRET_NAME = re.compile(
    rb"authorization|token|cookie|secret|passw|credential|api-?key|session-key|x-auth|^p-access-", re.IGNORECASE
)

_TOKEN = re.compile(rb'[^\s<>"]+')
_WITH_USER = re.compile(rb"(?:sips?|https?|wss?|rtsps?|ftps?):(?://)?", re.IGNORECASE)
_EMBEDDED = re.compile(rb"[?&](?:proxy-)?authorization=([^&]*)", re.IGNORECASE)

# Lines of session descriptions (RFC 4566, 4568, 4567, 8839) and of INFO bodies, wherever they stand.
_SECRET_LINE = re.compile(
    rb"[ \t]*(?:a[ \t]*=[ \t]*(crypto|ice-pwd|key-mgmt)[ \t]*:|(k)[ \t]*=|(signal)[ \t]*[=:])", re.IGNORECASE
)
# A key method is masked as well, since after "inline:" a dissector would read stars as a key; its colon it wants.
_SUITE = re.compile(
    rb"[ \t]*[0-9]{1,9}[ \t]+(?:AES|AEAD|F8|ARIA|SEED|NULL)_[A-Z0-9_]*[ \t]+(?:(inline|\*{6}):)?", re.IGNORECASE
)
_KEY_METHOD = re.compile(rb"[ \t]*(?:clear|base64|uri):", re.IGNORECASE)
_DIGITS_KIND = re.compile(rb"dtmf|digits|telephone-event", re.IGNORECASE)
_DIGITS_VALUE = re.compile(rb"digits\s*=\s*(?:\"([^\"]*)|'([^']*))", re.IGNORECASE)
# The user part of our Contact at a carrier that we register to (`core.registered`): who knows it, may call in by it.
_OUR_CONTACT = re.compile(rb"(?<=sip:)[0-9a-f]{32}(?=@)", re.IGNORECASE)
_CONTROL = re.compile(rb"[^\t\r\n -~]")
_PLAIN_CODINGS = frozenset((b"", b"identity", b"7bit", b"8bit", b"binary"))

# Without any of these nothing here finds a secret: most messages are done with so, ten times as fast.
_SIGNS = (
    *(b"auth", b"token", b"cookie", b"secret", b"passw", b"credential", b"apikey", b"api-key", b"session-key"),
    *(b"p-access-", b"crypto", b"ice-pwd", b"key-mgmt", b"signal", b"digits", b"dtmf", b"telephone-event"),
    *(b"multipart/", b"message/", b"encoding"),
)
_SHORT_SIGNS = re.compile(rb"\bk\s*=|\be\s*:")
_TOKEN_ENDS = (b" ", b"<", b">", b'"', b"\n", b"\r", b"\t", b"\x0b", b"\x0c")


def mask(message: bytes) -> bytes:
    """Return a SIP message without its secrets, of the same length. Raises nothing, whatever the bytes."""
    return mask_slowly(message) if _may_hold_secrets(message) else message


def _may_hold_secrets(message: bytes) -> bool:
    """Tell whether a message needs to be looked at closely; False only where nothing in it would be masked."""
    text = message.lower()
    if any(sign in text for sign in _SIGNS) or _SHORT_SIGNS.search(text):
        return True
    users = text.split(b"@")
    users.pop()
    if any(user[-36:-32] == b"sip:" for user in users):
        return True
    # A password stands behind a URI's second colon.
    return any(user.count(b":", max(map(user.rfind, _TOKEN_ENDS)) + 1) > 1 for user in users)


def mask_slowly(message: bytes) -> bytes:
    """Do what `mask` does, without a look whether there is anything to do."""
    masking = _Masking(message)
    masking.message(len(message) - len(message.lstrip(b"\r\n")), len(message))
    for found in _OUR_CONTACT.finditer(message):
        masking.hide(*found.span())
    return masking.result()


class _Masking:
    """One message while it is masked: what is read is what came, what is written is a copy."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._out = bytearray(data)

    def result(self) -> bytes:
        """Return what has become of it."""
        return bytes(self._out)

    def hide(self, start: int, end: int) -> None:
        """Mask what was found from outside."""
        self._blank_all(start, end)

    def _blank(self, start: int, end: int) -> None:
        """Mask all but blanks and line ends, which fold headers."""
        self._out[start:end] = self._out[start:end].translate(_STARS)

    def _blank_all(self, start: int, end: int) -> None:
        self._out[start:end] = b"*" * (end - start)

    def message(self, start: int, end: int, depth: int = 0) -> None:
        """Mask a whole message."""
        empty = self._data.find(b"\r\n\r\n", start, end)
        middle = end if empty < 0 else empty + 4
        if depth:
            self._lines(start, middle)  # in case that it is no message
        kind, coded = self._head(start, middle)
        self._body(middle, end, kind, coded, depth)

    # Headers

    def _fields(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where each line begins and ends, with those that continue it."""
        first = last = -1
        for line in _LINE.finditer(self._data, start, end):
            if first >= 0 and self._data[line.start()] not in b" \t":
                yield first, last
                first = -1
            if first < 0:
                first = line.start()
            last = line.end()
        if first >= 0:
            yield first, last

    def _head(self, start: int, end: int) -> tuple[bytes, bool]:
        """Mask a header; return the content type of what follows, and whether that is coded, so that nobody sees in."""
        kind, coded = b"", False
        for first, last in self._fields(start, end):
            colon = self._data.find(b":", first, last)
            name = self._data[first:colon].strip().lower() if colon >= 0 else b""
            if b" " in name:  # the start line
                name = b""
            if name in _CREDENTIALS:
                self._credentials(colon + 1, last, info=name.endswith(b"info"))
            elif name and _SECRET_NAME.search(name):
                self._blank(colon + 1, last)
            elif name in (b"content-type", b"c"):
                kind += self._data[colon + 1 : last].lower()
            elif name in (b"content-encoding", b"e", b"content-transfer-encoding"):
                coded = coded or self._data[colon + 1 : last].strip().lower() not in _PLAIN_CODINGS
            self._userinfo(first, last)
        return kind, coded

    def _credentials(self, start: int, end: int, *, info: bool) -> None:
        """Mask all but the scheme and the public parameters; ``info`` says that the value has no scheme."""
        if not info:
            scheme = _SCHEME.match(self._data, start, end)
            if scheme is not None:
                start = scheme.end()
            if scheme is None or not _DIGEST.match(scheme[0] + b" "):
                self._blank(start, end)
                return
        name, expected = b"", "name"
        at = (start, start)
        for piece in _PIECE.finditer(self._data, start, end):
            text = piece[0]
            if text == b",":
                name, expected = b"", "name"
            elif text.isspace():
                continue
            elif expected == "name" and text != b"=":
                # Kept only if it turns out to be a known name, that is, if "=" follows.
                name, at, expected = text.lower(), piece.span(), "="
                self._blank_value(*at)
            elif expected in ("name", "=") and text == b"=":
                if name in _NAMES:
                    self._out[at[0] : at[1]] = self._data[at[0] : at[1]]
                expected = "value"
            elif expected == "value" and name in _PUBLIC and text != b"=":
                expected = "end"
            else:
                expected = "end"
                if text != b"=":
                    self._blank_value(*piece.span())

    def _blank_value(self, start: int, end: int) -> None:
        """Mask a word, or a quoted string between its quotes."""
        if self._out[start] == ord('"'):
            closed = end - start > 1 and self._out[end - 1] == ord('"')
            start, end = start + 1, end - closed
        self._blank(start, end)

    def _userinfo(self, start: int, end: int) -> None:
        """Mask the passwords of URIs (RFC 3261 §19.1.1), and credentials that a URI carries as a header."""
        if self._data.find(b"@", start, end) >= 0:
            for token in _TOKEN.finditer(self._data, start, end):
                self._passwords(token.start(), token.end())
        if self._data.find(b"?", start, end) >= 0:
            for token in _TOKEN.finditer(self._data, start, end):
                for found in _EMBEDDED.finditer(self._data, token.start(), token.end()):
                    self._blank(*found.span(1))

    def _passwords(self, start: int, end: int) -> None:
        """Mask what stands between a URI's first colon and ``@``; of several ``@`` nobody knows which counts."""
        inside = False
        while (at := self._data.find(b"@", start, end)) >= 0:
            scheme = _WITH_USER.search(self._data, start, at)
            if scheme is not None:
                colon = self._data.find(b":", scheme.end(), at)
                inside = colon >= 0
                if inside:
                    self._blank(colon + 1, at)
            elif inside:
                self._blank(start, at)
            start = at + 1

    # Bodies

    def _body(self, start: int, end: int, kind: bytes, coded: bool, depth: int) -> None:
        if start >= end:
            return
        kind = kind.partition(b";")[0].strip()
        if coded or depth > MAX_DEPTH:
            self._blank_all(start, end)
        elif _DIGITS_KIND.search(kind):
            self._digits(start, end)
        elif kind.startswith(b"multipart/"):
            self._parts(start, end, depth)
        elif kind.startswith(b"message/"):
            self.message(start, end, depth + 1)
        else:
            self._lines(start, end)

    def _parts(self, start: int, end: int, depth: int) -> None:
        """Mask the parts of a multipart body; those of one within it count as parts of the same."""
        begin = start
        for boundary in _BOUNDARY.finditer(self._data, start, end):
            self._part(begin, boundary.start(), depth)
            begin = boundary.end()
        self._part(begin, end, depth)

    def _part(self, start: int, end: int, depth: int) -> None:
        """Mask one part: its header up to an empty line, its body up to the line end before the next boundary."""
        tail = self._data[max(start, end - 2) : end]
        end -= len(tail) - len(tail.removesuffix(b"\n").removesuffix(b"\r"))
        empty = _EMPTY_LINE.search(self._data, start, end)
        middle = end if empty is None else empty.end()
        self._lines(start, middle)  # in case that it is no header
        kind, coded = self._head(start, middle)
        if kind.strip().startswith(b"multipart/"):  # what follows is its preamble; its parts have boundaries, too
            kind = b""
        self._body(middle, end, kind, coded, depth + 1)

    def _digits(self, start: int, end: int) -> None:
        """Mask pressed digits: ``Signal=5`` and its like, or a digit alone; a duration tells nothing."""
        if _CONTROL.search(self._data, start, end):
            self._blank_all(start, end)
            return
        for line in _LINE.finditer(self._data, start, end):
            first, last = line.span()
            name, sign, _ = line[0].replace(b":", b"=").partition(b"=")
            if not sign:
                self._blank_all(first, last)
            elif name.strip().lower() != b"duration":
                self._blank_all(first + len(name) + 1, last)

    def _lines(self, start: int, end: int) -> None:
        """Mask the secret lines of any other body, digits in XML (RFC 4730, 5022), and passwords in its URIs."""
        for line in _LINE.finditer(self._data, start, end):
            first, last = line.span()
            found = _SECRET_LINE.match(self._data, first, last)
            if found is not None:
                known = None
                if found[1] is not None and found[1].lower() == b"crypto":
                    known = _SUITE.match(self._data, found.end(), last)
                    if known is not None and known[1] is not None:
                        self._blank(*known.span(1))
                elif found[2] is not None:
                    known = _KEY_METHOD.match(self._data, found.end(), last)
                self._blank(found.end() if known is None else known.end(), last)
            self._userinfo(first, last)
        for found in _DIGITS_VALUE.finditer(self._data, start, end):
            self._blank_all(*found.span(1 if found[1] is not None else 2))
