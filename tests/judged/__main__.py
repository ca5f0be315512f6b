"""Makes tables of docs/judged.md anew: python -m tests.judged [PART ...], all without a name."""

import sys

from tests.judged.page import PAGE, PARTS, page

if __name__ == "__main__":
    parts = sys.argv[1:] or tuple(PARTS)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
