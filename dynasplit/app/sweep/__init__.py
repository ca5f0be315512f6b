"""The jobs of -m as one sweep: which of them are finished, how they run, and their one answer."""
