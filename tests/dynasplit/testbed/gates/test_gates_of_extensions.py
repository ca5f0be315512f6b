"""A gate of one's own, in a folder of DYNASPLIT_EXTENSIONS: found, set, refused like the others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
GATE = """
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

class Evening(Gate):
    name, unit, action = "evening", "h", "stop"
    meaning, source, without = "it is not evening", "us", "dark"
    thresholds = (Threshold("max_h", 18.0, "hour of the day", 0, 24),)

    def check(self, window):
        return Verdict(17.0, self.limit("max_h"))
"""


def command(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "run_experiment.py", *words],
        cwd=ROOT,
        env=os.environ | {"DYNASPLIT_EXTENSIONS": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.medium
def test_a_gate_of_an_extension_is_one_of_the_gates(tmp_path):
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "evening.py").write_text(GATE)
    assert "  evening           stop   it is not evening\n" in command(tmp_path, "--help").stdout
    words = ["+experiment=vgg16_testbed", "hosts=modelled"]
    refused = command(tmp_path, *words, "measure.gates.evening.max_h=25")
    assert "measure.gates.evening.max_h=25.0; allowed: from 0 to 24, or null" in refused.stderr


@pytest.mark.medium
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "a class derived from Gate with name = 'evening' expected"),
        (GATE.replace('"stop"', '"halt"'), "action = halt; allowed: off, warn, again, stop"),
    ],
)
def test_a_file_that_is_no_gate_is_refused_by_its_name(tmp_path, text, said):
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "evening.py").write_text(text)
    refused = command(tmp_path, "--help")
    assert said in refused.stderr
    assert "evening.py" in refused.stderr
