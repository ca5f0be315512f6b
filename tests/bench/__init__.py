"""Speed of the core, side by side with plain alternatives in one process."""
