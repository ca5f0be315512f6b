"""What a run says of measurements that gates or the audit doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dynasplit.core.provenance import is_doubtful, is_stated
from dynasplit.core.space import Configuration


def doubtful_block(
    runs: Sequence[Iterable[str]], unconfirmed: Iterable[Configuration] = ()
) -> dict[str, Any]:
    """The block `doubtful` of summary.json.

    Args:
        runs: the flags of each measurement.
        unconfirmed: what was kept off the front.
    """
    counts = Counter(flag for flags in runs for flag in flags if not is_stated(flag))
    return {
        "doubtful": {
            "measurements": sum(is_doubtful(flags) for flags in runs),
            "of": len(runs),
            "by_flag": dict(counts.most_common()),
            "off_the_front": [c.words() for c in unconfirmed],
        }
    }


def doubtful_lines(block: Mapping[str, Any]) -> list[str]:
    """What the terminal says of them; nothing where there are none."""
    if not block["measurements"]:
        return []
    flags = ", ".join(f"{name} {count}" for name, count in block["by_flag"].items())
    lines = [
        f"Doubtful: {block['measurements']} of {block['of']} measurements ({flags}; column flags "
        "of runs.parquet, docs/trust.md)"
    ]
    if off := block["off_the_front"]:
        lines.append(f"Kept off the front until further runs confirm them: {'; '.join(off)}")
    return lines
