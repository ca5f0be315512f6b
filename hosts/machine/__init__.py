"""The machine below the agents: its clock, its files, its processors."""
