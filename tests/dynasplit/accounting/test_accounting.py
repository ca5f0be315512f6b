"""Accountings of energy: the formula, views, and what is refused."""

import dataclasses

import pytest

from dynasplit.accounting import build, named, names
from dynasplit.accounting._view import viewed
from dynasplit.accounting.base import ROLES, Times
from dynasplit.core.errors import ConfigurationError, DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.tables import RunsTable, read_runs, write_runs
from dynasplit.tables.accounted import under

SPLIT = Configuration(split_point=3, knobs=())
EDGE_ONLY = Configuration(split_point=9, knobs=())
EVERY = [
    build("occupied"),
    build("active"),
    build("wall"),
    build("shared", tenants=3),
    build("shared", share="equal", load_rps=4.0, tenants=2),
]


def measurement(configuration: Configuration = SPLIT, **figures: float | None) -> Measurement:
    """.2 s a request, .05 s of them in the cloud; 3 W on the edge (2 idle), 110 W in the cloud."""
    cloud = configuration is SPLIT
    given = {
        "latency_ms": 200.0,
        "edge_energy_j": 3.0 * 0.2,
        "cloud_energy_j": 110 * 0.05 if cloud else 0.0,
        "edge_idle_w": 2.0,
        "cloud_idle_w": 100.0,
        "cloud_busy_ms": 50.0 if cloud else 0.0,
        "window_s": 20.0,
        "inferences": 100,
    } | figures
    parts = (given["edge_energy_j"], given["cloud_energy_j"])
    total = None if None in parts else sum(parts)
    return Measurement(configuration=configuration, energy_j=total, **given)


def energies(m: Measurement) -> tuple[float | None, ...]:
    return m.energy_j, m.edge_energy_j, m.cloud_energy_j


@pytest.mark.parametrize(
    ("rule", "edge_j", "cloud_j"),
    [
        (EVERY[0], 0.6, 5.5),
        (EVERY[1], 0.2, 0.5),
        (EVERY[2], 0.6, 20.5),
        (EVERY[3], 0.2 + 2 * 0.2 / 3, 0.5 + 100 * 0.2 / 3),
        (EVERY[4], 0.2 + 2 / 8, 0.5 + 100 / 8),
    ],
)
def test_a_request_pays_for_the_idle_power_that_its_accounting_says(rule, edge_j, cloud_j):
    (found,) = viewed([measurement()], rule)
    assert (found.edge_energy_j, found.cloud_energy_j) == pytest.approx((edge_j, cloud_j))
    assert found.energy_j == pytest.approx(edge_j + cloud_j)
    assert found.accounting == rule.label


def test_an_idle_cloud_counts_at_the_wall_while_the_edge_computes():
    (wall,) = viewed([measurement(EDGE_ONLY)], build("wall"))
    assert wall.cloud_energy_j == pytest.approx(100 * 0.2)
    (active,) = viewed([wall], build("active"))
    assert active.cloud_energy_j == pytest.approx(0.0)


@pytest.mark.parametrize("there", EVERY, ids=lambda rule: rule.label)
@pytest.mark.parametrize("back", EVERY, ids=lambda rule: rule.label)
def test_any_view_leads_to_any_other(there, back):
    direct = viewed([measurement()], back)[0]
    around = viewed(viewed([measurement()], there), back)[0]
    assert energies(around) == pytest.approx(energies(direct))
    assert around.accounting == direct.accounting == back.label


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.label)
def test_a_label_names_its_accounting_again(rule):
    assert named(rule.label) == rule


@pytest.mark.parametrize("label", ["gross", "shared(share=equal)", "shared(nope=1)", "wall(", ""])
def test_labels_that_nothing_has_are_refused_with_what_is_known(label):
    with pytest.raises(DataError, match="known: active, occupied, shared, wall"):
        named(label)


def test_there_are_four_and_none_is_called_otherwise():
    assert names() == ["active", "occupied", "shared", "wall"]
    with pytest.raises(ConfigurationError, match="active, occupied, shared, wall"):
        build("tail")


@pytest.mark.parametrize(("role", "name"), [("edge", "active"), ("cloud", "wall")])
def test_what_is_lacking_is_named_with_the_option_that_states_it(role, name):
    lacking = measurement(**{f"{role}_idle_w": None})
    with pytest.raises(DataError, match=rf"needs the {role}'s idle power.*energy\.{role}_idle_w="):
        viewed([lacking], build(name))
    stated = viewed([lacking], build(name), {role: 2.0 if role == "edge" else 100.0})
    assert stated[0].energy_j == viewed([measurement()], build(name))[0].energy_j


def test_an_idle_power_of_another_state_is_refused_where_nothing_is_left():
    with pytest.raises(DataError, match="of another state"):
        viewed([measurement(EDGE_ONLY, edge_idle_w=4.0)], build("active"))


def test_an_energy_that_was_not_measured_stays_absent():
    (found,) = viewed([measurement(edge_energy_j=None)], build("wall"))
    assert found.energy_j is None


def test_times_of_tables_without_windows_follow_from_latency_and_stages():
    plain = measurement(
        window_s=None, inferences=None, cloud_busy_ms=None, cloud_ms=45.0, decode_ms=5.0
    )
    for rule in EVERY:
        assert viewed([plain], rule)[0].energy_j == pytest.approx(
            viewed([measurement()], rule)[0].energy_j
        )


def test_one_machine_for_both_is_occupied_as_an_edge_is():
    alone = measurement(edge_energy_j=None, cloud_energy_j=None)
    alone = dataclasses.replace(alone, energy_j=10.0)
    assert viewed([alone], build("wall"))[0].energy_j == 10.0
    assert viewed([alone], build("active"))[0].energy_j == pytest.approx(10.0 - 2.0 * 0.2)


def test_the_seconds_paid_lie_between_none_and_the_requests():
    times = Times(request_s=0.2, cloud_s=0.05)
    for role in ROLES:
        occupied, active, wall = (
            build(n).idle_s(role, times) for n in ("occupied", "active", "wall")
        )
        assert active <= occupied <= wall


def test_a_table_keeps_its_accounting_and_runs_of_two_are_no_table(tmp_path):
    rows = [measurement(), measurement(EDGE_ONLY)]
    table = RunsTable.of(rows, model="net", last_split_point=9)
    wall = under(table, build("wall"))
    assert wall.accounting == "wall"
    path = tmp_path / "runs.parquet"
    write_runs(path, wall.measurements, model="net", last_split_point=9)
    again = read_runs(path)
    assert again.accounting == "wall"
    back = under(again, build("occupied"))
    assert [m.energy_j for m in back.measurements] == pytest.approx([m.energy_j for m in rows])
    with pytest.raises(DataError, match="several accountings: occupied, wall"):
        RunsTable.of([rows[0], wall.measurements[1]], model="net", last_split_point=9)


def test_what_is_absent_is_said_in_words():
    with pytest.raises(DataError) as refused:
        viewed([measurement(EDGE_ONLY, edge_idle_w=4.0, cloud_idle_w=None)], build("active"))
    assert "on the edge 4.00 W, in the cloud not known" in str(refused.value)
    assert "None" not in str(refused.value)
