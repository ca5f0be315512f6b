"""Front files that nobody wrote so: refused when they are read, in one line."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import SearchSpace
from dynasplit.front.pareto_front import ParetoFront

Whole = dict[str, Any]
OLDER = Path(__file__).parents[2] / "older/quick_testbed/front.json"


@pytest.fixture(scope="module")
def whole(vgg16_runs: list[Measurement], vgg16_space: SearchSpace, tmp_path_factory) -> Whole:
    path = tmp_path_factory.mktemp("front") / "front.json"
    ParetoFront.build(
        vgg16_runs,
        model="vgg16",
        last_split_point=vgg16_space.last_split_point,
        source="recorded",
        cloud_only=vgg16_space.cloud_only,
        edge_only=vgg16_space.edge_only,
    ).save(path)
    found: Whole = json.loads(path.read_text())
    assert len(found["front"]["summaries"]) > 4
    return found


def loaded(path: Path, content: bytes | Whole) -> ParetoFront:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return ParetoFront.load(path)


def test_an_older_front_is_read():
    assert ParetoFront.load(OLDER).summaries


@pytest.mark.fault(
    group="files",
    fault="`front.json` out of order",
    seen="nothing: it is put in order",
)
def test_summaries_out_of_order_are_put_right(whole, tmp_path):
    mixed = copy.deepcopy(whole)
    mixed["front"]["summaries"].reverse()
    path = tmp_path / "front.json"
    assert loaded(path, mixed) == loaded(path, whole)


def _of(place: int, **figures: Any) -> Callable[[Whole], object]:
    return lambda front: front["summaries"][place].update(figures)


def _knob(value: Any) -> Callable[[Whole], object]:
    return lambda front: front["summaries"][1]["configuration"].update(knobs=value)


def _slower(front: Whole) -> None:
    worse = copy.deepcopy(front["summaries"][1])
    worse["configuration"]["split_point"] = 0 if worse["configuration"]["split_point"] else 1
    for name in ("latency_q25_ms", "latency_ms", "latency_q75_ms"):
        worse[name] += 1e6
    front["summaries"].append(worse)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_of(1, energy_j=None), "summary 1: found energies .* or none"),
        (_of(1, energy_j=None, energy_q25_j=None, energy_q75_j=None), "summary 1, energy_j: found"),
        (_of(1, latency_ms=None), "not a front file"),
        (_of(1, latency_ms="5"), "not a front file"),
        (_of(1, latency_ms=float("nan")), "not a front file"),
        (_of(1, latency_ms=1e308), r"summary 1: found 1e\+308 ms; allowed: above 0"),
        (_of(1, latency_ms=-5.0), "summary 1: found -5 ms; allowed: above 0"),
        (_of(1, energy_j=1e308), r"summary 1: found 1e\+308 J; allowed"),
        (_of(1, latency_q25_ms=9e7), "summary 1: found quartiles .* allowed: ascending"),
        (_of(1, latencies_ms=[0.0]), "summary 1, latencies_ms: found 0 ms"),
        (_of(1, accuracy=1.5), r"summary 1, accuracy: found 1\.5; allowed: 0 to 1"),
        (_of(1, accuracy=None), "summary 1, accuracy: found no value"),
        (_of(1, repeats=0), "summary 1, repeats: found 0"),
        (lambda f: f.update(last_split_point=-3), "last_split_point: found -3"),
        (lambda f: f.update(summaries=[]), "the front is empty"),
        (lambda f: f["edge_only"].update(latency_ms=-1), "edge_only: found -1 ms"),
        (lambda f: f["summaries"].append(f["summaries"][0]), "again, first in summary 0"),
        (_slower, r"summary \d+: found .* which summary 1 dominates"),
        (_knob([["cpu_mhz", 600], ["cpu_mhz", 1800]]), "found 'cpu_mhz' more than once"),
        (_knob([["", 600]]), "summary 1, knobs: found ''"),
        (_knob([["warp", 9]]), r"summary 1, knobs: found \['warp'\]; allowed: \['cpu_mhz'"),
        (_knob([["cpu_mhz", "fast"]]), "cpu_mhz: found 'fast'; allowed: a value of type int"),
        (_knob([["cpu_mhz", -600]]), "summary 1, knob cpu_mhz: found -600; allowed"),
    ],
)
@pytest.mark.fault(
    group="files",
    fault="`front.json` with figures that cannot be: no energy, 1e308",
    seen="refused in one line with the place: `summary 1: found 1e+308 J; allowed`",
)
def test_figures_that_no_front_has_are_refused(whole, tmp_path, spoil, said):
    spoilt = copy.deepcopy(whole)
    spoil(spoilt["front"])
    path = tmp_path / "front.json"
    with pytest.raises(DataError, match=said) as refused:
        loaded(path, spoilt)
    assert str(refused.value).startswith(str(path))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b'{"kind": "\xff"}', b'{"a": ' + b"[" * 10_000_000, b"[" * 10_000_000],
    ids=["empty", "utf16", "not_utf8", "nested", "nested_at_once"],
)
@pytest.mark.fault(
    group="files",
    fault="a damaged `front.json`",
    seen="`not a front file`",
)
def test_content_that_is_no_json_is_refused(tmp_path, content):
    with pytest.raises(DataError, match="not a front file"):
        loaded(tmp_path / "front.json", content)


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([])
)


@pytest.mark.medium
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_strange_value_is_refused_or_harmless(whole, tmp_path, data):
    spoilt = copy.deepcopy(whole)
    summary = data.draw(st.sampled_from(spoilt["front"]["summaries"]))
    name = data.draw(st.sampled_from(sorted(summary)))
    summary[name] = data.draw(_VALUES)
    try:
        front = loaded(tmp_path / "front.json", spoilt)
    except DataError:
        return
    latencies_ms = [s.latency_ms for s in front.summaries]
    assert latencies_ms == sorted(latencies_ms)
    assert front.fastest_ms > 0
