"""Power meters, one file for each kind."""
