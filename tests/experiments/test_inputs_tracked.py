"""What a run reads stands in MLflow as its inputs, by content."""

import hashlib
from pathlib import Path

import pytest

from tests.commands import command_line

RUNS = Path(__file__).resolve().parents[1] / "older" / "quick_testbed" / "runs.parquet"


@pytest.mark.medium
def test_a_run_names_the_files_that_it_reads(tmp_path):
    quick = ("+experiment=quick_testbed", "hosts=recorded", f"runs='{RUNS}'", "search=grid")
    done = command_line(
        *quick, "workload.requests=3", "figures.draw=false", f"results_dir={tmp_path}"
    )
    assert done.returncode == 0, done.stderr

    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("quick_testbed")
    (run,) = client.search_runs([experiment.experiment_id])
    found = {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}
    assert set(found) == {"runs.parquet"}  # no image is looked at where a table answers
    assert found["runs.parquet"] == hashlib.sha256(RUNS.read_bytes()).hexdigest()[:8]
