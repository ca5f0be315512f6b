"""Fits the physical model of a testbed to runs, robustly against outliers."""
