"""Fits the parts of the physical model to runs, robustly against outliers."""
