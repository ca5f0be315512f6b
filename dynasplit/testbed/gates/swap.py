"""Memory that is swapped during a window."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Swap(Gate):
    """Pages written to swap or read back, from warm-up to lead-out."""

    name = "swap"
    unit = "pages"
    meaning = "no memory is swapped from warm-up to lead-out"
    source = "background: no swap"
    thresholds = (Threshold("max_pages", 0.0, "written to swap or read back"),)
    cost = "none"
    without = "latencies hold the time of a disk"

    def check(self, window: Window) -> Verdict | None:
        """Of the host that swapped more."""
        told: list[tuple[float, str]] = []
        for role, host in window.hosts.items():
            pages = [one.swapped_pages for one in host.samples if one.swapped_pages is not None]
            if len(pages) > 1:
                told.append((pages[-1] - pages[0], role))
        if not told:
            return None
        (found, role), limit = max(told), self.limit("max_pages")
        said = f"{role}: {found:.0f} pages of memory were swapped; at most {limit:g} may be"
        return Verdict(found, limit, said if found > limit else "")
