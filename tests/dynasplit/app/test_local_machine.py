"""hosts=local: what a machine has is used, what it lacks is left out and said."""

from dataclasses import asdict, replace

import pytest

from dynasplit.app.setup import local_machine
from dynasplit.app.setup.kinds import kind_of, local
from dynasplit.app.setup.search_space import build_space
from dynasplit.config.load import determining
from dynasplit.config.options.hosts import HostConf, HostsConf
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.run.identity import identity_of
from hosts.discover import ThisMachine

EDGE = HostConf(meter="auto", knobs=["cpu_mhz", "edge_accelerator"])
ASKED = Config(hosts=HostsConf(kind="local", edge=EDGE, cloud=HostConf(knobs=["cloud_gpu"])))
BARE = ThisMachine(
    "laptop",
    (0, 1, 2, 3, 4),
    {},
    None,
    {"cpu_mhz": "none here", "cpu_cores": "none", "meter": "no RAPL"},
)
RICH = ThisMachine(
    "desktop", (0, 1), {"cpu_mhz": (800, 3000), "cloud_gpu": (False, True)}, "rapl", {}
)


@pytest.fixture
def on(monkeypatch):
    return lambda machine: monkeypatch.setattr(local, "here", lambda *_: machine)


def told(config: Config) -> str:
    return "\n".join(kind_of(config).remarks())


def test_a_bare_machine_leaves_the_split_points_and_says_what_it_lacks(on):
    on(BARE)
    settled = kind_of(ASKED).config
    assert (settled.hosts.edge.knobs, settled.hosts.cloud.knobs) == ([], [])
    assert settled.hosts.edge.meter == "none"
    space = build_space(kind_of(settled).available(None), asdict(settled.space), None, 5)
    assert len(space) == 6
    said = told(ASKED)
    assert "cpu_cores" not in said  # nobody asked for it
    assert "cpu_mhz is left out of the space: none here" in said
    assert "energy is not measured: no RAPL" in said


def test_what_a_machine_has_is_used(on):
    on(RICH)
    settled = kind_of(ASKED).config
    assert settled.hosts.edge.knobs == ["cpu_mhz"]
    assert settled.hosts.edge.meter == "rapl"
    space = build_space(kind_of(settled).available(None), asdict(settled.space), None, 5)
    assert [k.name for k in space.knobs] == ["cpu_mhz", "cloud_gpu"]
    assert "energy" not in told(settled)


def test_a_gpu_s_meter_that_is_found_stands_beside_rapl(on):
    on(replace(RICH, gpu_meter="nvml"))
    settled = kind_of(ASKED).config
    assert settled.hosts.edge.named_meters() == [("rapl", {}), ("nvml", {})]
    assert kind_of(settled).config == settled
    assert not list(settled.hosts.edge.conflicts())


def test_meters_that_are_listed_take_the_place_of_the_one_that_is_found(on):
    on(RICH)
    listed = [{"meter": "gpm8213", "resource": "x"}, {"meter": "rapl"}]
    edge = replace(EDGE, meters=listed)
    hosts = kind_of(replace(ASKED, hosts=replace(ASKED.hosts, edge=edge)))
    assert hosts.config.hosts.edge.named_meters() == [("gpm8213", {"resource": "x"}), ("rapl", {})]
    assert hosts.energy_rules().one_machine
    cloud = replace(ASKED.hosts.cloud, meters=[{"meter": "rapl"}])
    both = kind_of(replace(ASKED, hosts=replace(ASKED.hosts, edge=edge, cloud=cloud)))
    assert not both.energy_rules().one_machine


def test_a_knob_value_that_is_not_there_is_refused_by_the_name_of_the_machine(on):
    on(BARE)
    settled = kind_of(ASKED).config
    asked = asdict(settled.space) | {"cpu_mhz": [600]}
    with pytest.raises(ConfigurationError, match=r"space.cpu_mhz=\[600\].*laptop.*no such knob"):
        build_space(kind_of(settled).available(None), asked, None, 5)


@pytest.mark.parametrize(
    ("cpus", "halves"),
    [
        ((), ([], [])),
        ((3,), ([3], [3])),
        ((0, 1), ([0], [1])),
        ((0, 2, 4, 6, 8), ([0, 2], [4, 6, 8])),
    ],
)
def test_cores_are_divided_in_halves(cpus, halves):
    assert local_machine.divided(cpus) == halves


def test_cpus_asked_for_are_taken(on):
    on(BARE)
    asked = replace(ASKED, hosts=replace(ASKED.hosts, edge=replace(EDGE, cpus=[4])))
    settled = kind_of(asked).config
    assert settled.hosts.edge.cpus == [4]
    assert settled.hosts.cloud.cpus == [2, 3, 4]


def test_a_run_on_another_machine_or_with_other_cpus_is_another_run(on):
    def identity(machine: ThisMachine) -> str:
        on(machine)
        return identity_of(determining(replace(kind_of(ASKED).config, name="x")))

    every = {identity(m) for m in (BARE, RICH, replace(BARE, node="b"), replace(BARE, cpus=(0, 1)))}
    assert len(every) == 4
    assert identity(BARE) == identity(BARE)


def test_other_hosts_are_left_as_they_are(on):
    on(RICH)
    config = Config(hosts=HostsConf(kind="emulated", profile="quick"))
    assert kind_of(config).config is config
    assert told(config) == ""
