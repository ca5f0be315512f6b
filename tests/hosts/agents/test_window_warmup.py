"""A warm-up that lasts at least so long: meters that lag see nothing else in the window."""

import numpy as np
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


def settling(latencies_ms, **more) -> MeasurementWindow:
    """A run whose inferences take these times, the last one for ever."""
    window, at_ns, count = MeasurementWindow(run_order(**(FIELDS | more))), 0, 0
    while not window.is_done:
        images = window.images(count)
        end_ns = at_ns + round(1e6 * latencies_ms[min(count, len(latencies_ms) - 1)])
        window.add([Inference(i, at_ns, end_ns, end_ns, None, None, 0) for i in images])
        at_ns, count = end_ns, count + 1
    return window


def test_a_warm_up_goes_on_until_latencies_are_steady():
    falling = [100 + 200 * 0.8**i for i in range(60)]
    assert settling(falling).first == 2  # by count alone
    first = settling(falling, max_warmup_s=60.0).first
    assert 20 < first < 50
    assert falling[first] < 101.5
    assert settling([100.0], max_warmup_s=60.0).first == 9  # steady from the first on


def test_a_warm_up_that_never_settles_ends_at_its_limit():
    rising = [100 * 1.05**i for i in range(200)]
    window = settling(rising, max_warmup_s=5.0, min_inferences=3)
    lasted_ms = sum(rising[: window.first])
    assert 5000 <= lasted_ms < 5000 + rising[window.first]


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_does_not_keep_a_warm_up_going(seed):
    noisy = (100 + 5 * np.random.default_rng(seed).standard_normal(400)).tolist()
    assert settling(noisy, max_warmup_s=30.0, min_inferences=3).first <= 15


@pytest.mark.parametrize("switched", [0, 1])
def test_a_request_is_one_inference_with_nothing_before_it_but_what_a_switch_needs(switched):
    rules = {"is_request": True, "warmup": switched, "min_inferences": 1, "images": (7,)}
    window, images = run(100, **rules)
    assert (window.first, window.last) == (switched, switched + 1)
    assert images == [(7,)] * (switched + 1)
