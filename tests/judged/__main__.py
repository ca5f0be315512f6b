"""Makes tables of docs/judged.md anew: python -m tests.judged [PART ...].

Without a name all that come out the same each time.
"""

import sys

from tests.judged.page import PAGE, PARTS, page

if __name__ == "__main__":
    parts = sys.argv[1:] or tuple(PARTS)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
