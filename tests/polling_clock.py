"""A clock for meters that are asked, which a test moves."""

from collections.abc import Callable


class Clock:
    """A polling clock that the test moves: waiting is done at once, and said to what draws."""

    def __init__(self, draw: Callable[[float], None] = lambda until_s: None) -> None:
        self.at_ns, self.draw = 5_000_000_000, draw

    def now_ns(self) -> int:
        self.at_ns += 1000
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.at_ns += round(seconds * 1e9)
        self.draw(self.at_ns / 1e9)
