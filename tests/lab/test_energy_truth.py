"""Energies on the lab's hosts against the truth; a meter whose program runs elsewhere likewise."""

from dataclasses import replace

import pytest

from tests.judged.energy_truth import PROFILES, WINDOWS, ratios, row_of, whole
from tests.lab.lab import Lab
from tests.lab.network import ip
from tests.lab.test_lab import address_of

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("profile", ["busy", "idle"])
@pytest.mark.parametrize("update_s", WINDOWS)
def test_a_tenth_of_the_windows_is_not_biased(lab, tmp_path, update_s, profile):
    windows = max(WINDOWS[update_s] // 10, 2)
    row = row_of(update_s, profile, ratios(lab, update_s, profile, windows, tmp_path))
    assert abs(row.bias) <= max(row.allowed, 0.01), row


@pytest.mark.judge
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("update_s", WINDOWS)
def test_all_windows_are_not_biased(lab, tmp_path, update_s, profile):
    row = whole(lab, update_s, profile, tmp_path)
    assert row.windows == WINDOWS[update_s]
    assert abs(row.bias) <= row.allowed, row


def reached_from_cloud(lab: Lab) -> None:
    """Let the cloud reach the edge's wall meter, which is on the controller's end of a cable."""
    meter, there = (lab.hosts[role].resource.split("::")[1] for role in ("edge", "cloud"))
    ip("route", "replace", f"{meter}/32", "via", there, of=lab.hosts["cloud"].pid)


@pytest.mark.parametrize("place", ["controller", "cloud"])
def test_a_meter_that_runs_elsewhere_finds_the_same_energy(lab, tmp_path, place):
    reached_from_cloud(lab)
    runs_on = "controller" if place == "controller" else replace(address_of(lab, "cloud"), knobs=())
    found = ratios(lab, 0.1, "busy", 3, tmp_path, runs_on=runs_on)
    assert found == pytest.approx([1.0] * 3, abs=0.02)
