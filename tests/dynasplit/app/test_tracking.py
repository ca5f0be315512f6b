"""What is said of a run in MLflow, and where it is to be found there."""

from types import SimpleNamespace

import pytest

from dynasplit.app.report.tracking import description
from dynasplit.app.setup.where_recorded import tell_where

BLOCK = {
    "requests": 50,
    "met_pct": 98.04,
    "latency_ms": {"median": 439.94},
    "energy_j": {"mean": 14.55},
    "energy_saving_vs_cloud_pct": 78.83,
    "confidence_95": {"met_pct": [89.5, 99.6], "energy_saving_vs_cloud_pct": None},
}
SUMMARY = {
    "policies": {"dynasplit": BLOCK, "edge_only": {**BLOCK, "energy_j": {"mean": None}}},
    "accounting": "wall",
    "emulated": True,
    "told": ["with the fault frozen_meter"],
    "workload": {"words": "as stated"},
}


def test_the_description_has_the_headline_with_its_interval_and_a_table():
    told = description(SUMMARY)
    said = "meets 98.0 % (89.5 to 99.6) of 50 requests, 14.6 J a request (energy=wall)."
    assert f"dynasplit saves 78.8 % against cloud_only, {said}" in told
    assert "| edge_only | 98.0 (89.5 to 99.6) | 439.9 | - | 78.8 |" in told
    assert "*with the fault frozen_meter*" in told
    assert "No measurement" in told
    assert "No measurement" not in description(SUMMARY | {"emulated": False})


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (
            "sqlite:///a b/mlflow.db",
            "mlflow ui --backend-store-uri 'sqlite:///a b/mlflow.db' --artifacts-destination "
            "'a b/mlflow_artifacts', and then http://127.0.0.1:5000/#/experiments/1/runs/2",
        ),
        ("https://me:secret@host/", "In MLflow: https://me:***@host/#/experiments/1/runs/2"),
    ],
)
def test_the_run_itself_is_linked_to(uri, expected):
    said = []
    kept = SimpleNamespace(tracking="mlflow", tracking_uri=uri)
    recorder = SimpleNamespace(place="#/experiments/1/runs/2", trouble=None, lost=None)
    tell_where(kept, recorder, SimpleNamespace(say=said.append))
    assert expected in said[0]
    assert "secret" not in said[0]


def test_what_waits_is_said_with_the_command_that_sends_it():
    said = []
    kept = SimpleNamespace(tracking="server", tracking_uri="http://host", results_dir="my results")
    recorder = SimpleNamespace(place="", trouble="ConnectionError: away", lost=None)
    tell_where(kept, recorder, SimpleNamespace(say=said.append))
    assert "Not in MLflow yet (ConnectionError: away)" in said[0]
    assert "+experiment=sync_tracking results_dir='my results'" in said[0]
