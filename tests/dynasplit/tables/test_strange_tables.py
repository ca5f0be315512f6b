"""Tables and workloads that nobody wrote so: one DataError in one line, whatever is in them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynasplit.core.errors import DataError
from dynasplit.tables import read_requests, read_runs
from dynasplit.tables.workloads import read_columns

NOT_UTF8 = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
)
TEXTS = ("knob_x", "edge_accelerator", "model", "flags", "source", "cpu_mhz", "cloud_gpu")


def refused(read, path: Path, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        read(path)
    assert str(error.value).startswith(str(path))
    assert len(str(error.value).splitlines()) == 1


def parquet(folder: Path, metadata: dict[bytes, bytes] | None = None, **more: object) -> Path:
    path = folder / "runs.parquet"
    table = pa.table({"split_point": [1, 2], "latency_ms": [5.0, 6.0], **more})
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def csv(folder: Path, content: bytes) -> Path:
    path = folder / "runs.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("column", ["knob_x", "edge_accelerator", "model", "flags", "cpu_mhz"])
@pytest.mark.parametrize("cells", [[["a"], ["b"]], [{"a": 1}, {"a": 2}], [b"\xff", b"a"]])
def test_cells_that_are_no_single_value_are_refused(tmp_path, column, cells):
    path = parquet(tmp_path, **{column: cells})
    refused(read_runs, path, f"column {column}: found cells of type .* allowed: numbers, words")
    refused(read_requests, path, f"column {column}: found cells of type")


@pytest.mark.parametrize("column", TEXTS)
@pytest.mark.fault(
    group="files",
    fault="text in a table that is not UTF-8",
    seen="refused with file and column: `no UTF-8`",
)
def test_text_that_is_no_utf8_is_refused(tmp_path, column):
    refused(read_runs, parquet(tmp_path, **{column: NOT_UTF8}), f"column {column}: .* no UTF-8")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"split_point,latency_ms,n\xe9\n1,5,x\n", "byte 0xe9 in place 24, which is no UTF-8"),
        (b"split_point,latency_ms,model\n1,5,\xed\xa0\x80\n", "byte 0xed in place 33"),
        ("split_point,latency_ms\n1,5\n".encode("utf-16"), "byte 0xff in place 0"),
        (b"split_point,latency_ms\n" + b"1,5\n" * 90_000 + b"1,\xff\n", "UTF"),
        (b"split_point,latency_ms\n1,1e308\n", r"column latency_ms: found 1e\+308; allowed"),
        (b"split_point,latency_ms\n1,1e400\n", "column latency_ms: found inf"),
        (b"split_point,latency_ms,knob_x\n1,5,1e308\n", r"column knob_x: found 1e\+308"),
        (b"split_point,latency_ms,knob_x\n1,5,1e400\n", "column knob_x: found '1e400'"),
        (b"split_point,latency_ms,knob_x\n1,5,-inf\n", "column knob_x: found '-inf'"),
        (b"split_point,latency_ms,knob_\n1,5,3\n", "'knob_'; allowed: a name after knob_"),
        (b"split_point,latency_ms,channel_\n1,5,3\n", "'channel_'; allowed: a name"),
        (b"split_point,latency_ms,condition_\n1,5,3\n", "'condition_'; allowed: a name"),
        (b"split_point,latency_ms,knob_ x\n1,5,3\n", "'knob_ x'; allowed: a name"),
        (b"split_point,latency_ms,knob_split_point\n1,5,3\n", "one column for each knob"),
        (
            b"split_point,latency_ms,cpu_mhz,knob_cpu_mhz\n1,5,600,700\n",
            "found columns 'knob_cpu_mhz' and 'cpu_mhz'; allowed: one column for each knob",
        ),
    ],
)
@pytest.mark.fault(
    group="files",
    fault="tables with strange names, texts, or numbers",
    seen="refused with file and place: `column latency_ms: found 1e+308; allowed`",
)
def test_strange_names_texts_and_numbers_are_refused(tmp_path, content, said):
    refused(read_runs, csv(tmp_path, content), said)


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    path = tmp_path / "runs.parquet"
    arrays = [pa.array([1]), pa.array([5.0]), pa.array([6.0])]
    pq.write_table(
        pa.Table.from_arrays(arrays, names=["split_point", "latency_ms", "latency_ms"]), path
    )
    refused(read_runs, path, r"columns \['latency_ms'\] occur more than once")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({b"dynasplit.kind": b"\xff"}, "kind is"),
        ({b"dynasplit.last_split_point": b"x"}, "last_split_point is 'x'; allowed: a whole number"),
        ({b"dynasplit.last_split_point": b"inf"}, "last_split_point is 'inf'"),
        ({b"dynasplit.last_split_point": b"-1"}, "last_split_point is '-1'"),
    ],
)
def test_strange_metadata_is_refused(tmp_path, metadata, said):
    refused(read_runs, parquet(tmp_path, metadata), said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Index,Network,Latency\n1,n\xe9,5\n", "byte 0xe9 in place 25, which is no UTF-8"),
        (b"Index,Network,Latency\n1,n,1e308\n", r"column Latency: found 1e\+308"),
        (b"Index,Network,Latency\n1e308,n,5\n", r"column Index: found 1e\+308"),
        (b"Index,Network,Latency,knob_\n1,n,5,3\n", "'knob_'"),
    ],
)
def test_strange_workloads_are_refused(tmp_path, content, said):
    refused(read_columns, csv(tmp_path, content), said)


def test_a_workload_of_lists_is_refused(tmp_path):
    path = tmp_path / "workload.parquet"
    pq.write_table(pa.table({"Index": [1], "Network": [["a"]], "Latency": [1.0]}), path)
    refused(read_columns, path, "column Network: found cells of type list")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["knob_x", "cpu_mhz", "cloud_gpu", "channel_a_j", "model", "flags"]),
    cell=st.one_of(st.text(max_size=6), st.floats().map(str), st.integers().map(str)),
)
def test_any_cell_is_taken_or_refused(tmp_path, name, cell):
    quoted = cell.replace('"', '""').encode(errors="surrogatepass")
    content = f"split_point,latency_ms,{name}\n1,5,".encode() + b'"' + quoted + b'"\n'
    try:
        table = read_runs(csv(tmp_path, content))
    except DataError:
        return
    assert len(table.measurements) == 1
