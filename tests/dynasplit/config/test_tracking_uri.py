"""Where runs are recorded: as the option says, else the environment, else in the results folder."""

import pytest

from dynasplit.app.setup.resolve import record_inputs
from dynasplit.config.options.hosts import HostsConf
from dynasplit.config.schema import Config


@pytest.mark.parametrize(
    ("said", "environment", "expected"),
    [
        ("http://host:5000", "http://other:5000", "http://host:5000"),
        (None, "http://other:5000", "http://other:5000"),
        (None, None, "sqlite:///some/where/mlflow.db"),
        (None, "", "sqlite:///some/where/mlflow.db"),
    ],
)
def test_the_store(monkeypatch, said, environment, expected):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if environment is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", environment)
    config = Config(name="e", hosts=HostsConf(kind="emulated"), results_dir="some/where")
    config.tracking.uri = said
    assert record_inputs(config).tracking_uri == expected
