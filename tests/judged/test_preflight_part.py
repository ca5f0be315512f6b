"""The part of docs/judged.md on preflights' trials: each case of today is there, and was met."""

from tests.dynasplit.preflight.test_trials import CASES, CLEAN, TRIALS
from tests.judged.preflight_trials import BEGIN, END, HEAD, PAGE, Counted, bar_of, page


def test_what_is_around_the_part_stays():
    assert page(f"before{BEGIN}old{END}after", "new") == f"before{BEGIN}\n{HEAD}new\n{END}after"


def test_a_row_says_what_must_be_found_and_how_often_it_was():
    rows = [Counted(case, bar_of(case), 20, 19, 1).row() for case in CASES]
    assert all(row.endswith(" | 19 of 20 | 1 |\n") for row in rows)
    assert "edge, cpu_mhz: the files say 600 MHz" in rows[-1]


def test_the_page_s_trials_are_those_of_today_and_each_met_its_bar():
    rows = [Counted(case, bar_of(case), TRIALS, TRIALS, 0).row() for case in CASES]
    rows.append(Counted("without a fault", "nothing", CLEAN, CLEAN, 0).row())
    text = PAGE.read_text(encoding="utf-8")
    assert HEAD + "".join(rows) in text, "python -m tests.judged.preflight_trials"
