"""Forms with files (multipart/form-data, RFC 7578) read from a whole body: linear in its size, nothing nested.

Only what such a form needs: a boundary of RFC 2046 section 5.1.1, a name and perhaps a file name for each part, and its
content as it stands. Transfer encodings, which RFC 7578 section 4.7 forbids, are not undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from trunkline.core.errors import InvalidError

MAX_PARTS = 64
MAX_PART_HEAD = 1024
"""Bytes of one part's header fields."""
MAX_TYPE = 256
"""Characters of the request's content type."""
MAX_BOUNDARY = 70

TYPE = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form. ``file_name`` is empty for one that is no file."""

    name: str
    file_name: str
    media_type: str
    content: bytes


def is_multipart(content_type: str) -> bool:
    """Tell whether a body of this content type is such a form."""
    return content_type.partition(";")[0].strip().lower() == TYPE


def parts(content_type: str, body: bytes) -> list[Part]:
    """Return a form's fields, in their order. Raises `InvalidError` for what is no such form."""
    if len(content_type) > MAX_TYPE:
        raise InvalidError(f"the content type has more than {MAX_TYPE} characters")
    boundary = _parameters(content_type).get("boundary", "")
    if not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
        raise InvalidError(f"the content type names no boundary of 1 to {MAX_BOUNDARY} characters")
    mark = b"--" + boundary.encode()
    at = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if at == 1:
        raise InvalidError("the body does not hold the boundary that its content type names")
    found: list[Part] = []
    at += len(mark)
    while not body.startswith(b"--", at):
        start = body.find(b"\r\n", at, at + MAX_BOUNDARY)
        end = body.find(b"\r\n" + mark, max(start, 0))
        if start < 0 or end < 0:
            raise InvalidError("the form ends in the middle of a part")
        if len(found) == MAX_PARTS:
            raise InvalidError(f"the form has more than {MAX_PARTS} parts")
        found.append(_part(body, start + 2, end))
        at = end + 2 + len(mark)
    return found


def _part(body: bytes, start: int, end: int) -> Part:
    stop = body.find(b"\r\n\r\n", start, min(end, start + MAX_PART_HEAD))
    if stop < 0:
        raise InvalidError(f"a part of the form has no header fields, or more than {MAX_PART_HEAD} bytes of them")
    disposition, media_type = "", ""
    for line in body[start:stop].decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            disposition = value.strip()
        elif name.strip().lower() == "content-type":
            media_type = value.strip()
    named = _parameters(disposition)
    if not named.get("name"):
        raise InvalidError("a part of the form has no name")
    return Part(named["name"], named.get("filename", ""), media_type, body[stop + 4 : end])


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header's value, unquoted, by their names in lower case."""
    message = Message()
    message["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    found = message.get_params(failobj=[], unquote=True)
    return {name.lower(): text for name, text in found[1:] if isinstance(text, str)}
