"""Exit codes of an agent that the controller tells apart; 1 is any other failure."""

NOT_RESTORED = 3
"""A knob of the host could not be put back."""

BUSY = 4
"""Another controller's agent uses the host."""
