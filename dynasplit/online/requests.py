"""Requests as single inferences: what a policy's choice does for one is measured by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.core.served_request import AttributingTestbed, Attribution
from dynasplit.core.space import Configuration
from dynasplit.online.metered import Metered, as_served


@dataclass(frozen=True)
class Requests:
    """A testbed that answers a request with one inference instead of a window.

    Attributes:
        testbed: infers.
        metered: the energy of an inference, by configuration.
    """

    testbed: ServingTestbed
    metered: Metered

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """Serve a request; its image is the one of its number.

        Raises:
            DynaSplitError: likewise as the testbed's.
        """
        assert request is not None, "only requests are single inferences"
        figures = self.metered.of(configuration)
        own = self.testbed.infer(configuration, request=request, stream=stream, payload=request)
        return as_served(own, figures)

    def attribute(self, tell: Callable[[str], None], *, at_end: bool) -> Sequence[Attribution]:
        """Whose the joules are that were metered meanwhile; nothing of a testbed without meters."""
        if not isinstance(self.testbed, AttributingTestbed):
            return []
        return self.testbed.attribute(self.metered.of, tell, at_end=at_end)
