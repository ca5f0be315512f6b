"""A plan gives the same answer, whichever testbed gave it the same measurements."""

import json
from pathlib import Path

import msgspec
import pytest

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_requests
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile, save_profile
from tests.commands import command_line

THRESHOLDS = ("workload.requests=20", "workload.min_ms=18", "workload.max_ms=130")


def run(place: Path, experiment: str, *words: str) -> Path:
    given = (
        f"+experiment={experiment}",
        *words,
        "tracking=none",
        "figures.draw=false",
        f"results_dir={place}",
    )
    done = command_line(*given)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (place / experiment).iterdir()
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """The exhaustive experiment on each testbed; emulated without noise, with ideal meters."""
    place = tmp_path_factory.mktemp("equivalence")
    profile = load_profile("quick")
    ideal = {
        name: msgspec.structs.replace(
            board, meter=msgspec.structs.replace(board.meter, gain_pct=0.0, noise_pct=0.0)
        )
        for name, board in (("edge", profile.edge), ("cloud", profile.cloud))
    }
    quiet = msgspec.structs.replace(profile, name="quiet", noise=Noise(), **ideal)
    save_profile(quiet, place / "quiet.yaml")

    found = {}
    words = ("quick_testbed", "search=grid", *THRESHOLDS)
    found["emulated"] = run(place / "a", *words, f"hosts.profile={place / 'quiet.yaml'}")
    runs = f"runs={found['emulated'] / 'runs.parquet'}"
    found["recorded"] = run(place / "b", *words, "hosts=recorded", runs)
    fitted = run(place / "fit", "fit_profile", runs) / "profile.yaml"
    found["modelled"] = run(place / "c", *words, "hosts=modelled", f"hosts.profile={fitted}")
    found["replay"] = run(place / "d", "replay", runs, *THRESHOLDS)
    found["nsga3"] = run(place / "e", *words[:1], "hosts=recorded", runs, *THRESHOLDS)
    words = (*words[:1], f"hosts.profile={place / 'quiet.yaml'}", *THRESHOLDS)
    found["nsga3_emulated"] = run(place / "f", *words)
    return found


def choices(folder: Path) -> dict[tuple[str, int], object]:
    rows = read_requests(folder / "requests.parquet").rows
    return {(r.policy, r.request): r.measurement.configuration for r in rows}


def policies(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())["policies"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("other", ["recorded", "replay"])
def test_recorded_runs_answer_as_the_hosts_that_made_them(folders, other):
    one, two = (ParetoFront.load(folders[name] / "front.json") for name in ("emulated", other))
    assert one.points() == pytest.approx(two.points(), rel=1e-9)
    assert [s.configuration for s in one.summaries] == [s.configuration for s in two.summaries]
    assert choices(folders["emulated"]) == choices(folders[other])
    for name, block in policies(folders["emulated"]).items():
        again = policies(folders[other])[name]
        assert again["met_pct"] == block["met_pct"]
        assert again["infeasible"] == block["infeasible"]
        for figure in ("latency_ms", "energy_j"):
            assert again[figure]["mean"] == pytest.approx(block[figure]["mean"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_search_takes_the_same_way_on_hosts_and_on_what_they_recorded(folders):
    one, two = (ParetoFront.load(folders[n] / "front.json") for n in ("nsga3", "nsga3_emulated"))
    assert [s.configuration for s in one.summaries] == [s.configuration for s in two.summaries]
    assert choices(folders["nsga3"]) == choices(folders["nsga3_emulated"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_profile_fitted_to_the_runs_answers_alike(folders):
    """What differs is what the meters' sampling adds to an energy, about a thousandth."""
    for name, block in policies(folders["emulated"]).items():
        modelled = policies(folders["modelled"])[name]
        assert modelled["met_pct"] == block["met_pct"]
        for figure in ("latency_ms", "energy_j"):
            assert modelled[figure]["mean"] == pytest.approx(block[figure]["mean"], rel=0.005)
    one, two = (ParetoFront.load(folders[name] / "front.json") for name in ("emulated", "modelled"))
    assert two.hypervolume(one) == pytest.approx(1, abs=0.005)
