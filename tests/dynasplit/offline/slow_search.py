"""A search that lasts long enough to be killed: `python -m tests.dynasplit.offline.slow_search`."""

import sys
import time
from pathlib import Path

from dynasplit.core.space import Knob, SearchSpace
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile


class Slow(ModelledTestbed):
    def measure(self, configuration, **more):
        time.sleep(0.002)
        return super().measure(configuration, **more)


def main(folder: Path) -> None:
    space = SearchSpace.build(range(23), 22, [Knob("cpu_mhz", tuple(range(600, 1801, 200)))])
    found = search_front(
        space,
        search.build("nsga3"),
        Slow(load_profile("pi4_coral_v100"), "vgg16"),
        Journal(folder / "journal.jsonl"),
        OfflineSettings(budget=Budget(configurations=100), storage=folder / "study.log"),
    )
    print([str(c) for c in found.searched], len(found.measurements))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
