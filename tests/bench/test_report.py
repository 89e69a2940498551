"""What a run of the benchmarks says: aims, tables, and the page that they are put into."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.load import percentile
from benchmarks.report import Aim, Outcome


def outcome(value: float = 0.4) -> Outcome:
    rows = [{"candidate": "a", "calls": 1234, "p99 ms": 1.234567, "none": None, "rate": 12345.6}]
    return Outcome("two_legged", "calls", rows, [Aim("beside b", value, 0.3, at_least=True)])


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "met"),
    [
        (0.3, 0.3, True, True),
        (0.29, 0.3, True, False),
        (5.0, 5.0, False, True),
        (5.1, 5.0, False, False),
        (math.nan, 0.3, True, False),
        (math.nan, 5.0, False, False),
    ],
)
def test_an_aim_is_met_at_its_limit_and_never_by_a_figure_that_is_not_there(
    value: float, limit: float, *, at_least: bool, met: bool
) -> None:
    aim = Aim("x", value, limit, at_least)
    assert aim.met is met
    assert str(aim).startswith("pass" if met else "MISS")


def test_a_problem_or_a_missed_aim_makes_an_outcome_bad() -> None:
    assert outcome().good
    assert not outcome(0.2).good
    bad = outcome()
    bad.problems.append("b: did not start")
    assert not bad.good
    assert "did not start" in report.show(bad)


def test_a_table_leaves_out_what_no_row_has() -> None:
    lines = report.show(outcome()).splitlines()
    assert lines[1].split() == ["candidate", "calls", "p99", "ms", "rate"]
    assert lines[2].split() == ["a", "1,234", "1.23", "12,346"]


def test_an_outcome_without_rows_is_shown() -> None:
    empty = Outcome("nothing", "at all", [])
    assert report.show(empty) == "nothing: at all"
    assert "### nothing" in report.markdown(json.loads(report.as_json({}, "today", quick=False, outcomes=[empty])))


def test_a_run_is_put_between_the_markers_of_a_page_again_and_again(tmp_path: Path) -> None:
    page, run = tmp_path / "page.md", tmp_path / "run.json"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    run.write_text(report.as_json({"kernel": "K"}, "today", quick=True, outcomes=[outcome()]))
    report.main(str(run), str(page))
    once = page.read_text()
    report.main(str(run), str(page))
    assert page.read_text() == once
    assert once.startswith(f"before\n{report.BEGIN}\n")
    assert once.endswith(f"{report.END}\nafter\n")
    assert "old" not in once
    for part in ("- kernel: K", "`--quick`", "| a | 1,234 | 1.23 | 12,346 |", "- pass  beside b"):
        assert part in once


def test_figures_that_are_not_there_survive_json() -> None:
    text = report.as_json({}, "today", quick=False, outcomes=[outcome(math.nan)])
    assert "NaN" not in text
    assert "MISS" in report.markdown(json.loads(text))


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page, run = tmp_path / "page.md", tmp_path / "run.json"
    page.write_text("nothing\n")
    run.write_text(report.as_json({}, "today", quick=False, outcomes=[]))
    with pytest.raises(SystemExit, match="no place for figures"):
        report.main(str(run), str(page))
    assert page.read_text() == "nothing\n"


def test_the_projects_page_has_a_place_for_figures() -> None:
    text = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()
    assert text.index(report.BEGIN) < text.index(report.END)


def test_percentiles() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (51.0, 100.0, 100.0)
    assert math.isnan(percentile([], 0.5))
