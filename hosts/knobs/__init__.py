"""Hardware settings, one file for each kind."""
