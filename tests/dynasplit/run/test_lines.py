"""Lines beside the journal."""

import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.run.lines import append_line


@pytest.mark.parametrize("torn", [b"", b'{"whole": 1}\n', b'{"whole": 1}\n{"to', b"{"])
def test_a_line_stands_alone_whatever_a_kill_has_left(tmp_path, torn):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(torn)
    append_line(path, b'{"new": 1}')
    append_line(path, b'{"new": 2}')
    lines = path.read_bytes().splitlines()
    assert lines[-2:] == [b'{"new": 1}', b'{"new": 2}']
    assert lines[:-2] == torn.splitlines()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ResultsError, match=f"cannot write to {tmp_path}: Is a directory"):
        append_line(tmp_path, b"{}")
