"""What the cells of the terminal's table of policies say."""

import pytest

from dynasplit.app.cli.policies_table import _quality


@pytest.mark.parametrize(
    ("share", "bounds", "said"),
    [
        (20 / 24, (0.641, 0.933), "83.3 %\n64..93 %"),
        (1.0, (0.862, 1.0), "100.0 %\n86..100 %"),
        (0.5, None, "50.0 %"),
        (None, None, "-"),
    ],
)
def test_quality_and_its_interval_are_in_percent(share, bounds, said):
    block = {"accuracy": share, "confidence_95": {"accuracy": bounds}}
    assert _quality(block, "accuracy") == said
