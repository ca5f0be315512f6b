"""`make bench` runs: what it prints is looked at by people, so only its lines are checked here."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_core_s_figures_are_printed_beside_plain_alternatives():
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in ("policy, one request", "bare bisect", "scan of a DataFrame", "from runs.parquet"):
        assert re.search(rf"{line}.* \d+\.\d+ (us|ms)", done.stdout), line
    assert done.stdout.count("peak memory") == 3


@pytest.mark.medium
def test_a_round_trip_through_agents_is_measured_beside_a_bare_stream(capsys):
    from tests.bench.transport import round_trips

    round_trips(count=5)
    lines = capsys.readouterr().out.splitlines()
    bare_ms, agents_ms, ratio = (
        float(line.split("(bar")[0].split()[-1 - at])
        for line, at in zip(lines, (1, 1, 0), strict=True)
    )
    assert 0 < bare_ms < agents_ms * 2
    assert ratio == pytest.approx(agents_ms / bare_ms, abs=0.01)


@pytest.mark.slow
def test_a_configuration_costs_no_board_time_beside_its_run_and_what_boards_ask_for():
    from tests.bench.overhead import boards, own

    found = boards(configurations=4)
    assert len(found.each) >= 4
    assert max(own(found)) < 0.001
    assert max(found.each) < 3 * 0.15 + 1.0  # three knobs that change, and a whole second


@pytest.mark.judge
@pytest.mark.timeout(300)
def test_a_configuration_costs_little_real_time_beside_its_run():
    """The bar is for machines with a CPU for each host and one for the controller."""
    from tests.bench.overhead import real

    assert statistics.median(real().each) <= 0.15
