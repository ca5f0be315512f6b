"""Whether configurations classify as well as cloud_only, compared on the same labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dynasplit.core.intervals import Interval, enough, of_difference, of_paired_difference
from dynasplit.core.measurement import Summary
from dynasplit.core.right_images import unpacked
from dynasplit.front.pareto_front import ParetoFront

Verdict = Literal["worse", "as_good", "undecided", "unknown"]
POINT = 0.01
"""A point of accuracy, of a share."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A configuration's accuracy beside the reference's.

    Attributes:
        summary: the configuration's.
        verdict: `worse`: the whole interval lies below the loss allowed; `as_good`: the whole
            interval lies above it; `undecided`: neither; `unknown`: on how many images accuracy
            was determined is not known.
        points: the difference of accuracies, in points. interval: its 95 % interval.
        is_paired: compared image by image.
        images: on how many.
        enough_images: so many would decide, if they differ as often; None: the verdict stands, or
            no number decides.
    """

    summary: Summary
    verdict: Verdict
    points: float
    interval: Interval | None = None
    is_paired: bool = False
    images: int | None = None
    enough_images: int | None = None

    def block(self) -> dict[str, Any]:
        """As summary.json has it."""
        return {
            "configuration": self.summary.configuration.words(),
            "verdict": self.verdict,
            "difference_points": self.points,
            "confidence_95": None if self.interval is None else list(self.interval),
            "paired": self.is_paired,
            "images": self.images,
            "images_that_decide": self.enough_images,
        }


def reference_of(front: ParetoFront) -> Summary | None:
    """What accuracies are compared with: cloud_only, else the front's most accurate member."""
    if front.quality != "accuracy":
        return None
    if front.cloud_only is not None and front.cloud_only.accuracy is not None:
        return front.cloud_only
    return max(front.summaries, key=lambda s: s.accuracy or 0.0)


def compared(front: ParetoFront, most_points: float) -> list[Comparison]:
    """Each member of a front beside the reference; nothing where accuracy was not measured.

    Args:
        front: whose members.
        most_points: the loss of accuracy that is allowed.
    """
    reference = reference_of(front)
    if reference is None:
        return []
    return [_compared(summary, reference, most_points) for summary in front.summaries]


@dataclass(frozen=True)
class _Shares:
    """Shares of images that are classified correctly, of a configuration and of the reference.

    Attributes:
        mine: the configuration's. other: the reference's.
        alone: those of images that one alone has right; None: not of the same images.
    """

    mine: float
    other: float
    alone: tuple[float, float] | None

    def interval(self, images: int, others: int) -> Interval:
        """The difference's, in points, if so many images of each have these shares."""
        if self.alone is not None:
            gained, lost = self.alone
            low, high = of_paired_difference(gained * images, lost * images, images)
        else:
            low, high = of_difference(self.mine * images, images, self.other * others, others)
        return low / POINT, high / POINT


def _compared(summary: Summary, reference: Summary, most_points: float) -> Comparison:
    mine, other = summary.accuracy or 0.0, reference.accuracy or 0.0
    points = (mine - other) / POINT
    if summary.configuration == reference.configuration:
        return Comparison(summary=summary, verdict="as_good", points=0.0, images=summary.images)
    if not summary.images or not reference.images:
        return Comparison(summary=summary, verdict="unknown", points=points)
    shares = _Shares(mine, other, _alone(summary, reference))
    interval = shares.interval(summary.images, reference.images)
    verdict, needed = _verdict(interval, most_points), None
    if verdict == "undecided":
        needed = enough(
            lambda n: _verdict(shares.interval(n, n), most_points) != "undecided",
            max(summary.images, reference.images),
        )
    return Comparison(
        summary=summary,
        verdict=verdict,
        points=points,
        interval=interval,
        is_paired=shares.alone is not None,
        images=summary.images,
        enough_images=needed,
    )


def _verdict(interval: Interval, most_points: float) -> Verdict:
    if interval[1] < -most_points:
        return "worse"
    return "as_good" if interval[0] >= -most_points else "undecided"


def _alone(summary: Summary, reference: Summary) -> tuple[float, float] | None:
    """The shares of images that each alone has right; None: not of the same images."""
    if summary.right is None or reference.right is None:
        return None
    mine, other = unpacked(summary.right), unpacked(reference.right)
    if len(mine) != len(other):
        return None
    return float(np.mean(mine & ~other)), float(np.mean(other & ~mine))
