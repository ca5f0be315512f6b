"""A warm-up that lasts at least so long: meters that lag see nothing else in the window."""

import pytest

from hosts.agents.window import MeasurementWindow
from hosts.wire.messages import Inference
from tests.orders import run_order

FIELDS = {
    **{"run": "r", "network": "n", "split_point": 1, "edge_accelerator": "off"},
    **{"cloud_gpu": False, "knobs": {}, "images": (0, 1, 2), "lead_out_s": 0.0},
    **{"warmup": 2, "min_inferences": 3, "min_window_s": 0.0},
}


def run(each_ms: int, **more) -> tuple[MeasurementWindow, list[tuple[int, ...]]]:
    """Inferences one after another until the window is done."""
    window, images = MeasurementWindow(run_order(**(FIELDS | more))), []
    while not window.is_done:
        begin_ns = len(images) * each_ms * 10**6
        images.append(window.images(len(images)))
        end_ns = begin_ns + each_ms * 10**6
        window.add([Inference(i, begin_ns, end_ns, end_ns, None, None, 0) for i in images[-1]])
    return window, images


@pytest.mark.parametrize(("warmup_s", "first"), [(0.0, 2), (0.15, 2), (0.35, 4), (1.0, 10)])
def test_the_window_begins_once_the_warm_up_has_lasted(warmup_s, first):
    window, images = run(100, warmup_s=warmup_s)
    assert (window.first, window.last) == (first, first + 3)
    assert images[:first] == [(0,)] * first
    assert images[first : first + 3] == [(0,), (1,), (2,)]  # in turn from the window's first


def test_batches_stay_whole():
    window, images = run(100, warmup_s=0.35, batch_size=2)
    assert window.first == 8
    assert images[4:6] == [(0, 1), (2, 0)]
