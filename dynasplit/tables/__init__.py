"""Tables of runs and requests: read, checked, and written.

`read_runs` takes `runs.parquet` as every experiment writes it, the same as CSV, and the layout
that the reference system publishes. What the columns mean is in `columns.py`.
"""

from dynasplit.tables.columns import REQUESTS, RUNS, Column
from dynasplit.tables.io_requests import RequestsTable, read_requests, write_requests
from dynasplit.tables.io_runs import infer_last_split_point, read_runs, write_runs
from dynasplit.tables.runs import RunsTable

__all__ = [
    "REQUESTS",
    "RUNS",
    "Column",
    "RequestsTable",
    "RunsTable",
    "infer_last_split_point",
    "read_requests",
    "read_runs",
    "write_requests",
    "write_runs",
]
