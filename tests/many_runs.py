"""Runs that are recorded as a campaign's would be, without one."""

from pathlib import Path

from dynasplit.core.events import Finished, Measured
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.recorder import RunFacts
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.run.journal import Journal

RUNS, CONFIGURATIONS = 60, 200
POLICIES = ("dynasplit", "cloud_only", "edge_only", "fastest", "least_energy")
BLOCK = {
    "requests": 50,
    "met_pct": 98.0,
    "infeasible": 0,
    "latency_ms": {"median": 440.0, "mean": 360.0, "p95": 900.0},
    "energy_j": {"median": 2.3, "mean": 19.2},
    "energy_saving_vs_cloud_pct": 72.0,
    "confidence_95": {"met_pct": [90.0, 99.0], "energy_saving_vs_cloud_pct": [60.0, 80.0]},
}
SUMMARY = {"hosts": "emulated", "policies": dict.fromkeys(POLICIES, BLOCK)}


def measured(count: int) -> list[Measurement]:
    return [
        Measurement(
            configuration=Configuration.of(n % 23, cpu_mhz=600 + 200 * (n // 23)),
            latency_ms=100.0 + n,
            energy_j=50.0 - n / 10,
            accuracy=0.6,
            testbed_time_s=3.4,  # as on the boards of quick_testbed; others take minutes
        )
        for n in range(count)
    ]


def facts(folder: Path, name: str) -> RunFacts:
    folder.mkdir()
    (folder / "front.png").write_bytes(b"picture" * 1000)
    config = {f"group{n}": {f"option{k}": n * k for k in range(10)} for n in range(10)}
    return RunFacts("many", name, folder.name, config, folder, folder.name)


def record(recorder: MlflowRecorder, journal: Journal, folder: Path) -> None:
    with recorder:
        for number, one in enumerate(measured(CONFIGURATIONS), start=1):
            journal.append(one)
            recorder(Measured("search", one, number, CONFIGURATIONS))
        recorder(Finished("search"))
        recorder.configurations({Configuration.of(1, cpu_mhz=600)})
        recorder.summary(SUMMARY)
        recorder.describe("**dynasplit met 98.0 % of 50 requests**\n\n![front](front.png)")
        recorder.artifacts(folder / "front.png")
    assert recorder.trouble is None


def named(number: int) -> str:
    search = ("structured", "nsga3", "random")[number // 20]
    return f"{search} · seed {number % 20} · vgg16 · emulated pi4_coral_v100"


def record_many(place: Path, store: str) -> list[str]:
    """Sixty runs in one experiment; returns their names."""
    for number in range(RUNS):
        folder, journal = place / f"run{number}", Journal()
        about = facts(folder, named(number))
        record(MlflowRecorder(store, about, journal, lambda: 0.0), journal, folder)
    return [named(number) for number in range(RUNS)]
