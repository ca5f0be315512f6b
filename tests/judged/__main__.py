"""Makes the table of docs/judged.md anew: python -m tests.judged."""

from tests.judged.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
