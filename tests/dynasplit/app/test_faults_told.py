"""Figures of hosts with faults say so, wherever they go; without faults all is as it was."""

from dataclasses import replace

import pytest
from PIL import Image

from dynasplit.app.report.outputs import write_offline_outputs
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.resolve import check_early, run_inputs
from dynasplit.config.load import campaign, determining
from dynasplit.config.rules import check_rules, settle
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.measurer import Measurer
from dynasplit.run.identity import identity_of
from dynasplit.run.journal import Journal
from dynasplit.tables import RunsTable
from dynasplit.testbed.retry import RetryPolicy

LATE = {"fault": "lagging_meter", "host": "edge", "lag_s": 2}
TOLD = "with the fault lagging_meter on edge (lag_s 2)"


def config_of(*faults, kind="emulated") -> Config:
    config = Config(name="x")
    config.hosts.kind, config.hosts.profile = kind, "quick"
    config.model.name, config.data.name = "digits_cnn", "digits"
    config.search.algorithm, config.search.trials = "random", 3
    config.hosts.faults = list(faults)
    settle(config)
    return config


@pytest.mark.parametrize(
    ("faults", "kind", "said"),
    [
        (["melting"], "emulated", "hosts.faults: fault 'melting' asked; allowed: averaging_meter"),
        ([LATE], "modelled", "with hosts=modelled; allowed: with hosts=emulated alone"),
        ([LATE, LATE], "emulated", "asked at the same time; allowed: one of them"),
        ([{**LATE, "lag_s": 0}], "emulated", "lag_s=0 asked; allowed: from 0.001 to 3600"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(faults, kind, said):
    with pytest.raises(ConfigurationError) as refused:
        check_rules(config_of(*faults, kind=kind))
    assert said in str(refused.value)


def test_a_fault_is_a_part_of_what_identifies_a_run_and_none_is_none():
    without, short = config_of(), config_of("frozen_meter")
    assert "faults" not in campaign(without)["hosts"]
    assert "faults" not in determining(without)["hosts"]
    long = config_of({"fault": "frozen_meter", "host": "edge", "after_s": 0.0})
    assert identity_of(campaign(short)) == identity_of(campaign(long))
    assert identity_of(campaign(short)) != identity_of(campaign(without))
    assert identity_of(campaign(short)) != identity_of(campaign(config_of(LATE)))


def test_terminal_and_figures_say_it():
    hosts = kind_of(config_of(LATE, "throttling"))
    check_early(hosts)
    assert hosts.remarks()[0] == f"The hosts are emulated {TOLD}"
    lines = run_inputs(hosts).testbed.remarks.splitlines()
    assert lines[:2] == ["made-up hosts", TOLD]
    assert lines[2].startswith("with the fault throttling on edge (")
    plain = run_inputs(kind_of(config_of())).testbed
    assert plain.remarks == "made-up hosts"


def test_figures_of_recorded_runs_say_it():
    testbed = run_inputs(kind_of(config_of())).testbed
    flags = ("fault_throttling", "cloud", "fault_frozen_meter")
    rows = [replace(testbed.predictions[0], flags=flags), testbed.predictions[1]]
    runs = RunsTable.of(rows, model=None, last_split_point=testbed.space.last_split_point)
    recorded = replace(testbed, runs=runs)
    assert "with the fault frozen_meter\nwith the fault throttling" in recorded.remarks
    assert RunsTable.of(rows[1:], model=None, last_split_point=7).faults == ()


def test_a_fault_that_was_asked_for_is_no_reason_to_measure_again():
    made = run_inputs(kind_of(config_of())).testbed.predictions[0]

    class Faulty:
        def measure(self, configuration, **_):
            return replace(made, flags=("fault_throttling",))

    journal = Journal()
    measurer = Measurer(Faulty(), journal, RetryPolicy(), lambda *_: ())
    assert len(measurer.search_runs(made.configuration)) == 1
    assert journal.measurements()[0].flags == ("fault_throttling",)


@pytest.mark.medium
def test_a_front_keeps_it_in_its_file_and_figures_of_a_given_one_say_it(tmp_path):
    inputs = run_inputs(kind_of(config_of()))
    front = inputs.testbed.reference()
    front.save(tmp_path / "front.json")
    assert "faults" not in (tmp_path / "front.json").read_text()
    replace(front, faults=("throttling",)).save(tmp_path / "front.json")
    given = ParetoFront.load(tmp_path / "front.json")
    assert given.faults == ("throttling",)
    draw = {"folder": tmp_path, "offline": None, "front": given}
    write_offline_outputs(inputs=inputs, **draw)
    source = Image.open(tmp_path / "front.png").info["Source"]
    assert source.endswith("made-up hosts\nthe front: with the fault throttling")
