"""What counts as a caller's name, whose name is asked, and what a name source may answer, as tables."""

from __future__ import annotations

import json
import time

import pytest

from trunkline.core.caller_names import (
    MAX_ANSWER_BYTES,
    MAX_NAME,
    MAX_READ,
    clean_name,
    number_to_ask,
    read_answer,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann Example", "Ann Example"),
        ("  Ann \t  Example\r\n", "Ann Example"),
        ("José Ñandú 株式会社", "José Ñandú 株式会社"),
        ("1&1", "1&1"),
        ('"><script>&', '"><script>&'),
        ("x" * (MAX_NAME + 1), "x" * MAX_NAME),
        ("x" * (MAX_NAME - 1) + " y", "x" * (MAX_NAME - 1)),
        (" " * MAX_READ + "late", None),
        ("A\x00B\x7fC\x1bD", "A B C D"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("zero\u200bwidth", "zero width"),
        ("line\u2028break", "line break"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("private \ue000 use", "private use"),
        ("", None),
        (" \x00\u200b ", None),
        ("+1 (415) 555-0100", None),
        ("4155550100", None),
        ("UNKNOWN", None),
        ("Unknown Name", None),
        ("unavailable", None),
        ("Unknown Pleasures", "Unknown Pleasures"),
        ("Anonymous", "Anonymous"),
    ],
)
def test_what_a_name_is(text: str, name: str | None) -> None:
    assert clean_name(text) == name


def test_a_long_text_costs_no_more_than_a_short_one() -> None:
    text = "\u202e x" * 2_000_000
    began = time.perf_counter()
    assert clean_name(text) == ("x " * MAX_NAME)[:MAX_NAME].rstrip()
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize(
    ("caller", "country", "asked"),
    [
        ("+14155550100", None, "14155550100"),
        ("14155550100", None, "14155550100"),
        ("+1-415-555-0100", None, "14155550100"),
        ("+18005550100", None, "18005550100"),
        ("4155550100", "US", "14155550100"),
        ("14155550100", "US", "14155550100"),
        ("4155550100", None, None),
        ("+14165550100", None, None),  # Toronto
        ("+18765550100", None, None),  # Jamaica
        ("+4930901820", None, None),
        ("01149309018200", "US", None),
        ("4930901820", "US", None),
        ("+1415555010", None, None),
        ("911", "US", None),
        ("anonymous", "US", None),
        ("", None, None),
        ("+" + "1" * 10_000, None, None),
        ("+1415555\u0660100", None, None),
    ],
)
def test_whose_name_is_asked(caller: str, country: str | None, asked: str | None) -> None:
    assert number_to_ask(caller, country) == asked


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"name": "Ann Example"}, "Ann Example"),
        ({"number": "14155550100", "name": " Ann "}, "Ann"),
        ({"name": None}, None),
        ({"name": ""}, None),
        ({"name": "UNAVAILABLE"}, None),
        ({"name": "x" * 500}, "x" * MAX_NAME),
        ({"name": "a\ud800b"}, "a b"),
    ],
)
def test_an_answer(answer: dict[str, object], name: str | None) -> None:
    assert read_answer(json.dumps(answer).encode()) == name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Ann Example",
        b"<name>Ann</name>",
        b"[]",
        b'"Ann"',
        b"null",
        b"{}",
        b'{"caller_name": "Ann"}',
        b'{"name": 7}',
        b'{"name": ["Ann"]}',
        b'{"name": "Ann"',
        b'{"name": "Jos\xe9"}',
        '{"name": "Ann"}'.encode("utf-16"),
        b'{"name": ' + b"[" * (MAX_ANSWER_BYTES - 9),
        b'{"a":' * (MAX_ANSWER_BYTES // 5),
        b'{"name": ' + b"9" * (MAX_ANSWER_BYTES - 10) + b"}",
    ],
)
def test_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- what callers catch
        read_answer(body)
