"""What boards have drawn while requests were served by changing configurations is all somebody's.

Requests are inferences on both boards, with the switching of knobs between them.
"""

import msgspec
import numpy as np
import pytest

from dynasplit.accounting._attribution import Claims, Shares, attribute
from dynasplit.core.power_trace import Trace
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile
from tests.system.test_emulated_figures import pair_of, space

pytestmark = pytest.mark.medium
ROLES = ("edge", "cloud")


def exact_meters(profile):
    """The profile, with meters that are right."""
    quiet = {"noise": Noise()}
    for role in ROLES:
        board = getattr(profile, role)
        meter = msgspec.structs.replace(board.meter, gain_pct=0.0, noise_pct=0.0)
        quiet[role] = msgspec.structs.replace(board, meter=meter)
    return msgspec.structs.replace(profile, **quiet)


@pytest.fixture(scope="module")
def served():
    """Both boards after some runs, their inferences, and when knobs were set."""
    with pair_of(exact_meters(load_profile("pi4_coral_v100"))) as pair:
        reports, switches_ns = [], []
        for configuration in space().configurations[3::131]:
            before_ns = max(pair.edge.history.now_ns, pair.cloud.history.now_ns)
            reports.append(pair.run(configuration))
            switches_ns.append((before_ns, reports[-1].inferences[0].start_ns))
        yield pair, [i for report in reports for i in report.inferences], switches_ns


def divided(served, role: str, accounting: str) -> tuple[Shares, float]:
    """The shares of a board's energy, and what it has truly drawn."""
    pair, inferences, switches_ns = served
    history, meter = getattr(pair, role).history, getattr(pair, f"{role}_meter")
    readings = meter.readings(0)
    trace = Trace(np.array([t / 1e9 for t, _ in readings]), np.array([w for _, w in readings]), 0.1)
    asked_s = np.array([(i.start_ns, i.end_ns) for i in inferences]) / 1e9
    tails = [(i.tail_start_ns or i.end_ns, i.tail_end_ns or i.end_ns) for i in inferences]
    occupied_s = np.array(tails) / 1e9 if role == "cloud" and accounting != "wall" else asked_s
    idle_w = 840.0 if role == "cloud" else 3.0
    rules = {
        "occupied": {},
        "wall": {},
        "active": {"idle_share": 0.0, "idle_w": idle_w},
        "shared": {"paying_s": asked_s, "idle_share": 0.25, "idle_w": idle_w},
    }
    claims = Claims(occupied_s, switching_s=np.array(switches_ns) / 1e9, **rules[accounting])
    start_s, end_s = switches_ns[0][0] / 1e9, min(inferences[-1].end_ns / 1e9, trace.times_s[-1])
    exact_j = history.exact_j(round(start_s * 1e9), round(end_s * 1e9))
    return attribute(trace, start_s, end_s, claims), exact_j


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("accounting", ["occupied", "active", "wall", "shared"])
def test_all_shares_together_are_what_was_truly_drawn(served, role, accounting):
    shares, exact_j = divided(served, role, accounting)
    said_j = float(shares.requests_j.sum()) + shares.switching_j + shares.nobody_j
    assert said_j == pytest.approx(exact_j, rel=1e-3)
    assert shares.switching_j > 0
    assert float(shares.requests_j.sum()) > 0


def test_the_edge_s_requests_have_what_they_truly_drew(served):
    pair, inferences, _ = served
    shares, _ = divided(served, "edge", "occupied")
    true_j = sum(pair.edge.history.exact_j(i.start_ns, i.end_ns) for i in inferences)
    assert float(shares.requests_j.sum()) == pytest.approx(true_j, rel=0.01)
