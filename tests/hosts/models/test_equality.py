"""float32 heads and their tails against the unsplit network, at every split point."""

import pytest

from hosts.models.prepare.prepare import prepare
from tests.bench.graphs import CLOSE, FURTHER, OWN, differences


def silent(_what: str) -> None:
    pass


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("graph", [*OWN, *FURTHER], ids=lambda graph: graph.name)
def test_float32_heads_and_tails_give_the_unsplit_networks_outputs(graph, tmp_path):
    found = differences(prepare(graph.order(tmp_path), silent, tmp_path), graph.eager)
    assert {k: off for k, off in found.items() if off > CLOSE} == {}
