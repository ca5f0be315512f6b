"""What a run says of itself before it measures: what is assumed, and what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynasplit.app.setup.run_inputs import TestbedInputs

_MEASURES = ("hosts", "dynasplit/core", "dynasplit/offline", "dynasplit/testbed")


def assumed(testbed: TestbedInputs) -> Iterator[str]:
    """What is made up, predicted or left out of a testbed's figures, a line each."""
    profile = testbed.profile
    if profile is not None and testbed.is_made_up:
        yield f"Profile {profile.name} is made up: no such hosts exist"
    if profile is not None and testbed.is_predicted:
        what = "The heads' timings" if testbed.network in profile.tails else "Timings"
        yield (
            f"{what} of {testbed.network} are assumed: profile {profile.name} predicts them from "
            "its multiply-accumulates, with the accelerator off"
        )
    if testbed.boundary:
        yield f"Energy of the {testbed.boundary}"


def of_change(rooms: Sequence[str]) -> str:
    """What to know of code that is not as it was when the run was begun."""
    decisive = [room for room in rooms if room.startswith(_MEASURES)]
    told = f"The code has changed since this run was begun: {', '.join(rooms)}"
    if not decisive:
        return f"{told}; none of it measures"
    return (
        f"{told}. Of these, {', '.join(decisive)} may change what is measured: resume=false "
        "starts anew"
    )
