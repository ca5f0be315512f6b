"""A run's report is the same after its way; what is no report is refused."""

import zlib

import pytest

from hosts.core.errors import WireError
from hosts.wire.messages import MESSAGE_LIMIT_BYTES, Inference, RunReport, decode, encode
from hosts.wire.packed import PackedReport, pack, unpack
from hosts.wire.samples import Noted


def report(*inferences: Inference) -> RunReport:
    return RunReport(
        inferences=list(inferences),
        first=1,
        last=2,
        tensor_bytes=7,
        conditions={"soc_temp_c": 41.5},
        noted=Noted(state="max"),
        board_ns=12,
    )


def travelled(report: RunReport) -> RunReport:
    return unpack(decode(encode(pack(report)), PackedReport))


ENDS = [
    Inference(0, 10, 20, 30, None, None, 3),
    Inference(2, 40, 50, 90, 2**62, 2**62 + 1, 9, 51, -5, -(2**62), 700),
    Inference(1, -(2**63) + 1, 2**63 - 1, 0, None, 0, 0, None, 8, None, 1),
]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_report_is_the_same_after_its_way(count):
    sent = report(*ENDS[:count])
    before = list(sent.inferences)
    assert travelled(sent) == sent
    assert sent.inferences == before


def test_a_million_inferences_fit_into_a_message():
    rows = [
        Inference(i % 24, i * 12_345, i * 12_345 + 9000 + i % 91, i * 12_345 + 9800, None, None, 1)
        for i in range(1_000_000)
    ]
    body = encode(pack(report(*rows)))
    assert len(body) < MESSAGE_LIMIT_BYTES / 8


def test_a_number_beyond_64_bits_is_refused_where_it_is_sent():
    with pytest.raises(WireError, match="RunReport cannot be sent"):
        pack(report(Inference(0, 2**64, 20, 30, None, None, 3)))


@pytest.mark.parametrize(
    ("count", "columns", "said"),
    [
        (-1, b"", "a report of -1 inferences"),
        (10**8, b"", "a report of 100000000 inferences"),
        (1, b"rubbish", "cannot be read"),
        (2, zlib.compress(bytes(88)), "not 176 bytes for 2"),
        (1, zlib.compress(bytes(2**24)), "not 88 bytes for 1"),
        (1, zlib.compress(bytes(88))[:-3], "not 88 bytes for 1"),
    ],
)
@pytest.mark.fault(
    group="wire",
    fault="a run's report whose columns are damaged, or of other sizes than it says",
    seen="refused in words",
)
def test_columns_that_are_none_are_refused(count, columns, said):
    with pytest.raises(WireError, match=said):
        unpack(PackedReport(report=report(), count=count, columns=columns))
