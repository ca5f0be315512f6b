import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import Attributed, Attribution, ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.run.journal import Journal
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import Begun

RUN = Measurement(
    configuration=Configuration.of(3, cpu_mhz=600, edge_accelerator="max", cloud_gpu=True),
    repeat=2,
    source="emulated",
    latency_ms=0.1 + 0.2,
    energy_j=2.5,
    channels={"edge_wall_j": 2.25, "edge_package_j": 1.5},
    flags=("transfer",),
)
A = Begun(identity="a", experiment="e", network="vgg16", last_split_point=22)
B = Begun(identity="b", experiment="e2", network="vgg16", last_split_point=22)
AGAIN = replace(RUN, repeat=3)
SERVED = ServedRequest(
    request=7, network="vgg16", policy="fastest", threshold_ms=1.5, measurement=RUN
)


def test_reads_back_exactly_what_was_appended(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(RUN)
        journal.append_served(SERVED)
        assert journal.measurements() == [RUN]
    with Journal(path) as journal:
        assert journal.measurements() == [RUN]
        assert journal.served() == [SERVED]
        journal.append(AGAIN)
    assert Journal(path).measurements() == [RUN, AGAIN]


def test_each_record_is_on_the_disk_before_append_returns(tmp_path, monkeypatch):
    synced = []
    sync = os.fsync

    def noted(fd: int) -> None:
        synced.append(os.fstat(fd).st_size)
        sync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    with Journal(tmp_path / "j") as journal:
        journal.append(RUN)
        journal.append_served(SERVED)
    assert len(synced) == 2
    assert synced[-1] == (tmp_path / "j").stat().st_size


@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_torn_last_line_is_cut_off_and_written_over(tmp_path, kept):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append(RUN)
        journal.append(AGAIN)
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:kept])
    with Journal(path) as journal:
        assert journal.measurements() == [RUN]
        assert bool(journal.remarks) == bool(second[:kept])
        assert not (tmp_path / "j.damaged").exists()
        journal.append_served(SERVED)
    reopened = Journal(path)
    assert (reopened.measurements(), reopened.served()) == ([RUN], [SERVED])


@pytest.mark.parametrize("line", [b"\0" * 40, b"\xff\xfe{}", b'{"kind":"measured","meas', b""])
@pytest.mark.fault(
    group="files",
    fault="a damaged journal",
    seen="a word; it goes on with what is whole",
    kept="the file as it was found, as `journal.jsonl.damaged`",
)
def test_lines_that_cannot_be_read_are_left_out_with_a_word(tmp_path, line):
    path = tmp_path / "j"
    with Journal(path) as journal:
        assert not journal.remarks
        journal.append(RUN)
        journal.append_served(SERVED)
    first, second = path.read_bytes().splitlines(keepends=True)
    damaged = first + line + b"\n" + second
    path.write_bytes(damaged)
    with Journal(path) as journal:
        assert (journal.measurements(), journal.served()) == ([RUN], [SERVED])
        (remark,) = journal.remarks
        assert "lines 2 cannot be read" in remark
        assert "kept as it was found as j.damaged" in remark
        journal.append(AGAIN)
    assert (tmp_path / "j.damaged").read_bytes() == damaged
    with Journal(path) as journal:
        assert journal.measurements() == [RUN, AGAIN]
        assert not journal.remarks


def test_cut_off_at_any_byte_it_goes_on_with_the_whole_lines(tmp_path):
    content = lines_of(tmp_path / "whole", A, RUN, AGAIN)
    path = tmp_path / "j"
    for end in range(len(content)):
        path.write_bytes(content[:end])
        whole = content[:end].count(b"\n")
        with Journal(path, A.identity) as journal:
            assert journal.measurements() == [RUN, AGAIN][: max(0, whole - 1)]
            assert bool(journal.remarks) == (content[:end][-1:] not in (b"", b"\n"))
        assert path.read_bytes() == content[: content.rfind(b"\n", 0, end) + 1]
    assert not list(tmp_path.glob("*.damaged*"))


def test_whose_joules_are_is_told_after_the_request_and_belongs_to_it(tmp_path):
    shares = Attributed(edge_attributed_j=1.5, edge_switching_j=0.25, edge_nobody_j=-1e-9)
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append_served(SERVED, "a")
        journal.append_attributions([Attribution(7, "fastest", shares)], "a")
        journal.append_attributions([Attribution(8, "fastest", shares)], "a")  # of no request
        told = journal.served("a")
    assert told == [replace(SERVED, attributed=shares)]
    with Journal(path) as journal:
        assert journal.served("a") == told
        assert not journal.remarks
    path.write_bytes(path.read_bytes().replace(b"0.25", b"1e300"))
    assert Journal(path).served("a") == [SERVED]


def test_each_online_phase_has_its_own_requests(tmp_path):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append_served(SERVED, "a")
        assert journal.served("b") == []
    with Journal(path) as journal:
        assert (journal.served("a"), journal.served()) == ([SERVED], [])


def test_what_a_journal_is_of_is_said_once(tmp_path):
    path = tmp_path / "j"
    for _ in range(2):
        with Journal(path, A.identity) as journal:
            journal.begin(A)
            assert journal.begun == A
    before = path.read_bytes()
    assert read_journal(path).begun == A
    assert path.read_bytes() == before


def lines_of(path: Path, begun: Begun, *runs: Measurement) -> bytes:
    """The journal of a run that has measured this."""
    with Journal(path, begun.identity) as journal:
        journal.begin(begun)
        for run in runs:
            journal.append(run)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("made", "left_out"),
    [
        (lambda own, other: own + other, "lines 4 to 6 are of another run (e2, identity b)"),
        (lambda own, other: other + own, "lines 1 to 3 are of another run (e2, identity b)"),
        (
            lambda own, other: own + b'{"kind":"meas' + other,
            "lines 4 cannot be read, lines 5 to 6 are of another run",
        ),
        (lambda own, other: own[:-9] + other, "lines 3 cannot be read, lines 4 to 5 are of"),
        (lambda own, other: own + other + own, "lines 4 to 6 are of another run (e2, identity b)"),
    ],
    ids=["behind it", "before it", "behind a part of a line", "behind a torn line", "between"],
)
@pytest.mark.fault(
    group="files",
    fault="lines of another run in a journal",
    seen="which lines, and of which run; it goes on with its own",
    kept="the file as it was found, as `journal.jsonl.damaged`",
)
def test_lines_of_another_run_are_left_out_with_a_word(tmp_path, made, left_out):
    other = lines_of(tmp_path / "other", B, replace(RUN, latency_ms=9.0), replace(RUN, repeat=7))
    own = lines_of(tmp_path / "own", A, RUN, AGAIN)
    mixed = made(own, other)
    (tmp_path / "own").write_bytes(mixed)
    with Journal(tmp_path / "own", A.identity) as journal:
        (remark,) = journal.remarks
        assert left_out in remark
        assert journal.begun == A
        assert journal.measurements() == [RUN, AGAIN][: 1 if "3 cannot" in left_out else 2]
    assert (tmp_path / "own.damaged").read_bytes() == mixed
    with Journal(tmp_path / "own", A.identity) as journal:
        assert not journal.remarks


@pytest.mark.fault(
    group="files",
    fault="another run's journal in place of a run's own",
    seen="exit code 1: `another run measured (...), and nothing`, and what to do",
    kept="all",
)
def test_the_journal_of_another_run_is_refused(tmp_path):
    content = lines_of(tmp_path / "j", B, RUN)
    with pytest.raises(ResultsError, match=r"another run measured \(e2, identity b\), and nothing"):
        Journal(tmp_path / "j", A.identity)
    assert (tmp_path / "j").read_bytes() == content


def test_older_lines_that_do_not_say_whose_they_are_are_the_run_s(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.append(RUN)
    with Journal(tmp_path / "j", A.identity) as journal:
        journal.begin(A)
        journal.append(AGAIN)
    with Journal(tmp_path / "j", A.identity) as journal:
        assert journal.measurements() == [RUN, AGAIN]
        assert not journal.remarks


def test_what_is_said_twice_counts_once_with_a_word(tmp_path):
    content = lines_of(tmp_path / "j", A, RUN, AGAIN)
    (tmp_path / "j").write_bytes(content + content)
    with Journal(tmp_path / "j", A.identity) as journal:
        assert journal.measurements() == [RUN, AGAIN]
        assert "lines 4 to 6 say again what is said before" in journal.remarks[0]


def test_what_was_kept_of_an_earlier_damage_stays(tmp_path):
    content = lines_of(tmp_path / "j", A, RUN)
    for found in (b"\0\n", b"\1\n"):
        (tmp_path / "j").write_bytes(found + content)
        Journal(tmp_path / "j", A.identity).close()
    assert (tmp_path / "j.damaged").read_bytes() == b"\0\n" + content
    assert (tmp_path / "j.damaged_2").read_bytes() == b"\1\n" + content


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b"latency_ms", b"lbtency_ms"),
        lambda line: re.sub(rb'"latency_ms":[0-9.e-]+', b'"latency_ms":1e308', line),
        lambda line: re.sub(rb'"latency_ms":[0-9.e-]+', b'"latency_ms":-5', line),
        lambda line: re.sub(rb'"energy_j":[0-9.e-]+', b'"energy_j":1e308', line),
        lambda _line: b'{"kind":"measured"}\n',
        lambda line: re.sub(rb'"repeat":[0-9]+', b'"repeat":-1', line),
        lambda line: re.sub(rb'"fidelity":null', b'"fidelity":1e308', line),
        lambda line: re.sub(rb'"testbed_time_s":null', b'"testbed_time_s":1e308', line),
        lambda line: re.sub(rb'"split_point":[0-9]+', b'"split_point":-1', line),
    ],
)
def test_a_line_that_holds_no_measurement_is_left_out_with_a_word(tmp_path, spoil):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append(RUN)
        journal.append(AGAIN)
    line, again = path.read_bytes().splitlines(keepends=True)
    assert spoil(line) != line
    path.write_bytes(line + spoil(line) + again)
    with Journal(path) as journal:
        assert len(journal.measurements()) == 2
        assert journal.remarks == [
            "j: lines 2 cannot be read; it goes on with what is whole, and is kept as it was "
            "found as j.damaged"
        ]


def test_a_request_whose_figures_cannot_be_is_left_out_with_a_word(tmp_path):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append_served(SERVED)
        journal.append_served(replace(SERVED, request=8))
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + re.sub(rb'"latency_ms":[0-9.e-]+', b'"latency_ms":1e308', second))
    with Journal(path) as journal:
        assert journal.served() == [SERVED]
        assert "lines 2 cannot be read" in journal.remarks[0]


def test_a_file_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "j").write_text('{"kind":"strange"}\n')
    with pytest.raises(ResultsError, match=r"line 1: .* Start anew in another folder"):
        Journal(tmp_path / "j")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot open"):
        Journal(tmp_path / "file" / "j")


def test_without_a_path_it_is_kept_in_memory():
    journal = Journal()
    journal.append(RUN)
    assert journal.measurements() == [RUN]


def test_met_and_exceedance():
    assert SERVED.met
    assert SERVED.exceedance_ms is None
    late = ServedRequest(
        request=0,
        network="n",
        policy="p",
        threshold_ms=0.25,
        measurement=RUN,
    )
    assert not late.met
    assert late.exceedance_ms == pytest.approx(0.05)
