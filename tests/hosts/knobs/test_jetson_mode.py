"""A Jetson's power mode, through a program on PATH that behaves as nvpmodel."""

import os

import pytest

from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, build
from tests.hosts.trees import RealOnTree, jetson


@pytest.fixture
def knob(tmp_path, monkeypatch) -> HostKnob:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return build("jetson_mode", jetson(tmp_path))


def test_modes_are_named_by_watts_and_maxn_is_the_fastest(knob, tmp_path):
    assert knob.discover() == ("5W", "MODE_10W", "MAXN")
    was = knob.snapshot()
    knob.write("5W")
    assert ((tmp_path / "bin/mode").read_text(), knob.read()) == ("1\n", "5W")
    knob.restore(was)
    assert knob.read() == "MAXN"


def test_a_mode_that_needs_a_new_start_is_refused_and_nobody_says_yes(knob, tmp_path):
    (tmp_path / "bin/mode.busy").touch()
    with pytest.raises(KnobError, match="jetson_mode=MODE_10W asked, MAXN read back; some modes"):
        knob.write("MODE_10W")


def test_the_programs_own_words_are_told(knob, tmp_path):
    (tmp_path / "bin/mode.shut").touch()
    with pytest.raises(KnobError, match="nvpmodel -m 1: NVPM ERROR: Error opening"):
        knob.write("5W")


def test_who_may_set_it_is_said(knob, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KnobError, match="for root only"):
        knob.discover()


def test_no_jetson_and_no_program_are_said(tmp_path, monkeypatch):
    with pytest.raises(KnobError, match=r"no jetson_mode here: there is no .*nvpmodel\.conf"):
        build("jetson_mode", RealOnTree(tmp_path)).allowed()
    machine = jetson(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(KnobError, match="there is no program nvpmodel here"):
        build("jetson_mode", machine).read()
