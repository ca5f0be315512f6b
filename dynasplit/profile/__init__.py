"""The physical model of a testbed, fitted to runs, robustly against outliers."""
