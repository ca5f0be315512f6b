"""Search spaces of what hosts offer, narrowed by what was asked for."""

import msgspec
import pytest

from dynasplit.app.setup.search_space import (
    AvailableKnobs,
    available_of_hosts,
    available_of_profile,
    build_space,
    order_knobs,
    space_of_runs,
)
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.space import Configuration, SearchSpace
from hosts.emulation.profile import load_profile

PROFILE = load_profile("pi4_coral_v100")
OFFER = available_of_profile(PROFILE, "vgg16")


def test_the_published_testbed_has_its_917_valid_configurations():
    space = build_space(OFFER, {}, None, 22)
    assert len(space) == 917
    assert len([c for c in space.corners if c.split_point == 22]) == 6


def test_what_is_asked_for_narrows_the_space_and_keeps_the_order():
    asked = {"cpu_mhz": [1800, 600], "edge_accelerator": ["max", "off"], "cloud_gpu": [True]}
    space = build_space(OFFER, asked, [0, 5], 22)
    assert space.knob("cpu_mhz").values == (600, 1800)
    assert space.knob("edge_accelerator").values == ("off", "max")
    assert len(space) == 2 + 4


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"cpu_mhz": [600, 700]},
            r"space\.cpu_mhz=\[600, 700\]; the boards .* offer 600, 800",
        ),
        ({"edge_accelerator": ["turbo"]}, "offer off, std, max"),
        ({"cpu_mhz": []}, "offer 600"),
    ],
)
def test_a_value_that_is_not_offered_is_refused(asked, said):
    with pytest.raises(ConfigurationError, match=said):
        build_space(OFFER, asked, None, 22)


def test_a_board_without_a_knob_leaves_it_out():
    space = build_space(AvailableKnobs("x", {"cpu_mhz": (600, 1800)}), {}, None, 3)
    assert [k.name for k in space.knobs] == ["cpu_mhz"]
    with pytest.raises(ConfigurationError, match="no such knob"):
        build_space(AvailableKnobs("x", {"cpu_mhz": (600,)}), {"cloud_gpu": [True]}, None, 3)


def test_own_hosts_offer_the_knobs_that_they_are_said_to_have_as_a_profile_says():
    of_profile = available_of_hosts(["cpu_mhz"], PROFILE, "vgg16")
    assert dict(of_profile.values) == {"cpu_mhz": tuple(range(600, 2000, 200))}


def test_recorded_runs_are_narrowed_too(runs):
    assert len(space_of_runs(runs, {}, None)) == len(runs.configurations)
    space = space_of_runs(runs, {"cpu_mhz": [1800]}, [0, 22])
    assert {(c.split_point, c.cpu_mhz) for c in space.configurations} == {(0, 1800), (22, 1800)}
    with pytest.raises(ConfigurationError, match="1234"):
        space_of_runs(runs, {"cpu_mhz": [1234]}, None)
    with pytest.raises(ConfigurationError, match="no valid configuration"):
        space_of_runs(runs, {"cpu_mhz": [600]}, [7])


@pytest.fixture
def runs():
    from dynasplit.tables import RunsTable
    from dynasplit.testbed.modelled import ModelledTestbed

    testbed = ModelledTestbed(PROFILE, "vgg16")
    configurations = [
        Configuration.of(k, cpu_mhz=mhz, edge_accelerator="off", cloud_gpu=False)
        for k, mhz in ((0, 600), (0, 1800), (22, 1800), (7, 1800))
    ]
    measured = [testbed.measure(c) for c in configurations]
    return RunsTable.of(measured, model="vgg16", last_split_point=22)


def sending(*options: tuple[str, object], profile=PROFILE):
    groups = {"measure": {}, "space": {}}
    for path, value in options:
        group, key = path.split(".")
        groups[group][key] = value
    return order_knobs(groups["measure"], groups["space"], profile)


def test_by_default_neither_codec_nor_batch_size_is_in_the_space():
    assert sending() == []


def test_a_fixed_codec_and_batch_size_change_no_number_of_configurations():
    knobs = sending(("measure.codec", "lz4"), ("measure.batch_size", 4))
    assert [(k.name, k.values) for k in knobs] == [("codec", ("lz4",)), ("batch_size", (4,))]
    space = build_space(OFFER, {}, None, 22, knobs)
    assert len(space) == 917
    assert {(c.codec, c.batch_size) for c in space.configurations} == {("lz4", 4)}


def test_codecs_and_batch_sizes_to_choose_from_are_knobs_and_the_plain_ones_count_as_fastest():
    knobs = sending(("space.codec", ["zstd", "none", "int8+lz4"]), ("space.batch_size", [1, 4]))
    assert [k.values for k in knobs] == [("zstd", "int8+lz4", "none"), (4, 1)]
    space = build_space(OFFER, {}, [0, 5, 22], 22, knobs)
    assert len(space) == (7 * 2 + 7 * 3 * 2) * 3 * 2 + 7 * 3 * 2
    assert {c.codec for c in space.configurations if c.split_point == 22} == {"none"}
    assert (space.cloud_only.codec, space.cloud_only.batch_size) == ("none", 1)
    assert len([c for c in space.corners if c.split_point == 22]) == 12
    again = SearchSpace.from_configurations(space.configurations, 22)
    assert again.knobs[-2:] == space.knobs[-2:]
    assert again.cloud_only == space.cloud_only


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("measure.codec", "gzip"), r"measure\.codec=gzip; allowed: none, lz4, zstd"),
        (("space.codec", ["none", "gzip"]), r"space\.codec=\['none', 'gzip'\]; allowed: none"),
        (("space.codec", []), "allowed: none"),
        (("space.batch_size", [0, 1]), r"space\.batch_size=\[0, 1\]; allowed: numbers from 1"),
    ],
)
def test_what_no_tensor_can_be_sent_with_is_refused(wrong, said):
    with pytest.raises(ConfigurationError, match=said):
        sending(wrong)


def test_a_codec_beside_those_to_choose_from_is_refused():
    both = (("measure.codec", "zstd"), ("space.codec", ["none", "lz4"]))
    with pytest.raises(ConfigurationError, match=r"measure\.codec=zstd and space\.codec=.* one of"):
        sending(*both)
    assert sending(("measure.codec", "lz4"), both[1])


def test_a_profile_must_say_what_a_codec_costs():
    silent = msgspec.structs.replace(PROFILE, codecs={})
    lz4 = ("measure.codec", "lz4")
    with pytest.raises(ConfigurationError, match=r"measure\.codec=lz4; allowed: none$"):
        sending(lz4, profile=silent)
    assert sending(lz4, profile=None)[0].values == ("lz4",)


@pytest.mark.parametrize("values", [(600, "x"), (600, True), (600, 10**9)])
def test_a_profile_s_values_of_another_kind_or_range_are_refused(monkeypatch, values):
    edge = msgspec.structs.replace(PROFILE.edge, cpu_mhz=values)
    strange = msgspec.structs.replace(PROFILE, edge=edge)
    with pytest.raises(ConfigurationError, match=r"offer cpu_mhz=.*; allowed: int from 10 to"):
        available_of_profile(strange, "vgg16")
