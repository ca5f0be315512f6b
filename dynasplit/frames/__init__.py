"""Runs for notebooks: the tables in their folders as pandas DataFrames."""
