"""Words of errors, as a terminal and a wire may take them."""

import pytest

from hosts.core.errors import MeterError, one_line


@pytest.mark.parametrize("strange", ["\x1b", "\x00", "\x9b", "\udcff"])
def test_what_an_error_quotes_reaches_no_terminal_as_it_is(strange):
    sign = "\N{REPLACEMENT CHARACTER}"
    assert one_line(MeterError(f"a meter\n said {strange}[2J")) == f"a meter said {sign}[2J"
    assert one_line(ValueError(f"ä{strange}")) == f"ValueError: ä{sign}"
