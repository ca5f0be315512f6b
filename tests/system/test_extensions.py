"""Knobs and a condition of a folder outside the project, from the search to table and figure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hosts.emulation.profile import PROFILES
from tests.recorded import table_of

ROOT = Path(__file__).resolve().parents[2]

FAN = '''
"""A fan at the edge, set by a file."""

from hosts.knobs.base import HostKnob


class Fan(HostKnob):
    name = "fan_pct"
    unit = "%"
    kind = int
    where = "edge"
    meaning = "speed of the edge's fan"
    least, most = 0, 100
    values = (20, 80)

    def __init__(self, machine):
        self._file = machine.root / "sys/class/fan_pct"

    def read(self):
        return int(self._file.read_text()) if self._file.is_file() else 20

    def write(self, value):
        self.check_allowed(value)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(str(value))
        self._log(f"write {value}")

    def snapshot(self):
        return {"was": self._file.read_text() if self._file.is_file() else ""}

    def restore(self, snapshot):
        self._file.write_text(snapshot["was"]) if snapshot["was"] else self._file.unlink()
        self._log(f"restore, file there: {self._file.is_file()}")

    def _log(self, line):
        with open(LOG, "a") as log:
            log.write(line + "\\n")


LOG = "{log}"
'''
THREADING = '''
"""How heads and tails share their work among threads, as far as a toy does."""

import os

from hosts.knobs.base import HostKnob


class Threading(HostKnob):
    name = "threading"
    kind = str
    where = "software"
    meaning = "how a stage uses its cores"
    values = ("single", "many")

    @classmethod
    def rank(cls, value):
        return float(cls.values.index(value)), value

    def __init__(self, machine):
        pass

    def read(self):
        return os.environ.get("TOY_THREADING", "single")

    def write(self, value):
        self.check_allowed(value)
        os.environ["TOY_THREADING"] = value

    def snapshot(self):
        return {"was": self.read()}

    def restore(self, snapshot):
        self.write(snapshot["was"])
'''
HUMIDITY = '''
"""A hygrometer that the emulated edge has."""

from hosts.conditions.base import Condition


class Humidity(Condition):
    name = "humidity_pct"
    unit = "%"
    where = "edge"
    meaning = "humidity of the air"

    def read(self, machine):
        return 41.5
'''


def write_extension(folder: Path) -> dict[str, str]:
    """Two toy knobs and a condition; returns the environment that names them."""
    for name, text in (
        ("knobs/fan_pct.py", FAN.replace("{log}", str(folder / "log"))),
        ("knobs/threading.py", THREADING),
        ("conditions/humidity_pct.py", HUMIDITY),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {**os.environ, "DYNASPLIT_EXTENSIONS": str(folder)}


def start(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run_experiment.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A small run with them on emulated hosts: its folder, environment, and what it said."""
    place = tmp_path_factory.mktemp("extended")
    environment = write_extension(place / "extension")
    profile = yaml.safe_load((PROFILES / "quick.yaml").read_text())
    profile["knobs"] = {"fan_pct": [20, 80], "threading": ["single", "many"]}
    (place / "profile.yaml").write_text(yaml.safe_dump(profile))
    done = start(
        environment,
        "+experiment=quick_testbed",
        f"hosts.profile={place}/profile.yaml",
        "search=grid",
        "space.cpu_mhz=[1800]",
        'space.edge_accelerator=["off"]',
        "space.cloud_gpu=[false]",
        "model.split_points=[0,3,7]",
        "search.front_repeats=1",
        "workload.requests=3",
        f"results_dir={place}/results",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (place / "results" / "quick_testbed").iterdir()
    return folder, environment, done.stdout


@pytest.mark.medium
def test_both_knobs_are_searched_recorded_and_put_back(extended):
    from dynasplit.tables import read_requests, read_runs

    folder, environment, said = extended
    runs = read_runs(folder / "runs.parquet")
    assert {c.get("fan_pct") for c in runs.configurations} == {20, 80}
    assert {c.get("threading") for c in runs.configurations} == {"single", "many"}
    assert len(runs.configurations) == 3 * 2 * 2
    served = read_requests(folder / "requests.parquet").rows
    assert {s.measurement.configuration.get("threading") for s in served} <= {"single", "many"}
    log = (Path(environment["DYNASPLIT_EXTENSIONS"]) / "log").read_text().splitlines()
    assert {"write 20", "write 80"} <= set(log)
    assert log[-1] == "restore, file there: False"
    assert "1800 MHz · no TPU · fan " in said


@pytest.mark.medium
def test_the_condition_is_in_both_tables_with_its_unit(extended):
    import pyarrow.parquet as pq

    for name in ("runs", "requests"):
        table = pq.read_table(extended[0] / f"{name}.parquet")
        assert set(table["condition_edge_humidity_pct"].to_pylist()) == {41.5}
        meant = table.schema.field("condition_edge_humidity_pct").metadata
        assert (meant[b"unit"], meant[b"meaning"]) == (b"%", b"humidity of the air")
        assert table.schema.field("knob_fan_pct").metadata[b"unit"] == b"%"
        assert "condition_edge_load_pct" not in table.column_names  # boards do not know it
        assert any(table["condition_link_bandwidth_mbit_s"].to_pylist())


@pytest.mark.medium
def test_mlflow_has_the_knobs_and_the_condition_in_its_table_of_configurations(extended):
    from mlflow.tracking import MlflowClient

    store = f"sqlite:///{extended[0].parents[1]}/mlflow.db"
    client = MlflowClient(store)
    (experiment,) = [e for e in client.search_experiments() if e.name == "quick_testbed"]
    (run,) = client.search_runs([experiment.experiment_id])
    table = table_of(store, run, "configurations")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    found = [row for row in rows if row["split_point"] == 3]
    assert {row["fan_pct"] for row in found} == {20, 80}
    assert {row["edge_humidity_pct"] for row in found} == {41.5}
    told = {row["configuration"] for row in found}
    assert "split 3 · 1800 MHz · no TPU · fan 80 % · no GPU · threading many" in told


SHOW = """
import sys
from pathlib import Path
from dynasplit.figures.conditions import series_of
from dynasplit.figures.knobs import shares_of
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_runs
folder = Path(sys.argv[1])
runs = read_runs(folder / "runs.parquet")
for shares in shares_of(runs.summaries(), ParetoFront.load(folder / "front.json")):
    print(shares.title, shares.values)
print(list(series_of(runs.measurements)))
"""


@pytest.mark.medium
def test_figures_say_the_knobs_and_the_condition_in_words(extended):
    folder, environment, _ = extended
    assert {"knobs.png", "conditions.png"} <= {p.name for p in folder.iterdir()}
    words = [sys.executable, "-c", SHOW, str(folder)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "fan_pct: speed of the edge's fan ('fan 20 %', 'fan 80 %')" in done.stdout
    assert "('threading single', 'threading many')" in done.stdout
    assert "edge: humidity of the air (%)" in done.stdout


@pytest.mark.medium
def test_without_the_folder_the_table_is_read_all_the_same(extended):
    from dynasplit.tables import read_runs

    runs = read_runs(extended[0] / "runs.parquet")
    assert runs.measurements[0].conditions["edge_humidity_pct"] == 41.5
    assert runs.space.knob("fan_pct").values == (20, 80)


def test_help_names_them_and_their_values_are_checked(tmp_path):
    environment = write_extension(tmp_path)
    told = start(environment, "--help").stdout
    assert "fan_pct" in told
    assert "speed of the edge's fan" in told
    assert "humidity of the air" in told
    asked = ("+experiment=quick_testbed", "dry_run=true", "space.fan_pct=fast")
    refused = start(environment, *asked).stderr
    assert "space.fan_pct=fast; allowed: a list of whole numbers" in refused
