"""What a person sees, on a terminal and in a log."""

import dataclasses
import io
import itertools
from types import SimpleNamespace

import pytest
from rich.console import Console

from dynasplit.app.cli.policies_table import policies_table
from dynasplit.app.cli.search_words import SearchWords
from dynasplit.app.cli.terminal import Terminal
from dynasplit.core import events
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration

MEASURED = Measurement(
    configuration=Configuration.of(5, cpu_mhz=600), latency_ms=12.3, energy_j=4.5
)
BLOCK = {
    "requests": 4,
    "met_pct": 75.0,
    "infeasible": 0,
    "latency_ms": {"median": 1.0, "mean": 2.0, "p95": 3.0},
    "energy_j": {"median": None, "mean": None},
    "fidelity": 0.5,
    "exceedance_ms_median": None,
    "energy_saving_vs_cloud_pct": None,
    "confidence_95": {
        "met_pct": [30.1, 95.4],
        "energy_j_mean": None,
        "energy_saving_vs_cloud_pct": None,
    },
}


@pytest.fixture(params=[True, False], ids=["terminal", "log"])
def shown(request):
    file = io.StringIO()
    console = Console(file=file, force_terminal=request.param, width=120, color_system=None)
    return SimpleNamespace(terminal=Terminal(console), file=file, is_terminal=request.param)


def follow(terminal, phase, total, done=0):
    terminal(events.Started(phase, total, done))
    for number in range(done + 1, total + 1):
        terminal(events.Measured(phase, MEASURED, number, total))
    terminal(events.Finished(phase, "as asked"))


def test_a_phase_is_followed_to_its_end(shown):
    with shown.terminal as terminal:
        follow(terminal, "search", 8)
        follow(terminal, "repeats", 3, done=1)
    text = shown.file.getvalue()
    assert "Searching" in text
    assert ("8/8" in text) if shown.is_terminal else ("8 of 8" in text)
    assert "split 5 · 600 MHz: 12.3 ms, 4.5" in text or shown.is_terminal


def test_a_log_gets_few_lines(shown):
    if shown.is_terminal:
        pytest.skip("of a log")
    with shown.terminal as terminal:
        follow(terminal, "online", 1000)
    assert len(shown.file.getvalue().splitlines()) == 5


def test_a_measurement_may_come_before_its_phase_and_a_failure_is_told(shown):
    with shown.terminal as terminal:
        terminal(events.Measured("search", MEASURED, 1, 4))
        terminal(events.Started("search", 4))
        terminal(events.Failed("search", MEASURED.configuration, "it [broke]"))
    assert "split 5 · 600 MHz failed: it [broke]" in shown.file.getvalue()


def test_a_step_of_unknown_length_says_what_it_is_at(shown):
    with shown.terminal as terminal, terminal.during("Preparing"):
        terminal.advance("Preparing", 0, None, "training it")
    assert "Preparing" in shown.file.getvalue()
    assert "training it" in shown.file.getvalue() or shown.is_terminal


def test_the_table_has_every_policy_and_shows_the_absent_as_absent():
    written = io.StringIO()
    console = Console(file=written, width=100)
    console.print(policies_table({"dynasplit": BLOCK, "fastest": BLOCK}))
    text = written.getvalue()
    assert "dynasplit" in text
    assert "fidelity" in text
    assert "75" in text
    assert " 0.00" not in text


def test_in_throughput_mode_the_table_has_rates():
    said = []
    for with_rates in (True, False):
        written = io.StringIO()
        console = Console(file=written, width=100)
        block = BLOCK | {"throughput_rps": {"median": 7.25}}
        console.print(policies_table({"fastest": block}, with_rates=with_rates))
        said.append("7.25" in written.getvalue())
    assert said == [True, False]


def test_the_table_says_its_source_its_number_and_its_intervals_and_keeps_small_energies():
    written = io.StringIO()
    spans = BLOCK["confidence_95"] | {"energy_j_mean": [0.00121, 0.00149]}
    block = BLOCK | {"energy_j": {"median": 0.00131, "mean": 0.00135}, "confidence_95": spans}
    terminal = Terminal(Console(file=written, width=100))
    terminal.policies({"fastest": block}, source="EMULATED hosts")
    text = written.getvalue()
    for told in ("EMULATED hosts", "N = 4 requests", "30.1..95.4", "energy mJ", "1.21..1.49"):
        assert told in text


def test_a_search_shows_how_it_goes(shown):
    seen = []

    def progress(measured):
        seen.append(len(measured))
        return {"front_size": len(measured) - 1.0, "hypervolume": 0.25}

    doubted = dataclasses.replace(MEASURED, flags=("steady", "fault_x"))
    shown.terminal.follow(SearchWords(progress, [doubted], clock=iter(range(99)).__next__))
    with shown.terminal as terminal:
        follow(terminal, "search", 4)
    told = shown.file.getvalue()
    follow(terminal, "online", 2)
    for words in ("4 on the front", "hypervolume 0.250", "1 doubtful (steady 1)"):
        assert words in told
    assert seen == [2, 3, 4, 5]
    assert shown.terminal._progress.below == ""


def test_how_a_search_goes_is_counted_once_a_second():
    counted = []

    def progress(measured):
        counted.append(len(measured))
        return {}

    times_s = iter([0.0, 0.4, 0.9, 1.1])
    words = SearchWords(progress, clock=lambda: next(times_s))
    for _ in range(4):
        words.add(MEASURED)
        assert words.words() == "none doubtful"
    assert counted == [1, 4]


def test_a_log_of_a_slow_search_gets_a_line_a_minute():
    file, now_s = io.StringIO(), [0.0]
    console = Console(file=file, force_terminal=False, width=100)
    with Terminal(console, clock=lambda: now_s[0]) as terminal:
        terminal(events.Started("search", 1000))
        for number in range(1, 10):
            now_s[0] += 30.0
            terminal(events.Measured("search", MEASURED, number, 1000))
    lines = file.getvalue().splitlines()
    assert [line.split(" of ")[0].strip() for line in lines[1:]] == ["2", "4", "6", "8"]
    assert "about 8 h 16 min left" in lines[4]


@pytest.mark.parametrize("quality", ["accuracy", "fidelity", "quality"])
def test_the_widest_table_fits_a_hundred_columns(quality):
    spans = {"met_pct": [33.33, 66.66], "energy_j_mean": [123.4, 234.5], quality: [0.61, 0.71]}
    block = BLOCK | {
        "requests": 100_000,
        "met_pct": 99.95,
        "latency_ms": {"median": 12345.6, "mean": 23456.7, "p95": 1e5},
        "energy_j": {"median": 123.4, "mean": 178.9},
        "energy_saving_vs_cloud_pct": -1234.5,
        "throughput_rps": {"median": 1234.56},
        "images": 50_000,
        "confidence_95": spans | {"energy_saving_vs_cloud_pct": [-1250.5, -1200.5]},
        quality: 0.6543,
    }
    file = io.StringIO()
    terminal = Terminal(Console(file=file, width=100))
    terminal.policies({"least_energy": block, "dynasplit": block}, with_rates=True, source="x" * 90)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    for whole in ("least_energy", "33.3..66.7", "12345.6", "123..234", "-1234.5", "1234.56"):
        assert whole in file.getvalue(), whole
    assert "…" not in file.getvalue()


def test_what_a_search_expects_to_gain_is_told_as_far_as_it_means_something():
    words = SearchWords(lambda _measured: {}, clock=itertools.count(0, 10).__next__)
    one = Measurement(configuration=Configuration.of(1), latency_ms=1.0)
    words.add(one, 0.1234)
    assert words.words() == "expected gain 0.12, none doubtful"
    words.add(one, 1.7e-63)
    assert words.words() == "expected gain under 0.0001, none doubtful"
    words.add(one)
    assert words.words() == "none doubtful"
