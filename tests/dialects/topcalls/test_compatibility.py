"""What `docs/compatibility.md` says of this dialect's tests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.dialects.topcalls.test_fields import FIELDS, NUMBERS

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def section() -> str:
    """Return what the page says of TopCalls."""
    page = (ROOT / "docs" / "compatibility.md").read_text()
    return page.partition("\n## TopCalls\n")[2].partition("\n## ")[0]


def test_every_test_that_it_names_is_there() -> None:
    code = "".join(path.read_text() for path in HERE.glob("test_*.py"))
    there = set(re.findall(r"^ *(?:def|class) (\w+)", code, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+|Test\w+)`", section()))
    assert len(named) > 40
    assert named - there == set()
    for path in re.findall(r"`(tests/[\w/]+\.py)`", section()):
        assert (ROOT / path).is_file()


def test_every_code_that_is_tested_is_told() -> None:
    tested = {str(case[-1]).rpartition(":")[2] for case in (*FIELDS, *NUMBERS)}
    assert tested - set(re.findall(r"`(\w+)`", section())) == set()
