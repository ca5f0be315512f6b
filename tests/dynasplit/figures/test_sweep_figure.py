"""The figure of a sweep, for each number of swept options."""

import itertools

import pytest
from PIL import Image

from dynasplit.figures import draw_sweep_figure
from dynasplit.figures.series import Origin

SWEPT = {
    "search": ["random", "tpe", "nsga3"],
    "workload.requests": ["500", "50"],
    "policy.quantile": ["0.5", "0.9"],
    "energy": ["occupied", "wall"],
}


def groups(count: int, lacking: int | None = None) -> list[dict]:
    names = list(SWEPT)[:count]
    found = []
    for nth, values in enumerate(itertools.product(*(SWEPT[name] for name in names))):
        one = (90.0 + nth, (85.0, 95.0), [88.0, 90.0, 92.0])
        figures = {"met_pct": one, "energy_j_mean": one, "search_hypervolume": one}
        own = {} if nth == lacking else dict.fromkeys(("dynasplit", "fastest"), figures)
        options = dict(zip(names, values, strict=True))
        found.append({"options": options, "head": "dynasplit" if own else None, "figures": own})
    return found


@pytest.mark.medium
@pytest.mark.parametrize(("count", "lacking"), [(0, None), (1, 0), (2, 0), (3, 0), (4, None)])
def test_a_sweep_of_any_number_of_options_is_drawn(tmp_path, count, lacking):
    path = tmp_path / "sweep.png"
    drawn = draw_sweep_figure(path, groups(count, lacking), Origin("vgg16", "modelled", ""), "by x")
    assert drawn == path
    with Image.open(path) as image:
        assert len(image.convert("RGB").getcolors(1 << 20)) > 20, "an empty figure"
        assert image.info["Title"] == "vgg16: by x"
        assert "MODELLED" in image.info["Source"]
        assert ("crosses: none is finished" in image.info["Source"]) == (lacking == 0)


def test_places_that_are_numbers_are_in_their_order():
    from dynasplit.figures import sweep

    layout = sweep._layout(groups(2))
    assert (layout.places, layout.series) == (["random", "tpe", "nsga3"], ["50", "500"])
    assert layout.names == ("search", "workload.requests", "")


def test_nothing_is_drawn_of_a_sweep_without_figures(tmp_path):
    told = (groups(0, 0), Origin("vgg16", "modelled", ""), "all policies")
    assert draw_sweep_figure(tmp_path / "sweep.png", *told) is None
