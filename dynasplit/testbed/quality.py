"""Accuracy and fidelity of what a window inferred, measured once for each kind of head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dynasplit.measurement import Measurement
from dynasplit.space import Configuration
from hosts import codecs
from hosts.wire.messages import Inference

Quality = tuple[float | None, float | None]


@dataclass
class Qualities:
    """What is known of each split point, accelerator mode and lossy part of a codec.

    Outputs depend on nothing else.

    Attributes:
        references: (n,) the unsplit network's class of each image.
        labels: (n,) the true ones; None where they are not known.
    """

    references: Sequence[int]
    labels: Sequence[int] | None
    _known: dict[tuple[int, str, str], Quality] = field(default_factory=dict)

    def know(self, measurements: Iterable[Measurement]) -> None:
        """Take over what an earlier start of the run has measured."""
        for m in measurements:
            if m.quality is not None:
                self._known.setdefault(_pair(m.configuration), (m.accuracy, m.fidelity))

    def images_needed(self, configuration: Configuration) -> int:
        """How many images the next window must infer: all of them, or none in particular."""
        return 0 if _pair(configuration) in self._known else len(self.references)

    def of(self, configuration: Configuration, inferences: Iterable[Inference]) -> Quality:
        """(accuracy, fidelity), from these inferences if it is not known yet."""
        pair = _pair(configuration)
        if pair not in self._known:
            top1 = {i.image: i.top1 for i in inferences}
            accuracy = None if self.labels is None else _share(top1, self.labels)
            self._known[pair] = (accuracy, _share(top1, self.references))
        return self._known[pair]


def _pair(configuration: Configuration) -> tuple[int, str, str]:
    lossy = codecs.lossy_part(configuration.codec)
    return configuration.split_point, configuration.edge_accelerator, lossy


def _share(top1: dict[int, int], expected: Sequence[int]) -> float:
    return sum(found == expected[image] for image, found in top1.items()) / len(top1)
