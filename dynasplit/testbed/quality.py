"""Accuracy and fidelity of what a window inferred, measured once for each kind of head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dynasplit.core.measurement import Measurement
from dynasplit.core.right_images import packed
from dynasplit.core.space import Configuration
from hosts import codecs
from hosts.wire.messages import Inference, Judged

Pair = tuple[int, str, str]


class Quality(NamedTuple):
    """Of one kind of head; None: not known (see `Measurement`)."""

    accuracy: float | None = None
    fidelity: float | None = None
    accuracy_top5: float | None = None
    output_mae: float | None = None
    images: int | None = None
    right: str | None = None


@dataclass
class Qualities:
    """The known qualities by split point, kind of head and lossy part of a codec.

    Outputs depend on nothing else: the accelerator runs the same head in all its modes.

    Attributes:
        references: (n,) the unsplit network's class of each image.
        labels: (n,) the true ones; None where they are not known.
    """

    references: Sequence[int]
    labels: Sequence[int] | None
    _known: dict[Pair, Quality] = field(default_factory=dict)

    def know(self, measurements: Iterable[Measurement]) -> None:
        """Take over what an earlier start of the run has measured."""
        for m in measurements:
            if m.quality is not None:
                found = Quality(*(getattr(m, name) for name in Quality._fields))
                self._known.setdefault(_pair(m.configuration), found)

    def is_known(self, configuration: Configuration) -> bool:
        """True if a window has measured it."""
        return _pair(configuration) in self._known

    def images_needed(self, configuration: Configuration) -> int:
        """The number of images that the next window must infer: all of them, or 0."""
        return 0 if self.is_known(configuration) else len(self.references)

    def of(
        self,
        configuration: Configuration,
        inferences: Iterable[Inference],
        judged: Judged | None = None,
    ) -> Quality:
        """The quality, if it is not known yet from these inferences and what was judged of them.

        Args:
            configuration: what was measured.
            inferences: of the window.
            judged: by the host where the network ended; None: nothing was.
        """
        pair = _pair(configuration)
        if pair not in self._known:
            top1 = {i.image: i.top1 for i in inferences}
            top5, maes = _told(judged, len(self.references))
            self._known[pair] = Quality(
                accuracy=None if self.labels is None else _share(top1, self.labels),
                fidelity=_share(top1, self.references),
                accuracy_top5=_within(top5, self.labels),
                output_mae=sum(maes) / len(maes) if maes else None,
                images=len(top1),
                right=_right(top1, self.labels),
            )
        return self._known[pair]


def codec_of(configuration: Configuration) -> str:
    """The lossy part of how the intermediate tensor is encoded."""
    return codecs.lossy_part(configuration.codec)


def _pair(configuration: Configuration) -> Pair:
    head = "cpu" if configuration.edge_accelerator == "off" else "accelerator"
    return configuration.split_point, head, codec_of(configuration)


def _told(judged: Judged | None, images: int) -> tuple[dict[int, tuple[int, ...]], list[float]]:
    """Classes by image, and differences; nothing unless every image was judged."""
    answers = judged.answers if judged is not None else ()
    if len(answers) != images:
        return {}, []
    differences = [mae for _, _, mae in answers if mae is not None]
    complete = len(differences) == images
    return {image: top for image, top, _ in answers}, differences if complete else []


def _right(top1: Mapping[int, int], labels: Sequence[int] | None) -> str | None:
    """Which images are classified correctly; None: not known of every image."""
    if labels is None or len(top1) < len(labels):
        return None
    return packed([top1[image] == label for image, label in enumerate(labels)])


def _share(top1: Mapping[int, int], expected: Sequence[int]) -> float:
    return sum(found == expected[image] for image, found in top1.items()) / len(top1)


def _within(top: Mapping[int, Sequence[int]], labels: Sequence[int] | None) -> float | None:
    if labels is None or not top:
        return None
    return sum(labels[image] in found for image, found in top.items()) / len(top)
