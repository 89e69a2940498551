"""Forms with files (RFC 7578): what is read, and what is refused, in linear time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from trunkline.core.errors import InvalidError
from trunkline.dialects.multipart import MAX_BOUNDARY, MAX_PART_HEAD, MAX_PARTS, MAX_TYPE, Part, is_multipart, parts

TYPE = "multipart/form-data; boundary=b0"


def body(*entries: str, end: str = "--b0--\r\n") -> bytes:
    """Return a form of these parts, each its header fields, an empty line and its content."""
    return ("".join(f"--b0\r\n{entry}\r\n" for entry in entries) + end).encode()


def field(name: str = "a", content: str = "1", more: str = "") -> str:
    """Return one part."""
    return f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}'


def test_fields_and_files_in_their_order() -> None:
    file = (
        'content-disposition: form-data; filename="x;y.pdf"; name=f\r\nContent-Type: application/pdf\r\n\r\n\r\n--b\r\n'
    )
    found = parts(TYPE, b"preamble\r\n" + body(field(), file, field("empty", "")))
    assert found == [
        Part("a", "", "", b"1"),
        Part("f", "x;y.pdf", "application/pdf", b"\r\n--b\r\n"),
        Part("empty", "", "", b""),
    ]


def test_which_types_are_forms() -> None:
    assert is_multipart('Multipart/Form-Data; boundary="x y"')
    assert not is_multipart("multipart/mixed; boundary=x")
    assert parts('multipart/form-data; boundary="b0"', body(field()))
    assert parts(TYPE, body()) == []


@pytest.mark.parametrize(
    ("content_type", "sent"),
    [
        ("multipart/form-data", body(field())),
        ("multipart/form-data; boundary=", body(field())),
        (f"multipart/form-data; boundary={'b' * (MAX_BOUNDARY + 1)}", body(field())),
        (TYPE + "; x=" + "y" * MAX_TYPE, body(field())),
        (TYPE, b""),
        (TYPE, b"no boundary"),
        (TYPE, body(field(), end="")),
        (TYPE, body(field(), end="--b0")),
        (TYPE, body("no header fields")),
        (TYPE, body("Content-Type: text/plain\r\n\r\nx")),
        (TYPE, body(field(more="; x=" + "y" * MAX_PART_HEAD))),
        (TYPE, body(*[field()] * (MAX_PARTS + 1))),
    ],
)
def test_what_is_refused(content_type: str, sent: bytes) -> None:
    with pytest.raises(InvalidError):
        parts(content_type, sent)


def test_as_many_parts_as_allowed() -> None:
    assert len(parts(TYPE, body(*[field()] * MAX_PARTS))) == MAX_PARTS


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n--b" * 4_000_000,
        b"--b0\r\n" * 3_000_000,
        body(*[field(more='; x="' + ";" * (MAX_PART_HEAD - 100))] * MAX_PARTS),
    ],
)
def test_hostile_forms_take_no_time(sent: bytes) -> None:
    began = time.process_time()
    with suppress(InvalidError):
        parts(TYPE, sent)
    assert time.process_time() - began < 2
