"""Where files cannot grow: one message, and the same command goes on when there is room."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.medium
@pytest.mark.fault(
    group="room",
    fault="the disk fills in the midst of a run",
    seen="exit code 1: `a file cannot grow: File too large. What was measured is kept`",
    kept=("what was measured; no temporary folder; the same command goes on when there is room"),
)
def test_where_files_cannot_grow_one_message_says_so_and_nothing_is_lost(tmp_path):
    words = ["+experiment=vgg16_testbed", "hosts=modelled", f"results_dir={tmp_path}/results"]
    less = ["search.trials=40", "search.front_repeats=0", "workload.requests=4", "tracking=none"]
    command_line = [sys.executable, "run_experiment.py", *words, *less]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (25_000, resource.RLIM_INFINITY))

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    full = subprocess.run(
        command_line,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )
    assert list(temporary.iterdir()) == []
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    assert "Error: a file cannot grow: File too large. What was measured is kept" in full.stderr
    again = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "continued" in again.stdout
    assert "done before" in again.stdout
