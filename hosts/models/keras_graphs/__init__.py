"""Keras networks as graphs: read from files, and cut. Imports Keras where it is needed."""
