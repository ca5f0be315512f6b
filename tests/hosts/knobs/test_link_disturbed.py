"""The link's delay and loss, on a stand-in of tc: each is set beside the others."""

import pytest

from hosts.knobs import _shaping
from hosts.knobs.base import build
from tests.fake_tc import shaped

pytestmark = pytest.mark.medium


def test_rate_delay_and_loss_are_set_beside_each_other_and_taken_away_together(tmp_path, request):
    machine = shaped(tmp_path, request)
    knobs = [build(name, machine) for name in ("link_mbit_s", "link_delay_ms", "link_loss_pct")]
    assert [knob.read() for knob in knobs] == [100_000, 0, 0]
    was = knobs[0].snapshot()
    for knob, value in zip(knobs, (20, 50, 2), strict=True):
        knob.write(value)
    assert [knob.read() for knob in knobs] == [20, 50, 2]
    assert _shaping.disturbed("eth0") == (50, 2)
    knobs[1].write(0)
    assert [knob.read() for knob in knobs] == [20, 0, 2]
    knobs[0].restore(was)
    assert [knob.read() for knob in knobs] == [100_000, 0, 0]
