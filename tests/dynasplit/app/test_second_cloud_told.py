"""A cloud of which the GPU's board alone was measured says so, wherever its figures go."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image

from dynasplit.app.report.outputs import source_block, write_offline_outputs
from dynasplit.app.setup import describe_splits
from dynasplit.app.setup.kinds import kind_of
from dynasplit.config.load import campaign
from dynasplit.config.rules import check_rules
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import RunsTable, read_runs, write_runs
from hosts.models.prepare.describe import Description, SplitPointDescription

TOLD = "cloud: GPU board alone; rest of the node not measured: 0 W assumed"


def config_of(network="vgg16", rest_w=None, profile="pi4_coral_h200") -> Config:
    config = Config(name="x")
    config.hosts.kind, config.hosts.profile = "modelled", profile
    config.hosts.cloud_rest_w = rest_w
    config.model.name, config.data.name = network, "photos"
    config.search.algorithm = "random"
    return config


def inputs_of(**options):
    return kind_of(config_of(**options)).inputs(None, print)


@pytest.fixture(scope="module")
def testbed():
    return inputs_of()


def test_its_space_has_the_gpu_alone_and_every_split_point(testbed):
    assert testbed.space.knob("cloud_gpu").values == (True,)
    assert {c.split_point for c in testbed.space.configurations} == set(range(23))
    assert {c.cloud_gpu for c in testbed.space.configurations} == {True}
    assert len(testbed.space) == 7 * (1 + 22 * 3)


def test_the_published_cloud_alone_keeps_its_rule_of_the_last_split_point():
    config = config_of(profile="pi4_coral_v100")
    setattr(config.space, "cloud_gpu", [True])  # noqa: B010  # made of the knobs there are
    space = kind_of(config).inputs(None, print).space
    assert max(c.split_point for c in space.configurations) == 21


def test_figures_tables_and_summaries_say_it(testbed, tmp_path):
    assert testbed.remarks == TOLD
    front = testbed.reference()
    inputs = SimpleNamespace(testbed=testbed, draws_figures=True)
    write_offline_outputs(tmp_path, inputs, None, front)
    assert TOLD in Image.open(tmp_path / "front.png").info["Source"]
    assert source_block("modelled", testbed.told) == {"told": [TOLD]}


def test_a_table_of_its_runs_and_the_front_of_it_still_say_it(testbed, tmp_path):
    path, runs = tmp_path / "runs.parquet", testbed.predictions[:9]
    write_runs(path, runs, model="vgg16", last_split_point=22)
    table = read_runs(path)
    assert table.told == (TOLD,)
    ParetoFront.of_runs(table).save(tmp_path / "front.json")
    assert ParetoFront.load(tmp_path / "front.json").told == (TOLD,)
    assert replace(testbed, runs=table).told == (TOLD,)


def test_another_assumption_is_another_energy_another_run_and_other_words(testbed):
    more = inputs_of(rest_w=300.0)
    assert "not measured: 300 W assumed" in more.remarks
    one, other = testbed.predictions[0], more.predictions[0]
    assert other.cloud_energy_j - one.cloud_energy_j == pytest.approx(0.3 * one.cloud_ms)
    assert "cloud_rest_w" not in campaign(config_of())["hosts"]
    assert campaign(config_of(rest_w=300.0))["hosts"]["cloud_rest_w"] == 300


def test_a_cloud_that_was_measured_as_a_whole_takes_no_assumption():
    with pytest.raises(ConfigurationError, match="whose cloud was measured as a whole; allowed"):
        inputs_of(profile="pi4_coral_v100", rest_w=10.0)
    with pytest.raises(ConfigurationError, match="cloud_rest_w"):
        check_rules(config_of(rest_w=-1.0))


def test_networks_without_measured_tails_are_refused_in_words():
    with pytest.raises(ConfigurationError, match=r"measured of vgg16, resnet50.*: one of"):
        inputs_of(network="digits_cnn")


def test_a_network_with_measured_tails_has_them_and_predicted_heads(monkeypatch):
    points = tuple(
        SplitPointDescription(
            k, f"op_{k}", (8,), 1024 if k < 19 else 0, 900.0 * k, 900.0 * (19 - k)
        )
        for k in range(20)
    )
    described = Description("vit_b16", points)
    monkeypatch.setattr(describe_splits, "description_of", lambda *_: described)
    testbed = inputs_of(network="vit_b16")
    row = testbed.profile.split("vit_b16", 0)
    assert (row.cloud_gpu_ms, row.cloud_cpu_ms) == (2.1027, None)
    between = testbed.profile.split("vit_b16", 1)
    assert between.cloud_gpu_ms == pytest.approx((2.1027 + 1.9147) / 2)
    assert "heads' timings predicted" in testbed.remarks
    assert any("tails measured, and interpolated at 1, 3, 17" in a for a in testbed.profile.assumed)


def test_estimates_beside_measured_runs_are_told(testbed):
    rows = [
        replace(r, flags=(), source=s)
        for r, s in zip(testbed.predictions, ("measured", "estimated"), strict=False)
    ]
    table = RunsTable.of(rows, model="vgg16", last_split_point=22)
    front = ParetoFront.of_runs(table)
    assert (table.source, front.source) == ("estimated", "estimated")
    assert front.told == ("mixed: measured and estimated figures stand side by side",)
    assert source_block("estimated", ())["estimated"] is True
