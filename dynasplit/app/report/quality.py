"""What a run says of its network's quality: what is as good as cloud_only, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynasplit.core.intervals import of_share
from dynasplit.core.measurement import Summary
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.equal_quality import compared, reference_of


def quality_block(
    front: ParetoFront, options: Mapping[str, Any], weights: str | None = None
) -> dict[str, Any]:
    """The block `quality` of summary.json; nothing where no quality was measured.

    Args:
        front: whose members are compared.
        options: of the policy `dynasplit`.
        weights: where the network's weights came from; None: not known.
    """
    found: dict[str, Any] = {"name": front.quality}
    found |= {"weights": weights} if weights is not None else {}
    reference = reference_of(front)
    if reference is not None:
        most_points = options.get("max_accuracy_loss")
        found["reference"] = reference.configuration.words()
        found["max_accuracy_loss"] = most_points
        if most_points is not None:
            found["members"] = [one.block() for one in compared(front, most_points)]
    elif front.quality == "fidelity":
        found["min_fidelity"] = options.get("min_fidelity")
        found["members"] = [_fidelity(summary) for summary in front.summaries]
    return {"quality": found} if front.quality else {}


def quality_lines(block: Mapping[str, Any] | None) -> list[str]:
    """What the terminal says of it."""
    if block is None or "members" not in block:
        return []
    if block["name"] == "fidelity":
        return [_fidelity_words(block)]
    members, most_points = block["members"], _points(block["max_accuracy_loss"])
    lines = [
        f"Less accurate than {block['reference']} by more than {most_points}, so not chosen by "
        f"dynasplit: {_compared_words(one)}"
        for one in members
        if one["verdict"] == "worse"
    ]
    if unsure := [one for one in members if one["verdict"] == "undecided"]:
        lines.append(_unsure_words(unsure, len(members), most_points))
    if unknown := [one for one in members if one["verdict"] == "unknown"]:
        lines.append(
            f"On how many images accuracy was determined is not known of {len(unknown)} of "
            f"{len(members)} members of the front (an older table, or a profile): none of them is "
            "left out for it"
        )
    if any(not one["paired"] and one["confidence_95"] is not None for one in members):
        lines.append(
            "Which images were classified correctly is not kept in these runs: accuracies are "
            "compared as of different images, which tells less than in pairs"
        )
    return lines


def _points(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


def _fidelity(summary: Summary) -> dict[str, Any]:
    found: dict[str, Any] = {
        "configuration": summary.configuration.words(),
        "fidelity": summary.fidelity,
        "images": summary.images,
        "confidence_95": None,
    }
    if summary.images and summary.fidelity is not None:
        bounds = of_share(summary.fidelity * summary.images, summary.images)
        found["confidence_95"] = list(bounds)
    return found


def _fidelity_words(block: Mapping[str, Any]) -> str:
    least = min(block["members"], key=lambda one: one["fidelity"])
    told = f"{100 * least['fidelity']:.0f} %"
    if least["images"]:
        low, high = (100 * bound for bound in least["confidence_95"])
        right = round(least["fidelity"] * least["images"])
        told = f"{right} of {least['images']} images, 95 % interval {low:.0f} to {high:.0f} %"
    weights = ", of random weights" if block.get("weights") == "random" else ""
    asked = block["min_fidelity"]
    rule = "none is left out for it" if asked is None else f"below {asked:g} dynasplit chooses none"
    return (
        f"Fidelity, the agreement with the unsplit network{weights}: {told} at the least on the "
        f"front; {rule} (policy.min_fidelity)"
    )


def _compared_words(one: Mapping[str, Any]) -> str:
    low, high = one["confidence_95"]
    pairs = " in pairs" if one["paired"] else ""
    return (
        f"{one['configuration']}: {one['difference_points']:+.2g} points, 95 % interval "
        f"{low:+.2g} to {high:+.2g}, {one['images']:,} images{pairs}"
    )


def _unsure_words(unsure: Sequence[Mapping[str, Any]], members: int, most_points: str) -> str:
    needed = [one["images_that_decide"] for one in unsure]
    images = min(one["images"] for one in unsure)
    told = [
        f"{len(unsure)} of {members} members of the front: {images:,} images are too few to tell "
        f"whether they lose more than {most_points} of accuracy; they may be chosen"
    ]
    if known := [n for n in needed if n is not None]:
        told.append(
            f"{max(known):,} images (data.images) would decide"
            + (f" for {len(known)}" if len(known) < len(needed) else "")
            + ", if they go on to differ as often"
        )
    if None in needed:
        told.append("of others no number would: they lose just that")
    return "; ".join(told)
