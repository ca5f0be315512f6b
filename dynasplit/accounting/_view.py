"""Measurements under another accounting than the one that they were made by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dynasplit.accounting import Accounting, named
from dynasplit.accounting.base import ROLES, Role, Times
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import told_w

NO_IDLE: Mapping[Role, float] = {}


def times_of(measurement: Measurement) -> Times:
    """The seconds of one inference; of tables that lack them, by its latency and stages.

    Raises:
        DataError: measured in throughput mode, and the table does not say the rate.
    """
    m = measurement
    size = m.configuration.batch_size
    if m.window_s is not None and m.inferences:
        request_s = m.window_s / m.inferences
    elif m.mode == "throughput":
        if not m.throughput_rps:
            raise DataError(
                f"{m.configuration.words()}: measured in throughput mode without a rate; another "
                "accounting needs throughput_rps, or window_s and inferences"
            )
        request_s = 1 / m.throughput_rps
    else:
        request_s = m.latency_ms / size / 1000
    if m.cloud_busy_ms is not None:
        return Times(request_s, m.cloud_busy_ms / 1000)
    return Times(request_s, ((m.cloud_ms or 0.0) + (m.decode_ms or 0.0)) / size / 1000)


def lacking(
    measurements: Iterable[Measurement], to: Accounting, idle_w: Mapping[Role, float] = NO_IDLE
) -> str | None:
    """What the measurements lack for an accounting, in words; None: nothing."""
    try:
        viewed(measurements, to, idle_w)
    except DataError as error:
        return str(error)
    return None


def viewed(
    measurements: Iterable[Measurement], to: Accounting, idle_w: Mapping[Role, float] = NO_IDLE
) -> list[Measurement]:
    """The measurements (n,), with their energies by an accounting.

    Args:
        measurements: by any accounting each, which `accounting` of them says.
        to: the one wanted.
        idle_w: idle power of hosts, where measurements have none.

    Raises:
        DataError: they lack what it needs; which part.
    """
    rules: dict[str, Accounting] = {}
    found = []
    for one in measurements:
        if one.accounting == to.label or one.energy_j is None:
            found.append(one)
            continue
        if one.accounting not in rules:
            rules[one.accounting] = named(one.accounting)
        found.append(_viewed(one, rules[one.accounting], to, idle_w))
    return found


def _viewed(
    m: Measurement, by: Accounting, to: Accounting, stated_w: Mapping[Role, float]
) -> Measurement:
    times = times_of(m)
    energies_j: dict[Role, float | None] = {"edge": m.edge_energy_j, "cloud": m.cloud_energy_j}
    if m.energy_j is not None and energies_j == {"edge": None, "cloud": None}:
        return _of_one_machine(m, times, by, to, stated_w)
    found = {
        role: _moved(m, role, energies_j[role], by.idle_s(role, times), to, times, stated_w)
        for role in ROLES
    }
    edge_j, cloud_j = found["edge"], found["cloud"]
    total_j = None if edge_j is None or cloud_j is None else edge_j + cloud_j
    return replace(
        m,
        accounting=to.label,
        edge_energy_j=edge_j,
        cloud_energy_j=cloud_j,
        energy_j=_positive(m, total_j, to, stated_w),
    )


def _positive(
    m: Measurement, energy_j: float | None, to: Accounting, stated_w: Mapping[Role, float]
) -> float | None:
    if energy_j is not None and energy_j <= 0:
        raise DataError(
            f"{m.configuration.words()}: {energy_j:.3g} J by energy={to.label}: the idle power "
            f"(on the edge {told_w(_idle_w(m, 'edge', stated_w))}, in the cloud "
            f"{told_w(_idle_w(m, 'cloud', stated_w))}) is more than what was drawn, so it is of "
            "another state of the hosts; measure the baseline anew, or state it: "
            "energy.edge_idle_w=WATTS, energy.cloud_idle_w=WATTS"
        )
    return energy_j


def _of_one_machine(
    m: Measurement, times: Times, by: Accounting, to: Accounting, stated_w: Mapping[Role, float]
) -> Measurement:
    """Both hosts are one machine, which is occupied as an edge is."""
    total_j = _moved(m, "edge", m.energy_j, by.idle_s("edge", times), to, times, stated_w)
    return replace(m, accounting=to.label, energy_j=_positive(m, total_j, to, stated_w))


def _moved(
    m: Measurement,
    role: Role,
    energy_j: float | None,
    paid_s: float,
    to: Accounting,
    times: Times,
    stated_w: Mapping[Role, float],
) -> float | None:
    """A host's energy, of which so many seconds of idle power are paid, as another has it."""
    to_pay_s = to.idle_s(role, times)
    if energy_j is None or to_pay_s == paid_s:
        return energy_j
    idle_w = _idle_w(m, role, stated_w)
    if idle_w is None:
        raise DataError(
            f"{m.configuration.words()}: energy={to.label} needs the {role}'s idle power, and "
            f"the measurement has none of its state ({role}_idle_w); measure it: "
            f"measure.baseline_states=true, or state it: energy.{role}_idle_w=WATTS"
        )
    return energy_j + idle_w * (to_pay_s - paid_s)


def _idle_w(m: Measurement, role: Role, stated_w: Mapping[Role, float]) -> float | None:
    """Idle power of a host's state, as it was measured, else as it is stated."""
    own_w = m.edge_idle_w if role == "edge" else m.cloud_idle_w
    return own_w if own_w is not None else stated_w.get(role)
