"""What hosts tell of themselves at a first look, and by their programs."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts.agents.look import look
from hosts.machine import first_look
from hosts.machine.computing import keep_busy
from hosts.machine.cpus import own_cpus
from hosts.machine.throttling import words_of
from tests.hosts.trees import USERSPACE, cpufreq

TEXT = Path(first_look.__file__).read_text()


@pytest.fixture(autouse=True)
def a_short_look(monkeypatch):
    monkeypatch.setattr("hosts.agents.look._LOOK_S", 0.05)


PLACES = {"cache": ["NO_SUCH_VARIABLE", "~/not/there"]}


def told(order: dict, typed: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", TEXT, json.dumps(order)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.splitlines()


def test_an_interpreter_tells_of_its_host_and_then_the_time():
    line, *times = told({"packages": ["numpy", "no-such"], "places": PLACES}, "\n\n")
    seen = json.loads(line)
    assert seen["python"] == list(sys.version_info[:3])
    assert (seen["bits"], seen["board"], seen["failed"]) == (64, False, {})
    assert seen["versions"]["no-such"] is None
    assert seen["versions"]["numpy"].count(".") == 2
    assert seen["free_mb"]["cache"] > 0
    first_ns, second_ns = map(int, times)
    assert 0 < second_ns - first_ns < 10**9


def test_what_fails_is_named_and_hides_nothing_else():
    seen = first_look.looked({"packages": [], "places": {"a": []}})
    assert list(seen["failed"]) == ["free_mb"]
    assert seen["kernel"]
    assert seen["versions"] == {}


def test_its_text_is_of_python_3_7():
    assert ast.parse(TEXT, feature_version=(3, 7))
    assert len(TEXT) < 8000  # a command line of any SSH server


def test_files_that_are_shut_are_told(tmp_path, monkeypatch):
    machine = cpufreq(tmp_path, USERSPACE)
    monkeypatch.setattr(os, "access", lambda path, _mode: "setspeed" not in str(path))
    knob = look(machine, ["cpu_mhz"]).knobs["cpu_mhz"]
    assert [Path(path).name for path in knob.shut] == ["scaling_setspeed"]
    assert len(knob.values) > 1


def test_a_knob_that_is_not_there_says_why(tmp_path):
    seen = look(cpufreq(tmp_path), ["cpu_mhz"])
    assert "offers no policy" in seen.knobs["cpu_mhz"].trouble
    assert 0 <= seen.load_pct <= 100


@pytest.mark.parametrize(
    ("said", "now", "before"),
    [
        ("throttled=0x0\n", (), ()),
        ("throttled=0x50005\n", ("undervoltage", "throttled"), ("undervoltage", "throttled")),
        ("throttled=0x80000\n", (), ("soft temperature limit",)),
    ],
)
def test_a_boards_flags_are_words(said, now, before):
    assert words_of(said) == (now, before)


def test_no_flags_are_an_error_and_not_none():
    with pytest.raises(ValueError, match="invalid literal"):
        words_of("VCHI initialization failed")


@pytest.mark.skipif(not own_cpus(), reason="this system binds no programs")
def test_one_cpu_is_kept_busy_and_the_callers_thread_stays_where_it_may_be(monkeypatch):
    bound = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda who, cpus: bound.append((who, list(cpus))))
    before = own_cpus()
    keep_busy(before[-1], 0.001)
    monkeypatch.undo()
    keep_busy(before[-1], 0.001)
    keep_busy(9999, 0.001)  # no such CPU: nothing is done
    assert (bound, own_cpus()) == ([(0, [before[-1]])], before)
