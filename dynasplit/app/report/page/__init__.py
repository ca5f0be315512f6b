"""The page of a run, report.html: what it found, how far to trust it, how to repeat it."""

from dynasplit.app.report.page.content import Told
from dynasplit.app.report.page.written import PAGE, write_page

__all__ = ["PAGE", "Told", "write_page"]
