"""Requests that boards serve share what the boards' meters told meanwhile."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from dynasplit.accounting import build
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.online.attribution_block import attribution_block, attribution_lines
from dynasplit.online.metered import Metered
from dynasplit.online.requests import Requests
from dynasplit.online.serve import serve
from dynasplit.online.workload import Request
from dynasplit.run.journal import Journal
from dynasplit.tables import read_requests, write_requests
from dynasplit.testbed import stretch
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.emulation.profile import load_profile
from tests.judged.in_process import opened
from tests.system.test_attribution_on_boards import exact_meters

pytestmark = pytest.mark.medium
KNOBS = ("cpu_mhz", "edge_accelerator", "cloud_gpu")
CLOUD_ONLY, SPLIT, EDGE_ONLY = (
    Configuration.of(k, **dict(zip(KNOBS, values, strict=True)))
    for k, values in (
        (0, (1800, "off", True)),
        (7, (1200, "max", True)),
        (22, (1800, "max", False)),
    )
)
ACCOUNTINGS = (
    build("occupied"),
    build("active"),
    build("wall"),
    build("shared", share="time", tenants=3),
    build("shared", share="equal", load_rps=2.0),
)


class Chooser:
    """A policy that takes its configurations in turn."""

    feasible_above_ms = 0.0

    def __init__(self, name, *configurations):
        self.name, self._configurations = name, configurations

    def choose(self, threshold_ms):

        place = int(threshold_ms) % len(self._configurations)
        return SimpleNamespace(configuration=self._configurations[place])


POLICIES = (Chooser("turns", EDGE_ONLY, SPLIT, SPLIT, CLOUD_ONLY), Chooser("cloud", CLOUD_ONLY))


def block_of(rows, label="occupied"):
    """The sums, which there are."""
    found = attribution_block(rows, label)
    assert found is not None
    return found


def spied(stretch):
    """The pieces that it divides from now on."""
    divide, seen = stretch.divide, []

    def noted(figures_of, tell, *, at_end):
        found = divide(figures_of, tell, at_end=at_end)
        seen.extend(piece for piece, _ in found)
        return found

    stretch.divide = noted
    return seen


def served_by(rule, count=12):
    """The requests, what both boards truly drew meanwhile, and what was said."""
    told, drawn = [], {}
    rules = EnergyRules(accounting=rule)
    with opened(exact_meters(load_profile("pi4_coral_v100")), energy=rules) as (testbed, boards):
        testbed.keep_up(UpkeepRules(baseline_states=True))
        known = {c: [testbed.measure(c)] for c in (CLOUD_ONLY, SPLIT, EDGE_ONLY)}
        pieces = spied(testbed._stretch)
        requests = Requests(testbed, Metered(known, lambda _: pytest.fail("all are known")))
        asked = [Request(i, "vgg16", 1000.0 + i) for i in range(count)]
        served = serve(asked, POLICIES, requests, Journal(), subscriber=told.append)
        start_ns, end_ns = pieces[0].start_ns, pieces[-1].asked_ns[1]
        for role, server in boards.servers.items():
            drawn[role] = server.board.history.exact_j(start_ns, end_ns)
    return served, drawn, told


@pytest.fixture(scope="module")
def occupied():
    return served_by(ACCOUNTINGS[0])


def sums(rows, host):
    return [
        sum(asdict(row.attributed)[f"{host}_{part}_j"] for row in rows)
        for part in ("attributed", "switching", "nobody")
    ]


@pytest.mark.parametrize("rule", ACCOUNTINGS, ids=lambda rule: rule.label)
def test_all_shares_together_are_what_boards_truly_drew(rule, occupied, monkeypatch):
    monkeypatch.setattr(stretch, "TOGETHER", 7)  # some while serving, the others at the end
    served, drawn, _ = occupied if rule == ACCOUNTINGS[0] else served_by(rule)
    assert all(row.attributed is not None for row in served)
    for host, true_j in drawn.items():
        assert sum(sums(served, host)) == pytest.approx(true_j, rel=1e-3)
    block = block_of(served, rule.label)
    assert block["metered_j"] == pytest.approx(sum(drawn.values()), rel=1e-3)
    assert block["attributed_j"] > 0
    assert block["switching_j"] > 0


def test_a_request_s_share_is_near_its_configuration_s_energy(occupied):
    served, _, _ = occupied
    edge_only = [row for row in served if row.measurement.configuration == EDGE_ONLY]
    mean_j = sum(row.attributed.edge_attributed_j for row in edge_only) / len(edge_only)
    assert mean_j == pytest.approx(edge_only[0].measurement.energy_j, rel=0.1)
    assert all(row.attributed.cloud_attributed_j == 0 for row in edge_only)


def test_idle_power_that_is_not_known_is_said_once_and_nothing_is_divided():
    told = []
    with opened(
        exact_meters(load_profile("pi4_coral_v100")), energy=EnergyRules(accounting=build("active"))
    ) as (testbed, _):
        known = {EDGE_ONLY: Measurement(configuration=EDGE_ONLY, latency_ms=1.0)}
        testbed.baselines.last.clear()
        testbed.baselines._of_state.clear()
        for i in range(3):
            testbed.infer(EDGE_ONLY, request=i)
        assert testbed.attribute(known.__getitem__, told.append, at_end=True) == []
    (words,) = told
    assert words.startswith("What 3 requests drew while they were served is not divided")
    assert "measure.baseline_states=true" in words


def test_the_table_of_requests_keeps_them(occupied, tmp_path):
    served, _, _ = occupied
    for name in ("requests.parquet", "requests.csv"):
        write_requests(tmp_path / name, served, model="vgg16", last_split_point=22)
        again = read_requests(tmp_path / name).rows
        assert [row.attributed for row in again] == [row.attributed for row in served]
    words = attribution_lines(attribution_block(again, "occupied"))
    assert words[0].startswith("Metered while 24 requests were served")


def test_what_was_served_before_another_start_is_not_divided_anew(occupied):
    served, _, _ = occupied
    block = block_of([*served[:5], *(_without(row) for row in served[5:])])
    assert (block["requests"], block["of"]) == (5, 24)
    assert "5 of 24 requests" in attribution_lines(block)[0]
    assert attribution_block([_without(served[0])], "occupied") is None


def _without(row):

    return replace(row, attributed=None)
